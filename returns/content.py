"""The frozen content of a return: what it says, before any file is made of it.

A kind of return builds one Content; workbook, PDF and web preview are pure functions of it, and its
hash is what a signer signs. No tables and no clock here: whether it is a draft, who signed and when
stands in the Stamp, which the hash leaves out.
"""

import dataclasses
import hashlib
import json
import re
import types
import typing
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from core import money
from core.charts import SHAPES, ChartData

FORMAT = 1
UNITS = ("money", "count", "scaled", "percent", "text", "date")
NUMERIC = ("money", "count", "scaled", "percent")
TYPES: dict[str, type] = {
    "money": Decimal, "count": int, "scaled": Decimal, "percent": Decimal, "text": str, "date": date,
}  # fmt: skip
# Markers of the Government Statistical Service's "Symbols in tables"; never a bare symbol or a colour.
MARKERS = {
    "c": "confidential: a small number is hidden",
    "x": "not available",
    "z": "not applicable",
    "p": "provisional",
    "r": "revised since it was last reported",
    "e": "estimated",
    "f": "forecast",
}
# States written out in words, since no marker is agreed for them.
WORDS = {
    "not declared": "the organisation has not yet said whether its spend of the quarter is complete",
    "not reconciled": "not agreed with the ledger of the organisation that keeps it",
    "missing": "was due and has not been received",
    "late": "received after the quarter's results closed",
    "nil": "the supplier has confirmed that there is nothing to report",
    "not due": "not asked for in this quarter",
    "too early": "the follow-up window has not ended",
}
STATES = {**MARKERS, **WORDS}
# With these the value itself is withheld or does not exist.
HIDING = ("c", "x", "z", "not declared", "missing", "not due", "too early")
ROW_KINDS = ("row", "subtotal", "total", "note")
LONDON = ZoneInfo("Europe/London")

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# Also what cannot be seen but splits a word in a search: soft hyphens, zero-width spaces, byte order marks.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u200b\ufeff\ud800-\udfff\ufffe\uffff]")

Value = Decimal | int | str | date | None


