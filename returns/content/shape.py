"""The parts of a content: tables, charts, facts and words in sections. What does not hold together is refused."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from core.charts import SHAPES
from returns.content.figures import FORMAT, NUMERIC, ROW_KINDS, SLUG, STATES, UNITS, Figure, clean


@dataclass(frozen=True)
class Column:
    """A column of a table. `unit` "mixed" lets each cell bring its own; `total` ones must foot."""

    code: str
    title: str
    unit: str = "text"
    total: bool = False

    def __post_init__(self) -> None:
        if self.unit not in (*UNITS, "mixed"):
            raise ValueError(f"Column {self.code}: no unit “{self.unit}”")
        if self.total and self.unit not in ("money", "count", "scaled"):
            raise ValueError(f"Column {self.code}: {self.unit} is never added up")

    @property
    def is_numeric(self) -> bool:
        return self.unit in (*NUMERIC, "mixed")


@dataclass(frozen=True)
class Row:
    """A row of a table. A *subtotal* adds the rows since the one before it, a *total* all of kind "row";
    a *note* ("of which accrued") is shown and never added."""

    code: str
    cells: tuple[Figure, ...]
    kind: str = "row"

    def __post_init__(self) -> None:
        if self.kind not in ROW_KINDS:
            raise ValueError(f"Row {self.code}: no kind “{self.kind}”")


@dataclass(frozen=True)
class Table:
    """One table with one header row. The first `headings` columns name the row.

    `empty` is the sentence that stands in its place when there are no rows.
    Refuses a total that is not the sum of its rows, unless a cell of the sum is hidden.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = ()
    empty: str = "Nothing to report."
    headings: int = 1

    def __post_init__(self) -> None:
        codes = [column.code for column in self.columns]
        if len(set(codes)) != len(codes) or not codes:
            raise ValueError(f"Table “{self.caption}”: every column needs a code of its own")
        if not 0 < self.headings <= len(self.columns):
            raise ValueError(f"Table “{self.caption}”: at least one column must name the row")
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise ValueError(f"Table “{self.caption}”, row {row.code}: {len(row.cells)} cells, not {len(codes)}")
            for column, cell in zip(self.columns, row.cells, strict=True):
                if column.unit not in ("mixed", cell.unit):
                    raise ValueError(f"{cell.key}: {cell.unit} in a column of {column.unit}")
                if cell.key.split("/")[2:] != [row.code, column.code]:
                    raise ValueError(f"{cell.key}: does not name its row {row.code} and column {column.code}")
        self._check_footing()

    def _check_footing(self) -> None:
        for at, column in enumerate(self.columns):
            for index, row in enumerate(self.rows):
                if not column.total or row.kind not in ("subtotal", "total") or not row.cells[at].is_number:
                    continue
                parts = [self.rows[i].cells[at] for i in self.adds(index)]
                if any(part.state == "c" for part in parts):
                    continue
                found = sum((part.value for part in parts if part.is_number), start=0)  # type: ignore[misc]
                if found != row.cells[at].value:
                    raise ValueError(f"{row.cells[at].key}: says {row.cells[at].value} but its rows add up to {found}")

    def adds(self, index: int) -> list[int]:
        """The indexes of the rows that the subtotal or total at `index` adds up."""
        first = 0
        if self.rows[index].kind == "subtotal":
            above = [i for i in range(index) if self.rows[i].kind in ("subtotal", "total")]
            first = above[-1] + 1 if above else 0
        return [i for i in range(first, index) if self.rows[i].kind == "row"]

    def column(self, code: str) -> int:
        """The position of a column; KeyError if there is none of that code."""
        for at, column in enumerate(self.columns):
            if column.code == code:
                return at
        raise KeyError(code)


@dataclass(frozen=True)
class Chart:
    """A picture of figures that stand in the section's own table, named by codes so that it cannot differ.

    `shape` is "bar" or "line". `series` says what one colour stands for: "columns" (rows lie along the
    axis) or "rows" (columns lie along it). No `rows` means every row of kind "row".
    """

    title: str
    shape: str
    columns: tuple[str, ...]
    rows: tuple[str, ...] = ()
    series: str = "columns"

    def __post_init__(self) -> None:
        if self.shape not in SHAPES or self.series not in ("columns", "rows"):
            raise ValueError(f"Chart “{self.title}”: no such shape or series")


