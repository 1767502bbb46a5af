"""Signed codes, "+CHB-34+CHB-06-CHB-08": reading them and working them out. Pure."""

import re
from collections.abc import Mapping
from decimal import Decimal

_TERM = re.compile(r"([+-])([A-Z]{3}-\d{2}[a-z]?)")


def read(codes: str) -> list[tuple[int, str]]:
    """ "+CHB-10-CHB-11" -> [(1, "CHB-10"), (-1, "CHB-11")]. Raises ValueError for anything else."""
    if not codes or _TERM.sub("", codes):
        raise ValueError(f"“{codes}” is not a sum of signed codes such as +CHB-10+CHB-11")
    return [(1 if sign == "+" else -1, code) for sign, code in _TERM.findall(codes)]


def work_out(codes: str, values: Mapping[str, Decimal | int | None]) -> Decimal | int | None:
    """The signed sum, or None where a code has no value: an unknown part makes the whole unknown."""
    parts = [(sign, values.get(code)) for sign, code in read(codes)]
    if any(value is None for _, value in parts):
        return None
    return sum(sign * value for sign, value in parts)  # type: ignore[operator,misc]
