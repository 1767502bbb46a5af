"""Whatever officers do in whatever order, every number of every return is what it rests on, and no line is lost."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from board import clock
from funding.models import Claim, Source, SpendLine
from returns.kinds import KINDS, content_of
from returns.kinds.scope import Scope
from returns.kinds.shape import Kind
from returns.leaves import Record
from returns.tracing import Traces
from tests import factories
from tests.funding.test_tie_properties import COMMON, Machine

pytestmark = pytest.mark.django_db
OF_MONEY = ("claim", "match", "usage", "outturn", "partner", "contract", "change", "board")


class Proving(Machine):
    """The machine of the tie; when its programme ends, the return of each of its quarters is made and proved."""

    def teardown(self) -> None:
        try:
            if hasattr(self, "quarters"):
                with clock.at(self.day):
                    self.every_number_is_what_it_rests_on()
                    self.every_line_is_in_one_claim_or_says_why_not()
        finally:
            super().teardown()

    def every_number_is_what_it_rests_on(self) -> None:
        for kind, scope in self.returns():
            content = content_of(kind, scope, today=self.day, the_return=None)
            failures = list(Traces(content, Record(scope.programme, today=self.day)).failures())
            assert failures == [], (kind.code, str(scope), scope.subject)

    def returns(self) -> Iterator[tuple[Kind, Scope]]:
        """Every return of money that the programme has: of quarters, of years, of the whole, of each subject."""
        for code in OF_MONEY:
            for row in self.quarters:
                for scope in KINDS[code].scopes(factories.quarter(self.money.programme, row.code)):
                    yield KINDS[code], scope

    def every_line_is_in_one_claim_or_says_why_not(self) -> None:
        claimed = set(Claim.objects.in_force().values_list("quarter_id", flat=True))
        rows = SpendLine.objects.in_force().filter(budget_line__source__kind=Source.Kind.GRANT)
        for line in rows.select_related("quarter").prefetch_related("claim_lines"):
            held = [row for row in line.claim_lines.all() if row.in_force]
            assert len(held) <= 1, line
            waits = line.state == SpendLine.State.CLAIMABLE and line.quarter_id not in claimed
            assert held or waits or line.state_reason or self.waits_for_its_year(line, claimed), line

    def waits_for_its_year(self, line: SpendLine, claimed: set[Any]) -> bool:
        """A line released after its quarter's claim is taken up by the next one of its year."""
        later = [row for row in self.quarters if row.order > line.quarter.order and row.pk not in claimed]
        return line.state == SpendLine.State.CLAIMABLE and bool(later)


def test_every_number_of_a_random_programmes_returns_is_what_it_rests_on() -> None:
    run_state_machine_as_test(
        Proving, settings=settings(max_examples=4, stateful_step_count=30, derandomize=True, **COMMON)
    )


@pytest.mark.deep
def test_every_number_of_many_random_programmes_returns_is_what_it_rests_on() -> None:
    run_state_machine_as_test(Proving, settings=settings(max_examples=60, stateful_step_count=80, **COMMON))
