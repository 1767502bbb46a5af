"""How figures add up over quarters and over suppliers: fixed by their kind, never chosen. Pure.

Sums and rates add their parts, positions and distinct people take the last quarter that was due, opening
positions the first, so that opening, flows and closing balance over the year as over a quarter. Medians and
cohorts are never joined over quarters. A total over missing figures says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from kpis.kinds import COLUMNS, EMPTY_STATES, FigureType, Kind, State

MAY_COUNT_TWICE = "a person may be counted more than once"
YEAR, PROGRAMME = "year", "programme"
_NUMBERS = (
    "count", "scaled", "numerator", "denominator", "people_quarter", "people_year", "people_programme", "total", "n",
    "median",
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """A figure of one measure, or the state that says why there is none. Numbers are as stored.

    `incomplete`: a part of the total is missing. `caveat`: what must be printed with it.
    """

    state: str
    count: int | None = None
    scaled: int | None = None
    numerator: int | None = None
    denominator: int | None = None
    people_quarter: int | None = None
    people_year: int | None = None
    people_programme: int | None = None
    total: int | None = None
    n: int | None = None
    median: int | None = None
    other: Any = None
    incomplete: bool = False
    caveat: str = ""

    @property
    def empty(self) -> bool:
        return self.state in EMPTY_STATES


MISSING = Cell(State.MISSING)
NOT_DUE = Cell(State.NOT_DUE)
NOT_SHOWN = Cell(State.NOT_APPLICABLE)


def cell_of(row: Any, state: str) -> Cell:
    """The cell of a row that has the figure columns (a result or a breakdown)."""
    return Cell(state, **{name: getattr(row, name) for name in _NUMBERS})


def across_quarters(kind: str, cells: Sequence[Cell], span: str = YEAR) -> Cell:
    """The figure for a year or the programme, from its quarters in order up to the one asked about.

    Distinct people come from the supplier's own cumulative figure: `span` says which.
    """
    due = [cell for cell in cells if cell.state not in (State.NOT_DUE, State.NOT_APPLICABLE)]
    if not due:
        return NOT_DUE if any(cell.state == State.NOT_DUE for cell in cells) or not cells else NOT_SHOWN
    if kind in (Kind.FLOW, Kind.RATIO, Kind.MEAN):
        return _add(due)
    if kind in (Kind.MEDIAN, Kind.COHORT):
        return NOT_SHOWN
    if kind == Kind.OPENING:
        return due[0]
    last = due[-1]
    if kind == Kind.PEOPLE and not last.empty:
        people = last.people_year if span == YEAR else last.people_programme
        return replace(last, people_quarter=people, state=State.REPORTED if people else last.state)
    return last


def rests_on(kind: str, cells: Sequence[Cell]) -> list[int]:
    """Which of the quarters the figure of `across_quarters` is made of; those without a number make nothing."""
    due = [at for at, cell in enumerate(cells) if cell.state not in (State.NOT_DUE, State.NOT_APPLICABLE)]
    if kind in (Kind.MEDIAN, Kind.COHORT):
        return []
    if kind == Kind.OPENING:
        due = due[:1]
    elif kind not in (Kind.FLOW, Kind.RATIO, Kind.MEAN):
        due = due[-1:]
    return [at for at in due if not cells[at].empty]


def across_suppliers(kind: str, cells: Sequence[Cell]) -> Cell:
    """The figure of one quarter over several suppliers or projects."""
    due = [cell for cell in cells if cell.state not in (State.NOT_DUE, State.NOT_APPLICABLE)]
    if not due:
        return NOT_DUE
    if kind in (Kind.FLOW, Kind.SNAPSHOT, Kind.OPENING, Kind.RATIO, Kind.MEAN, Kind.COHORT):
        return _add(due)
    if kind == Kind.PEOPLE:
        return replace(_add(due), caveat=MAY_COUNT_TWICE if len(due) > 1 else "")
    return NOT_SHOWN


def _add(cells: Sequence[Cell]) -> Cell:
    """Column by column over what is there; incomplete where something is missing."""
    there = [cell for cell in cells if not cell.empty]
    if not there:
        return MISSING
    sums: dict[str, Any] = {}
    for name in _NUMBERS:
        values = [getattr(cell, name) for cell in there]
        sums[name] = None if any(value is None for value in values) else sum(values)
    return Cell(
        _state_of_sum(there),
        **sums,
        incomplete=len(there) < len(cells) or any(cell.incomplete for cell in there),
        caveat=next((cell.caveat for cell in there if cell.caveat), ""),
    )


def _state_of_sum(cells: Sequence[Cell]) -> str:
    """An estimate marks its sum, then a revision; nil only where every part is."""
    states = {cell.state for cell in cells}
    for state in (State.ESTIMATED, State.REVISED):
        if state in states:
            return state
    return State.NIL if states == {State.NIL.value} else State.REPORTED


def value(cell: Cell, figure_type: str) -> Decimal | int | Any:
    """The one number (or other answer) that is shown: rates in per cent to one decimal, None for no cases."""
    if cell.empty:
        return None
    if figure_type == FigureType.COUNT:
        return cell.count
    if figure_type == FigureType.SCALED:
        return None if cell.scaled is None else Decimal(cell.scaled).scaleb(-2)
    if figure_type in (FigureType.RATIO, FigureType.COHORT):
        return percent(cell.numerator, cell.denominator)
    if figure_type == FigureType.PEOPLE:
        return cell.people_quarter
    if figure_type == FigureType.MEAN:
        if not cell.n or cell.total is None:
            return None
        return (Decimal(cell.total).scaleb(-2) / cell.n).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if figure_type == FigureType.MEDIAN:
        return None if cell.median is None else Decimal(cell.median).scaleb(-2)
    return cell.other


def percent(numerator: int | None, denominator: int | None) -> Decimal | None:
    """In points, to one decimal; None where there were no cases."""
    if numerator is None or not denominator:
        return None
    return (Decimal(100 * numerator) / denominator).quantize(Decimal("0.1"), ROUND_HALF_UP)


def is_nought(cell: Cell, figure_type: str) -> bool:
    """Whether all that was filled is nought, which is what nil means."""
    first = {
        FigureType.RATIO: "denominator",
        FigureType.COHORT: "denominator",
        FigureType.MEDIAN: "n",
        FigureType.MEAN: "n",
    }
    column = first.get(FigureType(figure_type), COLUMNS[FigureType(figure_type)][0])
    return getattr(cell, column, None) == 0
