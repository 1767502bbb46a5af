"""What each figure of a return rests on, and that it comes to the figure.

A trace is a list of entries. Each entry is a reference, taken away where a minus stands before it, and worth a number:
`figure:KEY` that of another figure of the same return, `rows:above` those of the rows that a total adds, any other one
what the record holds (`leaves/` lists them). The entries add up to the figure, unless the first one, `by:RULE`, names
what is done with them instead; `over` parts what is divided from that by which it is divided.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from core.money import NOUGHT, PENNY, percent
from returns.content import NUMERIC, Content, Figure, Section, stated
from returns.leaves import Leaf, Record, Unknown

BY, FIGURE, ABOVE, OVER = "by:", "figure:", "rows:above", "over"
_HUNDREDTH = PENNY


def _divided(parts: Sequence[Decimal], wholes: Sequence[Decimal]) -> Decimal | None:
    whole = sum(wholes, NOUGHT)
    return sum(parts, NOUGHT) / whole if whole else None


def _share(parts: Sequence[Decimal], wholes: Sequence[Decimal]) -> Decimal | None:
    return percent(sum(parts, NOUGHT), sum(wholes, NOUGHT))


def _to_hundredths(parts: Sequence[Decimal], wholes: Sequence[Decimal]) -> Decimal | None:
    found = _divided(parts, wholes)
    return None if found is None else found.quantize(_HUNDREDTH, ROUND_HALF_UP)


def _product(parts: Sequence[Decimal], wholes: Sequence[Decimal]) -> Decimal:
    found = Decimal(1)
    for part in parts:
        found *= part
    return found


# What is done with the numbers before `over` and those after it; None where there is nothing to divide by.
RULES: dict[str, Callable[[Sequence[Decimal], Sequence[Decimal]], Decimal | None]] = {
    "sum": lambda parts, wholes: sum(parts, NOUGHT),
    "not-below-nought": lambda parts, wholes: max(sum(parts, NOUGHT), NOUGHT),
    "not-above-nought": lambda parts, wholes: min(sum(parts, NOUGHT), NOUGHT),
    "count": lambda parts, wholes: Decimal(len(parts)),
    "product": _product,
    "share": _share,
    "mean": _to_hundredths,
}
RULE_WORDS = {
    "sum": "Added up",
    "not-below-nought": "Added up, and never below nought",
    "not-above-nought": "Added up, and never above nought",
    "count": "Counted",
    "product": "Multiplied",
    "share": "The first divided by the second, in per cent to one decimal",
    "mean": "The first divided by the second, to two decimals",
}


@dataclass(frozen=True)
class Entry:
    """One entry of a trace: its sign, its reference, its worth without the sign, and what it leads to.

    `leaf` is what the record holds, `figures` are those of the return that it names; one of the two is there.
    """

    sign: int
    reference: str
    amount: Decimal
    leaf: Leaf | None = None
    figures: tuple[Figure, ...] = ()
    divides: bool = False


class Traces:
    """The traces of one content, beside the record as it was at a moment."""

    def __init__(self, content: Content, record: Record) -> None:
        self.content, self.record = content, record

    @cached_property
    def figures(self) -> dict[str, Figure]:
        return {figure.key: figure for figure in self.content.figures()}

    @cached_property
    def _above(self) -> dict[str, tuple[Figure, ...]]:
        """By the key of each figure of a subtotal or total, the figures that it adds."""
        found: dict[str, tuple[Figure, ...]] = {}
        for section in self.content.sections:
            found |= _sums_of(section)
        return found

    def rule_of(self, figure: Figure) -> str:
        """The name of what is done with a figure's entries."""
        first = figure.trace[0] if figure.trace else ""
        return first.removeprefix(BY) if first.startswith(BY) else "sum"

    def entries(self, figure: Figure) -> list[Entry]:
        """What a figure rests on, each with its worth. Raises Unknown where a reference leads nowhere."""
        counted, divides, found = self.rule_of(figure) == "count", False, []
        for written in figure.trace:
            if written.startswith(BY):
                continue
            if written == OVER:
                divides = True
                continue
            sign, reference = (-1, written[1:]) if written.startswith("-") else (1, written)
            if reference == ABOVE:
                rows = tuple(row for row in self._above.get(figure.key, ()) if row.is_number)
                amount = sum((_number(row) for row in rows), NOUGHT)
                found.append(Entry(sign, reference, amount, figures=rows, divides=divides))
            elif reference.startswith(FIGURE):
                other = self._other(reference)
                amount = NOUGHT if counted else _number(other)
                found.append(Entry(sign, reference, amount, figures=(other,), divides=divides))
            else:
                leaf = self.record.leaf(reference)
                found.append(Entry(sign, reference, leaf.amount, leaf, divides=divides))
        return found

    def where(self, figure: Figure) -> str:
        """Where the return says it, in words: section, row and column."""
        return self._places.get(figure.key, figure.key)

    @cached_property
    def _places(self) -> dict[str, str]:
        return {key: where for key, (where, _, _) in stated(self.content).items()}

    def _other(self, reference: str) -> Figure:
        found = self.figures.get(reference.removeprefix(FIGURE))
        if found is None or found.value is None:
            raise Unknown(f"{reference}: the return states no such figure")
        return found

    def comes_to(self, figure: Figure) -> Decimal | None:
        """What its trace comes to; None where there is nothing to divide by."""
        entries = self.entries(figure)
        rule = RULES.get(self.rule_of(figure))
        if rule is None:
            raise Unknown(f"by:{self.rule_of(figure)}: there is no such rule")
        return rule(
            [row.sign * row.amount for row in entries if not row.divides],
            [row.sign * row.amount for row in entries if row.divides],
        )

    def failures(self) -> Iterator[str]:
        """Every number of the return that its trace does not come to, in words; empty where all is proved."""
        for figure in self.figures.values():
            if figure.unit not in NUMERIC or figure.value is None:
                continue
            if not figure.trace:
                yield f"{figure.key}: {figure.value} rests on nothing."
                continue
            try:
                found = self.comes_to(figure)
            except Unknown as unknown:
                yield f"{figure.key}: {unknown}."
                continue
            if found != figure.value:
                yield f"{figure.key}: says {figure.value}, and what it rests on comes to {found}."


def _number(figure: Figure) -> Decimal:
    return Decimal(figure.value) if figure.is_number else NOUGHT  # type: ignore[arg-type]


def _sums_of(section: Section) -> dict[str, tuple[Figure, ...]]:
    table, found = section.table, {}
    for index, row in enumerate(table.rows if table else ()):
        if row.kind in ("subtotal", "total"):
            for at, cell in enumerate(row.cells):
                found[cell.key] = tuple(table.rows[i].cells[at] for i in table.adds(index))  # type: ignore[union-attr]
    return found
