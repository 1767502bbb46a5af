"""What a file comes down to before anything is understood: sheets of cells, and how a cell is named."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

Cell = str | int | float | bool | date | datetime | time | timedelta
QUOTED_MOST = 60
# First and last corner, each (row, column) from nought, both included.
Area = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook, or the whole of a CSV file; rows are cut after their last filled cell.

    `widths` holds what a CSV row had before the cut. `broken` maps a row, from nought, to the reason
    why its cells cannot be trusted. `serial_shift` is the number of days to add to a date serial (a
    workbook may count from 1904).
    """

    name: str
    rows: list[list[Cell]]
    from_workbook: bool
    hidden: bool = False
    encoding: str | None = None
    merged: tuple[Area, ...] = ()
    serial_shift: int = 0
    widths: list[int] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)


def column_letters(column: int) -> str:
    """0 -> "A", 26 -> "AA"."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def address(row: int, column: int) -> str:
    """Row and column from nought, as a spreadsheet names the cell: (11, 2) -> "C12"."""
    return f"{column_letters(column)}{row + 1}"


def text_of(cell: Cell) -> str:
    """A cell as one line of text, as a person would read it; a whole number loses its ".0"."""
    if isinstance(cell, str):
        return " ".join(cell.split())
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime) and not (cell.hour or cell.minute or cell.second):
        return cell.date().isoformat()
    return str(cell)


def quoted(cell: Cell) -> str:
    """A cell as a sentence quotes it: in quotation marks, and cut where it is long."""
    text = text_of(cell)
    return f"“{text if len(text) <= QUOTED_MOST else text[:QUOTED_MOST] + '…'}”"


def is_blank(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip()


def trimmed(cells: list[Cell]) -> list[Cell]:
    """The cells up to the last one that is not blank."""
    last = len(cells)
    while last and is_blank(cells[last - 1]):
        last -= 1
    return cells[:last]
