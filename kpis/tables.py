"""The lists of results."""

from typing import Any

from django_tables2 import A

from core.tables import Column, CountColumn, DayColumn, MomentColumn, ShortColumn, Table, TagColumn
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


class MeasureTable(Table):
    """One row a measure, as it is defined today."""

    caption = "Measures"
    empty_text = "No measure matches. Clear the filters."

    measure = Column("Measure", linkify=lambda record: record["url"], orderable=False)
    project = ShortColumn("Project", orderable=False)
    kind = Column("Kind", orderable=False)
    unit = Column("Unit", orderable=False)
    direction = Column("What is better", orderable=False)
    range = Column("Range", orderable=False, default="—")
    dimensions = Column("Breakdowns", orderable=False, default="—")
    entered = Column("Entered or computed", orderable=False)
    version = CountColumn("Version", orderable=False)
    from_date = DayColumn("From", orderable=False)
    programme = ShortColumn("Programme", orderable=False)


class VersionTable(Table):
    """One row a version of a measure."""

    caption = "Versions"

    number = Column("Version", orderable=False)
    from_date = DayColumn("From", orderable=False)
    name = Column("Name", orderable=False)
    definition = Column("What to count", orderable=False)
    reason = Column("Reason", orderable=False)


class TargetTable(Table):
    """One row a target of a year, revisions included."""

    caption = "Targets"
    empty_text = "No target. Without one a measure is not rated."

    year = Column("Year", orderable=False)
    from_date = DayColumn("In force from", orderable=False)
    target = Column("Target", orderable=False)
    so_far = Column("So far", orderable=False)
    baseline = Column("Baseline", orderable=False, default="—")
    reason = Column("Reason", orderable=False)


class SupplierTable(Table):
    """One row a duty that asks for the measure."""

    caption = "Who reports it"
    empty_text = "Nobody is asked for it."

    organisation = Column("Supplier", orderable=False)
    first = Column("First quarter", orderable=False)
    last = Column("Last quarter", orderable=False)
    breakdowns = Column("Breakdowns", orderable=False)


class DutyTable(Table):
    """One row a duty."""

    caption = "Who reports what"
    empty_text = "No duty matches. Clear the filters."

    organisation = Column("Supplier", accessor="organisation__short_name", linkify=("kpis:duty", [A("pk")]))
    project = Column("Project", accessor="project__name")
    first = DayColumn("First quarter", accessor="first_quarter__first_day")
    last = DayColumn("Last quarter", accessor="last_quarter__first_day")
    measures = CountColumn("Measures", accessor="pk", orderable=False)
    breakdowns = CountColumn("Breakdowns", accessor="pk", orderable=False)

    class Meta:
        order_by = ("project", "organisation", "first")

    def render_first(self, record: Any) -> str:
        return record.first_quarter.short_label

    def value_first(self, record: Any) -> str:
        return record.first_quarter.code

    def render_last(self, record: Any) -> str:
        return record.last_quarter.short_label

    def value_last(self, record: Any) -> str:
        return record.last_quarter.code

    def render_measures(self, record: Any) -> str:
        return str(self.value_measures(record))

    def value_measures(self, record: Any) -> int:
        return len(record.measures.all())

    def render_breakdowns(self, record: Any) -> str:
        return str(self.value_breakdowns(record))

    def value_breakdowns(self, record: Any) -> int:
        return sum(len(row.dimensions.all()) for row in record.measures.all())


class AskedTable(Table):
    """One row a measure that a duty asks for."""

    caption = "Measures asked for"

    measure = Column("Measure", linkify=lambda record: record["url"], orderable=False)
    kind = Column("Kind", orderable=False)
    breakdowns = Column("Breakdowns", orderable=False)


class MilestoneTable(Table):
    """One row a milestone: it is a date and a word, and no number."""

    caption = "Milestones"

    project = Column("Project", orderable=False)
    name = Column("Milestone", orderable=False)
    due_on = DayColumn("Due", orderable=False)
    forecast_on = DayColumn("Expected", orderable=False, default="—")
    met_on = DayColumn("Met", orderable=False, default="—")
    status = Column("Status", orderable=False)


class CohortTable(Table):
    """One row an entry quarter of a cohort: rates that are never joined."""

    caption = "Followed up by the quarter of entry"

    measure = Column("Measure", orderable=False)
    entered = Column("Entered in", orderable=False)
    months = CountColumn("Months of follow-up", orderable=False)
    due = Column("Due in", orderable=False)
    figure = Column("Rate", orderable=False)
