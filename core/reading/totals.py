"""Telling a total row from a payment. A total that is read as a payment doubles the file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from core.reading.amounts import amount_in
from core.reading.cells import Cell, is_blank, text_of
from core.reading.headings import Columns

NOUGHT = Decimal("0.00")
# The whole of the cell: a supplier may well be called "Total Gas & Power".
_TOTAL = re.compile(
    r"((grand|overall|report|page|sheet|sub|net|month(ly)?|running|file|batch|section)?[\s-]*totals?"
    r"([\s-]+(payments?|amount|spend|net|value|paid|expenditure|gbp|cost|sum|for (the )?(month|period|quarter|year)))*"
    r"|(balance\s+)?(carried|brought)\s+(forward|down)|[cb]/(f|fwd|d))\s*(\(?£\)?)?\s*[:.=]*\s*",
    re.IGNORECASE,
)
_PART_TOTAL = re.compile(r".*\btotals?\s*:?\s*|(sub[\s-]?)?totals?\s*(:|for\b|of\b).*|sum\s*:?\s*", re.IGNORECASE)
_WHOLE = re.compile(r"\b(grand|overall|report|file)\b", re.IGNORECASE)


def words_beside(cells: Sequence[Cell], columns: Columns, from_workbook: bool) -> list[str]:
    """What the row says beside money: its texts and dates, and whatever names the line, a number or not."""
    naming = {columns.date, columns.supplier, columns.document, columns.description}
    return [
        text_of(cell)
        for column, cell in enumerate(cells)
        if not is_blank(cell) and (column in naming or amount_in(cell, from_workbook).value is None)
    ]


def has_codes(cells: Sequence[Cell], columns: Columns) -> bool:
    """Whether a headed column that is neither money nor names the line holds something: a cost code, say."""
    named = range(min(len(columns.headings), len(cells)))
    return any(
        columns.headings[column] and column not in columns.money() and not is_blank(cells[column]) for column in named
    )


def is_total_label(words: Sequence[str]) -> bool:
    return len(words) == 1 and bool(_TOTAL.fullmatch(words[0]))


def may_be_total_label(words: Sequence[str]) -> bool:
    """“Acme Ltd Total”, “Total for Housing”, or “Total” with more beside it: a total only if the sum is right."""
    return any(_PART_TOTAL.fullmatch(word) for word in words)


def is_whole(words: Sequence[str]) -> bool:
    return any(_WHOLE.search(word) for word in words)


def total_in(cells: Sequence[Cell], columns: Columns, from_workbook: bool) -> Decimal | None:
    """The amount of a total row: from its own column, else the only amount that the row holds."""
    if columns.amount is not None and columns.amount < len(cells):
        own = amount_in(cells[columns.amount], from_workbook).value
        if own is not None:
            return own
    found = [amount_in(cell, from_workbook).value for cell in cells if not is_blank(cell)]
    values = [value for value in found if value is not None]
    return values[0] if len(values) == 1 else None


@dataclass(frozen=True)
class Total:
    """A row that states a total; row from nought. `sums` says whether the payments do come to it."""

    row: int
    value: Decimal
    words: tuple[str, ...]
    sums: bool


def control_of(totals: Sequence[Total], whole: Decimal) -> Total | None:
    """The file's own total of all its payments, whether or not it is right; None if it states none.

    The one that says that it is the whole; else one that equals the whole; else, if the totals of
    the parts make up the whole, the last of them with that value; else the last that is not the sum
    of anything. Totals of some parts only are no total of the file.
    """
    stated = [total for total in totals if is_whole(total.words)]
    stated = stated or [total for total in totals if total.value == whole]
    if stated or not totals:
        return stated[-1] if stated else None
    parts = [total for total in totals if total.sums]
    if len(parts) > 1 and sum((total.value for total in parts), NOUGHT) == whole:
        return replace(parts[-1], value=whole)
    return next((total for total in reversed(totals) if not total.sums), None)


class RunningTotal:
    """The sum of the payments so far, and what a total at this place may be the sum of."""

    def __init__(self) -> None:
        self.sum = NOUGHT
        self.count = 0
        self._counted_at: dict[Decimal, int] = {NOUGHT: 0}

    def add(self, amount: Decimal) -> None:
        self.sum += amount
        self.count += 1

    def close_section(self) -> None:
        """A total stands here; a later one may begin its sum after it."""
        self._counted_at[self.sum] = self.count

    def adds_up_to(self, amount: Decimal) -> bool:
        """Whether the payments since the start, or since any earlier total, come to this amount."""
        begun = self._counted_at.get(self.sum - amount)
        return begun is not None and self.count > begun
