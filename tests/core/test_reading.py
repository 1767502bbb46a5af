"""The traits by which a ledger loses or doubles money with no error, each in a small file made here."""

from datetime import date
from decimal import Decimal

import pytest

from core.reading import read_ledger
from tests.core.ledger_files import (
    HEADER,
    ROWS,
    TOTAL,
    codes,
    csv_bytes,
    message,
    read_csv,
    read_workbook,
    unreadable_rows,
    where,
    with_parts,
    workbook_bytes,
)


def test_a_plain_ledger_is_read_with_its_cells():
    reading = read_csv(HEADER, *ROWS)
    assert (len(reading.rows), f"{reading.total:.2f}") == (3, TOTAL)
    first = reading.rows[0]
    assert (first.date, first.supplier, first.document, first.amount) == (
        date(2023, 4, 3),
        "Acme Ltd",
        "A1",
        Decimal("100.00"),
    )
    assert first.where() == "ledger!D2"
    assert first.where("date") == "ledger!A2"
    assert reading.problems == ()


def test_what_is_printed_as_json_has_every_key_and_no_other():
    told = read_csv(("Payments over £500", "", "", ""), (), HEADER, *ROWS, ("", "", "", TOTAL)).as_json()
    assert told == {
        "rows": 3,
        "total": "400.00",
        "first_date": "2023-04-03",
        "last_date": "2023-04-28",
        "credits": 0,
        "exact_duplicates": 0,
        "blank_rows": 1,
        "unreadable": [],
        "control_total": "400.00",
        "sheets": {
            "ledger": {
                "header_row": 3,
                "encoding": "utf-8",
                "rows": 3,
                "total": "400.00",
                "control_total": "400.00",
                "columns": {
                    "amount": "D “Amount”",
                    "date": "A “Date”",
                    "supplier": "B “Supplier”",
                    "document": "C “Invoice No”",
                },
            }
        },
        "problems": [
            {
                "code": "L17",
                "message": "Row 7 sums the rows above it and was taken as a total, not as a payment.",
                "where": "ledger",
            }
        ],
    }


# Totals


@pytest.mark.parametrize(
    "total_row",
    [
        ("", "", "", TOTAL),
        ("", "Total", "", TOTAL),
        ("Grand Total", "", "", TOTAL),
        ("TOTAL:", "", "", "£400.00"),
        ("", "", "Total", "", TOTAL),
        ("", "Sum of payments", "", TOTAL),
    ],
)
def test_a_total_row_is_not_added_and_is_given_as_the_files_own(total_row):
    rows = (*ROWS, ("29/04/2023", "Dove", "D4", "0.00"), ("30/04/2023", "Elm", "E5", "0.00"))
    reading = read_csv(HEADER, *rows, total_row)
    assert (len(reading.rows), reading.total, reading.control_total) == (5, Decimal(TOTAL), Decimal(TOTAL))
    assert not reading.unreadable


def test_totals_of_sections_and_of_the_whole_are_all_left_out():
    reading = read_csv(
        HEADER,
        ROWS[0],
        ROWS[1],
        ("", "Housing Total", "", "350.50"),
        ROWS[2],
        ("", "", "", "49.50"),
        ("", "Grand Total", "", "400.00"),
    )
    assert (len(reading.rows), reading.total, reading.control_total) == (3, Decimal(TOTAL), Decimal(TOTAL))
    assert reading.unreadable == ()


def test_a_supplier_whose_name_begins_with_total_is_paid():
    reading = read_csv(HEADER, *ROWS, ("29/04/2023", "Total Gas & Power", "T9", "400.00"))
    assert (len(reading.rows), reading.total) == (4, Decimal("800.00"))
    reading = read_csv(("Supplier", "Amount"), ("Acme", "10.00"), ("Total Fitness Ltd", "3.00"), ("Bee", "7.00"))
    assert (len(reading.rows), reading.total) == (3, Decimal("20.00"))


def test_a_payment_that_happens_to_equal_the_sum_above_it_counts():
    reading = read_csv(HEADER, ROWS[0], ("14/04/2023", "Bee", "B2", "100.00"), ("15/04/2023", "Elm", "C3", "200.00"))
    assert (len(reading.rows), reading.total) == (3, Decimal("400.00"))
    reading = read_csv(("Supplier", "Amount"), ("Acme", "5.00"), ("Bee", "5.00"), ("Elm", "1.00"), ("Fir", "11.00"))
    assert (len(reading.rows), reading.total) == (4, Decimal("22.00"))


