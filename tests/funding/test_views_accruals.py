"""The pages of accruals: what a quarter's end wants, raising many, their outcomes; a ledger's row settles one."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from board import clock
from board.quarters import MONEY
from contracts.models import Contract
from core.problems import Refused
from funding import budgeting
from funding.accruals import open_accruals
from funding.due import due
from funding.ledger_commit import commit, review
from funding.ledger_import import Change, decide, stage
from funding.models import LedgerImport, Transaction
from funding.spending import Charge
from returns import closing
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def contract(money: Money) -> Contract:
    line = money.line()
    made = factories.contract(money.programme, values={(line.project, line.year): D("24000.00")})
    budgeting.commit(contract=made, line=line, amount=D("24000.00"), by=money.finance)
    return made


@pytest.fixture
def accrual(money: Money, contract: Contract) -> Transaction:
    """Raised in quarter 1 and reversed by its close."""
    entry = money.record("600.00", kind=Transaction.Kind.ACCRUAL, contract=contract, on=date(2023, 6, 30))
    by = factories.person("commissioning-officer", "pfcc")
    closing.close(quarter=money.quarter(), what=MONEY, by=by)
    return entry


@pytest.fixture
def officer(money: Money, contract: Contract, signed_in: Callable[[Any], Client]) -> Client:
    return signed_in(money.finance)


def address(money: Money, quarter: str = "2023-24-Q1", then: str = "") -> str:
    return f"/money/accruals/{money.programme.code}/{quarter}/{then}"


def test_from_the_declaring_page_to_accruals_on_record(money: Money, officer: Client) -> None:
    assert f'href="{address(money)}"' in officer.get("/money/declare/").content.decode()
    text = officer.get(address(money)).content.decode()
    assert "C-001" in text and "£5,967.21" in text and "Raise accruals" in text
    page = officer.get(address(money, then="raise/"))
    assert "The commitment by days is £5,967.21, nothing is recorded of the quarter’s service" in page.content.decode()
    [key] = page.context["form"].prompts
    assert page.context["form"][key].value() == "5967.21"
    sent = {"description": "Sessions of June", key: "5,000.00"}
    text = officer.post(address(money, then="raise/"), sent, follow=True).content.decode()
    assert "1 accrual is recorded, £5,000.00" in text and "T-000001" in text


def test_what_cannot_be_accrued_is_said_beside_its_box_and_nothing_typed_is_lost(money: Money, officer: Client) -> None:
    [key] = officer.get(address(money, then="raise/")).context["form"].prompts
    text = officer.post(address(money, then="raise/"), {"description": "Sessions", key: "-5.00"}).content.decode()
    assert "An accrual is above nought" in text and 'value="-5.00"' in text
    text = officer.post(address(money, then="raise/"), {"description": "Sessions", key: ""}).content.decode()
    assert "Enter the amount of at least one accrual" in text
    assert not Transaction.objects.exists()


def test_a_line_that_is_recorded_in_part_has_its_suggestion_beside_the_box(
    money: Money, contract: Contract, officer: Client
) -> None:
    money.record("1000.00", contract=contract)
    page = officer.get(address(money, then="raise/"))
    [key] = page.context["form"].prompts
    assert page.context["form"][key].value() is None
    assert "£1,000.00 is recorded" in page.content.decode() and "Suggested: £4,967.21." in page.content.decode()


def test_a_reversed_accrual_is_raised_again_from_its_own_page(
    money: Money, accrual: Transaction, officer: Client
) -> None:
    text = officer.get(address(money, "2023-24-Q2")).content.decode()
    assert "Reversed, and nothing says what became of them" in text and "/money/spend/T-000001/outcome/" in text
    assert "Say what became of it" in officer.get("/money/spend/T-000001/").content.decode()
    url = "/money/spend/T-000001/outcome/"
    assert "Enter the estimate" in officer.post(url, {"what": "again", "amount": ""}).content.decode()
    sent = {"what": "again", "amount": "650", "quarter": money.quarter("2023-24-Q2").pk}
    text = officer.post(url, sent, follow=True).content.decode()
    assert "T-000001 is raised again as T-000003, £650.00" in text and "Raised again as" in text
    assert officer.get(url).status_code == 404
    assert "Every reversed accrual is settled" in officer.get(address(money, "2023-24-Q2")).content.decode()


def test_a_reversed_accrual_is_settled_by_an_invoice_on_record(
    money: Money, accrual: Transaction, officer: Client
) -> None:
    charge = Charge(money.line(), money.quarter("2023-24-Q2"))
    paid = money.record("580.00", charge, document_number="INV-7", on=date(2023, 7, 3))
    url = "/money/spend/T-000001/outcome/"
    assert "T-000003, Supplier Limited, INV-7, 3 July 2023, £580.00" in officer.get(url).content.decode()
    assert "Choose the entry that is its invoice" in officer.post(url, {"what": "settled"}).content.decode()
    text = officer.post(url, {"what": "settled", "invoice": paid.pk}, follow=True).content.decode()
    assert "T-000003 settles T-000001" in text and "Settled by" in text
    assert "Settles the accrual" in officer.get("/money/spend/T-000003/").content.decode()


def test_a_reversed_accrual_is_written_back_with_a_reason(money: Money, accrual: Transaction, officer: Client) -> None:
    url = "/money/spend/T-000001/outcome/"
    assert "Say why no invoice comes" in officer.post(url, {"what": "back", "reason": ""}).content.decode()
    text = officer.post(url, {"what": "back", "reason": "Cancelled"}, follow=True).content.decode()
    assert "T-000001 is written back" in text and "Cancelled (5 July 2023)" in text


def test_one_in_a_closing_period_is_written_back_or_stands(money: Money, contract: Contract, officer: Client) -> None:
    by = factories.person("commissioning-officer", "pfcc")
    with clock.at(date(2024, 4, 3)):
        for number in (1, 2, 3, 4):
            closing.close(quarter=money.quarter(f"2023-24-Q{number}"), what=MONEY, by=by)
        charge = Charge(money.line(), money.quarter("2023-24-closing"))
        served = {"service_from": date(2024, 3, 1), "service_to": date(2024, 3, 31), "on": date(2024, 4, 2)}
        money.record("70.00", charge, kind=Transaction.Kind.ACCRUAL, contract=contract, **served)
        text = officer.get(address(money, "2023-24-closing")).content.decode()
        assert "Standing open at the year’s final claim" in text and "Raise accruals" not in text
        form = officer.get("/money/spend/T-000001/outcome/").context["form"]
        assert [value for value, _ in form.fields["what"].choices] == ["back", "stands"]
        sent = {"what": "stands", "reason": "The provider confirms"}
        text = officer.post("/money/spend/T-000001/outcome/", sent, follow=True).content.decode()
    assert "T-000001 stands" in text and "The provider confirms" in text


def test_the_front_page_says_what_the_accruals_of_an_ended_quarter_want(
    money: Money, accrual: Transaction, contract: Contract
) -> None:
    with clock.at(date(2023, 10, 4)):
        found = list(due(money.finance, today=clock.today(), moment=clock.now()))
    [one] = [row for row in found if row.key.startswith("accruals/")]
    assert one.words == (
        "Accruals of 2023-24 Q2 (July to September 2023): say what became of 1 reversed, "
        "look at 1 budget line with service and no invoice"
    )
    assert (one.url_name, one.url_args) == ("funding:accruals", (money.programme.code, "2023-24-Q2"))


def test_only_its_own_officers_find_a_ledgers_accruals(
    money: Money, accrual: Transaction, signed_in: Callable[[Any], Client]
) -> None:
    for who, page, outcome in (
        ("cfo/pfcc", 403, 403),
        ("auditor/home-office", 403, 403),
        ("finance-officer/ecc", 200, 404),
        ("finance-officer/southend", 404, 404),
        ("kpi-reporter/change", 403, 403),
    ):
        client = signed_in(factories.person(*who.split("/")))
        assert client.get(address(money)).status_code == page, who
        assert client.get("/money/spend/T-000001/outcome/").status_code == outcome, who
        if page == 200:
            assert "C-001" not in client.get(address(money)).content.decode()


def test_the_page_asks_the_same_for_one_contract_and_for_ten(money: Money, officer: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert officer.get(address(money)).status_code == 200
        return len(asked)

    one = queries()
    for number in range(9):
        line = money.line("SIS", "staff" if number % 2 else "provider")
        made = factories.contract(
            money.programme, reference=f"M-{number}", values={(line.project, line.year): D("900.00")}
        )
        budgeting.commit(contract=made, line=line, amount=D("900.00"), by=money.finance)
    assert queries() == one


# A row of an imported ledger


def staged(money: Money) -> LedgerImport:
    data = b"Date,Supplier,Invoice,Amount\n30/06/2023,The Change Project,INV-9,580.00\n"
    return stage(data=data, file_name="july.csv", by=money.finance)


def add(money: Money, found: LedgerImport, **change: object) -> None:
    decide(
        ledger_import=found, among=found.rows.all(), decision="add", by=money.finance,
        change=Change(by_date=True, **change),
    )  # fmt: skip


def test_a_row_of_a_ledger_settles_an_accrual_and_goes_where_it_went(
    money: Money, accrual: Transaction, contract: Contract
) -> None:
    found = staged(money)
    add(money, found, settles=accrual)
    row = found.rows.get()
    assert (row.budget_line, row.contract, row.quarter.code) == (money.line(), contract, "2023-24-Q2")
    commit(ledger_import=found, by=money.finance)
    entry = Transaction.objects.get(document_number="INV-9")
    assert (entry.settles, entry.contract, entry.cost) == (accrual, contract, D("580.00"))
    assert open_accruals(money.programme.recipient) == []


def test_a_row_cannot_settle_what_was_settled_meanwhile_or_lies_elsewhere(money: Money, accrual: Transaction) -> None:
    found = staged(money)
    add(money, found, settles=accrual, budget_line=money.line("SIS"), without_contract=True)
    found.rows.update(contract=None)
    assert "Change the coding" in str(review(ledger_import=found, by=money.finance).problems)
    found.rows.update(budget_line=money.line())
    assert not [one for one in review(ledger_import=found, by=money.finance).problems if one.blocking]
    Transaction.objects.filter(pk=accrual.pk).update(written_back_on=date(2023, 7, 5), written_back_reason="Cancelled")
    with pytest.raises(Refused, match="is said already"):
        commit(ledger_import=found, by=money.finance)
    with pytest.raises(Refused, match="waits for its invoice"):
        add(money, found, settles=accrual)


def test_the_accruals_that_wait_are_offered_among_the_rows(money: Money, accrual: Transaction, officer: Client) -> None:
    found = staged(money)
    url = f"/money/imports/{found.reference}/rows/"
    assert "T-000001, Supplier Limited, Sessions delivered, £600.00" in officer.get(url).content.decode()
    sent = {"scope": "all", "decision": "add", "quarter": "date", "settles": accrual.pk}
    text = officer.post(url, sent, follow=True).content.decode()
    assert "1 row changed" in text and "settles T-000001" in text
    officer.post(url, {"scope": "all", "decision": "", "quarter": "", "settles": "none"})
    assert found.rows.get().settles is None
