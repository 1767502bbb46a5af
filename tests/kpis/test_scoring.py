"""Red, amber and green come from target and direction; having no target is no green."""

from decimal import Decimal as D

import pytest

from kpis.kinds import Kind
from kpis.scoring import AMBER, GREEN, NO_TARGET, NOT_AVAILABLE, RED, TOO_EARLY, Aim, rag, target_so_far


def scored(actual: str | None, target: str | None, direction: str = "higher", **more: object) -> str:
    aim = None if target is None else Aim(D(target), D(more.pop("upper")) if "upper" in more else None)
    return rag(None if actual is None else D(actual), aim, direction, green=D(95), amber=D(80), **more)


@pytest.mark.parametrize(
    ("actual", "word"), [("100", GREEN), ("95", GREEN), ("94.9", AMBER), ("80", AMBER), ("79.9", RED), ("0", RED)]
)
def test_higher_is_better_from_the_thresholds_on(actual: str, word: str) -> None:
    assert scored(actual, "100") == word


@pytest.mark.parametrize(("actual", "word"), [("10", GREEN), ("10.5", GREEN), ("12", AMBER), ("13", RED), ("0", GREEN)])
def test_lower_is_better_turns_it_round(actual: str, word: str) -> None:
    assert scored(actual, "10", "lower") == word


@pytest.mark.parametrize(("actual", "word"), [("40", GREEN), ("60", GREEN), ("33", AMBER), ("90", RED)])
def test_a_range_is_missed_on_either_side(actual: str, word: str) -> None:
    assert scored(actual, "40", "range", upper="60") == word


def test_no_target_no_figure_and_too_early_are_states_of_their_own() -> None:
    assert scored("5", None) == NO_TARGET
    assert scored("5", "10", "none") == NO_TARGET
    assert scored(None, "10") == NOT_AVAILABLE
    assert scored(None, "10", too_early=True) == TOO_EARLY


def test_a_sums_target_is_shared_over_the_quarters_that_are_due_and_a_levels_is_not() -> None:
    assert target_so_far(Kind.FLOW, D(120), 1, 4) == D(30)
    assert target_so_far(Kind.FLOW, D(120), 1, 2) == D(60)
    assert target_so_far(Kind.RATIO, D(75), 1, 4) == D(75)