@dataclass(frozen=True)
class Fact:
    """A label and its figure, for covers and short lists: "Grant claimed this quarter", £52,000.00."""

    label: str
    figure: Figure


@dataclass(frozen=True)
class Narrative:
    """Words that people wrote, under a heading; a blank line parts paragraphs. Its key is kind/section/code/text."""

    code: str
    title: str
    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean(self.text))

    @property
    def paragraphs(self) -> list[str]:
        return [part for part in re.split(r"\n\s*\n", self.text) if part] or ["Nothing was written."]


@dataclass(frozen=True)
class Section:
    """One heading of the PDF and one sheet of the workbook: paragraphs, then a table, facts or narrative."""

    code: str
    title: str
    paragraphs: tuple[str, ...] = ()
    table: Table | None = None
    facts: tuple[Fact, ...] = ()
    narrative: tuple[Narrative, ...] = ()
    chart: Chart | None = None
    sheet: str = ""
    in_workbook: bool = True
    in_document: bool = True

    def __post_init__(self) -> None:
        if not SLUG.fullmatch(self.code):
            raise ValueError(f"Section “{self.code}”: the code is not a lower-case slug")
        if sum(map(bool, (self.table is not None, self.facts, self.narrative))) > 1:
            raise ValueError(f"Section {self.code}: one of table, facts and narrative, since a sheet has one table")
        if self.chart and self.table is None:
            raise ValueError(f"Section {self.code}: a chart needs the table that it shows")
        if self.chart and self.table:
            _check_chart(self.chart, self.table)
        object.__setattr__(self, "paragraphs", tuple(clean(text) for text in self.paragraphs))

    def figures(self) -> Iterator[Figure]:
        for fact in self.facts:
            yield fact.figure
        for row in self.table.rows if self.table else ():
            yield from row.cells


def _check_chart(chart: Chart, table: Table) -> None:
    rows = {row.code for row in table.rows}
    columns = {column.code for column in table.columns}
    if unknown := {*(set(chart.columns) - columns), *(set(chart.rows) - rows)}:
        raise ValueError(f"Chart “{chart.title}”: not in its table: {', '.join(sorted(unknown))}")


@dataclass(frozen=True)
class Definition:
    """What a term or measure means here, and from which version of its definition the figures were made."""

    term: str
    words: str
    version: str = ""


@dataclass(frozen=True)
class ThresholdUsed:
    """A setting that shaped this return: "Variance that needs a reason", "10% and £500"."""

    name: str
    value: str


@dataclass(frozen=True)
class SignatureAsked:
    """A signature that this kind of return needs: "Certified by", of whom, and the words that are signed."""

    capacity: str
    asked_of: str
    statement: str


@dataclass(frozen=True)
class Content:
    """Everything that a return says. `kind` is the first part of every key in it."""

    kind: str
    title: str
    reference: str
    programme: str
    recipient: str
    period: str
    revision: int
    sections: tuple[Section, ...]
    signatures_asked: tuple[SignatureAsked, ...] = ()
    definitions: tuple[Definition, ...] = ()
    notes: tuple[str, ...] = ()
    thresholds: tuple[ThresholdUsed, ...] = ()
    marking: str = ""
    template_note: str = "Local layout; not a Home Office form"
    illustrative: bool = False
    format: int = field(default=FORMAT)

    def __post_init__(self) -> None:
        codes = [section.code for section in self.sections]
        if len(set(codes)) != len(codes):
            raise ValueError("Every section needs a code of its own")
        seen: set[str] = set()
        for section in self.sections:
            keys = [figure.key for figure in section.figures()]
            keys += [f"{self.kind}/{section.code}/{item.code}/text" for item in section.narrative]
            for key in keys:
                if not key.startswith(f"{self.kind}/{section.code}/"):
                    raise ValueError(f"{key}: stands in section {self.kind}/{section.code}")
                if key in seen:
                    raise ValueError(f"{key}: stated twice")
                seen.add(key)

    def figures(self) -> Iterator[Figure]:
        for section in self.sections:
            yield from section.figures()

    def figure(self, key: str) -> Figure:
        """The figure of that key; KeyError if the return does not state it."""
        for found in self.figures():
            if found.key == key:
                return found
        raise KeyError(key)

    @property
    def states_used(self) -> list[str]:
        """The states that occur in it, in the order of the legend."""
        used = {figure.state for figure in self.figures()}
        return [state for state in STATES if state in used]
