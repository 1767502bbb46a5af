"""The public-sector year: every day is in one quarter of one year."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.financial_year import (
    parse_quarter_code,
    quarter_bounds,
    quarter_code,
    quarter_label,
    quarter_number,
    year_bounds,
    year_code,
    year_starting,
)

days = st.dates(date(1999, 1, 1), date(2098, 12, 31))
starts = st.integers(1999, 2098)


@given(days)
def test_every_day_lies_in_its_own_year_and_quarter(day: date) -> None:
    start, number = year_starting(day), quarter_number(day)
    first, last = year_bounds(start)
    assert first <= day <= last
    begins, ends = quarter_bounds(start, number)
    assert begins <= day <= ends


@given(starts)
def test_four_quarters_tile_the_year_without_gap_or_overlap(start: int) -> None:
    bounds = [quarter_bounds(start, number) for number in (1, 2, 3, 4)]
    assert (bounds[0][0], bounds[3][1]) == year_bounds(start)
    for (_, ends), (begins, _) in pairwise(bounds):
        assert begins == ends + timedelta(days=1)
    assert year_bounds(start + 1)[0] == bounds[3][1] + timedelta(days=1)


@given(starts, st.integers(1, 4))
def test_a_quarters_code_reads_back(start: int, number: int) -> None:
    assert parse_quarter_code(quarter_code(start, number)) == (start, number)


@pytest.mark.parametrize(
    ("day", "start", "number"),
    [
        (date(2024, 3, 31), 2023, 4),
        (date(2024, 4, 1), 2024, 1),
        (date(2024, 6, 30), 2024, 1),
        (date(2024, 7, 1), 2024, 2),
        (date(2024, 2, 29), 2023, 4),
        (date(2023, 12, 31), 2023, 3),
        (date(2024, 1, 1), 2023, 4),
    ],
)
def test_the_days_on_an_edge(day: date, start: int, number: int) -> None:
    assert (year_starting(day), quarter_number(day)) == (start, number)


def test_the_fourth_quarter_of_a_leap_year_has_its_leap_day() -> None:
    first, last = quarter_bounds(2023, 4)
    assert (first, last, (last - first).days) == (date(2024, 1, 1), date(2024, 3, 31), 90)
    assert (quarter_bounds(2022, 4)[1] - quarter_bounds(2022, 4)[0]).days == 89


def test_years_and_quarters_are_written_as_the_board_writes_them() -> None:
    assert (year_code(2023), year_code(1999), year_code(2099)) == ("2023-24", "1999-00", "2099-00")
    assert quarter_label(2023, 1) == "2023-24 Q1 (April to June 2023)"
    assert quarter_label(2023, 4) == "2023-24 Q4 (January to March 2024)"


@pytest.mark.parametrize(
    "code", ["2023-25-Q1", "2023-24-Q5", "2023-24", "2023-24-q1", " 2023-24-Q1", "2023-24-closing", ""]
)
def test_what_is_no_quarter_is_refused_with_an_example(code: str) -> None:
    with pytest.raises(ValueError, match="Write it as 2023-24-Q1"):
        parse_quarter_code(code)


@pytest.mark.parametrize("number", [0, 5, -1])
def test_there_are_four_quarters(number: int) -> None:
    with pytest.raises(ValueError, match="1, 2, 3 or 4"):
        quarter_bounds(2023, number)
