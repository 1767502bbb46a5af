"""Awards, budgets, virements, commitments and forecasts: what they write and what they refuse."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from board import clock
from board.models import Quarter, Threshold, Year
from core.problems import Refused
from funding.budgeting import (
    Profiles,
    award,
    commit,
    committed_on,
    explain_variance,
    forecast,
    move,
    notice_underspend,
    set_budget,
    variance_needs_a_reason,
)
from funding.models import (
    Award,
    BudgetLine,
    BudgetVersion,
    Commitment,
    Forecast,
    UnderspendNotice,
    VarianceReason,
    Virement,
)
from funding.positions import Position, budget_of, line_positions
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
APRIL = date(2023, 4, 1)


@pytest.fixture
def year(money: Money) -> Year:
    return money.programme.years.get(code="2023-24")


def q(money: Money, number: int = 1) -> Quarter:
    return money.quarter(f"2023-24-Q{number}")


def plan(money: Money, year: Year, profiles: Profiles, kind: str = "original", day: date = APRIL) -> BudgetVersion:
    return set_budget(
        source=money.grant, year=year, kind=kind, profiles=profiles, effective_on=day, reason="As agreed",
        by=money.finance,
    )  # fmt: skip


@pytest.fixture
def budgeted(money: Money, year: Year) -> Money:
    profiles = {
        (money.line("CHB"), q(money, 1)): D("300000.00"),
        (money.line("CHB"), q(money, 4)): D("100000.00"),
        (money.line("SIS"), q(money, 4)): D("200000.00"),
    }
    plan(money, year, profiles)
    return money


def moves(money: Money, amount: str, quarter: int = 4) -> dict[tuple[BudgetLine, Quarter], Decimal]:
    """So many pounds from CHB to SIS."""
    return {
        (money.line("CHB"), q(money, quarter)): -D(amount),
        (money.line("SIS"), q(money, quarter)): D(amount),
    }


class TestAwards:
    def test_a_revision_holds_from_its_day(self, money: Money, year: Year) -> None:
        award(
            source=money.grant, year=year, amount=D("550000.00"), effective_on=date(2023, 10, 1), reason="Revised",
            by=money.finance,
        )  # fmt: skip
        row = Award.objects.get(source=money.grant, year=year)
        amounts = [row.amount_on(day) for day in (date(2023, 3, 31), APRIL, date(2023, 9, 30), date(2023, 10, 1))]
        assert amounts == [D("0.00"), D("600000.00"), D("600000.00"), D("550000.00")]
        assert row.version == 2

    def test_a_negative_award_is_refused_by_the_database(self, money: Money, year: Year) -> None:
        revision = Award.objects.get(source=money.grant, year=year).revisions.get()
        revision.amount = D("-0.01")
        with pytest.raises(IntegrityError, match="award_not_negative"), transaction.atomic():
            revision.save()


class TestBudgets:
    def test_lines_sum_to_the_award_to_the_penny(self, money: Money, year: Year) -> None:
        with pytest.raises(Refused, match=r"adds up to £599,999\.99.* difference of £0\.01"):
            plan(money, year, {(money.line(), q(money)): D("599999.99")})
        assert not BudgetVersion.objects.exists()

    def test_closed_quarters_keep_their_profile(self, budgeted: Money, year: Year) -> None:
        first = q(budgeted)
        first.money_closed_at, first.money_closed_by = clock.now(), budgeted.finance
        first.save()
        changed = {
            (budgeted.line("CHB"), first): D("299999.99"),
            (budgeted.line("CHB"), q(budgeted, 4)): D("100000.01"),
            (budgeted.line("SIS"), q(budgeted, 4)): D("200000.00"),
        }
        with pytest.raises(Refused, match=r"2023-24 Q1 .* is closed; its profile stays"):
            plan(budgeted, year, changed, "re-profile", date(2023, 7, 5))

    def test_only_the_first_is_original(self, budgeted: Money, year: Year) -> None:
        version = BudgetVersion.objects.get()
        version.kind = "virement"
        with pytest.raises(IntegrityError, match="budget_version_first_is_original"), transaction.atomic():
            version.save()


class TestVirements:
    def test_it_moves_budget_from_its_day_and_keeps_the_old_version(self, budgeted: Money, year: Year) -> None:
        row = move(
            source=budgeted.grant, year=year, moves=moves(budgeted, "5000.00"), reason="More stalking cases",
            by=budgeted.finance, approved_on=date(2023, 7, 5),
        )  # fmt: skip
        line = budgeted.line("SIS")
        assert budget_of(line, date(2023, 7, 4)) == D("200000.00")
        assert budget_of(line, date(2023, 7, 5)) == D("205000.00")
        assert row.reference == "V-000001"
        assert sum(part.amount for part in row.moves.all()) == 0
        assert row.budget_version.number == 2

    def test_one_that_does_not_net_to_nought_is_refused(self, budgeted: Money, year: Year) -> None:
        uneven = {**moves(budgeted, "5000.00"), (budgeted.line("GDM"), q(budgeted, 4)): D("0.01")}
        with pytest.raises(Refused, match=r"The moves net to £0\.01"):
            move(
                source=budgeted.grant, year=year, moves=uneven, reason="x", by=budgeted.finance,
                approved_on=date(2023, 7, 5),
            )  # fmt: skip
        assert not Virement.objects.exists()

    def test_a_line_does_not_fall_below_what_is_spent_and_committed(self, budgeted: Money, year: Year) -> None:
        line = budgeted.line("CHB")
        contract = factories.contract(budgeted.programme, values={(line.project, line.year): D("399000.00")})
        commit(contract=contract, line=line, amount=D("390000.00"), by=budgeted.finance)
        budgeted.record("2000.00", contract=contract)
        budgeted.record("3000.00", supplier_name="Not of the contract")
        assert committed_on(line) == D("388000.00")
        with pytest.raises(Refused, match=r"below the £393,000\.00 that is spent and committed"):
            move(
                source=budgeted.grant, year=year, moves=moves(budgeted, "7000.01"), reason="x", by=budgeted.finance,
                approved_on=date(2023, 7, 5),
            )  # fmt: skip
        move(
            source=budgeted.grant, year=year, moves=moves(budgeted, "7000.00"), reason="x", by=budgeted.finance,
            approved_on=date(2023, 7, 5),
        )  # fmt: skip

    def test_above_the_threshold_it_takes_a_second_person_and_the_funders_reference(
        self, budgeted: Money, year: Year
    ) -> None:
        Threshold.objects.create(
            programme=budgeted.programme, rule="virement-amount", value=500000, from_date=APRIL
        )  # fmt: skip
        second = factories.person("commissioning-officer", "pfcc")
        for extra in ({}, {"second_person": second}, {"second_person": budgeted.finance, "funder_reference": "HO-1"}):
            with pytest.raises(Refused, match="name a second person who approved it"):
                move(
                    source=budgeted.grant, year=year, moves=moves(budgeted, "5000.01"), reason="x",
                    by=budgeted.finance, approved_on=date(2023, 7, 5), **extra,
                )  # fmt: skip
        done = move(
            source=budgeted.grant, year=year, moves=moves(budgeted, "5000.01"), reason="x", by=budgeted.finance,
            approved_on=date(2023, 7, 5), second_person=second, funder_reference="HO-1",
        )  # fmt: skip
        assert done.second_person == second

    def test_nothing_moves_between_sources_or_years(self, budgeted: Money, year: Year) -> None:
        other = {
            (budgeted.line("CHB"), q(budgeted, 4)): D("-10.00"),
            (budgeted.line("CHB", year="2024-25"), q(budgeted, 4)): D("10.00"),
        }
        with pytest.raises(Refused, match="is of another source or year"):
            move(
                source=budgeted.grant, year=year, moves=other, reason="x", by=budgeted.finance,
                approved_on=date(2023, 7, 5),
            )  # fmt: skip

    def test_there_must_be_a_budget(self, money: Money, year: Year) -> None:
        with pytest.raises(Refused, match="has no budget for 2023-24 yet"):
            move(
                source=money.grant, year=year, moves=moves(money, "1.00"), reason="x", by=money.finance,
                approved_on=date(2023, 7, 5),
            )  # fmt: skip


class TestPlans:
    def test_a_commitment_stays_within_the_contracts_value(self, money: Money) -> None:
        line, other = money.line("CHB"), money.line("CHB", "staff")
        contract = factories.contract(money.programme, values={(line.project, line.year): D("100.00")})
        commit(contract=contract, line=line, amount=D("60.00"), by=money.finance)
        with pytest.raises(Refused, match=r"is worth £100\.00 .* £100\.01 cannot be committed"):
            commit(contract=contract, line=other, amount=D("40.01"), by=money.finance)
        commit(contract=contract, line=other, amount=D("40.00"), by=money.finance)
        assert Commitment.objects.count() == 2

    def test_a_forecast_is_changed_not_doubled(self, money: Money) -> None:
        for amount in ("10.00", "12.00"):
            forecast(line=money.line(), quarter=q(money, 3), amount=D(amount), by=money.finance)
        row = Forecast.objects.get()
        assert (row.amount, row.version, row.history.count()) == (D("12.00"), 2, 2)

    def test_a_closed_quarter_is_not_forecast(self, money: Money) -> None:
        first = q(money)
        first.money_closed_at, first.money_closed_by = clock.now(), money.finance
        first.save()
        with pytest.raises(Refused, match="Forecast the quarters ahead"):
            forecast(line=money.line(), quarter=first, amount=D("1.00"), by=money.finance)

    @pytest.mark.parametrize(
        ("actual", "profile", "needed"),
        [
            ("16000.00", "10000.00", True), ("15000.00", "10000.00", False), ("5001.00", "0.00", True),
            ("106000.00", "100000.00", False), ("94000.00", "100000.00", False), ("80000.00", "100000.00", True),
            ("110000.01", "100000.00", True),
        ],
    )  # fmt: skip
    def test_a_variance_over_both_thresholds_needs_a_reason(
        self, money: Money, actual: str, profile: str, needed: bool
    ) -> None:
        position = Position(actual_to_date=D(actual), profile_to_date=D(profile))
        assert variance_needs_a_reason(position, source=money.grant, today=APRIL) is needed

    def test_a_variances_reason_has_twenty_characters_and_is_replaced(self, money: Money) -> None:
        fields = {
            "source": money.grant, "project": money.line().project, "quarter": q(money), "code": "vacancy",
            "variance": D("-6000.00"), "by": money.finance,
        }  # fmt: skip
        with pytest.raises(Refused, match="at least 20 characters"):
            explain_variance(words="Vacancy in the team", **fields)
        explain_variance(words="A vacancy in the team since May", **fields)
        explain_variance(words="Two vacancies in the team since May", **fields)
        row = VarianceReason.objects.get()
        assert (row.words, row.version) == ("Two vacancies in the team since May", 2)

    def test_a_foreseen_underspend_says_when_the_funder_was_told(self, money: Money, year: Year) -> None:
        notice_underspend(
            source=money.grant, year=year, amount=D("40000.00"), noticed_on=date(2023, 7, 4),
            told_on=date(2023, 7, 5), words="A slow start", by=money.finance,
        )  # fmt: skip
        row = UnderspendNotice.objects.get()
        row.amount = D("0.00")
        with pytest.raises(IntegrityError, match="underspend_above_nought"), transaction.atomic():
            row.save()


def test_positions_of_a_virement_show_original_changes_and_budget(budgeted: Money, year: Year) -> None:
    move(
        source=budgeted.grant, year=year, moves=moves(budgeted, "5000.00"), reason="x", by=budgeted.finance,
        approved_on=date(2023, 7, 5),
    )  # fmt: skip
    position = line_positions([budgeted.grant], year, q(budgeted), today=date(2023, 7, 5))[budgeted.line("SIS")]
    assert (position.original, position.changes, position.budget) == (D("200000.00"), D("5000.00"), D("205000.00"))
