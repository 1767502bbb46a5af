"""Money in: who promised what, the budget that divides it, and what is forecast and committed."""

from datetime import date
from decimal import Decimal
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from board.models import Organisation, Programme, Project, Quarter, Role, User, Year
from board.rows import Kept
from contracts.models import Contract
from core.money import NOUGHT, PenceField


class SourceQuerySet(models.QuerySet["Source"]):
    def visible_to(self, user: User) -> Self:
        """All of a programme for its recipient and for auditors; for others what they fund or keep."""
        role = user.acting
        if role is None or role.kind not in (
            Role.Kind.FINANCE_OFFICER,
            Role.Kind.COMMISSIONING_OFFICER,
            Role.Kind.CFO,
            Role.Kind.AUDITOR,
        ):
            return self.none()
        mine = self.filter(programme__in=Programme.objects.visible_to(user))
        if role.kind == Role.Kind.AUDITOR:
            return mine
        return mine.filter(
            Q(programme__recipient=role.organisation) | Q(funder=role.organisation) | Q(kept_by=role.organisation)
        )

    def entered_by(self, user: User) -> Self:
        """The sources that a finance officer's organisation keeps: those that its lines may charge."""
        role = user.acting
        if role is None or role.kind != Role.Kind.FINANCE_OFFICER:
            return self.none()
        return self.visible_to(user).filter(kept_by=role.organisation)

    def budgeted_for(self, organisation: Organisation) -> Self:
        """The sources whose budget an organisation decides: the grant's recipient; of match, who keeps or gives it."""
        of_grant = Q(kind=Source.Kind.GRANT, programme__recipient=organisation)
        of_match = ~Q(kind=Source.Kind.GRANT) & (Q(kept_by=organisation) | Q(funder=organisation))
        return self.filter(of_grant | of_match)

    def budgeted_by(self, user: User) -> Self:
        """The sources whose award, budget and forecast a finance officer records."""
        role = user.acting
        if role is None or role.kind != Role.Kind.FINANCE_OFFICER:
            return self.none()
        return self.visible_to(user).budgeted_for(role.organisation)


