"""Footing a workbook: every cell that states a sum and is not the sum of what it covers, as the file holds it.

Read are the values that the file keeps, as a funder's upload portal reads them; nothing is worked out anew. Two things
are looked at: formulas that do nothing but add cells (SUM, +, a SUBTOTAL that sums), and rows that call themselves a
total and hold a typed number.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token, TokenizerError
from openpyxl.formula.translate import Translator, TranslatorError

from returns.filling.book import Book
from returns.filling.cells import Address, Area, SheetXml, Slot, area_of, name_of
from returns.filling.formulas import rests_of

# A workbook keeps binary numbers: what differs by less than half a penny is the same amount.
TOLERANCE = Decimal("0.005")
_SUBTOTAL = re.compile(r"SUBTOTAL\(\s*(?:9|109)\s*,(?P<areas>[^()]*)\)", re.IGNORECASE)
# “Total length of new cycle ways” is a measure and no total of the rows above it.
_TOTAL = re.compile(r"(?:sub-?\s?|grand\s|overall\s)?total(?!\s+\w+\s+of\b)\b.*", re.IGNORECASE | re.DOTALL)
_PARTS_FEWEST = 2


@dataclass(frozen=True)
class Unfooted:
    """A cell whose total does not add up: what it states, what its cells add up to, and what they are."""

    sheet: str
    cell: str
    rests_on: str
    stated: Decimal
    found: Decimal

    @property
    def difference(self) -> Decimal:
        return self.stated - self.found

    def plain(self) -> dict[str, str]:
        """For JSON: amounts as texts, so that none is rounded on the way."""
        return {
            "sheet": self.sheet,
            "cell": self.cell,
            "of": self.rests_on,
            "stated": f"{self.stated:f}",
            "found": f"{self.found:f}",
            "difference": f"{self.difference:f}",
        }

    def __str__(self) -> str:
        return f"{self.sheet}!{self.cell} says {self.stated:f}, but {self.rests_on} is {self.found:f}"


def unfooted(book: Book) -> list[Unfooted]:
    """Every total that does not add up, in the order of the sheets."""
    return [found for sheet in book.sheets for found in (*_formulas(book, sheet.name), *_typed(book, sheet.name))]


def _formulas(book: Book, sheet: str) -> Iterator[Unfooted]:
    xml = book.xml(sheet)
    masters = {
        slot.formula.shared: (address, slot.formula.text)
        for address, slot in xml.cells.items()
        if slot.formula and slot.formula.kind == "shared" and slot.formula.text
    }
    for address, slot in xml.cells.items():
        text = _text(slot, address, masters)
        stated = book.value_of(slot)
        if not text or not isinstance(stated, Decimal):
            continue
        covered = covered_by(text, sheet, book)
        if covered is None:
            continue
        subtotals = not text.upper().startswith("SUBTOTAL(")
        values = [_added(book, named, area, subtotals=subtotals) for named, area in covered]
        # Where a covered cell holds an error or no value, the file itself does not say what the sum is.
        if None in values:
            continue
        found = sum((value for value in values if value is not None), Decimal(0))
        if abs(stated - found) > TOLERANCE:
            yield Unfooted(sheet, name_of(address), f"={text}", stated, found)


def covered_by(text: str, sheet: str, book: Book) -> list[tuple[str, Area]] | None:
    """The areas that a formula adds up, one for each time that it names them.

    None where it does anything else than add cells: SUM(B4:B9), B4+B5, SUM(B4:B9)+SUM(D4:D9), SUBTOTAL(9,B4:B9).
    """
    if match := _SUBTOTAL.fullmatch(text.strip()):
        text = f"SUM({match['areas']})"
    try:
        tokens = [token for token in Tokenizer(f"={text}").items if token.type != Token.WSPACE]
    except TokenizerError:
        return None
    found: list[tuple[str, Area]] = []
    adds = False
    for before, token in zip([None, *tokens], tokens, strict=False):
        # Two areas with a blank between them are what they have in common.
        if before is not None and before.type == token.type == Token.OPERAND:
            return None
        if token.type == Token.OPERAND and token.subtype == Token.RANGE and "[" not in token.value:
            rests = rests_of(token.value, sheet, book)
            if rests.anything or rests.volatile:
                return None
            found += sorted(rests.areas)
        elif (token.type == Token.FUNC and token.value.upper() in ("SUM(", ")")) or (
            token.type == Token.OP_IN and token.value == "+"
        ):
            adds = True
        elif token.type not in (Token.SEP, Token.PAREN):
            return None
    return found if adds else None


def _text(slot: Slot, address: Address, masters: Mapping[str, tuple[Address, str]]) -> str:
    if slot.formula is None or slot.formula.kind == "dataTable":
        return ""
    if slot.formula.text or slot.formula.shared not in masters:
        return slot.formula.text
    origin, text = masters[slot.formula.shared]
    try:
        return Translator(f"={text}", origin=name_of(origin)).translate_formula(name_of(address))[1:]
    except (TokenizerError, TranslatorError):
        return ""


def _added(book: Book, sheet: str, area: Area, *, subtotals: bool) -> Decimal | None:
    """The sum of an area's numbers; None where one of its formulas has no value or an error."""
    xml, added = book.xml(sheet), Decimal(0)
    for address in _there(xml, area):
        slot = xml.cells[address]
        value = book.value_of(slot)
        if slot.formula is not None and (value is None or slot.type == "e"):
            return None
        if not subtotals and slot.formula is not None and slot.formula.text.upper().startswith("SUBTOTAL("):
            continue
        if isinstance(value, Decimal):
            added += value
    return added


