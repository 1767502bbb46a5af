"""The tables of days to payment."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_tables2 import A

from core.money import one_decimal, percent
from core.tables import (
    Column,
    CountColumn,
    DayColumn,
    MoneyColumn,
    Table,
    TagColumn,
    TotalledColumn,
)
from funding.models import Transaction
from funding.paying import Standing
from funding.tables import FigureColumn, PercentColumn, UnderColumn


class DaysColumn(TotalledColumn):
    """A span of time in whole days."""

    def in_words(self, value: timedelta) -> str:
        return f"{value.days:,}"

    def value(self, record: Any, value: timedelta) -> int:
        return value.days


def behind(standing: str) -> Callable[[Any, int], str | None]:
    """The way from a count to the invoices of one standing, where there are any."""
    return lambda record, value: record.behind(standing) if value else None


class PaymentDaysTable(Table):
    """How invoices were paid, one row an organisation, quarter and contract; each count leads to its invoices."""

    caption = "By quarter, organisation and contract"
    empty_text = "No invoice is recorded that fits."
    quarter = UnderColumn("Quarter", under="organisation__short_name")
    contract = Column("Contract", default="No contract")
    paid = CountColumn("Paid", total=True)
    in_time = CountColumn("Within 30 days", total=True, linkify=behind("in-time"))
    in_time_percent = PercentColumn("Within 30 days, %", total=True, default="—")
    late = CountColumn("Over 30 days", total=True, linkify=behind("late"))
    disputed = CountColumn("Disputed", total=True, linkify=behind("disputed"))
    overdue = CountColumn("Not paid after 30 days", total=True, linkify=behind("overdue"))
    open = CountColumn("Not paid yet", total=True, linkify=behind("open"))
    missing = CountColumn("No date of receipt", total=True, linkify=behind("missing"))
    longest = FigureColumn("Longest, days", total=True, default="—")
    average = FigureColumn("Average, days", total=True, default="—")

    class Meta:
        orderable = False

    def value_quarter(self, record: Any) -> str:
        return f"{record.quarter} · {record.organisation.short_name}"

    def work_out_totals(self) -> dict[str, Any]:
        """The sums; the percentage, the longest and the average of all that is paid."""
        found = list(self.data.data)
        names = ("paid", "in_time", "late", "disputed", "overdue", "open", "missing")
        sums: dict[str, Any] = {name: sum(getattr(row, name) for row in found) for name in names}
        paid = Decimal(sums["paid"])
        sums["in_time_percent"] = percent(Decimal(sums["in_time"]), paid)
        sums["longest"] = max((row.longest for row in found if row.longest is not None), default=None)
        sums["average"] = one_decimal(sum(row.days for row in found) / paid) if paid else None
        return sums


class InvoiceTable(Table):
    """Invoices, when they came and were paid. `dates_for`: the organisation whose officer looks and may give dates."""

    caption = "Invoices"
    empty_text = "No invoice fits. Clear the filters."
    reference = Column(
        "Entry", linkify=("funding:entry", [A("reference")]), attrs={"a": {"class": "govuk-link app-nowrap"}}
    )
    supplier_name = UnderColumn("Supplier", under="document_number")
    recorded_by = Column("In the ledger of", accessor="recorded_by__short_name")
    contract = Column("Contract", accessor="contract__reference", default="No contract")
    accounting_on = DayColumn("Accounting date")
    received_on = DayColumn("Received", default="Missing")
    paid_on = DayColumn("Paid", default="Not paid")
    took = DaysColumn("Days", default="—")
    standing = TagColumn(
        "Standing",
        colours={
            "in-time": "green", "late": "red", "disputed": "grey", "overdue": "red", "open": "blue",
            "missing": "orange",
        },
        labels=Standing.LABELS,
    )  # fmt: skip
    dispute_reason = Column("Why disputed")
    cost = MoneyColumn("Cost", total=True)
    act = Column("Do", accessor="pk", orderable=False, exclude_from_export=True)

    class Meta:
        order_by = ("-accounting_on", "-reference")

    def __init__(self, *args: Any, dates_for: int | None = None, **kwargs: Any) -> None:
        self.dates_for = dates_for
        if dates_for is None:
            kwargs["exclude"] = ("act",)
        super().__init__(*args, **kwargs)

    def render_act(self, record: Transaction) -> SafeString | str:
        if record.recorded_by_id != self.dates_for:
            return ""
        return format_html(
            '<a class="govuk-link" href="{}">Give dates<span class="govuk-visually-hidden"> of {}</span></a>',
            reverse("funding:payment-dates", args=[record.reference]),
            record.reference,
        )
