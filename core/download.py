"""A list as an Excel workbook: the same columns, every row, money and dates as true numbers and dates.

Returns to funders are made elsewhere; this is what "Download this list" gives.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from core.tables import Table

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What XML cannot hold; a ledger's text has been seen to carry them.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MONEY, _DAY, _MOMENT = "#,##0.00;[Red]-#,##0.00", "dd/mm/yyyy", "dd/mm/yyyy hh:mm"


def _cell(sheet: Worksheet, value: Any) -> WriteOnlyCell:
    """A cell of the right type. Text stays text, so that a supplier called "=1+1" is no formula."""
    if isinstance(value, str):
        cell = WriteOnlyCell(sheet, value=_UNPRINTABLE.sub("", value))
        cell.data_type = "s"
        cell.alignment = Alignment(vertical="top", wrap_text=len(value) > 40)
        return cell
    cell = WriteOnlyCell(sheet, value=value)
    cell.alignment = Alignment(vertical="top")
    if isinstance(value, Decimal):
        cell.number_format = _MONEY
    elif isinstance(value, datetime):
        cell.number_format = _MOMENT
    elif isinstance(value, date):
        cell.number_format = _DAY
    return cell


def _width(header: str, values: list[Any]) -> float:
    """Wide enough for most of the column, and no wider than a page can bear."""
    return min(50.0, max([len(header) + 2, *(len(str(value)) + 3 for value in values if value is not None)]))


def table_as_xlsx(table: Table, title: str) -> bytes:
    """Every row of the table as a workbook of one sheet: title in A1, headers in row 3, panes frozen under them."""
    headers, *rows = table.download_rows()
    workbook = Workbook(write_only=True)
    workbook.properties.title = title
    sheet = workbook.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31].strip() or "List")
    for index, header in enumerate(headers):
        widths = _width(header, [row[index] for row in rows[:500]])
        sheet.column_dimensions[get_column_letter(index + 1)].width = widths
    sheet.freeze_panes = "B4"
    sheet.auto_filter.ref = f"A3:{get_column_letter(len(headers))}{len(rows) + 3}"
    sheet.print_title_rows = "3:3"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    heading = _cell(sheet, title)
    heading.font = Font(bold=True, size=14)
    heading.alignment = Alignment(wrap_text=False)
    sheet.append([heading])
    sheet.append([])
    header_cells = [_cell(sheet, header) for header in headers]
    for cell in header_cells:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(vertical="top", wrap_text=True)
    sheet.append(header_cells)
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()
