"""The proof that a filled file is the template: every part compared, and no other change let through than was meant.

It reads both files anew and shares no code of editing with what made the second.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from returns.filling.book import Book
from returns.filling.cells import MAIN, Address, Cached, Written, address_of, name_of
from returns.filling.parts import Package

_WORKBOOK = "xl/workbook.xml"
_SHEET_DATA = re.compile(rb"<(?:[\w.-]+:)?sheetData\b")
_SHEET_DATA_END = re.compile(rb"</(?:[\w.-]+:)?sheetData\s*>")


@dataclass(frozen=True)
class Expected:
    """The changes that are meant, by sheet and cell."""

    filled: Mapping[str, Mapping[Address, Written]]
    cached: Mapping[str, Mapping[Address, Cached]]
    recalculates: bool = False


@dataclass
class Report:
    """What was found, part by part in words; `differences` holds what was not meant."""

    parts: list[tuple[str, str]] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    @property
    def untouched(self) -> int:
        return sum(words == UNTOUCHED for _, words in self.parts)


UNTOUCHED = "the same, byte for byte as it is packed"


def compare(template: bytes, filled: bytes, name: str, expected: Expected) -> Report:
    """Compare a filled file with its template."""
    old, new, report = Package(template, name), Package(filled, name), Report()
    if old.names != new.names:
        gone, added = set(old.names) - set(new.names), set(new.names) - set(old.names)
        told = [f"lost {part}" for part in sorted(gone)] + [f"gained {part}" for part in sorted(added)]
        report.differences.append(f"its parts differ ({', '.join(told) or 'their order changed'})")
        return report
    sheets = {sheet.part: sheet.name for sheet in Book(old).sheets}
    for part in old.names:
        try:
            words, differences = _part(part, old, new, sheets, expected)
        except ElementTree.ParseError:
            words, differences = "changed", [f"{part} cannot be read"]
        report.parts.append((part, words))
        report.differences += differences
    return report


def _part(
    part: str, old: Package, new: Package, sheets: Mapping[str, str], expected: Expected
) -> tuple[str, Sequence[str]]:
    if old.packed(part) == new.packed(part):
        return UNTOUCHED, ()
    sheet = sheets.get(part)
    if sheet is not None and (expected.filled.get(sheet) or expected.cached.get(sheet)):
        differences = _sheet(
            sheet, old.part(part), new.part(part), expected.filled.get(sheet, {}), expected.cached.get(sheet, {})
        )
        return _sheet_words(sheet, expected), differences
    if part == _WORKBOOK and expected.recalculates:
        same = _fingerprint(_without_recalculation(old.part(part))) == _fingerprint(
            _without_recalculation(new.part(part))
        )
        told = [] if same else [f"{part} changed in more than its setting to recalculate"]
        return "set to work out its formulas when it is opened; nothing else changed", told
    return "changed", [f"{part} changed"]


def _sheet_words(sheet: str, expected: Expected) -> str:
    cached = expected.cached.get(sheet, {}).values()
    counts = (
        (len(expected.filled.get(sheet, {})), "filled"),
        (sum(value.value is not None for value in cached), "with a formula worked out anew"),
        (sum(value.value is None for value in cached), "with a formula’s value taken away"),
    )
    told = [f"{count:,} {'cell' if count == 1 else 'cells'} {words}" for count, words in counts if count]
    return f"sheet “{sheet}”: {', '.join(told)}; every other cell and all around the cells is the same"


def _without_recalculation(workbook: bytes) -> Element:
    root = ElementTree.fromstring(workbook)
    for item in list(root):
        if item.tag == f"{{{MAIN}}}calcPr":
            item.attrib.pop("fullCalcOnLoad", None)
            # An element that says nothing is as good as none.
            if not item.attrib:
                root.remove(item)
    return root


Print = tuple[str, tuple[tuple[str, str], ...], str, tuple["Print", ...]]


def _fingerprint(element: Element) -> Print:
    """An element with all that is in it, but for the blanks between elements."""
    text = element.text or ""
    inner = tuple(_fingerprint(child) for child in element)
    return element.tag, tuple(sorted(element.attrib.items())), text if not inner else text.strip(), inner


def _sheet(
    sheet: str, old: bytes, new: bytes, filled: Mapping[Address, Written], cached: Mapping[Address, Cached]
) -> list[str]:
    """What of a sheet changed beyond the cells that were meant."""
    found = []
    if _around(old) != _around(new):
        found.append(f"sheet “{sheet}” changed outside its cells")
    before, after = _rows(old), _rows(new)
    if list(after) != sorted(after):
        found.append(f"sheet “{sheet}”: its rows are out of order")
    for row in {**before, **after}:
        found += _row(sheet, row, before.get(row), after.get(row))
    old_cells, new_cells = _cells(before), _cells(after)
    for address in {**old_cells, **new_cells}:
        was, now = old_cells.get(address), new_cells.get(address)
        if address in filled:
            good = _is_filled(was, now, filled[address])
        elif address in cached:
            good = _is_recached(was, now, cached[address])
        else:
            good = (was is None) == (now is None) and (was is None or _fingerprint(was) == _fingerprint(now))  # type: ignore[arg-type]
        if not good:
            found.append(f"{sheet}!{name_of(address)} changed in a way that was not meant")
    for address in {*filled, *cached} - set(new_cells):
        found.append(f"{sheet}!{name_of(address)} was to be filled and is not there")
    return found


def _around(data: bytes) -> tuple[bytes, bytes]:
    start, end = _SHEET_DATA.search(data), list(_SHEET_DATA_END.finditer(data))
    return (data[: start.start()], data[end[-1].start() :]) if start and end else (data, b"")


def _rows(data: bytes) -> dict[int, Element]:
    body = ElementTree.fromstring(data).find(f"{{{MAIN}}}sheetData")
    found, last = {}, 0
    for item in body if body is not None else ():
        last = int(item.get("r", last + 1))
        found[last] = item
    return found


def _cells(rows: Mapping[int, Element]) -> dict[Address, Element]:
    found = {}
    for row, element in rows.items():
        column = 0
        for item in element.findall(f"{{{MAIN}}}c"):
            column = address_of(item.get("r", ""))[1] if item.get("r") else column + 1
            found[row, column] = item
    return found


def _row(sheet: str, row: int, old: Element | None, new: Element | None) -> list[str]:
    if new is None:
        return [f"sheet “{sheet}” lost row {row}"]
    if [item.tag for item in new if item.tag != f"{{{MAIN}}}c"]:
        kept = [_fingerprint(item) for item in new if item.tag != f"{{{MAIN}}}c"]
        if old is None or kept != [_fingerprint(item) for item in old if item.tag != f"{{{MAIN}}}c"]:
            return [f"sheet “{sheet}”, row {row} changed outside its cells"]
    columns = list(_cells({row: new}))
    if columns != sorted(columns):
        return [f"sheet “{sheet}”, row {row}: its cells are out of order"]
    was = {"r": str(row)} if old is None else dict(old.attrib)
    now = dict(new.attrib)
    # A row's range of columns is a help for reading; it is widened where a new cell lies outside it.
    spans = was.pop("spans", ""), now.pop("spans", "")
    return [] if was == now and (spans[0] == spans[1] or spans[0]) else [f"sheet “{sheet}”, row {row} changed"]


def _is_filled(was: Element | None, now: Element | None, what: Written) -> bool:
    if now is None or now.find(f"{{{MAIN}}}f") is not None:
        return False
    if was is not None and (was.find(f"{{{MAIN}}}f") is not None or was.get("s", "0") != now.get("s", "0")):
        return False
    if what.kind == "empty":
        return not list(now) and "t" not in now.attrib
    if what.kind == "number":
        return "t" not in now.attrib and [child.tag for child in now] == [f"{{{MAIN}}}v"] and now[0].text == what.value
    text = now.find(f"{{{MAIN}}}is/{{{MAIN}}}t")
    said = (text.text or "").replace("_x005F_", "_") if text is not None else None
    return now.get("t") == "inlineStr" and len(now) == 1 and said == what.value.replace("_x005F_", "_")


def _is_recached(was: Element | None, now: Element | None, cached: Cached) -> bool:
    if was is None or now is None:
        return False
    value = now.find(f"{{{MAIN}}}v")
    if (value.text if value is not None else None) != cached.value:
        return False
    if cached.value is not None and now.get("t", "n") != cached.type:
        return False
    return _without_value(was) == _without_value(now)


def _without_value(cell: Element) -> Print:
    tag, attributes, text, inner = _fingerprint(cell)
    return (
        tag,
        tuple(pair for pair in attributes if pair[0] != "t"),
        text.strip(),
        tuple(child for child in inner if child[0] != f"{{{MAIN}}}v"),
    )
