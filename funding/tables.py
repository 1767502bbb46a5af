"""The tables of spend and budget, and the columns that all tables of money share."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_tables2 import A

from core.money import percent
from core.tables import (
    Column,
    CountColumn,
    DayColumn,
    MomentColumn,
    MoneyColumn,
    ShortColumn,
    Table,
    TagColumn,
    TotalledColumn,
)
from funding.models import Declaration, SpendLine

STATE_COLOURS = {
    SpendLine.State.CLAIMABLE: "green",
    SpendLine.State.HELD: "orange",
    SpendLine.State.NOT_CLAIMABLE: "grey",
    SpendLine.State.MATCH: "blue",
}


class StateColumn(TagColumn):
    """Whether a spend line is claimable, held (with the reason under the tag), not claimable or match."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, colours=STATE_COLOURS, **kwargs)

    nowrap = False

    def render(self, record: SpendLine, value: str) -> SafeString:
        tag = super().render(record, value)
        if record.transaction.is_void:
            return format_html('<strong class="govuk-tag govuk-tag--grey">{}</strong>', "Void")
        if not record.state_reason:
            return tag
        return format_html('{} <span class="app-none">{}</span>', tag, record.get_state_reason_display())

    def value(self, record: SpendLine, value: str) -> str:
        if record.transaction.is_void:
            return "Void"
        reason = record.get_state_reason_display()
        return f"{record.get_state_display()}: {reason}" if reason else record.get_state_display()


