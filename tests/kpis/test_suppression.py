"""Whoever tries to work out a hidden number from what is shown finds at least two that fit."""

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.suppression import Guard, breakdown, protect, rate_is_hidden

BOARD, PUBLIC = Guard(5), Guard(10, 5)


def test_a_small_cell_takes_the_next_smallest_with_it() -> None:
    assert breakdown([3, 20, 30], BOARD) == ((None, None, 30), 53)


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    assert breakdown([20, 30], BOARD) == ((20, 30), 50)


def test_a_small_total_hides_its_whole_table() -> None:
    assert breakdown([1, 2, 0], BOARD) == ((None, None, None), None)


def test_cells_that_are_all_as_large_as_small_can_be_are_not_left_alone() -> None:
    """4 + 4 = 8 has one solution below five."""
    assert breakdown([4, 4, 20], BOARD) == ((None, None, None), 28)


def test_two_noughts_are_not_left_alone() -> None:
    """0 + 0 = 0 has one solution."""
    assert breakdown([0, 0, 20, 30], BOARD) == ((None, None, None, 30), 50)


def test_the_public_sees_no_number_below_ten_and_the_others_to_the_nearest_five() -> None:
    assert breakdown([12, 33, 51], PUBLIC) == ((10, 35, 50), 95)
    assert breakdown([9, 33, 51], PUBLIC) == ((None, None, 50), 95)


def test_cells_that_tie_are_hidden_together_and_the_same_way_each_time() -> None:
    assert {breakdown([6, 6, 2, 6], BOARD) for _ in range(20)} == {((None, None, None, None), 20)}


@pytest.mark.parametrize(
    ("numerator", "denominator", "hidden"),
    [(4, 60, True), (57, 60, True), (3, 4, True), (10, 60, False), (0, 60, True)],
)
def test_a_rate_that_is_about_few_people_is_hidden(numerator: int, denominator: int, hidden: bool) -> None:
    assert rate_is_hidden(numerator, denominator, BOARD) is hidden


@pytest.mark.parametrize("cells", [2, 3, pytest.param(4, marks=pytest.mark.deep)])
def test_knowing_the_rules_by_heart_does_not_give_a_cell_away(cells: int) -> None:
    """Every table up to a size, each looked at as a reader who runs this very program over all that could be."""
    fitting: dict[object, list[tuple[int, ...]]] = defaultdict(list)
    for table in product(range(12), repeat=cells):
        fitting[breakdown(table, BOARD)].append(table)
    for (shown, total), tables in fitting.items():
        for place, cell in enumerate(shown):
            if cell is None:
                assert len({table[place] for table in tables}) > 1, f"{tables[0]} is shown as {shown} of {total}"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=2, max_size=8))
def test_no_hidden_cell_follows_from_the_cells_shown_and_the_total(cells: list[int]) -> None:
    shown, total = breakdown(cells, BOARD)
    hidden = [cell for cell, said in zip(cells, shown, strict=True) if said is None]
    assert all(cell >= 5 for cell in shown if cell is not None)
    if total is not None and hidden:
        assert len(hidden) > 1
        assert sum(hidden) > 0


def test_the_caseload_identity_gives_no_hidden_figure_away() -> None:
    values = {("head", "opening"): 40, ("head", "starts"): 12, ("head", "closed"): 3, ("head", "closing"): 49}
    identity = {("head", "opening"): 1, ("head", "starts"): 1, ("head", "closed"): -1, ("head", "closing"): -1}
    hidden = protect(values, [identity], BOARD)
    assert hidden == {("head", "closed"), ("head", "starts")}


def test_an_equation_that_does_not_hold_tells_nothing() -> None:
    values = {("head", "a"): 3, ("head", "b"): 40}
    assert protect(values, [{("head", "a"): 1, ("head", "b"): -1}], BOARD) == {("head", "a")}


def test_what_was_shown_stays_shown_and_a_new_figure_gives_way() -> None:
    values = {("head", "a"): 6, ("head", "b"): 3, ("head", "c"): 9}
    row = {("head", "a"): 1, ("head", "b"): 1, ("head", "c"): -1}
    assert protect(values, [row], BOARD, shown_before=frozenset({("head", "a")})) == {("head", "b"), ("head", "c")}


def test_a_difference_that_nobody_is_shown_needs_no_protection_of_its_own() -> None:
    values = {("head", "offered"): 12, ("head", "accepted"): 11, ("slack", "accepted"): 1}
    row = {("head", "accepted"): 1, ("slack", "accepted"): 1, ("head", "offered"): -1}
    unshown = frozenset({("slack", "accepted")})
    assert protect(values, [row], BOARD, unshown=unshown) == unshown


def test_a_figure_between_two_that_are_equal_is_not_left_alone() -> None:
    """12 is not above x, and x not above 12."""
    values = {("head", "a"): 12, ("head", "b"): 12, ("head", "c"): 12, ("slack", "1"): 0, ("slack", "2"): 0}
    rows = [
        {("head", "b"): 1, ("slack", "1"): 1, ("head", "a"): -1},
        {("head", "c"): 1, ("slack", "2"): 1, ("head", "b"): -1},
    ]
    slack = frozenset({("slack", "1"), ("slack", "2")})
    hidden = protect(values, rows, BOARD, hidden_before=frozenset({("head", "b")}), unshown=slack)
    assert hidden & {("head", "a"), ("head", "c")}
