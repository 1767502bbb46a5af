"""What is decided about a budget: a virement that waits for its second person, and what becomes of a year's balance."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from board.models import Quarter, User, Year
from board.rows import Kept
from core.money import PenceField
from funding.models.given import BudgetLine, Source, Virement


class VirementProposalQuerySet(models.QuerySet["VirementProposal"]):
    def visible_to(self, user: User) -> Self:
        """Those of the sources that the person sees."""
        return self.filter(source__in=Source.objects.visible_to(user))

    def waiting(self) -> Self:
        """Neither approved nor turned down."""
        return self.filter(status=VirementProposal.Status.PROPOSED)

    def to_be_approved_by(self, user: User) -> Self:
        """Those that wait for somebody like this person: of an organisation that decides the budget, not its author."""
        if user.acting is None:
            return self.none()
        sources = Source.objects.visible_to(user).budgeted_for(user.acting.organisation)
        return self.waiting().filter(source__in=sources).exclude(created_by=user)


class VirementProposal(Kept):
    """One row is a virement above the threshold. Nothing of it counts until a second person approves it."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", "Waiting for approval"
        APPROVED = "approved", "Approved"
        TURNED_DOWN = "turned-down", "Turned down"

    reference = models.CharField(max_length=40, unique=True, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="virement_proposals")
    year = models.ForeignKey(Year, on_delete=models.PROTECT, related_name="virement_proposals")
    reason = models.TextField()
    funder_reference = models.CharField(max_length=60)
    decision_reference = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.PROPOSED, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    decided_reason = models.TextField(blank=True, editable=False)
    virement = models.OneToOneField(
        Virement, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="proposal"
    )

    objects = VirementProposalQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["reference"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status="proposed", decided_at=None, decided_by=None)
                | (~Q(status="proposed") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="virement_proposal_decided_by_someone",
                violation_error_message="A decided virement names who decided it and when.",
            ),
            models.CheckConstraint(
                condition=(~Q(status="approved") & Q(virement=None)) | Q(status="approved", virement__isnull=False),
                name="virement_proposal_approved_has_a_virement",
                violation_error_message="An approved proposal leads to its virement.",
            ),
            models.CheckConstraint(
                condition=~Q(status="approved") | ~Q(decided_by=F("created_by")),
                name="virement_proposal_approved_by_another",
                violation_error_message="Who proposed a virement does not approve it.",
            ),
            models.CheckConstraint(
                condition=~Q(funder_reference=""),
                name="virement_proposal_has_the_funders_reference",
                violation_error_message="Give the funder’s reference.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("funding:virement-proposal", args=[self.reference])


class VirementProposalMove(models.Model):
    """One row is what a proposed virement would put on a line in a quarter (negative: take off)."""

    proposal = models.ForeignKey(VirementProposal, on_delete=models.PROTECT, related_name="moves")
    line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, related_name="+")
    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="+")
    amount = PenceField()

    class Meta:
        ordering: ClassVar = ["proposal", "line", "quarter"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["proposal", "line", "quarter"], name="virement_proposal_move_once")
        ]

    def __str__(self) -> str:
        return f"{self.proposal.reference} {self.line} {self.quarter.code}"


class YearEndBalance(Kept):
    """One row is what becomes of an amount that a source's award of a year has left when the year is over."""

    class Treatment(models.TextChoices):
        LAPSING = "lapsing", "Lapses"
        CARRIED = "carried", "Carried into the next year, with approval"
        REPAID = "repaid", "Repaid to the funder"

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="year_end_balances")
    year = models.ForeignKey(Year, on_delete=models.PROTECT, related_name="year_end_balances")
    treatment = models.CharField(max_length=20, choices=Treatment)
    amount = PenceField(help_text="£0.00 takes back what was marked before.")
    approval_reference = models.CharField(max_length=60, blank=True)
    approved_on = models.DateField(null=True, blank=True)
    reason = models.TextField()

    class Meta:
        ordering: ClassVar = ["source", "year", "treatment"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "year", "treatment"], name="year_end_balance_once_a_treatment"),
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="year_end_balance_not_negative",
                violation_error_message="What is left of an award is not below nought.",
            ),
            models.CheckConstraint(
                condition=~Q(treatment="carried") | (~Q(approval_reference="") & Q(approved_on__isnull=False)),
                name="year_end_balance_carried_is_approved",
                violation_error_message="A balance is carried with the funder’s approval: give its reference and day.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.year} {self.get_treatment_display()}"
