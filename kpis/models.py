"""Performance reported: what is measured, who reports it, and what they reported.

How figures are added is never a column: it follows from a measure's kind, in `kpis/aggregation.py`.
"""

from datetime import date
from decimal import Decimal
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from board.access import AUDITOR, BOARD, CFO, COMMISSIONING, FINANCE, REPORTER
from board.models import Milestone, Organisation, Programme, Project, Quarter, User, Year
from board.rows import Kept
from contracts.models import Contract
from kpis.kinds import COLUMNS, EMPTY_STATES, FigureType, Kind, Section, State, figure_type


def _whole_view(user: User) -> Q | None:
    """None for nothing, Q() for all of the programmes that the person sees, or a filter on `organisation`."""
    role = user.acting
    if role is None:
        return None
    if role.kind == AUDITOR:
        return Q()
    if role.kind in (COMMISSIONING, CFO, FINANCE):
        return Q(project__programme__recipient=role.organisation)
    if role.kind == REPORTER:
        return Q(organisation=role.organisation)
    return None


class Dimension(models.Model):
    """One row is a way of breaking a figure down: area, age, reason for closing, …"""

    code = models.SlugField(max_length=30, unique=True)
    name = models.CharField(max_length=80)

    class Meta:
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """One row is one answer within a dimension: "Southend", "25 to 34", "Not known"."""

    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="categories")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField()
    unknown = models.BooleanField(default=False, help_text="Not known, not assessed: counted by the rule on gaps.")

    class Meta:
        ordering: ClassVar = ["dimension", "position"]
        verbose_name_plural = "categories"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dimension", "code"], name="category_code_once_a_dimension")
        ]

    def __str__(self) -> str:
        return self.name


class KpiQuerySet(models.QuerySet["Kpi"]):
    def visible_to(self, user: User) -> Self:
        """A reporter's own; a programme's for its recipient's officers, auditors and board members.

        What a board member reads of them has its small numbers hidden.
        """
        role = user.acting
        programmes = Programme.objects.visible_to(user)
        if role is not None and role.kind == BOARD:
            return self.filter(project__programme__in=programmes)
        if role is not None and role.kind == REPORTER:
            return self.filter(duty_measures__duty__in=Duty.objects.visible_to(user)).distinct()
        mine = _whole_view(user)
        if mine is None:
            return self.none()
        return self.filter(mine, project__programme__in=programmes)