def test_the_files_own_total_is_compared_and_the_difference_named():
    reading = read_csv(HEADER, *ROWS, ("", "Total", "", "401.00"))
    assert (reading.total, reading.control_total) == (Decimal(TOTAL), Decimal("401.00"))
    assert "£401.00, but the rows read come to £400.00, a difference of £1.00" in message(reading, "L2")
    assert where(reading, "L2") == "ledger!5"


def test_a_total_above_the_header_is_the_files_own():
    reading = read_csv(("Total", "", "", TOTAL), HEADER, *ROWS)
    assert (len(reading.rows), reading.control_total) == (3, Decimal(TOTAL))
    assert "L2" not in codes(reading)


@pytest.mark.parametrize(
    "row",
    [
        ("", "Housing Total", "", "350.50"),
        ("30/04/2023", "Total", "", "350.50"),
        ("", "Total", "2", "350.50"),
        ("", "Brought forward", "", "350.50"),
    ],
)
def test_a_row_that_speaks_of_a_total_is_one_when_the_sum_is_right_and_never_a_payment(row):
    reading = read_csv(HEADER, ROWS[0], ROWS[1], row, ROWS[2])
    assert (reading.total, reading.unreadable, reading.control_total) == (Decimal(TOTAL), (), None)
    reading = read_csv(HEADER, ROWS[0], ROWS[1], (*row[:3], "350.49"), ROWS[2])
    assert reading.total == Decimal(TOTAL)
    assert unreadable_rows(reading) == [4] or "L2" in codes(reading)


def test_a_supplier_called_total_with_a_date_and_a_number_is_paid():
    reading = read_csv(HEADER, ROWS[0], ("14/04/2023", "Total", "B2", "100.00"))
    assert (len(reading.rows), reading.total) == (2, Decimal("200.00"))


def test_an_amount_that_stands_alone_and_sums_nothing_is_named():
    reading = read_csv(HEADER, ROWS[0], ("", "", "", "7.00"), ROWS[1], ROWS[2])
    assert unreadable_rows(reading) == [3]
    assert reading.total == Decimal(TOTAL)


# Headers


def test_a_second_header_moves_the_amount_to_another_column():
    reading = read_csv(
        ("Date", "Supplier", "Amount", "Service"),
        ("03/04/2023", "Acme", "100.00", "Housing"),
        ("Date", "Supplier", "Service", "Amount"),
        ("14/04/2023", "Bee", "Parks", "250.50"),
    )
    assert [(row.amount, row.cells["amount"]) for row in reading.rows] == [
        (Decimal("100.00"), "C2"),
        (Decimal("250.50"), "D4"),
    ]
    assert "row 3 a second header" in message(reading, "L16")
    assert not reading.unreadable


def test_the_header_of_each_printed_page_and_its_title_are_skipped():
    title = ("Payments to suppliers", "", "", "")
    reading = read_csv(title, HEADER, ROWS[0], title, HEADER, ROWS[1], title, HEADER, ROWS[2])
    assert (len(reading.rows), reading.total) == (3, Decimal(TOTAL))
    assert not reading.unreadable


def test_a_header_in_the_last_row_rules_the_rows_above_it():
    reading = read_csv(*ROWS, HEADER)
    assert (len(reading.rows), reading.total) == (3, Decimal(TOTAL))
    assert "below its rows, in row 4" in message(reading, "L16")


def test_a_row_above_a_last_header_that_cannot_be_read_is_named():
    reading = read_csv(("01/04/2023", "Elm", "E5", "12.3456"), *ROWS, HEADER)
    assert (len(reading.rows), unreadable_rows(reading)) == (3, [1])


def test_a_payment_above_the_header_is_named_and_not_dropped():
    reading = read_csv(("01/04/2023", "Elm", "E5", "12.00"), HEADER, *ROWS)
    assert (reading.total, unreadable_rows(reading)) == (Decimal(TOTAL), [1])


def test_an_amount_column_headed_total_is_read():
    reading = read_csv(("DATE", "PAYEE", "TOTAL"), ("03/04/2023", "Acme", "100.00"), ("14/04/2023", "Bee", "9.00"))
    assert (len(reading.rows), reading.total) == (2, Decimal("109.00"))


