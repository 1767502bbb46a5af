"""The tables of the account between funder and recipient."""

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.tables import Column, CountColumn, DayColumn, MoneyColumn, ShortColumn, Table
from funding.models import Repayment
from funding.tables import UnderColumn


class ClaimStandingTable(Table):
    """What the funder has to pay of each claim, and what it paid."""

    caption = "By claim"
    empty_text = "No claim is certified yet."
    claim = UnderColumn("Claim", accessor="claim__quarter__short_label", under="claim__reference")
    age = CountColumn("Days since certified")
    amount = MoneyColumn("Claimed", accessor="claim__amount", total=True)
    disallowed = MoneyColumn("Disallowed", total=True)
    received = MoneyColumn("Received", total=True)
    set_off = MoneyColumn("Set off", total=True)
    owed = MoneyColumn("Owed to us", total=True)
    due_back = MoneyColumn("Due back", total=True)

    class Meta:
        orderable = False

    def render_claim(self, record: Any, value: str) -> SafeString:
        return format_html('<a class="govuk-link" href="{}">{}</a>', record.claim.get_absolute_url(), value)

    def value_claim(self, record: Any) -> str:
        return record.claim.reference


class AgeTable(Table):
    """What the funder owes by the age of the debt."""

    caption = "Owed to us, by age"
    age = Column("Since the claim was certified")
    owed = MoneyColumn("Owed to us", total=True)

    class Meta:
        orderable = False


class RepaymentTable(Table):
    """What was paid back to the funder."""

    caption = "Paid back"
    empty_text = "Nothing is paid back."
    reference = ShortColumn("Repayment")
    year = ShortColumn("Award year", accessor="year__code")
    repaid_on = DayColumn("Paid on")
    reason = UnderColumn("Why", accessor="reason", under="get_why_display")
    bank_reference = Column("Bank reference")
    amount = MoneyColumn("Amount", total=True)
    standing = Column("Standing", accessor="void_reason", empty_values=())

    class Meta:
        orderable = False

    def __init__(self, *args: Any, may_void: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.may_void = may_void

    def render_standing(self, record: Repayment) -> SafeString | str:
        """Void with its reason, or the way to make it void for those who may."""
        if record.voided_at or not self.may_void:
            return self.value_standing(record)
        return format_html(
            '<a class="govuk-link" href="{}">Make void<span class="govuk-visually-hidden"> {}</span></a>',
            reverse("funding:void-repayment", args=[record.reference]),
            record.reference,
        )

    def value_standing(self, record: Repayment) -> str:
        return f"Void: {record.void_reason}" if record.voided_at else "In force"

    def work_out_totals(self) -> dict[str, Any]:
        found = [row.amount for row in self.data.data if row.voided_at is None]
        return {"amount": sum(found, Decimal("0.00"))}
