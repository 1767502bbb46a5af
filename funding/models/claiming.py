"""What is declared, claimed, paid and disallowed."""

from decimal import Decimal
from typing import ClassVar, Self

from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Q, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.urls import reverse

from board.models import Organisation, Programme, Quarter, Role, User, Year
from board.rows import Kept
from core.money import NOUGHT, PenceField
from funding.models.given import Source
from funding.models.spent import SpendLine


class DeclarationQuerySet(models.QuerySet["Declaration"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(source__in=Source.objects.visible_to(user))

    def in_force(self) -> Self:
        return self.filter(withdrawn_at=None)


class Declaration(Kept):
    """One row states that a recording organisation's spend of a source and quarter is complete, or nil.

    No row in force means missing, which is neither.
    """

    class Says(models.TextChoices):
        COMPLETE = "complete", "Complete"
        NIL = "nil", "Nil"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="declarations")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="declarations")
    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="declarations")
    says = models.CharField(max_length=10, choices=Says)
    total = PenceField(help_text="The spend of the quarter as it stood when declared.")
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_reason = models.TextField(blank=True, editable=False)

    objects = DeclarationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["quarter", "source"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "source", "quarter"],
                condition=Q(withdrawn_at=None),
                name="declaration_one_in_force",
                violation_error_message="This quarter is declared already.",
            ),
            models.CheckConstraint(
                condition=Q(says="complete") | Q(total=0),
                name="declaration_nil_is_nought",
                violation_error_message="Nil is declared only where nothing was spent.",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_reason="")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_reason="")),
                name="declaration_withdrawn_has_a_reason",
                violation_error_message="Give the reason for withdrawing the declaration.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source.code} {self.quarter.code}: {self.get_says_display()}"


class ClaimQuerySet(models.QuerySet["Claim"]):
    def visible_to(self, user: User) -> Self:
        """For the recipient's officers and auditors; match funders see no claim of the grant."""
        role = user.acting
        if role is None:
            return self.none()
        mine = self.filter(source__in=Source.objects.visible_to(user))
        return mine if role.kind == Role.Kind.AUDITOR else mine.filter(programme__recipient=role.organisation)

    def in_force(self) -> Self:
        return self.filter(withdrawn_at=None)

    def with_payments(self) -> Self:
        """Each with what is `paid`, what is `settled` short for good, and what is still `owed`, as its methods say."""
        counts = Q(receipt_parts__receipt__voided_at=None)
        final = counts & Q(receipt_parts__short_reason__in=["disallowed", "set-against-repayment"])
        nought = Value(NOUGHT, output_field=PenceField())
        rows = self.annotate(
            paid=Coalesce(Sum("receipt_parts__amount", filter=counts), nought, output_field=PenceField()),
            settled=Coalesce(Sum("receipt_parts__short", filter=final), nought, output_field=PenceField()),
        )
        left = ExpressionWrapper(F("amount") - F("paid") - F("settled"), output_field=PenceField())
        owed = Case(When(withdrawn_at__isnull=False, then=nought), default=Greatest(left, nought))
        return rows.annotate(owed=owed)


class Claim(models.Model):
    """One row is a certified claim of a grant source for a quarter or closing period. Its amount never changes."""

    reference = models.CharField(max_length=80, unique=True)
    content_hash = models.CharField(
        max_length=64, blank=True, help_text="Of the certified return; empty for a claim made before this system."
    )
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="claims")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="claims")
    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="claims")
    amount = PenceField()
    certified_at = models.DateTimeField()
    certified_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["programme", "quarter", "reference"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "quarter"],
                condition=Q(withdrawn_at=None),
                name="claim_one_in_force_a_quarter",
                violation_error_message="This quarter has a certified claim already.",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_reason="")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_reason="")),
                name="claim_withdrawn_has_a_reason",
                violation_error_message="Give the reason for withdrawing the claim.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("funding:claim", args=[self.reference])

    def received(self) -> Decimal:
        """What the funder has paid towards it."""
        return sum((part.amount for part in self.receipts_in_force()), NOUGHT)

    def written_off(self) -> Decimal:
        """What was paid short for good: disallowed, or set against a repayment."""
        return sum((part.short for part in self.receipts_in_force() if part.settles), NOUGHT)

    def receipts_in_force(self) -> "list[ReceiptPart]":
        """Its parts of receipts that are not void; no query where `receipt_parts__receipt` is prefetched."""
        return [part for part in self.receipt_parts.all() if part.receipt.voided_at is None]

    def still_owed(self) -> Decimal:
        """What the funder still owes on it; never below nought, since a negative claim is a repayment due."""
        return max(self.amount - self.received() - self.written_off(), NOUGHT)