def test_the_net_amount_is_read_and_vat_and_gross_are_said_not_to_be():
    reading = read_csv(("Date", "Supplier", "Gross", "VAT", "Net"), ("03/04/2023", "Acme", "120.00", "20.00", "100.00"))
    assert reading.total == Decimal("100.00")
    assert message(reading, "L8") == (
        "The amount was read from column E “Net”; column C “Gross” and column D “VAT” was not added to it."
    )


def test_debits_and_credits_in_columns_of_their_own_keep_their_signs():
    reading = read_csv(
        ("Date", "Supplier", "Debit", "Credit"),
        ("03/04/2023", "Acme", "100.00", ""),
        ("14/04/2023", "Acme", "", "30.00"),
    )
    assert [row.amount for row in reading.rows] == [Decimal("100.00"), Decimal("-30.00")]
    assert [row.cells["amount"] for row in reading.rows] == ["C2", "D3"]
    assert reading.credits == 1


def test_a_header_over_two_rows_is_one_header():
    reading = read_csv(
        ("Date", "Payee", "£ (net)", "Unrecoverable", "Category"),
        ("", "", "", "VAT", ""),
        ("03/04/2023", "Acme", "100.00", "20.00", "Office"),
    )
    assert (len(reading.rows), reading.total) == (1, Decimal("100.00"))
    assert "Unrecoverable VAT" in message(reading, "L8")


def test_a_heading_that_names_no_amount_is_made_up_for_by_the_only_column_of_money():
    reading = read_csv(("Date", "Supplier", "April"), *((row[0], row[1], row[3]) for row in ROWS))
    assert reading.total == Decimal(TOTAL)
    assert "column C “April” was read" in message(reading, "L16")


def test_a_list_whose_header_was_lost_is_read_by_its_only_column_of_money():
    lines = [("Supplier Name   Total",), *((f"Supplier {n}", f"{n}.25") for n in range(1, 9)), ("", "38.00")]
    reading = read_csv(*lines)
    assert (len(reading.rows), reading.total, reading.control_total) == (8, Decimal("38.00"), Decimal("38.00"))
    assert reading.sheets[0].header_row is None
    assert "L16" in codes(reading)


# Amounts


@pytest.mark.parametrize("written", ["1,234.56-", "(1,234.56)", "-1,234.56", "−£1,234.56", "£-1,234.56", "1234.56 CR"])
def test_every_way_of_writing_a_credit_is_below_nought(written):
    reading = read_csv(HEADER, ("03/04/2023", "Acme", "A1", written))
    assert (reading.total, reading.credits) == (Decimal("-1234.56"), 1)


@pytest.mark.parametrize(
    "written",
    ["12.345", "1.234,56", "12 34", "abc", "(12.00", "12.00)", "-12.00-", "-(5.00)", "$5.00", "=1+1", "1,23", "", "-"],
)
def test_what_is_no_plain_amount_is_named_and_not_guessed(written):
    reading = read_csv(HEADER, ROWS[0], ("04/04/2023", "Bee", "B2", written))
    assert (reading.total, unreadable_rows(reading)) == (Decimal("100.00"), [3])


def test_a_nought_amount_counts_as_a_row():
    assert len(read_csv(HEADER, ("03/04/2023", "Acme", "A1", "0.00"), ROWS[1]).rows) == 2


def test_float_noise_is_rounded_cell_by_cell_and_a_real_third_decimal_is_told():
    header = ("Date", "Supplier", "Amount")
    noisy = [(date(2023, 4, day), "Acme", 49937.59000000003) for day in (3, 4, 5)]
    reading = read_workbook([header, *noisy])
    assert (f"{reading.total:.2f}", codes(reading)) == ("149812.77", set())
    reading = read_workbook([header, (date(2023, 4, 3), "Acme", 12.345), (date(2023, 4, 4), "Bee", 1.0)])
    assert (f"{reading.total:.2f}", where(reading, "L12")) == ("13.35", "Sheet1!C2")


def test_an_amount_kept_as_text_in_a_workbook_is_read_and_a_date_or_a_tick_is_not():
    rows = [(date(2023, 4, 3), "Acme", "2,040"), (date(2023, 4, 4), "Bee", True), (date(2023, 4, 5), "Elm", date.min)]
    rows[2] = (date(2023, 4, 5), "Elm", date(2023, 4, 5))
    reading = read_workbook([("Date", "Supplier", "Amount"), *rows])
    assert (reading.total, unreadable_rows(reading)) == (Decimal("2040.00"), [3, 4])


