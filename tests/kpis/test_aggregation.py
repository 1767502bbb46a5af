"""Each kind adds up in its one way, and a total over what is missing says so."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.aggregation import (
    MAY_COUNT_TWICE,
    MISSING,
    NOT_DUE,
    PROGRAMME,
    Cell,
    across_quarters,
    across_suppliers,
    value,
)
from kpis.kinds import FigureType, Kind, State


def reported(**numbers: int) -> Cell:
    return Cell(State.REPORTED, **numbers)


def test_flows_add_up_over_quarters() -> None:
    assert across_quarters(Kind.FLOW, [reported(count=5), reported(count=7)]).count == 12


def test_a_snapshot_is_that_of_the_last_due_quarter_and_never_a_sum() -> None:
    assert across_quarters(Kind.SNAPSHOT, [reported(count=40), reported(count=31)]).count == 31


def test_an_opening_position_is_that_of_the_first_due_quarter() -> None:
    cells = [NOT_DUE, reported(count=51), reported(count=57), reported(count=62)]
    assert across_quarters(Kind.OPENING, cells).count == 51
    assert across_quarters(Kind.OPENING, [MISSING, reported(count=57)]).state == State.MISSING


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), min_size=1, max_size=8), st.integers(0, 90))
def test_opening_and_flows_balance_with_closing_over_a_year_as_over_a_quarter(
    flows: list[tuple[int, int]], first: int
) -> None:
    """Opening and what came in, less what went, is the closing position: of a quarter, so of the year."""
    opening, closing, held = [], [], first
    for came, went in flows:
        opening.append(reported(count=held))
        held += came - went
        closing.append(reported(count=held))
    came = across_quarters(Kind.FLOW, [reported(count=came) for came, _ in flows]).count
    went = across_quarters(Kind.FLOW, [reported(count=went) for _, went in flows]).count
    year = across_quarters(Kind.OPENING, opening).count + came - went
    assert year == across_quarters(Kind.SNAPSHOT, closing).count


def test_a_missing_last_snapshot_is_missing_and_no_earlier_one_stands_in() -> None:
    assert across_quarters(Kind.SNAPSHOT, [reported(count=40), MISSING]).state == State.MISSING


def test_a_quarter_in_which_nothing_was_due_does_not_hide_the_snapshot_before() -> None:
    assert across_quarters(Kind.SNAPSHOT, [reported(count=40), NOT_DUE]).count == 40


def test_distinct_people_are_taken_from_the_cumulative_figure_and_never_added() -> None:
    quarters = [
        reported(people_quarter=30, people_year=30, people_programme=90),
        reported(people_quarter=28, people_year=41, people_programme=101),
    ]
    assert across_quarters(Kind.PEOPLE, quarters).people_quarter == 41
    assert across_quarters(Kind.PEOPLE, quarters, PROGRAMME).people_quarter == 101


def test_people_of_a_year_whose_last_quarter_is_nil_are_not_nil() -> None:
    quarters = [
        reported(people_quarter=3, people_year=3, people_programme=3),
        Cell(State.NIL, people_quarter=0, people_year=3, people_programme=3),
    ]
    assert across_quarters(Kind.PEOPLE, quarters).state == State.REPORTED


def test_a_rate_is_rebuilt_from_its_parts_and_never_averaged() -> None:
    joined = across_quarters(Kind.RATIO, [reported(numerator=1, denominator=2), reported(numerator=9, denominator=10)])
    assert value(joined, FigureType.RATIO) == Decimal("83.3")


def test_a_mean_is_weighted_by_its_numbers() -> None:
    joined = across_quarters(Kind.MEAN, [reported(total=1000, n=1), reported(total=2000, n=4)])
    assert value(joined, FigureType.MEAN) == Decimal("6.00")


@pytest.mark.parametrize("kind", [Kind.MEDIAN, Kind.COHORT])
def test_medians_and_cohorts_have_no_total_over_quarters(kind: str) -> None:
    cells = [reported(median=500, n=3, numerator=1, denominator=2)] * 2
    assert across_quarters(kind, cells).state == State.NOT_APPLICABLE


@pytest.mark.parametrize("kind", [Kind.MILESTONE, Kind.TEXT, Kind.RATING, Kind.YES_NO])
def test_dates_words_and_ratings_are_the_latest(kind: str) -> None:
    cells = [Cell(State.REPORTED, other="first"), Cell(State.REPORTED, other="second")]
    assert across_quarters(kind, cells).other == "second"


def test_a_total_over_a_missing_quarter_is_incomplete_and_says_so() -> None:
    total = across_quarters(Kind.FLOW, [reported(count=5), MISSING, reported(count=2)])
    assert (total.count, total.incomplete) == (7, True)


def test_a_total_over_nothing_but_missing_quarters_is_missing() -> None:
    assert across_quarters(Kind.FLOW, [MISSING, MISSING]).state == State.MISSING


def test_quarters_that_are_not_due_leave_a_total_complete() -> None:
    total = across_quarters(Kind.FLOW, [NOT_DUE, reported(count=5)])
    assert (total.count, total.incomplete) == (5, False)


def test_an_estimate_marks_its_total_before_a_revision_does() -> None:
    cells = [Cell(State.REVISED, count=1), Cell(State.ESTIMATED, count=2), reported(count=3)]
    assert across_quarters(Kind.FLOW, cells).state == State.ESTIMATED
    assert across_quarters(Kind.FLOW, cells[::2]).state == State.REVISED


def test_a_total_is_nil_only_where_every_part_is() -> None:
    nil = Cell(State.NIL, count=0)
    assert across_quarters(Kind.FLOW, [nil, nil]).state == State.NIL
    assert across_quarters(Kind.FLOW, [nil, reported(count=1)]).state == State.REPORTED


def test_snapshots_and_cohorts_add_up_over_suppliers() -> None:
    assert across_suppliers(Kind.SNAPSHOT, [reported(count=40), reported(count=2)]).count == 42
    cohort = across_suppliers(Kind.COHORT, [reported(numerator=1, denominator=4), reported(numerator=1, denominator=6)])
    assert value(cohort, FigureType.COHORT) == Decimal("20.0")


def test_people_over_suppliers_bear_the_caveat_and_one_supplier_does_not() -> None:
    one = reported(people_quarter=3, people_year=5, people_programme=8)
    assert across_suppliers(Kind.PEOPLE, [one, one]).caveat == MAY_COUNT_TWICE
    assert across_suppliers(Kind.PEOPLE, [one, one]).people_programme == 16
    assert across_suppliers(Kind.PEOPLE, [one]).caveat == ""


def test_medians_are_not_shown_over_suppliers() -> None:
    assert across_suppliers(Kind.MEDIAN, [reported(median=500, n=3)] * 2).state == State.NOT_APPLICABLE


def test_no_cases_give_no_rate_rather_than_nought_per_cent() -> None:
    assert value(Cell(State.NIL, numerator=0, denominator=0), FigureType.RATIO) is None
