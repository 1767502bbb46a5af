"""A sheet's XML, read for where its cells stand and edited there: every byte around a changed cell stays.

Addresses are (row, column), both from 1. Places are offsets in bytes. The XML is read by expat alone, without
entities; a sheet in another encoding than UTF-8 is refused.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

Address = tuple[int, int]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
XM = "http://schemas.microsoft.com/office/excel/2006/main"
ROWS_MOST, COLUMNS_MOST = 1_048_576, 16_384
# Five times what the largest form known holds; what is read of a cell takes far more memory than its XML.
CELLS_MOST = 400_000
# Merged cells up to this size are kept cell by cell.
MERGED_MOST = 2_000
# What Excel takes in one cell, counted as it counts: in UTF-16 units.
TEXT_MOST = 32_767

_REF = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})", re.IGNORECASE)
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True, order=True)
class Area:
    """A rectangle of cells, its corners included."""

    top: int
    left: int
    bottom: int
    right: int

    def __contains__(self, address: object) -> bool:
        row, column = address  # type: ignore[misc]
        return self.top <= row <= self.bottom and self.left <= column <= self.right

    @property
    def size(self) -> int:
        return (self.bottom - self.top + 1) * (self.right - self.left + 1)

    def addresses(self) -> Iterator[Address]:
        for row in range(self.top, self.bottom + 1):
            for column in range(self.left, self.right + 1):
                yield row, column

    def __str__(self) -> str:
        first, last = name_of((self.top, self.left)), name_of((self.bottom, self.right))
        return first if first == last else f"{first}:{last}"


def address_of(name: str) -> Address:
    """ "B7" or "$B$7" -> (7, 2); ValueError for what is no cell of a sheet."""
    match = _REF.fullmatch(name.strip())
    if match:
        column = 0
        for letter in match[1].upper():
            column = column * 26 + ord(letter) - 64
        if 1 <= int(match[2]) <= ROWS_MOST and column <= COLUMNS_MOST:
            return int(match[2]), column
    raise ValueError(f"“{name}” is not a cell. Write it like B7")


def letters_of(column: int) -> str:
    made = ""
    while column:
        column, rest = divmod(column - 1, 26)
        made = chr(65 + rest) + made
    return made


def name_of(address: Address) -> str:
    """(7, 2) -> "B7"."""
    return f"{letters_of(address[1])}{address[0]}"


def area_of(ref: str) -> Area:
    """ "A1:B9", "A1", "A:C" or "2:5" as an area; ValueError for anything else."""
    first, _, last = ref.replace("$", "").partition(":")
    last = last or first
    if first.isdigit() and last.isdigit():
        return Area(int(first), 1, int(last), COLUMNS_MOST)
    if first.isalpha() and last.isalpha():
        return Area(1, address_of(f"{first}1")[1], ROWS_MOST, address_of(f"{last}1")[1])
    (top, left), (bottom, right) = address_of(first), address_of(last)
    return Area(min(top, bottom), min(left, right), max(top, bottom), max(left, right))


def areas_of(refs: str) -> list[Area]:
    """A list of areas parted by blanks, as sheets write them."""
    return [area_of(ref) for ref in refs.split()]


@dataclass
class Formula:
    """What a cell's <f> says. `kind` is empty, "shared", "array" or "dataTable"; a shared one may have no text."""

    text: str
    kind: str = ""
    ref: str = ""
    shared: str = ""


@dataclass
class Slot:
    """A cell as it stands in the XML: [start, end) of its whole element."""

    start: int
    end: int = 0
    style: int = 0
    type: str = "n"
    raw: str = ""
    text: str = ""
    formula: Formula | None = None
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass
class RowSlot:
    """A row as it stands in the XML; `open_end` ends its first tag."""

    start: int
    open_end: int
    end: int = 0
    style: int | None = None
    spans: str = ""


