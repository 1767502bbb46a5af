"""Where a budget stands: one function works out every figure of budget against spend, for any cut.

Pages, returns, downloads and charts all read it, so that they cannot disagree.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import TypeVar

from django.db.models import Sum

from board.models import Quarter, Year
from core.financial_year import year_starting
from core.money import NOUGHT, PenceField, is_over_percent, percent
from funding.models import BudgetLine, BudgetVersion, Commitment, Forecast, Profile, Source, SpendLine, Transaction

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Position:
    """The figures of a budget line, or of any group of them, at a quarter; all in pounds.

    `variance = actual − profile` to date: below nought is an underspend. `outturn` is what the year is
    expected to end on: spent to date, forecast for the quarters after, and, while the quarter is open, what its
    own forecast has above its actual. `accrued` is the part of the
    actual that is accruals and their reversals, `remaining` what is left of the budget.
    """

    original: Decimal = NOUGHT
    budget: Decimal = NOUGHT
    profile_quarter: Decimal = NOUGHT
    profile_to_date: Decimal = NOUGHT
    actual_quarter: Decimal = NOUGHT
    accrued_quarter: Decimal = NOUGHT
    actual_to_date: Decimal = NOUGHT
    accrued_to_date: Decimal = NOUGHT
    held_to_date: Decimal = NOUGHT
    claimable_to_date: Decimal = NOUGHT
    committed: Decimal = NOUGHT
    forecast: Decimal = NOUGHT

    def __add__(self, other: "Position") -> "Position":
        return Position(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def changes(self) -> Decimal:
        """Approved changes of the budget since the original one."""
        return self.budget - self.original

    @property
    def variance_quarter(self) -> Decimal:
        return self.actual_quarter - self.profile_quarter

    @property
    def variance_to_date(self) -> Decimal:
        return self.actual_to_date - self.profile_to_date

    @property
    def variance_percent(self) -> Decimal | None:
        """The variance to date as a percentage of the profile, for reading; None without a profile."""
        return percent(self.variance_to_date, self.profile_to_date)

    @property
    def outturn(self) -> Decimal:
        return self.actual_to_date + self.forecast

    @property
    def outturn_variance(self) -> Decimal:
        """Expected over budget (above nought) or under it."""
        return self.outturn - self.budget

    @property
    def remaining(self) -> Decimal:
        return self.budget - self.actual_to_date


def is_over(variance: Decimal, base: Decimal, *, percent: Decimal, amount: Decimal) -> bool:
    """Whether a variance, of either sign, is over both thresholds: pounds, and per cent of its base (F10).

    The one comparison for the explanation that is asked for and for the rating of a return; nothing is rounded.
    """
    return abs(variance) > amount and is_over_percent(variance, base, percent)


def line_positions(
    sources: Iterable[Source], year: Year, quarter: Quarter, *, today: date
) -> dict[BudgetLine, Position]:
    """The position of every budget line of a year's sources, at a quarter or closing period of that year.

    "To date" runs from the year's start to the end of `quarter`; the budget is the one in force on
    `today`. Payments on account are no cost and are left out; void entries count nowhere.
    """
    sources = list(sources)
    lines = list(
        BudgetLine.objects.filter(source__in=sources, year=year).select_related(
            "source__funder", "source__kept_by", "project", "heading", "year"
        )
    )
    figures: dict[int, dict[str, Decimal]] = {line.pk: defaultdict(lambda: NOUGHT) for line in lines}
    _add_budgets(figures, sources, year, quarter, today)
    _add_spend(figures, sources, year, quarter)
    _add_plans(figures, quarter)
    ordered = sorted(
        lines, key=lambda line: (line.source.position, line.project.position, line.heading.position, line.key)
    )
    return {line: Position(**figures[line.pk]) for line in ordered}


@dataclass(frozen=True)
class Impact:
    """What a cost does to a budget line's year; `before` and `after` are the actual without and with it, in pounds."""

    line: BudgetLine
    cost: Decimal
    budget: Decimal
    before: Decimal
    after: Decimal

    @property
    def remaining_before(self) -> Decimal:
        return self.budget - self.before

    @property
    def remaining_after(self) -> Decimal:
        return self.budget - self.after


def impact(costs: Mapping[BudgetLine, Decimal], *, recorded: bool, today: date) -> list[Impact]:
    """What costs do to the lines that they charge, over all that is recorded of each line's year.

    `recorded`: whether the costs are in the record already, and so in its actual.
    """
    positions: dict[BudgetLine, Position] = {}
    for year in sorted({line.year for line in costs}, key=lambda year: (year.programme_id, year.starts)):
        sources = {line.source for line in costs if line.year_id == year.pk}
        last = Quarter.objects.filter(programme_id=year.programme_id).order_by("first_day", "number").last()
        positions |= line_positions(sources, year, last, today=today)
    found = []
    for line, cost in costs.items():
        actual = positions[line].actual_to_date
        before = actual - cost if recorded else actual
        found.append(Impact(line, cost, positions[line].budget, before, before + cost))
    return found


def grouped(positions: dict[BudgetLine, Position], key: Callable[[BudgetLine], Key]) -> dict[Key, Position]:
    """The same figures summed by any cut: `grouped(found, lambda line: line.project)`."""
    groups: dict[Key, Position] = {}
    for line, position in positions.items():
        groups[key(line)] = groups.get(key(line), Position()) + position
    return groups


