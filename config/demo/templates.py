"""The demonstration's template of a funder: a small claim form, made up here and said to be so, with its map."""

import io
import re
import zipfile
from datetime import date
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.worksheet.properties import PageSetupProperties

from board import clock
from board.models import Programme
from config.demo.budgets import People
from returns.filling import register
from returns.filling.mapping import entry_of

REGISTERED_ON = date(2025, 4, 8)
TITLE, EDITION = "Illustrative claim form", "version 1, made up for the demonstration"
MADE_UP = "Made up for the demonstration of this system. It is no funder’s form."

_MONEY = '"£"#,##0.00'
_PROJECTS, _SOURCES = range(9, 18), range(5, 10)
_OPEN, _BOLD = Protection(locked=False), Font(name="Calibri", bold=True)
_BOX = PatternFill("solid", fgColor="FFF2CC")

MAP: list[dict[str, Any]] = [
    {"sheet": "Claim", "cell": "B4", "key": "claim/return/reference/value"},
    {"sheet": "Claim", "cell": "B5", "key": "claim/return/recipient/value"},
    {"sheet": "Claim", "cell": "B6", "key": "claim/return/period/value"},
    *(
        {
            "sheet": "Claim",
            "first_cell": f"{column}{_PROJECTS.start}",
            "down_by": 1,
            "keys": [f"claim/summary/*/{code}"],
        }
        for column, code in (("A", "project"), ("B", "actual-to-date"), ("C", "accrued"), ("D", "variance"))
    ),
    {"sheet": "Claim", "cell": "B20", "key": "claim/key-figures/this-claim/value"},
    {"sheet": "Claim", "cell": "B21", "key": "claim/key-figures/this-claim/value", "whole_pounds": True},
    {"sheet": "Claim", "cell": "B22", "key": "claim/commentary/progress/text"},
    *(
        {"sheet": "Match", "first_cell": f"{column}{_SOURCES.start}", "down_by": 1, "keys": [f"claim/match/*/{code}"]}
        for column, code in (("A", "source"), ("B", "to-date"))
    ),
]


def register_form(programme: Programme, people: People) -> None:
    """Register the form for the whole programme's claims, and map it."""
    by = people["finance.pfcc"]
    with clock.at(REGISTERED_ON, 10):
        upload = SimpleUploadedFile("illustrative-claim-form.xlsx", form())
        row = register.register(
            programme=programme, kind="claim", title=TITLE, edition=EDITION, valid_from=programme.first_day,
            valid_to=programme.last_day, upload=upload, by=by,
        )  # fmt: skip
        register.save_map(template=row, entries=[entry_of(item) for item in MAP], seen=0, by=by)


def form() -> bytes:
    """The workbook, with boxes to fill, locked totals and the values that they have while it is empty."""
    book = Workbook()
    _claim(book.active)
    _match(book.create_sheet("Match"))
    made = io.BytesIO()
    book.save(made)
    return _settled(made.getvalue())


def _claim(sheet: Any) -> None:
    _head(sheet, "Claim", "Illustrative claim form", (38, 24, 18, 18))
    for row, label in ((4, "Reference of the return"), (5, "Organisation that claims"), (6, "Period")):
        sheet.cell(row, 1, label)
        _box(sheet.cell(row, 2))
        sheet.merge_cells(start_row=row, end_row=row, start_column=2, end_column=4)
    for column, label in enumerate(("Project", "Spent to date", "Of it accrued", "Variance to profile"), start=1):
        _heading(sheet.cell(8, column, label))
    for row in _PROJECTS:
        _box(sheet.cell(row, 1))
        for column in (2, 3, 4):
            _box(sheet.cell(row, column), _MONEY)
    _total(sheet, _PROJECTS, "BCD")
    for row, label, shape in (
        (20, "Claimed now", _MONEY),
        (21, "Claimed now, whole pounds", '"£"#,##0'),
        (22, "Progress", ""),
    ):
        sheet.cell(row, 1, label)
        _box(sheet.cell(row, 2), shape)
    sheet.merge_cells("B22:D22")
    sheet.row_dimensions[22].height = 150
    sheet["A22"].alignment = sheet["B22"].alignment = Alignment(wrap_text=True, vertical="top")


def _match(sheet: Any) -> None:
    _head(sheet, "Match", "Match funding beside the grant", (38, 24))
    for column, label in enumerate(("Source", "Recorded to date"), start=1):
        _heading(sheet.cell(4, column, label))
    for row in _SOURCES:
        _box(sheet.cell(row, 1))
        _box(sheet.cell(row, 2), _MONEY)
    _total(sheet, _SOURCES, "B")


def _head(sheet: Any, name: str, title: str, widths: tuple[int, ...]) -> None:
    sheet.title = name
    sheet["A1"], sheet["A2"] = title, MADE_UP
    sheet["A1"].font = Font(name="Calibri", bold=True, size=14)
    for letter, width in zip("ABCD", widths, strict=False):
        sheet.column_dimensions[letter].width = width
    sheet.protection.sheet = True
    sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = 9, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _heading(cell: Any) -> None:
    cell.font, cell.alignment = _BOLD, Alignment(horizontal="left" if cell.column == 1 else "right")


def _box(cell: Any, number_format: str = "") -> None:
    cell.protection, cell.fill = _OPEN, _BOX
    if number_format:
        cell.number_format = number_format


def _total(sheet: Any, rows: range, letters: str) -> None:
    sheet.cell(rows.stop, 1, "Total").font = _BOLD
    for letter in letters:
        cell = sheet[f"{letter}{rows.stop}"]
        cell.value, cell.number_format, cell.font = f"=SUM({letter}{rows.start}:{letter}{rows.stop - 1})", _MONEY, _BOLD


def _settled(data: bytes) -> bytes:
    """The same file whenever it is made, and each formula with the nought that it comes to while the form is empty."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as settled:
        for name in given.namelist():
            part = re.sub(rb"</f><v\s*/>|</f><v></v>", b"</f><v>0</v>", given.read(name))
            part = re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rb"\g<1>2023-06-01T09:00:00Z", part)
            settled.writestr(zipfile.ZipInfo(name, (2023, 6, 1, 9, 0, 0)), part, zipfile.ZIP_DEFLATED)
    return made.getvalue()