class Source(models.Model):
    """One row is one promise of money from one funder: the grant, a cash match or an in-kind match."""

    class Kind(models.TextChoices):
        GRANT = "grant", "Grant"
        CASH_MATCH = "cash-match", "Cash match"
        IN_KIND_MATCH = "in-kind-match", "In-kind match"

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="sources")
    code = models.CharField(max_length=30)
    name = models.CharField(max_length=120)
    funder = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="sources_funded")
    kind = models.CharField(max_length=20, choices=Kind)
    kept_by = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="sources_kept",
        help_text="The recording organisation, whose officers enter and declare it.",
    )
    position = models.PositiveSmallIntegerField(default=0)

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["programme", "position", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "code"], name="source_code_once_a_programme"),
            models.UniqueConstraint(
                fields=["programme"],
                condition=Q(kind="grant"),
                name="source_one_grant_a_programme",
                violation_error_message="A programme has one grant.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_grant(self) -> bool:
        return self.kind == self.Kind.GRANT

    @property
    def is_in_kind(self) -> bool:
        return self.kind == self.Kind.IN_KIND_MATCH


class Award(Kept):
    """One row is a source's ceiling for one year; on a match source it is shown as the pledge."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="awards")
    year = models.ForeignKey(Year, on_delete=models.PROTECT, related_name="awards")
    provisional = models.BooleanField(default=True, help_text="Until the award letter is held.")
    secured = models.BooleanField(default=False)
    in_kind_rate = PenceField(null=True, blank=True, help_text="Pounds an hour, for in-kind match.")

    class Meta:
        ordering: ClassVar = ["source", "year"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "year"], name="award_once_a_year")]

    def __str__(self) -> str:
        return f"{self.source} {self.year}"

    @property
    def last_revised_on(self) -> date | None:
        """From when the latest amount holds; None before the first."""
        return max((row.effective_on for row in self.revisions.all()), default=None)

    def amount_on(self, day: date) -> Decimal:
        """The ceiling in force on a day; nought before the first revision takes effect."""
        rows = [row for row in self.revisions.all() if row.effective_on <= day]
        return max(rows, key=lambda row: (row.effective_on, row.pk)).amount if rows else NOUGHT


class AwardRevision(models.Model):
    """One row is the amount of an award from a day on, with where it was decided."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="revisions")
    effective_on = models.DateField()
    amount = PenceField()
    reason = models.CharField(max_length=200)
    decision_reference = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering: ClassVar = ["award", "effective_on"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["award", "effective_on"], name="award_revision_once_a_day"),
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="award_not_negative",
                violation_error_message="An award cannot be negative.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.award} from {self.effective_on.isoformat()}"


class CostHeading(models.Model):
    """One row is a kind of cost. What a grant may not pay for is marked here, after its terms."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="cost_headings")
    code = models.SlugField(max_length=30)
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=0)
    capital = models.BooleanField(default=False, help_text="A capital item: held out of a revenue grant's claim.")
    ineligible = models.BooleanField(default=False, help_text="Not eligible under the grant's terms.")
    payroll = models.BooleanField(default=False, help_text="Pay of staff: evidence of it is restricted.")

    class Meta:
        ordering: ClassVar = ["programme", "position", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["programme", "code"], name="cost_heading_once_a_programme")
        ]

    def __str__(self) -> str:
        return self.name


class BudgetLine(models.Model):
    """One row is source × project × cost heading × year, an identity that never changes."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="budget_lines")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="budget_lines")
    heading = models.ForeignKey(CostHeading, on_delete=models.PROTECT, related_name="budget_lines")
    year = models.ForeignKey(Year, on_delete=models.PROTECT, related_name="budget_lines")

    class Meta:
        ordering: ClassVar = ["source", "year", "project", "heading"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "project", "heading", "year"], name="budget_line_once")
        ]

    def __str__(self) -> str:
        return f"{self.project.code} · {self.heading.name} · {self.source.name} · {self.year.code}"

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is sorted and named by: codes of year, source, project and heading."""
        return (self.year.code, self.source.code, self.project.code, self.heading.code)


class BudgetVersion(Kept):
    """One row is one whole budget of a source and year, in force from a day until the next."""

    class Kind(models.TextChoices):
        ORIGINAL = "original", "Original"
        VIREMENT = "virement", "Virement"
        REPROFILE = "re-profile", "Re-profile"
        AWARD_REVISION = "award-revision", "Award revision"

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="budget_versions")
    year = models.ForeignKey(Year, on_delete=models.PROTECT, related_name="budget_versions")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=Kind)
    effective_on = models.DateField()
    reason = models.TextField()
    decision_reference = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering: ClassVar = ["source", "year", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "year", "number"], name="budget_version_number_once"),
            models.CheckConstraint(
                condition=Q(number=1, kind="original") | (Q(number__gt=1) & ~Q(kind="original")),
                name="budget_version_first_is_original",
                violation_error_message="The first budget is the original one, and only the first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.year} version {self.number}"

    def get_absolute_url(self) -> str:
        source = self.source
        return reverse("funding:budget-version", args=[source.programme.code, source.code, self.year.code, self.number])


class Profile(models.Model):
    """One row is what a budget version plans for a line in a quarter; a line's budget is their sum."""

    budget_version = models.ForeignKey(BudgetVersion, on_delete=models.PROTECT, related_name="profiles")
    line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, related_name="profiles")
    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="profiles")
    amount = PenceField()

    class Meta:
        ordering: ClassVar = ["budget_version", "line", "quarter"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["budget_version", "line", "quarter"], name="profile_once_a_quarter")
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.quarter.code}"


