"""Rows, totals and facts with keys that are worked out."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from returns.content.figures import TYPES, Figure, Value
from returns.content.shape import Column, Fact, Row


@dataclass(frozen=True)
class Cell:
    """What a builder puts into a row where a bare value does not say enough."""

    value: Value
    state: str = ""
    trace: tuple[str, ...] = ()
    unit: str = ""


def make_row(
    kind: str, section: str, code: str, columns: Sequence[Column], values: Sequence[Cell | Value], row_kind: str = "row"
) -> Row:
    """A row whose keys are worked out: one value or Cell for each column, in order.

    A bare None or empty text becomes "not applicable". A cell of a mixed column takes its unit from
    the Cell, or from its type where that is plain (int: count, str: text, date: date).
    """
    if len(values) != len(columns):
        raise ValueError(f"{kind}/{section}/{code}: {len(values)} values for {len(columns)} columns")
    made = []
    for column, given in zip(columns, values, strict=True):
        cell = given if isinstance(given, Cell) else Cell(given)
        value = cell.value.strip() or None if isinstance(cell.value, str) else cell.value
        state = cell.state or ("z" if value is None else "")
        unit = cell.unit or (column.unit if column.unit != "mixed" else _plain_unit(value))
        made.append(Figure(f"{kind}/{section}/{code}/{column.code}", value, unit, state, cell.trace))
    return Row(code, tuple(made), row_kind)


def _plain_unit(value: Value) -> str:
    for unit in ("count", "text", "date"):
        if type(value) is TYPES[unit]:
            return unit
    if value is None:
        return "text"
    raise ValueError(f"{value!r} in a mixed column: say its unit")


def make_total(
    kind: str, section: str, code: str, columns: Sequence[Column], rows: Sequence[Row], title: str,
    row_kind: str = "total", others: dict[str, Cell | Value] | None = None,
) -> Row:  # fmt: skip
    """The total row over `rows` (a subtotal's own rows): adds the `total` columns; the first cell holds `title`.

    `others` gives the cells that are not sums, such as a rate, by column code; the rest are "not applicable".
    A sum with a part that is missing or not declared is provisional; an estimate or forecast marks its sum too.
    """
    others = others or {}
    values: list[Cell | Value] = [title]
    for at, column in enumerate(columns[1:], start=1):
        parts = [row.cells[at] for row in rows if row.kind == "row"]
        if column.code in others:
            values.append(others[column.code])
        elif column.total and any(part.state == "c" for part in parts):
            values.append(Cell(None, "c"))
        elif column.total:
            nought: Decimal | int = 0 if column.unit == "count" else Decimal("0.00")
            added = sum((part.value for part in parts if part.is_number), start=nought)  # type: ignore[misc]
            marks = {"p" if part.state in ("missing", "not declared") else part.state for part in parts}
            values.append(Cell(added, next((mark for mark in "pef" if mark in marks), ""), ("rows:above",)))
        else:
            values.append(None)
    return make_row(kind, section, code, columns, values, row_kind)


def make_fact(
    kind: str, section: str, code: str, label: str, value: Value,
    unit: str = "text", state: str = "", trace: tuple[str, ...] = (),
) -> Fact:  # fmt: skip
    """A fact whose key is kind/section/code/value."""
    return Fact(label, Figure(f"{kind}/{section}/{code}/value", value, unit, state, trace))
