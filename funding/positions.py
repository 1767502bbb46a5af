"""Where a budget stands: one function works out every figure of budget against spend, for any cut.

Pages, returns, downloads and charts all read it, so that they cannot disagree.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, Self, TypeVar

from django.db.models import Sum
from django.utils import timezone

from board.models import Quarter, Year
from contracts.models import Contract
from core.financial_year import year_starting
from core.money import NOUGHT, PenceField, is_over_percent, percent
from funding.models import BudgetLine, BudgetVersion, Commitment, Forecast, Profile, Source, SpendLine, Transaction

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")
# A budget line in one quarter; what a contract binds is of no quarter.
Cell = tuple[BudgetLine, Quarter | None]


class Addable(Protocol):
    """Figures that add up to figures of the same kind."""

    def __add__(self, other: Self) -> Self: ...


Figures = TypeVar("Figures", bound=Addable)


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
    sources: Iterable[Source], year: Year, quarter: Quarter, *, today: date, as_of: datetime | None = None
) -> dict[BudgetLine, Position]:
    """The position of every budget line of a year's sources, at a quarter or closing period of that year.

    "To date" runs from the year's start to the end of `quarter`; the budget is the one in force on
    `today`. Payments on account are no cost and are left out; void entries count nowhere.

    `as_of` a moment: what the record said then. Entries by when they were recorded and made void, their states
    by when they were looked at again, budgets by when they were recorded and in force on that day, forecasts and
    commitments by their history, the quarter's close by its time. `today` is then the moment's day.
    """
    return positions_of(sources, year, quarter, today=today, as_of=as_of).lines


def cell_positions(
    sources: Iterable[Source], year: Year, quarter: Quarter, *, today: date, as_of: datetime | None = None
) -> dict[Cell, Position]:
    """The same figures kept apart by quarter, for a cut by quarter: each is in the quarter that it is of.

    Plans are in the quarter that they are for, spend in the quarter that records it; what is committed is in none.
    """
    return positions_of(sources, year, quarter, today=today, as_of=as_of).cells


@dataclass(frozen=True)
class Positions:
    """The figures by budget line, and the same kept apart by quarter."""

    lines: dict[BudgetLine, Position]
    cells: dict[Cell, Position]


def positions_of(
    sources: Iterable[Source], year: Year, quarter: Quarter, *, today: date, as_of: datetime | None = None
) -> Positions:
    """Both `line_positions` and `cell_positions`, for who needs the two."""
    lines, quarters, cells = _cells(sources, year, quarter, today, as_of)
    positions = {line.pk: Position() for line in lines}
    for (line, _), figures in cells.items():
        positions[line] += Position(**figures)
    return Positions(
        {line: positions[line.pk] for line in lines},
        {
            (line, quarters.get(key)): Position(**cells[line.pk, key])
            for key in (*quarters, None)
            for line in lines
            if (line.pk, key) in cells
        },
    )


@dataclass(frozen=True)
class Bound:
    """What a contract binds of budget lines, in pounds: committed, charged of that, and left to be charged.

    A line that was charged more than it was committed for leaves nought, and takes nothing from another's.
    """

    committed: Decimal = NOUGHT
    charged: Decimal = NOUGHT
    left: Decimal = NOUGHT

    def __add__(self, other: "Bound") -> "Bound":
        return Bound(self.committed + other.committed, self.charged + other.charged, self.left + other.left)


def contract_positions(
    sources: Iterable[Source],
    *,
    contract: Contract | None = None,
    year: Year | None = None,
    as_of: datetime | None = None,
) -> dict[tuple[Contract, BudgetLine], Bound]:
    """What each contract, or one, binds and has charged on each budget line of the sources, of a year or of all.

    `as_of` a moment, as line_positions() has it.
    """
    wanted = BudgetLine.objects.filter(source__in=list(sources))
    wanted = wanted if year is None else wanted.filter(year=year)
    shown = wanted.select_related("source", "project", "heading", "year")
    lines = {line.pk: line for line in sorted(shown, key=lambda line: (line.year.starts, *_order(line)))}
    bound = _bound(lines, as_of, contract)
    contracts = Contract.objects.filter(pk__in={key for key, _ in bound}).select_related("provider")
    return {
        (row, line): bound[row.pk, line.pk]
        for row in sorted(contracts, key=lambda row: row.reference)
        for line in lines.values()
        if (row.pk, line.pk) in bound
    }


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


def grouped(positions: Mapping[Item, Figures], key: Callable[[Item], Key]) -> dict[Key, Figures]:
    """The same figures summed by any cut: `grouped(found, lambda line: line.project)`."""
    groups: dict[Key, Figures] = {}
    for item, position in positions.items():
        group = key(item)
        groups[group] = groups[group] + position if group in groups else position
    return groups


def total(positions: Mapping[Any, Position]) -> Position:
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


# The figures of a budget line in a quarter, by the fields of a Position; both by their keys.
_Cells = dict[tuple[int, int | None], dict[str, Decimal]]


def _cells(
    sources: Iterable[Source], year: Year, quarter: Quarter, today: date, as_of: datetime | None
) -> tuple[list[BudgetLine], dict[int, Quarter], _Cells]:
    """The budget lines in their order, the programme's quarters, and the figures of each line by quarter."""
    sources, day = list(sources), timezone.localtime(as_of).date() if as_of else today
    lines = BudgetLine.objects.filter(source__in=sources, year=year).select_related(
        "source__funder", "source__kept_by", "project", "heading", "year"
    )
    ordered = sorted(lines, key=_order)
    quarters = {row.pk: row for row in Quarter.objects.filter(programme_id=year.programme_id)}
    cells: _Cells = defaultdict(lambda: defaultdict(lambda: NOUGHT))
    _add_budgets(cells, sources, year, quarter, quarters, day, as_of)
    _add_spend(cells, sources, year, quarter, quarters, as_of)
    _add_plans(cells, [line.pk for line in ordered], quarter, quarters, as_of)
    return ordered, quarters, cells


