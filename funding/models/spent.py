"""Money out: what the ledgers show, and the budget lines that it is charged to."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Cast, Coalesce, Concat
from django.urls import reverse

from board.models import Event, Organisation, Programme, Quarter, Role, User
from board.rows import Kept
from contracts.models import Contract
from core.money import NOUGHT, PenceField
from funding.models.given import BudgetLine, Source

# The act whose events tell when the state of a line changed; a line itself keeps no history.
LOOKED_AGAIN = "spending.reconsider"


class TransactionQuerySet(models.QuerySet["Transaction"]):
    def visible_to(self, user: User) -> Self:
        """What the organisation recorded or funds; all of its programmes for the recipient and auditors."""
        sources = Source.objects.visible_to(user)
        lines = SpendLine.objects.filter(transaction=OuterRef("pk"), budget_line__source__in=sources)
        return self.filter(Exists(lines))

    def in_force(self) -> Self:
        """Without the void ones, which stay on record and count nowhere."""
        return self.filter(voided_at=None)


class Transaction(Kept):
    """One row is what the ledger of a recording organisation shows.

    `cost = net + VAT − recoverable VAT` is what the organisation bears. Credits and reversals are
    negative throughout. Neither supplier nor contract is required: payroll and journals carry a basis.
    """

    class Kind(models.TextChoices):
        ACTUAL = "actual", "Actual"
        ACCRUAL = "accrual", "Accrual"
        PREPAYMENT = "prepayment", "Prepayment"
        REVERSAL = "reversal", "Reversal"
        IN_KIND = "in-kind", "In-kind"
        SUMMARY = "summary", "Summary"
        ADVANCE = "advance", "Advance"
        REPORTED_SPEND = "reported-spend", "Reported spend"

    reference = models.CharField(max_length=20, unique=True, editable=False)
    recorded_by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="transactions")
    kind = models.CharField(max_length=20, choices=Kind)
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, null=True, blank=True, related_name="transactions")
    supplier_name = models.CharField(max_length=200, blank=True, help_text="As the ledger has it.")
    document_number = models.CharField(max_length=60, blank=True)
    description = models.CharField(max_length=200)
    basis = models.CharField(max_length=200, blank=True, help_text="Post title, share or rate; no person's name.")
    accounting_on = models.DateField()
    service_from = models.DateField()
    service_to = models.DateField()
    received_on = models.DateField(null=True, blank=True)
    paid_on = models.DateField(null=True, blank=True)
    dispute_reason = models.CharField(
        max_length=200, blank=True, help_text="Why the invoice was disputed or not valid; empty where it was not."
    )
    net = PenceField()
    vat = PenceField(default=NOUGHT)
    recoverable_vat = PenceField(default=NOUGHT)
    cost = PenceField(editable=False)
    # In-kind: hundredths of an hour, times the award's rate.
    quantity_hundredths = models.BigIntegerField(null=True, blank=True)
    takes_back = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="taken_back_by", editable=False
    )
    replaces = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        editable=False,
        help_text="The void entry that was edited into this one.",
    )
    re_raises = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="re_raised_by", editable=False
    )
    at_close = models.BooleanField(
        default=False,
        editable=False,
        help_text="Reverses an accrual because its quarter closed, whatever became of it.",
    )
    settles = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="settled_by",
        editable=False,
        help_text="The accrual whose invoice this is.",
    )
    written_back_on = models.DateField(null=True, blank=True, editable=False)
    written_back_reason = models.TextField(blank=True, editable=False, help_text="Why no invoice of an accrual comes.")
    report = models.ForeignKey(
        "funding.SpendReport",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entries",
        editable=False,
        help_text="The grantee's signed statement that it is a heading of.",
    )
    against = models.ForeignKey(
        "funding.Disallowance",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="credits",
        editable=False,
        help_text="The disallowance whose cost a credit takes back; such a credit lowers no claim.",
    )
    reason = models.TextField(blank=True)
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)
    void_reason = models.TextField(blank=True, editable=False)

    objects = TransactionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["reference"]
        indexes: ClassVar = [models.Index(fields=["recorded_by", "document_number"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(cost=F("net") + F("vat") - F("recoverable_vat")),
                name="transaction_cost_adds_up",
                violation_error_message="Cost is net plus VAT less the VAT that is recovered.",
            ),
            models.CheckConstraint(
                condition=Q(recoverable_vat__gte=0, recoverable_vat__lte=F("vat"))
                | Q(recoverable_vat__lte=0, recoverable_vat__gte=F("vat")),
                name="transaction_recoverable_vat_within_vat",
                violation_error_message="The VAT that is recovered lies between nought and the VAT.",
            ),
            models.CheckConstraint(
                condition=Q(service_to__gte=F("service_from")),
                name="transaction_service_ends_after_it_starts",
                violation_error_message="The service cannot end before it starts.",
            ),
            models.CheckConstraint(
                condition=Q(voided_at=None, void_reason="") | (Q(voided_at__isnull=False) & ~Q(void_reason="")),
                name="transaction_void_has_a_reason",
                violation_error_message="Give the reason for making it void.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="reversal") | Q(takes_back__isnull=False),
                name="transaction_reversal_names_what_it_takes_back",
                violation_error_message="A reversal names the entry that it takes back.",
            ),
            models.CheckConstraint(
                condition=Q(against=None) | Q(kind="reversal"),
                name="transaction_only_a_credit_is_against_a_disallowance",
                violation_error_message="Only a credit is recorded against a disallowance.",
            ),
            models.CheckConstraint(
                condition=Q(at_close=False) | Q(kind="reversal"),
                name="transaction_only_a_reversal_is_made_at_close",
                violation_error_message="Only a reversal is made by closing a quarter.",
            ),
            models.CheckConstraint(
                condition=Q(settles=None) | ~Q(kind__in=["accrual", "reversal", "in-kind", "advance"]),
                name="transaction_only_an_invoice_settles",
                violation_error_message="Only an invoice settles an accrual.",
            ),
            models.CheckConstraint(
                condition=Q(written_back_on=None, written_back_reason="")
                | (Q(written_back_on__isnull=False, kind="accrual") & ~Q(written_back_reason="")),
                name="transaction_written_back_is_an_accrual_with_a_reason",
                violation_error_message="Only an accrual is written back, with its reason.",
            ),
            models.CheckConstraint(
                condition=Q(report=None) | Q(kind="reported-spend"),
                name="transaction_of_a_statement_is_reported_spend",
                violation_error_message="What a statement shows is reported spend.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="in-kind") | Q(quantity_hundredths__isnull=False, vat=0),
                name="transaction_in_kind_has_a_quantity",
                violation_error_message="An in-kind contribution has a quantity and no VAT.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("funding:entry", args=[self.reference])

    @property
    def is_void(self) -> bool:
        return self.voided_at is not None

    @property
    def programme(self) -> Programme:
        """The programme that its first line charges: in whose record what is done with it stands."""
        return Programme.objects.get(sources__budget_lines__spend_lines=self.lines.order_by("number").first())


class SpendLineQuerySet(models.QuerySet["SpendLine"]):
    def visible_to(self, user: User) -> Self:
        """The lines that charge the sources visible to the person."""
        return self.filter(budget_line__source__in=Source.objects.visible_to(user))

    def in_force(self, as_of: datetime | None = None) -> Self:
        """Lines of transactions that are not void; `as_of` a moment, of those recorded and not void by then."""
        if as_of is None:
            return self.filter(transaction__voided_at=None)
        stands = Q(transaction__voided_at=None) | Q(transaction__voided_at__gt=as_of)
        return self.filter(stands, transaction__created_at__lte=as_of)

    def spend(self, as_of: datetime | None = None) -> Self:
        """Lines that are cost: all in force but payments on account, and what takes such a payment back."""
        advance = Transaction.Kind.ADVANCE
        return self.in_force(as_of).exclude(transaction__kind=advance).exclude(transaction__takes_back__kind=advance)

    def with_state(self, as_of: datetime | None = None) -> Self:
        """Each with `state_then`, its state at a moment: now, unless said.

        Only what is held is looked at again, and so a line that was looked at and changed later, or that takes
        such a line back, was held until then.
        """
        if as_of is None:
            return self.annotate(state_then=F("state"))
        later = Event.objects.filter(act=LOOKED_AGAIN, at__gt=as_of).values("subject")
        number = Cast("number", models.CharField())
        return self.annotate(
            own_reference=Concat("transaction__reference", Value("/"), number, output_field=models.CharField()),
            mirrored=Concat("transaction__takes_back__reference", Value("/"), number, output_field=models.CharField()),
            state_then=Case(
                When(Q(own_reference__in=later) | Q(mirrored__in=later), then=Value(SpendLine.State.HELD)),
                default=F("state"),
                output_field=models.CharField(),
            ),
        )

    def in_ledger_of(self, organisation: Organisation) -> Self:
        """What an organisation's ledger shows as cost: without in-kind and payments on account, or their reversals."""
        no_cost = (Transaction.Kind.IN_KIND, Transaction.Kind.ADVANCE)
        return (
            self.in_force()
            .filter(transaction__recorded_by=organisation)
            .exclude(transaction__kind__in=no_cost)
            .exclude(transaction__takes_back__kind__in=no_cost)
        )

    def under(self, contract: Contract, as_of: datetime | None = None) -> Self:
        """F24: what uses up a contract's worth: the grant's cost under it, claimable or held."""
        rows = self.spend(as_of).with_state(as_of).filter(transaction__contract=contract)
        rows = rows.filter(budget_line__source__kind=Source.Kind.GRANT)
        return rows.exclude(state_then=SpendLine.State.NOT_CLAIMABLE)

    def of_programme(self, programme: Programme) -> Self:
        return self.filter(budget_line__source__programme=programme)

    def charged_to(self, source: Source) -> Self:
        return self.filter(budget_line__source=source)

    def in_quarter(self, quarter: Quarter) -> Self:
        return self.filter(quarter=quarter)

    def claimable(self) -> Self:
        return self.in_force().filter(state=SpendLine.State.CLAIMABLE)

    def total(self) -> Decimal:
        """The sum of cost, worked out by the database."""
        return self.aggregate(total=Coalesce(Sum("cost"), NOUGHT, output_field=PenceField()))["total"]

    def totals_by_state(self, as_of: datetime | None = None) -> models.QuerySet["SpendLine", dict[str, Any]]:
        """The sum of cost of each state that there is, or was at a moment: rows of `state_then` and `total`."""
        states = self.with_state(as_of).order_by().values("state_then")
        return states.annotate(total=Sum("cost", output_field=PenceField()))


