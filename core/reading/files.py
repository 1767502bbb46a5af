"""Bytes of an upload -> sheets of cells. What a file is, is told by its content, never by its name alone."""

from pathlib import PurePath

from core.problems import Problem, refuse
from core.reading.cells import Sheet
from core.reading.csv_text import not_text, sheet_of_csv
from core.reading.workbooks import OLE2, sheets_of_ole2, sheets_of_zip

# The largest ledger that a council sent in trials had 40,000 rows; six times as many take a quarter of a minute.
ROWS_MOST = 250_000
# Every sheet is weighed against every other; a year by weeks has 53.
SHEETS_MOST = 100

_OTHER_KINDS = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"{\\rtf": "a word-processor document",
    b"Rar!": "a packed archive",
    b"7z\xbc\xaf": "a packed archive",
    b"\x1f\x8b": "a packed archive",
    b"MZ": "a program",
    b"\x7fELF": "a program",
}


def require_size(size: int, name: str, limit: int) -> None:
    """Refuse a file above `limit` bytes; called with the size alone, before the file is read."""
    if size > limit:
        raise refuse(
            "R3",
            f"“{name}” is {size / 1024 / 1024:,.1f} MB; the most that can be read is {limit / 1024 / 1024:,.1f} MB. "
            "Send a shorter period, or only the sheets that hold the ledger.",
        )


def open_sheets(data: bytes, filename: str, limit: int) -> tuple[list[Sheet], list[Problem]]:
    """Every sheet of the file, hidden ones too, or core.problems.Refused with one sentence."""
    name = PurePath(filename).name
    require_size(len(data), name, limit)
    if not data.strip():
        raise refuse("R1", f"“{name}” is empty. Check that the right file was chosen.")
    if data.startswith(OLE2):
        sheets, problems = sheets_of_ole2(data, name)
        kind = ".xls"
    elif data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        sheets, problems = sheets_of_zip(data, name)
        kind = ".xlsx or .ods"
    else:
        for magic, words in _OTHER_KINDS.items():
            if data.startswith(magic) and not (magic.isalnum() and data.isascii()):
                raise refuse("R2", f"“{name}” is {words}, not a spreadsheet. Send it as .csv, .xlsx, .xls or .ods.")
        if data.startswith((b"\x09\x08", b"\x09\x04", b"\x09\x02")):
            raise not_text(name)
        sheets, problems = [sheet_of_csv(data, name, PurePath(name).stem or name)], []
        kind = ".csv"
    if len(sheets) > SHEETS_MOST:
        raise refuse(
            "R3",
            f"“{name}” has {len(sheets):,} sheets; the most that can be read is {SHEETS_MOST}. Send fewer at a time.",
        )
    filled = sum(bool(cells) for sheet in sheets for cells in sheet.rows)
    if filled > ROWS_MOST:
        raise refuse(
            "R3", f"“{name}” has {filled:,} rows; the most that can be read is {ROWS_MOST:,}. Send a shorter period."
        )
    ending = PurePath(name).suffix.lower()
    if ending in {".csv", ".txt", ".xls", ".xlsx", ".ods"} and ending not in kind and ending != ".txt":
        problems.append(
            Problem("L15", f"The name ends in {ending}, but the content is {kind}; it was read as that.", False)
        )
    return sheets, problems
