"""A map: which cell of a template takes which figure of a return. Read from JSON, checked against the template.

A list of `{sheet, cell, key}` and `{sheet, first_cell, down_by, keys}`; each may carry `"whole_pounds": true`.
A key with a star for its row (`claim/expenditure/*/actual-quarter`) stands for every row of that table, without its
totals.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.problems import Problem, Refused, refuse
from returns.content import Content, Figure
from returns.filling.book import Book
from returns.filling.cells import Address, address_of, name_of

CODE = "W2"
# More cells than any form asks for; a map beyond it is a mistake.
CELLS_MOST = 20_000
_KEY = re.compile(r"[a-z0-9-]+/[a-z0-9-]+/(?:[a-z0-9-]+|\*)/[a-z0-9-]+")
_SINGLE, _DOWN = {"sheet", "cell", "key"}, {"sheet", "first_cell", "down_by", "keys"}


@dataclass(frozen=True)
class Entry:
    """One line of a map: a cell and its key, or a first cell and the keys that follow downwards by `down_by` rows."""

    sheet: str
    cell: str
    keys: tuple[str, ...]
    down_by: int = 0
    whole_pounds: bool = False

    @property
    def is_down(self) -> bool:
        return self.down_by > 0

    def plain(self) -> dict[str, Any]:
        """As its JSON says it."""
        told: dict[str, Any] = {"sheet": self.sheet}
        if self.is_down:
            told |= {"first_cell": self.cell, "down_by": self.down_by, "keys": list(self.keys)}
        else:
            told |= {"cell": self.cell, "key": self.keys[0]}
        return told | ({"whole_pounds": True} if self.whole_pounds else {})


@dataclass(frozen=True)
class Target:
    """One cell that takes one figure."""

    sheet: str
    address: Address
    key: str
    whole_pounds: bool = False

    @property
    def where(self) -> str:
        return f"{self.sheet}!{name_of(self.address)}"


def problem(where: str, words: str, *, blocking: bool = True) -> Problem:
    """A finding about one cell, which its sentence begins with."""
    return Problem(CODE, f"{where}: {words}", blocking, where)


def read_map(data: bytes | str) -> list[Entry]:
    """A map from its JSON. Refused with every entry that cannot be read."""
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError) as error:
        told = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise refuse(
            CODE, f"The map is no JSON{told}. Download a map from its page to see how one is written."
        ) from None
    if not isinstance(plain, list):
        raise refuse(CODE, 'The map is not a list. Write [{"sheet": …, "cell": …, "key": …}, …].')
    entries, problems = [], []
    for number, item in enumerate(plain, start=1):
        try:
            entries.append(entry_of(item))
        except ValueError as error:
            problems.append(Problem(CODE, f"Entry {number} of the map: {error}.", True, f"entry {number}"))
    if problems:
        raise Refused(problems)
    return entries


def entry_of(item: Any) -> Entry:
    """One entry of a map; ValueError, in words, where it is none."""
    if not isinstance(item, dict):
        raise ValueError("it is not an object with sheet, cell and key")
    names = set(item) - {"whole_pounds"}
    if names not in (_SINGLE, _DOWN):
        raise ValueError("it has other names than sheet, cell and key, or sheet, first_cell, down_by and keys")
    sheet, cell = item["sheet"], item.get("cell", item.get("first_cell"))
    keys = item["keys"] if names == _DOWN else [item["key"]]
    down_by, whole = item.get("down_by", 0), item.get("whole_pounds", False)
    if not isinstance(sheet, str) or not isinstance(cell, str) or not isinstance(whole, bool):
        raise ValueError("sheet and cell are texts, whole_pounds is true or false")
    if not isinstance(keys, list) or not keys or not all(isinstance(key, str) for key in keys):
        raise ValueError("the keys are a list of texts")
    if names == _DOWN and (type(down_by) is not int or not 1 <= down_by <= 1000):
        raise ValueError("down_by is the number of rows from one figure to the next, 1 or more")
    if bad := [key for key in keys if not _KEY.fullmatch(key) or ("*" in key and names != _DOWN)]:
        raise ValueError(f"“{bad[0]}” is no key of the form kind/section/row/column")
    return Entry(sheet, name_of(address_of(cell)), tuple(keys), down_by, whole)


def map_json(entries: Sequence[Entry]) -> str:
    """The map as JSON, one entry a line, the same text for the same map."""
    lines = [json.dumps(entry.plain(), ensure_ascii=False) for entry in entries]
    return "[" + ",".join(f"\n  {line}" for line in lines) + "\n]\n"


def stated(content: Content) -> dict[str, Figure]:
    """Everything that a map may name, by key: the figures, the words that people wrote, and the return's own heads."""
    found = {figure.key: figure for figure in content.figures()}
    for section in content.sections:
        for item in section.narrative:
            found_key = f"{content.kind}/{section.code}/{item.code}/text"
            found[found_key] = Figure(found_key, item.text or None, "text", "" if item.text else "z")
    for head in ("reference", "programme", "recipient", "period"):
        key = f"{content.kind}/return/{head}/value"
        found.setdefault(key, Figure(key, getattr(content, head), "text"))
    return found


