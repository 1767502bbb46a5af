"""Setting up a programme: its years, quarters, closing periods and due dates."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError

from board.models import UNALLOCATED, Event, Programme, Quarter
from board.programmes import set_up
from core.working_days import is_working_day
from tests import factories

pytestmark = pytest.mark.django_db


def test_each_year_has_four_quarters_and_a_closing_period(programme: Programme) -> None:
    assert [year.code for year in programme.years.all()] == ["2023-24", "2024-25"]
    assert [row.code for row in sorted(programme.quarters.all(), key=lambda row: row.order)] == [
        "2023-24-Q1", "2023-24-Q2", "2023-24-Q3", "2023-24-Q4", "2024-25-Q1", "2023-24-closing",
        "2024-25-Q2", "2024-25-Q3", "2024-25-Q4", "2024-25-closing",
    ]  # fmt: skip


def test_the_quarters_tile_the_programme_day_by_day(programme: Programme) -> None:
    rows = list(programme.quarters.filter(kind=Quarter.Kind.QUARTER).order_by("first_day"))
    assert (rows[0].first_day, rows[-1].last_day) == (programme.first_day, programme.last_day)
    for before, after in pairwise(rows):
        assert after.first_day == before.last_day + timedelta(days=1)


def test_due_dates_are_working_days_in_order_after_the_quarter(programme: Programme) -> None:
    for row in programme.quarters.all():
        due = [row.provider_due_on, row.check_due_on, row.certify_due_on]
        assert due == sorted(due) and due[0] > row.last_day
        assert all(is_working_day(day) for day in due)


def test_a_closing_period_follows_its_year_and_says_so(programme: Programme) -> None:
    row = programme.quarters.get(code="2023-24-closing")
    assert (row.first_day, row.last_day, row.number) == (date(2024, 4, 1), date(2024, 9, 30), 5)
    assert (str(row), row.short_label) == ("2023-24 closing period", "Closing 2023-24")
    first = programme.quarters.get(code="2023-24-Q1")
    assert (str(first), first.short_label) == ("2023-24 Q1 (April to June 2023)", "Q1 2023-24")


def test_it_holds_unallocated_budget_from_the_first_day_and_is_on_record(programme: Programme) -> None:
    assert programme.projects.filter(code=UNALLOCATED).exists()
    assert Event.objects.filter(act="programme.set-up", subject=programme.code).exists()


def test_a_programme_that_ends_before_it_starts_is_refused_whole(programme: Programme) -> None:
    wrong = Programme(
        code="WRONG", name="Wrong", recipient=programme.recipient, funder=programme.funder,
        first_day=date(2024, 4, 1), last_day=date(2024, 3, 31),
    )  # fmt: skip
    with pytest.raises(ValidationError, match="A programme cannot end before it starts"):
        set_up(programme=wrong, by=factories.person("administrator", "pfcc"))
    assert not Programme.objects.filter(code="WRONG").exists()
