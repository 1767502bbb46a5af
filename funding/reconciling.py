"""Reconciling: the ledger's own total against our record, and what explains the difference.

An item counts from the day on which it stands until the day on which it came right. A ledger begins
anew each 1 April, and so an item that was open then counts nothing in the new year until it comes
right, and from then on with its sign changed: the one side shows in the new year what the other showed
in the old.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from board import clock, events, rows
from board.models import Organisation, Programme, Quarter, User
from board.quarters import lock
from board.rows import locking
from core.financial_year import year_bounds, year_starting
from core.forms import day_in_words
from core.money import NOUGHT, in_words
from core.problems import Problem, refuse, refuse_if_blocking
from funding.models import Claim, ControlTotal, ReconcilingItem, Source, SpendLine


@dataclass(frozen=True)
class Counted:
    """An item in one reconciliation, and what it counts there."""

    item: ReconcilingItem
    amount: Decimal


@dataclass(frozen=True)
class Reconciliation:
    """An organisation's ledger against our record, from 1 April to `as_at`. Without a control total nothing is said."""

    organisation: Organisation
    programme: Programme
    quarter: Quarter
    as_at: date
    control: ControlTotal | None
    ours: Decimal
    items: tuple[Counted, ...]

    @property
    def starts(self) -> date:
        return year_bounds(year_starting(self.as_at))[0]

    @property
    def explained(self) -> Decimal:
        return sum((one.amount for one in self.items), NOUGHT)

    @property
    def unexplained(self) -> Decimal | None:
        """The ledger less our record less the items; None while the ledger's total is missing."""
        return None if self.control is None else self.control.amount - self.ours - self.explained

    @property
    def is_reconciled(self) -> bool:
        return self.unexplained == NOUGHT


def reconciliation(organisation: Organisation, programme: Programme, quarter: Quarter) -> Reconciliation:
    """How an organisation's ledger and our record stand to each other for a quarter or closing period."""
    control = ControlTotal.objects.of_ledger(organisation, programme).filter(quarter=quarter).first()
    as_at = control.as_at if control else usual_day(quarter)
    items = ReconcilingItem.objects.of_ledger(organisation, programme).order_by("reference")
    return Reconciliation(
        organisation=organisation,
        programme=programme,
        quarter=quarter,
        as_at=as_at,
        control=control,
        ours=ours(organisation, programme, as_at),
        items=tuple(counted(items.select_related("quarter", "programme", "organisation"), as_at)),
    )


def usual_day(quarter: Quarter) -> date:
    """To which day the ledger is read: the quarter's last; in a closing period today, while it runs."""
    if quarter.kind != Quarter.Kind.CLOSING:
        return quarter.last_day
    return max(min(clock.today(), quarter.last_day), quarter.first_day)


def ours(organisation: Organisation, programme: Programme, as_at: date) -> Decimal:
    """Our cost from 1 April to a day by accounting date, whatever year it charges; accruals and reversals are in it."""
    starts = year_bounds(year_starting(as_at))[0]
    lines = SpendLine.objects.in_ledger_of(organisation).of_programme(programme)
    return lines.filter(transaction__accounting_on__range=(starts, as_at)).total()


def counted(items: Iterable[ReconcilingItem], as_at: date) -> Iterable[Counted]:
    before = year_bounds(year_starting(as_at))[0] - timedelta(days=1)
    for item in items:
        was_open, is_open = _is_open(item, before), _is_open(item, as_at)
        if is_open or was_open:
            yield Counted(item, item.amount * (is_open - was_open))


def _is_open(item: ReconcilingItem, day: date) -> bool:
    return item.stands_from <= day and (item.cleared_on is None or item.cleared_on > day)


def ledgers_of(programme: Programme) -> list[Organisation]:
    """The organisations whose ledgers hold money of the programme, the grant's keeper first."""
    found = Source.objects.filter(programme=programme).exclude(kind=Source.Kind.IN_KIND_MATCH)
    ordered = sorted(found.select_related("kept_by"), key=lambda row: (not row.is_grant, row.position))
    return list(dict.fromkeys(row.kept_by for row in ordered))


