"""Which column holds what: told from the words of a header row, and from the cells where words fail."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.reading.amounts import amount_in
from core.reading.cells import Cell, Sheet, is_blank, text_of
from core.reading.dates import can_be_date, is_date
from core.reading.heading_words import (
    AMOUNT_WORDS,
    COST_CENTRE_ALONE,
    COST_CENTRE_PAIRS,
    DESCRIPTION_WORDS,
    DOCUMENT_ALONE,
    DOCUMENT_MARKS,
    DOCUMENT_NOUNS,
    HEADING_WORDS,
    MONEY_WORD,
    NO_AMOUNT,
    NO_SUPPLIER,
    NOT_THE_AMOUNT_PAID,
    SUPPLIER_WORDS,
)

# What a person may choose a column for.
PARTS = ("amount", "date", "supplier", "document", "description", "cost_centre")


@dataclass(frozen=True)
class Columns:
    """The column of each part of a ledger line, from nought; None where the sheet has no such column.

    An amount comes from `amount`, or from `debit` less `credit`. `others` are further columns of
    money, which are not read: name them to the reader. `width` is that of the header row.
    """

    headings: tuple[str, ...]
    width: int
    amount: int | None = None
    debit: int | None = None
    credit: int | None = None
    date: int | None = None
    supplier: int | None = None
    document: int | None = None
    description: int | None = None
    cost_centre: int | None = None
    others: tuple[int, ...] = ()

    def money(self) -> set[int]:
        return {column for column in (self.amount, self.debit, self.credit, *self.others) if column is not None}

    def has_amount(self) -> bool:
        return self.amount is not None or self.debit is not None

    def known(self) -> int:
        """How many parts beside the amount were found."""
        return sum(column is not None for column in (self.date, self.supplier, self.document, self.description))

    def heading(self, column: int | None) -> str:
        return self.headings[column] if column is not None and column < len(self.headings) else ""


def columns_of(cells: Sequence[Cell], width: int) -> Columns:
    """What the words of one row say, taken as headings."""
    headings = tuple(text_of(cell) for cell in cells)
    words = [_words(heading) for heading in headings]
    money = [amount_score(heading) for heading in headings]
    debit = next((i for i, found in enumerate(words) if found[:1] == ["debit"]), None)
    credit = next((i for i, found in enumerate(words) if found[:1] == ["credit"] and not set(found) & NO_AMOUNT), None)
    paired = debit is not None and credit is not None and max(money, default=0) <= AMOUNT_WORDS["debit"]
    amount = None if paired or not any(money) else money.index(max(money))
    vat = [i for i, found in enumerate(words) if "vat" in found and not set(found) & NO_AMOUNT]
    others = tuple(sorted({i for i, score in enumerate(money) if score and i != amount} | set(vat) - {amount}))
    taken = {amount, *others}
    return Columns(
        headings,
        max(width, len(headings)),
        amount=amount,
        debit=debit if paired else None,
        credit=credit if paired else None,
        date=_best([0 if i in taken else _date_score(found) for i, found in enumerate(words)]),
        supplier=_best([0 if i in taken else _supplier_score(found) for i, found in enumerate(words)]),
        document=_best([0 if i in taken else _document_score(found) for i, found in enumerate(words)]),
        description=_best([0 if i in taken else _description_score(found) for i, found in enumerate(words)]),
        cost_centre=_best([0 if i in taken else _cost_centre_score(found) for i, found in enumerate(words)]),
        others=tuple(i for i in others if not (paired and i in (debit, credit))),
    )


def is_wordy(cells: Sequence[Cell]) -> bool:
    """Whether every filled cell is words: no number, no date, as in a header row."""
    filled = [cell for cell in cells if not is_blank(cell)]
    return bool(filled) and all(
        isinstance(cell, str) and len(cell) < 200 and amount_in(cell, False).value is None and not is_date(cell)
        for cell in filled
    )


def is_header(cells: Sequence[Cell], width: int) -> bool:
    """Whether the row names an amount, and the supplier, the date or the document of a ledger line."""
    # Asked of every row: most hold no word of money at all.
    if not MONEY_WORD.search("\n".join(cell for cell in cells if isinstance(cell, str) and len(cell) < 200)):
        return False
    if sum(not is_blank(cell) for cell in cells) < 2 or not is_wordy(cells):
        return False
    columns = columns_of(cells, width)
    named = (columns.supplier, columns.date, columns.document)
    return columns.has_amount() and any(column is not None for column in named)


def amount_score(heading: str) -> int:
    """How surely a heading names the money of the line: net before amount before total before gross."""
    in_order = _words(heading)
    words = set(in_order)
    if words & NO_AMOUNT or "credit" in words or in_order[-1:] in (["to"], ["by"], ["from"]):
        return 0
    score = max((AMOUNT_WORDS.get(word, 0) for word in words), default=0)
    if "£" in heading or "gbp" in words:
        score = max(score, 35)
    taxed = bool(words & {"vat", "tax"})
    net = "net" in words or (taxed and words & {"ex", "exc", "excl", "excluding", "without", "before"})
    gross = "gross" in words or (taxed and words & {"inc", "incl", "including", "with", "plus"})
    if net:
        return 60 - (2 if "invoice" in words and "total" in words else 0)
    if gross or taxed:
        return 20 if gross else 0
    if score and words & NOT_THE_AMOUNT_PAID:
        return 5
    if score and "invoice" in words:
        score -= 3
    return score + (3 if score and words & {"line", "distribution"} else 0)


def from_contents(sheet: Sheet, rows: Sequence[int], columns: Columns) -> Columns | None:
    """Fill in the amount column, and the date if missing, where exactly one column can be it."""
    width = max((len(sheet.rows[row]) for row in rows), default=0)
    taken = {columns.date, columns.supplier, columns.document, columns.description}
    amounts, dates = [], []
    for column in range(width):
        cells = [sheet.rows[row][column] for row in rows if column < len(sheet.rows[row])]
        filled = [cell for cell in cells if not is_blank(cell)]
        if not filled or column in taken or len(filled) < len(rows) / 2:
            continue
        if sum(is_date(cell) for cell in filled) > len(filled) * 0.8:
            dates.append(column)
        elif _looks_like_money(filled, sheet.from_workbook):
            amounts.append(column)
    if len(amounts) != 1:
        return None
    date = columns.date if columns.date is not None or not dates else dates[0]
    return replace(columns, amount=amounts[0], date=date, width=max(columns.width, width))


def fits(sheet: Sheet, rows: Sequence[int], columns: Columns) -> bool:
    """Whether most of these rows hold an amount, and a date if there is such a column, where `columns` say."""
    if columns.amount is None or not rows:
        return False
    cells = [sheet.rows[row] for row in rows if len(sheet.rows[row]) > 1]
    paid = sum(len(row) > columns.amount and amount_in(row[columns.amount], True).value is not None for row in cells)
    dated = sum(
        columns.date is None or (len(row) > columns.date and can_be_date(row[columns.date], sheet.serial_shift))
        for row in cells
    )
    return bool(cells) and min(paid, dated) >= len(cells) * 0.6


def _looks_like_money(cells: Sequence[Cell], from_workbook: bool) -> bool:
    """Nearly all are amounts, and some have pence, a pound sign, a comma or a sign: no list of codes."""
    amounts = [cell for cell in cells if amount_in(cell, from_workbook).value is not None]
    if len(amounts) < len(cells) * 0.8:
        return False
    return any(not float(cell).is_integer() for cell in amounts if isinstance(cell, int | float)) or any(
        re.search(r"[£,(]|\.\d\d?$|-", cell) for cell in amounts if isinstance(cell, str)
    )


def _words(heading: str) -> list[str]:
    plain = heading.lower().replace("nett", "net").replace("v.a.t", "vat")
    return re.findall(r"[a-z]+", plain)


def _best(scores: Sequence[int]) -> int | None:
    return scores.index(max(scores)) if any(scores) else None


def _date_score(words: list[str]) -> int:
    if set(words) & {"due", "start", "end", "birth", "received", "expiry"}:
        return 1 if "date" in words else 0
    return 10 if set(words) & {"date", "dated", "updated", "posted"} else 0


def _supplier_score(words: list[str]) -> int:
    if set(words) & NO_SUPPLIER:
        return 0
    score = max((SUPPLIER_WORDS.get(word, 0) for word in words), default=0)
    if score and "name" in words:
        return score + 20
    return score or (50 if words == ["name"] else 35 if words in (["paid", "to"], ["payment", "to"]) else 0)


def _document_score(words: list[str]) -> int:
    found = set(words)
    if found & {"supplier", "vendor", "payee", "date", "type", "creditor", "customer"}:
        return 0
    if found & DOCUMENT_NOUNS and found & DOCUMENT_MARKS:
        return 30
    return 20 if " ".join(words) in DOCUMENT_ALONE else 0


def _description_score(words: list[str]) -> int:
    found = set(words)
    if found & {"code", "id", "no", "number", "date", "supplier", "vendor"}:
        return 0
    return max((DESCRIPTION_WORDS.get(word, 0) for word in words), default=0)


def _cost_centre_score(words: list[str]) -> int:
    if any(set(pair) <= set(words) for pair in COST_CENTRE_PAIRS):
        return 40
    return 20 if words and words[0] in COST_CENTRE_ALONE else 0


def key_of(columns: Columns) -> str:
    """What tells one header from another: its headings in their places, blank ones at the end left out."""
    return "\n".join(heading.strip().casefold() for heading in columns.headings).rstrip()


def with_chosen(columns: Columns, chosen: Mapping[str, int | None]) -> Columns:
    """The columns with the parts that a person chose for this header in place of those that its words name."""
    if not chosen:
        return columns
    parts = {part: chosen[part] for part in PARTS if part in chosen}
    changed = replace(columns, **parts)
    if parts.get("amount") is not None:
        others = tuple(sorted({*columns.money(), *columns.others} - {parts["amount"]}))
        changed = replace(changed, debit=None, credit=None, others=others)
    return changed


def is_heading_text(text: str) -> bool:
    """Whether every word of the text belongs to headings: “VAT”, “(net) £”, but not “Adult Services”."""
    words = _words(text)
    return text in ("£", "(£)") or (bool(words) and set(words) <= HEADING_WORDS)
