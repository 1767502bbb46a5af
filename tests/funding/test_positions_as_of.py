"""What the record said at a moment, whatever was done since: random acts, each at its own minute.

After each act the position as of now is the current one, and the position as of the moment before it is
the one that stood then; at the end every moment that there was still reads as it read.
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from board import clock, rows
from board.models import Quarter
from board.quarters import MONEY
from core.problems import Refused
from funding import budgeting, spending
from funding.models import BudgetLine, Commitment, SpendLine, Transaction
from funding.positions import Position, cell_positions, contract_positions, line_positions
from funding.spending import Charge
from returns import closing
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
pence = st.integers(1, 5_000_000).map(lambda value: D(value).scaleb(-2))
pick = st.integers(0, 10_000)
START = timezone.make_aware(datetime.combine(date(2023, 4, 10), time(9, 0)))
KINDS = (Transaction.Kind.ACTUAL, Transaction.Kind.ACCRUAL, Transaction.Kind.ADVANCE)
Read = tuple[Any, ...]


class Machine(RuleBasedStateMachine):
    """One year of a grant: entries, what puts them right, budgets, plans, a contract signed late, closings."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.moment, self.number = START, 0
        self.read: list[tuple[datetime, Read]] = []

    def teardown(self) -> None:
        for moment, was in self.read:
            assert self.position(as_of=moment) == was
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        with self.clock():
            self.money = factories.money(factories.programme())
            self.officer = factories.person("commissioning-officer", "pfcc")
            self.lines = [self.money.line("CHB"), self.money.line("SIS"), self.money.line("CHB", "capital")]
            line = self.lines[0]
            values = {(line.project, line.year): D("90000.00")}
            self.contract = factories.contract(self.money.programme, signed_on=None, values=values)
        self.quarters = [self.money.quarter(f"2023-24-Q{number}") for number in (1, 2, 3, 4)]
        self.now = self.position()

    def clock(self) -> Any:
        local = timezone.localtime(self.moment)
        return clock.at(local.date(), local.hour, local.minute)

    def tried(self, act: Any, **given: Any) -> None:
        """Do it a minute later; what it changes is nothing a minute before."""
        self.read.append((self.moment, self.now))
        self.moment += timedelta(minutes=1)
        try:
            with self.clock(), transaction.atomic():
                act(**given)
        except (Refused, ValidationError):
            pass

    def position(self, as_of: datetime | None = None) -> Read:
        """Every cut of the year at its second quarter and its last, and what the contract binds."""
        found: list[Any] = []
        today = timezone.localtime(as_of or self.moment).date()
        for code in ("2023-24-Q2", "2023-24-closing"):
            quarter = self.money.quarter(code)
            given = {"today": today, "as_of": as_of}
            by_line = line_positions([self.money.grant], quarter.year, quarter, **given)
            cells = cell_positions([self.money.grant], quarter.year, quarter, **given)
            assert sum(cells.values(), Position()) == sum(by_line.values(), Position())
            found += [by_line, {key: value for key, value in cells.items() if value != Position()}]
        return (*found, contract_positions([self.money.grant], as_of=as_of))

    def open_quarter(self) -> Quarter | None:
        rows_ = [self.money.quarter(row.code) for row in self.quarters]
        return next((row for row in rows_ if row.money_closed_at is None), None)

    def any(self, found: Any, at: int) -> Any:
        found = list(found)
        return found[at % len(found)] if found else None

    @rule(cost=pence, kind=st.sampled_from(KINDS), at=pick, bound=st.booleans())
    def record(self, cost: Decimal, kind: str, at: int, bound: bool) -> None:
        if (quarter := self.open_quarter()) is None:
            return
        self.number += 1
        day = timezone.localtime(self.moment).date()
        entry = self.money.entry(
            str(cost), on=day, kind=kind, supplier_name=f"S{self.number}", contract=self.contract if bound else None
        )
        charges = [Charge(self.lines[0] if bound else self.lines[at % 3], quarter)]
        self.tried(spending.record, entry=entry, charges=charges, by=self.money.finance)

    @rule(at=pick)
    def reverse(self, at: int) -> None:
        entry, quarter = self.any(Transaction.objects.in_force(), at), self.open_quarter()
        if entry and quarter:
            self.tried(spending.reverse, original=entry, quarter=quarter, reason="Wrong", by=self.money.finance)

    @rule(at=pick)
    def credit(self, at: int) -> None:
        entry, quarter = self.any(Transaction.objects.in_force(), at), self.open_quarter()
        if entry and quarter:
            self.tried(
                spending.credit, original=entry, quarter=quarter, amount=D("0.01"), document_number="CN",
                reason="Short", by=self.money.finance,
            )  # fmt: skip

    @rule(at=pick)
    def void(self, at: int) -> None:
        if entry := self.any(Transaction.objects.in_force(), at):
            self.tried(spending.void, entry=entry, reason="Typed twice", by=self.money.finance)

    @rule(at=pick, signed=st.booleans())
    def look_again(self, at: int, signed: bool) -> None:
        if signed:
            self.contract.signed_on = date(2023, 4, 1)
            self.contract.save()
        if entry := self.any(Transaction.objects.in_force().filter(lines__state="held").distinct(), at):
            self.tried(spending.reconsider, entry=entry, by=self.money.finance)

    @rule(at=pick, amount=pence, ahead=st.integers(-3, 3))
    def set_a_budget(self, at: int, amount: Decimal, ahead: int) -> None:
        line, other = self.lines[at % 2], self.lines[(at + 1) % 2]
        profiles = {(line, self.quarters[3]): amount, (other, self.quarters[3]): D("600000.00") - amount}
        count = self.money.grant.budget_versions.count()
        self.tried(
            budgeting.set_budget, source=self.money.grant, year=line.year, kind="re-profile" if count else "original",
            profiles=profiles, effective_on=timezone.localtime(self.moment).date() + timedelta(days=ahead),
            reason="x", by=self.money.finance,
        )  # fmt: skip

    @rule(at=pick, amount=pence)
    def forecast(self, at: int, amount: Decimal) -> None:
        line, quarter = self.lines[at % 3], self.quarters[at % 4]
        self.tried(budgeting.forecast, line=line, quarter=quarter, amount=amount, by=self.money.finance)

    @rule(amount=pence)
    def commit(self, amount: Decimal) -> None:
        if found := Commitment.objects.first():
            found.amount = amount
            self.tried(rows.change, row=found, by=self.money.finance)
        else:
            self.tried(
                budgeting.commit, contract=self.contract, line=self.lines[0], amount=amount, by=self.money.finance
            )

    @rule()
    def close_the_quarter(self) -> None:
        if quarter := self.open_quarter():
            ends = timezone.make_aware(datetime.combine(quarter.last_day + timedelta(days=9), time(9, 0)))
            if self.moment < ends:
                self.read.append((self.moment, self.now))
                self.moment = ends
                self.now = self.position()
            self.tried(closing.close, quarter=quarter, what=MONEY, by=self.officer)

    @rule(days=st.integers(1, 3))
    def days_pass(self, days: int) -> None:
        self.read.append((self.moment, self.now))
        self.moment += timedelta(days=days)

    @invariant()
    def as_of_now_is_now_and_the_moment_before_is_as_it_was(self) -> None:
        if not hasattr(self, "money"):
            return
        self.now = self.position()
        assert self.position(as_of=self.moment) == self.now
        for moment, was in self.read[-1:]:
            assert self.position(as_of=moment) == was


