"""What grantees state that they spent."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from board.models import Organisation, Quarter, User
from board.rows import Kept
from contracts.models import Contract
from core.money import PenceField
from funding.models.reconciling import READERS


class SpendReportQuerySet(models.QuerySet["SpendReport"]):
    def visible_to(self, user: User) -> Self:
        """Those of the contracts that the person sees, if the role reads money."""
        if user.acting is None or user.acting.kind not in READERS:
            return self.none()
        return self.filter(contract__in=Contract.objects.visible_to(user))

    def in_force(self) -> Self:
        """Without the void ones, which stay on record and count nowhere."""
        return self.filter(voided_at=None)


class SpendReport(Kept):
    """One row is a grantee's signed statement of what it spent in a quarter under a grant agreement or recharge.

    What it shows of each budget line is an entry of its own, in `entries`; a nil statement has none.
    """

    reference = models.CharField(max_length=20, unique=True, editable=False)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="spend_reports")
    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="spend_reports")
    recorded_by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="spend_reports")
    signed_by_title = models.CharField(max_length=120, help_text="A role title, no name.")
    signed_on = models.DateField()
    document_reference = models.CharField(max_length=60)
    total = PenceField(help_text="Of its entries; £0.00 is a nil statement, or one that moves cost between lines.")
    is_nil = models.BooleanField(default=False)
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrected_by", editable=False
    )
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)
    void_reason = models.TextField(blank=True, editable=False)

    objects = SpendReportQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["reference"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["contract", "quarter"],
                condition=Q(voided_at=None),
                name="spend_report_once_a_contract_and_quarter",
                violation_error_message="A statement of this contract and quarter is recorded already.",
            ),
            models.CheckConstraint(
                condition=Q(is_nil=False) | Q(total=0),
                name="spend_report_nil_is_nought",
                violation_error_message="A nil statement shows no spend.",
            ),
            models.CheckConstraint(
                condition=~Q(document_reference="") & ~Q(signed_by_title=""),
                name="spend_report_names_its_document",
                violation_error_message="Give the statement's reference and the title of its signatory.",
            ),
            models.CheckConstraint(
                condition=Q(voided_at=None, void_reason="") | (Q(voided_at__isnull=False) & ~Q(void_reason="")),
                name="spend_report_void_has_a_reason",
                violation_error_message="Give the reason for making it void.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("funding:statement", args=[self.reference])

    @property
    def is_void(self) -> bool:
        return self.voided_at is not None