def slug(words: str) -> str:
    """A key's part made of a code or a title: "CHB-01 Starts" -> "chb-01-starts"."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not made:
        raise ValueError(f"“{words}” has no letter or figure to make a key of")
    return made


def clean(text: str) -> str:
    """Text that every file format can carry: composed letters, \\n for every line end, no control characters."""
    text = re.sub(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", unicodedata.normalize("NFC", text))
    return "\n".join(line.rstrip() for line in _CONTROL.sub("", text).strip().split("\n"))


@dataclass(frozen=True)
class Figure:
    """One thing that the return states, by a key that never changes from one return to the next.

    `key` is kind/section/row/column. Money is pounds to the penny; a percent is in points
    (Decimal("12.5") is 12.5%). None needs a state that says why. `trace` leads to what lies under it,
    as references ("line:DAPF-000123", "result:CHB-01:2024-25-Q3").
    """

    key: str
    value: Value
    unit: str
    state: str = ""
    trace: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        parts = self.key.split("/")
        if len(parts) != 4 or not all(_SLUG.fullmatch(part) for part in parts):
            raise ValueError(f"“{self.key}” is not a key of the form kind/section/row/column in lower-case slugs")
        if self.unit not in UNITS:
            raise ValueError(f"{self.key}: no unit “{self.unit}”")
        if self.state and self.state not in STATES:
            raise ValueError(f"{self.key}: no state “{self.state}”")
        if self.value is not None:
            object.__setattr__(self, "value", _exact(self.key, self.value, self.unit))
        if self.value is None and not self.state:
            raise ValueError(f"{self.key}: nothing to show and no state that says why")
        if self.value is not None and self.state in HIDING:
            raise ValueError(f"{self.key}: a value may not stand beside “{self.state}”")
        object.__setattr__(self, "trace", tuple(self.trace))

    @property
    def is_number(self) -> bool:
        return self.value is not None and self.unit in NUMERIC


def _exact(key: str, value: Value, unit: str) -> Value:
    """The value in the one form that it is hashed in; refuses a wrong type and parts of a penny."""
    wanted = TYPES[unit]
    if wanted is Decimal and type(value) is int:
        value = Decimal(value)
    if type(value) is not wanted:
        raise ValueError(f"{key}: {unit} is kept as {wanted.__name__}, not {type(value).__name__}")
    if isinstance(value, str):
        value = clean(value)
        if not value:
            raise ValueError(f"{key}: empty text. Give None and a state that says why, such as “z”")
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{key}: {value} is not a number")
        if unit == "money":
            if value != value.quantize(money.PENNY):
                raise ValueError(f"{key}: {value} is finer than a penny")
            value = value.quantize(money.PENNY)
        elif value.as_tuple().exponent > 0:  # type: ignore[operator]
            value = value.quantize(Decimal(1))
        value = abs(value) if value == 0 else value
    return value


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
        if not _SLUG.fullmatch(self.code):
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


# Building


@dataclass(frozen=True)
class Cell:
    """What a builder puts into a row where a bare value does not say enough."""

    value: Value
    state: str = ""
    trace: tuple[str, ...] = ()
    unit: str = ""


def make_row(
    kind: str, section: str, code: str, columns: Sequence[Column], values: Sequence[Cell | Value], row_kind: str = "row"
) -> Row:
    """A row whose keys are worked out: one value or Cell for each column, in order.

    A bare None or empty text becomes "not applicable". A cell of a mixed column takes its unit from
    the Cell, or from its type where that is plain (int: count, str: text, date: date).
    """
    if len(values) != len(columns):
        raise ValueError(f"{kind}/{section}/{code}: {len(values)} values for {len(columns)} columns")
    made = []
    for column, given in zip(columns, values, strict=True):
        cell = given if isinstance(given, Cell) else Cell(given)
        value = cell.value.strip() or None if isinstance(cell.value, str) else cell.value
        state = cell.state or ("z" if value is None else "")
        unit = cell.unit or (column.unit if column.unit != "mixed" else _plain_unit(value))
        made.append(Figure(f"{kind}/{section}/{code}/{column.code}", value, unit, state, cell.trace))
    return Row(code, tuple(made), row_kind)


def _plain_unit(value: Value) -> str:
    for unit in ("count", "text", "date"):
        if type(value) is TYPES[unit]:
            return unit
    if value is None:
        return "text"
    raise ValueError(f"{value!r} in a mixed column: say its unit")


def make_total(
    kind: str, section: str, code: str, columns: Sequence[Column], rows: Sequence[Row], title: str,
    row_kind: str = "total", others: dict[str, Cell | Value] | None = None,
) -> Row:  # fmt: skip
    """The total row over `rows` (a subtotal's own rows): adds the `total` columns; the first cell holds `title`.

    `others` gives the cells that are not sums, such as a rate, by column code; the rest are "not applicable".
    A sum with a part that is missing or not declared is provisional; an estimate or forecast marks its sum too.
    """
    others = others or {}
    values: list[Cell | Value] = [title]
    for at, column in enumerate(columns[1:], start=1):
        parts = [row.cells[at] for row in rows if row.kind == "row"]
        if column.code in others:
            values.append(others[column.code])
        elif column.total and any(part.state == "c" for part in parts):
            values.append(Cell(None, "c"))
        elif column.total:
            nought: Decimal | int = 0 if column.unit == "count" else Decimal("0.00")
            added = sum((part.value for part in parts if part.is_number), start=nought)  # type: ignore[misc]
            marks = {"p" if part.state in ("missing", "not declared") else part.state for part in parts}
            values.append(Cell(added, next((mark for mark in "pef" if mark in marks), ""), ("rows:above",)))
        else:
            values.append(None)
    return make_row(kind, section, code, columns, values, row_kind)


def make_fact(
    kind: str, section: str, code: str, label: str, value: Value,
    unit: str = "text", state: str = "", trace: tuple[str, ...] = (),
) -> Fact:  # fmt: skip
    """A fact whose key is kind/section/code/value."""
    return Fact(label, Figure(f"{kind}/{section}/{code}/value", value, unit, state, trace))


# Reading aloud


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


# Hashing, storing, comparing


def canonical_json(content: Content) -> bytes:
    """The content as bytes that are the same wherever and whenever they are made; store these, not a JSON column."""
    return json.dumps(
        _to_plain(content), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def from_json(data: bytes) -> Content:
    """The content that canonical_json wrote; refuses another format."""
    plain = json.loads(data)
    if plain.get("format") != FORMAT:
        raise ValueError(f"This content is written in format {plain.get('format')}; this system reads {FORMAT}")
    return _from_plain(Content, plain)  # type: ignore[no-any-return]


def content_hash(content: Content) -> str:
    """SHA-256 over all that the return says; status, signatures, times and watermark are no part of it."""
    return hashlib.sha256(canonical_json(content)).hexdigest()


def short_hash(full: str) -> str:
    """The first sixteen characters in fours, to be compared by eye: "9f86 d081 884c 7d65"."""
    return " ".join(full[i : i + 4] for i in range(0, 16, 4))


def _to_plain(value: typing.Any) -> typing.Any:
    if dataclasses.is_dataclass(value):
        return {part.name: _to_plain(getattr(value, part.name)) for part in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_to_plain(part) for part in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value


def _from_plain(wanted: typing.Any, plain: typing.Any) -> typing.Any:
    if isinstance(wanted, types.UnionType):
        return None if plain is None else _from_plain(typing.get_args(wanted)[0], plain)
    if typing.get_origin(wanted) is tuple:
        return tuple(_from_plain(typing.get_args(wanted)[0], part) for part in plain)
    if wanted is Figure:
        return Figure(plain["key"], _read_value(plain), plain["unit"], plain["state"], tuple(plain["trace"]))
    if dataclasses.is_dataclass(wanted):
        hints = typing.get_type_hints(wanted)
        return wanted(**{name: _from_plain(hints[name], part) for name, part in plain.items()})  # type: ignore[operator]
    return plain


def _read_value(plain: dict[str, typing.Any]) -> Value:
    value = plain["value"]
    if value is None:
        return None
    made = TYPES[plain["unit"]]
    return date.fromisoformat(value) if made is date else made(value)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Difference:
    """What one revision changed: `change` is changed, added, removed or sources (same value, other trace)."""

    key: str
    where: str
    change: str
    before: str
    after: str


def differences(old: Content, new: Content) -> list[Difference]:
    """What `new` says otherwise than `old`, by stable key: new order first, then what was removed."""
    before, after = stated(old), stated(new)
    found = []
    for key, (where, words, trace) in after.items():
        if key not in before:
            found.append(Difference(key, where, "added", "", words))
        elif before[key][1] != words:
            found.append(Difference(key, where, "changed", before[key][1], words))
        elif before[key][2] != trace:
            found.append(Difference(key, where, "sources", words, words))
    for key, (where, words, _) in before.items():
        if key not in after:
            found.append(Difference(key, where, "removed", words, ""))
    return found


def stated(content: Content) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Key → where it stands in words, what it says, what it rests on."""
    stated: dict[str, tuple[str, str, tuple[str, ...]]] = {}
    for section in content.sections:
        for fact in section.facts:
            stated[fact.figure.key] = (f"{section.title}: {fact.label}", figure_words(fact.figure), fact.figure.trace)
        for item in section.narrative:
            key = f"{content.kind}/{section.code}/{item.code}/text"
            stated[key] = (f"{section.title}: {item.title}", item.text, ())
        for at, text in enumerate(section.paragraphs, start=1):
            stated[f"{content.kind}/{section.code}/paragraph-{at}/words"] = (section.title, text, ())
        for row in section.table.rows if section.table else ():
            name = ", ".join(figure_words(cell) for cell in row.cells[: section.table.headings])  # type: ignore[union-attr]
            for column, cell in zip(section.table.columns, row.cells, strict=True):  # type: ignore[union-attr]
                stated[cell.key] = (f"{section.title}: {name}: {column.title}", figure_words(cell), cell.trace)
    for definition in content.definitions:
        words = f"{definition.words} (version {definition.version})" if definition.version else definition.words
        stated[f"{content.kind}/definitions/{slug(definition.term)}/words"] = (definition.term, words, ())
    for at, text in enumerate(content.notes, start=1):
        stated[f"{content.kind}/notes/note-{at}/words"] = ("Notes", text, ())
    for used in content.thresholds:
        stated[f"{content.kind}/thresholds/{slug(used.name)}/value"] = (used.name, used.value, ())
    return stated


# What is true of a file and not of the content


@dataclass(frozen=True)
class SignatureGiven:
    """A signature as files print it. `name` is the person's, `role` and `organisation` as held when signing."""

    capacity: str
    name: str
    role: str
    organisation: str
    moment: datetime
    statement: str
    content_hash: str
    note: str = ""


@dataclass(frozen=True)
class Stamp:
    """What a file says about itself: draft or final, made when, signed by whom. No part of the content hash.

    `date_note` is the demonstration's "System date 9 April 2025", empty in service.
    """

    final: bool
    generated_at: datetime
    content_hash: str
    signatures: tuple[SignatureGiven, ...] = ()
    workbook_name: str = "return.xlsx"
    document_name: str = "return.pdf"
    date_note: str = ""

    @property
    def status(self) -> str:
        return "Final" if self.final else "DRAFT – not certified"


def check_stamp(content: Content, stamp: Stamp) -> None:
    """Refuses a stamp of another content, and a final one that anybody signed for another content."""
    if stamp.content_hash != content_hash(content):
        raise ValueError("The stamp bears the hash of another content")
    if not stamp.final:
        return
    if any(signature.content_hash != stamp.content_hash for signature in stamp.signatures):
        raise ValueError("A signature was given for another content")
    signed = {signature.capacity for signature in stamp.signatures}
    if absent := [asked.capacity for asked in content.signatures_asked if asked.capacity not in signed]:
        raise ValueError(f"Not final: the signature is missing of: {', '.join(absent)}")


def file_name(content: Content, *, final: bool, suffix: str) -> str:
    """The reference and, for a draft, the word: "DAPF-2023-25-R1-2024-25-Q3-rev1-draft.xlsx"."""
    stem = re.sub(r"[^A-Za-z0-9.-]+", "-", content.reference).strip("-.")
    return f"{stem}{'' if final else '-draft'}.{suffix.lstrip('.')}"
