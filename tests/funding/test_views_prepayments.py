"""The record page's offer to charge each year what it receives, and that nothing is written before it is answered."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from board import clock
from funding.models import Transaction
from tests import factories
from tests.factories import Money
from tests.funding.test_views_record import URL, sent

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def money() -> Iterator[Money]:
    """In March 2024, with a budget line in both years."""
    with clock.at(date(2024, 3, 20)):
        made = factories.money(factories.programme())
        made.line(year="2024-25")
        yield made


@pytest.fixture
def officer(money: Money, signed_in: Callable[[Any], Client]) -> Client:
    return signed_in(money.finance)


def typed(money: Money, **fields: str) -> dict[str, str]:
    of_2024 = {
        "accounting_on": "5 March 2024",
        "service_from": "1 January 2024",
        "service_to": "31 December 2024",
        "net": "12,000.00",
    }
    return sent((money.line(), money.quarter("2023-24-Q4"), ""), **{**of_2024, **fields})


def test_recording_asks_first_what_each_year_receives(money: Money, officer: Client) -> None:
    text = officer.post(URL, typed(money)).content.decode()
    assert "This service runs past 31 March 2024" in text
    assert "charge £2,983.61 to 2023-24 and £9,016.39 to 2024-25 (held until 1 April 2024)" in text
    assert 'name="cut-0" value="2983.61"' in text and 'value="12,000.00"' in text
    assert not Transaction.objects.exists()
    assert "This service runs past" in officer.post(URL, typed(money, check="1")).content.decode()


def test_each_years_part_is_recorded_by_days_or_by_the_amounts_typed(money: Money, officer: Client) -> None:
    answer = {"cut": "1", "cut-0": "3,000.00", "cut-1": "9,000.00"}
    data = typed(money, **answer)
    text = officer.post(URL, data, follow=True).content.decode()
    assert "Each year’s part is recorded: T-000001 (£3,000.00), T-000002 (£9,000.00)." in text
    assert "has the same supplier and document number" not in text
    officer.post(URL, data)
    assert Transaction.objects.count() == 2
    text = officer.get("/money/spend/T-000002/").content.decode()
    assert "Not yet received" in text and "its first quarter claims it" in text


def test_amounts_that_miss_the_cost_are_said_beside_their_box(money: Money, officer: Client) -> None:
    text = officer.post(URL, typed(money, **{"cut": "1", "cut-0": "1.00", "cut-1": "9,000.00"})).content.decode()
    assert "The years add up to £2,999.00 too little for a cost of £12,000.00" in text
    assert 'name="cut-0" value="1.00"' in text and 'href="#id_cut-1"' in text
    text = officer.post(URL, typed(money, **{"cut": "1", "cut-0": "", "cut-1": "9,000.00"})).content.decode()
    assert "2023-24: enter what is received" in text
    assert not Transaction.objects.exists()


def test_it_may_be_recorded_whole(money: Money, officer: Client) -> None:
    officer.post(URL, typed(money, whole="1"))
    assert Transaction.objects.get().cost == D("12000.00")


def test_nothing_is_asked_where_the_later_year_has_no_such_line(money: Money, officer: Client) -> None:
    data = {**typed(money), "charges-0-line": str(money.line("SIS").pk)}
    officer.post(URL, data)
    assert Transaction.objects.get().cost == D("12000.00")
