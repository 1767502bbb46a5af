"""The tables of the front floor."""

from board.models import Event
from core.tables import Column, MomentColumn, MoneyColumn, Table


class EventTable(Table):
    """The record of acts, newest first."""

    caption = "Record of acts"
    empty_text = "Nothing is on record that fits."
    at = MomentColumn("When")
    by = Column("Who", accessor="by__name")
    role = Column("Acting as")
    act = Column("Act")
    subject = Column("Subject")
    words = Column("Words", orderable=False)

    class Meta:
        model = Event
        fields = ("at", "by", "role", "act", "subject", "words")
        order_by = "-at"


class ProjectMoneyTable(Table):
    """A year's money by project."""

    caption = "Money by project"
    project = Column("Project")
    budget = MoneyColumn("Budget", total=True)
    actual = MoneyColumn("Spent", total=True)
    remaining = MoneyColumn("Remaining", total=True)
    outturn = MoneyColumn("Expected outturn", total=True)