class Kpi(models.Model):
    """One row is a measure of a project; what it means stands in its versions."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="kpis")
    code = models.CharField(max_length=12)

    objects = KpiQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["project", "code"]
        verbose_name = "KPI"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "code"], name="kpi_code_once_a_project"),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z]{3}-\d{2}[a-z]?$"),
                name="kpi_code_shape",
                violation_error_message="Write a KPI's code as CHB-01 or CHB-18a.",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class KpiVersion(models.Model):
    """One row is a measure's definition from a day on. Never edited: a change is a new row with its reason."""

    class Direction(models.TextChoices):
        HIGHER = "higher", "Higher is better"
        LOWER = "lower", "Lower is better"
        RANGE = "range", "Within a range is better"
        NONE = "none", "Neither"

    kpi = models.ForeignKey(Kpi, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=160)
    definition = models.TextField()
    unit = models.CharField(max_length=30)
    kind = models.CharField(max_length=15, choices=Kind)
    section = models.CharField(max_length=20, choices=Section)
    direction = models.CharField(max_length=10, choices=Direction, default=Direction.NONE)
    scaled = models.BooleanField(default=False, help_text="Kept in hundredths: full-time equivalents.")
    window_months = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of a cohort: its follow-up.")
    # In hundredths of the unit, a rate in hundredths of a per cent.
    low = models.BigIntegerField(null=True, blank=True)
    high = models.BigIntegerField(null=True, blank=True)
    numerator_codes = models.CharField(max_length=120, blank=True, help_text="Of a computed rate: +CHB-10")
    denominator_codes = models.CharField(max_length=120, blank=True, help_text="Of a computed rate: +CHB-10+CHB-11")
    sensitive = models.BooleanField(default=True, help_text="It counts people, so small numbers are hidden.")
    # It is asked for to make the others balance, and is shown to nobody but the funder and the officers.
    balancing = models.BooleanField(default=False)
    dimensions = models.ManyToManyField(Dimension, blank=True, related_name="+")
    from_date = models.DateField()
    reason = models.TextField()

    class Meta:
        ordering: ClassVar = ["kpi", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kpi", "number"], name="kpi_version_number_once"),
            models.UniqueConstraint(fields=["kpi", "from_date"], name="kpi_version_once_a_day"),
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values),
                name="kpi_version_kind_known",
                violation_error_message="Choose what kind of figure it is.",
            ),
            models.CheckConstraint(
                condition=Q(numerator_codes="", denominator_codes="")
                | (Q(kind=Kind.RATIO) & ~Q(numerator_codes="") & ~Q(denominator_codes="")),
                name="kpi_version_only_a_rate_is_computed",
                violation_error_message="Only a rate is computed, from a numerator and a denominator of other codes.",
            ),
            models.CheckConstraint(
                condition=Q(scaled=False) | Q(kind__in=[Kind.FLOW, Kind.SNAPSHOT]),
                name="kpi_version_only_amounts_are_scaled",
                violation_error_message="Only a sum or a position can have decimals; the other kinds have their own.",
            ),
            models.CheckConstraint(
                condition=(Q(kind=Kind.COHORT) & Q(window_months__isnull=False))
                | (~Q(kind=Kind.COHORT) & Q(window_months__isnull=True)),
                name="kpi_version_cohort_has_a_window",
                violation_error_message="A cohort, and nothing else, names how many months it is followed up.",
            ),
            models.CheckConstraint(
                condition=Q(low=None) | Q(high=None) | Q(low__lte=F("high")),
                name="kpi_version_range_in_order",
                violation_error_message="The lowest plausible figure is above the highest.",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="kpi_version_has_a_reason",
                violation_error_message="Give the reason for this version.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kpi.code} {self.name}"

    @property
    def computed(self) -> bool:
        """Whether it is worked out from other measures and never typed."""
        return bool(self.numerator_codes)

    @property
    def figure_type(self) -> FigureType:
        """Which columns its results fill."""
        return figure_type(Kind(self.kind), self.scaled)


class DutyQuerySet(models.QuerySet["Duty"]):
    def visible_to(self, user: User) -> Self:
        """A reporter's own; all of a programme for its recipient's officers and for auditors."""
        mine = _whole_view(user)
        if mine is None:
            return self.none()
        return self.filter(mine, project__programme__in=Programme.objects.visible_to(user))

    def in_force(self, quarter: Quarter) -> Self:
        """The duties that run in a quarter of their own programme."""
        return self.filter(
            project__programme=quarter.programme_id,
            first_quarter__first_day__lte=quarter.first_day,
            last_quarter__first_day__gte=quarter.first_day,
        )


class Duty(Kept):
    """One row is an organisation's duty to report measures of a project, from a quarter to a quarter."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="duties")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="duties")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, null=True, blank=True, related_name="duties")
    reference = models.CharField(max_length=60, unique=True)
    first_quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="+")
    last_quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="+")

    objects = DutyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["reference"]
        verbose_name_plural = "duties"

    def __str__(self) -> str:
        return f"{self.project.name}, {self.organisation.short_name}"


class DutyMeasure(models.Model):
    """One row is a measure that a duty asks for, with the breakdowns that are ticked."""

    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="measures")
    kpi = models.ForeignKey(Kpi, on_delete=models.PROTECT, related_name="duty_measures")
    dimensions = models.ManyToManyField(Dimension, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["duty", "kpi__code"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["duty", "kpi"], name="measure_once_a_duty")]

    def __str__(self) -> str:
        return f"{self.duty.reference} {self.kpi.code}"


class Target(models.Model):
    """One row is what a measure shall reach in a year, from a day on. A change is a new row with its reason.

    A sum's target is for the whole year; any other kind's is a level. Hundredths of the unit, a rate
    in hundredths of a per cent.
    """

    kpi = models.ForeignKey(Kpi, on_delete=models.PROTECT, related_name="targets")
    year = models.ForeignKey(Year, on_delete=models.PROTECT, related_name="targets")
    from_date = models.DateField()
    value = models.BigIntegerField()
    upper = models.BigIntegerField(null=True, blank=True, help_text="The top of a range, where a range is better.")
    baseline = models.BigIntegerField(null=True, blank=True)
    reason = models.TextField()

    class Meta:
        ordering: ClassVar = ["kpi", "year", "from_date"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kpi", "year", "from_date"], name="target_once_a_day"),
            models.CheckConstraint(
                condition=Q(value__gte=0) & (Q(upper=None) | Q(upper__gte=F("value"))),
                name="target_range_in_order",
                violation_error_message="A target is nought or more, and the top of a range is not below it.",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="target_has_a_reason",
                violation_error_message="Give the reason for this target.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kpi.code} {self.year.code} from {self.from_date.isoformat()}"

    @property
    def amount(self) -> Decimal:
        """The value in the measure's unit."""
        return Decimal(self.value).scaleb(-2)


class Identity(models.Model):
    """One row is an equation that a project's figures of a quarter must satisfy: "+CHB-34+CHB-06-CHB-08"."""

    class Relation(models.TextChoices):
        EQUALS = "equals", "comes to nought"
        AT_MOST = "at-most", "is not above nought"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="identities")
    code = models.SlugField(max_length=30)
    words = models.CharField(max_length=200, help_text="As a sentence, for the person whose figures do not balance.")
    terms = models.CharField(max_length=200, help_text="Signed codes.")
    relation = models.CharField(max_length=10, choices=Relation, default=Relation.EQUALS)
    blocking = models.BooleanField()

    class Meta:
        ordering: ClassVar = ["project", "code"]
        verbose_name_plural = "identities"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "code"], name="identity_code_once_a_project"),
            models.CheckConstraint(
                condition=Q(terms__regex=r"^([+-][A-Z]{3}-\d{2}[a-z]?)+$"),
                name="identity_terms_shape",
                violation_error_message="Write the terms as signed codes: +CHB-34+CHB-06-CHB-08.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project.code} {self.code}"


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def visible_to(self, user: User) -> Self:
        """Those of the duties that the person may see."""
        return self.filter(duty__in=Duty.objects.visible_to(user))

    def in_programme(self, programme: Programme) -> Self:
        return self.filter(duty__project__programme=programme)

    def in_force(self) -> Self:
        """Of each duty and quarter the one whose figures count: the accepted, else the one handed in."""
        accepted = self.model.objects.filter(
            duty=models.OuterRef("duty"), quarter=models.OuterRef("quarter"), status="accepted"
        )
        return self.filter(Q(status="accepted") | (Q(status__in=["submitted", "queried"]) & ~models.Exists(accepted)))

    def latest(self) -> Self:
        """Of each duty and quarter the newest revision, whatever its state."""
        newer = self.model.objects.filter(
            duty=models.OuterRef("duty"), quarter=models.OuterRef("quarter"), revision__gt=models.OuterRef("revision")
        )
        return self.filter(~models.Exists(newer))


class Submission(Kept):
    """One row is what a duty reports for a quarter; a revision is a new row, which supersedes when accepted."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        QUERIED = "queried", "Queried"
        ACCEPTED = "accepted", "Accepted"
        SUPERSEDED = "superseded", "Superseded"

    OPEN_STATUSES: ClassVar = (Status.DRAFT, Status.SUBMITTED, Status.QUERIED)
    EDITABLE: ClassVar = (Status.DRAFT, Status.QUERIED)

    reference = models.CharField(max_length=120, unique=True)
    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="submissions")
    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="submissions")
    revision = models.PositiveSmallIntegerField(default=1)
    revision_reason = models.TextField(blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)
    # Whether it came after the provider's due date, as stood when it was first submitted.
    late = models.BooleanField(default=False)
    late_reason = models.TextField(blank=True)
    after_close = models.BooleanField(default=False, help_text="First submitted when results were closed.")
    first_reported_in = models.CharField(max_length=80, blank=True, help_text="Reference of the return, as text.")

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["reference"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["duty", "quarter", "revision"], name="submission_revision_once"),
            models.UniqueConstraint(
                fields=["duty", "quarter"],
                condition=Q(status__in=["draft", "submitted", "queried"]),
                name="submission_one_open",
                violation_error_message="These results are being revised already.",
            ),
            models.UniqueConstraint(
                fields=["duty", "quarter"], condition=Q(status="accepted"), name="submission_one_accepted"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "submitted", "queried", "accepted", "superseded"]),
                name="submission_status_known",
                violation_error_message="A submission is a draft, submitted, queried, accepted or superseded.",
            ),
            models.CheckConstraint(
                condition=Q(status="draft", submitted_at=None, submitted_by=None)
                | (~Q(status="draft") & Q(submitted_at__isnull=False, submitted_by__isnull=False)),
                name="submission_submitted_by_someone",
                violation_error_message="Only a draft has not been submitted by someone at some time.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "submitted", "queried"], accepted_at=None, accepted_by=None)
                | Q(status__in=["accepted", "superseded"], accepted_at__isnull=False, accepted_by__isnull=False),
                name="submission_accepted_by_someone",
                violation_error_message="What is accepted names who accepted it and when; nothing else does.",
            ),
            models.CheckConstraint(
                condition=Q(accepted_by=None) | ~Q(accepted_by=F("submitted_by")),
                name="submission_not_accepted_by_its_submitter",
                violation_error_message="Someone other than the person who submitted it must accept it.",
            ),
            models.CheckConstraint(
                condition=(Q(status="superseded") & Q(superseded_at__isnull=False))
                | (~Q(status="superseded") & Q(superseded_at=None)),
                name="submission_superseded_at_a_time",
                violation_error_message="What is superseded, and nothing else, has the time when it was.",
            ),
            models.CheckConstraint(
                condition=Q(revision=1, revision_reason="") | (Q(revision__gt=1) & ~Q(revision_reason="")),
                name="submission_revision_has_a_reason",
                violation_error_message="Give the reason for the revision.",
            ),
            models.CheckConstraint(
                condition=Q(late=False) | ~Q(late_reason=""),
                name="submission_late_has_a_reason",
                violation_error_message="Say why it is late.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def may_change(self) -> bool:
        """Whether its figures may be changed, its quarter allowing."""
        return self.status in self.EDITABLE


class SubmissionQuery(models.Model):
    """One row is a question about a section of a submission, and its answer."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="queries")
    section = models.CharField(max_length=20, choices=Section)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["submission", "at", "section"]
        verbose_name_plural = "submission queries"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="submission_query_has_a_reason",
                violation_error_message="Say what the supplier should look at.",
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_by=None, answered_at=None)
                | (~Q(answer="") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="submission_query_answered_by_someone",
                violation_error_message="An answer names who gave it and when.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.submission.reference} {self.section}"


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


def version_on(versions: list[KpiVersion], day: date) -> KpiVersion | None:
    """The definition in force on a day, out of one measure's versions."""
    begun = [row for row in versions if row.from_date <= day]
    return max(begun, key=lambda row: row.number) if begun else None