@dataclass(frozen=True)
class Validation:
    """A rule of what a cell takes: a drop-down's list, or bounds. `extended` for those kept as x14."""

    type: str
    operator: str
    first: str
    second: str
    areas: tuple[Area, ...]
    extended: bool


@dataclass
class SheetXml:
    """What a sheet's XML holds, and where."""

    data: bytes
    prefix: str = ""
    cells: dict[Address, Slot] = field(default_factory=dict)
    rows: dict[int, RowSlot] = field(default_factory=dict)
    body: tuple[int, int] = (0, 0)
    protected: bool = False
    dimension: Area | None = None
    merged: list[Area] = field(default_factory=list)
    columns: list[tuple[int, int, int]] = field(default_factory=list)
    validations: list[Validation] = field(default_factory=list)
    arrays: list[Area] = field(default_factory=list)
    opened: list[Area] = field(default_factory=list)

    @cached_property
    def last_row(self) -> int:
        """The last row that the sheet has: with cells, in its stated size, in a merged cell; 0 if it is empty."""
        if not self.rows:
            return 0
        found = [*self.rows, *(area.bottom for area in self.merged)]
        return max([*found, self.dimension.bottom if self.dimension else 0])

    @cached_property
    def inner(self) -> dict[Address, Area]:
        """The cells that lie inside a merged one, but for its first, with the merged cell; large ones are left out."""
        small = (area for area in self.merged if area.size <= MERGED_MOST)
        return {one: area for area in small for one in area.addresses() if one != (area.top, area.left)}

    @cached_property
    def large(self) -> list[Area]:
        return [area for area in self.merged if area.size > MERGED_MOST]

    def merged_over(self, address: Address) -> Area | None:
        """The merged cell inside which a cell lies, if it is not its first."""
        found = next((area for area in self.large if address in area and address != (area.top, area.left)), None)
        return self.inner.get(address, found)

    def style_at(self, address: Address) -> int:
        """The index of the style that a cell has, or would have: its own, its row's, its column's."""
        row, column = address
        if address in self.cells:
            return self.cells[address].style
        if row in self.rows and self.rows[row].style is not None:
            return self.rows[row].style  # type: ignore[return-value]
        return next((style for first, last, style in self.columns if first <= column <= last), 0)


def scan(data: bytes) -> SheetXml:
    """Read a sheet. ValueError, with words, where it is not well formed, not UTF-8, or holds a DTD."""
    return _Scanner(data).run()


