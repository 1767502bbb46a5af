"""What is agreed with those who deliver: for which projects, when and for how much, and what may follow."""

from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.urls import reverse

from board.access import BOARD
from board.models import Milestone, Organisation, Programme, Project, Role, User, Year
from board.rows import Kept
from core.money import NOUGHT, PenceField


class ContractQuerySet(models.QuerySet["Contract"]):
    def visible_to(self, user: User) -> Self:
        """A provider's own, a buyer's own, and all of a programme for its recipient and for auditors.

        Of a contract that its provider keeps to named people, a reporter sees nothing unless they are one of them.
        """
        role = user.acting
        if role is None or role.kind in (BOARD, Role.Kind.ADMINISTRATOR):
            return self.none()
        programmes = Programme.objects.visible_to(user)
        mine = self.filter(programme__in=programmes)
        if role.kind == Role.Kind.AUDITOR:
            return mine
        if role.kind == Role.Kind.KPI_REPORTER:
            return mine.filter(provider=role.organisation).open_to(user)
        return mine.filter(Q(programme__recipient=role.organisation) | Q(buyer=role.organisation))

    def open_to(self, user: User) -> Self:
        """K21: contracts that are kept to nobody, or to this person among others. It says nothing else of them."""
        named = Assignment.objects.in_force().filter(contract=OuterRef("pk"))
        return self.filter(~Exists(named) | Exists(named.filter(person=user)))

    def kept_by(self, user: User) -> Self:
        """Those whose register the person keeps: a commissioning officer of the grant's recipient or of the buyer."""
        role = user.acting
        if role is None or role.kind != Role.Kind.COMMISSIONING_OFFICER:
            return self.none()
        return self.visible_to(user)

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
    # The Transparency Code 2015 asks for the description; the Specified Information Order 2011 for the reasons.
    description = models.TextField(blank=True, help_text="What is delivered, as it may be published.")
    reasons = models.TextField(
        "reasons for it", blank=True, help_text="Why it is good value for money, or how it reduces crime and disorder."
    )
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

    def get_absolute_url(self) -> str:
        return reverse("contracts:contract", args=[self.reference])

    @property
    def last_notice_on(self) -> date:
        """The last day on which notice can be given that ends it when it would end by itself."""
        return self.ends_on - timedelta(days=self.notice_days)

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
    # In words, for the agreement; what each measure shall reach stands with the measures.
    targets = models.TextField("change of targets", blank=True)

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


class ExtensionOption(Kept):
    """One row is an option that the contract gives its buyer: by when to use it, and what it then adds."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        USED = "used", "Used"
        DECLINED = "declined", "Declined"

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="options")
    number = models.PositiveSmallIntegerField()
    use_by = models.DateField(help_text="The last day on which it can be used.")
    ends_on = models.DateField("new end", help_text="When the contract ends if it is used.")
    amount = PenceField(help_text="What it adds to the contract's value, in pounds.")
    terms = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN, editable=False)
    decided_on = models.DateField(null=True, blank=True, editable=False)
    decided_words = models.TextField(blank=True, editable=False)
    # What used it: the variation that wrote its value and its end.
    variation = models.OneToOneField(
        Variation, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="option"
    )

    class Meta:
        ordering: ClassVar = ["contract", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contract", "number"], name="option_number_once_a_contract"),
            models.CheckConstraint(
                condition=Q(use_by__lt=F("ends_on")),
                name="option_used_before_its_end",
                violation_error_message="The last day to use an option comes before the end that it gives.",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="option_amount_not_negative",
                violation_error_message="An option cannot be worth less than nothing.",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_on=None, variation=None)
                | Q(state="used", decided_on__isnull=False, variation__isnull=False)
                | (Q(state="declined", decided_on__isnull=False, variation=None) & ~Q(decided_words="")),
                name="option_state_and_what_decided_it",
                violation_error_message="A used option has its variation, a declined one its reason, an open one none.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract.reference} option {self.number}"


class ContractMilestone(Kept):
    """One row is that a contract is about a project's milestone. When it is met is a result, and stands there alone."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="milestones")
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="contracts")
    listed = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["contract", "milestone__due_on", "milestone__code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contract", "milestone"], name="milestone_once_a_contract")
        ]

    def __str__(self) -> str:
        return f"{self.contract.reference} {self.milestone.code}"


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def in_force(self) -> Self:
        return self.filter(ended_at=None)


class Assignment(Kept):
    """One row is that a provider keeps a contract to a person, and to any others who are named for it.

    With one in force, only the named reporters of the provider see the contract and its results (K21).
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="assignments")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_reason = models.TextField(blank=True, editable=False)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["contract", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["contract", "person"],
                condition=Q(ended_at=None),
                name="assignment_once_a_person",
                violation_error_message="This person is named for the contract already.",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_reason="") | (Q(ended_at__isnull=False) & ~Q(ended_reason="")),
                name="assignment_ended_has_a_reason",
                violation_error_message="Give the reason why the person is no longer named.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract.reference} kept to {self.person.email}"
