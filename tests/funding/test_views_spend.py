"""The spend list, the entry page and the acts on an entry: who sees what, and how many queries it takes."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from board import clock
from funding.models import SpendLine, Transaction
from funding.spending import Charge, credit, void
from funding.tables import SpendTable
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
LIST = "/money/spend/"


@pytest.fixture
def officer(money: Money, signed_in: Callable[[Any], Client]) -> Client:
    return signed_in(money.finance)


def queries_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection, ) as seen:  # fmt: skip
        assert client.get(url).status_code == 200
    return len(seen)


def test_the_list_runs_the_same_queries_for_two_rows_and_two_hundred(money: Money, officer: Client) -> None:
    money.record("1.00")
    money.record("1.00")
    officer.get(LIST)
    few = queries_of(officer, LIST)
    entry = money.record("0.00", *[Charge(money.line(), money.quarter(), D("1.00")) for _ in range(0)])
    rows = [
        SpendLine(
            transaction=entry, number=number, budget_line=money.line(), quarter=money.quarter(), net=D("1.00"),
            cost=D("1.00"), state="claimable",
        )
        for number in range(2, 200)
    ]  # fmt: skip
    SpendLine.objects.bulk_create(rows)
    assert queries_of(officer, LIST) == few


@pytest.mark.parametrize(
    "column", [column for column, shown in SpendTable.base_columns.items() if shown.orderable is not False]
)
def test_every_sortable_column_sorts(money: Money, officer: Client, column: str) -> None:
    money.record("1.00")
    for sign in ("", "-"):
        assert officer.get(f"{LIST}?sort={sign}{column}").status_code == 200


def test_totals_are_of_the_filtered_set_without_void_and_advances(money: Money, officer: Client) -> None:
    money.record("10.00")
    money.record("20.00", Charge(money.line("SIS"), money.quarter()))
    money.record("500.00", kind=Transaction.Kind.ADVANCE)
    void(entry=money.record("7.00"), reason="Typed twice", by=money.finance)
    text = officer.get(LIST).content.decode()
    assert "£30.00" in text and "T-000004" not in text
    filtered = officer.get(f"{LIST}?project={money.line('SIS').project_id}").content.decode()
    assert "£20.00" in filtered and "£30.00" not in filtered and "T-000001" not in filtered


def test_void_entries_show_on_request_and_count_nowhere(money: Money, officer: Client) -> None:
    money.record("10.00")
    void(entry=money.record("7.00"), reason="Typed twice", by=money.finance)
    text = officer.get(f"{LIST}?void=shown").content.decode()
    assert "T-000002" in text and ">Void<" in text and "£17.00" not in text
    only = officer.get(f"{LIST}?void=only").content.decode()
    assert "T-000002" in only and "T-000001" not in only


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=accrual", "T-000002"), ("state=held", "T-000003"), ("text=stalking", "T-000004"),
        ("late=yes", "T-000005"), ("from_day=1+July+2023", "T-000005"),
    ],
)  # fmt: skip
def test_each_filter_leaves_what_it_says(money: Money, officer: Client, query: str, found: str) -> None:
    money.record("1.00")
    money.record("2.00", kind=Transaction.Kind.ACCRUAL)
    money.record("3.00", Charge(money.line(heading="capital"), money.quarter()))
    money.record("4.00", supplier_name="Stalking service")
    late = Charge(money.line(), money.quarter("2023-24-Q2"), relates_to=money.quarter())
    money.record("5.00", late, on=date(2023, 7, 3))
    text = officer.get(f"{LIST}?{query}").content.decode()
    assert [ref for ref in (f"T-00000{n}" for n in range(1, 6)) if ref in text] == [found]


def test_until_takes_a_quarter_and_those_before(money: Money, officer: Client) -> None:
    money.record("1.00")
    money.record("2.00", Charge(money.line(), money.quarter("2023-24-Q2")), on=date(2023, 7, 3))
    first = officer.get(f"{LIST}?until={money.quarter().pk}").content.decode()
    assert "T-000001" in first and "T-000002" not in first
    second = officer.get(f"{LIST}?until={money.quarter('2023-24-Q2').pk}").content.decode()
    assert "T-000001" in second and "T-000002" in second


def test_a_filter_that_cannot_be_read_says_so_and_lists_nothing(money: Money, officer: Client) -> None:
    money.record("1.00")
    text = officer.get(f"{LIST}?from_day=yesterday").content.decode()
    assert "is not a date" in text and "T-000001" not in text


def test_the_download_holds_every_column_of_the_filtered_rows(money: Money, officer: Client) -> None:
    money.record("10.00", document_number="INV-1")
    money.record("20.00", kind=Transaction.Kind.ACCRUAL, document_number="INV-2")
    response = officer.get(f"{LIST}?kind=accrual&download=xlsx")
    sheet = load_workbook(BytesIO(response.content)).active
    cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]
    assert {"Document", "Description", "Kind", "Cost heading"} <= set(cells)
    assert "INV-2" in cells and "INV-1" not in cells and "Accrual" in cells
    assert 20 in cells


def test_a_credit_bears_the_date_under_which_the_ledger_shows_it(money: Money, officer: Client) -> None:
    """The quarter's reconciliation goes by this date."""
    entry = money.record("100.00")
    url = f"/money/spend/{entry.reference}/correct/"
    data = {"how": "part", "amount": "10.00", "quarter": money.quarter().pk, "reason": "Returned", "once": str(uuid4())}
    ahead = officer.post(url, {**data, "accounting_on": "6 July 2023"}).content.decode()
    assert "6 July 2023 is in the future" in ahead and not entry.taken_back_by.exists()
    officer.post(url, {**data, "accounting_on": "28/6/2023"})
    officer.post(url, {**data, "once": str(uuid4())})
    days = entry.taken_back_by.order_by("reference").values_list("accounting_on", flat=True)
    assert list(days) == [date(2023, 6, 28), entry.accounting_on]


