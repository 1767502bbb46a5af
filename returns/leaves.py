"""What the record holds under a figure of a return: each reference leads to rows, and is worth a number.

A reference is `scheme:what`. The amounts are summed from the rows themselves, apart from the functions that made the
figures, so that the two prove each other; all is read as the record was at a moment.

    line:T-000123/1                                   the cost of one charge
    net:T-000123/1, vat:T-000123/1                    its net amount; the VAT recovered on it
    spend:FIELD:SOURCE/YEAR[/PROJECT[/HEADING]]@QUARTER    cost charged there (SPEND_FIELDS)
    plan:FIELD:SOURCE/YEAR[/PROJECT[/HEADING]]@QUARTER     what budgets plan there (PLAN_FIELDS)
    forecast:FIELD:SOURCE/YEAR[/PROJECT[/HEADING]]@QUARTER what is expected there (FORECAST_FIELDS)
    committed:SOURCE/YEAR/PROJECT/HEADING@QUARTER     what contracts bind beyond what was charged by that quarter
    claimable:SOURCE/YEAR@QUARTER                     cost that may be claimed, in the order of claims
    unclaimed:FIELD:SOURCE/YEAR@QUARTER               of that, what no other claim holds (`cost`, or `late` alone)
    award:SOURCE/YEAR                                 a ceiling or pledge
    claimed:SOURCE/YEAR[/PROJECT[/HEADING]]           what of a year is in certified claims
    disallowed:SOURCE/YEAR[/PROJECT[/HEADING]]        what the funder refused of a year
    claim:REFERENCE, claim-part:REFERENCE#YEAR[.FIELD]    a claim; one award year's part of it (PART_FIELDS)
    claim-lines:REFERENCE#YEAR                        how many lines such a part took up
    paid:REFERENCE#CLAIM, short:REFERENCE#CLAIM       what a receipt pays of a claim; what it writes off
    disallowance:REFERENCE#LINE                       what of a line a disallowance refuses
    move:VIREMENT#PROJECT/HEADING                     what a virement puts on a budget line
    repayment:REFERENCE, balance:SOURCE/YEAR#WHAT     what was paid back; what became of a year's balance
    match-receipt:REFERENCE, statement:REFERENCE      match that was paid over; a grantee's statement of spend
    hours:T-000123/1                                  hours given in kind
    control:ORGANISATION/QUARTER                      the total that a ledger states
    in-ledger:ORGANISATION@DAY, item:REFERENCE@DAY    our record of a ledger to a day; a known difference, as counted
    notice:SOURCE/YEAR#NUMBER                         an underspend that was foreseen
    raised-again:T-000123                             how often an accrual was raised again
    project:CODE                                      one project, to be counted
    risk:NUMBER#FIELD                                 a risk's number, likelihood or impact
    result:SUBMISSION#KPI.COLUMN                      one number of one result, `@DIMENSION.CATEGORY` of a breakdown,
                                                      `~QUARTER` of the people who entered in a quarter
    target:PROJECT/KPI@QUARTER                        a measure's target in force at a quarter
    window:PROJECT/KPI@QUARTER                        the months after which its people are followed up
    submission:REFERENCE                              its revision
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone

from board.models import Programme, Quarter, Year
from core.financial_year import year_bounds, year_starting
from core.money import NOUGHT, PenceField, apportion
from funding.accruals import times_raised_again
from funding.claims import place_of
from funding.models import (
    Award,
    BudgetVersion,
    Claim,
    ClaimLine,
    ClaimPart,
    Commitment,
    ControlTotal,
    DisallowancePart,
    Forecast,
    MatchReceipt,
    Profile,
    ReceiptPart,
    ReconcilingItem,
    Repayment,
    Source,
    SpendLine,
    SpendReport,
    Transaction,
    UnderspendNotice,
    VirementMove,
    YearEndBalance,
)
from funding.reconciling import counted
from kpis.gathering import aims_of
from kpis.models import Breakdown, Kpi, Result, Submission, version_on
from kpis.scoring import Aim
from returns.models import Risk

SPEND_FIELDS = {
    "actual-quarter": "all cost recorded in the quarter",
    "actual-to-date": "all cost recorded up to the quarter’s end",
    "accrued-quarter": "accruals and their reversals in the quarter",
    "accrued-to-date": "accruals and their reversals up to the quarter’s end",
    "held-to-date": "cost that is held or not claimable, up to the quarter’s end",
    "claimable-to-date": "cost that may be claimed, up to the quarter’s end",
    "late-quarter": "cost recorded in the quarter that relates to an earlier one",
    "all-cost": "all cost charged to the year, whenever it was recorded",
    "all-kept-out": "cost charged to the year that is held or not claimable, whenever it was recorded",
}
PLAN_FIELDS = {
    "original": "the first budget of the year",
    "budget": "the budget in force, for the whole year",
    "profile-quarter": "the budget in force, for the quarter",
    "profile-to-date": "the budget in force, up to the quarter’s end",
}
PART_FIELDS = {
    "amount": "The part",
    "eligible_to_date": "Eligible to date",
    "claimed_before": "Claimed before",
    "beyond_award": "Beyond the award",
    "credit_carried": "Credit carried",
}
FORECAST_FIELDS = {
    "quarter": "what is expected in the quarter",
    "rest": "what is expected after it, and while it is open what its forecast has above its actual",
}


CLOSING = Quarter.Kind.CLOSING


class Unknown(Exception):
    """A reference that leads nowhere."""


@dataclass(frozen=True)
class Leaf:
    """What a reference leads to: its worth, what it is in words, its page; the charges, where it is a set of them."""

    amount: Decimal
    words: str
    url: str = ""
    lines: QuerySet[SpendLine] | None = None


@dataclass(frozen=True)
class Cut:
    """A part of a source's year up to a quarter. An empty project or heading takes all."""

    source: str
    year: str
    project: str
    heading: str
    quarter: str

    def takes(self, project: str, heading: str) -> bool:
        return self.project in ("", project) and self.heading in ("", heading)


