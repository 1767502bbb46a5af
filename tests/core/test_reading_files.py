"""Kinds of file: every encoding and line end, every workbook, and the hostile ones, refused in one sentence."""

import io
import resource
import time
import zipfile
from decimal import Decimal

import openpyxl
import pytest

from core.reading import read_ledger
from tests.core.ledger_files import (
    HEADER,
    ROWS,
    TOTAL,
    codes,
    csv_bytes,
    message,
    ods_bytes,
    refusal,
    saved,
    unreadable_rows,
    with_parts,
    workbook_bytes,
    xls_bytes,
    zip_bytes,
)

POUNDS = ("Date", "Supplier", "Invoice No", "Amount (£)")


def plain_rows(reading):
    return len(reading.rows), f"{reading.total:.2f}"


# Text


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8 with BOM"),
        ("cp1252", "cp1252"),
        ("cp437", "cp437"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_every_encoding_and_line_end(encoding, told, end):
    reading = read_ledger(csv_bytes(POUNDS, *ROWS, end=end, encoding=encoding), "ledger.csv")
    assert plain_rows(reading) == (3, TOTAL)
    assert (reading.sheets[0].encoding, reading.sheets[0].columns["amount"]) == (told, "D “Amount (£)”")


def test_names_keep_their_accents_in_the_two_old_code_pages():
    for encoding in ("cp1252", "cp437"):
        rows = [("03/04/2023", "Café René", "A1", "£5.00"), ("25/04/2023", "Zoë", "A2", "£6.00")]
        reading = read_ledger(csv_bytes(POUNDS, *rows, encoding=encoding), "ledger.csv")
        assert [row.supplier for row in reading.rows] == ["Café René", "Zoë"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_separator(separator):
    rows = [("03/04/2023", "Acme, Bee; Co", "A1", "1,100.00"), ("25/04/2023", "Elm", "A2", "2.00")]
    reading = read_ledger(csv_bytes(HEADER, *rows, separator=separator), "ledger.csv")
    assert plain_rows(reading) == (2, "1102.00")


def test_a_space_before_a_quotation_mark_is_no_part_of_the_cell():
    data = b'Supplier, Date, Amount\r\n Acme, 25/04/2023, "1,234.56"\r\n'
    assert plain_rows(read_ledger(data, "ledger.csv")) == (1, "1234.56")


def test_the_line_that_names_the_separator_is_obeyed():
    reading = read_ledger(b"sep=;\r\n" + csv_bytes(HEADER, *ROWS, separator=";"), "ledger.csv")
    assert plain_rows(reading) == (3, TOTAL)


def test_a_line_break_within_quotes_does_not_end_the_row():
    for end in ("\r\n", "\n", "\r"):
        row = ("25/04/2023", f"Acme Ltd,{end}the Annexe", "A1", "5.00")
        reading = read_ledger(csv_bytes(HEADER, row, ROWS[0], end=end), "ledger.csv")
        assert [row.supplier for row in reading.rows] == ["Acme Ltd, the Annexe", "Acme Ltd"]


@pytest.mark.parametrize(
    "lines",
    [
        '14/04/2023,"Bee,B2,250.50\r\n15/04/2023,Elm,C3,1.00\r\n',
        '14/04/2023,"Bee,B2,250.50\r\n15/04/2023,"Elm",C3,1.00\r\n',
        '14/04/2023,Bee,B2,"250.50\r\n15/04/2023,Elm,C3,1.00"\r\n',
    ],
)
def test_rows_swallowed_by_a_stray_quotation_mark_are_named(lines):
    data = csv_bytes(HEADER, ROWS[0]) + lines.encode()
    reading = read_ledger(data, "ledger.csv")
    assert (plain_rows(reading), unreadable_rows(reading)) == ((1, "100.00"), [3])
    assert "lines 3 to 4 run together" in reading.unreadable[0].reason


def test_a_formula_in_a_name_is_only_text():
    row = ("25/04/2023", "=cmd|' /C calc'!A0", "@SUM(1)", "5.00")
    reading = read_ledger(csv_bytes(HEADER, row), "ledger.csv")
    assert (reading.rows[0].supplier, reading.rows[0].document) == ("=cmd|' /C calc'!A0", "@SUM(1)")


def test_seventy_empty_columns_and_many_blank_rows_are_passed_over():
    wide = [(*row, *[""] * 70) for row in (HEADER, *ROWS)]
    reading = read_ledger(csv_bytes([""] * 74, *wide, *[[""] * 74] * 90), "ledger.csv")
    assert (plain_rows(reading), reading.blank_rows, reading.sheets[0].header_row) == ((3, TOTAL), 91, 2)


# Workbooks


def test_an_xls_an_xlsx_and_an_ods_of_the_same_rows_read_the_same():
    rows = [("Date", "Supplier", "Amount"), (45050.0, "Acme", 10.5), (45051.0, "Bee", -3.25)]
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
            if isinstance(cell, float)
            else f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    files = {"a.xls": xls_bytes(rows), "a.xlsx": workbook_bytes(rows), "a.ods": ods_bytes(cells)}
    for name, data in files.items():
        reading = read_ledger(data, name)
        assert (plain_rows(reading), reading.credits, reading.first_date.isoformat()) == ((2, "7.25"), 1, "2023-05-04")
        assert codes(reading) == {"L11"}


def test_repeated_rows_of_an_ods_count_as_often_as_they_repeat():
    rows = (
        "<table:table-row>"
        '<table:table-cell office:value-type="string"><text:p>Supplier</text:p></table:table-cell>'
        '<table:table-cell office:value-type="string"><text:p>Amount</text:p></table:table-cell></table:table-row>'
        '<table:table-row table:number-rows-repeated="3">'
        '<table:table-cell office:value-type="string"><text:p>Acme</text:p></table:table-cell>'
        '<table:table-cell office:value-type="currency" office:value="2.5"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="1024"/></table:table-row>'
    )
    reading = read_ledger(ods_bytes(rows), "ledger.ods")
    assert (plain_rows(reading), reading.exact_duplicates) == ((3, "7.50"), 2)


def test_values_under_the_merged_cells_of_an_ods_are_not_counted():
    rows = (
        "<table:table-row>"
        '<table:table-cell office:value-type="string"><text:p>Supplier</text:p></table:table-cell>'
        '<table:table-cell office:value-type="string"><text:p>Amount</text:p></table:table-cell></table:table-row>'
        "<table:table-row>"
        '<table:table-cell office:value-type="string"><text:p>Acme</text:p></table:table-cell>'
        '<table:table-cell office:value-type="float" office:value="2.5"/></table:table-row>'
        '<table:table-row><table:table-cell table:number-columns-spanned="2" office:value-type="string">'
        "<text:p>Note</text:p></table:table-cell>"
        '<table:covered-table-cell office:value-type="float" office:value="999"><text:p>999</text:p>'
        "</table:covered-table-cell></table:table-row>"
    )
    reading = read_ledger(ods_bytes(rows), "ledger.ods")
    assert plain_rows(reading) == (1, "2.50")
    assert message(reading, "L13") == "1 merged cells held hidden values; they were not read."


def test_covered_cells_that_are_never_closed_do_not_hold_up_the_server():
    began = time.monotonic()
    refusal(ods_bytes("<table:covered-table-cell>" * 40_000), "ledger.ods")
    # Looking for each end anew took two minutes for these, and grows with the square.
    assert time.monotonic() - began < 20


def test_a_strict_workbook_is_read_and_one_without_sheets_is_refused():
    def strict(name, content):
        for old, new in (
            (b"schemas.openxmlformats.org/spreadsheetml/2006/main", b"purl.oclc.org/ooxml/spreadsheetml/main"),
            (
                b"schemas.openxmlformats.org/officeDocument/2006/relationships",
                b"purl.oclc.org/ooxml/officeDocument/relationships",
            ),
        ):
            content = content.replace(old, new)
        return content

    rows = [HEADER, ("25/04/2023", "Acme", "A1", 5.0)]
    assert plain_rows(read_ledger(with_parts(workbook_bytes(rows), strict), "ledger.xlsx")) == (1, "5.00")

    def sheetless(name, content):
        if name != "xl/workbook.xml":
            return content
        before, rest = content.split(b"<sheets>")
        return before + b"<sheets/>" + rest.split(b"</sheets>")[1]

    said = refusal(with_parts(workbook_bytes(rows), sheetless), "ledger.xlsx")
    assert said.startswith("No sheet could be found in “ledger.xlsx”")


def test_content_decides_and_a_wrong_ending_is_told():
    reading = read_ledger(workbook_bytes([HEADER, ("25/04/2023", "Acme", "A1", 5.0)]), "ledger.csv")
    assert (plain_rows(reading), "L15" in codes(reading)) == ((1, "5.00"), True)


def test_sheets_without_a_ledger_are_named():
    reading = read_ledger(workbook_bytes([("Notes",), ("Read me",)], [HEADER, *ROWS]), "ledger.xlsx")
    assert "“Sheet1”" in message(reading, "L7")


# Refusals


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "a.csv", "is empty"),
        (b" \r\n ", "a.csv", "is empty"),
        (b"%PDF-1.7\n%\xe2\xe3", "a.csv", "is a PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a.xlsx", "is a picture"),
        (b"MZ\x90\0\x03\0\0\0\xff\xff", "a.xlsx", "is a program"),
        (bytes(range(256)) * 40, "a.csv", "neither a spreadsheet nor text"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "a.xls", "a web page or XML"),
        (b'<?xml version="1.0"?><Workbook/>', "a.xls", "a web page or XML"),
        (b"PK\x03\x04" + b"\0" * 300, "a.xlsx", "is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.xls", "is damaged"),
        (
            zip_bytes({"word/document.xml": b"<w/>", "[Content_Types].xml": b"<Types/>"}),
            "a.xlsx",
            "is not a spreadsheet",
        ),
        (zip_bytes({"xl/workbook.bin": b"x"}), "a.xlsb", "a binary workbook"),
        (b"just some words\r\nand more of them\r\n", "a.csv", "No payments were found"),
        (csv_bytes(HEADER), "a.csv", "No payments were found"),
        (workbook_bytes([HEADER, ("25/04/2023", "Acme", "A1", "=1+1")]), "a.xlsx", "If it is a formula, open the file"),
        (csv_bytes(HEADER, ("25/04/2023", "Acme", "A1", "x")), "a.csv", "No row of “a.csv” could be read: row 2"),
    ],
)
def test_a_wrong_kind_of_file_is_refused_with_what_to_do(data, name, said):
    assert said in refusal(data, name)


