"""Match that a funder pays over to the recipient, as the recipient's bank shows it."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from board.models import User, Year
from board.rows import Kept
from core.money import PenceField
from funding.models.given import Source


class MatchReceiptQuerySet(models.QuerySet["MatchReceipt"]):
    def visible_to(self, user: User) -> Self:
        """Those of the sources visible to the person."""
        return self.filter(source__in=Source.objects.visible_to(user))

    def in_force(self) -> Self:
        """Without the void ones, which stay on record and count nowhere."""
        return self.filter(voided_at=None)


class MatchReceipt(Kept):
    """One row is a payment of cash match to the recipient, for one year of its source. It is never spend by itself."""

    reference = models.CharField(max_length=20, unique=True, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="match_receipts")
    year = models.ForeignKey(Year, on_delete=models.PROTECT, related_name="match_receipts")
    received_on = models.DateField()
    bank_reference = models.CharField(max_length=60, blank=True)
    amount = PenceField()
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)
    void_reason = models.TextField(blank=True, editable=False)

    objects = MatchReceiptQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["reference"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="match_receipt_above_nought",
                violation_error_message="A receipt is above nought.",
            ),
            models.CheckConstraint(
                condition=Q(voided_at=None, void_reason="") | (Q(voided_at__isnull=False) & ~Q(void_reason="")),
                name="match_receipt_void_has_a_reason",
                violation_error_message="Give the reason for making the receipt void.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
