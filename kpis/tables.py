"""The lists of results."""

from typing import Any

from django_tables2 import A

from core.tables import Column, DayColumn, MomentColumn, Table, TagColumn
from kpis.scoring import COLOURS

STATUS_COLOURS = {
    "draft": "grey", "submitted": "blue", "queried": "orange", "accepted": "green", "superseded": "purple",
    "withdrawn": "grey",
}  # fmt: skip


class SubmissionTable(Table):
    """One row a duty, quarter and revision."""

    caption = "Results by quarter"
    empty_text = "No results match. Clear the filters, or wait until the quarter is opened for results."

    quarter = DayColumn("Quarter", accessor="quarter__first_day", linkify=("kpis:submission", [A("pk")]))
    project = Column("Project", accessor="duty__project__name")
    organisation = Column("Supplier", accessor="duty__organisation__short_name")
    revision = Column("Revision")
    status = TagColumn("Status", colours=STATUS_COLOURS)
    due = DayColumn("Due", accessor="quarter__provider_due_on")
    submitted_at = MomentColumn("Submitted", default="—")

    class Meta:
        order_by = ("-quarter", "project")

    def render_quarter(self, record: Any) -> str:
        return record.quarter.short_label

    def value_quarter(self, record: Any) -> str:
        return record.quarter.code

    def render_revision(self, record: Any) -> str:
        return f"Revision {record.revision}" if record.revision > 1 else "First"


class PerformanceTable(Table):
    """One row a measure: the year's quarters, the year, the target and how it stands."""

    caption = "Performance by KPI"
    empty_text = "No KPI matches. Clear the filters, or choose another quarter."

    measure = Column("Measure", linkify=lambda record: record["url"], orderable=False)
    q1 = Column("Q1", orderable=False)
    q2 = Column("Q2", orderable=False)
    q3 = Column("Q3", orderable=False)
    q4 = Column("Q4", orderable=False)
    year = Column("Year to date", orderable=False)
    target = Column("Target to date", orderable=False)
    rag = TagColumn("Rating", colours=COLOURS, orderable=False)


for _name in ("q1", "q2", "q3", "q4", "year", "target"):
    PerformanceTable.base_columns[_name].numeric = True


class BreakdownTable(Table):
    """One row a category."""

    empty_text = "Nothing was reported."

    category = Column("Category", orderable=False)
    figure = Column("Figure", orderable=False)


BreakdownTable.base_columns["figure"].numeric = True
