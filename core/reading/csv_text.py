"""CSV bytes -> one sheet of cells: the encoding, the line ends, the separator and stray quotation marks."""

import csv
import io
import re
from typing import Any

from core.problems import refuse
from core.reading.cells import Sheet, trimmed

# What a sheet of Excel holds, blank rows and all.
LINES_MOST, COLUMNS_MOST = 1_048_576, 16_384
SEPARATORS = ",\t;|"
# Bytes that stand for the pound sign; in the other code page each is a letter within a word.
_POUND_437 = re.compile(rb"(?<![A-Za-z])\x9c|\x9c(?![A-Za-z])")
_LETTER_437 = re.compile(rb"[A-Za-z][\x81\x82\x87\x8a][A-Za-z]")
_MARK_1252 = re.compile(rb"\xa3|(?<![A-Za-z])[\x91-\x94\x96\x97]|[A-Za-z]\x92[A-Za-z]|[A-Za-z][\xe0-\xff][A-Za-z]")
_NEVER_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f]")


def decoded(data: bytes, name: str) -> tuple[str, str]:
    """The text and the name of its encoding. Refuses what is no text."""
    if data.startswith(b"\xef\xbb\xbf"):
        encoding, label = "utf-8-sig", "utf-8 with BOM"
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding, label = "utf-16", "utf-16"
    elif nulls := data[:4000].count(b"\0"):
        odd = data[1:4000:2].count(b"\0")
        encoding = label = "utf-16-le" if odd > nulls / 2 else "utf-16-be"
        if max(odd, nulls - odd) < len(data[:4000]) / 5 or min(odd, nulls - odd) > nulls / 10:
            raise not_text(name)
    else:
        if len(_CONTROLS.findall(data)) > len(data) / 1000:
            raise not_text(name)
        encoding = label = _eight_bit_encoding(data)
    try:
        return data.decode(encoding), label
    except UnicodeDecodeError:
        if encoding.startswith("utf-16"):
            raise not_text(name) from None
        # A file may begin in UTF-8 and have one stray byte; cp1252 has a few undefined ones too.
        return data.decode("cp1252" if encoding == "utf-8-sig" else encoding, errors="replace"), label


def not_text(name: str) -> Exception:
    return refuse("R2", f"“{name}” is neither a spreadsheet nor text. Send the ledger as .csv, .xlsx, .xls or .ods.")


def _eight_bit_encoding(data: bytes) -> str:
    if data.isascii():
        return "ascii"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        dos = len(_POUND_437.findall(data)) + len(_LETTER_437.findall(data))
        windows = len(_MARK_1252.findall(data))
        return "cp437" if dos > windows or (dos == windows and _NEVER_1252.search(data)) else "cp1252"
    return "utf-8"


def sheet_of_csv(data: bytes, name: str, sheet_name: str) -> Sheet:
    text, encoding = decoded(data, name)
    if re.match(r"\s*<(!doctype|\?xml|html|table|head|body|meta|style)\b", text[:400], re.IGNORECASE):
        raise refuse(
            "R2",
            f"“{name}” is a web page or XML, whatever its name says. Open it in Excel, save it as .xlsx and send that.",
        )
    # Lines end where the csv module says: CR, LF or CRLF, but not at the form feeds that splitlines() takes.
    lines = list(io.StringIO(text, newline=""))
    if len(lines) > LINES_MOST:
        raise refuse("R3", f"“{name}” has {len(lines):,} lines, more than a spreadsheet. Send a shorter period.")
    separator = lines[0][4:5] if lines and re.match(r"(?i)sep=.\r?\n?$", lines[0]) else _separator(lines)
    try:
        return _sheet(lines, separator, sheet_name, encoding)
    except csv.Error:
        raise refuse(
            "R4",
            f"“{name}” has a cell of more than 131,072 characters: most likely a quotation mark is opened and "
            "never closed. Correct it, or send the file as .xlsx.",
        ) from None


def _reader(lines: list[str], separator: str, strict: bool = False) -> Any:
    """The one dialect of all readings here; a space before a quotation mark is no part of the cell."""
    return csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=strict)


def _separator(lines: list[str]) -> str:
    """The separator by which most of the first records have the same number of cells, at least two."""

    def agreement(separator: str) -> tuple[int, int]:
        try:
            widths = [len(record) for record in _reader(lines[:300], separator)]
        except csv.Error:
            return 0, 0
        common = max(set(widths), key=lambda width: (widths.count(width), width), default=0)
        agreed = {width: widths.count(width) for width in set(widths) if width > 1}
        return (max(agreed.values(), default=0), common)

    return max(SEPARATORS, key=agreement)


def _sheet(lines: list[str], separator: str, sheet_name: str, encoding: str) -> Sheet:
    rows, widths, broken = [], [], {}
    reader = _reader(lines, separator)
    before = 0
    for record in reader:
        if len(record) > COLUMNS_MOST:
            raise refuse("R3", f"Line {before + 1} has more than 16,384 cells. Check that the file is a ledger.")
        if reader.line_num - before > 1 or not widths:
            fault = _stray_quote(lines[before : reader.line_num], separator)
            if fault:
                broken[len(rows)] = fault.format(first=before + 1, last=reader.line_num)
        rows.append(trimmed(record))
        widths.append(len(record))
        before = reader.line_num
    return Sheet(sheet_name, rows, from_workbook=False, encoding=encoding, widths=widths, broken=broken)


def _stray_quote(lines: list[str], separator: str) -> str:
    """Why a record over several lines cannot be trusted: a stray quotation mark swallows whole rows."""
    if len(lines) < 2:
        return ""
    swallowed = "lines {first} to {last} run together because a quotation mark is not closed; correct it in the file"
    try:
        records = list(_reader(lines, separator, strict=True))
    except csv.Error:
        return swallowed
    within = len(records[0]) - 1
    filled = [line for line in lines if line.strip()]
    return swallowed if within and all(line.count(separator) >= within for line in filled) else ""
