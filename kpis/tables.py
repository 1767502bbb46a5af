"""The lists of results."""

from typing import Any

from django_tables2 import A

from core.tables import Column, DayColumn, MomentColumn, Table, TagColumn
from kpis.lines import Shown
from kpis.reading import figure_words, has_number, mark_words
from kpis.scoring import COLOURS

STATUS_COLOURS = {
    "draft": "grey", "submitted": "blue", "queried": "orange", "accepted": "green", "superseded": "purple",
    "withdrawn": "grey",
}  # fmt: skip


class FigureColumn(Column):
    """A figure as it is read; in a download the number itself, and words only where there is none."""

    numeric = True

    def render(self, value: Shown) -> str:
        return figure_words(value)

    def value(self, record: Any, value: Shown) -> Any:
        return value.value if has_number(value) else figure_words(value)


class SubmissionTable(Table):
    """One row a duty, quarter and revision."""

    caption = "Results by quarter"
    empty_text = "No results match. Clear the filters, or wait until the quarter is opened for results."

    quarter = DayColumn("Quarter", accessor="quarter__first_day", linkify=("kpis:submission", [A("pk")]))
    project = Column("Project", accessor="duty__project__name")
    organisation = Column("Supplier", accessor="duty__organisation__short_name")
    revision = Column("Revision")
    status = TagColumn("Status", colours=STATUS_COLOURS)
    due = DayColumn("Due", accessor="due_on", order_by=("quarter__provider_due_on", "extended_to"))
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
    q1 = FigureColumn("Q1", orderable=False)
    q2 = FigureColumn("Q2", orderable=False)
    q3 = FigureColumn("Q3", orderable=False)
    q4 = FigureColumn("Q4", orderable=False)
    year = FigureColumn("Year to date", orderable=False)
    target = FigureColumn("Target to date", orderable=False)
    rag = TagColumn("Rating", colours=COLOURS, orderable=False)


class PerformanceDownload(PerformanceTable):
    """The same as a workbook: figures as numbers, so that what the page writes beside them stands apart."""

    unit = Column("Unit", orderable=False)
    marks = Column("Markers", orderable=False, empty_values=())

    class Meta:
        sequence = ("measure", "unit", "...", "marks")

    def value_marks(self, record: Any) -> str:
        """Which figures are provisional, late, estimated or revised: "Q1 [p]; Year to date [p]"."""
        shown = [(self.columns[name].header, record[name]) for name in ("q1", "q2", "q3", "q4", "year")]
        return "; ".join(
            f"{header} {mark_words(cell)}" for header, cell in shown if has_number(cell) and mark_words(cell)
        )


class BreakdownTable(Table):
    """One row a category."""

    empty_text = "Nothing was reported."

    category = Column("Category", orderable=False)
    figure = Column("Figure", orderable=False)


BreakdownTable.base_columns["figure"].numeric = True