class ClaimPart(models.Model):
    """One row is a claim's figures for one award year, as they stood when certified."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="parts")
    year = models.ForeignKey(Year, on_delete=models.PROTECT, related_name="claim_parts")
    final = models.BooleanField(default=False)
    award = PenceField()
    claimable_to_date = PenceField()
    disallowed = PenceField()
    eligible_to_date = PenceField()
    claimed_before = PenceField()
    amount = PenceField(help_text="This part. Below nought only as a repayment due.")
    credit_carried = PenceField(default=NOUGHT)
    beyond_award = PenceField(default=NOUGHT)

    class Meta:
        ordering: ClassVar = ["claim", "year"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["claim", "year"], name="claim_part_once_a_year"),
            models.CheckConstraint(
                condition=Q(amount=F("eligible_to_date") - F("claimed_before") + F("credit_carried")),
                name="claim_part_adds_up",
                violation_error_message="A part is eligible to date less claimed before, and credit carried added.",
            ),
            models.CheckConstraint(
                condition=Q(credit_carried__gte=0, beyond_award__gte=0),
                name="claim_part_rows_not_negative",
                violation_error_message="Credit carried and spend beyond the award are not below nought.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim} {self.year}"


class ClaimLine(models.Model):
    """One row is that a spend line is in a claim. A line is in at most one claim in force."""

    part = models.ForeignKey(ClaimPart, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(SpendLine, on_delete=models.PROTECT, related_name="claim_lines")
    cost = PenceField()
    in_force = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["part", "line"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["line"],
                condition=Q(in_force=True),
                name="claim_line_in_one_claim",
                violation_error_message="This line is in another claim already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.part} {self.line}"


class Disallowance(Kept):
    """One row is the funder's refusal, after the claim, of cost that was claimed."""

    reference = models.CharField(max_length=40, unique=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="disallowances")
    disallowed_on = models.DateField()
    funder_reference = models.CharField(max_length=60)
    reason = models.TextField()

    class Meta:
        ordering: ClassVar = ["reference"]

    def __str__(self) -> str:
        return self.reference


class DisallowancePart(models.Model):
    """One row is what of a claimed line is disallowed: above nought, at most what remains of the line."""

    disallowance = models.ForeignKey(Disallowance, on_delete=models.PROTECT, related_name="parts")
    line = models.ForeignKey(SpendLine, on_delete=models.PROTECT, related_name="disallowed_parts")
    amount = PenceField()

    class Meta:
        ordering: ClassVar = ["disallowance", "line"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["disallowance", "line"], name="disallowance_part_once_a_line"),
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="disallowance_part_above_nought",
                violation_error_message="A disallowed amount is above nought.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.disallowance} {self.line}"


class Receipt(Kept):
    """One row is a payment from the funder, as the recipient's bank shows it."""

    reference = models.CharField(max_length=40, unique=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="receipts")
    received_on = models.DateField()
    bank_reference = models.CharField(max_length=60, blank=True)
    amount = PenceField()
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)
    void_reason = models.TextField(blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["reference"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(voided_at=None, void_reason="") | (Q(voided_at__isnull=False) & ~Q(void_reason="")),
                name="receipt_void_has_a_reason",
                violation_error_message="Give the reason for making the receipt void.",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="receipt_above_nought",
                violation_error_message="A receipt is above nought.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class RepaymentQuerySet(models.QuerySet["Repayment"]):
    def visible_to(self, user: User) -> Self:
        """For those who see the claims of the grant."""
        role = user.acting
        if role is None:
            return self.none()
        mine = self.filter(source__in=Source.objects.visible_to(user))
        return mine if role.kind == Role.Kind.AUDITOR else mine.filter(source__programme__recipient=role.organisation)

    def in_force(self) -> Self:
        return self.filter(voided_at=None)


class Repayment(Kept):
    """One row is a payment back to the funder, as the recipient's bank shows it."""

    class Why(models.TextChoices):
        OVERPAID = "overpaid", "Paid more than is allowed: a negative claim, or cost disallowed after it was paid"
        AFTER_THE_END = "after-the-end", "Found after the programme’s last period was closed"

    reference = models.CharField(max_length=40, unique=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="repayments")
    year = models.ForeignKey(Year, on_delete=models.PROTECT, related_name="repayments")
    repaid_on = models.DateField()
    amount = PenceField()
    why = models.CharField(max_length=20, choices=Why)
    reason = models.TextField()
    bank_reference = models.CharField(max_length=60, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)
    void_reason = models.TextField(blank=True, editable=False)

    objects = RepaymentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["reference"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(voided_at=None, void_reason="") | (Q(voided_at__isnull=False) & ~Q(void_reason="")),
                name="repayment_void_has_a_reason",
                violation_error_message="Give the reason for making the repayment void.",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="repayment_above_nought",
                violation_error_message="A repayment is above nought.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class ReceiptPartQuerySet(models.QuerySet["ReceiptPart"]):
    def in_force(self) -> Self:
        """Without those of void receipts."""
        return self.filter(receipt__voided_at=None)


class ReceiptPart(models.Model):
    """One row is what of a receipt pays which claim, and by how much and why it falls short."""

    class ShortReason(models.TextChoices):
        DISALLOWED = "disallowed", "Disallowed"
        SET_AGAINST = "set-against-repayment", "Set against a repayment"
        STILL_OWED = "still-owed", "Still owed"

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="parts")
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="receipt_parts")
    amount = PenceField()
    short = PenceField(default=NOUGHT)
    short_reason = models.CharField(max_length=30, choices=ShortReason, blank=True)

    objects = ReceiptPartQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["receipt", "claim"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["receipt", "claim"], name="receipt_part_once_a_claim"),
            models.CheckConstraint(
                condition=Q(short=0, short_reason="") | (Q(short__gt=0) & ~Q(short_reason="")),
                name="receipt_short_has_a_reason",
                violation_error_message="A short payment has its reason, and only a short payment.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receipt} {self.claim}"

    @property
    def settles(self) -> bool:
        """Whether what it is short by is owed no more."""
        return self.short_reason in (self.ShortReason.DISALLOWED, self.ShortReason.SET_AGAINST)
