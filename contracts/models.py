"""Agreements with those who deliver: what was engaged, for which projects, when and for how much."""

from datetime import date
from decimal import Decimal
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q, Sum

from board.access import BOARD
from board.models import Organisation, Programme, Project, Role, User, Year
from board.rows import Kept
from core.money import NOUGHT, PenceField


class ContractQuerySet(models.QuerySet["Contract"]):
    def visible_to(self, user: User) -> Self:
        """A provider's own, a buyer's own, and all of a programme for its recipient and for auditors."""
        role = user.acting
        if role is None or role.kind in (BOARD, Role.Kind.ADMINISTRATOR):
            return self.none()
        programmes = Programme.objects.visible_to(user)
        mine = self.filter(programme__in=programmes)
        if role.kind == Role.Kind.AUDITOR:
            return mine
        if role.kind == Role.Kind.KPI_REPORTER:
            return mine.filter(provider=role.organisation)
        return mine.filter(Q(programme__recipient=role.organisation) | Q(buyer=role.organisation))

    def live_on(self, day: date) -> Self:
        """Contracts within their dates on a day, signed or not."""
        return self.filter(starts_on__lte=day, ends_on__gte=day)


class Contract(Kept):
    """One row is an agreement of any kind with a provider: who shall deliver what, from when to when."""

    class Kind(models.TextChoices):
        CONTRACT = "contract", "Contract"
        GRANT_AGREEMENT = "grant-agreement", "Grant agreement"
        RECHARGE = "recharge", "Recharge"
        IN_HOUSE = "in-house", "In-house"
        DATA_SUPPLY = "data-supply", "Data supply"

    class Tier(models.TextChoices):
        GOLD = "gold", "Gold"
        SILVER = "silver", "Silver"
        BRONZE = "bronze", "Bronze"

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="contracts")
    reference = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind)
    buyer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="contracts_bought")
    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="contracts_provided")
    owner_title = models.CharField("contract owner", max_length=120, help_text="A role title, no name.")
    tier = models.CharField(max_length=10, choices=Tier, default=Tier.SILVER)
    decision_reference = models.CharField(max_length=10, blank=True, help_text="As printed: 113-23.")
    procurement_route = models.CharField(max_length=120, blank=True)
    # Charities cannot recover the VAT that they charge on, so their prices carry it.
    includes_irrecoverable_vat = models.BooleanField(default=False)
    signed_on = models.DateField(null=True, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    notice_days = models.PositiveSmallIntegerField(default=90)
    review_on = models.DateField(null=True, blank=True)

    objects = ContractQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["reference"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="contract_ends_after_it_starts",
                violation_error_message="A contract cannot end before it starts.",
            ),
            models.CheckConstraint(
                condition=Q(decision_reference="") | Q(decision_reference__regex=r"^\d{3}-\d{2}$"),
                name="contract_decision_reference_shape",
                violation_error_message="Write the decision reference as 113-23: three digits, a dash, two digits.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    def value(self, *, project: Project | None = None, year: Year | None = None) -> Decimal:
        """The value in force, variations included, in all or of one project and year."""
        rows = self.values.all()
        if project is not None:
            rows = rows.filter(project=project)
        if year is not None:
            rows = rows.filter(year=year)
        return rows.aggregate(total=Sum("amount"))["total"] or NOUGHT


class Variation(Kept):
    """One row is a dated change of a contract's value or end, with its reason and decision."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="variations")
    number = models.PositiveSmallIntegerField()
    reason = models.TextField()
    decision_reference = models.CharField(max_length=10, blank=True)
    effective_on = models.DateField()
    approved_on = models.DateField()
    retrospective_reason = models.TextField(blank=True)
    ends_on_before = models.DateField(null=True, blank=True)
    ends_on_after = models.DateField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["contract", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contract", "number"], name="variation_number_once_a_contract"),
            models.CheckConstraint(
                condition=Q(approved_on__lte=F("effective_on")) | ~Q(retrospective_reason=""),
                name="variation_retrospective_has_a_reason",
                violation_error_message="A variation approved after it took effect needs the reason why.",
            ),
            models.CheckConstraint(
                condition=Q(ends_on_before=None, ends_on_after=None)
                | Q(ends_on_before__isnull=False, ends_on_after__isnull=False),
                name="variation_end_from_and_to",
                violation_error_message="A changed end date names the day before and the day after the change.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract.reference} variation {self.number}"


class ContractValue(models.Model):
    """One row is what a contract is worth for a project in a year, or what a variation adds (negative: takes off)."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="values")
    variation = models.ForeignKey(Variation, on_delete=models.PROTECT, null=True, blank=True, related_name="values")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="contract_values")
    year = models.ForeignKey(Year, on_delete=models.PROTECT, related_name="contract_values")
    amount = PenceField()

    class Meta:
        ordering: ClassVar = ["contract", "year", "project"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["contract", "project", "year"],
                condition=Q(variation=None),
                name="contract_value_once_a_project_and_year",
                violation_error_message="The contract has a first value for this project and year; vary that.",
            ),
            models.UniqueConstraint(
                fields=["variation", "project", "year"], name="variation_value_once_a_project_and_year"
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0) | Q(variation__isnull=False),
                name="contract_value_not_negative",
                violation_error_message="A contract's value cannot be negative; only a variation can lower it.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract.reference} {self.project.code} {self.year.code}"
