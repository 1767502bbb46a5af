"""What is measured: dimensions, measures with their versions, targets, identities."""

from datetime import date
from decimal import Decimal
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from board.access import BOARD, REPORTER
from board.models import Programme, Project, Quarter, User, Year
from kpis.kinds import FigureType, Kind, Section, figure_type
from kpis.models.visibility import own_duties, whole_view


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
            return self.filter(own_duties(user, "duty_measures__duty__"), project__programme__in=programmes).distinct()
        mine = whole_view(user)
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
                condition=Q(scaled=False) | Q(kind__in=[Kind.FLOW, Kind.SNAPSHOT, Kind.OPENING]),
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


class Rating(models.Model):
    """One row is how a commissioning officer rates a measure in a quarter, whatever its figures say, and why.

    The latest row of a quarter stands; one without a word goes back to the rating by the figures.
    """

    class Word(models.TextChoices):
        GREEN = "Green", "Green"
        AMBER = "Amber", "Amber"
        RED = "Red", "Red"

    kpi = models.ForeignKey(Kpi, on_delete=models.PROTECT, related_name="ratings")
    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="+")
    word = models.CharField(max_length=5, choices=Word, blank=True)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["kpi", "quarter", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(word__in=["", "Green", "Amber", "Red"]),
                name="rating_word_known",
                violation_error_message="Rate it Green, Amber or Red, or by its figures.",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="rating_has_a_reason",
                violation_error_message="Give the reason for this rating.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kpi.code} {self.quarter.code} {self.word or 'by its figures'}"


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


def version_on(versions: list[KpiVersion], day: date) -> KpiVersion | None:
    """The definition in force on a day, out of one measure's versions."""
    begun = [row for row in versions if row.from_date <= day]
    return max(begun, key=lambda row: row.number) if begun else None