def test_the_entry_page_shows_facts_lines_credits_and_history(money: Money, officer: Client) -> None:
    entry = money.record("100.00", document_number="INV-1")
    credit(
        original=entry, quarter=money.quarter(), amount=D("40.00"), document_number="CN-1", reason="Returned",
        by=money.finance,
    )  # fmt: skip
    text = officer.get(f"{LIST}{entry.reference}/").content.decode()
    for words in ("INV-1", "£100.00", "Claimable", "T-000002", "CN-1", "Returned", "History", "Correct it"):
        assert words in text, words


def test_correcting_takes_back_a_part(money: Money, officer: Client) -> None:
    entry = money.record("100.00")
    url = f"{LIST}{entry.reference}/correct/"
    wrong = officer.post(url, {"how": "part", "quarter": money.quarter().pk, "reason": "Returned"}).content.decode()
    assert "Enter the amount to take back" in wrong and "Returned" in wrong
    data = {"how": "part", "amount": "100.01", "quarter": money.quarter().pk, "reason": "Returned"}
    assert "Only £100.00 of T-000001 remains" in officer.post(url, data).content.decode()
    response = officer.post(url, {**data, "amount": "30"}, follow=True)
    assert "T-000002 takes back £30.00 of T-000001." in response.content.decode()
    assert SpendLine.objects.spend().total() == D("70.00")


def test_correcting_takes_back_the_whole(money: Money, officer: Client) -> None:
    entry = money.record("100.00")
    data = {"how": "whole", "quarter": money.quarter().pk, "reason": "Paid twice"}
    officer.post(f"{LIST}{entry.reference}/correct/", data)
    assert SpendLine.objects.spend().total() == D("0.00")


def test_voiding_asks_for_the_reason_and_minds_the_version(money: Money, officer: Client) -> None:
    entry = money.record("100.00")
    url = f"{LIST}{entry.reference}/void/"
    assert "Enter reason" in officer.post(url, {"reason": "", "version": "1"}).content.decode()
    assert "Somebody else changed this" in officer.post(url, {"reason": "Twice", "version": "9"}).content.decode()
    officer.post(url, {"reason": "Typed twice", "version": "1"})
    assert Transaction.objects.get().is_void


def test_looking_again_releases_what_may_go(money: Money, officer: Client) -> None:
    line = money.line()
    contract = factories.contract(money.programme, values={(line.project, line.year): D("500.00")}, signed_on=None)
    entry = money.record("100.00", contract=contract)
    url = f"{LIST}{entry.reference}/look-again/"
    assert "Nothing changed" in officer.post(url, follow=True).content.decode()
    contract.signed_on = clock.today()
    contract.save()
    assert "claimable" in officer.post(url, follow=True).content.decode()
    assert SpendLine.objects.get().state == "claimable"


def test_a_council_sees_what_it_keeps_or_funds_and_corrects_only_its_own(
    money: Money, signed_in: Callable[[Any], Client]
) -> None:
    theirs = money.record("999.00", supplier_name="Of the grant")
    own = money.record(
        "5.00", Charge(money.line(source=money.ecc_cash), money.quarter()), by=money.council_finance,
        supplier_name="Of the council",
    )  # fmt: skip
    council = signed_in(money.council_finance)
    text = council.get(LIST).content.decode()
    assert "Of the council" in text and "Of the grant" not in text and "Home Office grant" not in text
    assert council.get(f"{LIST}{theirs.reference}/").status_code == 404
    assert council.get(f"{LIST}{theirs.reference}/void/").status_code == 404
    assert council.get(f"{LIST}{own.reference}/correct/").status_code == 200


def test_the_recipient_sees_a_councils_entry_and_may_not_correct_it(money: Money, officer: Client) -> None:
    charge = Charge(money.line(source=money.ecc_cash), money.quarter())
    entry = money.record("5.00", charge, by=money.council_finance)
    assert "Correct it" not in officer.get(f"{LIST}{entry.reference}/").content.decode()
    for act in ("recorded", "correct", "void", "look-again"):
        assert officer.get(f"{LIST}{entry.reference}/{act}/").status_code == 403
        assert officer.post(f"{LIST}{entry.reference}/{act}/").status_code in (403, 405)


@pytest.mark.parametrize("kind", ["kpi-reporter", "board-member", "administrator"])
def test_who_has_no_business_with_spend_sees_none(money: Money, signed_in: Callable[[Any], Client], kind: str) -> None:
    entry = money.record("5.00")
    client = signed_in(factories.person(kind, "change"))
    for url in (
        LIST,
        f"{LIST}{entry.reference}/",
        "/money/budget/",
        "/money/claims/",
        "/money/declare/",
        "/money/ledger/",
    ):
        assert client.get(url).status_code == 403, url


def test_a_stranger_organisation_sees_an_empty_list(money: Money, signed_in: Callable[[Any], Client]) -> None:
    money.record("5.00")
    thurrock = signed_in(factories.person("finance-officer", "thurrock"))
    assert "Nothing is recorded that matches" in thurrock.get(LIST).content.decode()
    assert thurrock.get(f"{LIST}T-000001/").status_code == 404
