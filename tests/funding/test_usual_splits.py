"""The usual split of a contract: remembered to make up 100, offered on the lines of each year, in one ledger."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from core.money import apportion, pounds
from core.problems import Refused
from funding.models import BudgetLine, UsualSplit
from funding.usual_splits import HUNDRED, remember, usual_splits
from tests import factories
from tests.factories import Money
from tests.funding.test_views_record import URL, sent

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def contract(money: Money) -> Any:
    values = {(money.line(project).project, money.line().year): D("9000.00") for project in ("CHB", "SIS")}
    return factories.contract(money.programme, values=values)


def offered(money: Money, year: str = "2023-24") -> dict[int, list[tuple[str, Decimal]]]:
    lines = list(BudgetLine.objects.select_related("project", "heading", "source", "year"))
    found = usual_splits(money.finance.acting.organisation, lines, money.programme.years.get(code=year))
    return {key: [(part.line.project.code, part.percent) for part in parts] for key, parts in found.items()}


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=6))
def test_the_parts_always_make_up_a_hundred(costs: list[int]) -> None:
    assert sum(apportion(HUNDRED, [pounds(cost) for cost in costs])) == HUNDRED


def test_what_was_confirmed_last_is_offered(money: Money, contract: Any) -> None:
    chb, sis = money.line("CHB"), money.line("SIS")
    remember(contract=contract, costs=[(chb, D("50.00")), (sis, D("50.00"))], by=money.finance)
    remember(contract=contract, costs=[(chb, D("-200.00")), (sis, D("-100.00"))], by=money.finance)
    assert offered(money) == {contract.pk: [("CHB", D("66.67")), ("SIS", D("33.33"))]}
    remember(contract=contract, costs=[(sis, D("1.00"))], by=money.finance)
    assert offered(money) == {contract.pk: [("SIS", D("100.00"))]}
    assert UsualSplit.objects.get(line=chb).history.count() == 3, "What it was stays in its history."


def test_it_goes_with_the_year_and_is_not_offered_where_a_line_is_missing(money: Money, contract: Any) -> None:
    costs = [(money.line("CHB"), D("60.00")), (money.line("SIS"), D("40.00"))]
    remember(contract=contract, costs=costs, by=money.finance)
    money.line("CHB", year="2024-25")
    assert offered(money, "2024-25") == {}
    money.line("SIS", year="2024-25")
    assert offered(money, "2024-25") == {contract.pk: [("CHB", D("60.00")), ("SIS", D("40.00"))]}


def test_it_is_kept_for_each_ledger_by_itself(money: Money, contract: Any) -> None:
    remember(contract=contract, costs=[(money.line(), D("1.00"))], by=money.council_finance)
    assert offered(money) == {}


def test_nothing_is_remembered_of_an_entry_of_nought(money: Money, contract: Any) -> None:
    with pytest.raises(Refused, match="no proportions"):
        remember(contract=contract, costs=[(money.line(), D("0.00"))], by=money.finance)


def test_the_table_refuses_more_than_the_whole(money: Money, contract: Any) -> None:
    remember(contract=contract, costs=[(money.line(), D("1.00"))], by=money.finance)
    with pytest.raises(IntegrityError), transaction.atomic():
        UsualSplit.objects.all().update(hundredths=10001)


@pytest.fixture
def officer(money: Money, signed_in: Callable[[Any], Client]) -> Client:
    return signed_in(money.finance)


def test_the_record_page_remembers_it_and_offers_it(money: Money, officer: Client, contract: Any) -> None:
    first = ((money.line("CHB"), money.quarter(), "75.00"), (money.line("SIS"), money.quarter(), "25.00"))
    officer.post(URL, sent(*first, contract=str(contract.pk), remember="on"))
    empty = sent(
        (money.line("CHB"), money.quarter(), ""), contract=str(contract.pk), usual="1", document_number="INV-8"
    )
    text = officer.post(URL, empty).content.decode()
    assert 'name="charges-0-share" value="75.00"' in text and 'name="charges-1-share" value="25.00"' in text
    assert 'value="INV-8"' in text


def test_the_record_page_says_why_it_offers_none(money: Money, officer: Client, contract: Any) -> None:
    data = sent((money.line(), money.quarter(), "12.00"), usual="1")
    assert "Choose a contract first" in officer.post(URL, data).content.decode()
    text = officer.post(URL, data | {"contract": str(contract.pk)}).content.decode()
    assert "C-001 has no usual split in" in text and 'value="12.00"' in text


def test_a_tick_without_a_contract_is_refused(money: Money, officer: Client) -> None:
    text = officer.post(URL, sent((money.line(), money.quarter(), ""), remember="on")).content.decode()
    assert "Choose the contract whose usual split this is" in text
