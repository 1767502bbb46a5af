"""The tables of ledger imports."""

from collections.abc import Collection
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.tables import Column, CountColumn, DayColumn, MomentColumn, MoneyColumn, Table, TagColumn
from funding.models import LedgerImport, LedgerRow
from funding.tables import UnderColumn

STATUS_COLOURS = {
    LedgerImport.Status.STAGED: "yellow",
    LedgerImport.Status.COMMITTED: "green",
    LedgerImport.Status.UNDONE: "grey",
    LedgerImport.Status.DISCARDED: "grey",
}
DECISION_COLOURS = {
    LedgerRow.Decision.LEAVE: "grey",
    LedgerRow.Decision.ADD: "green",
    LedgerRow.Decision.ASK: "orange",
    LedgerRow.Decision.MATCH: "blue",
    LedgerRow.Decision.LOADED: "purple",
}


class ImportTable(Table):
    """Ledger imports, the latest first."""

    caption = "Ledger imports"
    empty_text = "No ledger was imported yet."
    reference = Column("Import", linkify=True)
    status = TagColumn("Status", colours=STATUS_COLOURS)
    file_name = UnderColumn("File", under="organisation")
    first_on = DayColumn("From")
    last_on = DayColumn("To")
    rows_read = CountColumn("Rows read")
    total = MoneyColumn("Total read")
    rows_added = CountColumn("Added", total=True)
    total_added = MoneyColumn("Amount added", total=True)
    created_at = MomentColumn("Uploaded")

    class Meta:
        order_by = "-reference"


class TickColumn(Column):
    """A box to choose a row by, labelled with the address of its cell."""

    def render(self, record: LedgerRow, table: "ImportRowTable") -> SafeString:
        if record.decision == LedgerRow.Decision.LOADED:
            return format_html("{}", str(record))
        return format_html(
            '<div class="govuk-checkboxes govuk-checkboxes--small"><div class="govuk-checkboxes__item">'
            '<input class="govuk-checkboxes__input" type="checkbox" name="row" value="{0}" id="row-{0}"{1}>'
            '<label class="govuk-label govuk-checkboxes__label" for="row-{0}">'
            '<span class="govuk-visually-hidden">Choose </span>{2}</label></div></div>',
            record.pk,
            " checked" if str(record.pk) in table.ticked else "",
            str(record),
        )


class DecisionColumn(TagColumn):
    """What was decided about a row, with what is worth knowing about it under the tag."""

    nowrap = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, colours=DECISION_COLOURS, **kwargs)

    def render(self, record: LedgerRow, value: Any) -> SafeString:
        notes = notes_of(record)
        lines = format_html_join("", '<br><span class="app-none">{}</span>', ((note,) for note in notes))
        return format_html("{}{}", super().render(record, value), lines)


def notes_of(row: LedgerRow) -> list[str]:
    """What an officer should know of a row before choosing it."""
    found = []
    if row.loaded_as:
        found.append(f"by {row.loaded_as}")
    if row.equals is not None:
        found.append(f"Equals {row.equals.reference}")
    if row.occurrence > 1:
        found.append(f"The same as another row of this file: number {row.occurrence}")
    if row.reason:
        found.append(row.reason)
    return found


class CodingColumn(Column):
    """Where the cost of a row goes."""

    def render(self, record: LedgerRow) -> str | SafeString:
        line = record.budget_line
        if line is None:
            return "Not coded"
        parts = [f"{line.project} · {line.heading} · {line.source} · {line.year.code}"]
        if record.quarter is not None:
            parts.append(f"{record.quarter.short_label}")
        if record.relates_to is not None:
            parts.append(f"relates to {record.relates_to.short_label}")
        if record.contract is not None:
            parts.append(record.contract.reference)
        if record.settles is not None:
            parts.append(f"settles {record.settles.reference}")
        if record.vat_percent:
            parts.append(f"VAT {record.vat_percent}% inside")
        if record.suggested:
            parts.append("suggested from before")
        return format_html('{}<br><span class="app-none">{}</span>', parts[0], ", ".join(parts[1:]))


class ImportRowTable(Table):
    """The rows of a ledger file in preparation, to choose from."""

    caption = "Rows"
    empty_text = "No row is like this."
    cell = TickColumn("Row", order_by=("position",))
    date = DayColumn("Date")
    supplier = UnderColumn("Supplier", under="cost_centre")
    document = UnderColumn("Document", under="description")
    amount = MoneyColumn("Amount", total=True)
    decision = DecisionColumn("Decided")
    coding = CodingColumn("Coded", empty_values=(), orderable=False)

    class Meta:
        order_by = "cell"

    def __init__(self, *args: Any, ticked: Collection[str] = (), **kwargs: Any) -> None:
        self.ticked = ticked
        super().__init__(*args, **kwargs)


class ImportedRowTable(Table):
    """The rows of a committed import, each with its entry."""

    caption = "Rows that were chosen"
    transaction = Column("Entry", linkify=True)
    decision = TagColumn("Decided", colours=DECISION_COLOURS)
    date = DayColumn("Date")
    supplier = UnderColumn("Supplier", under="cost_centre")
    document = UnderColumn("Document", under="description")
    amount = MoneyColumn("Amount", total=True)
    coding = CodingColumn("Coded", empty_values=(), orderable=False)

    class Meta:
        order_by = "transaction"


class MonthTable(Table):
    """The months that a file covers."""

    caption = "Months"
    month = Column("Month")
    rows = CountColumn("Rows", total=True)
    total = MoneyColumn("Total", total=True)

    class Meta:
        orderable = False
