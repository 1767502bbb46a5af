"""What a person says about a file: which column is what, and whether the day or the month comes first."""

from datetime import date

import pytest

from core.reading import read_ledger

LEDGER = b"""Posted,Paid on,Department,Supplier,Reference,Details,Memo,Amount
01/02/2023,03/04/2023,Housing,A Ltd,R1,Chairs,Seven of them,10.00
02/02/2023,05/06/2023,Parks,B Ltd,R2,Trees,Oak,20.00
"""


def test_the_cost_centre_is_read_beside_the_rest() -> None:
    rows = read_ledger(LEDGER, "ledger.csv").rows
    assert [row.cost_centre for row in rows] == ["Housing", "Parks"]
    assert rows[0].cells["cost_centre"] == "C2"


@pytest.mark.parametrize(
    ("heading", "is_one"),
    [("Service Cost Centre", True), ("Cost Center Description", True), ("Directorate", True), ("Cost", False)],
)
def test_headings_of_cost_centres(heading: str, is_one: bool) -> None:
    text = f"Date,Supplier,{heading},Net amount\n13/04/2023,A Ltd,10,5.00\n".encode()
    assert ("cost_centre" in read_ledger(text, "ledger.csv").rows[0].cells) is is_one


def test_chosen_columns_are_read_in_place_of_those_that_the_words_name() -> None:
    sheet = read_ledger(LEDGER, "ledger.csv").sheets[0]
    assert sheet.headings[6] == "Memo"
    told = read_ledger(LEDGER, "ledger.csv", columns={sheet.key: {"description": 6, "date": 1, "cost_centre": None}})
    row = told.rows[0]
    assert (row.description, row.date, row.cost_centre) == ("Seven of them", date(2023, 4, 3), "")
    other = read_ledger(LEDGER, "ledger.csv", columns={"another header": {"description": 6}})
    assert other.rows[0].description == "Chairs"


def test_the_order_of_day_and_month_is_doubted_until_it_is_told() -> None:
    assert read_ledger(LEDGER, "ledger.csv").sheets[0].date_order == "unproven"
    for order, first in (("day", date(2023, 2, 1)), ("month", date(2023, 1, 2))):
        told = read_ledger(LEDGER, "ledger.csv", order=order)
        assert (told.rows[0].date, told.sheets[0].date_order) == (first, "")
        assert not [problem for problem in told.problems if problem.code == "L4"]


def test_a_date_that_the_told_order_does_not_allow_is_no_date() -> None:
    told = read_ledger(b"Date,Supplier,Amount\n25/12/2023,A Ltd,5.00\n01/12/2023,B,6.00\n", "ledger.csv", order="month")
    assert [row.date for row in told.rows] == [None, date(2023, 1, 12)]
    assert [problem.where for problem in told.problems if problem.code == "L3"] == ["ledger!A2"]
