"""A council's match in one page: a figure a heading with the ledger's print, and the declaration with it."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from board import clock
from funding.declaring import declare
from funding.models import BudgetLine, Declaration, SpendLine, Transaction
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
URL = "/money/declare/DAPF-2023-25/ECC-CASH/2023-24-Q1/report/"


@pytest.fixture
def lines(money: Money) -> tuple[BudgetLine, BudgetLine]:
    return money.line(source=money.ecc_cash), money.line("GDM", "staff", source=money.ecc_cash)


@pytest.fixture
def officer(money: Money, lines: Any, signed_in: Callable[[Any], Client]) -> Client:
    return signed_in(money.council_finance)


def sent(lines: tuple[BudgetLine, BudgetLine], first: str, second: str, **more: str) -> dict[str, str]:
    return {
        f"line-{lines[0].pk}": first,
        f"line-{lines[1].pk}": second,
        "ledger_print": "Cost centre 4711, run on 4 July 2023",
        "read_on": "30 June 2023",
        "once": str(uuid4()),
        **more,
    }


def test_a_quarter_is_reported_and_declared_in_one_page(money: Money, officer: Client, lines: Any) -> None:
    assert URL in officer.get("/money/declare/").content.decode()
    text = officer.post(URL, sent(lines, "5,000.00", "3750.25", all_of_it="on"), follow=True).content.decode()
    assert "£8,750.25 recorded under 2 headings." in text
    first, second = Transaction.objects.order_by("reference")
    assert (first.kind, first.cost, first.accounting_on) == ("summary", D("5000.00"), date(2023, 6, 30))
    assert first.basis == "Ledger print: Cost centre 4711, run on 4 July 2023"
    assert [line.state for line in SpendLine.objects.all()] == ["match", "match"]
    declared = Declaration.objects.get()
    assert (declared.says, declared.total) == ("complete", D("8750.25"))
    assert second.cost == D("3750.25")


def test_without_the_tick_it_stays_open_and_what_is_recorded_stands_beside_the_box(
    money: Money, officer: Client, lines: Any
) -> None:
    officer.post(URL, sent(lines, "5000.00", ""))
    assert Transaction.objects.count() == 1 and not Declaration.objects.exists()
    assert "Recorded so far: £5,000.00 in the quarter, £5,000.00 in the year." in officer.get(URL).content.decode()


def test_less_than_was_reported_is_a_credit_with_its_reason(money: Money, officer: Client, lines: Any) -> None:
    officer.post(URL, sent(lines, "5000.00", ""))
    officer.post(URL, sent(lines, "-120.00", ""))
    assert SpendLine.objects.spend().total() == D("4880.00")


def test_nothing_spent_is_declared_nil(money: Money, officer: Client, lines: Any) -> None:
    assert "Enter what was spent" in officer.post(URL, sent(lines, "", "")).content.decode()
    officer.post(URL, sent(lines, "", "", all_of_it="on"))
    assert Declaration.objects.get().says == "nil" and not Transaction.objects.exists()


def test_everything_wrong_is_said_and_nothing_is_lost_or_half_written(
    money: Money, officer: Client, lines: Any
) -> None:
    data = sent(lines, "5000.00", "12.345", read_on="6 July 2023", ledger_print="")
    text = officer.post(URL, data).content.decode()
    for words in ("more than two decimal places", "Enter ledger print", 'value="5000.00"', 'value="12.345"'):
        assert words in text
    text = officer.post(URL, sent(lines, "5000.00", "1.00", read_on="6 July 2023", all_of_it="on")).content.decode()
    assert text.count("The accounting date 6 July 2023 is in the future") == 2, "once in the summary, once at its box"
    assert not Transaction.objects.exists() and not Declaration.objects.exists()


def test_the_button_pressed_twice_reports_once(money: Money, officer: Client, lines: Any) -> None:
    data = sent(lines, "5000.00", "1.00")
    for _ in range(2):
        officer.post(URL, data)
    assert SpendLine.objects.spend().total() == D("5001.00")


def test_a_declared_quarter_takes_no_report(money: Money, officer: Client, lines: Any) -> None:
    with clock.at(date(2023, 7, 5)):
        declare(source=money.ecc_cash, quarter=money.quarter(), nil=True, by=money.council_finance)
    assert URL not in officer.get("/money/declare/").content.decode()
    text = officer.post(URL, sent(lines, "5000.00", "")).content.decode()
    assert "is declared for 2023-24 Q1" in text and not Transaction.objects.exists()


@pytest.mark.parametrize(
    ("kind", "organisation", "status"),
    [
        ("finance-officer", "pfcc", 404),
        ("finance-officer", "thurrock", 404),
        ("cfo", "ecc", 403),
        ("auditor", "ecc", 403),
    ],
)
def test_only_the_keeper_reports(
    money: Money, signed_in: Callable[[Any], Client], kind: str, organisation: str, status: int
) -> None:
    assert signed_in(factories.person(kind, organisation)).get(URL).status_code == status


def test_in_kind_is_not_reported_here(officer: Client) -> None:
    assert officer.get(URL.replace("ECC-CASH", "ECC-KIND")).status_code == 403