# Lost separators and moved cells


def test_rows_that_ran_together_are_named_and_the_own_total_shows_what_is_missing():
    reading = read_csv(HEADER, ROWS[0], ("14/04/2023 Bee & Sons B2 250.50",), ROWS[2], ("", "Total", "", TOTAL))
    assert (reading.total, unreadable_rows(reading)) == (Decimal("149.50"), [3])
    assert "the separators between its cells may be lost" in reading.unreadable[0].reason
    assert "a difference of £250.50" in message(reading, "L2")
    assert reading.problems[0].code == "L1"


@pytest.mark.parametrize(
    "line",
    [
        "14/04/2023,Bee,B2,1,234.56",
        "14/04/2023,Bee, Sons & Co,B2,250.50",
        "14/04/2023,Bee,B2,-1,234.56",
    ],
)
def test_an_amount_or_a_name_cut_by_a_bare_comma_is_named(line):
    reading = read_csv(HEADER, ROWS[0], line.split(","), ROWS[2])
    assert (reading.total, unreadable_rows(reading)) == (Decimal("149.50"), [3])


def test_an_amount_cut_by_a_comma_is_found_although_the_row_is_no_wider():
    header = ("Date", "Supplier", "Amount", "Note")
    reading = read_csv(header, ("03/04/2023", "Acme", "100.00", "x"), ["14/04/2023", "Bee", "1", "234.56"])
    assert (reading.total, unreadable_rows(reading)) == (Decimal("100.00"), [3])
    assert "is it 1,234.56?" in reading.unreadable[0].reason


def test_cells_moved_by_one_column_are_named():
    header = ("Ref", "Date", "Supplier", "Amount", "Code")
    moved = ("", "R2", "14/04/2023", "5.00", "77")
    reading = read_csv(header, ("R1", "03/04/2023", "Acme", "100.00", "12"), moved)
    assert (reading.total, unreadable_rows(reading)) == (Decimal("100.00"), [3])


def test_ragged_rows_and_columns_without_a_heading_are_no_fault():
    reading = read_csv(
        ("Date", "Supplier", "Amount", "Type", ""),
        ("03/04/2023", "Acme", "100.00"),
        ("14/04/2023", "Bee", "9.00", "Capital", "a note"),
    )
    assert (len(reading.rows), reading.unreadable) == (2, ())


def test_a_line_of_words_among_the_rows_is_told_and_not_paid():
    reading = read_csv(HEADER, ROWS[0], ("Adult Services",), ROWS[1])
    assert len(reading.rows) == 2
    assert message(reading, "L19").startswith("Row 3 holds only words")


# The same rows twice


def test_exact_duplicates_are_counted_and_added_and_warned_of():
    reading = read_csv(HEADER, *ROWS, ROWS[0], ROWS[0])
    assert (len(reading.rows), reading.total, reading.exact_duplicates) == (5, Decimal("600.00"), 2)
    assert "2 rows repeat another exactly, worth £200.00: 5, 6" in message(reading, "L5")


def sheet_rows(days, start=0):
    return [(date(2023, 4, day), f"Supplier {day}", f"N{start + day}", day + 0.25) for day in days]


def test_a_sheet_that_repeats_another_is_named_and_not_added():
    rows = sheet_rows(range(1, 9))
    reading = read_workbook([HEADER, *rows], [("Amounts in pounds",), HEADER, *reversed(rows)])
    assert (len(reading.rows), list(reading.as_json()["sheets"])) == (8, ["Sheet1"])
    assert message(reading, "L6") == (
        "Sheet “Sheet2” was not added: it holds the same rows as “Sheet1”. Its rows count once."
    )


def test_months_and_a_sheet_of_the_whole_year_count_once_whatever_their_order():
    first, second = sheet_rows(range(1, 6)), sheet_rows(range(6, 12))
    for sheets in ([first, second, first + second], [first + second, first, second]):
        reading = read_workbook(*([HEADER, *rows] for rows in sheets))
        assert len(reading.rows) == 11


def test_a_summary_by_supplier_of_another_sheet_is_not_added_to_it():
    rows = [(date(2023, 4, 1 + n), "Acme" if n % 2 else "Bee", f"N{n}", 10.5) for n in range(6)]
    summary = [("Supplier", "Sum of Amount"), ("Acme", 31.5), ("Bee", 31.5), ("Grand Total", 63.0)]
    reading = read_workbook(summary, [HEADER, *rows])
    assert (len(reading.rows), reading.total) == (6, Decimal("63.00"))
    assert "the same £63.00" in message(reading, "L6")


