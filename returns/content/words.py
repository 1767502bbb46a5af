"""A figure as pages, PDF and charts print it."""

from datetime import date, datetime
from decimal import Decimal

from core import money
from core.charts import ChartData
from returns.content.figures import LONDON, MARKERS, Figure
from returns.content.shape import Section


def date_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def moment_words(moment: datetime) -> str:
    """An aware moment as people in Essex read it: "9 April 2025, 14:05 BST"."""
    here = moment.astimezone(LONDON)
    return f"{date_words(here.date())}, {here:%H:%M %Z}"


def value_words(figure: Figure) -> str:
    """The value alone as it is printed; a true minus, thousands in commas; empty where there is none."""
    value = figure.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return date_words(value)
    if figure.unit == "money":
        return money.in_words(value)  # type: ignore[arg-type]
    sign = "−" if value < 0 else ""
    return f"{sign}{abs(value):,}{'%' if figure.unit == 'percent' else ''}"


def state_words(figure: Figure) -> str:
    """The state as it is printed: "[e]", "Not declared", or beside a value "(late)"."""
    if not figure.state:
        return ""
    if figure.state in MARKERS:
        return f"[{figure.state}]"
    return figure.state.capitalize() if figure.value is None else f"({figure.state})"


def figure_words(figure: Figure) -> str:
    """The figure as pages and PDF print it, marker included: "−£1,200.00 [e]", "[c]", "Not declared"."""
    return " ".join(part for part in (value_words(figure), state_words(figure)) if part)


def chart_data(section: Section) -> ChartData:
    """The series of a section's chart, read off its table; hidden values are gaps."""
    chart, table = section.chart, section.table
    if chart is None or table is None:
        raise ValueError(f"Section {section.code} has no chart")
    columns = [(table.columns[table.column(code)].title, table.column(code)) for code in chart.columns]
    rows = [row for row in table.rows if (row.code in chart.rows if chart.rows else row.kind == "row")]
    grid = [[row.cells[at] for _, at in columns] for row in rows]
    names = [" ".join(figure_words(cell) for cell in row.cells[: table.headings]) for row in rows]
    titles = [title for title, _ in columns]
    if chart.series == "columns":
        axis, labels, grid = names, titles, [list(line) for line in zip(*grid, strict=True)]
    else:
        axis, labels = titles, names
    return ChartData(
        title=chart.title,
        shape=chart.shape,
        axis=tuple(axis),
        labels=tuple(labels),
        values=tuple(tuple(_height(cell) for cell in line) for line in grid),
        words=tuple(tuple(figure_words(cell) for cell in line) for line in grid),
        unit=next((cell.unit for line in grid for cell in line if cell.is_number), "count"),
    )


def _height(figure: Figure) -> Decimal | None:
    return Decimal(figure.value) if figure.is_number else None  # type: ignore[arg-type]
