"""The reconciliation's pages: what they say, who may do what, and that nothing typed is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from funding.models import ControlTotal, ReconcilingItem
from funding.spending import Charge
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
PRINT = {"ledger_print": "Cost centre 4711"}


def address(money: Money, organisation: str = "pfcc", then: str = "", quarter: str = "2023-24-Q1") -> str:
    return f"/money/reconcile/{money.programme.code}/{organisation}/{quarter}/{then}"


@pytest.fixture
def officer(money: Money, signed_in: Callable[[Any], Client]) -> Client:
    return signed_in(money.finance)


def test_the_declaring_page_leads_to_the_reconciliation(money: Money, officer: Client) -> None:
    assert f'href="{address(money)}"' in officer.get("/money/declare/").content.decode()


def test_one_page_takes_the_quarter_from_nothing_to_reconciled(money: Money, officer: Client) -> None:
    money.record("100.00")
    text = officer.get(address(money)).content.decode()
    assert "is not recorded yet" in text and "Record the ledger’s total" in text and "Add a reconciling" not in text
    total = {"amount": "£112.40", **PRINT}
    text = officer.post(address(money, then="ledger-total/"), total, follow=True).content.decode()
    assert "£12.40 of the ledger’s total from 1 April 2023 to 30 June 2023 is not explained" in text
    assert "£12.40 is not explained yet" in officer.get(address(money, then="add-item/")).content.decode()
    item = {"kind": "miscoded", "amount": "12.40", "reason": "Stationery of another programme"}
    text = officer.post(address(money, then="add-item/"), item, follow=True).content.decode()
    assert "every difference is explained" in text and ">Reconciled<" in text.replace("\n", "").replace("  ", "")
    found = ReconcilingItem.objects.get()
    clear = {"cleared_on": "5 July 2023", "cleared_reason": "Journal 7", "version": found.version}
    text = officer.post(f"/money/reconciling-items/{found.reference}/clear/", clear, follow=True).content.decode()
    assert "is cleared" in text and "Journal 7" in text
    assert officer.get(f"/money/reconciling-items/{found.reference}/clear/").status_code == 404


def test_our_figure_leads_to_exactly_the_lines_that_it_sums(money: Money, officer: Client) -> None:
    money.record("100.00")
    money.record("50.00", Charge(money.line(), money.quarter()), kind="advance")
    page = officer.get(address(money))
    [ours] = [fact for fact in page.context["rows"] if fact.label == "Our record"]
    assert ours.value == "£100.00"
    assert officer.get(ours.url).context["table"].totals["cost"] == 100


def test_all_that_is_wrong_is_said_at_once_and_nothing_typed_is_lost(money: Money, officer: Client) -> None:
    text = officer.post(address(money, then="ledger-total/"), {"amount": "12.345", "ledger_print": ""}).content.decode()
    assert "more than two decimal places" in text and "Enter which ledger print shows it?" in text
    assert 'value="12.345"' in text
    assert not ControlTotal.objects.exists()


def test_a_total_that_a_colleague_changed_meanwhile_is_not_written_over(money: Money, officer: Client) -> None:
    officer.post(address(money, then="ledger-total/"), {"amount": "5.00", **PRINT})
    stale = {"amount": "6.00", **PRINT}
    assert "has recorded £5.00" in officer.post(address(money, then="ledger-total/"), stale).content.decode()
    shown = officer.get(address(money, then="ledger-total/"))
    assert 'value="5.00"' in shown.content.decode()
    officer.post(address(money, then="ledger-total/"), {**stale, "version": 1})
    assert ControlTotal.objects.get().amount == 6


def test_only_a_closing_period_asks_to_which_day(money: Money, officer: Client) -> None:
    assert "Read to" not in officer.get(address(money, then="ledger-total/")).content.decode()
    assert officer.get(address(money, quarter="2023-24-closing")).status_code == 404


def test_others_read_and_do_not_record_and_strangers_find_nothing(
    money: Money, signed_in: Callable[[Any], Client]
) -> None:
    for who, read, record in (
        ("cfo/pfcc", 200, 403),
        ("auditor/home-office", 200, 403),
        ("finance-officer/ecc", 404, 404),
        ("finance-officer/southend", 404, 404),
        ("kpi-reporter/change", 403, 403),
        ("board-member/setdab", 403, 403),
    ):
        client = signed_in(factories.person(*who.split("/")))
        assert client.get(address(money)).status_code == read, who
        assert client.post(address(money, then="ledger-total/"), {"amount": "1.00", **PRINT}).status_code == record
        assert client.post(address(money, then="add-item/"), {}).status_code == record
    assert not ControlTotal.objects.exists()


def test_the_recipient_reads_a_councils_ledger_and_the_council_records_it(
    money: Money, signed_in: Callable[[Any], Client]
) -> None:
    recipient = signed_in(money.finance)
    page = recipient.get(address(money, "ecc"))
    assert page.status_code == 200 and not page.context["actions"]
    assert recipient.get(address(money, "ecc", "ledger-total/")).status_code == 403
    council = signed_in(money.council_finance)
    council.post(address(money, "ecc", "ledger-total/"), {"amount": "0.00", **PRINT})
    assert ControlTotal.objects.get().organisation.code == "ecc"


def test_the_page_asks_the_same_for_one_item_and_for_twenty(money: Money, officer: Client) -> None:
    officer.post(address(money, then="ledger-total/"), {"amount": "20.00", **PRINT})

    def queries(items: int) -> int:
        for number in range(items):
            item = {"kind": "other", "amount": "1.00", "reason": f"Difference {number}"}
            officer.post(address(money, then="add-item/"), item)
        with CaptureQueriesContext(connection) as asked:
            assert officer.get(address(money)).status_code == 200
        return len(asked)

    assert queries(1) == queries(19)
