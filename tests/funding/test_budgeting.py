"""Awards, budgets, virements, commitments and forecasts: what they write and what they refuse."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from board import clock
from board.models import Quarter, Year
from core.problems import Refused
from funding import budgeting
from funding.budgeting import (
    Cells,
    Profiles,
    award,
    commit,
    explain_variance,
    forecast,
    notice_underspend,
    reforecast,
    set_budget,
    variance_needs_a_reason,
)
from funding.models import (
    Award,
    BudgetLine,
    BudgetVersion,
    Commitment,
    Forecast,
    Source,
    UnderspendNotice,
    VarianceReason,
)
from funding.positions import Position
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


def replan(money: Money, year: Year, cells: Cells, **given: Any) -> BudgetVersion:
    return budgeting.plan(
        source=money.grant, year=year, cells=cells, effective_on=date(2023, 7, 5), reason="Later than planned",
        by=money.finance, **{"seen_number": 1, **given},
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

    def test_a_revision_puts_the_difference_on_unallocated_so_that_the_sums_hold(
        self, budgeted: Money, year: Year
    ) -> None:
        for amount, day, left in (
            ("550000.00", date(2023, 10, 1), "-50000.00"),
            ("620000.00", date(2024, 1, 1), "20000.00"),
        ):
            award(
                source=budgeted.grant, year=year, amount=D(amount), effective_on=day, reason="Revised",
                by=budgeted.finance,
            )  # fmt: skip
            version = BudgetVersion.objects.latest("number")
            assert (version.kind, version.effective_on) == ("award-revision", day)
            row = version.profiles.get(line__project__code="unallocated")
            assert (row.amount, row.quarter.code) == (D(left), "2023-24-Q4")
            assert version.profiles.aggregate(sum=Sum("amount"))["sum"] == D(amount)

    def test_a_revision_comes_after_the_one_before(self, money: Money, year: Year) -> None:
        with pytest.raises(Refused, match=r"was last set from 1 April 2023\. Choose a later day"):
            award(
                source=money.grant, year=year, amount=D("1.00"), effective_on=APRIL, reason="x", by=money.finance
            )  # fmt: skip

    def test_a_year_that_is_closed_keeps_its_award(self, budgeted: Money, year: Year) -> None:
        year.quarters.update(money_closed_at=clock.now(), money_closed_by=budgeted.finance)
        with pytest.raises(Refused, match="2023-24 is closed, so its award and budget stand"):
            award(
                source=budgeted.grant, year=year, amount=D("1.00"), effective_on=date(2023, 10, 1), reason="x",
                by=budgeted.finance,
            )  # fmt: skip
        assert Award.objects.get(source=budgeted.grant, year=year).revisions.count() == 1

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

    def test_a_re_profile_moves_nothing_between_lines(self, budgeted: Money, year: Year) -> None:
        cells = {
            (line.project, line.heading, q(budgeted, number)): D(amount)
            for line, number, amount in (
                (budgeted.line("CHB"), 1, "300000.00"), (budgeted.line("CHB"), 3, "100000.01"),
                (budgeted.line("SIS"), 4, "199999.99"),
            )
        }  # fmt: skip
        with pytest.raises(Refused, match=r"CHB .* would have £400,000\.01, and has £400,000\.00.*by a virement"):
            replan(budgeted, year, cells)

    def test_a_re_profile_moves_a_lines_budget_between_its_quarters(self, budgeted: Money, year: Year) -> None:
        cells = {
            (line.project, line.heading, q(budgeted, number)): D(amount)
            for line, number, amount in (
                (budgeted.line("CHB"), 1, "300000.00"), (budgeted.line("CHB"), 3, "100000.00"),
                (budgeted.line("SIS"), 4, "200000.00"),
            )
        }  # fmt: skip
        key = uuid4()
        first, second = replan(budgeted, year, cells, once=key), replan(budgeted, year, cells, once=key)
        assert first == second and (first.number, first.kind) == (2, "re-profile")
        with pytest.raises(Refused, match="Somebody else changed this budget"):
            replan(budgeted, year, cells)

    def test_the_first_plan_is_the_original_and_makes_its_lines(self, money: Money, year: Year) -> None:
        project = money.programme.projects.get(code="GDM")
        cells = {(project, money.headings["staff"], q(money)): D("600000.00")}
        version = replan(money, year, cells, seen_number=0)
        assert version.kind == "original"
        assert version.profiles.get().line == BudgetLine.objects.get(project=project, heading__code="staff")

    def test_a_budget_is_not_slipped_in_before_the_last(self, budgeted: Money, year: Year) -> None:
        profiles = {(budgeted.line("CHB"), q(budgeted)): D("600000.00")}
        with pytest.raises(Refused, match="was last set from 1 April 2023"):
            plan(budgeted, year, profiles, "award-revision", date(2023, 3, 31))

    def test_there_must_be_an_award(self, money: Money, year: Year) -> None:
        source = Source.objects.create(
            programme=money.programme, code="NEW", name="New", funder=money.grant.funder, kind="cash-match",
            kept_by=money.grant.kept_by,
        )  # fmt: skip
        with pytest.raises(Refused, match="has no award for 2023-24 yet"):
            set_budget(
                source=source, year=year, kind="original", profiles={}, effective_on=APRIL, reason="x",
                by=money.finance,
            )  # fmt: skip

    def test_only_the_first_is_original(self, budgeted: Money, year: Year) -> None:
        version = BudgetVersion.objects.get()
        version.kind = "virement"
        with pytest.raises(IntegrityError, match="budget_version_first_is_original"), transaction.atomic():
            version.save()


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

    def test_forecasts_of_a_year_are_written_together_and_only_where_they_differ(
        self, money: Money, year: Year
    ) -> None:
        amounts = {(money.line("CHB"), q(money, 2)): D("10.00"), (money.line("SIS"), q(money, 2)): D("0.00")}
        given = {"source": money.grant, "year": year, "amounts": amounts, "by": money.finance}
        assert [reforecast(**given, seen_version=0), reforecast(**given, seen_version=1)] == [1, 0]
        assert Forecast.objects.get().amount == D("10.00")
        with pytest.raises(Refused, match="Somebody else changed these forecasts"):
            reforecast(**given, seen_version=0)
        Quarter.objects.filter(code="2023-24-Q2").update(money_closed_at=clock.now(), money_closed_by=money.finance)
        with pytest.raises(Refused, match=r"2023-24 Q2 .* is closed\. Forecast the quarters ahead"):
            reforecast(**{**given, "amounts": {(money.line("CHB"), q(money, 2)): D("11.00")}}, seen_version=1)

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
