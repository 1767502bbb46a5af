"""The kinds of measure, the states of a figure and the sections of a submission: plain words, no tables."""

from enum import StrEnum

from django.db.models import TextChoices


class Kind(TextChoices):
    """What a figure is. How it is added up over quarters and suppliers follows from this alone."""

    FLOW = "flow-sum", "Events in the quarter"
    SNAPSHOT = "snapshot", "Position at quarter end"
    OPENING = "opening", "Position on the first day of the quarter"
    PEOPLE = "unique-people", "Distinct people"
    RATIO = "ratio", "Rate"
    MEAN = "mean", "Mean"
    MEDIAN = "median", "Median"
    COHORT = "cohort", "Rate for people who entered in one quarter"
    MILESTONE = "milestone", "Milestone"
    TEXT = "text", "Narrative"
    RATING = "rating", "Rating"
    YES_NO = "yes-no", "Yes or no"


# How a kind's figures make a year, for the person who chooses it; the arithmetic is in `kpis/aggregation.py`.
ADDS_UP: dict[Kind, str] = {
    Kind.FLOW: "the quarters are added",
    Kind.SNAPSHOT: "the last quarter’s stands for the year",
    Kind.OPENING: "the first quarter’s stands for the year",
    Kind.PEOPLE: "never added; the supplier gives the year’s and the programme’s own figure",
    Kind.RATIO: "parts and wholes are added, then divided",
    Kind.MEAN: "sums and numbers are added, then divided",
    Kind.MEDIAN: "shown by quarter, with no figure for the year",
    Kind.COHORT: "shown by the quarter in which people entered",
    Kind.MILESTONE: "the latest dates stand",
    Kind.TEXT: "shown by quarter",
    Kind.RATING: "the last quarter’s stands for the year",
    Kind.YES_NO: "the last quarter’s stands for the year",
}


class FigureType(TextChoices):
    """Which columns of a result are filled."""

    COUNT = "count", "Count"
    SCALED = "scaled", "Number with two decimals"
    RATIO = "ratio", "Part and whole"
    PEOPLE = "people", "People in quarter, year and programme"
    MEAN = "mean", "Sum and number"
    MEDIAN = "median", "Median and number"
    COHORT = "cohort", "Part and whole of an entry quarter"
    MILESTONE = "milestone", "Dates"
    TEXT = "text", "Text"
    RATING = "rating", "Rating"
    YES_NO = "yes-no", "Yes or no"


COLUMNS: dict[FigureType, tuple[str, ...]] = {
    FigureType.COUNT: ("count",),
    FigureType.SCALED: ("scaled",),
    FigureType.RATIO: ("numerator", "denominator"),
    FigureType.PEOPLE: ("people_quarter", "people_year", "people_programme"),
    FigureType.MEAN: ("total", "n"),
    FigureType.MEDIAN: ("median", "n"),
    FigureType.COHORT: ("numerator", "denominator"),
    FigureType.MILESTONE: ("forecast_on", "met_on"),
    FigureType.TEXT: ("text",),
    FigureType.RATING: ("rating",),
    FigureType.YES_NO: ("yes_no",),
}
# Of these a breakdown can be asked for.
BROKEN_DOWN = frozenset({FigureType.COUNT, FigureType.SCALED, FigureType.RATIO, FigureType.PEOPLE})

_OWN_TYPE = {
    Kind.PEOPLE: FigureType.PEOPLE,
    Kind.RATIO: FigureType.RATIO,
    Kind.MEAN: FigureType.MEAN,
    Kind.MEDIAN: FigureType.MEDIAN,
    Kind.COHORT: FigureType.COHORT,
    Kind.MILESTONE: FigureType.MILESTONE,
    Kind.TEXT: FigureType.TEXT,
    Kind.RATING: FigureType.RATING,
    Kind.YES_NO: FigureType.YES_NO,
}


def figure_type(kind: Kind, scaled: bool) -> FigureType:
    """The columns that a kind of measure fills."""
    return _OWN_TYPE.get(kind) or (FigureType.SCALED if scaled else FigureType.COUNT)


class State(TextChoices):
    """How a figure came to be there, or why there is none."""

    REPORTED = "reported", "Reported"
    NIL = "nil", "Nil"
    NOT_APPLICABLE = "not-applicable", "Not applicable"
    NOT_DUE = "not-due", "Not due"
    MISSING = "missing", "Missing"
    ESTIMATED = "estimated", "Estimated"
    LATE = "late", "Late"
    REVISED = "revised", "Revised"


# With these there is no figure.
EMPTY_STATES = (State.NOT_APPLICABLE.value, State.NOT_DUE.value, State.MISSING.value)


class Section(TextChoices):
    """A part of a submission: a page to fill, and what a query is about."""

    REFERRALS = "referrals", "Referrals and starts"
    CASELOAD = "caseload", "Caseload and closures"
    DELIVERY = "delivery", "Delivery"
    OUTCOMES = "outcomes", "Outcomes"
    VICTIMS = "victims", "Victims and children"
    WORKFORCE = "workforce", "Workforce and safeguarding"
    MILESTONES = "milestones", "Milestones"
    NARRATIVE = "narrative", "Narrative"


class Profile(StrEnum):
    """Who reads: what is hidden from them follows in `kpis/suppression.py`."""

    FUNDER = "funder"
    BOARD = "board"
    PUBLIC = "public"
