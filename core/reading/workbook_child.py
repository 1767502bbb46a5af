"""Run as a program of its own: workbook bytes on standard input, pickled sheets on standard output.

The library that reads workbooks sets aside memory for the whole rectangle between the first and
the last cell, and ends the process when there is none. A sheet with one cell in the last corner
would so end the web server; here it ends only this child, which has its own limits.
"""

import io
import pickle
import resource
import sys
from typing import Any

MEMORY_BYTES = 1 << 30
PROCESSOR_SECONDS = 30
# A million rows of twelve columns; real ledgers of a year stay under half a million cells.
MOST_CELLS = 12_000_000


def sheets_of(data: bytes) -> list[dict[str, Any]]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets = []
    left = MOST_CELLS
    for about in workbook.sheets_metadata:
        if about.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = workbook.get_sheet_by_name(about.name)
        end = sheet.end or (-1, -1)
        left -= (end[0] + 1) * (end[1] + 1)
        if left < 0:
            raise MemoryError
        rows = sheet.to_python(skip_empty_area=False)
        for row in rows:
            while row and row[-1] == "":
                row.pop()
        hidden = about.visible != SheetVisibleEnum.Visible
        merged = tuple(sheet.merged_cell_ranges or ())
        sheets.append({"name": about.name, "hidden": hidden, "rows": rows, "merged": merged})
    return sheets


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer: tuple[str, Any] = ("sheets", sheets_of(sys.stdin.buffer.read()))
    except MemoryError:
        answer = ("too large", None)
    # A panic of the library is no Exception, and any failure here is the file's.
    except BaseException as error:
        too_large = "capacity overflow" in str(error)
        password = type(error).__name__ == "PasswordError"
        answer = ("too large" if too_large else "password" if password else "damaged", None)
    pickle.dump(answer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
