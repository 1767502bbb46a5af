"""Ledgers and other files made in code for the tests of reading: text lines, workbooks, raw zips."""

import io
import struct
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from core.problems import Refused
from core.reading import LedgerReading, read_ledger

HEADER = ("Date", "Supplier", "Invoice No", "Amount")
ROWS = (
    ("03/04/2023", "Acme Ltd", "A1", "100.00"),
    ("14/04/2023", "Bee & Sons", "B2", "250.50"),
    ("28/04/2023", "Cedar Trust", "C3", "49.50"),
)
TOTAL = "400.00"


def csv_bytes(*lines: Sequence[str], end: str = "\r\n", encoding: str = "utf-8", separator: str = ",") -> bytes:
    """Each line a sequence of cells, quoted where a cell needs it."""

    def quoted(cell: str) -> str:
        needs = any(mark in cell for mark in (separator, '"', "\n", "\r"))
        return '"' + cell.replace('"', '""') + '"' if needs else cell

    return (end.join(separator.join(map(quoted, line)) for line in lines) + end).encode(encoding)


def read_csv(*lines: Sequence[str], **how: Any) -> LedgerReading:
    return read_ledger(csv_bytes(*lines, **how), "ledger.csv")


def workbook_bytes(*sheets: Iterable[Sequence[Any]], then: Callable[[Worksheet], None] | None = None) -> bytes:
    """One sheet for each list of rows, named Sheet1 and so on; `then` is called on the first."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"Sheet{number}")
        for row in rows:
            sheet.append(list(row))
    if then:
        then(book.worksheets[0])
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read_workbook(*sheets: Iterable[Sequence[Any]], **how: Any) -> LedgerReading:
    return read_ledger(workbook_bytes(*sheets, **how), "ledger.xlsx")


def zip_bytes(parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def with_parts(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A zip with each part passed through `change`."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return zip_bytes({name: change(name, archive.read(name)) for name in archive.namelist()})


def ods_bytes(rows: str, sheet: str = "Payments") -> bytes:
    """An .ods file of one sheet, given its rows as XML."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{names}:office:1.0" '
        f'xmlns:table="{names}:table:1.0" xmlns:text="{names}:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="{sheet}">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        f'<?xml version="1.0"?><manifest:manifest xmlns:manifest="{names}:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    return zip_bytes(
        {"mimetype": kind.encode(), "META-INF/manifest.xml": manifest.encode(), "content.xml": content.encode()}
    )


def refusal(data: bytes, filename: str, **how: Any) -> str:
    """The one sentence with which the file is refused; fails if it is read."""
    try:
        reading = read_ledger(data, filename, **how)
    except Refused as refused:
        assert len(refused.problems) == 1
        return str(refused)
    raise AssertionError(f"read {len(reading.rows)} rows of {filename}")


def codes(reading: LedgerReading) -> set[str]:
    return {problem.code for problem in reading.problems}


def message(reading: LedgerReading, code: str) -> str:
    """The words of the only problem with this code."""
    (found,) = [problem.message for problem in reading.problems if problem.code == code]
    return found


def where(reading: LedgerReading, code: str) -> str:
    (found,) = [problem.where for problem in reading.problems if problem.code == code]
    return found


def unreadable_rows(reading: LedgerReading) -> list[int]:
    return [row.row for row in reading.unreadable]


def xls_bytes(rows: Sequence[Sequence[str | float]], sheet: str = "Payments") -> bytes:
    """An old .xls workbook of one sheet: the fewest BIFF8 records, in an OLE2 file of one stream."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def cell(row: int, column: int, value: str | float) -> bytes:
        place = struct.pack("<HHH", row, column, 0)
        if isinstance(value, str):
            return record(0x0204, place + struct.pack("<HB", len(value), 0) + value.encode("latin-1"))
        return record(0x0203, place + struct.pack("<d", value))

    def beginning(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))

    end = record(0x000A, b"")
    name = struct.pack("<BB", len(sheet), 0) + sheet.encode("latin-1")
    start = len(beginning(5) + record(0x0085, struct.pack("<IH", 0, 0) + name) + end)
    stream = beginning(5) + record(0x0085, struct.pack("<IH", start, 0) + name) + end + beginning(0x10)
    stream += b"".join(cell(r, c, value) for r, row in enumerate(rows) for c, value in enumerate(row)) + end
    # Streams below 4,096 bytes would need the small-block table.
    stream += b"\0" * (-len(stream) % 512 if len(stream) > 4096 else 4096 - len(stream))
    sectors = len(stream) // 512
    chain = [*range(1, sectors), 0xFFFFFFFE, 0xFFFFFFFE, 0xFFFFFFFD]
    fat = b"".join(struct.pack("<I", link) for link in chain + [0xFFFFFFFF] * (128 - len(chain)))

    def entry(title: str, kind: int, child: int, first: int, size: int) -> bytes:
        text = (title + "\0").encode("utf-16-le")
        links = struct.pack("<HBBIII", len(text), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        return text.ljust(64, b"\0") + links + b"\0" * 36 + struct.pack("<IQ", first, size)

    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 0, len(stream))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, 1, sectors, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<I", sectors + 1) + b"\xff" * (108 * 4)
    return header + stream + directory.ljust(512, b"\0") + fat
