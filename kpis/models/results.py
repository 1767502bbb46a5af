"""The figures themselves, and what the database refuses of them."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from board.models import Milestone, Quarter, User
from kpis.kinds import COLUMNS, EMPTY_STATES, FigureType, State
from kpis.models.definitions import Category, KpiVersion
from kpis.models.submissions import Submission


class Figures(models.Model):
    """The figure columns that results and breakdowns share; which are filled follows from the type."""

    figure_type = models.CharField(max_length=10, choices=FigureType)
    count = models.BigIntegerField(null=True, blank=True)
    scaled = models.BigIntegerField(null=True, blank=True, help_text="In hundredths.")
    numerator = models.BigIntegerField(null=True, blank=True)
    denominator = models.BigIntegerField(null=True, blank=True)
    people_quarter = models.BigIntegerField(null=True, blank=True)
    people_year = models.BigIntegerField(null=True, blank=True)
    people_programme = models.BigIntegerField(null=True, blank=True)
    total = models.BigIntegerField(null=True, blank=True, help_text="Of a mean: the sum, in hundredths.")
    n = models.BigIntegerField(null=True, blank=True)
    median = models.BigIntegerField(null=True, blank=True, help_text="In hundredths.")

    class Meta:
        abstract = True


def _filled(given: FigureType) -> Q:
    """All columns of this type filled and those of the others empty."""
    wanted = COLUMNS[given]
    every = {column for columns in COLUMNS.values() for column in columns}
    condition = Q(figure_type=given)
    for column in sorted(every):
        # No number in the narrative is empty text, not null.
        if column == "text":
            condition &= ~Q(text="") if column in wanted else Q(text="")
        elif column == "median" and given == FigureType.MEDIAN:
            condition &= Q(n=0, median=None) | Q(n__gt=0, median__isnull=False)
        elif column in ("forecast_on", "met_on") and given == FigureType.MILESTONE:
            continue
        else:
            condition &= Q(**{f"{column}__isnull": column not in wanted})
    if given == FigureType.MILESTONE:
        condition &= Q(forecast_on__isnull=False) | Q(met_on__isnull=False)
    return condition


def _any(conditions: list[Q]) -> Q:
    whole = conditions[0]
    for condition in conditions[1:]:
        whole |= condition
    return whole


_NUMBERS = ("count", "scaled", "numerator", "denominator", "people_quarter", "people_year", "people_programme")


_NUMBERS_AND_SIZES = (*_NUMBERS, "total", "n", "median")


def _none_negative() -> Q:
    whole = Q()
    for column in _NUMBERS_AND_SIZES:
        whole &= Q(**{column: None}) | Q(**{f"{column}__gte": 0})
    return whole


_IN_ORDER = Q(numerator=None) | Q(denominator=None) | Q(numerator__lte=F("denominator"))


_PEOPLE_IN_ORDER = Q(people_quarter=None) | (
    Q(people_quarter__lte=F("people_year")) & Q(people_year__lte=F("people_programme"))
)


_NOTHING_FILLED = Q(
    text="", forecast_on=None, met_on=None, rating=None, yes_no=None, **dict.fromkeys(_NUMBERS_AND_SIZES)
)


class ResultQuerySet(models.QuerySet["Result"]):
    def visible_to(self, user: User) -> Self:
        """Those of the submissions that the person may see; a board member reads suppressed tables alone."""
        return self.filter(submission__in=Submission.objects.visible_to(user))


class Result(Figures):
    """One row is one figure of a submission, or the reason why there is none."""

    class Rating(models.TextChoices):
        RED = "red", "Red"
        AMBER_RED = "amber-red", "Amber/Red"
        AMBER = "amber", "Amber"
        AMBER_GREEN = "amber-green", "Amber/Green"
        GREEN = "green", "Green"

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="results")
    definition = models.ForeignKey(KpiVersion, on_delete=models.PROTECT, related_name="results")
    state = models.CharField(max_length=15, choices=State)
    entry_quarter = models.ForeignKey(
        Quarter, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Of a cohort."
    )
    window_months = models.PositiveSmallIntegerField(null=True, blank=True)
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, null=True, blank=True, related_name="results")
    forecast_on = models.DateField(null=True, blank=True)
    met_on = models.DateField(null=True, blank=True)
    text = models.TextField(blank=True)
    rating = models.CharField(max_length=12, choices=Rating, null=True, blank=True)  # noqa: DJ001
    yes_no = models.BooleanField(null=True, blank=True)
    comment = models.TextField(blank=True)
    absence_reason = models.TextField(blank=True)
    expected_on = models.DateField(null=True, blank=True)

    objects = ResultQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["submission", "definition__kpi__code"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["submission", "definition"],
                condition=Q(entry_quarter=None, milestone=None),
                name="result_once_a_measure",
            ),
            models.UniqueConstraint(
                fields=["submission", "definition", "entry_quarter"],
                condition=Q(entry_quarter__isnull=False),
                name="result_once_a_cohort",
            ),
            models.UniqueConstraint(
                fields=["submission", "definition", "milestone"],
                condition=Q(milestone__isnull=False),
                name="result_once_a_milestone",
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values),
                name="result_state_known",
                violation_error_message="Say whether it is reported, nil, not available or not applicable.",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=EMPTY_STATES) & _NOTHING_FILLED)
                | (~Q(state__in=EMPTY_STATES) & _any([_filled(given) for given in FigureType])),
                name="result_figures_of_its_type",
                violation_error_message="A result fills the figures of its own type and no others.",
            ),
            models.CheckConstraint(
                condition=(
                    Q(figure_type=FigureType.COHORT) & Q(entry_quarter__isnull=False, window_months__isnull=False)
                )
                | (~Q(figure_type=FigureType.COHORT) & Q(entry_quarter=None, window_months=None)),
                name="result_cohort_names_its_entry",
                violation_error_message="A cohort, and nothing else, names the quarter in which its people entered.",
            ),
            models.CheckConstraint(
                condition=(Q(figure_type=FigureType.MILESTONE) & Q(milestone__isnull=False))
                | (~Q(figure_type=FigureType.MILESTONE) & Q(milestone=None)),
                name="result_milestone_names_it",
                violation_error_message="A milestone's dates, and nothing else, name the milestone.",
            ),
            models.CheckConstraint(
                condition=_none_negative(),
                name="result_not_negative",
                violation_error_message="A figure cannot be below nought.",
            ),
            models.CheckConstraint(
                condition=_IN_ORDER,
                name="result_numerator_within_denominator",
                violation_error_message="The part cannot be larger than the whole that it is a part of.",
            ),
            models.CheckConstraint(
                condition=_PEOPLE_IN_ORDER,
                name="result_people_in_order",
                violation_error_message="People in the quarter cannot be more than in the year, nor those in the "
                "year more than since the programme began.",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.NIL)
                | (
                    (Q(count=None) | Q(count=0))
                    & (Q(scaled=None) | Q(scaled=0))
                    & (Q(numerator=None) | Q(numerator=0))
                    & (Q(denominator=None) | Q(denominator=0))
                    & (Q(people_quarter=None) | Q(people_quarter=0))
                    & (Q(n=None) | Q(n=0))
                ),
                name="result_nil_is_nought",
                violation_error_message="A nil result is nought.",
            ),
            models.CheckConstraint(
                condition=(Q(state=State.MISSING) & ~Q(absence_reason="") & Q(expected_on__isnull=False))
                | (~Q(state=State.MISSING) & Q(absence_reason="", expected_on=None)),
                name="result_missing_has_a_reason_and_a_date",
                violation_error_message="A figure that is not available needs the reason and the date it is expected.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission.reference} {self.definition.kpi.code}"


class Breakdown(Figures):
    """One row is one category's share of a result; the rows of a dimension sum to the headline."""

    result = models.ForeignKey(Result, on_delete=models.PROTECT, related_name="breakdowns")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["result", "category__dimension__code", "category__position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["result", "category"], name="breakdown_once_a_category"),
            models.CheckConstraint(
                condition=Q(figure_type=FigureType.COUNT, count__isnull=False)
                & Q(**dict.fromkeys([c for c in _NUMBERS_AND_SIZES if c != "count"]))
                | Q(figure_type=FigureType.SCALED, scaled__isnull=False)
                & Q(**dict.fromkeys([c for c in _NUMBERS_AND_SIZES if c != "scaled"]))
                | Q(figure_type=FigureType.RATIO, numerator__isnull=False, denominator__isnull=False)
                & Q(**dict.fromkeys([c for c in _NUMBERS_AND_SIZES if c not in ("numerator", "denominator")]))
                | Q(
                    figure_type=FigureType.PEOPLE,
                    people_quarter__isnull=False,
                    people_year__isnull=False,
                    people_programme__isnull=False,
                )
                & Q(**dict.fromkeys([c for c in _NUMBERS_AND_SIZES if not c.startswith("people")])),
                name="breakdown_figures_of_its_type",
                violation_error_message="A breakdown fills the figures of its measure's type and no others.",
            ),
            models.CheckConstraint(
                condition=_none_negative(),
                name="breakdown_not_negative",
                violation_error_message="A figure cannot be below nought.",
            ),
            models.CheckConstraint(
                condition=_IN_ORDER & _PEOPLE_IN_ORDER,
                name="breakdown_in_order",
                violation_error_message="The part cannot be larger than the whole that it is a part of.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category}"
