"""What a result cost: money divided by a count that is shown. Hidden, or not there, wherever the count is."""

from collections.abc import Sequence
from decimal import Decimal

from core.money import round_to_penny
from kpis.lines import MeasureLine, Shown
from returns.content import Cell
from returns.kinds.tracing import figures

# What cost is divided by, by the names that the measures bear in the catalogue.
STARTS = ("Starts", "Started the five-week programme")
COMPLETIONS = ("Completions", "Completed the five-week programme")
CONTACTS = ("Single point of access: contacts handled",)


def named(measures: Sequence[MeasureLine], names: Sequence[str]) -> MeasureLine | None:
    """The measure that bears one of the names; none where the project does not count it."""
    return next((line for line in measures if line.name in names), None)


def cost_of_one(amount: Decimal, shown: Shown, *, money: Sequence[str], count: str) -> Cell:
    """An amount divided by a count, rounded once; `money` are the keys of the figures that make it, `count` the other.

    A cost beside its money would give the count away, so it is told only where the count is; nor is there a cost
    of nothing.
    """
    if not isinstance(shown.value, int) or not shown.value:
        state = shown.state if shown.value is None else "z"
        return Cell(None, state or "z", unit="money")
    trace = ("by:mean", *figures(*money), "over", *figures(count))
    return Cell(round_to_penny(amount / shown.value), shown.state, trace, "money")