class VirementQuerySet(models.QuerySet["Virement"]):
    def visible_to(self, user: User) -> Self:
        """Those of the sources that the person sees."""
        return self.filter(budget_version__source__in=Source.objects.visible_to(user))

    def with_moved(self) -> Self:
        """Each with `moved`, what it puts on lines, and all that a list shows of it."""
        put_on = models.Sum("moves__amount", filter=Q(moves__amount__gt=0), output_field=PenceField())
        return self.select_related(
            "budget_version__source", "budget_version__year", "created_by", "second_person"
        ).annotate(moved=put_on)


class Virement(Kept):
    """One row is an approved move between budget lines of one source and year; its moves net to nought."""

    reference = models.CharField(max_length=40, unique=True)
    budget_version = models.OneToOneField(BudgetVersion, on_delete=models.PROTECT, related_name="virement")
    approved_on = models.DateField()
    second_person = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    funder_reference = models.CharField(max_length=60, blank=True)

    objects = VirementQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["reference"]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("funding:virement", args=[self.reference])


class VirementMove(models.Model):
    """One row is what a virement puts on a line (negative: takes off)."""

    virement = models.ForeignKey(Virement, on_delete=models.PROTECT, related_name="moves")
    line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, related_name="+")
    amount = PenceField()

    class Meta:
        ordering: ClassVar = ["virement", "line"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["virement", "line"], name="virement_move_once_a_line"),
            models.CheckConstraint(
                condition=~Q(amount=0),
                name="virement_move_not_nought",
                violation_error_message="A move of nothing is no move.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.virement.reference} {self.line}"


class Forecast(Kept):
    """One row is what is expected to be spent on a line in a quarter ahead."""

    line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, related_name="forecasts")
    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="forecasts")
    amount = PenceField()

    class Meta:
        ordering: ClassVar = ["line", "quarter"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "quarter"], name="forecast_once_a_quarter"),
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="forecast_not_negative",
                violation_error_message="A forecast cannot be negative.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.quarter.code}"


class Commitment(Kept):
    """One row is what a contract binds of a budget line; less what is charged to it, it is committed."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="commitments")
    line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, related_name="commitments")
    amount = PenceField()

    class Meta:
        ordering: ClassVar = ["contract", "line"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contract", "line"], name="commitment_once_a_line"),
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="commitment_above_nought",
                violation_error_message="A commitment is above nought.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract.reference} {self.line}"


class VarianceReason(Kept):
    """One row is why a project's spend of a source varies from its profile at a quarter, in code and words."""

    class Code(models.TextChoices):
        LATE_START = "late-start", "Late start"
        VACANCY = "vacancy", "Vacancy"
        TIMING = "timing", "Timing of invoices"
        DEMAND = "demand", "Demand"
        PRICE = "price", "Price"
        SCOPE = "scope", "Change of scope"
        OTHER = "other", "Other"

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="variance_reasons")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="variance_reasons")
    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="variance_reasons")
    code = models.CharField(max_length=20, choices=Code)
    words = models.TextField()
    # The variance that the words were written about; a change of sign or size asks for them again.
    variance = PenceField()

    class Meta:
        ordering: ClassVar = ["quarter", "source", "project"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "project", "quarter"], name="variance_reason_once")
        ]

    def __str__(self) -> str:
        return f"{self.project.code} {self.quarter.code}"


class UnderspendNotice(Kept):
    """One row is that an underspend of a source and year was foreseen, and when the funder was told."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="underspend_notices")
    year = models.ForeignKey(Year, on_delete=models.PROTECT, related_name="underspend_notices")
    amount = PenceField(help_text="The underspend foreseen, above nought.")
    noticed_on = models.DateField()
    told_on = models.DateField(null=True, blank=True)
    funder_reference = models.CharField(max_length=60, blank=True)
    words = models.TextField()

    class Meta:
        ordering: ClassVar = ["source", "year", "noticed_on"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="underspend_above_nought",
                violation_error_message="An underspend is above nought.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.year} {self.noticed_on.isoformat()}"
