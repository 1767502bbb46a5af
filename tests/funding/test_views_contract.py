"""The money under a contract: what it binds and has charged of each budget line, on the sources that one sees."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from funding.budgeting import commit
from funding.spending import Charge
from tests import factories
from tests.factories import Money
from tests.funding.test_views_budget import row_of

pytestmark = pytest.mark.django_db
D = Decimal


def test_a_line_that_was_charged_without_a_commitment_is_there_too(
    money: Money, signed_in: Callable[[Any], Client]
) -> None:
    line = money.line()
    contract = factories.contract(money.programme, values={(line.project, line.year): D("900.00")})
    commit(contract=contract, line=line, amount=D("500.00"), by=money.finance)
    money.record("120.00", contract=contract)
    money.record("30.00", Charge(money.line(heading="staff"), money.quarter()), contract=contract, supplier_name="B")
    text = signed_in(money.finance).get(f"/money/contracts/{contract.reference}/").content.decode()
    assert "Provider contract payments" in text and "Staff salaries" in text
    assert row_of(text, "The Change Hub")[-3:] == ["£500.00", "£120.00", "£380.00"]
    assert row_of(text, "Total")[-3:] == ["£500.00", "£150.00", "£380.00"]
