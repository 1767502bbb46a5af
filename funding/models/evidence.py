"""What proves an entry: files that were attached to it."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from board.models import Role, StoredFile, User
from board.rows import Kept
from funding.models.spent import Transaction

# Who reads restricted evidence, each only in a role for the organisation that recorded the entry. An
# auditor is named for that body by the role itself, which names a person and a last day.
READS_RESTRICTED = (Role.Kind.FINANCE_OFFICER, Role.Kind.CFO, Role.Kind.AUDITOR)


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def visible_to(self, user: User) -> Self:
        """That of the entries that the person sees; what is restricted, only in the recording organisation."""
        role = user.acting
        seen = self.filter(transaction__in=Transaction.objects.visible_to(user))
        if role is not None and role.kind in READS_RESTRICTED:
            return seen.filter(Q(restricted=False) | Q(transaction__recorded_by=role.organisation))
        return seen.filter(restricted=False)

    def in_force(self) -> Self:
        """Without what was taken away, which stays on record and proves nothing."""
        return self.filter(taken_away_at=None)


class Evidence(Kept):
    """One row is that a file proves an entry. One file may prove several, and an entry have several.

    Taken away, it stays on record with the reason, and its file is given out no more.
    """

    class What(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        LEDGER_PRINT = "ledger-print", "Ledger print"
        TIMESHEET_SUMMARY = "timesheet-summary", "Timesheet summary"
        RECEIPT = "receipt", "Receipt"
        STATEMENT = "statement", "Signed statement"
        OTHER = "other", "Other"

    reference = models.CharField(max_length=20, unique=True, editable=False)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="evidence")
    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="evidence")
    what = models.CharField(max_length=20, choices=What)
    confirmed_no_names = models.BooleanField(help_text="That it names no victim, client or refuge.")
    restricted = models.BooleanField(default=False)
    taken_away_at = models.DateTimeField(null=True, blank=True, editable=False)
    taken_away_reason = models.TextField(blank=True, editable=False)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["reference"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["file", "transaction"],
                condition=Q(taken_away_at=None),
                name="evidence_once_an_entry",
                violation_error_message="This file is attached to the entry already.",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_no_names=True),
                name="evidence_names_nobody",
                violation_error_message="Confirm that the file names no victim, client or refuge.",
            ),
            models.CheckConstraint(
                condition=Q(taken_away_at=None, taken_away_reason="")
                | (Q(taken_away_at__isnull=False) & ~Q(taken_away_reason="")),
                name="evidence_taken_away_has_a_reason",
                violation_error_message="Give the reason for taking it away.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        """The page of the entry that it proves."""
        return reverse("funding:entry", args=[self.transaction.reference])

    @property
    def is_taken_away(self) -> bool:
        return self.taken_away_at is not None
