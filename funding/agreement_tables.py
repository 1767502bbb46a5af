"""The tables of what contracts cost without an invoice: money held by grantees, and accruals."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_tables2 import A

from core.tables import Column, CountColumn, DayColumn, MoneyColumn, ShortColumn, Table
from funding.models import Transaction
from funding.spend_reports import Statement
from funding.tables import UnderColumn

# A reference that leads somewhere is not broken into lines.
UNBROKEN = {"a": {"class": "govuk-link app-nowrap"}}


class HeldByGranteeTable(Table):
    """What each grantee holds on a day."""

    caption = "Money held by grantees"
    empty_text = "Nothing is paid on account or reported as spent."
    contract = Column(
        "Contract",
        accessor="contract__reference",
        linkify=("funding:contract", [A("contract__reference")]),
        attrs=UNBROKEN,
    )
    provider = Column("Grantee", accessor="contract__provider__name")
    title = Column("Title", accessor="contract__title")
    paid = MoneyColumn("Paid on account", total=True)
    reported = MoneyColumn("Reported as spent", total=True)
    unspent = MoneyColumn("Unspent", total=True)

    class Meta:
        order_by = ("contract",)


class StatementTable(Table):
    """A contract's quarters, each with its statement or the way to record one."""

    caption = "Statements of spend"
    empty_text = "No quarter of the agreement has begun."
    quarter = ShortColumn("Quarter", accessor="quarter__short_label")
    report = Column("Statement", empty_values=())
    signed_on = DayColumn("Signed on", accessor="report__signed_on")
    total = MoneyColumn("Spent in the quarter", accessor="report__total")
    paid = MoneyColumn("Paid on account to its end")
    reported = MoneyColumn("Reported to its end")
    unspent = MoneyColumn("Unspent at its end")

    class Meta:
        orderable = False

    def __init__(self, *args: Any, may_record: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.may_record = may_record

    def render_report(self, record: Statement) -> SafeString | str:
        if record.report is not None:
            nil = ", nil" if record.report.is_nil else ""
            return format_html(
                '<a class="govuk-link app-nowrap" href="{}">{}</a>{}',
                record.report.get_absolute_url(),
                record.report,
                nil,
            )
        if not self.may_record:
            return "Missing"
        return format_html(
            '<a class="govuk-link" href="statements/{}/">Record<span class="govuk-visually-hidden"> the statement '
            "of {}</span></a>",
            record.quarter.code,
            record.quarter.short_label,
        )

    def value_report(self, record: Statement) -> str:
        return str(record.report or "Missing")


class StatementEntryTable(Table):
    """The entries of one statement."""

    caption = "What it shows"
    empty_text = "Nil: nothing was spent."
    entry = Column("Entry", accessor="transaction__reference", linkify=("funding:entry", [A("transaction__reference")]))
    project = Column("Project", accessor="budget_line__project__name")
    heading = Column("Cost heading", accessor="budget_line__heading__name")
    source = Column("Source", accessor="budget_line__source__name")
    quarter = ShortColumn("Recorded in", accessor="quarter__short_label")
    cost = MoneyColumn("Spent", total=True)

    class Meta:
        orderable = False


class AccrualTable(Table):
    """Accruals. With `acts`, each leads to the page that says what became of it."""

    caption = "Reversed, and nothing says what became of them"
    empty_text = "Every reversed accrual is settled, raised again or written back."
    reference = Column("Entry", linkify=("funding:entry", [A("reference")]), attrs=UNBROKEN)
    supplier = UnderColumn("Supplier", accessor="supplier_name", under="description", empty_values=())
    contract = ShortColumn("Contract", accessor="contract__reference")
    accounting_on = DayColumn("Accrued on")
    again = CountColumn("Times raised again", empty_values=())
    reason = Column("Reason")
    cost = MoneyColumn("Cost", total=True)
    act = Column("Do", empty_values=(), exclude_from_export=True)

    class Meta:
        orderable = False

    def __init__(self, *args: Any, again: Mapping[int, int], acts: bool = False, **kwargs: Any) -> None:
        self.times = again
        super().__init__(*args, exclude=() if acts else ("act",), **kwargs)

    def render_again(self, record: Transaction) -> str:
        return str(self.times[record.pk])

    def render_act(self, record: Transaction) -> SafeString:
        return format_html(
            '<a class="govuk-link" href="{}">Say what became of it<span class="govuk-visually-hidden">: {}</span></a>',
            reverse("funding:accrual-outcome", args=[record.reference]),
            record.reference,
        )


class PromptTable(Table):
    """Contracts with service in a quarter that the record may lack."""

    caption = "Service that may want an accrual"
    empty_text = "No contract with service in the quarter lacks its invoice."
    contract = Column(
        "Contract",
        accessor="contract__reference",
        linkify=("funding:contract", [A("contract__reference")]),
        attrs=UNBROKEN,
    )
    provider = UnderColumn("Provider", accessor="contract__provider__name", under="contract__title")
    line = UnderColumn("Budget line", accessor="line__project__name", under="line__heading__name")
    expected = MoneyColumn("Expected")
    recorded = MoneyColumn("Recorded")
    left = MoneyColumn("Still committed")
    suggested = MoneyColumn("Suggested", total=True)

    class Meta:
        orderable = False
