"""Two officers at the same moment, each in a thread with a connection of its own: no variation lost, none twice."""

from collections.abc import Iterator
from datetime import date

import pytest

from board import clock
from board.models import Programme
from config.urls import ABOVE_CONTRACTS
from contracts.contracting import Changed, sign, vary
from contracts.models import Contract
from core.problems import Refused
from tests import factories
from tests.contracts import scene
from tests.contracts.scene import D, engaged, place
from tests.factories import Money
from tests.funding.test_two_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 4
DATES = {"effective_on": date(2023, 8, 1), "approved_on": date(2023, 7, 1), "reason": "More sessions"}


@pytest.fixture
def live() -> Iterator[Programme]:
    with clock.at(scene.TODAY):
        yield factories.programme()


def test_of_two_officers_who_saw_the_same_one_varies_and_the_other_is_told(live: Programme) -> None:
    one, two = scene.officer(), scene.officer(number=2)
    for number in range(1, TIMES + 1):
        contract = engaged(live, number, "100.00")
        given = {"contract": contract, "changes": {place(live): D("10.00")}, "seen_version": 1, **DATES}
        results = at_once(lambda g=given: vary(by=one, **g), lambda g=given: vary(by=two, **g))
        assert sorted(type(result).__name__ for result in results) == ["Changed", "Refused"]
        [refused] = [result for result in results if isinstance(result, Refused)]
        assert [problem.code for problem in refused.problems] == ["version"]
        assert contract.value() == D("110.00") and contract.variations.get().number == 1


def test_what_two_take_off_at_once_never_leaves_less_than_nothing(live: Programme) -> None:
    one, two = scene.officer(), scene.officer(number=2)
    for number in range(1, TIMES + 1):
        contract = engaged(live, number, "100.00")
        given = {"contract": contract, "changes": {place(live): D("-60.00")}, **DATES}
        results = at_once(lambda g=given: vary(by=one, **g), lambda g=given: vary(by=two, **g))
        assert sorted(type(result).__name__ for result in results) == ["Changed", "Refused"]
        assert contract.value() == D("40.00")


def test_a_signature_and_an_entry_at_once_both_land_and_neither_waits_for_ever(live: Programme) -> None:
    money: Money = factories.money(live)
    officer = scene.officer()
    for number in range(1, TIMES + 1):
        contract = engaged(live, number, signed_on=None)
        money.record("5.00", contract=contract, document_number=f"A-{number}")
        results = at_once(
            lambda c=contract: sign(contract=c, signed_on=date(2023, 7, 1), by=officer, above=ABOVE_CONTRACTS),
            lambda c=contract, n=number: money.record("6.00", contract=c, document_number=f"B-{n}"),
        )
        assert isinstance(results[0], Changed) and not isinstance(results[1], Refused)
        assert Contract.objects.get(pk=contract.pk).signed_on == date(2023, 7, 1)


def test_spend_and_a_lower_value_at_once_never_leave_less_than_what_is_charged(live: Programme) -> None:
    money: Money = factories.money(live)
    officer = scene.officer()
    lower = {"changes": {place(live): D("-60.00")}, "above": ABOVE_CONTRACTS, "by": officer, **DATES}
    for number in range(1, TIMES + 1):
        contract = engaged(live, number, "100.00")
        results = at_once(
            lambda c=contract: vary(contract=c, **lower),
            lambda c=contract, n=number: money.record("70.00", contract=c, document_number=f"C-{n}"),
        )
        line = results[1].lines.get()
        if isinstance(results[0], Changed):
            assert (contract.value(), line.state_reason) == (D("40.00"), "beyond-contract-value")
        else:
            assert (contract.value(), line.state) == (D("100.00"), "claimable")