def test_sheets_of_different_months_are_added():
    reading = read_workbook([HEADER, *sheet_rows(range(1, 6))], [HEADER, *sheet_rows(range(6, 12))])
    assert (len(reading.rows), codes(reading)) == (11, set())


def test_a_second_page_without_a_header_is_read_by_the_columns_of_the_first():
    page = [("Royal Town Council",), ("Payments 2023/24 exceeding £250",), *sheet_rows(range(6, 12))]
    reading = read_workbook([HEADER, *sheet_rows(range(1, 6))], page)
    assert (len(reading.rows), reading.unreadable) == (11, ())
    assert reading.sheets[1].header_row is None
    assert "as on the sheet before it" in message(reading, "L16")


def test_only_the_sheet_that_is_asked_for_is_read():
    sheets = [HEADER, *sheet_rows(range(1, 6))], [HEADER, *sheet_rows(range(6, 12))]
    reading = read_ledger(workbook_bytes(*sheets), "ledger.xlsx", sheet="sheet2")
    assert [sheet.name for sheet in reading.sheets] == ["Sheet2"]


def test_a_hidden_sheet_is_named_and_not_read_unless_asked_for():
    def hide(sheet):
        sheet.sheet_state = "hidden"

    data = workbook_bytes([HEADER, *sheet_rows(range(1, 6))], [HEADER, *sheet_rows(range(6, 12))], then=hide)
    reading = read_ledger(data, "ledger.xlsx")
    assert (len(reading.rows), "“Sheet1”" in message(reading, "L7")) == (6, True)
    assert len(read_ledger(data, "ledger.xlsx", sheet="Sheet1").rows) == 5


# Merged cells


def test_values_hidden_under_merged_cells_are_not_counted():
    # openpyxl clears what it merges, so the merge is written in afterwards.
    rows = [HEADER, *sheet_rows(range(1, 5)), (None, "Note", None, 9999.0)]

    def merge(name, content):
        if not name.endswith("sheet1.xml"):
            return content
        return content.replace(
            b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="B6:D6"/></mergeCells>'
        )

    reading = read_ledger(with_parts(workbook_bytes(rows), merge), "ledger.xlsx")
    assert (len(reading.rows), f"{reading.total:.2f}") == (4, "11.00")
    assert where(reading, "L13") == "Sheet1!D6"


def test_a_supplier_merged_over_several_rows_is_that_of_each():
    rows = [HEADER, (date(2023, 4, 3), "Acme", "A1", 5.0), (date(2023, 4, 4), None, "A2", 6.0)]
    reading = read_workbook(rows, then=lambda sheet: sheet.merge_cells("B2:B3"))
    assert [row.supplier for row in reading.rows] == ["Acme", "Acme"]


# Coverage


def test_months_without_a_row_between_the_first_and_the_last_are_named():
    rows = [("03/04/2023", "Acme", "A1", "1.00"), ("30/07/2023", "Bee", "B2", "2.00")]
    assert "none is dated in May 2023, June 2023" in message(read_csv(HEADER, *rows), "L9")


def test_a_mistyped_year_is_named_and_does_not_spoil_the_coverage():
    rows = [(f"{day:02d}/04/2017", "Acme", f"A{day}", "1.00") for day in range(1, 29)]
    reading = read_csv(HEADER, *rows, ("14/04/2007", "Bee", "B2", "2.00"))
    assert reading.first_date == date(2007, 4, 14)
    assert (where(reading, "L10"), "L9" in codes(reading)) == ("ledger!A30", False)


def test_rows_without_a_supplier_are_read_and_told():
    reading = read_csv(HEADER, ROWS[0], ("14/04/2023", "", "B2", "9.00"))
    assert (len(reading.rows), where(reading, "L18")) == (2, "ledger!3")


def test_problems_are_told_worst_first():
    reading = read_csv(HEADER, ROWS[0], ROWS[0], ("14/05/2023", "", "B2", "x"), ("14/07/2023", "", "B2", "9.00"))
    assert [problem.code for problem in reading.problems] == ["L1", "L9", "L5", "L18"]


def test_the_name_of_a_csv_stands_for_its_sheet():
    assert read_ledger(csv_bytes(HEADER, *ROWS), "April 2023.csv").sheets[0].name == "April 2023"
