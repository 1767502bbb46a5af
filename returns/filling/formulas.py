"""Which formula rests on which cells: read off the formulas, so that no more is called unchecked than must be.

Whoever cannot be read for certain (INDIRECT, OFFSET, an unknown name) is taken to rest on every cell.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token, TokenizerError
from openpyxl.formula.translate import Translator, TranslatorError

from returns.filling.book import Book
from returns.filling.cells import Address, Area, Formula, area_of, name_of

Place = tuple[str, Address]
# Their result may lie anywhere, or changes by itself.
FAR = ("INDIRECT", "OFFSET", "CELL", "INFO", "GETPIVOTDATA")
VOLATILE = ("NOW", "TODAY", "RAND", "RANDBETWEEN", "RANDARRAY", *FAR)
# Ranges up to this size are kept cell by cell; larger ones are searched.
_SMALL = 200

_REFERENCE = re.compile(
    r"(?:(?P<sheet>'(?:[^']|'')+'|[^'!\[\]:,()]+)!)?(?P<area>\$?[A-Z]{1,3}\$?\d+(?::\$?[A-Z]{1,3}\$?\d+)?"
    r"|\$?[A-Z]{1,3}:\$?[A-Z]{1,3}|\$?\d+:\$?\d+)#?",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?:(?P<sheet>'(?:[^']|'')+'|[^'!\[\]]+)!)?(?P<name>[A-Za-z_\\][\w.\\?]*)")


@dataclass(frozen=True)
class Rests:
    """What a formula rests on: areas of sheets (in lower case), or anything at all."""

    areas: frozenset[tuple[str, Area]] = frozenset()
    anything: bool = False
    volatile: bool = False


@dataclass
class Graph:
    """All formulas of a workbook with what they rest on, and the cells that arrays spill into."""

    book: Book
    rests: dict[Place, Rests] = field(default_factory=dict)
    spilled: dict[Place, Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_cell: dict[Place, list[Place]] = defaultdict(list)
        self._large: dict[str, dict[Area, list[Place]]] = defaultdict(lambda: defaultdict(list))
        self._far: list[Place] = []
        for sheet in self.book.sheets:
            self._read(sheet.name)
        for place, rests in self.rests.items():
            self._index(place, rests)

    def _read(self, sheet: str) -> None:
        masters: dict[str, tuple[Address, str]] = {}
        xml = self.book.xml(sheet)
        for address, slot in xml.cells.items():
            formula = slot.formula
            if formula is None:
                continue
            if formula.kind == "shared" and formula.text:
                masters[formula.shared] = (address, formula.text)
            self.rests[sheet, address] = self._of_formula(sheet, address, formula, masters)
            if formula.kind in ("array", "dataTable") and formula.ref:
                area = area_of(formula.ref)
                for spilt in xml.cells:
                    if spilt != address and spilt in area:
                        self.spilled[sheet, spilt] = (sheet, address)

    def _of_formula(
        self, sheet: str, address: Address, formula: Formula, masters: dict[str, tuple[Address, str]]
    ) -> Rests:
        kind, text = formula.kind, formula.text
        if kind == "dataTable":
            return Rests(anything=True, volatile=True)
        if kind == "shared" and not text:
            if formula.shared not in masters:
                return Rests(anything=True, volatile=True)
            origin, written = masters[formula.shared]
            try:
                text = Translator(f"={written}", origin=name_of(origin)).translate_formula(name_of(address))[1:]
            except (TokenizerError, TranslatorError):
                return Rests(anything=True, volatile=True)
        found = rests_of(text, sheet, self.book)
        # What an array gives depends on rules of spilling that calculators do not share.
        return Rests(found.areas, found.anything, found.volatile or kind == "array")

    def _index(self, place: Place, rests: Rests) -> None:
        if rests.anything:
            self._far.append(place)
        for sheet, area in rests.areas:
            if area.size <= _SMALL:
                for address in area.addresses():
                    self._by_cell[sheet, address].append(place)
            else:
                self._large[sheet][area].append(place)

    def dependants(self, changed: Iterable[Place]) -> set[Place]:
        """Every formula cell that rests on one of these cells, at first hand or through others."""
        found: set[Place] = set()
        # A cell without a formula that an array fills is changed with it.
        spills: dict[Place, list[Place]] = defaultdict(list)
        for spilt, anchor in self.spilled.items():
            spills[anchor].append(spilt)
        waiting = list(changed)
        if waiting:
            found.update(self._far)
            waiting += [*self._far, *(spilt for anchor in self._far for spilt in spills[anchor])]
        while waiting:
            sheet, address = waiting.pop()
            key = sheet.casefold()
            direct = list(self._by_cell.get((key, address), ()))
            for area, places in self._large.get(key, {}).items():
                if address in area:
                    direct += places
            for place in direct:
                if place not in found:
                    found.add(place)
                    waiting += [place, *spills[place]]
        return found


def rests_of(text: str, sheet: str, book: Book, deep: int = 0) -> Rests:
    """What a formula, written without its =, of a cell of this sheet rests on."""
    if deep > 8:
        return Rests(anything=True, volatile=True)
    areas: set[tuple[str, Area]] = set()
    anything = volatile = False
    try:
        tokens = Tokenizer(f"={text}").items
    except TokenizerError:
        return Rests(anything=True, volatile=True)
    for token in tokens:
        if token.type == Token.FUNC and token.subtype == Token.OPEN:
            called = token.value.rstrip("(").rsplit(".", 1)[-1].upper()
            anything, volatile = anything or called in FAR, volatile or called in VOLATILE
            # A name that is called is a formula of its own (LAMBDA); what it rests on is not followed.
            if (name := _named(token.value.rstrip("("), sheet, book)) is not None and name:
                anything = volatile = True
        elif token.type == Token.OPERAND and token.subtype == Token.RANGE:
            found = _of_operand(token.value, sheet, book, deep)
            areas |= found.areas
            anything, volatile = anything or found.anything, volatile or found.volatile
        elif token.type == Token.OP_IN and token.value == ":":
            # A range between two results, such as A1:INDEX(…), may reach anywhere.
            anything = True
    return Rests(frozenset(areas), anything, volatile)


def _of_operand(value: str, sheet: str, book: Book, deep: int) -> Rests:
    if value.startswith(("[", "'[")) and re.match(r"'?\[\d+\]", value):
        # Another workbook: nothing that is filled here changes it, and no calculator here can read it.
        return Rests(volatile=True)
    if match := _REFERENCE.fullmatch(value):
        named = _plain(match["sheet"]) if match["sheet"] else sheet
        if book.sheet_called(named) is None:
            return Rests(anything=True, volatile=True)
        return Rests(frozenset({(named.casefold(), area_of(match["area"]))}))
    if "[" in value:
        name = value.partition("[")[0].casefold()
        for table in book.tables:
            if table.name.casefold() == name:
                return Rests(frozenset({(table.sheet.casefold(), table.area)}))
        return Rests(anything=True, volatile=True)
    formula = _named(value, sheet, book)
    if formula is None or "#REF!" in formula:
        table = next((one for one in book.tables if one.name.casefold() == value.casefold()), None)
        if table is not None:
            return Rests(frozenset({(table.sheet.casefold(), table.area)}))
        return Rests(anything=True, volatile=True)
    return rests_of(formula, sheet, book, deep + 1)


def _named(value: str, sheet: str, book: Book) -> str | None:
    match = _NAME.fullmatch(value)
    if match is None:
        return None
    local = _plain(match["sheet"]) if match["sheet"] else sheet
    name = match["name"].casefold()
    return book.names.get((local.casefold(), name), book.names.get(("", name)))


def _plain(sheet: str) -> str:
    return sheet[1:-1].replace("''", "'") if sheet.startswith("'") else sheet
