"""Lists of rows as the sheets of a workbook: in packs, and of an auditor's sample."""

from collections.abc import Iterable, Sequence

from core.workbook import Cell, Line, Sheet, portions


def listed(
    name: str, title: str, intro: Sequence[str], header: Sequence[str], rows: Iterable[Sequence[object]], empty: str
) -> Sheet:
    """A sheet of one table. A value is a Cell or words; where there is no row, `empty` stands in its place."""
    lines = tuple(Line(tuple(_cell(value) for value in row)) for row in rows)
    return Sheet(name, title, tuple(intro), tuple(header), lines, empty)


def _cell(value: object) -> Cell:
    """A blank is a dash, since nothing in a table is left empty; what a cell cannot show is cut, and says so."""
    if isinstance(value, Cell):
        return value
    if value in ("", None):
        return Cell("–")
    shown, *cut = portions(str(value))
    return Cell(f"{shown} […]" if cut else shown)