def test_a_file_above_the_limit_is_refused_by_its_size():
    assert "is 2.0 MB; the most that can be read is 1.0 MB" in refusal(b"x" * 2**21, "big.csv", limit=2**20)


@pytest.mark.parametrize("stream", ["EncryptedPackage", "EncryptionInfo"])
def test_an_encrypted_workbook_is_said_to_be_password_protected(stream):
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + stream.encode("utf-16-le")
    assert "is password-protected" in refusal(data, "secret.xlsx")


def test_an_encrypted_ods_is_said_to_be_password_protected():
    def encrypted(name, content):
        return content.replace(b"</manifest", b"<manifest:encryption-data/></manifest") if "META" in name else content

    assert "is password-protected" in refusal(with_parts(ods_bytes(""), encrypted), "secret.ods")


def test_a_macro_workbook_is_refused():
    parts = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>", "xl/vbaProject.bin": b"x"}
    assert "is a macro workbook. Save it as .xlsx" in refusal(zip_bytes(parts), "a.xlsm")


def test_a_truncated_workbook_is_refused():
    data = workbook_bytes([HEADER, *ROWS])
    for cut in (400, len(data) // 2, len(data) - 30):
        assert "is damaged" in refusal(data[:cut], "a.xlsx")


def test_a_workbook_with_a_broken_part_is_refused():
    def broken(name, content):
        return content[: len(content) // 2] if name.endswith("sheet1.xml") else content

    assert "is damaged" in refusal(with_parts(workbook_bytes([HEADER, *ROWS]), broken), "a.xlsx")


def quickly(data, name):
    begun = time.monotonic()
    said = refusal(data, name)
    assert time.monotonic() - begun < 20
    return said


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    bomb = zip_bytes({"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": b" " * 30_000_000})
    assert len(bomb) < 50_000
    assert "unpacks to far more than a ledger holds" in quickly(bomb, "a.xlsx")


def test_a_zip_that_lies_about_its_size_is_refused():
    packed = bytearray(zip_bytes({"xl/workbook.xml": b"<workbook/>" + b" " * 1_000_000}))
    for magic, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = packed.index(magic) + offset
        packed[at : at + 4] = (12).to_bytes(4, "little")
    assert "is damaged" in quickly(bytes(packed), "a.xlsx")


def test_entities_are_refused_before_any_parser_sees_them():
    def bomb(name, content):
        if not name.endswith("sheet1.xml"):
            return content
        declared = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        return content.replace(b"<worksheet", declared + b"<worksheet", 1)

    assert "holds XML entities" in quickly(with_parts(workbook_bytes([HEADER, *ROWS]), bomb), "a.xlsx")


def test_one_cell_in_the_last_corner_does_not_take_the_memory_of_the_whole_sheet():
    book = openpyxl.Workbook()
    for row in (HEADER, *ROWS):
        book.active.append(row)
    book.active["XFD1048576"] = 1
    assert "reaches far beyond its data" in quickly(saved(book), "a.xlsx")


def test_a_sheet_too_large_for_its_allowance_ends_the_child_and_not_the_machine():
    book = openpyxl.Workbook()
    for row in (HEADER, *ROWS):
        book.active.append(row)
    # Five gigabytes as the parser would lay it out.
    book.active["GR1048576"] = 1
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert "reaches far beyond its data" in quickly(saved(book), "a.xlsx")
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 1_100_000)


def test_a_huge_declared_dimension_over_few_cells_is_read():
    def declared(name, content):
        return content.replace(b'ref="A1:D4"', b'ref="A1:XFD1048576"')

    data = with_parts(workbook_bytes([HEADER, *((*row[:3], float(row[3])) for row in ROWS)]), declared)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"XFD1048576" in archive.read("xl/worksheets/sheet1.xml")
    assert plain_rows(read_ledger(data, "a.xlsx")) == (3, TOTAL)


@pytest.mark.parametrize(("across", "said"), [(16_384, "is damaged"), (16, "reaches far beyond its data")])
def test_a_block_of_cells_repeated_without_end_is_refused(across, said):
    cell = f'<table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="{across}"/>'
    rows = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    assert said in quickly(ods_bytes(rows), "a.ods")


def test_a_line_of_commas_and_a_cell_without_end_are_refused():
    assert "more than 16,384 cells" in quickly(b"," * 1_000_000, "a.csv")
    assert "a quotation mark is opened and never closed" in quickly(b'"' + b"x" * 3_000_000, "a.csv")


def test_more_rows_than_any_ledger_has_are_refused_and_blank_ones_are_not_counted():
    assert "has 250,001 rows; the most that can be read is 250,000" in quickly(b"1,1,1\n" * 250_001, "a.csv")
    assert plain_rows(read_ledger(csv_bytes(HEADER, *ROWS) + b",,,\r\n" * 260_000, "a.csv")) == (3, TOTAL)


def test_more_sheets_than_a_ledger_has_are_refused():
    assert "has 101 sheets; the most that can be read is 100" in quickly(workbook_bytes(*[[HEADER]] * 101), "a.xlsx")


def test_a_cell_of_endless_digits_is_named_and_quoted_short():
    said = refusal(csv_bytes(HEADER, ("25/04/2023", "Acme", "A1", "1" * 90_000)), "a.csv")
    assert len(said) < 250


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are():
    data = workbook_bytes([HEADER, *ROWS])
    assert refusal(data, "a.xlsx", sheet="May") == "“a.xlsx” has no sheet “May”. It has: “Sheet1”."


def test_the_sum_of_what_is_read_and_named_is_every_filled_row():
    lines = [HEADER, *ROWS, ("x", "y", "z", "?"), ("only words",), ROWS[0], ("", "Total", "", "500.00")]
    reading = read_ledger(csv_bytes(*lines), "a.csv")
    assert (plain_rows(reading), unreadable_rows(reading)) == ((4, "500.00"), [5])
    assert reading.control_total == Decimal("500.00")
