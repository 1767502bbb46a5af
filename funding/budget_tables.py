"""The tables of awards, budgets and virements."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from board.models import Quarter
from core.money import NOUGHT
from core.tables import Column, DayColumn, MomentColumn, MoneyColumn, ShortColumn, Table, TagColumn
from funding.budgeting import Profiles, by_line
from funding.models import BudgetLine, Virement, VirementProposal
from funding.tables import UnderColumn

PROPOSAL_COLOURS = {
    VirementProposal.Status.PROPOSED: "orange",
    VirementProposal.Status.APPROVED: "green",
    VirementProposal.Status.TURNED_DOWN: "grey",
}


class AwardTable(Table):
    """Each source and year with its award in force."""

    caption = "Awards and budgets"
    empty_text = "You see no source of a programme."
    source = Column("Source", accessor="source__name", linkify=lambda record: record.url)
    programme = ShortColumn("Programme", accessor="source__programme__code")
    year = ShortColumn("Year", accessor="year__code")
    kind = Column("Kind", accessor="source__get_kind_display")
    standing = TagColumn(
        "Standing",
        colours={"none": "red", "provisional": "orange", "in-force": "green"},
        labels={"none": "No award", "provisional": "Provisional", "in-force": "In force"},
    )
    award = MoneyColumn("Award or pledge")
    budget = MoneyColumn("Budget")
    unallocated = MoneyColumn("Of it unallocated")

    class Meta:
        order_by = ("-year",)


class RevisionTable(Table):
    """What an award was, from which day and by which decision."""

    caption = "Award"
    empty_text = "No award is recorded."
    effective_on = DayColumn("In force from")
    reason = Column("Reason")
    decision_reference = Column("Reference")
    amount = MoneyColumn("Amount for the year")

    class Meta:
        orderable = False


class VersionTable(Table):
    """The versions of a budget."""

    caption = "Versions of the budget"
    empty_text = "No budget is set."
    number = ShortColumn("Version", linkify=lambda record: record.get_absolute_url())
    kind = Column("Kind")
    effective_on = DayColumn("In force from")
    reason = Column("Reason")
    decision_reference = Column("Reference")
    created_by = Column("Recorded by")

    class Meta:
        orderable = False


class ChangeTable(Table):
    """What a version changed of the one before, line by line."""

    caption = "What it changed"
    empty_text = "Nothing was there before it."
    line = UnderColumn("Budget line", under="under")
    quarter = ShortColumn("Quarter")
    before = MoneyColumn("Before", total=True)
    after = MoneyColumn("After", total=True)
    change = MoneyColumn("Change", total=True)

    class Meta:
        orderable = False


class PlanTable(Table):
    """A whole version: each line by quarter. Its quarters are columns that are added as there are any."""

    caption = "The whole budget"
    line = UnderColumn("Budget line", under="under")
    total = MoneyColumn("Year", total=True)

    class Meta:
        orderable = False
        sequence = ("line", "...", "total")


def plan_table(profiles: Profiles, quarters: Sequence[Quarter]) -> PlanTable:
    """A version's lines by quarter, with what they add up to."""
    data = [
        {
            **names_of(line),
            **{f"q{quarter.pk}": profiles.get((line, quarter), NOUGHT) for quarter in quarters},
            "total": amount,
        }
        for line, amount in in_order(by_line(profiles)).items()
    ]
    columns = [(f"q{quarter.pk}", MoneyColumn(quarter.short_label, total=True)) for quarter in quarters]
    return PlanTable(data, prefix="plan-", extra_columns=columns)


def change_table(before: Profiles, after: Profiles) -> ChangeTable:
    """Where two versions differ, line by line and quarter by quarter."""
    data = []
    for line in in_order({**by_line(before), **by_line(after)}):
        quarters = {quarter for one, quarter in {**before, **after} if one == line}
        for quarter in sorted(quarters, key=lambda quarter: quarter.order):
            was, is_now = before.get((line, quarter), NOUGHT), after.get((line, quarter), NOUGHT)
            if was != is_now:
                change = {"before": was, "after": is_now, "change": is_now - was}
                data.append({**names_of(line), "quarter": quarter.short_label, **change})
    return ChangeTable(data, prefix="changes-", empty_text="It changed nothing.")


