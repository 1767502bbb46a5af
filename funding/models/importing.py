"""Ledger files on their way into the record: what was read, what was chosen of it, and how it was coded."""

from decimal import Decimal
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse

from board.models import Organisation, Quarter, Role, User
from board.rows import Kept
from contracts.models import Contract
from core.money import NOUGHT, PenceField, round_to_penny
from funding.models.given import BudgetLine, Source
from funding.models.spent import Transaction


class LedgerImportQuerySet(models.QuerySet["LedgerImport"]):
    def visible_to(self, user: User) -> Self:
        """A finance officer sees their organisation's; an auditor those of bodies that keep money of the programme."""
        role = user.acting
        if role is None:
            return self.none()
        if role.kind == Role.Kind.FINANCE_OFFICER:
            return self.filter(organisation=role.organisation)
        if role.kind == Role.Kind.AUDITOR:
            return self.filter(organisation__in=Source.objects.visible_to(user).values("kept_by"))
        return self.none()


class LedgerImport(Kept):
    """One row is one ledger file that an organisation gave: what was read in it, and what became of that.

    The counts, totals and SHA-256 stay for ever; the file and the rows that were not chosen go when it is
    committed or discarded, since they hold other people's payments.
    """

    class Status(models.TextChoices):
        STAGED = "staged", "In preparation"
        COMMITTED = "committed", "Committed"
        UNDONE = "undone", "Undone"
        DISCARDED = "discarded", "Discarded"

    reference = models.CharField(max_length=20, unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="ledger_imports")
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(help_text="Bytes.")
    sheet = models.CharField(max_length=100, blank=True, help_text="The one sheet asked for, if any.")
    status = models.CharField(max_length=20, choices=Status, default=Status.STAGED)
    rows_read = models.PositiveIntegerField()
    rows_unreadable = models.PositiveIntegerField()
    credits = models.PositiveIntegerField()
    total = PenceField()
    first_on = models.DateField(null=True, blank=True)
    last_on = models.DateField(null=True, blank=True)
    # By month ("2023-04"): how many rows, and their pence.
    months = models.JSONField(default=dict, blank=True)
    dates_asked = models.BooleanField(default=False, help_text="Which of day and month comes first is not said yet.")
    rows_added = models.PositiveIntegerField(default=0)
    rows_matched = models.PositiveIntegerField(default=0)
    rows_loaded_before = models.PositiveIntegerField(default=0)
    total_added = PenceField(default=NOUGHT, help_text="Of the ledger's amounts, before recovered VAT.")
    committed_at = models.DateTimeField(null=True, blank=True)
    committed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    undo_reason = models.TextField(blank=True)
    discarded_at = models.DateTimeField(null=True, blank=True)
    discarded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = LedgerImportQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-reference"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["committed", "undone"], committed_at__isnull=False, committed_by__isnull=False)
                | Q(status__in=["staged", "discarded"], committed_at=None, committed_by=None),
                name="ledger_import_committed_by_somebody",
                violation_error_message="A committed import says when and by whom.",
            ),
            models.CheckConstraint(
                condition=Q(status="undone", undone_at__isnull=False, undone_by__isnull=False) & ~Q(undo_reason="")
                | ~Q(status="undone") & Q(undone_at=None, undone_by=None, undo_reason=""),
                name="ledger_import_undone_with_a_reason",
                violation_error_message="An undone import says when, by whom and why.",
            ),
            models.CheckConstraint(
                condition=Q(status="discarded", discarded_at__isnull=False, discarded_by__isnull=False)
                | ~Q(status="discarded") & Q(discarded_at=None, discarded_by=None),
                name="ledger_import_discarded_by_somebody",
                violation_error_message="A discarded import says when and by whom.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("funding:import", args=[self.reference])

    @property
    def is_staged(self) -> bool:
        return self.status == self.Status.STAGED


class LedgerFile(models.Model):
    """One row is the file of an import in preparation, with what its reading found; it goes with the commit."""

    ledger_import = models.OneToOneField(LedgerImport, on_delete=models.PROTECT, related_name="file")
    content = models.BinaryField()
    # What the page of the reading shows: sheets, their columns, and problems by cell.
    sheets = models.JSONField(default=list)
    problems = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"File of {self.ledger_import}"


class LedgerRowQuerySet(models.QuerySet["LedgerRow"]):
    def visible_to(self, user: User) -> Self:
        """An officer sees all rows of the organisation's imports; an auditor those that became visible entries."""
        rows = self.filter(ledger_import__in=LedgerImport.objects.visible_to(user))
        if user.acting is not None and user.acting.kind == Role.Kind.FINANCE_OFFICER:
            return rows
        return rows.filter(transaction__in=Transaction.objects.visible_to(user))

    def chosen(self) -> Self:
        """The rows that a commit takes up."""
        return self.filter(decision__in=[LedgerRow.Decision.ADD, LedgerRow.Decision.MATCH])

    def not_loaded(self) -> Self:
        return self.exclude(decision=LedgerRow.Decision.LOADED)

    def total(self) -> Decimal:
        """The sum of the ledger's amounts, worked out by the database."""
        return self.aggregate(total=Coalesce(Sum("amount"), NOUGHT, output_field=PenceField()))["total"]


class LedgerRow(models.Model):
    """One row is one payment or credit of a ledger file, with what the officer decided about it.

    `amount` is what the ledger shows, with the VAT of `vat_percent` inside it. `fingerprint` is made of
    supplier, document, date, pence and the occurrence within the file; `in_force` says that the row is
    loaded and not undone, and then no other row of the organisation bears the same fingerprint.
    """

    class Decision(models.TextChoices):
        LEAVE = "leave", "Left out"
        ADD = "add", "Add"
        ASK = "ask", "Match or add?"
        MATCH = "match", "Match"
        LOADED = "loaded", "Already loaded"

    ledger_import = models.ForeignKey(LedgerImport, on_delete=models.PROTECT, related_name="rows")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    sheet = models.CharField(max_length=120)
    row = models.PositiveIntegerField()
    cell = models.CharField(max_length=20, help_text="Of the amount.")
    date = models.DateField(null=True, blank=True)
    amount = PenceField()
    supplier = models.CharField(max_length=200, blank=True)
    document = models.CharField(max_length=60, blank=True)
    description = models.CharField(max_length=200, blank=True)
    cost_centre = models.CharField(max_length=120, blank=True)
    fingerprint = models.CharField(max_length=64)
    occurrence = models.PositiveIntegerField()
    # Given to the transaction too, so that a row can never become two.
    once = models.UUIDField(unique=True)
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.LEAVE)
    equals = models.ForeignKey(
        Transaction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The entry, recorded already, that this row seems to be.",
    )
    loaded_as = models.CharField(max_length=20, blank=True, help_text="The import that loaded the same row before.")
    suggested = models.BooleanField(default=False, help_text="Coded as the same supplier was before; not looked at.")
    budget_line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    quarter = models.ForeignKey(Quarter, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    relates_to = models.ForeignKey(Quarter, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    settles = models.ForeignKey(
        Transaction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The accrual whose invoice this row is.",
    )
    service_from = models.DateField(null=True, blank=True)
    service_to = models.DateField(null=True, blank=True)
    vat_percent = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True)
    transaction = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, null=True, blank=True, related_name="ledger_rows"
    )
    in_force = models.BooleanField(default=False)

    objects = LedgerRowQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["ledger_import", "position"]
        indexes: ClassVar = [models.Index(fields=["organisation", "fingerprint"])]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "fingerprint"],
                condition=Q(in_force=True),
                name="ledger_row_loaded_once",
                violation_error_message="This row of the ledger is loaded already.",
            ),
            models.UniqueConstraint(
                fields=["transaction"],
                condition=Q(in_force=True),
                name="ledger_row_one_an_entry",
                violation_error_message="Another row of the ledger is this entry already.",
            ),
            models.UniqueConstraint(fields=["ledger_import", "position"], name="ledger_row_position_once"),
            models.CheckConstraint(
                condition=Q(in_force=False) | Q(transaction__isnull=False),
                name="ledger_row_in_force_has_its_entry",
                violation_error_message="A loaded row has its entry.",
            ),
            models.CheckConstraint(
                condition=~Q(decision="match") | Q(equals__isnull=False),
                name="ledger_row_match_names_the_entry",
                violation_error_message="A matched row names the entry that it is.",
            ),
            models.CheckConstraint(
                condition=Q(service_from=None, service_to=None)
                | Q(service_from__isnull=False, service_to__gte=F("service_from")),
                name="ledger_row_service_runs_forward",
                violation_error_message="The service cannot end before it starts.",
            ),
            models.CheckConstraint(
                condition=Q(vat_percent__in=[0, 5, 20]),
                name="ledger_row_vat_rate_known",
                violation_error_message="VAT is at 0, 5 or 20 per cent.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sheet}!{self.cell}"

    @property
    def vat(self) -> Decimal:
        """The VAT inside the amount, to the penny."""
        return round_to_penny(self.amount * self.vat_percent / (100 + self.vat_percent))


class ColumnMap(models.Model):
    """One row is how an organisation reads the ledgers under one header: its columns, and the order of its dates."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    header_sha256 = models.CharField(max_length=64)
    # The column of each part, from nought; null for none.
    columns = models.JSONField(default=dict)
    date_order = models.CharField(max_length=5, blank=True, choices=[("day", "Day first"), ("month", "Month first")])
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "header_sha256"], name="column_map_once_a_header")
        ]

    def __str__(self) -> str:
        return f"{self.organisation} {self.header_sha256[:8]}"


class SupplierAlias(models.Model):
    """One row is a supplier's name in one organisation's ledger, and the contract that it was paid under last.

    One provider bears several names in real ledgers; each leads to the same contract.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200, help_text="In small letters, with single spaces.")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "name"], name="supplier_alias_once_a_name")
        ]

    def __str__(self) -> str:
        return self.name