def read_cut(written: str) -> Cut:
    """ "GRANT/2023-24/CHB/staff@2023-24-Q1" → its parts."""
    path, at, quarter = written.rpartition("@")
    parts = path.split("/")
    if not at or not 2 <= len(parts) <= 4:
        raise Unknown(f"{written}: is not of the form SOURCE/YEAR/PROJECT/HEADING@QUARTER")
    source, year, project, heading = (*parts, "", "")[:4]
    return Cut(source, year, project, heading, quarter)


class Record:
    """The record of a programme: now, or `as_of` a moment. `today` is the day whose budgets and awards are in force."""

    def __init__(self, programme: Programme, *, today: date, as_of: datetime | None = None) -> None:
        self.programme, self.as_of = programme, as_of
        self.today = timezone.localdate(as_of) if as_of else today
        self._leaves: dict[str, Leaf] = {}

    def leaf(self, reference: str) -> Leaf:
        """What a reference leads to. Raises Unknown where there is no such scheme or row."""
        if reference not in self._leaves:
            scheme, _, what = reference.partition(":")
            if scheme not in SCHEMES:
                raise Unknown(f"{reference}: there is no such kind of reference")
            try:
                self._leaves[reference] = SCHEMES[scheme](self, what)
            except (KeyError, ValueError, IndexError, ObjectDoesNotExist) as missing:
                raise Unknown(f"{reference}: leads nowhere ({missing})") from missing
        return self._leaves[reference]

    @cached_property
    def quarters(self) -> dict[str, Quarter]:
        return {row.code: row for row in Quarter.objects.filter(programme=self.programme).select_related("year")}

    @cached_property
    def years(self) -> dict[str, Year]:
        return {row.code: row for row in Year.objects.filter(programme=self.programme)}

    @cached_property
    def sources(self) -> dict[str, Source]:
        return {row.code: row for row in Source.objects.filter(programme=self.programme)}

    def _words(self, cut: Cut) -> str:
        """A cut as people call it."""
        project = self.programme.projects.get(code=cut.project).name if cut.project else ""
        heading = self.programme.cost_headings.get(code=cut.heading).name if cut.heading else ""
        names = (self.sources[cut.source].name, project, heading, self.quarters[cut.quarter].short_label)
        return ", ".join(name for name in names if name)

    @cached_property
    def _by_key(self) -> dict[int, Quarter]:
        return {row.pk: row for row in self.quarters.values()}

    # Money out

    def lines_of(self, source: str, year: str) -> QuerySet[SpendLine]:
        """What is cost to a source's year, with each line's state then."""
        return (
            SpendLine.objects.spend(self.as_of)
            .with_state(self.as_of)
            .filter(budget_line__source=self.sources[source], budget_line__year=self.years[year])
        )

    @cached_property
    def _summed(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        return {}

    def _spent(self, source: str, year: str) -> list[dict[str, Any]]:
        """The year's cost, summed by all that tells one field from another."""
        key = (source, year)
        if key not in self._summed:
            rows = self.lines_of(source, year).values(
                "budget_line__project__code", "budget_line__heading__code", "quarter_id", "relates_to_id", "state_then",
                "transaction__kind", "transaction__takes_back__kind",
            )  # fmt: skip
            self._summed[key] = list(rows.annotate(sum=Sum("cost", output_field=PenceField())).order_by())
        return self._summed[key]

    def spend(self, what: str) -> Leaf:
        field, _, path = what.partition(":")
        cut, quarter = read_cut(path), self.quarters[read_cut(path).quarter]
        amount = NOUGHT
        for row in self._spent(cut.source, cut.year):
            taken = cut.takes(row["budget_line__project__code"], row["budget_line__heading__code"])
            if taken and _is_of(field, row, self._by_key[row["quarter_id"]], quarter):
                amount += row["sum"]
        return Leaf(
            amount, f"{SPEND_FIELDS[field].capitalize()}: {self._words(cut)}", "", self._charges(field, cut, quarter)
        )

    def _charges(self, field: str, cut: Cut, quarter: Quarter) -> QuerySet[SpendLine]:
        """The charges of a field, to be listed one by one."""
        rows = self.lines_of(cut.source, cut.year)
        if cut.project:
            rows = rows.filter(budget_line__project__code=cut.project)
        if cut.heading:
            rows = rows.filter(budget_line__heading__code=cut.heading)
        if field.endswith("-quarter"):
            rows = rows.filter(quarter=quarter)
        elif not field.startswith("all-"):
            rows = rows.filter(quarter__in=[row for row in self._by_key.values() if row.order <= quarter.order])
        if field.startswith("accrued"):
            accrual = Transaction.Kind.ACCRUAL
            return rows.filter(transaction__kind=accrual) | rows.filter(transaction__takes_back__kind=accrual)
        if field.startswith("held") or field == "all-kept-out":
            return rows.filter(state_then__in=_KEPT_OUT)
        if field.startswith("claimable"):
            return rows.filter(state_then=SpendLine.State.CLAIMABLE)
        return rows.filter(relates_to__isnull=False) if field.startswith("late") else rows

    def line(self, what: str) -> Leaf:
        found = _line(what)
        return Leaf(found.cost, f"{found.transaction.get_kind_display()} {what}", found.transaction.get_absolute_url())

    def net(self, what: str) -> Leaf:
        found = _line(what)
        return Leaf(found.net, f"Net of {what}", found.transaction.get_absolute_url())

    def vat(self, what: str) -> Leaf:
        found = _line(what)
        entry = found.transaction
        family = list(entry.lines.order_by("number"))
        weights = [abs(line.cost) for line in family]
        parts = apportion(entry.recoverable_vat, weights if any(weights) else [1] * len(weights))
        amount = dict(zip((line.number for line in family), parts, strict=True))[found.number]
        return Leaf(amount, f"VAT recovered on {what}", entry.get_absolute_url())

    def raised_again(self, what: str) -> Leaf:
        entry = Transaction.objects.get(reference=what)
        words = f"How often {what} was raised again"
        return Leaf(Decimal(times_raised_again([entry])[entry.pk]), words, entry.get_absolute_url())

    # Plans

    @cached_property
    def _planned(self) -> dict[tuple[str, str], list[tuple[Profile, bool, bool]]]:
        return {}

    def _profiles(self, source: str, year: str) -> list[tuple[Profile, bool, bool]]:
        """Each row of the year's first budget and of the one in force: (row, is of the first, is in force)."""
        key = (source, year)
        if key not in self._planned:
            versions = BudgetVersion.objects.filter(source=self.sources[source], year=self.years[year])
            if self.as_of is not None:
                versions = versions.filter(created_at__lte=self.as_of)
            ordered = sorted(versions, key=lambda row: row.number)
            in_force = [row for row in ordered if row.effective_on <= self.today]
            now = max(in_force, key=lambda row: (row.effective_on, row.number), default=None)
            first = ordered[0] if ordered else None
            rows = Profile.objects.filter(budget_version__in=[row for row in (first, now) if row]).select_related(
                "line__project", "line__heading"
            )
            self._planned[key] = [
                (row, first is not None and row.budget_version_id == first.pk,
                 now is not None and row.budget_version_id == now.pk)
                for row in rows
            ]  # fmt: skip
        return self._planned[key]

    def plan(self, what: str) -> Leaf:
        field, _, path = what.partition(":")
        cut, quarter = read_cut(path), self.quarters[read_cut(path).quarter]
        amount = NOUGHT
        for row, is_first, is_in_force in self._profiles(cut.source, cut.year):
            if not cut.takes(row.line.project.code, row.line.heading.code):
                continue
            of = self._by_key[row.quarter_id]
            wanted = {
                "original": is_first,
                "budget": is_in_force,
                "profile-quarter": is_in_force and of == quarter,
                "profile-to-date": is_in_force and of.order <= quarter.order,
            }
            amount += row.amount if wanted[field] else NOUGHT
        url = self._budget(self.sources[cut.source], self.years[cut.year])
        return Leaf(amount, f"{PLAN_FIELDS[field].capitalize()}: {self._words(cut)}", url)

    def _budget(self, source: Source, year: Year) -> str:
        return f"{reverse('funding:budget')}?{urlencode({'year': year.pk, 'source': source.pk})}"

    def _rows(self, model: Any, **which: Any) -> list[Any]:
        if self.as_of is None:
            return list(model.objects.filter(**which))
        past = model.history.filter(history_date__lte=self.as_of, **which).order_by("history_date", "history_id")
        return [row for row in {row.id: row for row in past}.values() if row.history_type != "-"]

    def forecast(self, what: str) -> Leaf:
        field, _, path = what.partition(":")
        cut, quarter = read_cut(path), self.quarters[read_cut(path).quarter]
        lines = {
            line.pk: line
            for line in self.sources[cut.source]
            .budget_lines.filter(year=self.years[cut.year])
            .select_related("project", "heading")
            if cut.takes(line.project.code, line.heading.code)
        }
        closed = quarter.money_closed_at is not None and (self.as_of is None or quarter.money_closed_at <= self.as_of)
        amount = NOUGHT
        for row in self._rows(Forecast, line__in=list(lines)):
            of = self._by_key[row.quarter_id]
            if (field == "quarter" and of == quarter) or (field == "rest" and of.order > quarter.order):
                amount += row.amount
            elif field == "rest" and of == quarter and not closed:
                line = lines[row.line_id]
                path = f"{cut.source}/{cut.year}/{line.project.code}/{line.heading.code}@{quarter.code}"
                amount += max(row.amount - self.spend(f"actual-quarter:{path}").amount, NOUGHT)
        return Leaf(amount, f"{FORECAST_FIELDS[field].capitalize()}: {self._words(cut)}")

    def committed(self, what: str) -> Leaf:
        cut = read_cut(what)
        quarter = self.quarters[cut.quarter]
        charged: dict[tuple[int, int], Decimal] = defaultdict(lambda: NOUGHT)
        rows = self._charges("actual-to-date", cut, quarter).filter(transaction__contract__isnull=False)
        keys = ("transaction__contract_id", "budget_line_id")
        for row in rows.values(*keys).annotate(sum=Sum("cost", output_field=PenceField())).order_by():
            charged[row["transaction__contract_id"], row["budget_line_id"]] += row["sum"]
        lines = self.sources[cut.source].budget_lines.filter(year=self.years[cut.year])
        lines = lines.filter(project__code=cut.project) if cut.project else lines
        lines = lines.filter(heading__code=cut.heading) if cut.heading else lines
        amount = sum(
            (max(row.amount - charged[row.contract_id, row.line_id], NOUGHT)
             for row in self._rows(Commitment, line__in=[line.pk for line in lines])),
            NOUGHT,
        )  # fmt: skip
        return Leaf(amount, f"Bound by contracts and not charged yet: {self._words(cut)}")

    def award(self, what: str) -> Leaf:
        source, _, year = what.partition("/")
        row = Award.objects.prefetch_related("revisions").get(source=self.sources[source], year=self.years[year])
        url = self._budget(row.source, row.year)
        return Leaf(row.amount_on(self.today), f"Award or pledge: {row.source.name}, {year}", url)

    def move(self, what: str) -> Leaf:
        virement, _, path = what.partition("#")
        project, _, heading = path.partition("/")
        row = VirementMove.objects.select_related("virement").get(
            virement__reference=virement, line__project__code=project, line__heading__code=heading
        )
        return Leaf(row.amount, f"{virement}: {project}, {heading}", row.virement.get_absolute_url())

    def notice(self, what: str) -> Leaf:
        path, _, number = what.partition("#")
        source, _, year = path.partition("/")
        rows = UnderspendNotice.objects.filter(source=self.sources[source], year=self.years[year])
        found = list(rows.order_by("noticed_on", "pk"))[int(number) - 1]
        return Leaf(found.amount, f"Underspend foreseen on {found.noticed_on:%-d %B %Y}")

    # Claims

    def _claimable(self, source: str, year: str, quarter: Quarter) -> QuerySet[SpendLine]:
        upto = [row for row in self._by_key.values() if place_of(row) <= place_of(quarter)]
        return self.lines_of(source, year).filter(state_then=SpendLine.State.CLAIMABLE, quarter__in=upto)

    def claimable(self, what: str) -> Leaf:
        cut = read_cut(what)
        lines = self._claimable(cut.source, cut.year, self.quarters[cut.quarter])
        return Leaf(lines.total(), f"Cost that may be claimed by then: {self._words(cut)}", "", lines)

    def unclaimed(self, what: str) -> Leaf:
        field, _, path = what.partition(":")
        cut = read_cut(path)
        quarter = self.quarters[cut.quarter]
        taken = ClaimLine.objects.filter(
            in_force=True, part__claim__source=self.sources[cut.source], part__year=self.years[cut.year]
        ).exclude(part__claim__quarter=quarter)
        if self.as_of is not None:
            taken = taken.filter(part__claim__certified_at__lte=self.as_of)
        lines = self._claimable(cut.source, cut.year, quarter).exclude(pk__in=taken.values("line_id"))
        if field == "late":
            lines = lines.filter(relates_to__isnull=False)
        elif field != "cost":
            raise Unknown(f"unclaimed:{what}: there is no field “{field}”")
        words = "Not in another claim" + (", and of an earlier quarter" if field == "late" else "")
        return Leaf(lines.total(), f"{words}: {self._words(cut)}", "", lines)

    def claim(self, what: str) -> Leaf:
        found = Claim.objects.get(reference=what)
        return Leaf(found.amount, f"Claim {what}", found.get_absolute_url())

    def claim_part(self, what: str) -> Leaf:
        place, _, field = what.partition(".")
        reference, _, year = place.partition("#")
        found = ClaimPart.objects.select_related("claim").get(claim__reference=reference, year=self.years[year])
        words = PART_FIELDS[field or "amount"]
        amount: Decimal = getattr(found, field or "amount")
        return Leaf(amount, f"{words} of {reference}, {year}", found.claim.get_absolute_url())

    def claim_lines(self, what: str) -> Leaf:
        reference, _, year = what.partition("#")
        found = ClaimPart.objects.select_related("claim").get(claim__reference=reference, year=self.years[year])
        words = f"Lines in {reference}, {year}"
        return Leaf(Decimal(found.lines.filter(in_force=True).count()), words, found.claim.get_absolute_url())

    def claimed(self, what: str) -> Leaf:
        cut, rows = self._cut_of_year(what), ClaimLine.objects.filter(in_force=True)
        if self.as_of is not None:
            stands = Q(part__claim__withdrawn_at=None) | Q(part__claim__withdrawn_at__gt=self.as_of)
            rows = ClaimLine.objects.filter(stands, part__claim__certified_at__lte=self.as_of)
        rows = rows.filter(**self._of_cut(cut, "line__"))
        amount = rows.aggregate(total=Sum("cost"))["total"] or NOUGHT
        return Leaf(amount, f"In certified claims: {self._words(cut)}")

    def _cut_of_year(self, what: str) -> Cut:
        """ "SOURCE/YEAR/PROJECT/HEADING" of a whole year, named by its closing period."""
        year = what.split("/")[1]
        [closing] = [row for row in self._by_key.values() if row.year.code == year and row.kind == CLOSING]
        return read_cut(f"{what}@{closing.code}")

    def _of_cut(self, cut: Cut, prefix: str) -> dict[str, Any]:
        """The filter for charges of a cut's source, year, project and heading."""
        found: dict[str, Any] = {
            f"{prefix}budget_line__source": self.sources[cut.source],
            f"{prefix}budget_line__year": self.years[cut.year],
        }
        if cut.project:
            found[f"{prefix}budget_line__project__code"] = cut.project
        if cut.heading:
            found[f"{prefix}budget_line__heading__code"] = cut.heading
        return found

    def paid(self, what: str) -> Leaf:
        found = _receipt_part(what)
        return Leaf(found.amount, f"Received: {found.receipt.reference}", found.claim.get_absolute_url())

    def short(self, what: str) -> Leaf:
        found = _receipt_part(what)
        words = f"Not paid: {found.receipt.reference}, {found.get_short_reason_display().lower()}"
        return Leaf(found.short, words, found.claim.get_absolute_url())

    def disallowed(self, what: str) -> Leaf:
        cut = self._cut_of_year(what)
        rows = DisallowancePart.objects.filter(**self._of_cut(cut, "line__"))
        if self.as_of is not None:
            rows = rows.filter(disallowance__created_at__lte=self.as_of)
        amount = rows.aggregate(total=Sum("amount"))["total"] or NOUGHT
        return Leaf(amount, f"Disallowed: {self._words(cut)}")

    def repayment(self, what: str) -> Leaf:
        found = Repayment.objects.get(reference=what)
        return Leaf(found.amount, f"Repaid on {found.repaid_on:%-d %B %Y}: {what}")

    def balance(self, what: str) -> Leaf:
        path, _, treatment = what.partition("#")
        source, _, year = path.partition("/")
        which = {"source": self.sources[source].pk, "year": self.years[year].pk, "treatment": treatment}
        [found] = self._rows(YearEndBalance, **which)
        return Leaf(found.amount, f"Balance of {year}: {found.get_treatment_display().lower()}")

    # Match, partners, ledgers

    def match_receipt(self, what: str) -> Leaf:
        found = MatchReceipt.objects.get(reference=what)
        return Leaf(found.amount, f"Match received on {found.received_on:%-d %B %Y}: {what}")

    def statement(self, what: str) -> Leaf:
        found = SpendReport.objects.get(reference=what)
        return Leaf(found.total, f"Statement of spend {what}", found.get_absolute_url())

    def hours(self, what: str) -> Leaf:
        found = _line(what)
        hours = Decimal(found.transaction.quantity_hundredths or 0).scaleb(-2)
        return Leaf(hours, f"Hours of {what}", found.transaction.get_absolute_url())

    def control(self, what: str) -> Leaf:
        organisation, _, at = what.partition("/")
        which = {"organisation__code": organisation, "programme": self.programme, "quarter": self.quarters[at]}
        [found] = self._rows(ControlTotal, **which)
        return Leaf(found.amount, f"Ledger of {organisation}, {found.ledger_print}")

    def in_ledger(self, what: str) -> Leaf:
        organisation, _, at = what.partition("@")
        day = date.fromisoformat(at)
        no_cost = (Transaction.Kind.IN_KIND, Transaction.Kind.ADVANCE)
        lines = (
            SpendLine.objects.in_force(self.as_of)
            .of_programme(self.programme)
            .filter(transaction__recorded_by__code=organisation)
            .filter(transaction__accounting_on__range=(year_bounds(year_starting(day))[0], day))
            .exclude(transaction__kind__in=no_cost)
            .exclude(transaction__takes_back__kind__in=no_cost)
        )
        return Leaf(lines.total(), f"Record of the ledger of {organisation} to {day:%-d %B %Y}", "", lines)

    def item(self, what: str) -> Leaf:
        reference, _, at = what.partition("@")
        day = date.fromisoformat(at)
        live = ReconcilingItem.objects.get(reference=reference)
        [found] = self._rows(ReconcilingItem, id=live.pk)
        amount = sum((one.amount for one in counted([found], day)), NOUGHT)
        return Leaf(amount, f"Known difference {reference}", live.get_absolute_url())

    def disallowance(self, what: str) -> Leaf:
        reference, _, line = what.partition("#")
        entry, _, number = line.rpartition("/")
        found = DisallowancePart.objects.select_related("line__transaction").get(
            disallowance__reference=reference, line__transaction__reference=entry, line__number=int(number)
        )
        return Leaf(found.amount, f"{reference}: of {line}", found.line.transaction.get_absolute_url())

    # Risks and results

    def project(self, what: str) -> Leaf:
        found = self.programme.projects.get(code=what)
        return Leaf(Decimal(1), f"Project {found}")

    def risk(self, what: str) -> Leaf:
        number, _, field = what.partition("#")
        found = Risk.objects.get(programme=self.programme, number=int(number))
        if field not in ("number", "likelihood", "impact"):
            raise Unknown(f"risk:{what}: there is no field “{field}”")
        return Leaf(Decimal(getattr(found, field)), f"Risk {number}: {field}")

    @cached_property
    def _results(self) -> dict[str, dict[tuple[str, str, str], Result | Breakdown]]:
        return {}

    def _of_submission(self, reference: str) -> dict[tuple[str, str, str], Result | Breakdown]:
        """By code, category and entry quarter, the rows of a submission."""
        if reference not in self._results:
            found: dict[tuple[str, str, str], Result | Breakdown] = {}
            rows = Result.objects.filter(
                submission__reference=reference, submission__quarter__programme=self.programme
            ).select_related("definition__kpi", "entry_quarter")
            for row in rows.prefetch_related("breakdowns__category__dimension"):
                entry = row.entry_quarter.code if row.entry_quarter else ""
                if row.milestone_id is None:
                    found[row.definition.kpi.code, "", entry] = row
                for part in row.breakdowns.all():
                    name = f"{part.category.dimension.code}.{part.category.code}"
                    found[row.definition.kpi.code, name, entry] = part
            self._results[reference] = found
        return self._results[reference]

    def result(self, what: str) -> Leaf:
        reference, _, place = what.partition("#")
        place, _, entry = place.partition("~")
        place, _, category = place.partition("@")
        code, _, column = place.rpartition(".")
        row = self._of_submission(reference)[code, category, entry]
        found = getattr(row, column) if column in _NUMBERS else None
        if found is None:
            raise Unknown(f"result:{what}: holds no such number")
        words = f"{code} in {reference}" + (f", {category}" if category else "")
        return Leaf(
            Decimal(found).scaleb(-2) if column in _HUNDREDTHS else Decimal(found), words, self._page(reference)
        )

    def _page(self, reference: str) -> str:
        return reverse("kpis:submission", args=[Submission.objects.get(reference=reference).pk])

    def submission(self, what: str) -> Leaf:
        found = Submission.objects.get(reference=what)
        return Leaf(Decimal(found.revision), f"Revision of {what}", self._page(what))

    def target(self, what: str) -> Leaf:
        measure, _, at = what.rpartition("@")
        quarter, kpi = self.quarters[at], self._kpi(measure)
        if at not in self._aims:
            self._aims[at] = aims_of(self.programme, quarter)
        return Leaf(Decimal(self._aims[at][kpi.project_id][kpi.code].value), f"Target of {kpi.code} in {quarter.year}")

    @cached_property
    def _aims(self) -> dict[str, dict[int, dict[str, Aim]]]:
        return {}

    def window(self, what: str) -> Leaf:
        measure, _, at = what.rpartition("@")
        versions = list(self._kpi(measure).versions.all())
        found = version_on(versions, self.quarters[at].first_day) or versions[0]
        return Leaf(Decimal(found.window_months or 0), f"Months of follow-up of {measure}")

    def _kpi(self, measure: str) -> Kpi:
        project, _, code = measure.partition("/")
        return Kpi.objects.get(project__programme=self.programme, project__code=project, code=code)


_KEPT_OUT = (SpendLine.State.HELD, SpendLine.State.NOT_CLAIMABLE)
_HUNDREDTHS = ("scaled", "total", "median")
_NUMBERS = (
    "count", "numerator", "denominator", "people_quarter", "people_year", "people_programme", "n", *_HUNDREDTHS,
)  # fmt: skip
SCHEMES: dict[str, Callable[[Record, str], Leaf]] = {
    "line": Record.line,
    "net": Record.net,
    "vat": Record.vat,
    "raised-again": Record.raised_again,
    "spend": Record.spend,
    "plan": Record.plan,
    "forecast": Record.forecast,
    "committed": Record.committed,
    "award": Record.award,
    "move": Record.move,
    "notice": Record.notice,
    "claimable": Record.claimable,
    "unclaimed": Record.unclaimed,
    "claim": Record.claim,
    "claim-part": Record.claim_part,
    "claim-lines": Record.claim_lines,
    "claimed": Record.claimed,
    "paid": Record.paid,
    "short": Record.short,
    "disallowed": Record.disallowed,
    "disallowance": Record.disallowance,
    "project": Record.project,
    "repayment": Record.repayment,
    "balance": Record.balance,
    "match-receipt": Record.match_receipt,
    "statement": Record.statement,
    "hours": Record.hours,
    "control": Record.control,
    "in-ledger": Record.in_ledger,
    "item": Record.item,
    "risk": Record.risk,
    "result": Record.result,
    "submission": Record.submission,
    "target": Record.target,
    "window": Record.window,
}


def _is_of(field: str, row: dict[str, Any], at: Quarter, quarter: Quarter) -> bool:
    """Whether summed rows belong to a field at a quarter."""
    if field.startswith("all-"):
        return {"all-cost": True, "all-kept-out": row["state_then"] in _KEPT_OUT}[field]
    if at.order > quarter.order or (field.endswith("-quarter") and at != quarter):
        return False
    accrued = Transaction.Kind.ACCRUAL in (row["transaction__kind"], row["transaction__takes_back__kind"])
    return {
        "actual-quarter": True,
        "actual-to-date": True,
        "accrued-quarter": accrued,
        "accrued-to-date": accrued,
        "held-to-date": row["state_then"] in _KEPT_OUT,
        "claimable-to-date": row["state_then"] == SpendLine.State.CLAIMABLE,
        "late-quarter": row["relates_to_id"] is not None,
    }[field]


def _line(reference: str) -> SpendLine:
    entry, _, number = reference.rpartition("/")
    return SpendLine.objects.select_related("transaction").get(transaction__reference=entry, number=int(number))


def _receipt_part(what: str) -> ReceiptPart:
    receipt, _, claim = what.partition("#")
    return ReceiptPart.objects.select_related("receipt", "claim").get(
        receipt__reference=receipt, claim__reference=claim
    )