class _Scanner:
    """One reading of a sheet by expat, with the offsets of rows and cells."""

    def __init__(self, data: bytes) -> None:
        self.sheet = SheetXml(data)
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.XmlDeclHandler = self.declaration
        self.path: list[str] = []
        self.row, self.column = 0, 0
        self.slot: Slot | None = None
        self.gathered: list[str] | None = None
        self.rule: dict[str, Any] = {}

    def run(self) -> SheetXml:
        data = self.sheet.data
        if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:4]:
            raise ValueError("it is not written in UTF-8")
        try:
            self.parser.Parse(data, True)
        except expat.ExpatError as error:
            raise ValueError(f"its XML is damaged in line {error.lineno}") from None
        return self.sheet

    def doctype(self, *args: Any) -> None:
        raise ValueError("it declares a document type")

    def declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding and encoding.lower() not in ("utf-8", "us-ascii"):
            raise ValueError("it is not written in UTF-8")

    def start(self, name: str, given: dict[str, str]) -> None:
        space, _, tag = name.rpartition(" ")
        depth = len(self.path)
        self.path.append(tag)
        if space == MAIN:
            self._start_main(tag, given, depth)
        elif tag in ("dataValidation",) and space == X14:
            self._start_rule(given, extended=True)
        elif tag in ("f", "sqref") and space == XM and self.rule:
            self.gathered = []

    def _start_main(self, tag: str, given: dict[str, str], depth: int) -> None:
        sheet, at = self.sheet, self.parser.CurrentByteIndex
        above = self.path[-2] if depth else ""
        if tag == "sheetData":
            sheet.prefix = self._tag(at)[1 : -len("sheetData")]
            sheet.body = (at, self._end_if_empty(at))
        elif tag == "row" and above == "sheetData":
            self.row = int(given["r"]) if "r" in given else self.row + 1
            self.column = 0
            styled = int(given["s"]) if given.get("customFormat") in ("1", "true") and "s" in given else None
            row = RowSlot(at, self._tag_end(at), self._end_if_empty(at), styled, given.get("spans", ""))
            if self.row in sheet.rows:
                raise ValueError(f"row {self.row} stands in it twice")
            sheet.rows[self.row] = row
        elif tag == "c" and above == "row":
            row, self.column = address_of(given["r"]) if "r" in given else (self.row, self.column + 1)
            if row != self.row or (row, self.column) in sheet.cells:
                raise ValueError(f"cell {given.get('r')} stands in it out of place or twice")
            style, kind = int(given.get("s", 0)), given.get("t", "n")
            self.slot = Slot(at, self._end_if_empty(at), style, kind, attributes=dict(given))
            sheet.cells[self.row, self.column] = self.slot
            if len(sheet.cells) > CELLS_MOST:
                raise ValueError(f"there are more than {CELLS_MOST:,} cells")
        elif tag == "f" and self.slot is not None:
            self.slot.formula = Formula("", given.get("t", ""), given.get("ref", ""), given.get("si", ""))
            if self.slot.formula.kind in ("array", "dataTable") and self.slot.formula.ref:
                sheet.arrays.append(area_of(self.slot.formula.ref))
            self.gathered = []
        elif tag in ("v", "t") and self.slot is not None and "rPh" not in self.path:
            self.gathered = []
        elif tag == "sheetProtection":
            sheet.protected = given.get("sheet") in ("1", "true")
        elif tag == "protectedRange" and not {"password", "hashValue", "securityDescriptor"} & set(given):
            # Ranges that the protection leaves open to everybody, whatever their cells' style says.
            sheet.opened += areas_of(given.get("sqref", ""))
        elif tag == "dimension":
            sheet.dimension = area_of(given["ref"])
        elif tag == "mergeCell":
            sheet.merged.append(area_of(given["ref"]))
        elif tag == "col":
            sheet.columns.append((int(given["min"]), int(given["max"]), int(given.get("style", 0))))
        elif tag == "dataValidation":
            self._start_rule(given, extended=False)
        elif tag in ("formula1", "formula2") and self.rule:
            self.gathered = []

    def _start_rule(self, given: dict[str, str], *, extended: bool) -> None:
        self.rule = {
            "type": given.get("type", "none"),
            "operator": given.get("operator", "between"),
            "formulas": [],
            "areas": given.get("sqref", ""),
            "extended": extended,
        }

    def text(self, words: str) -> None:
        if self.gathered is not None:
            self.gathered.append(words)

    def end(self, name: str) -> None:
        space, _, tag = name.rpartition(" ")
        self.path.pop()
        sheet, slot = self.sheet, self.slot
        words = "".join(self.gathered) if self.gathered is not None else ""
        if space == MAIN and tag == "c" and slot is not None:
            slot.end = slot.end or self._closed()
            self.slot = None
        elif space == MAIN and tag == "row" and self.path and self.path[-1] == "sheetData":
            row = sheet.rows[self.row]
            row.end = row.end or self._closed()
        elif space == MAIN and tag == "sheetData":
            sheet.body = (sheet.body[0], sheet.body[1] or self._closed())
        elif slot is not None and space == MAIN and tag in ("f", "v", "t") and self.gathered is not None:
            if tag == "f" and slot.formula is not None:
                slot.formula.text = words
            elif tag == "v":
                slot.raw = words
            else:
                slot.text += words
        elif tag == "dataValidation" and self.rule:
            self._end_rule()
        elif self.rule and self.gathered is not None and tag in ("formula1", "formula2", "f"):
            self.rule["formulas"].append(words)
        elif self.rule and self.gathered is not None and tag == "sqref":
            self.rule["areas"] = words
        else:
            return
        self.gathered = None

    def _end_rule(self) -> None:
        rule, formulas = self.rule, [*self.rule["formulas"], "", ""]
        self.rule = {}
        areas = tuple(areas_of(rule["areas"]))
        made = Validation(rule["type"], rule["operator"], formulas[0], formulas[1], areas, rule["extended"])
        self.sheet.validations.append(made)

    def _tag_end(self, at: int) -> int:
        """Where the tag that begins at `at` ends; a sign > may stand in a value."""
        return at + _head_end(self.sheet.data, at)

    def _tag(self, at: int) -> str:
        match = re.match(rb"<[^\s>/]+", self.sheet.data[at : at + 200])
        return match[0].decode() if match else ""

    def _end_if_empty(self, at: int) -> int:
        """Where the element that begins here ends if it is one tag alone, else 0."""
        end = self._tag_end(at)
        return end if self.sheet.data[end - 2 : end] == b"/>" else 0

    def _closed(self) -> int:
        """Where the closing tag ends at which the parser stands."""
        return self.sheet.data.index(b">", self.parser.CurrentByteIndex) + 1


