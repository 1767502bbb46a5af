"""The tables of the front floor."""

from board.models import Event
from core.tables import Column, MomentColumn, MoneyColumn, Table


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


class ProjectMoneyTable(Table):
    """A year's money by project."""

    caption = "Money by project"
    project = Column("Project")
    budget = MoneyColumn("Budget", total=True)
    actual = MoneyColumn("Spent", total=True)
    remaining = MoneyColumn("Remaining", total=True)
    outturn = MoneyColumn("Expected outturn", total=True)
