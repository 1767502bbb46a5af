"""The tables of contracts: the register, what falls due, and what the page of one contract shows."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django_tables2 import A

from contracts.models import Action, Assignment, Check, Contract, ContractFile, ExtensionOption, Issue
from core.tables import Column, CountColumn, DayColumn, MoneyColumn, ShortColumn, Table, TagColumn


class ContractTable(Table):
    caption = "Contracts"
    empty_text = "No contract matches. Clear the filters to see all."
    reference = ShortColumn("Reference", linkify=("contracts:contract", [A("reference")]))
    title = Column("Title")
    kind = Column("Kind")
    tier = Column("Tier")
    provider = Column("Provider", accessor="provider__short_name")
    signed_on = DayColumn("Signed", default="Not signed")
    starts_on = DayColumn("Starts")
    ends_on = DayColumn("Ends")
    value = MoneyColumn("Value, with variations", accessor="worth", total=True)

    class Meta:
        order_by = ("reference",)

    def value_kind(self, record: Contract) -> str:
        return record.get_kind_display()

    def value_tier(self, record: Contract) -> str:
        return record.get_tier_display()

    def work_out_totals(self) -> dict[str, object]:
        """Summed from each row's own sum, which the database cannot sum again over one join."""
        values = self.data.data.order_by().values_list("worth", flat=True)
        return {"value": sum(value for value in values if value is not None)}


class RegisterTable(ContractTable):
    """The register as it is downloaded: all that the Transparency Code 2015 asks for of a contract, and more."""

    buyer = Column("Buyer", accessor="buyer__name")
    supplier = Column("Provider’s name", accessor="provider__name")
    registration = Column("Provider’s registration", accessor="provider__registration")
    sme = Column("Small or medium-sized", accessor="provider__is_sme")
    vcse = Column("Voluntary, community or social", accessor="provider__is_vcse")
    description = Column("What is delivered")
    reasons = Column("Reasons for it")
    owner_title = Column("Contract owner")
    decision_reference = Column("Decision reference")
    procurement_route = Column("Procurement route")
    notice_days = CountColumn("Days of notice")
    last_notice_on = DayColumn("Last day of notice", orderable=False)
    review_on = DayColumn("Review")
    vat = Column("Carries irrecoverable VAT", accessor="includes_irrecoverable_vat")

    class Meta(ContractTable.Meta):
        pass

    def value_sme(self, value: bool) -> str:
        return _yes_or_no(value)

    def value_vcse(self, value: bool) -> str:
        return _yes_or_no(value)

    def value_vat(self, value: bool) -> str:
        return _yes_or_no(value)


def _yes_or_no(value: bool) -> str:
    return "Yes" if value else "No"


class ValueTable(Table):
    """A contract's value by project and year: as first agreed, as varied, as in force."""

    caption = "Value by project and year"
    empty_text = "No value is agreed: nothing is paid under it."
    project = Column("Project")
    year = Column("Year")
    first = MoneyColumn("As first agreed", total=True)
    varied = MoneyColumn("Variations", total=True)
    in_force = MoneyColumn("In force", total=True)

    class Meta:
        orderable = False


class VariationTable(Table):
    caption = "Variations"
    empty_text = "The contract is as it was first agreed."
    number = ShortColumn("Number")
    effective_on = DayColumn("Effective")
    approved_on = DayColumn("Approved")
    decision_reference = Column("Decision")
    reason = Column("Reason")
    targets = Column("Targets")
    retrospective_reason = Column("Why approved afterwards")
    ends_on_after = DayColumn("New end")
    change = MoneyColumn("Change of value", accessor="worth", total=True)

    class Meta:
        orderable = False


DUE_LABELS = {"late": "Overdue", "soon": "Soon", "later": "Later"}
DUE_COLOURS = {"late": "red", "soon": "orange", "later": "grey"}


def in_days(day: date, today: date) -> str:
    """How far off a day is: today, in 3 days, 3 days ago."""
    days = (day - today).days
    if days == 0:
        return "Today"
    count = f"{abs(days):,} day{'' if abs(days) == 1 else 's'}"
    return f"In {count}" if days > 0 else f"{count} ago"


class AlertTable(Table):
    """Dates of contracts, the earliest first."""

    caption = "What falls due"
    empty_text = "Nothing falls due in the next twelve months."
    words = Column("To do")
    day = DayColumn("Day")
    ahead = ShortColumn("How far off", accessor="day", order_by="day")
    standing = TagColumn("Standing", colours=DUE_COLOURS, labels=DUE_LABELS)
    what = Column("Kind", accessor="label")
    contract = ShortColumn(
        "Contract",
        accessor="alert__contract__reference",
        linkify=("contracts:contract", [A("alert__contract__reference")]),
    )
    provider = Column("Provider", accessor="alert__contract__provider__short_name")
    owner = Column("Contract owner", accessor="alert__contract__owner_title")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def render_ahead(self, value: date) -> str:
        return in_days(value, self.today)

    def value_ahead(self, value: date) -> str:
        return in_days(value, self.today)