def labels(content: Content) -> dict[str, str]:
    """What each key that a map may name is called, for those who choose one."""
    found = {}
    for section in content.sections:
        for fact in section.facts:
            found[fact.figure.key] = f"{section.title}: {fact.label}"
        for item in section.narrative:
            found[f"{content.kind}/{section.code}/{item.code}/text"] = f"{section.title}: {item.title}"
        for row in section.table.rows if section.table else ():
            heads = row.cells[: section.table.headings]  # type: ignore[union-attr]
            name = ", ".join(str(cell.value) for cell in heads if cell.value is not None)
            for column, cell in zip(section.table.columns, row.cells, strict=True):  # type: ignore[union-attr]
                found[cell.key] = f"{section.title}: {name}: {column.title}"
    return {key: found.get(key, f"The return’s {key.split('/')[2]}") for key in stated(content)}


def rows_of(content: Content, key: str) -> list[str] | None:
    """The keys that a key with a star stands for: those of the rows of its table, without totals and notes.

    None where the return has no such table or column, which is another thing than a table without rows.
    """
    kind, section_code, _, column = key.split("/")
    for section in content.sections:
        if content.kind == kind and section.code == section_code and section.table:
            rows = [row.code for row in section.table.rows if row.kind == "row"]
            if any(one.code == column for one in section.table.columns):
                return [f"{kind}/{section_code}/{row}/{column}" for row in rows]
    return None


def targets(entries: Sequence[Entry], content: Content | None) -> Iterator[Target]:
    """The cells that a map fills, in its order. Without a content a star stands for one row."""
    for entry in entries:
        row, column = address_of(entry.cell)
        for key in entry.keys:
            found = rows_of(content, key) if content is not None and "*" in key else None
            for one in [key] if found is None else found:
                yield Target(entry.sheet, (row, column), one, entry.whole_pounds)
                row += entry.down_by


def check_places(book: Book, wanted: Sequence[Target]) -> list[Problem]:
    """What is wrong with the cells of a map in this template: each by sheet and cell, with what to do."""
    if len(wanted) > CELLS_MOST:
        return [Problem(CODE, f"The map fills {len(wanted):,} cells; the most that is taken is {CELLS_MOST:,}.")]
    found, seen, missing = [], set(), set()
    for target in wanted:
        sheet = book.sheet_called(target.sheet)
        if sheet is None:
            if target.sheet not in missing:
                missing.add(target.sheet)
                names = ", ".join(f"“{one.name}”" for one in book.sheets)
                found.append(
                    problem(
                        target.where,
                        f"the template has no sheet “{target.sheet}”. It may have been renamed or taken out; map it to "
                        f"one of these: {names}.",
                    )
                )
            continue
        if (sheet, target.address) in seen:
            found.append(problem(target.where, "the map names this cell twice. Leave one of them out."))
        seen.add((sheet, target.address))
        if words := why_not(book, sheet, target.address):
            found.append(problem(target.where, words))
    return found


def why_not(book: Book, sheet: str, address: Address) -> str:
    """Why this cell cannot be filled, and what to do; empty where it can."""
    xml = book.xml(sheet)
    slot = xml.cells.get(address)
    if over := xml.merged_over(address):
        return f"it lies inside the merged cell {over}. Map {name_of((over.top, over.left))} instead."
    if slot is not None and slot.formula is not None:
        return "it holds a formula of the funder’s. Take it out of the map; it is worked out from other cells."
    for area in xml.arrays:
        if address in area:
            return f"a formula of the funder’s fills it with others ({area}). Take it out of the map."
    for table in book.tables:
        if table.sheet == sheet and table.headings and address[0] == table.area.top and address in table.area:
            return "it is a heading of the funder’s table. Map a cell below it."
    locked = xml.protected and book.style_at(sheet, address).locked
    if locked and not any(address in area for area in xml.opened):
        return "it is locked by the funder. Map a cell that the funder left open."
    if address[0] > xml.last_row:
        return f"the sheet ends in row {xml.last_row}, and rows are never added. Map a row that is there."
    return ""


def with_sheet_names(book: Book, wanted: Sequence[Target]) -> list[Target]:
    """The same cells, their sheets written as the template writes them."""
    return [replace(target, sheet=book.sheet_called(target.sheet) or target.sheet) for target in wanted]


def check_keys(wanted: Sequence[Target], known: Mapping[str, Figure]) -> list[Problem]:
    """Each cell whose key the return does not state."""
    return [
        problem(
            target.where,
            f"the return states no figure “{target.key}”. Choose one of its keys"
            + (", or take the cell out of the map." if "*" not in target.key else "; no table has such a column."),
        )
        for target in wanted
        if target.key not in known
    ]
