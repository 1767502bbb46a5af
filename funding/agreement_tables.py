"""The tables of money held by grantees."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_tables2 import A

from core.tables import Column, DayColumn, MoneyColumn, ShortColumn, Table
from funding.spend_reports import Statement


class HeldByGranteeTable(Table):
    """What each grantee holds on a day."""

    caption = "Money held by grantees"
    empty_text = "Nothing is paid on account or reported as spent."
    contract = Column(
        "Contract", accessor="contract__reference", linkify=("funding:contract", [A("contract__reference")])
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
                '<a class="govuk-link" href="{}">{}</a>{}', record.report.get_absolute_url(), record.report, nil
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