def total(positions: dict[BudgetLine, Position]) -> Position:
    """All of them together."""
    return sum(positions.values(), Position())


def year_to_show(years: Iterable[Year], *, today: date) -> Year | None:
    """The year of a page where none is asked for: of years, latest first, the one that runs, else the earliest."""
    rows = list(years)
    return next((year for year in rows if year.starts <= year_starting(today)), rows[-1] if rows else None)


def quarter_to_show(year: Year, *, today: date) -> Quarter:
    """To whose end figures run where no quarter is asked for: the latest begun, at last the closing period."""
    quarters = list(year.quarters.order_by("first_day", "number"))
    begun = [row for row in quarters if row.first_day <= today and row.kind == Quarter.Kind.QUARTER]
    if len(begun) == 4 and begun[-1].money_closed_at:
        return next((row for row in quarters if row.kind == Quarter.Kind.CLOSING), begun[-1])
    return begun[-1] if begun else quarters[0]


def version_in_force(source: Source, year: Year, day: date) -> BudgetVersion | None:
    """The budget that holds on a day: the last to have taken effect."""
    return (
        BudgetVersion.objects.filter(source=source, year=year, effective_on__lte=day)
        .order_by("effective_on", "number")
        .last()
    )


def budget_of(line: BudgetLine, day: date) -> Decimal:
    """A line's budget for its year, on a day."""
    version = version_in_force(line.source, line.year, day)
    if version is None:
        return NOUGHT
    return version.profiles.filter(line=line).aggregate(total=Sum("amount"))["total"] or NOUGHT


def spent_on(line: BudgetLine) -> Decimal:
    """All cost charged to a line so far, whatever its state."""
    return SpendLine.objects.spend().filter(budget_line=line).total()


def _add_budgets(
    figures: dict[int, dict[str, Decimal]], sources: list[Source], year: Year, quarter: Quarter, today: date
) -> None:
    versions = list(BudgetVersion.objects.filter(source__in=sources, year=year).order_by("number"))
    first = {version.source_id: version.pk for version in reversed(versions)}
    now = {
        version.source_id: version.pk
        for version in sorted(versions, key=lambda row: (row.effective_on, row.number))
        if version.effective_on <= today
    }
    rows = Profile.objects.filter(budget_version__in=versions).select_related("quarter", "budget_version")
    for row in rows:
        line, source = figures[row.line_id], row.budget_version.source_id
        if row.budget_version_id == first[source]:
            line["original"] += row.amount
        if row.budget_version_id == now.get(source):
            line["budget"] += row.amount
            if row.quarter_id == quarter.pk:
                line["profile_quarter"] += row.amount
            if row.quarter.order <= quarter.order:
                line["profile_to_date"] += row.amount


def _add_spend(figures: dict[int, dict[str, Decimal]], sources: list[Source], year: Year, quarter: Quarter) -> None:
    # Summed by the database: a year's lines are never loaded to add them up.
    rows = (
        SpendLine.objects.spend()
        .filter(budget_line__source__in=sources, budget_line__year=year)
        .values("budget_line_id", "quarter_id", "state", "transaction__kind", "transaction__takes_back__kind")
        .annotate(cost=Sum("cost", output_field=PenceField()))
        .order_by()
    )
    orders = {row.pk: row.order for row in Quarter.objects.filter(programme_id=year.programme_id)}
    for row in rows:
        if orders[row["quarter_id"]] > quarter.order:
            continue
        line, cost = figures[row["budget_line_id"]], row["cost"]
        accrued = Transaction.Kind.ACCRUAL in (row["transaction__kind"], row["transaction__takes_back__kind"])
        line["actual_to_date"] += cost
        line["accrued_to_date"] += cost if accrued else NOUGHT
        if row["state"] in (SpendLine.State.HELD, SpendLine.State.NOT_CLAIMABLE):
            line["held_to_date"] += cost
        elif row["state"] == SpendLine.State.CLAIMABLE:
            line["claimable_to_date"] += cost
        if row["quarter_id"] == quarter.pk:
            line["actual_quarter"] += cost
            line["accrued_quarter"] += cost if accrued else NOUGHT


def _add_plans(figures: dict[int, dict[str, Decimal]], quarter: Quarter) -> None:
    for row in Forecast.objects.filter(line__in=figures).select_related("quarter"):
        line = figures[row.line_id]
        if row.quarter.order > quarter.order:
            line["forecast"] += row.amount
        elif row.quarter_id == quarter.pk and quarter.money_closed_at is None:
            # Half a quarter's spend is no outturn: until it is closed, what is forecast beyond it still comes.
            line["forecast"] += max(row.amount - line["actual_quarter"], NOUGHT)
    charged: dict[tuple[int, int], Decimal] = {
        (row["transaction__contract_id"], row["budget_line_id"]): row["cost"]
        for row in SpendLine.objects.spend()
        .filter(budget_line__in=figures, transaction__contract__isnull=False)
        .values("transaction__contract_id", "budget_line_id")
        .annotate(cost=Sum("cost", output_field=PenceField()))
        .order_by()
    }
    for row in Commitment.objects.filter(line__in=figures):
        left = row.amount - charged.get((row.contract_id, row.line_id), NOUGHT)
        figures[row.line_id]["committed"] += max(left, NOUGHT)
