"""The pages of days to payment: counts that lead to their invoices, and dates given where they are missing."""

import re
from collections.abc import Callable
from datetime import date
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from funding.models import Transaction
from funding.payment_tables import InvoiceTable
from funding.spending import Charge
from tests import factories
from tests.factories import Money
from tests.funding.test_views_budget import row_of

pytestmark = pytest.mark.django_db
URL = "/money/payment-days/"
SignedIn = Callable[[Any], Client]


@pytest.fixture
def paid(money: Money) -> Money:
    """Of the recipient: one in time, one late, one disputed, one without a date. Of Essex: one not paid."""
    may = date(2023, 5, 1)
    money.record("10.00", received_on=may, paid_on=date(2023, 5, 11), document_number="TIME")
    money.record("20.00", received_on=may, paid_on=date(2023, 6, 20), document_number="LATE")
    money.record("30.00", received_on=may, document_number="ODD", dispute_reason="Hours not delivered")
    money.record("40.00", document_number="NONE")
    cash = Charge(money.line(source=money.ecc_cash), money.quarter())
    money.record("50.00", cash, by=money.council_finance, received_on=may, document_number="ECC")
    return money


def test_a_row_counts_what_was_paid_in_time_late_and_not(paid: Money, signed_in: SignedIn) -> None:
    text = signed_in(paid.finance).get(URL).content.decode()
    assert row_of(text, "2023-24-Q1 · PFCC for Essex") == [
        "2023-24-Q1 · PFCC for Essex", "No contract", "2", "1", "50.0%", "1", "1", "0", "0", "1", "50", "30.0",
    ]  # fmt: skip
    assert row_of(text, "Total")[2:] == ["2", "1", "50.0%", "1", "1", "1", "0", "1", "50", "30.0"]


@pytest.mark.parametrize(
    ("standing", "document"), [("in-time", "TIME"), ("late", "LATE"), ("disputed", "ODD"), ("missing", "NONE")]
)
def test_a_count_leads_to_its_invoices(paid: Money, signed_in: SignedIn, standing: str, document: str) -> None:
    client = signed_in(paid.finance)
    ledger = paid.finance.acting.organisation_id
    text = unescape(client.get(URL).content.decode())
    link = re.search(rf'href="([^"]+ledger={ledger}&[^"]+standing={standing})">1<', text)[1]
    shown = client.get(link).content.decode()
    assert document in shown
    others = {"TIME", "LATE", "ODD", "NONE", "ECC"} - {document}
    assert not [other for other in others if other in shown]


def test_the_late_ones_are_listed_with_why_they_are_disputed(paid: Money, signed_in: SignedIn) -> None:
    client = signed_in(paid.finance)
    text = client.get(f"{URL}invoices/?standing=beyond").content.decode()
    assert "Hours not delivered" in text and "LATE" in text and "ECC" in text and "TIME" not in text


def test_a_council_sees_its_own_invoices_alone(paid: Money, signed_in: SignedIn) -> None:
    text = signed_in(paid.council_finance).get(f"{URL}invoices/").content.decode()
    assert "ECC" in text and "LATE" not in text
    text = signed_in(factories.person("finance-officer", "southend")).get(URL).content.decode()
    assert "No invoice is recorded that fits" in text


def test_the_page_runs_the_same_queries_for_few_invoices_and_many(paid: Money, signed_in: SignedIn) -> None:
    client = signed_in(paid.finance)

    def count() -> int:
        asked = 0
        for url in (URL, f"{URL}invoices/"):
            with CaptureQueriesContext(connection) as captured:
                client.get(url)
            asked += len(captured)
        return asked

    count()
    few = count()
    for number in range(6):
        paid.record("1.00", received_on=date(2023, 4, 20), document_number=f"N{number}")
    assert count() == few


@pytest.mark.parametrize("column", [name for name in InvoiceTable.base_columns if name != "act"])
def test_every_column_of_the_invoices_sorts(paid: Money, signed_in: SignedIn, column: str) -> None:
    assert signed_in(paid.finance).get(f"{URL}invoices/?sort=-{column}").status_code == 200


def test_the_downloads_open(paid: Money, signed_in: SignedIn) -> None:
    client = signed_in(paid.finance)
    for url, wanted in ((URL, 30.0), (f"{URL}invoices/", "Hours not delivered")):
        book = load_workbook(BytesIO(client.get(f"{url}?download=xlsx").content)).active
        assert wanted in [cell for row in book.iter_rows(values_only=True) for cell in row]


def test_dates_are_given_where_they_are_missing(paid: Money, signed_in: SignedIn) -> None:
    client, entry = signed_in(paid.finance), Transaction.objects.get(document_number="NONE")
    url = f"/money/spend/{entry.reference}/payment-dates/"
    assert f'href="{url}"' in client.get(f"{URL}invoices/?standing=missing").content.decode()
    assert f'href="{url}"' in client.get(f"/money/spend/{entry.reference}/").content.decode()
    given = {"version": entry.version, "received_on": "1 June 2023", "paid_on": "3 July 2023", "dispute_reason": ""}
    text = client.post(url, given, follow=True).content.decode()
    assert f"The payment dates of {entry.reference} are saved." in text and "3 July 2023" in text


def test_a_refusal_comes_back_in_the_box_with_what_was_typed(paid: Money, signed_in: SignedIn) -> None:
    entry = Transaction.objects.get(document_number="NONE")
    given = {"version": entry.version, "received_on": "2 June 2023", "paid_on": "1 June 2023"}
    client = signed_in(paid.finance)
    text = client.post(f"/money/spend/{entry.reference}/payment-dates/", given).content.decode()
    assert "It cannot be paid before it was received, on 2 June 2023" in text and 'value="1 June 2023"' in text


def test_anothers_ledger_is_read_and_not_changed(paid: Money, signed_in: SignedIn) -> None:
    entry = Transaction.objects.get(document_number="ECC")
    url = f"/money/spend/{entry.reference}/payment-dates/"
    client = signed_in(paid.finance)
    assert client.get(url).status_code == 403
    assert url not in client.get(f"{URL}invoices/").content.decode()
    assert signed_in(factories.person("finance-officer", "southend")).get(url).status_code == 404