class SpendLine(models.Model):
    """One row is a transaction's charge to one budget line in one quarter.

    Its year is its budget line's: that in which goods or services were received. Its quarter is where
    it is recorded; a late one says to which quarter it relates.
    """

    class State(models.TextChoices):
        CLAIMABLE = "claimable", "Claimable"
        HELD = "held", "Held"
        NOT_CLAIMABLE = "not-claimable", "Not claimable"
        MATCH = "match", "Match"

    class Reason(models.TextChoices):
        """Why a grant line is not claimed; each says on screen what releases it."""

        BEYOND_CONTRACT = "beyond-contract-value", "Beyond the contract's value"
        NOT_SIGNED = "contract-not-signed", "The contract is not signed"
        OUTSIDE_CONTRACT = "outside-contract-dates", "Service outside the contract's dates"
        OUTSIDE_FUNDING = "outside-funding-period", "Service outside the funding period"
        NOT_RECEIVED = "not-yet-received", "Not yet received: it is of a later year"
        AFTER_FUNDING = "after-funding-period", "Received after the funding period"
        INELIGIBLE = "ineligible-heading", "Not eligible under the grant's terms"
        CAPITAL = "capital", "Capital on a revenue grant"
        EVIDENCE_MISSING = "evidence-missing", "Evidence is missing"
        ADVANCE = "advance", "Paid on account: no cost until the grantee reports it spent"
        AFTER_FINAL = "after-final-claim", "Recorded after the year's final claim"
        DISALLOWED = "against-disallowance", "Takes back what the funder had disallowed"

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveSmallIntegerField()
    budget_line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, related_name="spend_lines")
    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, related_name="spend_lines")
    relates_to = models.ForeignKey(
        Quarter, on_delete=models.PROTECT, null=True, blank=True, related_name="late_spend_lines"
    )
    net = PenceField()
    cost = PenceField()
    state = models.CharField(max_length=20, choices=State)
    state_reason = models.CharField(max_length=30, choices=Reason, blank=True)

    objects = SpendLineQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["transaction", "number"]
        indexes: ClassVar = [models.Index(fields=["budget_line", "quarter"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["transaction", "number"], name="spend_line_number_once"),
            models.CheckConstraint(
                condition=(Q(state__in=["held", "not-claimable"]) & ~Q(state_reason=""))
                | Q(state__in=["claimable", "match"], state_reason=""),
                name="spend_line_not_claimed_has_a_reason",
                violation_error_message="A line that is kept out of the claim has its reason, and only such a line.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.transaction.reference}/{self.number}"

    @property
    def reference(self) -> str:
        return str(self)


def recording_role(user: User) -> Role | None:
    """The acting role if it may record spend."""
    role = user.acting
    return role if role is not None and role.kind == Role.Kind.FINANCE_OFFICER else None
