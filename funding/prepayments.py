"""Prepayments: what a later year receives of an invoice is charged to that year, and waits for it.

Each year of the grant pays for what it receives (grant term: each year is ring-fenced). So an invoice whose
service runs past 31 March is cut: an entry for what its year receives, and one for each year after.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

from django.db import transaction as database

from board import clock, events
from board.models import Organisation, Quarter, User, Year
from board.quarters import MONEY, open_quarters
from core.forms import day_in_words
from core.money import NOUGHT, apportion, apportion_over_remaining, in_words
from core.problems import Problem, refuse, refuse_if_blocking
from funding.models import BudgetLine, Source, SpendLine, Transaction
from funding.spending import Charge, Recorded, reconsider, record, split


@dataclass(frozen=True)
class Part:
    """What of a service lies in one year, or outside all of them (`year` None): its days, and its cost in pounds."""

    year: int | None
    service_from: date
    service_to: date
    cost: Decimal


def cut_by_days(cost: Decimal, service_from: date, service_to: date, years: Sequence[tuple[date, date]]) -> list[Part]:
    """Cut a cost by the days of its service in each year; `years` are first and last days, in order and without gaps.

    A part's `year` is the place of its year among them. Days before the first or after the last make parts of
    their own. The parts sum to the cost, and a credit is cut as the mirror of the cost.
    """
    spans: list[tuple[int | None, date, date]] = [
        (number, max(first, service_from), min(last, service_to)) for number, (first, last) in enumerate(years)
    ]
    begins, ends = years[0][0], years[-1][1]
    spans.insert(0, (None, service_from, min(service_to, begins - timedelta(days=1))))
    spans.append((None, max(service_from, ends + timedelta(days=1)), service_to))
    within = [(year, first, last) for year, first, last in spans if first <= last]
    costs = apportion(cost, [(last - first).days + 1 for _, first, last in within])
    return [Part(year, first, last, part) for (year, first, last), part in zip(within, costs, strict=True)]


@dataclass(frozen=True)
class YearsPart:
    """A part of an entry on its way into the record: which year receives it, and where it is recorded.

    `year` is None for what comes after the funding period. `quarters` holds, for each charge of the entry, the
    quarter that takes the part; `waits_until` is the day from which it may be claimed, None where it waits for none.
    """

    year: Year | None
    service_from: date
    service_to: date
    cost: Decimal
    kind: str
    charges: tuple[Charge, ...]
    waits_until: date | None

    @property
    def words(self) -> str:
        """What becomes of it: "£9,000.00 to 2024-25 (held until 1 April 2024)"."""
        if self.year is None:
            return f"{in_words(self.cost)} after the funding period (never claimed)"
        waits = f" (held until {day_in_words(self.waits_until)})" if self.waits_until else ""
        return f"{in_words(self.cost)} to {self.year}{waits}"


def cut_of(entry: Transaction, charges: Sequence[Charge], organisation: Organisation) -> list[YearsPart]:
    """How an entry would be cut by days; nothing where its service stays within the year that it charges.

    Nor where its lines are of several years, or where the service began in an earlier year: then each year's
    part is an entry of its own, and the earlier one goes to that year's closing period.
    """
    years = {charge.line.year for charge in charges}
    if entry.kind != Transaction.Kind.ACTUAL or len(years) != 1 or not _cost(entry):
        return []
    [own] = years
    first_day, last_day = own.bounds
    if not first_day <= entry.service_from <= last_day < entry.service_to:
        return []
    later = list(own.programme.years.filter(starts__gte=own.starts).order_by("starts"))
    parts = cut_by_days(_cost(entry), entry.service_from, entry.service_to, [year.bounds for year in later])
    if parts[-1].year is None and any(not charge.line.source.is_grant for charge in charges):
        return []
    return [_years_part(part, later, charges, organisation) for part in parts]


def record_cut(
    *,
    entry: Transaction,
    charges: Sequence[Charge],
    amounts: Sequence[Decimal] | None,
    by: User,
    once: UUID | None = None,
) -> list[Recorded]:
    """Record an unsaved entry as one entry a year, all or none: by days, or by the `amounts` of cost given.

    Each keeps the split, and its share of VAT. The second of two calls with the same `once` hands back what
    the first wrote.
    """
    if by.acting is None:
        raise refuse("role", "You hold no role that records spend.")
    parts = cut_of(entry, charges, by.acting.organisation)
    if not parts:
        raise refuse("F02", "The service does not run past the year, so there is nothing to cut.", "service_to")
    cost = _cost(entry)
    costs = list(amounts) if amounts is not None else [part.cost for part in parts]
    refuse_if_blocking(_problems(cost, costs, len(parts)))
    shares = [abs(one) for one in costs]
    vats, recovered = apportion(entry.vat, shares), apportion(entry.recoverable_vat, shares)
    left = [part.cost for part in split(cost, charges)]
    written = []
    with database.atomic():
        for number, (part, given) in enumerate(zip(parts, costs, strict=True)):
            by_line = apportion_over_remaining(given, left)
            left = [before - taken for before, taken in zip(left, by_line, strict=True)]
            if not given:
                continue
            row = _copy(entry, part, given - vats[number] + recovered[number], vats[number], recovered[number])
            into = [
                replace(charge, amount=amount, percent=None)
                for charge, amount in zip(part.charges, by_line, strict=True)
                if amount
            ]
            key = uuid5(once, str(number)) if once and number else once
            written.append(record(entry=row, charges=into, by=by, once=key))
    return written


def release_received(*, source: Source, year: Year, by: User) -> list[SpendLine]:
    """Release what of a year was paid before it and waited for it, once it has begun.

    Part of declaring a quarter of that year, inside its transaction. What is held for another reason stays held.
    """
    if clock.today() < year.bounds[0]:
        return []
    waiting = Transaction.objects.in_force().filter(
        kind=Transaction.Kind.PREPAYMENT,
        lines__budget_line__source=source,
        lines__budget_line__year=year,
        lines__state_reason=SpendLine.Reason.NOT_RECEIVED,
    )
    released = [line for entry in waiting.distinct().order_by("reference") for line in reconsider(entry=entry, by=by)]
    if released:
        total = in_words(sum((line.cost for line in released), NOUGHT))
        events.record(
            "prepayment.release", f"{source.code}/{year.code}", by=by, words=total, programme=source.programme
        )
    return released


def _cost(entry: Transaction) -> Decimal:
    return entry.net + entry.vat - entry.recoverable_vat


def _problems(cost: Decimal, costs: Sequence[Decimal], wanted: int) -> list[Problem]:
    if len(costs) != wanted:
        return [Problem("F18", "Enter an amount for each year, even if it is 0.00.", True, "cut-0")]
    found = [
        Problem("F18", "Give each year's part the sign of the cost.", True, f"cut-{number}")
        for number, part in enumerate(costs)
        if part * cost < 0
    ]
    if total := sum(costs, NOUGHT) - cost:
        much = f"{in_words(abs(total))} too {'much' if total * cost > 0 else 'little'}"
        found.append(
            Problem("F18", f"The years add up to {much} for a cost of {in_words(cost)}.", True, f"cut-{wanted - 1}")
        )
    return found


def _years_part(part: Part, years: Sequence[Year], charges: Sequence[Charge], organisation: Organisation) -> YearsPart:
    own = years[0]
    year = None if part.year is None else years[part.year]
    # What no year receives any more is charged to the last, where it stays out of the claim.
    lines = [_line_of(charge.line, year or years[-1]) for charge in charges]
    begun = _begun(year, organisation) if year is not None and year != own else None
    is_prepaid = year != own and begun is None
    return YearsPart(
        year=year,
        service_from=part.service_from,
        service_to=part.service_to,
        cost=part.cost,
        kind=Transaction.Kind.PREPAYMENT if is_prepaid else Transaction.Kind.ACTUAL,
        charges=tuple(
            replace(charge, line=line, quarter=begun or charge.quarter, relates_to=None if begun else charge.relates_to)
            for charge, line in zip(charges, lines, strict=True)
        ),
        waits_until=year.bounds[0] if is_prepaid and year is not None else None,
    )


def _line_of(line: BudgetLine, year: Year) -> BudgetLine:
    if line.year_id == year.pk:
        return line
    found = (
        BudgetLine.objects.filter(source=line.source, project=line.project, heading=line.heading, year=year)
        .select_related("source__programme", "source__kept_by", "project", "heading", "year__programme")
        .first()
    )
    if found is None:
        raise refuse(
            "F02",
            f"{line.project} · {line.heading} has no budget line in {year}, which receives a part of this service. "
            "Add it to that year’s budget first.",
            "line-1",
        )
    return found


def _begun(year: Year, organisation: Organisation) -> Quarter | None:
    """The first open quarter of a later year, if that has begun already: its part need not wait then."""
    now_open = open_quarters(year.programme, MONEY, clock.now(), organisation)
    own = [quarter for quarter in now_open if quarter.year_id == year.pk and quarter.kind == Quarter.Kind.QUARTER]
    return min(own, key=lambda quarter: quarter.order, default=None)


def _copy(entry: Transaction, part: YearsPart, net: Decimal, vat: Decimal, recoverable_vat: Decimal) -> Transaction:
    """The entry's part of one year. It bears a reason, since the other years' parts bear the same document."""
    receives = "is received after the funding period" if part.year is None else f"{part.year} receives"
    return Transaction(
        kind=part.kind,
        contract=entry.contract,
        supplier_name=entry.supplier_name,
        document_number=entry.document_number,
        description=entry.description,
        basis=entry.basis,
        accounting_on=entry.accounting_on,
        service_from=part.service_from,
        service_to=part.service_to,
        received_on=entry.received_on,
        paid_on=entry.paid_on,
        net=net,
        vat=vat,
        recoverable_vat=recoverable_vat,
        reason=" ".join(filter(None, [entry.reason, f"The part that {receives}."])),
    )