# Writing


@dataclass(frozen=True)
class Written:
    """What goes into a cell: a number as Excel writes it, text, or nothing at all."""

    kind: str
    value: str = ""


EMPTY = Written("empty")


def written_cell(prefix: str, address: Address, style: int, what: Written) -> bytes:
    """The element of a filled cell: number in place, text inline, so that no other part is touched."""
    tag = f"{prefix}c"
    head = f'<{tag} r="{name_of(address)}"' + (f' s="{style}"' if style else "")
    if what.kind == "empty":
        return f"{head}/>".encode()
    if what.kind == "number":
        return f"{head}><{prefix}v>{what.value}</{prefix}v></{tag}>".encode()
    # Excel reads _x000D_ as a sign; the same letters meant as letters are written with their underscore escaped.
    words = escape(_ESCAPE.sub("_x005F_", what.value))
    kept = ' xml:space="preserve"' if words != words.strip() or "\n" in words or "  " in words else ""
    inner = f"<{prefix}is><{prefix}t{kept}>{words}</{prefix}t></{prefix}is>"
    return f'{head} t="inlineStr">{inner}</{tag}>'.encode()


_VALUE = re.compile(rb"<(?P<tag>(?:[\w.-]+:)?v)\b(?:[^>]*/>|[^>]*>.*?</(?P=tag)\s*>)", re.DOTALL)
_TYPE = re.compile(rb"\s+t\s*=\s*(?:\"[^\"]*\"|'[^']*')")


@dataclass(frozen=True)
class Cached:
    """A new cached value of a formula cell; None takes the old one away."""

    type: str
    value: str | None


def recached_cell(element: bytes, prefix: str, cached: Cached) -> bytes:
    """A formula's cell with another cached value, or none: its formula and all else stay byte for byte."""
    end = _head_end(element)
    head, body = element[:end], _VALUE.sub(b"", element[end:])
    head = _TYPE.sub(b"", head)
    if cached.value is None:
        return head + body
    if cached.type != "n":
        closing = 2 if head.endswith(b"/>") else 1
        head = head[:-closing] + f' t="{cached.type}"'.encode() + head[-closing:]
    value = f"<{prefix}v>{escape(cached.value)}</{prefix}v>".encode()
    # The value follows the formula; an extension list, if there is one, comes after it.
    formula = re.search(rb"<(?P<tag>(?:[\w.-]+:)?f)\b(?:[^>]*?/>|[^>]*>.*?</(?P=tag)\s*>)", body, re.DOTALL)
    at = formula.end() if formula else 0
    return head + body[:at] + value + body[at:]


