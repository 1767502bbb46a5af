"""What the ledgers say of themselves, and what explains where our record differs."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from board.models import Organisation, Programme, Quarter, Role, User
from board.rows import Kept
from core.money import PenceField

READERS = (Role.Kind.FINANCE_OFFICER, Role.Kind.COMMISSIONING_OFFICER, Role.Kind.CFO, Role.Kind.AUDITOR)


class OfLedgerQuerySet(models.QuerySet):
    """Rows of one organisation's ledger in one programme."""

    def visible_to(self, user: User) -> Self:
        """All of a programme for its recipient and for auditors; for others those of their own ledger."""
        role = user.acting
        if role is None or role.kind not in READERS:
            return self.none()
        mine = self.filter(programme__in=Programme.objects.visible_to(user))
        if role.kind == Role.Kind.AUDITOR:
            return mine
        return mine.filter(Q(programme__recipient=role.organisation) | Q(organisation=role.organisation))

    def of_ledger(self, organisation: Organisation, programme: Programme) -> Self:
        return self.filter(organisation=organisation, programme=programme)


class ControlTotal(Kept):
    """One row is what an organisation's ledger shows for a programme, from 1 April to a day.

    The day is the quarter's last; in a closing period it is that of the print.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="control_totals")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="control_totals")
    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="control_totals")
    as_at = models.DateField()
    amount = PenceField(help_text="The ledger's year to date, from 1 April.")
    ledger_print = models.CharField(max_length=120, help_text="Which print shows it: report, cost centre, date of run.")

    objects = OfLedgerQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["programme", "quarter", "organisation"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "programme", "quarter"],
                name="control_total_once_a_quarter",
                violation_error_message="The ledger's total of this quarter is recorded already. Change that one.",
            ),
            models.CheckConstraint(
                condition=~Q(ledger_print=""),
                name="control_total_names_its_print",
                violation_error_message="Name the ledger print that shows the total.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} {self.quarter.code}"


class ReconcilingItem(Kept):
    """One row is a known difference: what the ledger has above our record, below nought where it has less.

    It stands from the day of the control total for which it was found until the day on which it came right.
    """

    class Kind(models.TextChoices):
        TIMING = "timing", "Timing: in one before it is in the other"
        ACCRUAL = "accrual", "Accrual that the ledger does not show"
        MISCODED = "miscoded", "Coded to the wrong place in the ledger"
        VAT = "vat", "VAT"
        ADVANCE = "unspent-advance", "Paid on account and not yet reported as spent"
        OTHER = "other", "Other"

    reference = models.CharField(max_length=20, unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="reconciling_items")
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="reconciling_items")
    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="reconciling_items")
    stands_from = models.DateField()
    kind = models.CharField(max_length=20, choices=Kind)
    amount = PenceField()
    reason = models.TextField()
    cleared_on = models.DateField(null=True, blank=True, editable=False)
    cleared_reason = models.TextField(blank=True, editable=False, help_text="What put it right: an entry, a journal.")

    objects = OfLedgerQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["reference"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(amount=0),
                name="reconciling_item_not_nought",
                violation_error_message="An item of £0.00 explains nothing. Enter the difference.",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="reconciling_item_has_a_reason",
                violation_error_message="Say what the difference is.",
            ),
            models.CheckConstraint(
                condition=Q(cleared_on=None, cleared_reason="") | (Q(cleared_on__isnull=False) & ~Q(cleared_reason="")),
                name="reconciling_item_cleared_has_a_reason",
                violation_error_message="Say what put the difference right.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        """The reconciliation for which it was found."""
        return reverse("funding:reconciliation", args=[self.programme.code, self.organisation.code, self.quarter.code])
