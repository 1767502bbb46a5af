"""Budgets and forecasts in a table of boxes: typed, pasted, added up, refused with nothing lost."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from board import clock
from board.models import Quarter
from funding.budgeting import set_budget
from funding.models import BudgetLine, BudgetVersion, Forecast
from funding.spending import Charge
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
D = Decimal
SignIn = Callable[[Any], Client]
GRANT = "/money/budget/DAPF-2023-25/GRANT/2023-24/"
SAID = {"effective_on": "5 July 2023", "reason": "Later than planned", "once": ""}


def box(money: Money, project: str, number: int, heading: str = "provider") -> str:
    line = money.line(project, heading)
    return f"cell-{line.project_id}-{line.heading_id}-{money.quarter(f'2023-24-Q{number}').pk}"


def close(money: Money, number: int) -> None:
    found = Quarter.objects.filter(code=f"2023-24-Q{number}")
    found.update(money_closed_at=clock.now(), money_closed_by=money.finance)


@pytest.fixture
def officer(money: Money, signed_in: SignIn) -> Client:
    money.line("CHB"), money.line("SIS")
    return signed_in(money.finance)


@pytest.fixture
def budgeted(money: Money) -> Money:
    """CHB has £1,000.00 in the first and the second quarter, SIS the rest in the fourth."""
    profiles = {
        (money.line("CHB"), money.quarter("2023-24-Q1")): D("1000.00"),
        (money.line("CHB"), money.quarter("2023-24-Q2")): D("1000.00"),
        (money.line("SIS"), money.quarter("2023-24-Q4")): D("598000.00"),
    }
    set_budget(
        source=money.grant, year=money.line().year, kind="original", profiles=profiles,
        effective_on=date(2023, 4, 1), reason="As agreed", by=money.finance,
    )  # fmt: skip
    return money


class TestTheOriginalBudget:
    def test_it_is_typed_with_pounds_commas_and_brackets(self, money: Money, officer: Client) -> None:
        typed = {box(money, "CHB", 1): "£600,500.00", box(money, "SIS", 4): "(500)"}
        text = officer.post(f"{GRANT}set/", {**SAID, **typed, "seen_number": "0"}, follow=True).content.decode()
        assert "Version 1 of the budget is in force from 5 July 2023" in text
        version = BudgetVersion.objects.get()
        assert sorted(version.profiles.values_list("amount", flat=True)) == [D("-500.00"), D("600500.00")]

    def test_a_refusal_says_what_is_missing_and_keeps_what_was_typed(self, money: Money, officer: Client) -> None:
        typed = {box(money, "CHB", 1): "£599,999.99", box(money, "SIS", 4): "12.345"}
        text = officer.post(f"{GRANT}set/", {**SAID, **typed, "seen_number": "0"}).content.decode()
        assert "Specialist Intervention Service, Provider contract payments, Q4 2023-24: “12.345” has more" in text
        typed[box(money, "SIS", 4)] = ""
        text = officer.post(f"{GRANT}set/", {**SAID, **typed, "seen_number": "0"}).content.decode()
        assert "Put the difference of £0.01 on a line or on unallocated" in text
        assert 'value="£599,999.99"' in text and "The table is £0.01 too low." in text
        assert not BudgetVersion.objects.exists()

    def test_adding_up_shows_totals_by_line_quarter_and_award_and_writes_nothing(
        self, money: Money, officer: Client
    ) -> None:
        typed = {box(money, "CHB", 1): "100", box(money, "CHB", 2): "200", box(money, "SIS", 2): "ten"}
        text = officer.post(f"{GRANT}set/", {**typed, "check": "1"}).content.decode()
        for words in ("£300.00", "£100.00", "£200.00", "Award: £600,000.00", "£599,700.00 too low", 'value="ten"'):
            assert words in text
        assert "There is a problem" not in text and not BudgetVersion.objects.exists()

    def test_a_whole_budget_is_pasted_and_every_unknown_row_told(self, money: Money, officer: Client) -> None:
        pasted = "CHB\tprovider\t600000\nGoodman\tStaff salaries\t1\t2\nNobody\tprovider\t1"
        text = officer.post(f"{GRANT}set/", {"paste": pasted, "fill": "1", "reason": "As agreed"}).content.decode()
        assert "Row 3: “Nobody” is no project here" in text and "Nobody\tprovider" in text
        assert 'value="600,000.00"' in text and "As agreed</textarea>" in text
        gdm, staff = money.programme.projects.get(code="GDM"), money.headings["staff"]
        first = money.quarter("2023-24-Q1").pk
        assert f'name="cell-{gdm.pk}-{staff.pk}-{first}" value="1.00"' in text
        assert not BudgetLine.objects.filter(project=gdm).exists()

    def test_a_line_is_added_and_made_when_it_is_saved(self, money: Money, officer: Client) -> None:
        gdm, staff = money.programme.projects.get(code="GDM"), money.headings["staff"]
        chosen = {"add_project": gdm.pk, "add_heading": staff.pk, "add": "1", box(money, "CHB", 1): "599,000.00"}
        text = officer.post(f"{GRANT}set/", chosen).content.decode()
        assert f'value=" {gdm.pk}.{staff.pk}"' in text and 'value="599,000.00"' in text
        name = f"cell-{gdm.pk}-{staff.pk}-{money.quarter('2023-24-Q1').pk}"
        typed = {box(money, "CHB", 1): "599,000.00", name: "1000", "added": f"{gdm.pk}.{staff.pk}"}
        officer.post(f"{GRANT}set/", {**SAID, **typed, "seen_number": "0"})
        assert BudgetVersion.objects.get().profiles.get(line__project=gdm).amount == D("1000.00")
        text = officer.post(f"{GRANT}virement/", {"add": "1"}).content.decode()
        assert "Choose the project and the cost heading of the line to be added" in text


class TestReprofiling:
    def test_a_closed_quarter_has_no_box_and_stays(self, budgeted: Money, officer: Client) -> None:
        close(budgeted, 1)
        page = officer.get(f"{GRANT}set/").content.decode()
        assert box(budgeted, "CHB", 1) not in page and box(budgeted, "CHB", 2) in page
        typed = {box(budgeted, "CHB", 3): "1,000.00", box(budgeted, "SIS", 4): "598,000.00"}
        text = officer.post(f"{GRANT}set/", {**SAID, **typed, "seen_number": "1"}, follow=True).content.decode()
        version = BudgetVersion.objects.latest("number")
        assert version.kind == "re-profile"
        assert {(row.quarter.number, row.amount) for row in version.profiles.filter(line__project__code="CHB")} == {
            (1, D("1000.00")), (3, D("1000.00"))
        }  # fmt: skip
        assert "What it changed" in text and "−£1,000.00" in text

    def test_what_changes_a_lines_total_leads_to_a_virement(self, budgeted: Money, officer: Client) -> None:
        typed = {box(budgeted, "CHB", 1): "600,000.00"}
        text = officer.post(f"{GRANT}set/", {**SAID, **typed, "seen_number": "1"}).content.decode()
        assert "Move it to another line by a virement" in text

    def test_who_saves_over_a_newer_version_is_told(self, budgeted: Money, officer: Client) -> None:
        text = officer.post(f"{GRANT}set/", {**SAID, "seen_number": "0"}).content.decode()
        assert "Somebody else changed this budget" in text


class TestForecasts:
    def test_it_shows_budget_actual_outturn_and_variance_and_saves(self, budgeted: Money, officer: Client) -> None:
        budgeted.record("800.00", Charge(budgeted.line("CHB"), budgeted.quarter()))
        typed = {box(budgeted, "CHB", 3): "700", box(budgeted, "SIS", 4): "598,000.00"}
        text = officer.post(f"{GRANT}forecast/", {**typed, "seen_version": "0"}, follow=True).content.decode()
        assert "The forecast is saved" in text
        assert sorted(Forecast.objects.values_list("amount", flat=True)) == [D("700.00"), D("598000.00")]
        for words in ("£2,000.00", "£800.00", "£1,500.00", "−£500.00", "£599,500.00"):
            assert words in text

    def test_an_emptied_box_takes_its_forecast_to_nought(self, budgeted: Money, officer: Client) -> None:
        officer.post(f"{GRANT}forecast/", {box(budgeted, "CHB", 3): "700", "seen_version": "0"})
        officer.post(f"{GRANT}forecast/", {"seen_version": "1"})
        assert Forecast.objects.get().amount == 0

    def test_a_closed_quarter_is_not_forecast_and_nothing_below_nought(self, budgeted: Money, officer: Client) -> None:
        close(budgeted, 1)
        assert box(budgeted, "CHB", 1) not in officer.get(f"{GRANT}forecast/").content.decode()
        text = officer.post(f"{GRANT}forecast/", {box(budgeted, "CHB", 3): "-1", "seen_version": "0"}).content.decode()
        assert "Q3 2023-24: Enter £0.00 or more" in text and not Forecast.objects.exists()

    def test_two_who_forecast_at_once_do_not_overwrite_each_other(self, budgeted: Money, officer: Client) -> None:
        officer.post(f"{GRANT}forecast/", {box(budgeted, "CHB", 3): "700", "seen_version": "0"})
        text = officer.post(f"{GRANT}forecast/", {box(budgeted, "CHB", 3): "900", "seen_version": "0"})
        assert "Somebody else changed these forecasts" in text.content.decode()

    def test_others_read_it_without_boxes(self, budgeted: Money, signed_in: SignIn) -> None:
        client = signed_in(factories.person("auditor", "pfcc"))
        page = client.get(f"{GRANT}forecast/").content.decode()
        assert "£598,000.00" in page and '<form method="post" novalidate' not in page
        assert client.post(f"{GRANT}forecast/", {"seen_version": "0"}).status_code == 405


@pytest.mark.parametrize("page", ["", "set/", "virement/", "forecast/", "versions/1/"])
def test_a_page_runs_the_same_queries_for_few_lines_and_many(budgeted: Money, officer: Client, page: str) -> None:
    officer.get(f"{GRANT}{page}")
    with CaptureQueriesContext(connection) as few:
        officer.get(f"{GRANT}{page}")
    for heading in ("staff", "capital", "hospitality"):
        for project in ("CHB", "SIS", "GDM"):
            budgeted.line(project, heading)
    with CaptureQueriesContext(connection) as many:
        assert officer.get(f"{GRANT}{page}").status_code == 200
    assert len(many) == len(few)
