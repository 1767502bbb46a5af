"""The tables of match: pledged, applied, received, and its pace beside the grant."""

from typing import Any

from django.db.models import Sum
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.tables import (
    Column,
    DayColumn,
    MoneyColumn,
    ShortColumn,
    Table,
    TagColumn,
)
from funding.models import MatchReceipt
from funding.tables import PercentColumn, UnderColumn


class MatchTable(Table):
    """What became of match, one row a source and one for all of a kind. Two kinds are never added: no foot."""

    caption = "Match by source"
    empty_text = "No match that you may see is pledged in this year."
    name = UnderColumn("Source", under="under")
    pledged = MoneyColumn("Pledged", linkify=lambda record: record.pledge_url or None)
    secured = MoneyColumn("Secured")
    received = MoneyColumn("Received so far", default="—", linkify=lambda record: record.receipts_url or None)
    profile_to_date = MoneyColumn("Profile to date", linkify=lambda record: record.pledge_url or None)
    applied = MoneyColumn("Applied to date", linkify=lambda record: record.spend_url or None)
    outstanding = MoneyColumn("Outstanding")
    applied_percent = PercentColumn("Applied %", default="—")
    standing = TagColumn(
        "Standing",
        colours={"behind": "red", "not-secured": "orange", "in-step": "green"},
        labels={"behind": "Behind its profile", "not-secured": "Not secured", "in-step": "In step"},
    )

    class Meta:
        orderable = False

    def value_name(self, record: Any) -> str:
        return " · ".join(filter(None, (record.name, record.under)))


class PaceTable(Table):
    """Match of one kind beside the grant, and what of the grant is at risk for want of it."""

    caption = "Match beside the grant"
    name = Column("Match")
    applied_percent = PercentColumn("Match applied", accessor="match__applied_percent", default="—")
    spent_percent = PercentColumn("Grant spent", default="—", linkify=lambda record: record.spend_url)
    claimed_percent = PercentColumn("Grant claimed", default="—", linkify=lambda record: record.claims_url)
    needed = MoneyColumn("Match needed to date")
    applied = MoneyColumn("Match applied to date", accessor="match__applied")
    short = MoneyColumn("Short of what is needed")
    at_risk = MoneyColumn("Grant at risk to date")
    at_risk_by_year_end = MoneyColumn("Grant at risk by year end, as forecast")

    class Meta:
        orderable = False


class MatchReceiptTable(Table):
    """Payments of match. `void_for`: the key of the organisation whose officer looks and may make its own void."""

    caption = "Match received"
    empty_text = "No match is recorded as received that fits."
    reference = ShortColumn("Receipt")
    received_on = DayColumn("Received on")
    source = UnderColumn("Source", accessor="source__name", under="source__programme__code")
    year = ShortColumn("Year", accessor="year__code")
    bank_reference = Column("Bank reference")
    standing = Column("Standing", accessor="void_reason", empty_values=(), orderable=False)
    amount = MoneyColumn("Amount", total=True)

    class Meta:
        order_by = ("-received_on", "-reference")

    def __init__(self, *args: Any, void_for: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.void_for = void_for

    def render_standing(self, record: MatchReceipt) -> SafeString | str:
        """Void with its reason, or the way to make it void for those who may."""
        if record.voided_at or self.void_for != record.source.programme.recipient_id:
            return self.value_standing(record)
        return format_html(
            '<a class="govuk-link" href="{}">Make void<span class="govuk-visually-hidden"> {}</span></a>',
            reverse("funding:void-match-receipt", args=[record.reference]),
            record.reference,
        )

    def value_standing(self, record: MatchReceipt) -> str:
        return f"Void: {record.void_reason}" if record.voided_at else "In force"

    def work_out_totals(self) -> dict[str, Any]:
        """Of what is in force."""
        return {"amount": self.data.data.order_by().in_force().aggregate(total=Sum("amount"))["total"]}
