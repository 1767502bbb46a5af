"""Whatever is varied: first value and variations make the value in force, it is never below nought, ends follow on."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from board import clock
from board.models import Programme, User
from contracts.contracting import vary
from contracts.models import Contract
from core.money import NOUGHT, pounds
from core.problems import Refused
from tests import factories
from tests.contracts import scene
from tests.contracts.scene import TODAY, place

pytestmark = pytest.mark.django_db
PLACES = [("CHB", "2023-24"), ("CHB", "2024-25"), ("SIS", "2023-24")]
numbers = count(1)
pence = st.integers(min_value=-200_000, max_value=200_000)
variations = st.lists(
    st.tuples(st.dictionaries(st.sampled_from(PLACES), pence, max_size=3), st.none() | st.integers(-900, 900)),
    max_size=6,
)


@given(first=st.dictionaries(st.sampled_from(PLACES), st.integers(0, 100_000)), later=variations)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_the_value_in_force_is_the_sum_of_what_was_let_through(
    programme: Programme, by: User, first: dict, later: list
) -> None:
    with clock.at(TODAY):
        contract = factories.contract(
            programme,
            reference=f"P-{next(numbers)}",
            values={place(programme, *where): pounds(amount) for where, amount in first.items()},
        )
        worth = {where: pounds(first.get(where, 0)) for where in PLACES}
        for number_of, (changes, days) in enumerate(later, start=1):
            given_changes = {place(programme, *where): pounds(amount) for where, amount in changes.items()}
            ends_on = None if days is None else contract.ends_on + timedelta(days=days)
            try:
                vary(
                    contract=contract, changes=given_changes, ends_on=ends_on, reason=f"Number {number_of}",
                    effective_on=TODAY, approved_on=TODAY, by=scene.officer(),
                )  # fmt: skip
            except Refused:
                continue
            worth = {where: amount + pounds(changes.get(where, 0)) for where, amount in worth.items()}
            contract = Contract.objects.get(pk=contract.pk)
        for where, amount in worth.items():
            project, year = place(programme, *where)
            assert contract.value(project=project, year=year) == amount >= NOUGHT
        assert contract.value() == sum(worth.values(), Decimal("0.00"))
        ends_follow_on(contract)


def ends_follow_on(contract: Contract) -> None:
    """Each new end stands where the one before left off, and the last of them is the contract's."""
    end = date(2025, 3, 31)
    for variation in contract.variations.exclude(ends_on_after=None).order_by("number"):
        assert variation.ends_on_before == end != variation.ends_on_after >= contract.starts_on
        end = variation.ends_on_after
    assert contract.ends_on == end
