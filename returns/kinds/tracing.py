"""What a figure rests on, as references; a sum rests on all that its parts rest on."""

from collections.abc import Iterable
from dataclasses import replace

from board.models import Project, Quarter, Year
from funding.models import BudgetLine, CostHeading, Source, SpendLine
from funding.reconciling import Reconciliation
from returns.content import Figure, Section

# A part of a source's year: a project's, a cost heading's, one budget line, or (None) all of it.
Part = Project | CostHeading | BudgetLine | None
# The record holds nothing that would make the figure: no receipt, no earlier claim.
NOTHING = ("by:sum",)


def of_lines(lines: Iterable[SpendLine]) -> tuple[str, ...]:
    """The charges that make a sum of cost, each once, in order."""
    return tuple(sorted({f"line:{line.reference}" for line in lines}))


def less_lines(lines: Iterable[SpendLine]) -> tuple[str, ...]:
    """The charges that are taken away, or that there are none."""
    return tuple(f"-{trace}" for trace in of_lines(lines)) or NOTHING


def reconciled(found: Reconciliation) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Of a reconciliation: the ledger's total, our record of it, and the known differences."""
    day = found.as_at.isoformat()
    control = (f"control:{found.organisation.code}/{found.quarter.code}",) if found.control else ()
    ours = (f"in-ledger:{found.organisation.code}@{day}",)
    return control, ours, tuple(f"item:{one.item.reference}@{day}" for one in found.items)


def unexplained(found: Reconciliation) -> tuple[str, ...]:
    """What the ledger shows above our record and the known differences."""
    control, ours, known = reconciled(found)
    return (*control, *(f"-{trace}" for trace in (*ours, *known)))


def of_award(source: Source, year: Year) -> str:
    """A source's award or pledge for a year."""
    return f"award:{source.code}/{year.code}"


def figures(*keys: str) -> tuple[str, ...]:
    """Other figures of the same return, added up; a key after a minus is taken away."""
    return tuple(f"-figure:{key[1:]}" if key.startswith("-") else f"figure:{key}" for key in keys)


def not_above_nought(*keys: str) -> tuple[str, ...]:
    """Other figures of the same return, added up as `figures` does, and never above nought."""
    return ("by:not-above-nought", *figures(*keys))


def not_below_nought(*keys: str) -> tuple[str, ...]:
    """Other figures of the same return, added up as `figures` does, and never below nought."""
    return ("by:not-below-nought", *figures(*keys))


def share(part: str, whole: str) -> tuple[str, ...]:
    """One figure of the same return as a percentage of another."""
    return ("by:share", *figures(part), "over", *figures(whole))


def spend(field: str, source: Source, year: Year, quarter: Quarter, of: Part = None) -> tuple[str, ...]:
    """Cost charged to a part of a source's year at a quarter; the fields are those of `leaves/`."""
    return (f"spend:{field}:{cut(source, year, quarter, of)}",)


def plan(field: str, source: Source, year: Year, quarter: Quarter, of: Part = None) -> tuple[str, ...]:
    """What the budgets of a part of a source's year plan at a quarter."""
    return (f"plan:{field}:{cut(source, year, quarter, of)}",)


def forecast(field: str, source: Source, year: Year, quarter: Quarter, of: Part = None) -> tuple[str, ...]:
    """What is expected of a part of a source's year, in a quarter or after it."""
    return (f"forecast:{field}:{cut(source, year, quarter, of)}",)


def cut(source: Source, year: Year, quarter: Quarter, of: Part = None) -> str:
    """A source's year at a quarter as a reference has it: all of it, a project's part, or one budget line."""
    return f"{of_year(source, year, of)}@{quarter.code}"


def of_year(source: Source, year: Year, of: Part = None) -> str:
    """A source's whole year as a reference has it: all of it, a project's or a heading's part, or one budget line."""
    path = [source.code, year.code]
    if isinstance(of, Project):
        path.append(of.code)
    elif isinstance(of, CostHeading):
        path += ["", of.code]
    elif of is not None:
        path += [of.project.code, of.heading.code]
    return "/".join(path)


def traced(section: Section) -> Section:
    """The section with a trace on each sum of its table that has none: the rows that it adds."""
    table = section.table
    if table is None:
        return section
    rows = []
    for row in table.rows:
        if row.kind in ("subtotal", "total"):
            row = replace(row, cells=tuple(_sum(cell) for cell in row.cells))
        rows.append(row)
    return replace(section, table=replace(table, rows=tuple(rows)))


def _sum(cell: Figure) -> Figure:
    if not cell.is_number or cell.trace:
        return cell
    return replace(cell, trace=("rows:above",))
