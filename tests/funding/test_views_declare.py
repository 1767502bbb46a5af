"""Declaring pages: what is recorded, what is declared, who may say so."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from funding.models import Declaration
from funding.spending import Charge
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
LIST = "/money/declare/"


def address(money: Money, source: str = "GRANT", quarter: str = "2023-24-Q1") -> str:
    return f"{LIST}{money.programme.code}/{source}/{quarter}/"


@pytest.fixture
def officer(money: Money, signed_in: Callable[[Any], Client]) -> Client:
    return signed_in(money.finance)


def test_each_kept_source_shows_what_is_recorded_and_that_it_is_missing(money: Money, officer: Client) -> None:
    money.record("12.34")
    text = officer.get(LIST).content.decode()
    assert "Home Office grant" in text and "£12.34" in text and "Missing" in text
    assert "Essex County Council cash" not in text


def test_the_earliest_open_quarter_is_offered_first(money: Money, officer: Client) -> None:
    assert "2023-24 Q1 (April to June 2023). Declare" in officer.get(LIST).content.decode()
    second = money.quarter("2023-24-Q2")
    assert "2023-24 Q2 (July to September 2023). Declare" in officer.get(f"{LIST}?quarter={second.pk}").content.decode()


def test_complete_is_declared_and_shown(money: Money, officer: Client) -> None:
    money.record("12.34")
    assert "1 line, £12.34 recorded" in officer.get(address(money)).content.decode()
    text = officer.post(address(money), {"says": "complete"}, follow=True).content.decode()
    assert "is declared complete" in text and "Withdraw" in text
    assert Declaration.objects.get().total == money.grant.budget_lines.get().spend_lines.get().cost


def test_nil_over_spend_is_refused_and_says_what_to_do(money: Money, officer: Client) -> None:
    money.record("12.34")
    text = officer.post(address(money), {"says": "nil"}).content.decode()
    assert "£12.34 is recorded for 2023-24 Q1" in text and "Declare it complete instead" in text
    assert 'href="#id_says_0"' in text and not Declaration.objects.exists()


def test_neither_chosen_is_refused(money: Money, officer: Client) -> None:
    assert "Choose complete or nil" in officer.post(address(money), {}).content.decode()


def test_withdrawing_asks_for_the_reason_and_leaves_the_row(money: Money, officer: Client) -> None:
    officer.post(address(money), {"says": "nil"})
    url = f"{address(money)}withdraw/"
    assert "Enter reason" in officer.post(url, {"reason": ""}).content.decode()
    officer.post(url, {"reason": "An invoice came"})
    row = Declaration.objects.get()
    assert row.withdrawn_reason == "An invoice came" and row.withdrawn_at is not None
    assert "Missing" in officer.get(LIST).content.decode()


def test_nothing_to_withdraw_is_not_found(money: Money, officer: Client) -> None:
    assert officer.get(f"{address(money)}withdraw/").status_code == 404


def test_another_organisations_source_is_not_found(money: Money, officer: Client) -> None:
    assert officer.get(address(money, "ECC-CASH")).status_code == 404
    assert officer.post(address(money, "ECC-CASH"), {"says": "nil"}).status_code == 404
    assert not Declaration.objects.exists()


def test_a_quarter_that_has_not_begun_is_not_found(money: Money, officer: Client) -> None:
    assert officer.get(address(money, quarter="2023-24-Q3")).status_code == 404


def test_a_council_declares_its_match(money: Money, signed_in: Callable[[Any], Client]) -> None:
    line = money.line(source=money.ecc_cash)
    money.record("7.00", Charge(line, money.quarter()), by=money.council_finance, on=date(2023, 6, 1))
    council = signed_in(money.council_finance)
    council.post(address(money, "ECC-CASH"), {"says": "complete"})
    assert Declaration.objects.get().organisation == factories.organisation("ecc")


@pytest.mark.parametrize("kind", ["commissioning-officer", "cfo", "auditor"])
def test_only_finance_officers_declare(money: Money, signed_in: Callable[[Any], Client], kind: str) -> None:
    client = signed_in(factories.person(kind, "pfcc"))
    assert client.get(LIST).status_code == 403
    assert client.post(address(money), {"says": "nil"}).status_code == 403