class OfContract(Table):
    """A table of a contract's page; who keeps the register sees what can be done with each row."""

    acts = Column("Change", empty_values=(), accessor="pk", exclude_from_export=True)

    def __init__(self, *args: Any, may_write: bool = False, **kwargs: Any) -> None:
        kwargs["sequence" if may_write else "exclude"] = ("...", "acts") if may_write else ("acts",)
        super().__init__(*args, orderable=False, **kwargs)

    def acts_of(self, record: Any) -> Iterable[tuple[str, str, str]]:
        """For each act: the name of its address, its word, and what it is about for who hears the page."""
        return ()

    def render_acts(self, record: Any) -> SafeString | str:
        args = [record.contract.reference, self.key_of(record)]
        links = [(reverse(f"contracts:{name}", args=args), word, about) for name, word, about in self.acts_of(record)]
        if not links:
            return ""
        markup = '<a class="govuk-link" href="{}">{}<span class="govuk-visually-hidden"> {}</span></a>'
        return format_html_join(" ", markup, links)

    def key_of(self, record: Any) -> Any:
        return record.number


class OptionTable(OfContract):
    caption = "Options to extend"
    empty_text = "The contract gives no option to extend it."
    number = ShortColumn("Number")
    use_by = DayColumn("Use by")
    ends_on = DayColumn("New end")
    amount = MoneyColumn("Adds")
    terms = Column("Terms")
    state = TagColumn("Standing", colours={"open": "blue", "used": "green", "declined": "grey"})
    decided_on = DayColumn("Decided")
    decided_words = Column("Why not used")

    def acts_of(self, record: ExtensionOption) -> Iterable[tuple[str, str, str]]:
        if record.state == ExtensionOption.State.OPEN:
            yield "use-option", "Use", f"option {record.number}"
            yield "decline-option", "Decline", f"option {record.number}"


class MilestoneTable(Table):
    """Milestones that the contract is about; when each is met is reported with the results."""

    caption = "Milestones"
    empty_text = "No milestone is listed."
    name = Column("Milestone")
    project = Column("Project")
    due_on = DayColumn("Due")
    standing = Column("By the results", default="Nothing reported")

    class Meta:
        orderable = False


class FollowedTable(OfContract):
    """What issues and actions have in common."""

    number = ShortColumn("Number")
    words = Column("About")
    owner_title = Column("Owner")
    opened_on = DayColumn("Opened")
    due_on = DayColumn("Due")
    closed_on = DayColumn("Closed", default="Open")
    closed_words = Column("What came of it")


class IssueTable(FollowedTable):
    caption = "Issues"
    empty_text = "No issue was opened."

    def acts_of(self, record: Issue) -> Iterable[tuple[str, str, str]]:
        if record.closed_on is None:
            yield "close-issue", "Close", f"issue {record.number}"


class ActionTable(FollowedTable):
    caption = "Actions"
    empty_text = "No action was agreed."
    issue = ShortColumn("Of issue", accessor="issue__number")

    def acts_of(self, record: Action) -> Iterable[tuple[str, str, str]]:
        if record.closed_on is None:
            yield "complete-action", "Complete", f"action {record.number}"


class CheckTable(OfContract):
    caption = "Checks"
    empty_text = "Nothing is on record as checked."
    number = ShortColumn("Number")
    title = Column("What was checked")
    reference = Column("Reference")
    checked_on = DayColumn("Checked")
    expires_on = DayColumn("Holds until")
    standing = TagColumn("Standing", empty_values=(), accessor="pk")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def render_standing(self, record: Check) -> SafeString:
        label, colour = self.standing_of(record)
        return format_html('<strong class="govuk-tag govuk-tag--{}">{}</strong>', colour, label)

    def standing_of(self, record: Check) -> tuple[str, str]:
        if self.is_renewed(record):
            return "Renewed", "grey"
        return ("Expired", "red") if record.expires_on < self.today else ("Holds", "green")

    def is_renewed(self, record: Check) -> bool:
        return hasattr(record, "renewed_by")

    def acts_of(self, record: Check) -> Iterable[tuple[str, str, str]]:
        if not self.is_renewed(record):
            yield "renew-check", "Renew", f"check {record.number}"


class FileTable(OfContract):
    caption = "Files"
    empty_text = "No file is attached."
    reference = ShortColumn("Reference")
    name = Column("File", accessor="file__name")
    what = Column("What it is")
    shared = Column("Who sees it", accessor="shared")
    uploaded_at = DayColumn("Uploaded", accessor="file__uploaded_at")

    def render_reference(self, record: ContractFile) -> SafeString:
        url = reverse("contracts:file", args=[record.contract.reference, record.reference])
        return format_html('<a class="govuk-link app-nowrap" href="{}">{}</a>', url, record.reference)

    def render_shared(self, value: bool) -> str:
        return "The provider too" if value else "Officers and auditors"

    def key_of(self, record: ContractFile) -> str:
        return record.reference

    def acts_of(self, record: ContractFile) -> Iterable[tuple[str, str, str]]:
        yield "take-file-away", "Take away", record.reference


class AssignmentTable(OfContract):
    """Whom the provider keeps the contract to."""

    caption = "Kept to"
    empty_text = "Every reporter of the provider sees the contract and its results."
    person = Column("Person", accessor="person__name")
    created_at = DayColumn("From")

    def key_of(self, record: Assignment) -> int:
        return record.pk

    def acts_of(self, record: Assignment) -> Iterable[tuple[str, str, str]]:
        yield "end-assignment", "Name no more", str(record.person)