class UnderColumn(Column):
    """Text with a second, quieter one under it, which the download has in a column of its own."""

    def __init__(self, *args: Any, under: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.under = under

    def render(self, record: Any, value: Any) -> str:
        under = A(self.under).resolve(record)
        if not (value and under):
            return str(value or under)
        return format_html('{}<br><span class="app-none">{}</span>', value, under)


class DatedColumn(DayColumn):
    """The accounting date, with the quarter of recording under it."""

    def render(self, record: SpendLine, value: Any) -> SafeString:
        return format_html('{}<br><span class="app-none">{}</span>', super().render(value), record.quarter.short_label)


# What the download of a spend list has in columns of its own, and the page does not.
DOWNLOADED_ONLY = ("description", "document", "kind", "heading", "year", "quarter", "relates_to")


class SpendTable(Table):
    """Spend lines. `wide` for the download, with every column."""

    caption = "Spend"
    empty_text = "Nothing is recorded that matches. Clear the filters, or record spend."
    entry = Column(
        "Entry",
        accessor="transaction__reference",
        linkify=("funding:entry", [A("transaction__reference")]),
        attrs={"a": {"class": "govuk-link app-nowrap"}},
    )
    accounting_on = DatedColumn("Accounting date", accessor="transaction__accounting_on")
    supplier = UnderColumn(
        "Supplier", accessor="transaction__supplier_name", under="transaction__description", empty_values=()
    )
    document = Column("Document", accessor="transaction__document_number")
    description = Column("Description", accessor="transaction__description")
    kind = Column("Kind", accessor="transaction__kind")
    project = UnderColumn("Project", accessor="budget_line__project__name", under="budget_line__heading__name")
    heading = Column("Cost heading", accessor="budget_line__heading__name")
    source = Column("Source", accessor="budget_line__source__name")
    year = ShortColumn("Year", accessor="budget_line__year__code")
    quarter = ShortColumn(
        "Recorded in", accessor="quarter__short_label", order_by=("quarter__first_day", "quarter__number")
    )
    relates_to = ShortColumn(
        "Relates to",
        accessor="relates_to__short_label",
        order_by=("relates_to__first_day", "relates_to__number"),
    )
    state = StateColumn("State")
    cost = MoneyColumn("Cost", total=True)

    class Meta:
        order_by = ("-accounting_on", "-entry")

    def __init__(self, *args: Any, wide: bool = False, as_of: datetime | None = None, **kwargs: Any) -> None:
        """`as_of` a moment leaves the state out, which is today's."""
        self.as_of = as_of
        left_out = (*(() if wide else DOWNLOADED_ONLY), *(("state",) if as_of else ()))
        if left_out:
            kwargs["exclude"] = (*left_out, *kwargs.get("exclude", self._meta.exclude))
        super().__init__(*args, **kwargs)

    def value_kind(self, record: SpendLine) -> str:
        return record.transaction.get_kind_display()

    def work_out_totals(self) -> dict[str, Any]:
        """What is cost: without void entries and payments on account, as on every other page."""
        if isinstance(self.data.data, list):
            return super().work_out_totals()
        return {"cost": self.data.data.order_by().spend(self.as_of).total()}


class ClaimColumn(Column):
    """The claim that holds a line, which bears the reference of its return; else why none does."""

    NOT_YET: ClassVar = {
        SpendLine.State.CLAIMABLE: "Not yet: the next claim of its year takes it",
        SpendLine.State.HELD: "None while it is held",
        SpendLine.State.NOT_CLAIMABLE: "None: it cannot be claimed",
        SpendLine.State.MATCH: "None: match is reported beside the claim",
    }

    def render(self, record: SpendLine, value: str | None) -> SafeString | str:  # type: ignore[override]
        if not value:
            return self.NOT_YET[SpendLine.State(record.state)]
        return format_html('<a class="govuk-link" href="{}">{}</a>', reverse("funding:claim", args=[value]), value)

    def value(self, record: SpendLine, value: str | None) -> str:
        return value or self.NOT_YET[SpendLine.State(record.state)]


class EntryLineTable(Table):
    """The lines of one entry."""

    caption = "Charged to"
    number = Column("Line")
    project = UnderColumn("Budget line", accessor="budget_line__project__name", under="budget_line__heading__name")
    source = Column("Source", accessor="budget_line__source__name")
    year = ShortColumn("Year", accessor="budget_line__year__code")
    quarter = ShortColumn("Recorded in", accessor="quarter__short_label")
    relates_to = ShortColumn("Relates to", accessor="relates_to__short_label")
    state = StateColumn("State")
    claim = ClaimColumn("Claim", accessor="in_claim", empty_values=())
    cost = MoneyColumn("Cost", total=True)

    class Meta:
        orderable = False
        order_by = ("number",)


class RelatedEntryTable(Table):
    """The entries that take one back, or that it takes back."""

    caption = "Taken back by"
    reference = Column("Entry", linkify=("funding:entry", [A("reference")]))
    accounting_on = DayColumn("Accounting date")
    document_number = Column("Document")
    reason = Column("Reason")
    cost = MoneyColumn("Cost", total=True)

    class Meta:
        orderable = False


class HistoryTable(Table):
    """What was done to a row, when, by whom and why."""

    caption = "History"
    at = MomentColumn("When")
    by = Column("Who")
    what = Column("What")
    reason = Column("Reason")

    class Meta:
        orderable = False


class ChangedTable(Table):
    """What somebody else changed of an entry that the person has open."""

    caption = "What was changed meanwhile"
    label = Column("Box")
    was = Column("As you opened it")
    now = Column("As it is now")

    class Meta:
        orderable = False


class ImpactTable(Table):
    """What an entry does to the budget lines that it charges."""

    caption = "Budget, actual and remaining"
    line = UnderColumn("Budget line", under="under")
    cost = MoneyColumn("This entry", total=True)
    budget = MoneyColumn("Budget for the year")
    before = MoneyColumn("Actual before")
    after = MoneyColumn("Actual after")
    remaining_before = MoneyColumn("Remaining before")
    remaining_after = MoneyColumn("Remaining after")

    class Meta:
        orderable = False


class GridImpactTable(Table):
    """What many entries do to the budget lines that they charge."""

    caption = "Against profile and budget"
    line = Column("Budget line")
    profile = MoneyColumn("Profile of the quarter", total=True)
    before = MoneyColumn("Recorded so far", total=True)
    rows = MoneyColumn("These rows", total=True)
    after = MoneyColumn("With these rows", total=True)
    left = MoneyColumn("Left of the year’s budget", total=True)

    class Meta:
        orderable = False


class PercentColumn(TotalledColumn):
    """A percentage: −12.5%; a dash where there is none."""

    def in_words(self, value: Decimal | None) -> str:
        if value is None:
            return "—"
        return f"{'−' if value < 0 else ''}{abs(value)}%"


class FigureColumn(TotalledColumn):
    """A number as it is; a dash where there is none."""

    def in_words(self, value: Decimal | None) -> str:
        return "—" if value is None else str(value)


class BudgetTable(Table):
    """Budget against spend, one row a line of the chosen cut."""

    caption = "Budget and actual"
    empty_text = "No budget line matches. Choose another year or source."
    name = UnderColumn("Budget line", under="under", order_by=("position", "name"))
    budget = MoneyColumn("Budget", total=True)
    profile_to_date = MoneyColumn("Profile to date", total=True)
    actual_to_date = MoneyColumn("Actual to date", total=True, linkify=lambda record: record.url or None)
    variance_to_date = MoneyColumn("Variance to date", total=True)
    variance_percent = PercentColumn("Variance %", total=True)
    remaining = MoneyColumn("Remaining", total=True)
    outturn = MoneyColumn("Forecast outturn", total=True)
    outturn_variance = MoneyColumn("Outturn less budget", total=True)

    def value_name(self, record: Any) -> str:
        return " · ".join(filter(None, (record.name, record.under)))

    def work_out_totals(self) -> dict[str, Any]:
        """The sums, and the percentage of the summed variance."""
        sums = super().work_out_totals()
        profile, variance = sums.get("profile_to_date"), sums.get("variance_to_date")
        sums["variance_percent"] = percent(variance, profile) if profile else None
        return sums


class StandingTable(Table):
    """Each source that an organisation keeps, and whether the quarter is declared."""

    caption = "Sources kept by your organisation"
    empty_text = "Your organisation keeps no source of this programme."
    source = Column("Source")
    lines = CountColumn("Lines")
    recorded = MoneyColumn("Recorded", total=True)
    says = TagColumn(
        "Declared",
        colours={Declaration.Says.COMPLETE: "green", Declaration.Says.NIL: "green", "missing": "orange"},
        labels={Declaration.Says.COMPLETE: "Complete", Declaration.Says.NIL: "Nil", "missing": "Missing"},
    )
    by = Column("By")
    at = MomentColumn("When")
    act = Column("Do", accessor="act", exclude_from_export=True)

    class Meta:
        orderable = False

    def render_act(self, record: Any) -> SafeString | str:
        if not record.act_url:
            return ""
        return format_html(
            '<a class="govuk-link" href="{}" aria-label="{} {}">{}</a>',
            record.act_url,
            record.act,
            record.source,
            record.act,
        )


class ContractSpendTable(SpendTable):
    """The spend lines of one contract."""

    caption = "Charged to this contract"
    empty_text = "Nothing is charged to this contract yet."

    class Meta(SpendTable.Meta):
        exclude = ("supplier",)


class CommitmentTable(Table):
    """What a contract binds of each budget line, and what is left of it."""

    caption = "Commitment"
    empty_text = "This contract binds no budget line yet."
    project = Column("Project")
    heading = Column("Cost heading")
    source = Column("Source")
    year = ShortColumn("Year")
    committed = MoneyColumn("Committed", total=True)
    charged = MoneyColumn("Charged", total=True)
    left = MoneyColumn("Left", total=True)

    class Meta:
        orderable = False


class ContractCutTable(Table):
    """What each contract binds of the year's budget, by project."""

    caption = "Budget bound by contracts"
    empty_text = "No contract binds budget of this year, and none has charged any."
    contract = UnderColumn("Contract", accessor="contract__reference", under="contract__title")
    project = Column("Project", accessor="project__name")
    committed = MoneyColumn("Committed", total=True)
    charged = MoneyColumn("Charged in the year", total=True, linkify=lambda record: record.url or None)
    left = MoneyColumn("Left of what is committed", total=True)

    class Meta:
        orderable = False