def keeps_grant(organisation: Organisation, programme: Programme) -> bool:
    """Whether the grant of the programme is in this organisation's ledger."""
    return Source.objects.filter(programme=programme, kind=Source.Kind.GRANT, kept_by=organisation).exists()


def record_total(
    *,
    programme: Programme,
    quarter: Quarter,
    amount: Decimal,
    ledger_print: str,
    by: User,
    as_at: date | None = None,
    seen_version: int | None = None,
) -> ControlTotal:
    """Record what the acting organisation's ledger shows for a quarter, or change it.

    `as_at` is the day of the print and only said in a closing period; a quarter is read to its last day.
    Refused once the quarter's claim is certified, for the organisation that keeps the grant.
    """
    with transaction.atomic():
        locked = lock(quarter)
        organisation = _ledger_of(by, programme)
        is_closing = locked.kind == Quarter.Kind.CLOSING
        day = (as_at or usual_day(locked)) if is_closing else locked.last_day
        problems = list(_cannot_be_changed(organisation, locked))
        if day > clock.today():
            problems.append(
                Problem(
                    "total",
                    f"The ledger of {locked} is read to {day_in_words(day)}, which is still ahead. Record it then.",
                    True,
                    "as_at",
                )
            )
        if not locked.first_day <= day <= locked.last_day:
            problems.append(Problem("total", f"{day_in_words(day)} is not in {locked}.", True, "as_at"))
        if not ledger_print.strip():
            problems.append(Problem("total", "Name the ledger print that shows the total.", True, "ledger_print"))
        refuse_if_blocking(problems)
        row = ControlTotal.objects.of_ledger(organisation, programme).filter(quarter=locked).first()
        if row is None:
            row = ControlTotal(organisation=organisation, programme=programme, quarter=locked)
        elif not seen_version:
            raise refuse(
                "version",
                f"A colleague has recorded {in_words(row.amount)} for {locked} already. "
                "Open the page again to change it.",
            )
        row.as_at, row.amount, row.ledger_print = day, amount, ledger_print.strip()
        if row.pk is None:
            rows.create(row, by=by)
        else:
            rows.change(row, by=by, seen_version=seen_version)
        events.record(
            "reconciling.total",
            f"{organisation.code}/{locked.code}",
            by=by,
            words=f"{in_words(amount)} to {day.isoformat()}, {row.ledger_print}",
            programme=programme,
        )
    return row


def add_item(
    *,
    programme: Programme,
    quarter: Quarter,
    kind: str,
    amount: Decimal,
    reason: str,
    by: User,
    once: UUID | None = None,
) -> ReconcilingItem:
    """Record a known difference of the acting organisation's ledger: what it has above our record.

    It comes forward by itself until it is cleared. The second of two calls with the same `once` hands
    back what the first wrote.
    """
    with transaction.atomic():
        locked = lock(quarter)
        organisation = _ledger_of(by, programme)
        same = {"quarter_id": locked.pk, "kind": kind, "amount": amount, "reason": reason.strip()}
        if before := rows.written_before(ReconcilingItem, once, by=by, **same):
            return before
        control = ControlTotal.objects.of_ledger(organisation, programme).filter(quarter=locked).first()
        problems = list(_cannot_be_changed(organisation, locked))
        if control is None:
            problems.append(Problem("item", "Record the ledger’s total first; an item explains what it differs by."))
        if not amount:
            problems.append(Problem("item", "An item of £0.00 explains nothing. Enter the difference.", True, "amount"))
        if not reason.strip():
            problems.append(Problem("item", "Say what the difference is.", True, "reason"))
        refuse_if_blocking(problems)
        item = ReconcilingItem(
            reference=rows.next_reference("RI"),
            organisation=organisation,
            programme=programme,
            quarter=locked,
            stands_from=control.as_at,
            kind=kind,
            amount=amount,
            reason=reason.strip(),
        )
        if once:
            item.once = once
        rows.create(item, by=by, reason=reason)
        events.record("reconciling.item", item.reference, by=by, words=in_words(amount), programme=programme)
    return item


