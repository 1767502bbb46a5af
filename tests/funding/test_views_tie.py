"""Whether a year ties, on a page: each project's cost by its place, and the award against its claims."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from funding.spending import Charge
from tests import factories
from tests.factories import Money
from tests.funding.test_views_claims import claimed

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(money: Money) -> str:
    return f"/money/tie/{money.programme.code}/2023-24/"


def test_each_pound_is_in_its_column(money: Money, signed_in: Callable[[Any], Client], url: str) -> None:
    money.record("1000.00")
    claimed(money)
    money.record("200.00", Charge(money.line(), money.quarter("2023-24-Q2")))
    money.record("30.00", Charge(money.line(heading="capital"), money.quarter("2023-24-Q2")))
    cash = money.line(source=money.ecc_cash)
    money.record("5.00", Charge(cash, money.quarter("2023-24-Q2")), by=money.council_finance)
    text = signed_in(money.finance).get(url).content.decode()
    assert "Ties to the penny" in text
    for amount in ("£1,230.00", "£1,000.00", "£200.00", "£30.00", "£5.00"):
        assert amount in text


def test_a_council_sees_its_own_cost_and_no_award(money: Money, signed_in: Callable[[Any], Client], url: str) -> None:
    money.record("1000.00")
    cash = money.line(source=money.ecc_cash)
    money.record("5.00", Charge(cash, money.quarter()), by=money.council_finance)
    text = signed_in(money.council_finance).get(url).content.decode()
    assert "£5.00" in text and "£1,000.00" not in text and "The award and its claims" not in text


def test_the_budget_leads_there(money: Money, signed_in: Callable[[Any], Client], url: str) -> None:
    money.record("1000.00")
    year = money.line().year
    assert f'href="{url}"' in signed_in(money.finance).get(f"/money/budget/?year={year.pk}").content.decode()


def test_a_stranger_finds_nothing(money: Money, signed_in: Callable[[Any], Client], url: str) -> None:
    assert signed_in(factories.person("finance-officer", "southend")).get(url).status_code == 404
