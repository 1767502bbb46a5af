"""Dates: every form that ledgers write, the order of day and month, day numbers, and what is no date."""

from datetime import date, datetime, time
from decimal import Decimal

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from core.reading import read_ledger
from core.reading.dates import read_dates
from tests.core.ledger_files import HEADER, codes, message, read_csv, read_workbook, saved, where

# The 25th shows that the day comes first.
PROOF = "25/12/2023"


def days(*cells):
    return read_dates(cells).days


@pytest.mark.parametrize(
    "written",
    [
        "04/05/2023",
        "4/5/2023",
        "04/05/23",
        "04-05-2023",
        "04.05.2023",
        "04 May 2023",
        "4 May 2023",
        "04-May-23",
        "4th May 2023",
        "4-MAY-2023",
        "Thu 4 May 2023",
        "May 4, 2023",
        "2023-05-04",
        "2023/05/04",
        "20230504",
        "2023-05-04T00:00:00",
        "2023-05-04 01:00:00",
        "04/05/2023 00:00",
        "45050",
        45050,
        45050.0,
        date(2023, 5, 4),
        datetime(2023, 5, 4, 1, 0),
    ],
)
def test_the_fourth_of_may_in_every_form(written):
    assert days(PROOF, written) == [date(2023, 12, 25), date(2023, 5, 4)]


@pytest.mark.parametrize(
    "written",
    [
        "00:00:00",
        time(0, 0),
        "31/02/2023",
        "13/13/2023",
        "2023",
        "05/2023",
        "soon",
        "0",
        0.0,
        -5.0,
        float("nan"),
        True,
        "01/01/1900",
        date(1899, 12, 30),
        "04/05/2203",
    ],
)
def test_what_is_no_date_has_none_and_says_why(written):
    column = read_dates([PROOF, written])
    assert column.days[1] is None
    assert column.faults[1].startswith("“")
    assert "”" in column.faults[1]


def test_an_unreadable_date_keeps_its_row_and_names_its_cell():
    reading = read_csv(HEADER, (PROOF, "Acme", "A1", "5.00"), ("00:00:00", "Bee", "B2", "6.00"))
    assert (len(reading.rows), reading.total, reading.rows[1].date) == (2, Decimal("11.00"), None)
    assert where(reading, "L3") == "ledger!A3"
    assert "“00:00:00” is a time of day, not a date" in message(reading, "L3")


def test_a_blank_date_is_told_with_its_cell():
    reading = read_csv(HEADER, (PROOF, "Acme", "A1", "5.00"), ("", "Bee", "B2", "6.00"))
    assert (len(reading.rows), where(reading, "L3")) == (2, "ledger!A3")


def test_american_dates_are_read_as_such_only_when_the_column_proves_it_and_a_question_is_asked():
    reading = read_csv(HEADER, ("04/05/2023", "Acme", "A1", "5.00"), ("04/25/2023", "Bee", "B2", "6.00"))
    assert (reading.first_date, reading.last_date) == (date(2023, 4, 5), date(2023, 4, 25))
    assert "month/day/year" in message(reading, "L4")
    assert message(reading, "L4").endswith("Is that right?")


def test_a_column_that_proves_neither_order_asks():
    reading = read_csv(HEADER, ("04/05/2023", "Acme", "A1", "5.00"))
    assert reading.first_date == date(2023, 5, 4)
    assert "shows whether day or month comes first" in message(reading, "L4")


def test_a_column_of_both_orders_gives_no_date_to_a_cell_that_could_be_either():
    column = read_dates(["25/04/2023", "04/26/2023", "04/05/2023", "05/05/2023"])
    assert column.days == [date(2023, 4, 25), date(2023, 4, 26), None, date(2023, 5, 5)]
    assert "4 May 2023 or 5 April 2023" in column.faults[2]
    reading = read_csv(HEADER, *((day, "Acme", "A1", "5.00") for day in ("25/04/2023", "04/26/2023", "04/05/2023")))
    assert {"L3", "L4"} <= codes(reading)


def test_one_slip_among_many_proofs_does_not_put_the_column_in_doubt():
    proofs = [f"{day}/04/2023" for day in range(13, 29)]
    assert read_dates([*proofs, "04/05/2023", "04/26/2023"]).days[-2:] == [date(2023, 5, 4), date(2023, 4, 26)]


def test_a_named_month_leaves_nothing_to_ask():
    assert codes(read_csv(HEADER, ("4 May 2023", "Acme", "A1", "5.00"), ("05/05/2023", "Bee", "B2", "6.00"))) == set()


def test_day_numbers_in_a_csv_and_below_the_last_formatted_date_are_read_and_told():
    reading = read_csv(HEADER, ("45050", "Acme", "A1", "5.00"), (PROOF, "Bee", "B2", "6.00"))
    assert (reading.first_date, codes(reading) - {"L9"}) == (date(2023, 5, 4), {"L11"})
    rows = [("Date", "Supplier", "Amount"), (date(2023, 5, 3), "Acme", 1.0), (45050, "Bee", 2.0)]
    assert [row.date for row in read_workbook(rows).rows] == [date(2023, 5, 3), date(2023, 5, 4)]


def test_a_workbook_that_counts_from_1904_is_read_by_its_own_calendar():
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    for row in [("Date", "Supplier", "Amount"), (date(2023, 5, 3), "Acme", 1.0), (45050 - 1462, "Bee", 2.0)]:
        book.active.append(row)
    reading = read_ledger(saved(book), "ledger.xlsx")
    assert [row.date for row in reading.rows] == [date(2023, 5, 3), date(2023, 5, 4)]


def test_a_date_merged_over_several_rows_is_that_of_each():
    rows = [("Date", "Supplier", "Amount"), (date(2023, 5, 3), "Acme", 1.0), (None, "Bee", 2.0)]
    reading = read_workbook(rows, then=lambda sheet: sheet.merge_cells("A2:A3"))
    assert [row.date for row in reading.rows] == [date(2023, 5, 3)] * 2


def test_the_first_column_of_dates_is_read_where_there_are_several():
    header = ("Invoice Date", "Payment Date", "Supplier", "Amount")
    reading = read_csv(header, ("25/04/2023", "30/05/2023", "Acme", "5.00"))
    assert (reading.first_date, reading.as_json()["sheets"]["ledger"]["columns"]["date"]) == (
        date(2023, 4, 25),
        "A “Invoice Date”",
    )