def _order(line: BudgetLine) -> tuple[Any, ...]:
    return (line.source.position, line.project.position, line.heading.position, line.key)


def _add_budgets(
    cells: _Cells,
    sources: list[Source],
    year: Year,
    quarter: Quarter,
    quarters: Mapping[int, Quarter],
    day: date,
    as_of: datetime | None,
) -> None:
    recorded = BudgetVersion.objects.filter(source__in=sources, year=year)
    recorded = recorded if as_of is None else recorded.filter(created_at__lte=as_of)
    versions = list(recorded.order_by("number"))
    first = {version.source_id: version.pk for version in reversed(versions)}
    now = {
        version.source_id: version.pk
        for version in sorted(versions, key=lambda row: (row.effective_on, row.number))
        if version.effective_on <= day
    }
    for row in Profile.objects.filter(budget_version__in=versions).select_related("budget_version"):
        cell, source = cells[row.line_id, row.quarter_id], row.budget_version.source_id
        if row.budget_version_id == first[source]:
            cell["original"] += row.amount
        if row.budget_version_id == now.get(source):
            cell["budget"] += row.amount
            if row.quarter_id == quarter.pk:
                cell["profile_quarter"] += row.amount
            if quarters[row.quarter_id].order <= quarter.order:
                cell["profile_to_date"] += row.amount


def _add_spend(
    cells: _Cells,
    sources: list[Source],
    year: Year,
    quarter: Quarter,
    quarters: Mapping[int, Quarter],
    as_of: datetime | None,
) -> None:
    # Summed by the database: a year's lines are never loaded to add them up.
    rows = (
        SpendLine.objects.spend(as_of)
        .with_state(as_of)
        .filter(budget_line__source__in=sources, budget_line__year=year)
        .values("budget_line_id", "quarter_id", "state_then", "transaction__kind", "transaction__takes_back__kind")
        .annotate(cost=Sum("cost", output_field=PenceField()))
        .order_by()
    )
    for row in rows:
        if quarters[row["quarter_id"]].order > quarter.order:
            continue
        cell, cost = cells[row["budget_line_id"], row["quarter_id"]], row["cost"]
        accrued = Transaction.Kind.ACCRUAL in (row["transaction__kind"], row["transaction__takes_back__kind"])
        cell["actual_to_date"] += cost
        cell["accrued_to_date"] += cost if accrued else NOUGHT
        if row["state_then"] in (SpendLine.State.HELD, SpendLine.State.NOT_CLAIMABLE):
            cell["held_to_date"] += cost
        elif row["state_then"] == SpendLine.State.CLAIMABLE:
            cell["claimable_to_date"] += cost
        if row["quarter_id"] == quarter.pk:
            cell["actual_quarter"] += cost
            cell["accrued_quarter"] += cost if accrued else NOUGHT


def _add_plans(
    cells: _Cells,
    lines: list[int],
    quarter: Quarter,
    quarters: Mapping[int, Quarter],
    as_of: datetime | None,
) -> None:
    closed_at = quarter.money_closed_at
    is_closed = closed_at is not None and (as_of is None or closed_at <= as_of)
    for row in _rows(Forecast, as_of, line__in=lines):
        cell = cells[row.line_id, row.quarter_id]
        if quarters[row.quarter_id].order > quarter.order:
            cell["forecast"] += row.amount
        elif row.quarter_id == quarter.pk and not is_closed:
            # Half a quarter's spend is no outturn: until it is closed, what is forecast beyond it still comes.
            cell["forecast"] += max(row.amount - cell["actual_quarter"], NOUGHT)
    for (_, line), bound in _bound(lines, as_of).items():
        cells[line, None]["committed"] += bound.left


def _bound(
    lines: Iterable[int], as_of: datetime | None, contract: Contract | None = None
) -> dict[tuple[int, int], Bound]:
    """By the keys of contract and budget line, what is committed and charged."""
    lines = list(lines)
    spend = SpendLine.objects.spend(as_of).filter(budget_line__in=lines, transaction__contract__isnull=False)
    which: dict[str, Any] = {"line__in": lines}
    if contract is not None:
        spend, which = spend.filter(transaction__contract=contract), {**which, "contract": contract}
    charged = {
        (row["transaction__contract_id"], row["budget_line_id"]): row["cost"]
        for row in spend.values("transaction__contract_id", "budget_line_id")
        .annotate(cost=Sum("cost", output_field=PenceField()))
        .order_by()
    }
    committed = {(row.contract_id, row.line_id): row.amount for row in _rows(Commitment, as_of, **which)}
    found = {}
    for key in {**committed, **charged}:
        bound, spent = committed.get(key, NOUGHT), charged.get(key, NOUGHT)
        found[key] = Bound(bound, spent, max(bound - spent, NOUGHT))
    return found


def _rows(model: type[Forecast] | type[Commitment], as_of: datetime | None, **which: Any) -> list[Any]:
    """The rows as they are, or as their history has them at a moment."""
    if as_of is None:
        return list(model.objects.filter(**which))
    past = model.history.filter(history_date__lte=as_of, **which).order_by("history_date", "history_id")
    return [row for row in {row.id: row for row in past}.values() if row.history_type != "-"]
