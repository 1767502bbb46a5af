"""A workbook as its XML says it: sheets, names, tables, styles, shared texts; read only, and read when asked for."""

import posixpath
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from core.problems import Refused, refuse
from core.reading.workbooks import DAYS_TO_1904
from returns.filling.cells import CELLS_MOST, MAIN, Address, Area, SheetXml, Slot, area_of, scan
from returns.filling.parts import CODE, Package

_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
# Of the formats that every Excel knows by number, those of days.
_DAY_FORMATS = frozenset({14, 15, 16, 17, 22, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 55, 56, 57, 58})
_PERCENT_FORMATS = frozenset({9, 10})
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_EXCEL_DAY_ONE = date(1899, 12, 30)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class SheetName:
    """A sheet as the workbook lists it. `shown` is false for a hidden one."""

    name: str
    part: str
    shown: bool


@dataclass(frozen=True)
class TableArea:
    """A table of a sheet, whose headings are part of its definition. Columns in order, from its left."""

    name: str
    sheet: str
    area: Area
    headings: bool
    columns: tuple[str, ...]


@dataclass(frozen=True)
class CellStyle:
    """What filling must know of a style."""

    locked: bool
    is_day: bool
    is_percent: bool


class Book:
    """The workbook of a package."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self._scanned: dict[str, SheetXml] = {}

    @classmethod
    def open(cls, data: bytes, name: str) -> "Book":
        """The workbook of a file. Refused in words where it is not one that can be read and filled."""
        book = cls(Package(data, name))
        try:
            cells = 0
            for sheet in book.sheets:
                cells += len(book.xml(sheet.name).cells)
                if cells > CELLS_MOST:
                    raise book.damaged(f"it has more than {CELLS_MOST:,} cells")
            book.styles, book.texts, book.names, book.tables  # noqa: B018
        except Refused:
            raise
        except (ValueError, LookupError, ElementTree.ParseError):
            raise book.damaged("its parts do not fit together") from None
        return book

    def damaged(self, why: str) -> Refused:
        return refuse(
            CODE,
            f"“{self.package.name}” cannot be filled: {why}. Open it in Excel, save it as .xlsx and send that.",
        )

    def _root(self, part: str) -> Element:
        return ElementTree.fromstring(self.package.part(part))

    def _targets(self, part: str) -> dict[str, tuple[str, str]]:
        """Of a part's relationships by id: what kind, and which part."""
        folder, name = posixpath.split(part)
        listed = f"{folder}/_rels/{name}.rels"
        if listed not in self.package:
            return {}
        found = {}
        for item in self._root(listed).iter(f"{{{_RELATIONSHIPS}}}Relationship"):
            target = item.get("Target", "")
            whole = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[item.get("Id", "")] = (item.get("Type", "").rsplit("/", 1)[-1], whole)
        return found

    @cached_property
    def workbook(self) -> Element:
        return self._root("xl/workbook.xml")

    @cached_property
    def sheets(self) -> list[SheetName]:
        """The sheets with cells, in their order."""
        targets = self._targets("xl/workbook.xml")
        found = []
        for item in self.workbook.iter(f"{{{MAIN}}}sheet"):
            kind, part = targets[item.get(f"{{{_OFFICE}}}id", "")]
            if kind == "worksheet":
                found.append(SheetName(item.get("name", ""), part, item.get("state", "visible") == "visible"))
        if not found:
            raise self.damaged("it lists no sheet that can be read (“Strict Open XML” is not taken)")
        return found

    @cached_property
    def _parts(self) -> dict[str, str]:
        return {sheet.name.casefold(): sheet.part for sheet in self.sheets}

    def sheet_called(self, name: str) -> str | None:
        """The sheet's name as it is written, whatever the case asked in; None if there is none."""
        return next((sheet.name for sheet in self.sheets if sheet.name.casefold() == name.casefold()), None)

    def part_of(self, sheet: str) -> str:
        return self._parts[sheet.casefold()]

    def xml(self, sheet: str) -> SheetXml:
        """A sheet's cells; KeyError if there is none of that name."""
        part = self.part_of(sheet)
        if part not in self._scanned:
            try:
                self._scanned[part] = scan(self.package.part(part))
            except ValueError as error:
                raise self.damaged(f"in its sheet “{sheet}” {error}") from None
        return self._scanned[part]

    @cached_property
    def texts(self) -> list[str]:
        """The shared texts, by number."""
        part = next((to for kind, to in self._targets("xl/workbook.xml").values() if kind == "sharedStrings"), "")
        if part not in self.package:
            return []
        return [
            "".join(run.text or "" for run in item.iter(f"{{{MAIN}}}t"))
            for item in self._root(part).findall(f"{{{MAIN}}}si")
        ]

    @cached_property
    def styles(self) -> list[CellStyle]:
        """The styles of cells, by number."""
        part = next((to for kind, to in self._targets("xl/workbook.xml").values() if kind == "styles"), "")
        if part not in self.package:
            return []
        root = self._root(part)
        formats = {int(item.get("numFmtId", 0)): item.get("formatCode", "") for item in root.iter(f"{{{MAIN}}}numFmt")}
        found = root.find(f"{{{MAIN}}}cellXfs")
        return [_style(item, formats) for item in (found if found is not None else ())]

    def style_at(self, sheet: str, address: Address) -> CellStyle:
        """The style of a cell, also of one that is not written in the file."""
        number = self.xml(sheet).style_at(address)
        return self.styles[number] if 0 <= number < len(self.styles) else CellStyle(True, False, False)

    @cached_property
    def names(self) -> dict[tuple[str, str], str]:
        """The formulas of defined names, by (sheet or "", name), both in lower case."""
        order = [item.get("name", "") for item in self.workbook.iter(f"{{{MAIN}}}sheet")]
        found = {}
        for item in self.workbook.iter(f"{{{MAIN}}}definedName"):
            at = item.get("localSheetId")
            sheet = order[int(at)] if at is not None else ""
            found[sheet.casefold(), item.get("name", "").casefold()] = item.text or ""
        return found

    @cached_property
    def tables(self) -> list[TableArea]:
        found = []
        for sheet in self.sheets:
            for kind, part in self._targets(sheet.part).values():
                if kind == "table" and part in self.package:
                    root = self._root(part)
                    columns = tuple(item.get("name", "") for item in root.iter(f"{{{MAIN}}}tableColumn"))
                    headings = root.get("headerRowCount", "1") != "0"
                    name = root.get("displayName", root.get("name", ""))
                    found.append(TableArea(name, sheet.name, area_of(root.get("ref", "")), headings, columns))
        return found

    @cached_property
    def counts_from_1904(self) -> bool:
        properties = self.workbook.find(f"{{{MAIN}}}workbookPr")
        return properties is not None and properties.get("date1904") in ("1", "true")

    def serial_of(self, day: date) -> int:
        """A day as the number that this workbook counts it by."""
        return (day - _EXCEL_DAY_ONE).days - (DAYS_TO_1904 if self.counts_from_1904 else 0)

    def day_of(self, serial: int) -> date:
        return _EXCEL_DAY_ONE + timedelta(serial + (DAYS_TO_1904 if self.counts_from_1904 else 0))

    def value_of(self, slot: Slot | None) -> Decimal | str | bool | None:
        """What a cell holds, as stored: a number, a text, yes or no; an error as its sign; None for an empty one."""
        if slot is None:
            return None
        if slot.type == "inlineStr":
            return _unescaped(slot.text)
        if slot.raw == "" and slot.type != "str":
            return None
        if slot.type == "s":
            at = int(slot.raw) if slot.raw.isdecimal() else len(self.texts)
            return _unescaped(self.texts[at]) if at < len(self.texts) else None
        if slot.type == "b":
            return slot.raw == "1"
        if slot.type == "n":
            return _number(slot.raw)
        return _unescaped(slot.raw)

    def value_at(self, sheet: str, address: Address) -> Decimal | str | bool | None:
        return self.value_of(self.xml(sheet).cells.get(address))

    def words_at(self, sheet: str, address: Address) -> str:
        """What a cell shows, in plain words: days as days, numbers as they are kept; empty for an empty one."""
        value = self.value_at(sheet, address)
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, Decimal):
            if self.style_at(sheet, address).is_day and 0 < value < 2_900_000:
                day = self.day_of(int(value))
                return f"{day.day} {day:%B %Y}"
            return f"{value.normalize():f}"
        return value or ""


def _number(raw: str) -> Decimal | str:
    try:
        value = Decimal(raw.strip())
    except InvalidOperation:
        return raw
    # No binary number reaches further; a text of a million noughts is nobody's figure.
    return value if value.is_finite() and abs(value.adjusted()) < 320 else raw


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(_sign, text)


def _sign(match: re.Match[str]) -> str:
    """The sign that an escape stands for; half a sign of UTF-16 is none by itself and stays as it is written."""
    number = int(match[1], 16)
    return match[0] if 0xD800 <= number < 0xE000 else chr(number)


def _style(item: Element, formats: dict[int, str]) -> CellStyle:
    protection = item.find(f"{{{MAIN}}}protection")
    locked = protection is None or protection.get("locked", "1") in ("1", "true")
    number = int(item.get("numFmtId", 0))
    plain = _QUOTED.sub("", formats.get(number, "").split(";")[0]).lower()
    is_day = number in _DAY_FORMATS or bool(re.search(r"[dy]", plain)) or plain.startswith("mmm")
    return CellStyle(locked, is_day, number in _PERCENT_FORMATS or "%" in plain)
