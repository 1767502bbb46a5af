"""England's working days, by which due dates are counted."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.working_days import BANK_HOLIDAYS, add_working_days, is_working_day

days = st.dates(date(2020, 1, 1), date(2027, 6, 30))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2024, 3, 28), True),
        (date(2024, 3, 29), False),  # Good Friday
        (date(2024, 4, 1), False),  # Easter Monday
        (date(2024, 3, 31), False),  # a Sunday
        (date(2024, 2, 29), True),
        (date(2023, 6, 30), True),
        (date(2023, 5, 8), False),  # the coronation
        (date(2022, 9, 19), False),  # the state funeral
        (date(2020, 5, 4), True),  # the early May holiday was moved to the 8th
    ],
)
def test_the_days_that_catch_one_out(day: date, works: bool) -> None:
    assert is_working_day(day) is works


@pytest.mark.parametrize(
    ("day", "count", "due"),
    [
        (date(2024, 3, 31), 1, date(2024, 4, 2)),
        (date(2024, 3, 31), 10, date(2024, 4, 15)),
        (date(2023, 6, 30), 10, date(2023, 7, 14)),
        (date(2023, 12, 31), 1, date(2024, 1, 2)),
        (date(2024, 2, 28), 2, date(2024, 3, 1)),
        (date(2023, 6, 30), 0, date(2023, 6, 30)),
    ],
)
def test_due_dates_are_counted_from_the_day_after(day: date, count: int, due: date) -> None:
    assert add_working_days(day, count) == due


@given(days, st.integers(1, 60))
def test_exactly_so_many_working_days_lie_between(day: date, count: int) -> None:
    due = add_working_days(day, count)
    between = [day + timedelta(days=n) for n in range(1, (due - day).days + 1)]
    assert sum(map(is_working_day, between)) == count
    assert is_working_day(due)


def test_no_bank_holiday_falls_on_a_weekend() -> None:
    assert all(day.weekday() < 5 for day in BANK_HOLIDAYS)


@pytest.mark.parametrize("year", range(2020, 2028))
def test_each_year_has_its_eight_holidays_or_more(year: int) -> None:
    assert sum(day.year == year for day in BANK_HOLIDAYS) >= 8


@pytest.mark.parametrize("day", [date(2019, 12, 31), date(2028, 1, 3)])
def test_years_that_are_not_known_are_refused(day: date) -> None:
    with pytest.raises(ValueError, match="are not known here"):
        is_working_day(day)
