"""A budget pasted from a spreadsheet: which line and quarter each amount is for, and what could not be placed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from board.models import Project, Quarter
from core.money import NOUGHT, in_words, read_amount
from core.pasting import cells as cells_of
from core.problems import Problem
from funding.models import CostHeading

Pair = tuple[Project, CostHeading]
Place = tuple[Project, CostHeading, Quarter]
_QUARTER = re.compile(r"\bq(?:uarter|tr)?\.?\s*([1-4])\b", re.IGNORECASE)
# How a workbook shows nought in its accounting format.
_NOUGHT = re.compile(r"£?\s*[-–−]\s*")
# Under a table, what it adds up to is no line of it.
_TOTAL = re.compile(r"(grand |sub-?)?totals?\b", re.IGNORECASE)
LABELS = 2


@dataclass
class Pasted:
    """The amounts that found their box, as they are to stand in it, and every row that did not."""

    typed: dict[Place, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, number: int, words: str) -> None:
        self.problems.append(Problem("paste", f"Row {number}: {words}"))


@dataclass(frozen=True)
class Table:
    """What may be filled: the lines and quarters in the order of the page, and what stands in closed quarters.

    `others` are lines that may be added; empty where none may.
    """

    pairs: Sequence[Pair]
    quarters: Sequence[Quarter]
    closed: Mapping[Place, Decimal]
    shut: frozenset[int]
    projects: Sequence[Project]
    headings: Sequence[CostHeading]
    may_add: bool


def place(text: str, table: Table) -> Pasted:
    """Find the boxes of a pasted table: by project and heading, as codes or names, or by position without them."""
    found = Pasted()
    rows = [(number, row) for number, row in enumerate(cells_of(text), start=1) if any(map(str.strip, row))]
    columns: list[Quarter | None] = []
    if rows and any(_QUARTER.search(cell) for cell in rows[0][1]):
        columns = _columns(rows.pop(0)[1], table.quarters)
    if not rows:
        found.problems.append(Problem("paste", "Nothing with an amount was pasted. Copy the rows of the table too."))
    elif _is_amount(rows[0][1][0]):
        _by_position(rows, _usual_columns(rows, 0, table), table, found)
    else:
        _by_name(rows, columns or _usual_columns(rows, LABELS, table), table, found)
    return found


def _columns(header: list[str], quarters: Sequence[Quarter]) -> list[Quarter | None]:
    """For each column after the labels its quarter; None for a total or anything else."""
    by_number = {quarter.number: quarter for quarter in quarters}
    found = [_QUARTER.search(cell) for cell in header[LABELS:]]
    return [by_number.get(int(match[1])) if match else None for match in found]


def _usual_columns(rows: list[tuple[int, list[str]]], labels: int, table: Table) -> list[Quarter | None]:
    """Without a heading: all quarters of the page, or those still open where the pasted table is just as wide.

    The width is that of the whole table, so that an empty box at the end of a row shifts nothing.
    """
    width = max(len(row) for _, row in rows) - labels
    still_open = [quarter for quarter in table.quarters if quarter.pk not in table.shut]
    return list(still_open if width == len(still_open) else table.quarters)


def _read(text: str) -> Decimal | None:
    """The pounds in a cell, None where it is empty. Raises ValueError with a sentence for the person."""
    if _NOUGHT.fullmatch(text.strip()):
        return NOUGHT
    return read_amount(text) if text.strip() else None


def _is_amount(text: str) -> bool:
    try:
        return _read(text) is not None
    except ValueError:
        return False


def _by_position(rows: list[tuple[int, list[str]]], columns: list[Quarter | None], table: Table, found: Pasted) -> None:
    if len(rows) != len(table.pairs):
        count = f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
        words = (
            f"You pasted {count} of amounts without names, and the table has {len(table.pairs)}. "
            "Paste the project and the cost heading of each row too."
        )
        found.problems.append(Problem("paste", words))
        return
    for (number, row), pair in zip(rows, table.pairs, strict=True):
        _fill(number, pair, row, columns, table, found)


def _by_name(rows: list[tuple[int, list[str]]], columns: list[Quarter | None], table: Table, found: Pasted) -> None:
    projects, headings = _named(table.projects), _named(table.headings)
    seen: dict[Pair, int] = {}
    above = ""
    for number, row in rows:
        if any(_TOTAL.match(cell.strip()) for cell in row[:LABELS]):
            continue
        # A merged cell gives its project once, for all the rows beside it.
        above = row[0].strip() or above
        project = projects.get(_plain(above))
        heading = headings.get(_plain(row[1])) if len(row) > 1 else None
        if project is None:
            found.refuse(number, f"“{above}” is no project here. Give its code or its name as on this page.")
        if heading is None:
            label = row[1].strip() if len(row) > 1 else ""
            found.refuse(number, f"“{label}” is no cost heading here. Give its code or its name as on this page.")
        if project is None or heading is None:
            continue
        pair = (project, heading)
        if pair in seen:
            found.refuse(number, f"{project} · {heading} stands in row {seen[pair]} already. Put them together.")
        elif pair not in table.pairs and not table.may_add:
            found.refuse(number, f"{project} · {heading} is no line of this budget.")
        else:
            seen[pair] = number
            _fill(number, pair, row[LABELS:], columns, table, found)


def _named(rows: Iterable[Project] | Iterable[CostHeading]) -> dict[str, Project | CostHeading]:
    rows = list(rows)
    return {_plain(row.name): row for row in rows} | {_plain(row.code): row for row in rows}


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _fill(
    number: int, pair: Pair, cells: list[str], columns: list[Quarter | None], table: Table, found: Pasted
) -> None:
    """Place one row; where something of it cannot be read, its other amounts are placed all the same."""
    cells = [cell.strip() for cell in cells]
    while cells and not cells[-1]:
        cells.pop()
    total = cells.pop() if len(cells) == len(columns) + 1 else ""
    if len(cells) > len(columns):
        found.refuse(number, f"it has {len(cells)} amounts, and the table has {len(columns)} quarters.")
        return
    amounts = []
    for cell, quarter in zip(cells, columns, strict=False):
        if quarter is None:
            continue
        try:
            amount = _read(cell)
        except ValueError as error:
            found.refuse(number, f"{quarter.short_label}: {error}.")
            continue
        if amount is None:
            continue
        amounts.append(amount)
        _put(number, (*pair, quarter), amount, table, found)
    said, makes = (_read(total) if _is_amount(total) else None), sum(amounts, NOUGHT)
    if said not in (None, makes):
        found.refuse(number, f"its total is {in_words(said)}, and its quarters make {in_words(makes)}.")


def _put(number: int, where: Place, amount: Decimal, table: Table, found: Pasted) -> None:
    quarter = where[2]
    if quarter.pk not in table.shut:
        found.typed[where] = f"{amount:,.2f}"
    elif amount != table.closed.get(where, NOUGHT):
        stands = in_words(table.closed.get(where, NOUGHT))
        found.refuse(number, f"{quarter.short_label} is closed and stays {stands}, not {in_words(amount)}.")
