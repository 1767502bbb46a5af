"""Signed codes are read strictly, and an unknown part makes the whole unknown."""

import pytest

from kpis import formulas


def test_signed_codes_are_read_in_their_order() -> None:
    assert formulas.read("+CHB-10-CHB-11a") == [(1, "CHB-10"), (-1, "CHB-11a")]


@pytest.mark.parametrize("codes", ["", "CHB-10", "+CHB-10 + CHB-11", "+chb-10", "+CHB-1"])
def test_anything_else_is_refused(codes: str) -> None:
    with pytest.raises(ValueError, match="signed codes"):
        formulas.read(codes)


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    assert formulas.work_out("+CHB-10-CHB-11", {"CHB-10": 9, "CHB-11": 4}) == 5
    assert formulas.work_out("+CHB-10-CHB-11", {"CHB-10": 9, "CHB-11": None}) is None
    assert formulas.work_out("+CHB-10-CHB-11", {"CHB-10": 9}) is None
