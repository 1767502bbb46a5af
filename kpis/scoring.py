"""How a figure stands against its target: a word that is shown beside the colour. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from kpis.kinds import Kind

GREEN, AMBER, RED = "Green", "Amber", "Red"
NO_TARGET, TOO_EARLY, NOT_AVAILABLE, HIDDEN = "No target", "Too early", "Not available", "Hidden"
COLOURS = {GREEN: "green", AMBER: "yellow", RED: "red", NO_TARGET: "grey", TOO_EARLY: "blue", NOT_AVAILABLE: "grey",
           HIDDEN: "grey"}  # fmt: skip
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Aim:
    """A target in the measure's unit. `upper` only where the aim is a range."""

    value: Decimal
    upper: Decimal | None = None


def target_so_far(kind: str, target: Decimal, quarters_due: int, quarters_in_year: int) -> Decimal:
    """A sum's yearly target pro rata to the quarters that have ended; any other kind's is a level."""
    if kind != Kind.FLOW:
        return target
    return (target * quarters_due / max(quarters_in_year, 1)).quantize(Decimal("0.01"))


def quarters_words(ended: int, due: int) -> str:
    """ "2 of 4 quarters": the share of a year's target that is due."""
    return f"{ended} of {due} {'quarter' if due == 1 else 'quarters'}"


def achieved(actual: Decimal, aim: Aim, direction: str) -> Decimal:
    """Per cent of the aim that is reached; 100 or more is on target."""
    if direction == "lower":
        return HUNDRED if actual <= aim.value else HUNDRED * aim.value / actual
    if direction == "range" and aim.upper is not None and actual > aim.upper:
        return HUNDRED * aim.upper / actual
    return HUNDRED if aim.value == 0 else HUNDRED * actual / aim.value


def rag(
    actual: Decimal | None, aim: Aim | None, direction: str, *, green: Decimal, amber: Decimal, too_early: bool = False
) -> str:
    """The word. `green` and `amber` are the per cents of the aim from which each begins."""
    if aim is None or direction == "none":
        return NO_TARGET
    if too_early:
        return TOO_EARLY
    if actual is None:
        return NOT_AVAILABLE
    reached = achieved(actual, aim, direction)
    if reached >= green:
        return GREEN
    return AMBER if reached >= amber else RED