def names_of(line: BudgetLine) -> dict[str, str]:
    """A line's project, with its cost heading under it where that says more."""
    return {"line": line.project.name, "under": line.heading.name if line.heading.name != line.project.name else ""}


def in_order(found: Mapping[BudgetLine, Any]) -> dict[BudgetLine, Any]:
    """Lines in the order of the budget page."""
    return dict(sorted(found.items(), key=lambda row: (row[0].project.position, row[0].heading.position, row[0].key)))


class MoveTable(Table):
    """What a virement does to each line."""

    caption = "What it moves"
    line = UnderColumn("Budget line", under="under")
    before = MoneyColumn("Budget before", total=True)
    amount = MoneyColumn("Move", total=True)
    after = MoneyColumn("Budget after", total=True)

    class Meta:
        orderable = False


def move_table(budgets: Mapping[BudgetLine, Decimal], moves: Mapping[BudgetLine, Decimal], **words: str) -> MoveTable:
    """The lines of a virement, from what their budgets were; a move between a line's quarters alone is none."""
    data = [
        {**names_of(line), "before": before, "amount": amount, "after": before + amount}
        for line, amount in in_order(moves).items()
        for before in [budgets.get(line, NOUGHT)]
        if amount
    ]
    return MoveTable(data, prefix="moves-", **words)


class VirementTable(Table):
    """Virements that count."""

    caption = "Virements"
    empty_text = "No virement is recorded."
    reference = ShortColumn("Virement", linkify=lambda record: record.get_absolute_url())
    approved_on = DayColumn("In force from")
    source = UnderColumn("Source", accessor="budget_version__source__name", under="budget_version__year__code")
    reason = Column("Reason", accessor="budget_version__reason", orderable=False)
    created_by = Column("Recorded by", accessor="created_by__name")
    second_person = Column("Second person", accessor="second_person__name")
    funder_reference = Column("Funder’s reference")
    moved = MoneyColumn("Moved", total=True)

    class Meta:
        model = Virement
        fields = (
            "reference", "approved_on", "source", "reason", "created_by", "second_person", "funder_reference", "moved",
        )  # fmt: skip
        order_by = ("-approved_on", "-reference")


class ProposalTable(Table):
    """Virements that wait for their second person, or were decided."""

    caption = "Virements that wait for approval"
    reference = ShortColumn("Proposal", linkify=lambda record: record.get_absolute_url())
    created_at = DayColumn("Proposed")
    created_by = Column("By", accessor="created_by__name")
    source = UnderColumn("Source", accessor="source__name", under="year__code")
    reason = Column("Reason")
    status = TagColumn("Standing", colours=PROPOSAL_COLOURS)

    class Meta:
        orderable = False


class NoticeTable(Table):
    """Underspends that were foreseen, and when the funder was told."""

    caption = "Notices of an underspend"
    noticed_on = DayColumn("Noticed on")
    words = Column("Why")
    told_on = DayColumn("Funder told on", default="Not told yet")
    funder_reference = Column("Reference")
    amount = MoneyColumn("Underspend foreseen")

    class Meta:
        orderable = False


class DeclaredTable(Table):
    """What is declared of each quarter."""

    caption = "Declarations"
    quarter = ShortColumn("Quarter", accessor="quarter__short_label")
    says = Column("Declared", accessor="get_says_display")
    created_by = Column("By")
    created_at = MomentColumn("When")
    withdrawn_reason = Column("Withdrawn, because")
    total = MoneyColumn("Spend as declared")

    class Meta:
        orderable = False


class BalanceTable(Table):
    """What becomes of a year's balance, by treatment."""

    caption = "What becomes of the balance"
    treatment = Column("Treatment", linkify=lambda record: record["url"])
    reason = Column("Reason")
    approval_reference = Column("Approval")
    approved_on = DayColumn("Approved on")
    by = Column("Recorded by")
    amount = MoneyColumn("Amount", total=True)

    class Meta:
        orderable = False