def _there(xml: SheetXml, area: Area) -> list[Address]:
    if area.size < len(xml.cells):
        return [address for address in area.addresses() if address in xml.cells]
    return [address for address in xml.cells if address in area]


def _typed(book: Book, sheet: str) -> Iterator[Unfooted]:
    """Numbers typed into rows that call themselves a total."""
    xml = book.xml(sheet)
    rows: dict[int, list[int]] = {}
    for row, column in sorted(xml.cells):
        rows.setdefault(row, []).append(column)
    names = {row: _name(book, sheet, row, columns) for row, columns in rows.items()}
    totals = {row for row, name in names.items() if _TOTAL.fullmatch(name)}
    for row in sorted(totals):
        for column in rows[row]:
            slot = xml.cells[row, column]
            stated = book.value_of(slot)
            if slot.formula is None and isinstance(stated, Decimal):
                yield from _against_above(book, sheet, (row, column), stated, totals)


def _against_above(book: Book, sheet: str, address: Address, stated: Decimal, totals: set[int]) -> Iterator[Unfooted]:
    """Compare a total with the numbers above it: since the last total, of all rows, or of the totals alone."""
    row, column = address
    parts: list[tuple[int, Decimal]] = []
    at = row - 1
    while at > 0:
        value = book.value_at(sheet, (at, column))
        if isinstance(value, str) and value.strip():
            break
        if isinstance(value, Decimal):
            parts.append((at, value))
        elif not any(isinstance(other, int) and (at, other) in book.xml(sheet).cells for other in range(1, column)):
            break
        at -= 1
    if len(parts) < _PARTS_FEWEST:
        return
    last = max((at for at, _ in parts if at in totals), default=0)
    since = [value for at, value in parts if at > last]
    items = [value for at, value in parts if at not in totals]
    subtotals = [value for at, value in parts if at in totals]
    sums = [sum(some, Decimal(0)) for some in (since, items, subtotals) if some]
    if not any(abs(stated - added) <= TOLERANCE for added in sums):
        first = min(at for at, _ in parts if at > last) if since else parts[-1][0]
        covered = area_of(f"{name_of((first, column))}:{name_of((row - 1, column))}")
        yield Unfooted(sheet, name_of(address), f"the sum of {covered}", stated, sums[0])


def _name(book: Book, sheet: str, row: int, columns: list[int]) -> str:
    """The first words of a row."""
    for column in columns:
        value = book.value_at(sheet, (row, column))
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""
