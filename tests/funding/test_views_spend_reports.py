"""The pages of statements and of money held by grantees: what they say, who may do what, what they ask."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contracts.models import Contract
from funding.models import ReconcilingItem, SpendReport, Transaction
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
SIGNED = {"signed_by_title": "Director of Finance", "signed_on": "4 July 2023", "document_reference": "S-2023-Q1"}
RECORD = "/money/contracts/C-001/statements/2023-24-Q1/"


@pytest.fixture
def agreement(money: Money) -> Contract:
    line = money.line()
    values = {(line.project, line.year): D("60000.00")}
    return factories.contract(money.programme, kind="grant-agreement", values=values)


@pytest.fixture
def officer(money: Money, agreement: Contract, signed_in: Callable[[Any], Client]) -> Client:
    money.record("5000.00", kind=Transaction.Kind.ADVANCE, contract=agreement)
    return signed_in(money.finance)


def box(money: Money) -> str:
    return f"line-{money.line().pk}"


def test_from_a_missing_statement_to_what_is_held(money: Money, officer: Client) -> None:
    text = officer.get("/money/contracts/C-001/").content.decode()
    assert "Statements of spend" in text and 'href="statements/2023-24-Q1/"' in text
    form = officer.get(RECORD).content.decode()
    assert "The Change Hub · Provider contract payments · Home Office grant" in form
    assert "Reported in 2023-24 without this: £0.00." in form
    text = officer.post(RECORD, {**SIGNED, box(money): "1,200.00"}, follow=True).content.decode()
    assert "SR-000001 is recorded: £1,200.00" in text and "Director of Finance" in text and "T-000002" in text
    text = officer.get("/money/contracts/C-001/").content.decode()
    assert "£3,800.00" in text and "SR-000001" in text
    text = officer.get("/money/held-by-grantees/").content.decode()
    assert "The Change Project" in text and "£3,800.00" in text and "As at 5 July 2023" in text


def test_nil_is_a_box_of_its_own_and_nothing_typed_is_lost(money: Money, officer: Client) -> None:
    text = officer.post(RECORD, SIGNED).content.decode()
    assert "Enter what was spent, or say that the statement is nil" in text and "S-2023-Q1" in text
    text = officer.post(RECORD, {**SIGNED, "is_nil": "on", box(money): "12.00"}).content.decode()
    assert "A nil statement shows no spend" in text and 'value="12.00"' in text
    assert not SpendReport.objects.exists()
    text = officer.post(RECORD, {**SIGNED, "is_nil": "on"}, follow=True).content.decode()
    assert "is recorded: nil" in text and "Nil: nothing was spent." in text


def test_a_statement_is_corrected_from_what_it_showed_and_made_void(money: Money, officer: Client) -> None:
    officer.post(RECORD, {**SIGNED, box(money): "1,200.00"})
    page = officer.get("/money/statements/SR-000001/correct/")
    text = page.content.decode()
    assert 'value="1200.00"' in text and "Reported in 2023-24 without this: £0.00." in text
    sent = {**SIGNED, box(money): "1,100.00", "version": "1"}
    assert "Say why it is corrected" in officer.post("/money/statements/SR-000001/correct/", sent).content.decode()
    sent["reason"] = "A figure was misread"
    text = officer.post("/money/statements/SR-000001/correct/", sent, follow=True).content.decode()
    assert "SR-000002 is recorded: £1,100.00" in text and "Corrects" in text
    assert officer.get("/money/statements/SR-000001/correct/").status_code == 404
    assert ">Void<" in officer.get("/money/statements/SR-000001/").content.decode().replace("\n", "").replace("  ", "")
    sent = {"reason": "Of another agreement", "version": "1"}
    text = officer.post("/money/statements/SR-000002/void/", sent, follow=True).content.decode()
    assert "SR-000002 is void" in text
    assert not Transaction.objects.in_force().filter(kind="reported-spend").exists()


def test_money_that_came_back_is_recorded_from_the_contract(money: Money, officer: Client) -> None:
    assert "holds £5,000.00 under C-001" in officer.get("/money/contracts/C-001/money-back/").content.decode()
    sent = {"quarter": money.quarter().pk, "amount": "5,000.01", "reason": "Returned", "document_number": "R-1"}
    sent["came_on"] = "3 July 2023"
    text = officer.post("/money/contracts/C-001/money-back/", sent).content.decode()
    assert "Only £5,000.00 is unspent" in text and "5,000.01" in text
    text = officer.post("/money/contracts/C-001/money-back/", {**sent, "amount": "5000"}, follow=True).content.decode()
    assert "£5,000.00 came back: T-000002" in text


def test_the_reconciliation_proposes_the_item_with_its_figure(money: Money, officer: Client) -> None:
    officer.post(RECORD, {**SIGNED, box(money): "1,200.00"})
    address = f"/money/reconcile/{money.programme.code}/pfcc/2023-24-Q1/"
    officer.post(address + "ledger-total/", {"amount": "5000.00", "ledger_print": "Cost centre 4711"})
    page = officer.get(address)
    text = page.content.decode()
    assert "£3,800.00. £3,800.00 is paid on account and not reported as spent on 30 June 2023." in text
    [link] = [link for link in page.context["actions"] if "grantees" in link.label]
    form = officer.get(link.url).context["form"]
    assert (form["kind"].value(), form["amount"].value()) == ("unspent-advance", "3800.00")
    sent = {name: form[name].value() for name in ("kind", "amount", "reason", "once")}
    text = officer.post(address + "add-item/", sent, follow=True).content.decode()
    assert "every difference is explained" in text and "Add the item for money" not in text
    item = ReconcilingItem.objects.get()
    assert item.amount == D("3800.00")
    # It stands until the next item says how it changed.
    assert f"Clear {item.reference}" not in text


def test_who_reads_and_who_records(money: Money, officer: Client, signed_in: Callable[[Any], Client]) -> None:
    officer.post(RECORD, {**SIGNED, box(money): "1,200.00"})
    for who, read, record in (
        ("cfo/pfcc", 200, 403),
        ("auditor/home-office", 200, 403),
        ("finance-officer/ecc", 404, 404),
        ("kpi-reporter/change", 403, 403),
        ("board-member/setdab", 403, 403),
    ):
        client = signed_in(factories.person(*who.split("/")))
        assert client.get("/money/statements/SR-000001/").status_code == read, who
        for address in (RECORD, "/money/contracts/C-001/money-back/", "/money/statements/SR-000001/void/"):
            assert client.get(address).status_code == record, (who, address)
            assert client.post(address, {"reason": "x", "version": 1}).status_code == record, (who, address)
    council = signed_in(money.council_finance)
    assert "C-001" not in council.get("/money/held-by-grantees/").content.decode()


def test_a_contract_of_another_kind_has_no_statements(money: Money, officer: Client) -> None:
    factories.contract(money.programme, reference="C-002")
    assert "Statements of spend" not in officer.get("/money/contracts/C-002/").content.decode()
    assert officer.get("/money/contracts/C-002/statements/2023-24-Q1/").status_code == 404
    assert officer.get("/money/contracts/C-001/statements/2023-24-Q4/").status_code == 404


def test_the_list_asks_the_same_for_one_grantee_and_for_ten(money: Money, officer: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert officer.get("/money/held-by-grantees/").status_code == 200
        return len(asked)

    one = queries()
    line = money.line()
    for number in range(9):
        more = factories.contract(
            money.programme, reference=f"G-{number}", kind="grant-agreement", values={(line.project, line.year): D(1)}
        )
        money.record("10.00", kind=Transaction.Kind.ADVANCE, contract=more)
    assert queries() == one
