"""What a figure rests on, as references; a sum rests on all that its parts rest on."""

from collections.abc import Iterable
from dataclasses import replace

from board.models import Year
from funding.models import Source, SpendLine
from returns.content import Figure, Section, Table


def of_lines(lines: Iterable[SpendLine]) -> tuple[str, ...]:
    """The charges that make a sum of cost, each once, in order."""
    return tuple(sorted({f"line:{line.reference}" for line in lines}))


def of_award(source: Source, year: Year) -> str:
    """A source's award or pledge for a year."""
    return f"award:{source.code}/{year.code}"


def of_budget(source: Source, year: Year) -> str:
    """A source's budget for a year, in the version in force."""
    return f"budget:{source.code}/{year.code}"


def traced(section: Section) -> Section:
    """The section with a trace on each sum of its table: everything that its rows rest on, each reference once."""
    table = section.table
    if table is None:
        return section
    rows = []
    for index, row in enumerate(table.rows):
        if row.kind in ("subtotal", "total"):
            row = replace(row, cells=tuple(_sum(table, index, at, cell) for at, cell in enumerate(row.cells)))
        rows.append(row)
    return replace(section, table=replace(table, rows=tuple(rows)))


def _sum(table: Table, index: int, at: int, cell: Figure) -> Figure:
    if not cell.is_number or cell.trace:
        return cell
    parts = {found: None for i in table.adds(index) for found in table.rows[i].cells[at].trace}
    return replace(cell, trace=tuple(parts))