def clear_item(
    *, item: ReconcilingItem, cleared_on: date, cleared_reason: str, by: User, seen_version: int | None = None
) -> ReconcilingItem:
    """State on which day, by the accounting date, a difference came right, and by what.

    Refused where a quarter that is certified would no longer be explained.
    """
    with transaction.atomic():
        row = locking(ReconcilingItem.objects).select_related("programme").get(pk=item.pk)
        organisation = _ledger_of(by, row.programme)
        problems = []
        if row.organisation_id != organisation.pk:
            raise refuse("item", f"{row.reference} is of the ledger of {row.organisation}; its officers clear it.")
        if row.cleared_on is not None:
            problems.append(Problem("item", f"{row.reference} is cleared already."))
        if cleared_on > clock.today():
            problems.append(
                Problem(
                    "item", "This date is in the future. Clear the item when it has come right.", True, "cleared_on"
                )
            )
        if not cleared_reason.strip():
            problems.append(Problem("item", "Say what put the difference right.", True, "cleared_reason"))
        refuse_if_blocking(problems)
        before = _unexplained_when_certified(organisation, row.programme)
        row.cleared_on, row.cleared_reason = cleared_on, cleared_reason.strip()
        rows.change(row, by=by, seen_version=seen_version, reason=cleared_reason)
        after = _unexplained_when_certified(organisation, row.programme)
        refuse_if_blocking(
            Problem(
                "certified",
                f"{quarter} is certified, and this would leave {in_words(left)} of it unexplained. "
                "Enter the accounting date on which it came right.",
                True,
                "cleared_on",
            )
            for quarter, left in after.items()
            if abs(left) > abs(before[quarter])
        )
        events.record("reconciling.clear", row.reference, by=by, words=cleared_reason, programme=row.programme)
    return row


def _ledger_of(by: User, programme: Programme) -> Organisation:
    """The acting organisation, if its ledger holds money of the programme."""
    organisation = by.acting.organisation if by.acting else None
    if organisation is None or organisation not in ledgers_of(programme):
        raise refuse("role", f"Your organisation’s ledger holds no money of {programme}.")
    return organisation


def is_certified(organisation: Organisation, quarter: Quarter) -> bool:
    """Whether the quarter's reconciliation stood behind a claim that is certified."""
    return bool(list(_cannot_be_changed(organisation, quarter)))


def _cannot_be_changed(organisation: Organisation, quarter: Quarter) -> Iterable[Problem]:
    """A certified claim stands on the total that was there; one that was certified without any may be given it."""
    claim = Claim.objects.in_force().filter(quarter=quarter, source__kept_by=organisation).first()
    totals = ControlTotal.objects.of_ledger(organisation, quarter.programme).filter(quarter=quarter)
    if claim and totals.filter(created_at__lte=claim.certified_at).exists():
        yield Problem(
            "certified",
            f"{claim.reference} is certified on this reconciliation, so it stands. "
            "Explain what was found later in the next quarter.",
        )


def _unexplained_when_certified(organisation: Organisation, programme: Programme) -> dict[Quarter, Decimal]:
    """For each quarter with a certified claim and a control total, what is unexplained now."""
    certified = Claim.objects.in_force().filter(source__programme=programme, source__kept_by=organisation)
    totals = ControlTotal.objects.of_ledger(organisation, programme).filter(quarter__in=certified.values("quarter_id"))
    found = {}
    for total in totals.select_related("quarter"):
        found[total.quarter] = reconciliation(organisation, programme, total.quarter).unexplained or NOUGHT
    return found
