"""Filling a template from what a return says: a pure function of template, map and content, with its own proof."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.money import round_to_pound
from core.problems import Problem, Refused, refuse_if_blocking
from returns.content import Content, Figure, state_words
from returns.filling.book import Book
from returns.filling.calculator import Worked, work_out
from returns.filling.cells import EMPTY, Address, Cached, Written, edit, name_of
from returns.filling.formulas import Graph, Place
from returns.filling.loss import Expected, Report, compare
from returns.filling.mapping import (
    Entry,
    Target,
    check_keys,
    check_places,
    labels,
    problem,
    stated,
    targets,
    with_sheet_names,
)
from returns.filling.nearby import label_near, names_of
from returns.filling.values import not_allowed, shown, written

WORKBOOK = "xl/workbook.xml"


@dataclass(frozen=True)
class FilledCell:
    """One cell that was filled: what stands near it, what it held, what it says now, and what is worth knowing."""

    sheet: str
    cell: str
    near: str
    key: str
    label: str
    before: str
    after: str
    note: str = ""


@dataclass(frozen=True)
class FormulaCell:
    """A formula that rests on a filled cell. `after` is None where no calculator here could check it."""

    sheet: str
    cell: str
    before: str
    after: str | None


@dataclass(frozen=True)
class Filled:
    """A filled template and everything that can be said of it."""

    data: bytes
    cells: Sequence[FilledCell]
    formulas: Sequence[FormulaCell]
    report: Report
    warnings: Sequence[Problem]

    @property
    def unchecked(self) -> list[FormulaCell]:
        """The formulas whose value was taken away: the workbook works them out when it is opened."""
        return [cell for cell in self.formulas if cell.after is None]


def fill(book: Book, entries: Sequence[Entry], content: Content) -> Filled:
    """The template with the figures of the return in the mapped cells and nothing else changed.

    Refused with everything that is wrong at once, by sheet and cell; and where the comparison with the template finds
    any change that was not meant.
    """
    known = stated(content)
    wanted = list(targets(entries, content))
    problems = [*check_places(book, wanted), *check_keys(wanted, known)]
    good = with_sheet_names(book, [one for one in wanted if one.key in known and book.sheet_called(one.sheet)])
    contents: dict[Place, Written] = {}
    for target in good:
        figure = known[target.key]
        try:
            what = written(figure, target, book)
        except ValueError as error:
            problems.append(problem(target.where, f"{error}."))
            continue
        contents[target.sheet, target.address] = what
        problems += [
            problem(target.where, words, blocking=stops) for words, stops in not_allowed(figure, what, target, book)
        ]
    if not wanted:
        problems.append(Problem("W2", "The map names no cell. Map at least one."))
    warnings = refuse_if_blocking(problems)
    worked = work_out(book, Graph(book), contents)
    expected = _expected(book, contents, worked)
    data = _written(book, expected)
    report = compare(book.package.data, data, book.package.name, expected)
    if report.differences:
        raise Refused([Problem("W3", f"The filled file is not given out: {words}") for words in report.differences])
    return Filled(
        data=data,
        cells=_cells(book, good, known, content),
        formulas=_formulas(book, expected),
        report=report,
        warnings=warnings,
    )


def _expected(book: Book, contents: Mapping[Place, Written], worked: Worked) -> Expected:
    """Which cells may differ from the template, and how."""
    filled: dict[str, dict[Address, Written]] = defaultdict(dict)
    cached: dict[str, dict[Address, Cached]] = defaultdict(dict)
    for (sheet, address), what in contents.items():
        if what is not EMPTY or address in book.xml(sheet).cells:
            filled[sheet][address] = what
    for (sheet, address), value in worked.values.items():
        slot = book.xml(sheet).cells[address]
        if (slot.type, slot.raw) != (value.type, value.value):
            cached[sheet][address] = value
    for sheet, address in worked.unchecked:
        area = next((area for area in book.xml(sheet).arrays if address in area), None)
        for one in [one for one in book.xml(sheet).cells if one in area] if area else [address]:
            cached[sheet][one] = Cached("", None)
    return Expected(filled, cached, recalculates=bool(worked.values or worked.unchecked))


def _written(book: Book, expected: Expected) -> bytes:
    parts = {}
    for sheet in {*expected.filled, *expected.cached}:
        made = edit(book.xml(sheet), expected.filled.get(sheet, {}), expected.cached.get(sheet, {}))
        parts[book.part_of(sheet)] = made
    if expected.recalculates:
        parts[WORKBOOK] = recalculating(book.package.part(WORKBOOK))
    return book.package.with_parts(parts)


_CALCULATION = re.compile(rb"""<(?:[\w.-]+:)?calcPr\b(?:[^>"']|"[^"]*"|'[^']*')*?(/?)>""")
_FULL = re.compile(rb"(\sfullCalcOnLoad\s*=\s*)(\"[^\"]*\"|'[^']*')")
_BEFORE_IT = re.compile(rb"</(?P<prefix>(?:[\w.-]+:)?)(?:sheets|functionGroups|externalReferences|definedNames)\s*>")


def recalculating(workbook: bytes) -> bytes:
    """The workbook's XML with the one change that lets Excel work out every formula when it opens the file."""
    match = _CALCULATION.search(workbook)
    if match:
        old = match[0]
        if _FULL.search(old):
            new = _FULL.sub(rb'\1"1"', old)
        else:
            end = len(match[1]) + 1
            new = old[:-end] + b' fullCalcOnLoad="1"' + old[-end:]
        return workbook[: match.start()] + new + workbook[match.end() :]
    last = list(_BEFORE_IT.finditer(workbook))[-1]
    return workbook[: last.end()] + b"<" + last["prefix"] + b'calcPr fullCalcOnLoad="1"/>' + workbook[last.end() :]


def _cells(book: Book, wanted: Sequence[Target], known: Mapping[str, Figure], content: Content) -> list[FilledCell]:
    called, rounding = labels(content), _rounding(wanted, known, content)
    names = {sheet: names_of(book, sheet) for sheet in dict.fromkeys(target.sheet for target in wanted)}
    made = []
    for target in wanted:
        figure = known[target.key]
        note = rounding.get(target, "")
        if figure.value is None:
            note = f"Left empty: the return says “{state_words(figure)}”."
        made.append(
            FilledCell(
                sheet=target.sheet,
                cell=name_of(target.address),
                near=label_near(names[target.sheet], target.address),
                key=target.key,
                label=called[target.key],
                before=book.words_at(target.sheet, target.address),
                after=shown(figure, target) if figure.value is not None else "",
                note=note,
            )
        )
    return made


def _rounding(wanted: Sequence[Target], known: Mapping[str, Figure], content: Content) -> dict[Target, str]:
    """What to say beside a total in whole pounds whose rounded parts, all of them mapped, add up to another figure.

    The total is the rounded total: neither it nor a part is ever bent to fit.
    """
    rounded = {target.key for target in wanted if target.whole_pounds and known[target.key].unit == "money"}
    found = {}
    for section in content.sections:
        for index, row in enumerate(section.table.rows if section.table else ()):
            if row.kind not in ("total", "subtotal"):
                continue
            for at, cell in enumerate(row.cells):
                parts = [section.table.rows[i].cells[at] for i in section.table.adds(index)]  # type: ignore[union-attr]
                parts = [part for part in parts if part.is_number]
                if cell.key not in rounded or not cell.is_number or not {part.key for part in parts} <= rounded:
                    continue
                added = sum((round_to_pound(Decimal(part.value)) for part in parts), Decimal(0))  # type: ignore[arg-type]
                total = round_to_pound(Decimal(cell.value))  # type: ignore[arg-type]
                if added != total:
                    words = f"The rounded rows add up to £{added:,}; £{abs(added - total):,} is rounding."
                    found |= {target: words for target in wanted if target.key == cell.key}
    return found


def _formulas(book: Book, expected: Expected) -> list[FormulaCell]:
    made = []
    for sheet in book.sheets:
        for address, value in sorted(expected.cached.get(sheet.name, {}).items()):
            before = book.words_at(sheet.name, address)
            made.append(FormulaCell(sheet.name, name_of(address), before, value.value))
    return made
