"""The tables that set our record beside the ledger: a file as read, the tie, reconciling items."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.tables import (
    Column,
    CountColumn,
    DayColumn,
    MoneyColumn,
    ShortColumn,
    Table,
)
from funding.models import ReconcilingItem, SpendLine
from funding.tables import UnderColumn


class LedgerSheetTable(Table):
    """The sheets of a ledger file as read."""

    caption = "Sheets"
    name = Column("Sheet")
    header_row = Column("Header row")
    encoding = Column("Encoding")
    rows = CountColumn("Payments", total=True)
    blank_rows = CountColumn("Blank rows", total=True)
    repeated = CountColumn("Repeated rows", total=True)
    control_total = MoneyColumn("The sheet’s own total")
    total = MoneyColumn("Total read", total=True)

    class Meta:
        orderable = False


class LedgerProblemTable(Table):
    """What in a ledger file needs a look, by cell."""

    caption = "Worth a look"
    where = Column("Where")
    message = Column("What")

    class Meta:
        orderable = False


class LedgerRowTable(Table):
    """The first payments of a ledger file, to compare with the file by eye."""

    caption = "The first payments"
    cell = Column("Cell")
    date = DayColumn("Date")
    supplier = Column("Supplier")
    document = Column("Document")
    description = Column("Description")
    amount = MoneyColumn("Amount")

    class Meta:
        orderable = False


class TieTable(Table):
    """Where cost stands, one row an organisation and project."""

    caption = "By organisation and project"
    empty_text = "Nothing is recorded of this year yet."
    organisation = UnderColumn("Organisation", accessor="organisation__short_name", under="project__name")
    cost = MoneyColumn("Cost in the ledger", total=True)
    claimed_and_kept = MoneyColumn("In claims, less disallowed", total=True)
    disallowed = MoneyColumn("Disallowed", total=True)
    unclaimed = MoneyColumn("Not claimed yet", total=True)
    match = MoneyColumn("Cash match", total=True)
    held = MoneyColumn("Held", total=True)
    not_claimable = MoneyColumn("Not claimable", total=True)
    difference = MoneyColumn("Difference", total=True)

    class Meta:
        orderable = False

    def __init__(self, *args: Any, link: Callable[..., str], **kwargs: Any) -> None:
        """`link`: the address of the lines of a row, narrowed by a query."""
        super().__init__(*args, **kwargs)
        self.link = link

    def value_organisation(self, record: Any) -> str:
        return f"{record.organisation.short_name} · {record.project.name}"

    def _linked(self, url: str, amount: Decimal) -> SafeString:
        return format_html('<a class="govuk-link" href="{}">{}</a>', url, MoneyColumn().in_words(amount))

    def render_cost(self, record: Any, value: Decimal) -> SafeString:
        return self._linked(self.link(record), value)

    def render_held(self, record: Any, value: Decimal) -> SafeString:
        return self._linked(self.link(record, state=SpendLine.State.HELD), value)

    def render_not_claimable(self, record: Any, value: Decimal) -> SafeString:
        return self._linked(self.link(record, state=SpendLine.State.NOT_CLAIMABLE), value)


class AwardTieTable(Table):
    """A grant's claims against the lines in them."""

    caption = "The award and its claims"
    source = Column("Source")
    lines = MoneyColumn("Lines in claims")
    beyond = MoneyColumn("Less beyond the award")
    credit = MoneyColumn("Credit carried forward")
    certified = MoneyColumn("Certified")
    difference = MoneyColumn("Difference")
    disallowed = MoneyColumn("Disallowed since")
    outturn = MoneyColumn("Borne by the funder")

    class Meta:
        orderable = False


class ReconcilingItemTable(Table):
    """What explains the difference between a ledger and our record; what came right in the year is shown as well."""

    caption = "Reconciling items"
    empty_text = "No item. The ledger and our record differ by nothing that is known."
    reference = ShortColumn("Item", accessor="item__reference")
    kind = Column("Kind", accessor="item__get_kind_display")
    reason = UnderColumn("Reason", accessor="item__reason", under="item__cleared_reason")
    found = ShortColumn("Found in", accessor="item__quarter__short_label")
    cleared_on = DayColumn("Came right on", accessor="item__cleared_on")
    item_amount = MoneyColumn("Item", accessor="item__amount")
    amount = MoneyColumn("Counts here", total=True)
    act = Column("Do", accessor="item__cleared_on", empty_values=(), exclude_from_export=True)

    class Meta:
        orderable = False

    def __init__(self, *args: Any, may_clear: bool, **kwargs: Any) -> None:
        """`may_clear`: whether the person may say that an item has come right."""
        if not may_clear:
            kwargs["exclude"] = ("act",)
        super().__init__(*args, **kwargs)

    def render_act(self, record: Any) -> SafeString | str:
        # Money held by grantees never comes right by itself: each item says how it changed.
        if record.item.cleared_on is not None or record.item.kind == ReconcilingItem.Kind.ADVANCE:
            return ""
        url = reverse("funding:clear-item", args=[record.item.reference])
        return format_html(
            '<a class="govuk-link" href="{}" aria-label="Clear {}">Clear</a>', url, record.item.reference
        )
