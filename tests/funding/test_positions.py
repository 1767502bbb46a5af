"""Positions: one set of figures for every page and return, whatever the cut."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from board import clock
from core.money import NOUGHT, pounds
from funding.budgeting import commit, forecast, set_budget
from funding.models import Transaction
from funding.positions import (
    Bound,
    Position,
    cell_positions,
    contract_positions,
    grouped,
    impact,
    line_positions,
    spent_on,
    total,
    version_in_force,
)
from funding.spending import Charge, reverse, reverse_accruals, void
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
TODAY = date(2023, 7, 5)
figures = st.builds(Position, *(st.integers(-(10**9), 10**9).map(pounds) for _ in range(12)))


@given(figures, figures)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sums_of_positions_are_positions_of_sums(one: Position, other: Position) -> None:
    both = one + other
    for name in ("remaining", "outturn", "outturn_variance", "variance_to_date", "variance_quarter", "changes"):
        assert getattr(both, name) == getattr(one, name) + getattr(other, name)


def at(money: Money, code: str = "2023-24-Q1") -> dict:
    quarter = money.quarter(code)
    sources = [money.grant, money.ecc_cash, money.ecc_in_kind]
    return line_positions(sources, quarter.year, quarter, today=TODAY)


def test_actual_runs_to_the_end_of_the_quarter_and_no_further(money: Money) -> None:
    second = money.quarter("2023-24-Q2")
    money.record("100.00")
    money.record("30.00", Charge(money.line(), second), on=date(2023, 7, 3))
    first, later = at(money)[money.line()], at(money, "2023-24-Q2")[money.line()]
    assert (first.actual_quarter, first.actual_to_date) == (D("100.00"), D("100.00"))
    assert (later.actual_quarter, later.actual_to_date) == (D("30.00"), D("130.00"))


def test_void_entries_and_payments_on_account_count_nowhere(money: Money) -> None:
    money.record("100.00")
    void(entry=money.record("7.00"), reason="Typed twice", by=money.finance)
    money.record("500.00", kind=Transaction.Kind.ADVANCE)
    assert at(money)[money.line()].actual_to_date == D("100.00")
    assert spent_on(money.line()) == D("100.00")


def test_a_reversal_takes_its_entry_back(money: Money) -> None:
    entry = money.record("100.00")
    reverse(original=entry, quarter=money.quarter("2023-24-Q2"), reason="Paid twice", by=money.finance)
    assert at(money)[money.line()].actual_to_date == D("100.00")
    assert at(money, "2023-24-Q2")[money.line()].actual_to_date == D("0.00")


def test_held_and_claimable_make_up_the_actual_of_the_grant(money: Money) -> None:
    money.record("100.00")
    money.record("30.00", Charge(money.line(heading="capital"), money.quarter()))
    every = total(at(money))
    assert (every.claimable_to_date, every.held_to_date, every.actual_to_date) == (
        D("100.00"), D("30.00"), D("130.00"),
    )  # fmt: skip


def test_accrued_is_the_part_that_is_accruals_less_their_reversals(money: Money) -> None:
    money.record("100.00")
    money.record("40.00", kind=Transaction.Kind.ACCRUAL)
    assert at(money)[money.line()].accrued_to_date == D("40.00")
    reverse_accruals(quarter=money.quarter(), into=money.quarter("2023-24-Q2"), by=money.finance)
    later = at(money, "2023-24-Q2")[money.line()]
    assert (later.accrued_to_date, later.accrued_quarter, later.actual_to_date) == (
        D("0.00"), D("-40.00"), D("100.00"),
    )  # fmt: skip


def test_an_accrual_credited_in_part_is_reversed_by_what_remains(money: Money) -> None:
    from funding.spending import credit

    accrual = money.record("40.00", kind=Transaction.Kind.ACCRUAL)
    credit(
        original=accrual, quarter=money.quarter(), amount=D("15.00"), document_number="", reason="Estimate lowered",
        by=money.finance,
    )  # fmt: skip
    done = reverse_accruals(quarter=money.quarter(), into=money.quarter("2023-24-Q2"), by=money.finance)
    assert [row.cost for row in done] == [D("-25.00")]
    assert at(money, "2023-24-Q2")[money.line()].actual_to_date == D("0.00")
    assert reverse_accruals(quarter=money.quarter(), into=money.quarter("2023-24-Q2"), by=money.finance) == []


def forecast_for(money: Money, *given: tuple[int, str]) -> None:
    for number, amount in given:
        forecast(line=money.line(), quarter=money.quarter(f"2023-24-Q{number}"), amount=D(amount), by=money.finance)


def test_outturn_is_actual_and_the_forecast_of_quarters_after(money: Money) -> None:
    money.record("100.00")
    forecast_for(money, (1, "9.00"), (2, "20.00"), (4, "30.00"))
    assert at(money)[money.line()].outturn == D("150.00")


def test_an_open_quarters_own_forecast_counts_until_it_is_spent_or_the_quarter_is_closed(money: Money) -> None:
    forecast_for(money, (1, "100.00"))
    money.record("40.00")
    assert at(money)[money.line()].outturn == D("100.00")
    money.record("75.00", supplier_name="B")
    assert at(money)[money.line()].outturn == D("115.00")
    forecast_for(money, (1, "900.00"))
    closed = money.quarter()
    closed.money_closed_at, closed.money_closed_by = clock.now(), money.finance
    closed.save()
    assert at(money)[money.line()].outturn == D("115.00")


def test_a_payment_on_account_that_comes_back_lowers_no_cost(money: Money) -> None:
    money.record("100.00")
    advance = money.record("40.00", kind=Transaction.Kind.ADVANCE)
    reverse(original=advance, quarter=money.quarter(), reason="Returned unspent", by=money.finance)
    assert at(money)[money.line()].actual_to_date == D("100.00")
    assert spent_on(money.line()) == D("100.00")


def test_committed_is_what_is_bound_less_what_is_charged_and_not_below_nought(money: Money) -> None:
    line = money.line()
    contract = factories.contract(money.programme, values={(line.project, line.year): D("100.00")})
    commit(contract=contract, line=line, amount=D("80.00"), by=money.finance)
    money.record("30.00", contract=contract)
    assert at(money)[line].committed == D("50.00")
    money.record("60.00", contract=contract, supplier_name="B")
    assert at(money)[line].committed == D("0.00")


@pytest.mark.parametrize(
    ("actual", "profile", "percent"),
    [("80.00", "100.00", "-20.0"), ("0.00", "300.00", "-100.0"), ("100.00", "300.00", "-66.7"), ("5.00", "0.00", None)],
)
def test_a_variance_is_a_percentage_of_the_profile(actual: str, profile: str, percent: str | None) -> None:
    position = Position(actual_to_date=D(actual), profile_to_date=D(profile))
    assert position.variance_percent == (None if percent is None else D(percent))


def test_every_cut_sums_to_the_same_total(money: Money) -> None:
    quarter = money.quarter()
    money.record(
        "100.01",
        *[
            Charge(money.line(p), quarter, percent=D(w))
            for p, w in (("CHB", "33.34"), ("SIS", "33.33"), ("GDM", "33.33"))
        ],
    )
    money.record("7.77", Charge(money.line(source=money.ecc_cash), quarter), by=money.council_finance)
    found = at(money)
    for key in (lambda line: line.project, lambda line: line.heading, lambda line: line.source):
        assert sum(grouped(found, key).values(), Position()) == total(found)
    assert total(found).actual_to_date == D("107.78")


def test_no_other_year_is_counted(money: Money) -> None:
    money.record("100.00")
    next_year = money.programme.years.get(code="2024-25")
    quarter = money.quarter("2024-25-Q1")
    assert total(line_positions([money.grant], next_year, quarter, today=TODAY)).actual_to_date == NOUGHT


def test_the_version_in_force_is_the_last_to_have_taken_effect(money: Money) -> None:
    year, line, quarter = money.line().year, money.line(), money.quarter("2023-24-Q4")
    for kind, day in (("original", date(2023, 4, 1)), ("re-profile", date(2023, 7, 1))):
        set_budget(
            source=money.grant, year=year, kind=kind, profiles={(line, quarter): D("600000.00")}, effective_on=day,
            reason="x", by=money.finance,
        )  # fmt: skip
    assert version_in_force(money.grant, year, date(2023, 3, 31)) is None
    assert version_in_force(money.grant, year, date(2023, 6, 30)).number == 1
    assert version_in_force(money.grant, year, date(2023, 7, 1)).number == 2


def test_an_impact_is_the_same_told_before_and_after(money: Money) -> None:
    line = money.line()
    money.record("100.00")
    before = impact({line: D("30.00")}, recorded=False, today=TODAY)
    money.record("30.00", supplier_name="B")
    after = impact({line: D("30.00")}, recorded=True, today=TODAY)
    assert before == after
    assert (after[0].before, after[0].after, after[0].remaining_after) == (D("100.00"), D("130.00"), D("-130.00"))


def test_what_a_contract_binds_is_cut_by_its_projects_and_years(money: Money) -> None:
    chub, other = money.line(), money.line("SIS")
    values = {(chub.project, chub.year): D("100.00"), (other.project, other.year): D("50.00")}
    contract = factories.contract(money.programme, values=values)
    commit(contract=contract, line=chub, amount=D("80.00"), by=money.finance)
    commit(contract=contract, line=other, amount=D("50.00"), by=money.finance)
    money.record("95.00", contract=contract)
    money.record("9.00", Charge(money.line(heading="staff"), money.quarter()), contract=contract)
    money.record("5.00", supplier_name="B")
    found = contract_positions([money.grant], contract=contract)
    by_project = grouped(found, lambda pair: (pair[0].reference, pair[1].project.code, pair[1].year.code))
    assert by_project == {
        ("C-001", "CHB", "2023-24"): Bound(D("80.00"), D("104.00"), NOUGHT),
        ("C-001", "SIS", "2023-24"): Bound(D("50.00"), NOUGHT, D("50.00")),
    }
    assert contract_positions([money.ecc_cash], contract=contract) == {}
    assert sum(by_project.values(), Bound()).left == total(at(money)).committed


def test_the_cut_by_quarter_sums_to_the_line(money: Money) -> None:
    line, second = money.line(), money.quarter("2023-24-Q2")
    contract = factories.contract(money.programme, values={(line.project, line.year): D("100.00")})
    commit(contract=contract, line=line, amount=D("80.00"), by=money.finance)
    profiles = {(line, money.quarter(f"2023-24-Q{number}")): D("150000.00") for number in (1, 2, 3, 4)}
    set_budget(
        source=money.grant, year=line.year, kind="original", profiles=profiles, effective_on=date(2023, 4, 1),
        reason="x", by=money.finance,
    )  # fmt: skip
    money.record("100.00", kind=Transaction.Kind.ACCRUAL)
    money.record("30.00", Charge(line, second), on=date(2023, 7, 3))
    forecast_for(money, (2, "70.00"), (3, "20.00"))
    cells = cell_positions([money.grant], line.year, second, today=TODAY)
    by_quarter = grouped(cells, lambda cell: cell[1].code if cell[1] else None)
    assert {code: (row.budget, row.actual_to_date, row.outturn) for code, row in by_quarter.items()} == {
        "2023-24-Q1": (D("150000.00"), D("100.00"), D("100.00")),
        "2023-24-Q2": (D("150000.00"), D("30.00"), D("70.00")),
        "2023-24-Q3": (D("150000.00"), NOUGHT, D("20.00")),
        "2023-24-Q4": (D("150000.00"), NOUGHT, NOUGHT),
        None: (NOUGHT, NOUGHT, NOUGHT),
    }  # fmt: skip
    assert sum(by_quarter.values(), Position()) == total(at(money, "2023-24-Q2"))
