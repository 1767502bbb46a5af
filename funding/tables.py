"""The tables of money: spend, budget, declarations, claims."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Sum
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_tables2 import A

from core.money import one_decimal, percent
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
from funding.models import Claim, Declaration, MatchReceipt, ReceiptPart, SpendLine, Transaction
from funding.paying import Standing

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
    claim = Column("Claim", accessor="in_claim", default="Not claimed")
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


class DaysColumn(TotalledColumn):
    """A span of time in whole days."""

    def in_words(self, value: timedelta) -> str:
        return f"{value.days:,}"

    def value(self, record: Any, value: timedelta) -> int:
        return value.days


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
        if record.item.cleared_on is not None:
            return ""
        url = reverse("funding:clear-item", args=[record.item.reference])
        return format_html(
            '<a class="govuk-link" href="{}" aria-label="Clear {}">Clear</a>', url, record.item.reference
        )
