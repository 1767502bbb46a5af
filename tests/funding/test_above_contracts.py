"""What money says of a contract's new terms, as the addresses hand it down: what is bound stays, what waited goes."""

from datetime import date
from decimal import Decimal

import pytest

from config.urls import ABOVE_CONTRACTS
from contracts.contracting import sign, vary
from contracts.models import Contract
from core.problems import Refused
from funding.budgeting import commit
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal


def unsigned(money: Money, amount: str = "100.00") -> Contract:
    line = money.line()
    return factories.contract(money.programme, values={(line.project, line.year): D(amount)}, signed_on=None)


def test_a_signature_releases_what_waited_for_it_and_says_so(money: Money) -> None:
    contract, officer = unsigned(money), factories.person("commissioning-officer", "pfcc")
    entry = money.record("60.00", contract=contract)
    assert entry.lines.get().state_reason == "contract-not-signed"
    signed = sign(contract=contract, signed_on=date(2023, 7, 1), by=officer, above=ABOVE_CONTRACTS)
    assert entry.lines.get().state == "claimable"
    [said] = signed.warnings
    assert said.message == "1 line of spend, £60.00, that waited for this can be claimed now." and not said.blocking


def test_a_contract_is_never_worth_less_than_what_is_charged_to_it(money: Money) -> None:
    line, officer = money.line(), factories.person("commissioning-officer", "pfcc")
    contract = factories.contract(money.programme, values={(line.project, line.year): D("100.00")})
    money.record("60.00", contract=contract)
    dates = {"effective_on": date(2023, 7, 5), "approved_on": date(2023, 7, 1), "reason": "Fewer", "by": officer}
    place = (line.project, line.year)
    with pytest.raises(Refused, match=r"£59\.99, and £60\.00 is charged to it\. It can be lowered to £60\.00"):
        vary(contract=contract, changes={place: D("-40.01")}, above=ABOVE_CONTRACTS, **dates)
    assert vary(contract=contract, changes={place: D("-40.00")}, above=ABOVE_CONTRACTS, **dates).warnings == []
    assert contract.value() == D("60.00")


def test_what_lies_beyond_a_contract_already_does_not_stand_in_the_way_of_lowering_it(money: Money) -> None:
    line, officer = money.line(), factories.person("commissioning-officer", "pfcc")
    contract = factories.contract(money.programme, values={(line.project, line.year): D("100.00")})
    money.record("60.00", contract=contract)
    money.record("60.00", contract=contract, on=date(2023, 6, 16))
    vary(
        contract=contract, changes={(line.project, line.year): D("-10.00")}, reason="Fewer", by=officer,
        effective_on=date(2023, 7, 5), approved_on=date(2023, 7, 1), above=ABOVE_CONTRACTS,
    )  # fmt: skip
    assert contract.value() == D("90.00")


def test_below_what_the_budget_commits_a_contract_is_lowered_with_a_warning(money: Money) -> None:
    line, officer = money.line(), factories.person("commissioning-officer", "pfcc")
    contract = factories.contract(money.programme, values={(line.project, line.year): D("100.00")})
    commit(contract=contract, line=line, amount=D("100.00"), by=money.finance)
    changed = vary(
        contract=contract, changes={(line.project, line.year): D("-10.00")}, reason="Fewer", by=officer,
        effective_on=date(2023, 7, 5), approved_on=date(2023, 7, 1), above=ABOVE_CONTRACTS,
    )  # fmt: skip
    [said] = changed.warnings
    assert "£100.00 of the budget is committed" in said.message and not said.blocking
