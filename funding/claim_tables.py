"""The tables of claims: certified, in preparation, received and refused."""

from decimal import Decimal
from typing import Any, ClassVar

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_tables2 import A

from core.tables import (
    Column,
    DayColumn,
    MoneyColumn,
    ShortColumn,
    Table,
    TagColumn,
)
from funding.models import Claim, ReceiptPart
from funding.tables import SpendTable, UnderColumn


class ClaimTable(Table):
    caption = "Certified claims"
    empty_text = "No claim is certified yet."
    quarter = UnderColumn(
        "Claim",
        accessor="quarter__short_label",
        under="programme__code",
        order_by=("quarter__first_day", "quarter__number"),
        linkify=("funding:claim", [A("reference")]),
    )
    certified_at = DayColumn("Certified")
    standing = TagColumn(
        "Standing",
        accessor="standing",
        colours={"owed": "orange", "settled": "green", "withdrawn": "grey"},
        labels={"owed": "Still owed", "settled": "Settled", "withdrawn": "Withdrawn"},
    )
    amount = MoneyColumn("Claimed", total=True)
    paid = MoneyColumn("Received", total=True)
    settled = MoneyColumn("Disallowed or set off", total=True)
    owed = MoneyColumn("Still owed", total=True)

    class Meta:
        order_by = ("-quarter",)

    def value_quarter(self, record: Claim) -> str:
        return record.reference

    def work_out_totals(self) -> dict[str, Any]:
        """Of the claims in force: a withdrawn one asks for nothing."""
        names = ("amount", "paid", "settled", "owed")
        rows = list(self.data.data.order_by().filter(withdrawn_at=None).values_list(*names))
        return {name: sum((row[i] for row in rows), Decimal("0.00")) for i, name in enumerate(names)}


class ClaimPartTable(Table):
    """A certified claim's figures by award year."""

    caption = "How it was worked out"
    year = ShortColumn("Award year", accessor="year__code")
    award = MoneyColumn("Award")
    claimable_to_date = MoneyColumn("Claimable to date")
    disallowed = MoneyColumn("Disallowed")
    eligible_to_date = MoneyColumn("Eligible to date")
    claimed_before = MoneyColumn("Claimed before")
    credit_carried = MoneyColumn("Credit carried forward")
    beyond_award = MoneyColumn("Beyond the award")
    amount = MoneyColumn("This part", total=True)

    class Meta:
        orderable = False


class ClaimLineTable(Table):
    """The spend lines that a claim takes up."""

    caption = "Lines first claimed here"
    entry = Column(
        "Entry", accessor="line__transaction__reference", linkify=("funding:entry", [A("line__transaction__reference")])
    )
    supplier = UnderColumn(
        "Supplier",
        accessor="line__transaction__supplier_name",
        under="line__transaction__description",
        empty_values=(),
    )
    project = UnderColumn(
        "Project", accessor="line__budget_line__project__name", under="line__budget_line__heading__name"
    )
    relates_to = ShortColumn(
        "Relates to",
        accessor="line__relates_to__short_label",
        order_by=("line__relates_to__first_day", "line__relates_to__number"),
    )
    cost = MoneyColumn("Cost", total=True)

    class Meta:
        order_by: ClassVar = ("entry",)


class WorkingLineTable(SpendTable):
    """The lines that a claim would take up now."""

    caption = "Lines not claimed before"
    empty_text = "No line is new since the last claim."

    class Meta(SpendTable.Meta):
        exclude = ("source", "state")


class ReceiptTable(Table):
    caption = "Received"
    empty_text = "Nothing is received yet."
    reference = Column("Receipt", accessor="receipt__reference")
    received_on = DayColumn("Received on", accessor="receipt__received_on")
    bank_reference = Column("Bank reference", accessor="receipt__bank_reference")
    amount = MoneyColumn("Amount", total=True)
    short = MoneyColumn("Short by")
    short_reason = Column("Why short", accessor="get_short_reason_display")
    standing = Column("Standing", accessor="receipt__void_reason", empty_values=())

    class Meta:
        orderable = False

    def __init__(self, *args: Any, may_void: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.may_void = may_void

    def render_standing(self, record: ReceiptPart) -> SafeString | str:
        """Void with its reason, or the way to make it void for those who may."""
        if record.receipt.voided_at or not self.may_void:
            return self.value_standing(record)
        return format_html(
            '<a class="govuk-link" href="{}">Make void<span class="govuk-visually-hidden"> {}</span></a>',
            reverse("funding:void-receipt", args=[record.receipt.reference]),
            record.receipt.reference,
        )

    def value_standing(self, record: ReceiptPart) -> str:
        return f"Void: {record.receipt.void_reason}" if record.receipt.voided_at else "In force"

    def work_out_totals(self) -> dict[str, Any]:
        found = [row.amount for row in self.data.data if row.receipt.voided_at is None]
        return {"amount": sum(found, Decimal("0.00"))}


class RefusedTable(Table):
    """What the funder disallowed of a claim's lines."""

    caption = "Disallowed"
    disallowance = Column("Disallowance", accessor="disallowance__reference")
    disallowed_on = DayColumn("On", accessor="disallowance__disallowed_on")
    funder_reference = Column("Funder’s reference", accessor="disallowance__funder_reference")
    line = Column("Line", accessor="line", linkify=("funding:entry", [A("line__transaction__reference")]))
    reason = Column("Reason", accessor="disallowance__reason")
    amount = MoneyColumn("Amount", total=True)

    class Meta:
        orderable = False
