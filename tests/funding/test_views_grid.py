"""The grid of entries: typed or pasted, checked together, nothing lost and nothing half written."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from board import clock
from core.pasting import as_copied
from funding.forms.grid import FIELDS, pasted
from funding.models import SpendLine, Transaction
from funding.usual_splits import remember
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
URL = "/money/spend/enter-many/"
ROW = {
    "accounting_on": "03/06/2023", "supplier_name": "Supplier Limited", "document_number": "INV-1",
    "description": "Sessions", "net": "£100.00", "charge": "CHB provider",
}  # fmt: skip


@pytest.fixture
def officer(money: Money, signed_in: Callable[[Any], Client]) -> Client:
    money.line()
    return signed_in(money.finance)


def sent(money: Money, *rows: dict[str, str], **more: str) -> dict[str, str]:
    data = {
        "kind": "actual", "quarter": str(money.quarter().pk), "once": str(uuid4()), "rows-INITIAL_FORMS": "0",
        "rows-TOTAL_FORMS": str(len(rows)), **more,
    }  # fmt: skip
    for number, row in enumerate(rows):
        data |= {f"rows-{number}-{field}": row.get(field, "") for field in FIELDS}
    return data


def press(officer: Client, data: dict[str, str]) -> str:
    """Record, look at the warnings, and record again, as a person does."""
    page = officer.post(URL, data)
    if page.status_code == 302:
        return officer.get(page.url).content.decode()
    seen = page.context["form"].data["seen"]
    return officer.post(URL, {**data, "seen": seen}, follow=True).content.decode()


def test_rows_are_recorded_together_with_what_was_left_empty(money: Money, officer: Client) -> None:
    rows = [
        ROW,
        {**ROW, "document_number": "INV-2", "net": "(12.50)", "vat": "-2.50", "reason": "Its original is on paper"},
        {},
        {**ROW, "document_number": "INV-3", "net": "0.01", "accounting_on": "3-Jun-23"},
    ]
    text = press(officer, sent(money, *rows))
    assert "3 entries are recorded, £87.51: T-000001 to T-000003." in text
    first, second, third = Transaction.objects.order_by("reference")
    assert (first.cost, first.service_from, first.service_to) == (D("100.00"), date(2023, 6, 3), date(2023, 6, 3))
    assert (second.cost, second.recoverable_vat) == (D("-12.50"), D("-2.50"))
    assert third.cost == D("0.01")


def test_nothing_is_written_before_its_warnings_were_seen(money: Money, officer: Client) -> None:
    """Without a budget every row is an overspend, which is said before and not afterwards."""
    data = sent(money, ROW)
    page = officer.post(URL, data)
    text = page.content.decode()
    assert "£100.00 is spent of a budget of £0.00" in text
    assert "Nothing is written yet" in text and not Transaction.objects.exists()
    # What changed since it was seen is shown again.
    changed = {**data, "seen": page.context["form"].data["seen"], "rows-0-net": "200.00"}
    assert "£200.00 is spent of a budget" in officer.post(URL, changed).content.decode()
    assert not Transaction.objects.exists()


def test_a_check_shows_totals_against_profile_and_writes_nothing(money: Money, officer: Client) -> None:
    text = officer.post(URL, sent(money, ROW, {**ROW, "document_number": "2", "vat": "20"}, check="1")).content.decode()
    assert "2 entries: net £200.00, VAT £20.00, cost £200.00." in text
    assert "Profile of the quarter" in text and "With these rows" in text
    assert not Transaction.objects.exists()


def test_everything_wrong_is_said_at_once_by_row_and_box_and_nothing_typed_is_lost(
    money: Money, officer: Client
) -> None:
    rows = [
        {**ROW, "net": "12.345", "accounting_on": "31/06/2023"},
        {**ROW, "charge": "hospitality of nobody"},
        {**ROW, "description": "", "charge": "provider"},
        ROW,
    ]
    money.line("SIS")
    text = officer.post(URL, sent(money, *rows)).content.decode()
    for words in (
        "Row 1: “12.345” has more than two decimal places",
        "Row 1: “31/06/2023” is not a day of the calendar",
        "Row 2: “hospitality of nobody” names no budget line of yours",
        "Row 3: enter description",
        "Row 3: “provider” may be 2 of your budget lines: CHB · Provider contract payments",
    ):
        assert words in text, words
    assert 'href="#id_rows-0-net"' in text and 'value="12.345"' in text
    assert not Transaction.objects.exists()


def test_what_a_rule_refuses_stands_in_the_box_of_its_row(money: Money, officer: Client) -> None:
    rows = [ROW, {**ROW, "document_number": "2", "accounting_on": "6 July 2023"}, {**ROW, "net": "-3"}]
    text = officer.post(URL, sent(money, *rows)).content.decode()
    assert 'id="id_rows-1-accounting_on-error"' in text and "Row 2: the accounting date 6 July 2023 is in the" in text
    assert 'id="id_rows-2-reason-error"' in text
    assert not Transaction.objects.exists()


def test_of_a_line_that_is_there_in_two_years_that_of_the_quarter_is_meant_unless_the_year_is_named(
    money: Money, officer: Client
) -> None:
    later = money.line(year="2024-25")
    press(officer, sent(money, ROW))
    assert SpendLine.objects.get().budget_line == money.line()
    text = officer.post(URL, sent(money, {**ROW, "charge": "CHB provider 2024-25"})).content.decode()
    assert f"is before {later.year}" in text


def test_a_row_of_a_contract_without_a_line_takes_its_usual_split(money: Money, officer: Client) -> None:
    contract = factories.contract(money.programme, values={(money.line().project, money.line().year): D("9000.00")})
    row = {**ROW, "charge": "", "contract": contract.reference}
    text = officer.post(URL, sent(money, row, {**ROW, "charge": ""})).content.decode()
    assert f"Row 1: enter the budget line that it is charged to: {contract.reference} has no usual split" in text
    assert "Row 2: enter the budget line that it is charged to, or a contract with a usual split" in text
    other = money.line("CHB", "staff")
    with clock.at(date(2023, 7, 5)):
        remember(contract=contract, costs=[(money.line(), D("60.00")), (other, D("40.00"))], by=money.finance)
    press(officer, sent(money, {**row, "net": "0.05"}))
    assert [(line.budget_line, line.cost) for line in SpendLine.objects.order_by("number")] == [
        (money.line(), D("0.03")), (other, D("0.02")),
    ]  # fmt: skip


def test_a_paste_fills_the_rows_after_what_was_typed(money: Money, officer: Client) -> None:
    paste = as_copied([["03/06/2023", "Supplier", "INV-9", "Sessions", "£1,000.00", "(12.00)", "CHB provider"]] * 12)
    page = officer.post(URL, {**sent(money, ROW, {}, {}), "fill": "1", "paste": paste})
    forms = page.context["formset"].forms
    assert len(forms) == 13
    assert [form["document_number"].value() for form in forms[:3]] == ["INV-1", "INV-9", "INV-9"]
    assert forms[12]["vat"].value() == "(12.00)"
    assert not page.context["formset"].is_bound


def test_a_header_says_where_each_column_goes() -> None:
    found, told = pasted("Invoice\tAmount\tVendor\tCost centre\tDate\nA-1\t12\tSupplier\t4711\t3/6/23")
    assert found == [{"document_number": "A-1", "net": "12", "supplier_name": "Supplier", "accounting_on": "3/6/23"}]
    assert told == ["Not taken, since the grid has no such column: Cost centre."]


def test_an_empty_paste_and_too_many_rows_are_told(money: Money, officer: Client) -> None:
    text = officer.post(URL, {**sent(money, ROW), "fill": "1", "paste": " \n"}, follow=True).content.decode()
    assert "Nothing was pasted" in text and 'value="INV-1"' in text
    paste = "x\n" * 100
    text = officer.post(URL, {**sent(money, ROW), "fill": "1", "paste": paste}, follow=True).content.decode()
    assert "101 rows are too many for one page: at most 100" in text and paste.strip()[:20] in text


def test_ten_more_rows_keep_what_was_typed(money: Money, officer: Client) -> None:
    page = officer.post(URL, {**sent(money, {**ROW, "net": "odd"}), "more": "1"})
    assert len(page.context["formset"].forms) == 11
    assert page.context["formset"].forms[0]["net"].value() == "odd"


def test_an_empty_page_is_not_recorded(money: Money, officer: Client) -> None:
    assert "Every row is empty" in officer.post(URL, sent(money, {}, {})).content.decode()
    assert "Choose the quarter" in officer.post(URL, {**sent(money, ROW), "quarter": ""}).content.decode()


def test_a_second_press_records_nothing_more(money: Money, officer: Client) -> None:
    data = sent(money, ROW)
    press(officer, data)
    press(officer, data)
    assert Transaction.objects.count() == 1


def test_a_council_sees_and_charges_its_own_lines_alone(money: Money, signed_in: Callable[[Any], Client]) -> None:
    money.line()
    money.line(source=money.ecc_cash)
    client = signed_in(money.council_finance)
    text = client.get(URL).content.decode()
    assert "ECC-CASH" in text and "Home Office grant" not in text
    press(client, sent(money, ROW))
    assert SpendLine.objects.get().budget_line.source == money.ecc_cash


def test_other_rows_under_the_key_of_a_recorded_page_are_told_and_can_be_sent(money: Money, officer: Client) -> None:
    """Who goes back in the browser and types other rows means other entries."""
    data = sent(money, ROW)
    press(officer, data)
    page = officer.post(URL, {**data, "rows-0-net": "55.00", "rows-0-document_number": "INV-55"})
    assert "has recorded T-000001 already, with other figures" in page.content.decode()
    once = page.context["form"].data["once"]
    press(officer, {**data, "rows-0-net": "55.00", "rows-0-document_number": "INV-55", "once": once})
    assert Transaction.objects.count() == 2


def test_a_row_more_costs_a_bounded_number_of_queries(money: Money, officer: Client) -> None:
    def queries(count: int, first: int) -> int:
        rows = [{**ROW, "document_number": f"N-{first + number}", "net": "1.00"} for number in range(count)]
        data = {**sent(money, *rows), "check": "1"}
        with CaptureQueriesContext(
            connection,
        ) as captured:
            officer.post(URL, data)
        return len(captured)

    one, eleven = queries(1, 0), queries(11, 100)
    assert (eleven - one) / 10 <= 65


@pytest.mark.parametrize(
    ("kind", "organisation", "status"),
    [("cfo", "pfcc", 403), ("auditor", "pfcc", 403), ("kpi-reporter", "change", 403), ("finance-officer", "pfcc", 200)],
)
def test_only_finance_officers_enter(
    money: Money, signed_in: Callable[[Any], Client], kind: str, organisation: str, status: int
) -> None:
    with clock.at(date(2023, 7, 5)):
        assert signed_in(factories.person(kind, organisation)).get(URL).status_code == status
