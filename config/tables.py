"""The tables of the front floor."""

from board import clock
from board.models import Delegation, Event
from core.tables import Column, DayColumn, MomentColumn, MoneyColumn, Table


class BreakingColumn(Column):
    """Text that breaks anywhere, so that a hash does not push the table off the page."""

    breaks = True


class EventTable(Table):
    """The record of acts, newest first."""

    caption = "Record of acts"
    empty_text = "Nothing is on record that fits."
    at = MomentColumn("When")
    by = Column("Who", accessor="by__name")
    role = Column("Acting as")
    act = Column("Act")
    subject = BreakingColumn("Subject")
    words = BreakingColumn("Words", orderable=False)

    class Meta:
        model = Event
        fields = ("at", "by", "role", "act", "subject", "words")
        order_by = "-at"

    def render_act(self, value: str) -> str:
        """ "quarter.close-money" reads "Quarter: close money"."""
        return value.replace(".", ": ", 1).replace("-", " ").capitalize()


class DelegationTable(Table):
    """Deputies of chief finance officers, the latest first."""

    caption = "Deputies"
    empty_text = "Nobody has been named."
    reference = Column("Reference", linkify=True)
    deputy = Column("Deputy", accessor="role__user__name")
    organisation = Column("For", accessor="role__organisation__short_name")
    starts_on = DayColumn("From", accessor="role__starts_on")
    ends_on = DayColumn("To", accessor="role__ends_on")
    given_by = Column("Named by", accessor="given_by__name")
    standing = Column("Standing", empty_values=(), orderable=False)

    class Meta:
        model = Delegation
        fields = ("reference", "deputy", "organisation", "starts_on", "ends_on", "given_by", "standing")
        order_by = "-reference"

    def render_standing(self, record: Delegation) -> str:
        return record.standing_on(clock.today())


class ProjectMoneyTable(Table):
    """A year's money by project."""

    caption = "Money by project"
    project = Column("Project")
    budget = MoneyColumn("Budget", total=True)
    actual = MoneyColumn("Spent", total=True)
    remaining = MoneyColumn("Remaining", total=True)
    outturn = MoneyColumn("Expected outturn", total=True)
