"""What is followed while a contract runs: issues and actions, checks that expire, and files."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from board.models import Role, StoredFile, User
from board.rows import Kept
from contracts.models.agreed import Contract

OPENED_BEFORE_DUE = Q(due_on__gte=F("opened_on"))
# A comparison with an empty date is neither true nor false, and a check lets that through; so it is asked for first.
CLOSED_WITH_WORDS = Q(closed_on=None, closed_words="") | (
    Q(closed_on__isnull=False, closed_on__gte=F("opened_on")) & ~Q(closed_words="")
)


class FollowedQuerySet(models.QuerySet["Followed"]):
    def still_open(self) -> Self:
        return self.filter(closed_on=None)


class Followed(Kept):
    """What issues and actions have in common: opened, due, whose it is as a role title, closed with words."""

    number = models.PositiveSmallIntegerField()
    words = models.TextField(help_text="No names of people.")
    owner_title = models.CharField("owner", max_length=120, help_text="A role title, no name.")
    opened_on = models.DateField()
    due_on = models.DateField()
    closed_on = models.DateField(null=True, blank=True, editable=False)
    closed_words = models.TextField(blank=True, editable=False)

    objects = FollowedQuerySet.as_manager()

    class Meta:
        abstract = True


class Issue(Followed):
    """One row is something about a contract that is not as it should be, until it is closed with words."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="issues")

    class Meta:
        ordering: ClassVar = ["contract", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contract", "number"], name="issue_number_once_a_contract"),
            models.CheckConstraint(
                condition=OPENED_BEFORE_DUE,
                name="issue_due_after_it_opens",
                violation_error_message="An issue cannot be due before it is opened.",
            ),
            models.CheckConstraint(
                condition=CLOSED_WITH_WORDS,
                name="issue_closed_with_words",
                violation_error_message="An issue is closed on a day after it opened, with words that say how.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract.reference} issue {self.number}"


class Action(Followed):
    """One row is something that somebody does about a contract, perhaps about one of its issues."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="actions")
    issue = models.ForeignKey(Issue, on_delete=models.PROTECT, null=True, blank=True, related_name="actions")

    class Meta:
        ordering: ClassVar = ["contract", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contract", "number"], name="action_number_once_a_contract"),
            models.CheckConstraint(
                condition=OPENED_BEFORE_DUE,
                name="action_due_after_it_opens",
                violation_error_message="An action cannot be due before it is opened.",
            ),
            models.CheckConstraint(
                condition=CLOSED_WITH_WORDS,
                name="action_closed_with_words",
                violation_error_message="An action is completed on a day after it opened, with words that say how.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract.reference} action {self.number}"


class CheckQuerySet(models.QuerySet["Check"]):
    def in_force(self) -> Self:
        """The newest of each; what was renewed stays on record."""
        return self.filter(renewed_by=None)


class Check(Kept):
    """One row is that something about the provider was checked: what, by which reference, and until when it holds.

    Renewing it adds a row; this one stays as it was.
    """

    class What(models.TextChoices):
        SAFEGUARDING = "safeguarding", "Safeguarding"
        INSURANCE = "insurance", "Insurance"
        DATA_PROTECTION = "data-protection", "Data protection"
        CONTINUITY = "continuity", "Business continuity"
        ACCREDITATION = "accreditation", "Accreditation"
        OTHER = "other", "Other"

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="checks")
    number = models.PositiveSmallIntegerField()
    what = models.CharField(max_length=20, choices=What)
    words = models.CharField(max_length=200, blank=True, help_text="What exactly, such as public liability.")
    reference = models.CharField(max_length=80, help_text="Of the certificate or policy. No names of people.")
    checked_on = models.DateField()
    expires_on = models.DateField()
    renews = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="renewed_by"
    )

    objects = CheckQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["contract", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contract", "number"], name="check_number_once_a_contract"),
            models.CheckConstraint(
                condition=~Q(what="other") | ~Q(words=""),
                name="check_other_says_what",
                violation_error_message="Say what was checked.",
            ),
            models.CheckConstraint(
                condition=Q(expires_on__gte=F("checked_on")),
                name="check_holds_when_checked",
                violation_error_message="What has expired already cannot be recorded as checked.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract.reference} check {self.number}"

    @property
    def title(self) -> str:
        """What was checked, in words."""
        kind = self.get_what_display()
        if self.what == self.What.OTHER:
            return self.words
        return f"{kind}: {self.words}" if self.words else kind


class ContractFileQuerySet(models.QuerySet["ContractFile"]):
    def visible_to(self, user: User) -> Self:
        """Those of the contracts that the person sees; a provider only what is shared with it."""
        seen = self.filter(contract__in=Contract.objects.visible_to(user))
        role = user.acting
        return seen.filter(shared=True) if role is not None and role.kind == Role.Kind.KPI_REPORTER else seen

    def in_force(self) -> Self:
        """Without what was taken away, which stays on record and is given out no more."""
        return self.filter(taken_away_at=None)


class ContractFile(Kept):
    """One row is that a file belongs to a contract, and whether its provider sees it."""

    class What(models.TextChoices):
        AGREEMENT = "agreement", "Signed agreement"
        VARIATION = "variation", "Signed variation"
        CERTIFICATE = "certificate", "Certificate or policy"
        MINUTES = "minutes", "Notes of a review"
        OTHER = "other", "Other"

    reference = models.CharField(max_length=20, unique=True, editable=False)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="files")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="contract_files")
    what = models.CharField(max_length=20, choices=What)
    shared = models.BooleanField(default=False, help_text="The provider sees it too.")
    confirmed_no_names = models.BooleanField(help_text="That it names no victim, client or refuge.")
    taken_away_at = models.DateTimeField(null=True, blank=True, editable=False)
    taken_away_reason = models.TextField(blank=True, editable=False)

    objects = ContractFileQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["reference"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["file", "contract"],
                condition=Q(taken_away_at=None),
                name="file_once_a_contract",
                violation_error_message="This file is attached to the contract already.",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_no_names=True),
                name="contract_file_names_nobody",
                violation_error_message="Confirm that the file names no victim, client or refuge.",
            ),
            models.CheckConstraint(
                condition=Q(taken_away_at=None, taken_away_reason="")
                | (Q(taken_away_at__isnull=False) & ~Q(taken_away_reason="")),
                name="contract_file_taken_away_has_a_reason",
                violation_error_message="Give the reason for taking it away.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return self.contract.get_absolute_url()
