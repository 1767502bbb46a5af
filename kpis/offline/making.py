"""The workbook of a quarter's results, as it is taken to be filled in: pre-filled, with guidance and checks."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from core.forms import day_in_words, read_day
from kpis import formulas
from kpis.asking import Slot
from kpis.kinds import FigureType
from kpis.models import Identity, Result, Submission
from kpis.offline.places import (
    ABOUT,
    ABSENCE,
    ANSWER,
    CHECKS,
    COMMENT,
    ESTIMATE,
    EXPECTED,
    FIGURE_COLUMNS,
    FIGURES,
    HEADER_ROW,
    IDENTITY_ROWS,
    KEY,
    MEANINGS,
    WORD_COLUMNS,
    WORDS,
    WORDS_ANSWER,
    WORDS_COMMENT,
    Row,
    mark_of,
    rows_of,
)

_PLAIN, _BOLD, _TITLE = (
    Font(name="Arial", size=size, bold=bold) for size, bold in ((10, False), (10, True), (14, True))
)
_INPUT = PatternFill("solid", fgColor="FFF7D6")
_HEAD = PatternFill("solid", fgColor="E8EEF4")
_THIN = Side(style="thin", color="8C9BA8")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_TOP = Alignment(vertical="top", wrap_text=True)
_WHOLE = {"count", "numerator", "denominator", "people_quarter", "people_year", "people_programme", "n"}
_DECIMAL = {"scaled", "total", "median"}
_DAYS = {"forecast_on", "met_on"}
HOW = (
    ("Fill in", "Type into the yellow cells only. Everything else is locked, so that the workbook can be read back."),
    (
        "None",
        "Type 0 where there was none. Leave a cell empty only where there is no figure yet, and say why beside it.",
    ),
    ("Estimate", "Choose “yes” beside a figure that is an estimate, and say in the comment where it comes from."),
    ("Comment", "The system asks for a comment where a figure stands out. One beside it now saves you coming back."),
    ("Check", "The sheet Checks says what does not add up yet. It is worked out when the workbook is opened."),
    ("Hand in", "Upload the file on the page of these results. Everything wrong is listed by sheet and cell."),
    ("Names", "Name nobody: no names, dates of birth, addresses, telephone numbers or case numbers."),
)


def workbook_of(
    submission: Submission,
    slots: Sequence[Slot],
    *,
    boxes: Mapping[str, str],
    last: Mapping[str, str],
    targets: Mapping[str, str],
    identities: Iterable[Identity],
) -> bytes:
    """The .xlsx file. `boxes`: box -> what stands in it; `last` and `targets`: slot key, KPI code -> words."""
    figures, words = rows_of(slots)
    book = Workbook()
    book.properties.title = f"Results: {submission.duty.project.name}, {submission.quarter}"
    book.properties.creator, book.properties.language = "SETDAB grant and returns", "en-GB"
    about = book.active
    about.title = ABOUT
    _about(about, submission, slots)
    _figures(book.create_sheet(FIGURES), figures, boxes, last, targets)
    _words(book.create_sheet(WORDS), words, boxes)
    _checks(book.create_sheet(CHECKS), figures, slots, identities)
    _meanings(book.create_sheet(MEANINGS), slots)
    book.calculation.fullCalcOnLoad = True
    for sheet in book.worksheets:
        _set_up(sheet)
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


def _about(sheet: Worksheet, submission: Submission, slots: Sequence[Slot]) -> None:
    duty, quarter = submission.duty, submission.quarter
    _top(sheet, f"Results of {quarter}", "What this workbook is of, and how to fill it in.", ("What", "Which"))
    facts = {
        "supplier": ("Supplier", duty.organisation.name),
        "project": ("Project", duty.project.name),
        "quarter": ("Quarter", str(quarter)),
        "reference": ("Reference", submission.reference),
        "version": ("Taken at version", str(submission.version)),
        "mark": ("Mark of the questions", mark_of(submission, slots)),
    }
    for name, (label, value) in facts.items():
        _line(sheet, IDENTITY_ROWS[name], (label, value))
    rest = (("Due", day_in_words(submission.due_on)), *HOW)
    for number, line in enumerate(rest, start=max(IDENTITY_ROWS.values()) + 1):
        _line(sheet, number, line)
    _widths(sheet, {"A": 24, "B": 90})


def _figures(
    sheet: Worksheet, rows: Sequence[Row], boxes: Mapping[str, str], last: Mapping[str, str], targets: Mapping[str, str]
) -> None:
    intro = "Type into the yellow cells. Last quarter’s figure and the year’s target stand beside each."
    _top(sheet, "Figures", intro, FIGURE_COLUMNS)
    whole = _validation("whole", "Type a whole number, such as 12, or 0.")
    decimal = _validation("decimal", "Type a number such as 2.5, or 0.")
    ratings = _list([str(label) for label in Result.Rating.labels], "Choose one of the ratings.")
    yes_no, estimate = _list(["yes", "no"], "Choose yes or no."), _list(["yes"], "Choose yes, or leave it empty.")
    for row in rows:
        slot = row.slot
        head = "" if row.is_part else last.get(slot.key, "")
        aim = "" if row.is_part else targets.get(slot.code, "")
        _line(sheet, row.number, (slot.section.label, slot.code, slot.name, row.what, head, aim))
        cell = _open(sheet, f"{ANSWER}{row.number}", _value(boxes.get(row.key, ""), row.column))
        for letter, extra in row.beside.items():
            typed = boxes.get(f"{slot.key}.{extra}", "")
            if extra == "estimated":
                typed = "yes" if typed else ""
            _open(sheet, f"{letter}{row.number}", _value(typed, "met_on" if extra == "expected" else "text"))
        if not row.is_part and ESTIMATE in row.beside:
            estimate.add(f"{ESTIMATE}{row.number}")
        kinds = {"rating": ratings, "yes_no": yes_no}
        if row.column in _WHOLE:
            whole.add(cell.coordinate)
        elif row.column in _DECIMAL:
            decimal.add(cell.coordinate)
        elif row.column in kinds:
            kinds[row.column].add(cell.coordinate)
        _line(sheet, row.number, (row.key,), first=KEY)
    for validation in (whole, decimal, ratings, yes_no, estimate):
        if validation.sqref:
            sheet.add_data_validation(validation)
    _widths(
        sheet,
        {"A": 22, "B": 11, "C": 40, "D": 32, "E": 22, "F": 12, ANSWER: 14, COMMENT: 34, ESTIMATE: 12, ABSENCE: 28,
         EXPECTED: 16, KEY: 30},
    )  # fmt: skip


def _words(sheet: Worksheet, rows: Sequence[Row], boxes: Mapping[str, str]) -> None:
    _top(sheet, "Words", "A few sentences each, in the yellow cells. Name nobody.", WORD_COLUMNS)
    for row in rows:
        _line(sheet, row.number, (row.slot.section.label, row.slot.code, row.slot.name))
        _open(sheet, f"{WORDS_ANSWER}{row.number}", _value(boxes.get(row.key, ""), "text"))
        _open(sheet, f"{WORDS_COMMENT}{row.number}", _value(boxes.get(f"{row.slot.key}.comment", ""), "text"))
        _line(sheet, row.number, (row.key,), first="F")
        sheet.row_dimensions[row.number].height = 120
    _widths(sheet, {"A": 22, "B": 11, "C": 34, "D": 90, "E": 34, "F": 16})


def _checks(sheet: Worksheet, rows: Sequence[Row], slots: Sequence[Slot], identities: Iterable[Identity]) -> None:
    """What must add up, worked out where it is filled in; the system checks it all again."""
    _top(sheet, "Checks", "These are worked out from what you type. The system checks more when you upload.",
         ("What must hold", "Whether it does"))  # fmt: skip
    cells = {row.key: f"'{FIGURES}'!${ANSWER}${row.number}" for row in rows}
    names = {slot.key: f"{slot.name} ({slot.code})" for slot in slots}
    found = [*_balances(identities, cells, names), *_tables(slots, cells, names)]
    for number, (words, formula) in enumerate(found, start=HEADER_ROW + 1):
        _line(sheet, number, (words,))
        cell = sheet[f"B{number}"]
        cell.value, cell.font, cell.alignment, cell.border = formula, _PLAIN, _TOP, _BOX
    if not found:
        _line(sheet, HEADER_ROW + 1, ("Nothing that is asked has to add up.", "—"))
    _widths(sheet, {"A": 90, "B": 34})


def _balances(
    identities: Iterable[Identity], cells: Mapping[str, str], names: Mapping[str, str]
) -> list[tuple[str, str]]:
    found = []
    for identity in identities:
        terms = formulas.read(identity.terms)
        if not all(code in cells for _, code in terms):
            continue
        left, right = ([cells[code] for sign, code in terms if sign == side] for side in (1, -1))
        sides = [" + ".join(names[code] for sign, code in terms if sign == side) for side in (1, -1)]
        count = f"COUNT({','.join([*left, *right])})<{len(terms)}"
        if identity.relation == Identity.Relation.EQUALS:
            words, test = f"{sides[0]} = {sides[1]}", f"{'+'.join(left)}={'+'.join(right)}"
        else:
            words, test = f"{sides[0]}: not more than {sides[1]}", f"{'+'.join(left)}<={'+'.join(right)}"
        found.append((words, f'=IF({count},"Not filled in yet",IF({test},"Holds","Does not hold"))'))
    return found


def _tables(slots: Sequence[Slot], cells: Mapping[str, str], names: Mapping[str, str]) -> list[tuple[str, str]]:
    found = []
    for slot in slots:
        if slot.figure_type in (FigureType.RATIO, FigureType.COHORT):
            part, whole = cells[slot.box("numerator")], cells[slot.box("denominator")]
            test = f'=IF(COUNT({part},{whole})<2,"Not filled in yet",IF({part}<={whole},"Holds","Does not hold"))'
            found.append((f"{names[slot.key]}: the part is not more than the whole", test))
        for dimension, categories in slot.dimensions:
            for column in slot.columns:
                head = cells[slot.box(column)]
                parts = ",".join(cells[slot.part_box(category, column)] for category in categories)
                test = f'IF(SUM({parts})={head},"Adds up","Differs by "&(SUM({parts})-{head}))'
                words = f"{names[slot.key]}: {dimension.name.lower()} makes the figure"
                found.append((words, f'=IF(COUNT({parts})=0,"No breakdown given",{test})'))
    return found


def _meanings(sheet: Worksheet, slots: Sequence[Slot]) -> None:
    _top(sheet, "Definitions", "What each figure means.", ("Code", "Measure", "What to count", "Unit"))
    seen = {slot.code: slot.definition for slot in slots}
    for number, (code, row) in enumerate(sorted(seen.items()), start=HEADER_ROW + 1):
        _line(sheet, number, (code, row.name, row.definition, row.unit))
    _widths(sheet, {"A": 12, "B": 44, "C": 90, "D": 16})


def _top(sheet: Worksheet, title: str, intro: str, header: Sequence[str]) -> None:
    sheet["A1"].value, sheet["A1"].font = title, _TITLE
    sheet["A2"].value, sheet["A2"].font = intro, _PLAIN
    for column, words in enumerate(header, start=1):
        cell = sheet.cell(HEADER_ROW, column, words)
        cell.font, cell.fill, cell.alignment, cell.border = _BOLD, _HEAD, _TOP, _BOX


def _line(sheet: Worksheet, number: int, values: Sequence[str], first: str = "A") -> None:
    """Locked text; what begins like a formula stays text."""
    start = sheet[f"{first}1"].column
    for column, value in enumerate(values, start=start):
        cell = sheet.cell(number, column)
        cell.value = _text(value)
        cell.data_type = "s" if cell.value else cell.data_type
        cell.font, cell.alignment, cell.border = _PLAIN, _TOP, _BOX


def _open(sheet: Worksheet, place: str, value: Any) -> Any:
    """A cell to type into."""
    cell = sheet[place]
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
    if isinstance(value, date):
        cell.number_format = "d mmmm yyyy"
    cell.font, cell.fill, cell.alignment, cell.border = _PLAIN, _INPUT, _TOP, _BOX
    cell.protection = Protection(locked=False)
    return cell


def _value(typed: str, column: str) -> Any:
    """What a cell holds for a box: a number or a day as such, all else as text."""
    typed = typed.strip()
    if not typed:
        return None
    if column in _WHOLE and re.fullmatch(r"\d{1,12}", typed):
        return int(typed)
    if column in _DECIMAL and re.fullmatch(r"\d{1,9}(\.\d{1,2})?", typed):
        return float(typed) if "." in typed else int(typed)
    if column in _DAYS:
        try:
            return read_day(typed)
        except ValueError:
            return _text(typed)
    if column == "rating":
        return dict(Result.Rating.choices).get(typed, typed)
    return _text(typed)


def _text(value: str) -> str | None:
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", value)[:32_000] or None


def _validation(kind: str, words: str) -> DataValidation:
    row = DataValidation(type=kind, operator="greaterThanOrEqual", formula1="0", allow_blank=True)
    row.error, row.errorTitle, row.showErrorMessage = words, "Not a number", True
    return row


def _list(choices: Sequence[str], words: str) -> DataValidation:
    row = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
    row.error, row.errorTitle, row.showErrorMessage = words, "Not in the list", True
    return row


def _widths(sheet: Worksheet, widths: Mapping[str, int]) -> None:
    for letter, width in widths.items():
        sheet.column_dimensions[letter].width = width


def _set_up(sheet: Worksheet) -> None:
    """Locked without a password: it guards against slips, not against anybody."""
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = False
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