def _head_end(data: bytes, start: int = 0) -> int:
    """How long the tag is that begins at `start`; a sign > may stand in a value between quotes."""
    at, quote = start, b""
    while sign := data[at : at + 1]:
        at += 1
        if quote:
            quote = b"" if sign == quote else quote
        elif sign in (b'"', b"'"):
            quote = sign
        elif sign == b">":
            return at - start
    raise ValueError("a tag has no end")


def edit(sheet: SheetXml, filled: Mapping[Address, Written], cached: Mapping[Address, Cached]) -> bytes:
    """The sheet's XML with these cells filled and these formulas' cached values replaced.

    Cells and rows that are absent are put in at their place. A row's `spans` is widened where a new cell lies outside.
    """
    changes: list[tuple[int, int, bytes]] = []
    absent: dict[int, list[Address]] = {}
    for address, what in filled.items():
        slot = sheet.cells.get(address)
        if slot is not None:
            made = written_cell(sheet.prefix, address, slot.style, what)
            changes.append((slot.start, slot.end, made))
        elif what is not EMPTY:
            absent.setdefault(address[0], []).append(address)
    for address, value in cached.items():
        slot = sheet.cells[address]
        changes.append((slot.start, slot.end, recached_cell(sheet.data[slot.start : slot.end], sheet.prefix, value)))
    # In order, since several absent rows may be put in at one place.
    for row, addresses in sorted(absent.items()):
        changes += _insert(sheet, row, sorted(addresses), filled)
    made, at = bytearray(), 0
    for start, end, new in sorted(changes, key=lambda change: change[:2]):
        made += sheet.data[at:start] + new
        at = end
    return bytes(made + sheet.data[at:])


def _insert(
    sheet: SheetXml, row: int, addresses: Sequence[Address], filled: Mapping[Address, Written]
) -> Iterator[tuple[int, int, bytes]]:
    made = {
        address: written_cell(sheet.prefix, address, sheet.style_at(address), filled[address]) for address in addresses
    }
    tag = f"{sheet.prefix}row".encode()
    if row not in sheet.rows:
        later = [number for number in sheet.rows if number > row]
        at = sheet.rows[min(later)].start if later else max(slot.end for slot in sheet.rows.values())
        yield at, at, b"<" + tag + f' r="{row}">'.encode() + b"".join(made.values()) + b"</" + tag + b">"
        return
    slot = sheet.rows[row]
    head = sheet.data[slot.start : slot.open_end]
    new_head = _widened(head, slot.spans, addresses)
    if head.endswith(b"/>"):
        new_head = new_head[:-2].rstrip() + b">"
        yield slot.start, slot.open_end, new_head + b"".join(made.values()) + b"</" + tag + b">"
        return
    if new_head != head:
        yield slot.start, slot.open_end, new_head
    there = sorted(address for address in sheet.cells if address[0] == row)
    groups: dict[int, list[bytes]] = {}
    for address in addresses:
        later_cells = [other for other in there if other > address]
        at = sheet.cells[later_cells[0]].start if later_cells else _after(sheet, there, slot)
        groups.setdefault(at, []).append(made[address])
    for at, elements in groups.items():
        yield at, at, b"".join(elements)


def _after(sheet: SheetXml, there: Sequence[Address], slot: RowSlot) -> int:
    return sheet.cells[there[-1]].end if there else slot.open_end


def _widened(head: bytes, spans: str, addresses: Sequence[Address]) -> bytes:
    """A row's first tag whose `spans`, where it has one, takes in the new cells."""
    if not re.fullmatch(r"\d+:\d+", spans):
        return head
    first, last = map(int, spans.split(":"))
    columns = [column for _, column in addresses]
    wide = f"{min(first, *columns)}:{max(last, *columns)}"
    return head.replace(f'spans="{spans}"'.encode(), f'spans="{wide}"'.encode(), 1)