COMMON = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.generate, Phase.shrink),
    "database": None,
}


def test_every_moment_reads_as_it_read() -> None:
    run_state_machine_as_test(
        Machine, settings=settings(max_examples=4, stateful_step_count=20, derandomize=True, **COMMON)
    )


@pytest.mark.deep
def test_every_moment_of_many_long_years_reads_as_it_read() -> None:
    run_state_machine_as_test(Machine, settings=settings(max_examples=100, stateful_step_count=60, **COMMON))


def at(day: date, hour: int = 10) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour)))


def read(money: Money, as_of: datetime | None) -> Position:
    quarter = money.quarter()
    return line_positions([money.grant], quarter.year, quarter, today=date(2023, 7, 5), as_of=as_of)[money.line()]


def test_an_entry_counts_from_when_it_was_recorded_until_it_was_made_void(money: Money) -> None:
    with clock.at(date(2023, 7, 6)):
        entry = money.record("100.00")
    with clock.at(date(2023, 7, 8)):
        spending.void(entry=entry, reason="Typed twice", by=money.finance)
    figures = [read(money, at(date(2023, 7, day))).actual_to_date for day in (5, 6, 7, 8)]
    assert figures == [D("0.00"), D("100.00"), D("100.00"), D("0.00")]


def test_a_line_was_held_until_it_was_looked_at_again_and_so_was_what_takes_it_back(money: Money) -> None:
    values = {(money.line().project, money.line().year): D("500.00")}
    contract = factories.contract(money.programme, signed_on=None, values=values)
    entry = money.record("100.00", contract=contract)
    spending.credit(
        original=entry, quarter=money.quarter(), amount=D("30.00"), document_number="CN", reason="Short",
        by=money.finance,
    )  # fmt: skip
    contract.signed_on = date(2023, 4, 1)
    contract.save()
    with clock.at(date(2023, 7, 8)):
        spending.reconsider(entry=Transaction.objects.get(pk=entry.pk), by=money.finance)
    before, after = read(money, at(date(2023, 7, 7))), read(money, at(date(2023, 7, 8)))
    assert (before.held_to_date, before.claimable_to_date) == (D("70.00"), D("0.00"))
    assert (after.held_to_date, after.claimable_to_date) == (D("0.00"), D("70.00"))
    for day, state in ((7, "held"), (8, "claimable")):
        moment = at(date(2023, 7, day))
        totals = SpendLine.objects.spend(moment).totals_by_state(moment)
        assert [(row["state_then"], row["total"]) for row in totals] == [(state, D("70.00"))]


@pytest.mark.parametrize("as_of", [None, at(date(2023, 7, 5), 23)])
def test_positions_run_the_same_queries_for_few_rows_and_many(money: Money, as_of: datetime | None) -> None:
    quarter = money.quarter()

    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            line_positions([money.grant], quarter.year, quarter, today=date(2023, 7, 5), as_of=as_of)
            contract_positions([money.grant], as_of=as_of)
        return len(asked)

    money.record("1.00")
    few = count()
    for project in ("CHB", "SIS", "GDM"):
        for heading in ("provider", "staff"):
            line: BudgetLine = money.line(project, heading)
            money.record("1.00", Charge(line, quarter), supplier_name=f"{project}{heading}")
            budgeting.forecast(line=line, quarter=quarter, amount=D("5.00"), by=money.finance)
    assert count() == few
