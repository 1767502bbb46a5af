"""A submission and its figures in words, as pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.forms import day_in_words
from kpis.answers import Answer
from kpis.asking import Slot
from kpis.forms import words_of_last
from kpis.kinds import FigureType, Kind, Section, State
from kpis.models import KpiVersion, Target
from kpis.results import Shown

_MARKERS = frozenset("cxzpre")
_STATE_WORDS = {
    State.NIL: "nil confirmed", State.ESTIMATED: "[e]", State.REVISED: "[r]", State.LATE: "late",
}  # fmt: skip


@dataclass(frozen=True)
class ReadTable:
    """A breakdown as it was filled: pairs of category and figure."""

    name: str
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class ReadRow:
    """One figure of a submission. `words` is empty where nothing is filled yet."""

    slot: Slot
    words: str
    last: str
    comment: str
    tables: Sequence[ReadTable]
    narrative: bool


@dataclass(frozen=True)
class ReadSection:
    """One section of a submission."""

    section: Section
    rows: Sequence[ReadRow]

    @property
    def filled(self) -> int:
        return sum(bool(row.words) for row in self.rows)


def figure_words(shown: Shown) -> str:
    """A figure as it is printed: "1,234 [r]", "[c]", "12.5%", "Missing"."""
    if shown.value is None:
        if shown.caveat == "no cases":
            return "No cases"
        return mark_words(shown) if shown.state in _MARKERS else shown.state.capitalize()
    return f"{_value_words(shown.value, shown.unit)} {mark_words(shown)}".strip()


def mark_words(shown: Shown) -> str:
    """What is written after a figure: "[p]", "(late)"; nothing where it stands as reported."""
    if shown.state in ("", "nil"):
        return ""
    return f"[{shown.state}]" if shown.state in _MARKERS else f"({shown.state})"


def has_number(shown: Shown) -> bool:
    """Whether the figure is a number, and not a word, a date or the reason why there is none."""
    return isinstance(shown.value, int | Decimal)


def _value_words(value: Decimal | int | str | date, unit: str) -> str:
    if isinstance(value, date):
        return day_in_words(value)
    if isinstance(value, str):
        return value
    return f"{value:,}%" if unit == "percent" else f"{value:,}"


def read_sections(slots: Sequence[Slot], answers: Mapping[str, Answer], last: Mapping[str, str]) -> list[ReadSection]:
    """The whole submission, section by section."""
    sections: dict[Section, list[ReadRow]] = {}
    for slot in slots:
        answer = answers.get(slot.key)
        row = ReadRow(
            slot,
            answer_words(answer) if answer else "",
            last.get(slot.key, ""),
            answer.comment if answer else "",
            _tables(slot, answer) if answer else (),
            slot.figure_type == FigureType.TEXT,
        )
        sections.setdefault(slot.section, []).append(row)
    return [ReadSection(section, rows) for section, rows in sections.items()]


def answer_words(answer: Answer) -> str:
    """What was answered, in words."""
    if answer.state == State.MISSING:
        when = f", expected {day_in_words(answer.expected_on)}" if answer.expected_on else ""
        return f"Not available: {answer.absence_reason}{when}"
    words = _own_words(answer)
    state = _STATE_WORDS.get(State(answer.state), "")
    return f"{words} {state}".strip() if state.startswith("[") else f"{words} ({state})" if state else words


def _own_words(answer: Answer) -> str:
    kind = answer.slot.figure_type
    if kind == FigureType.TEXT:
        return answer.text
    if kind == FigureType.MILESTONE:
        met = f"Met {day_in_words(answer.met_on)}" if answer.met_on else ""
        return met or (f"Expected {day_in_words(answer.forecast_on)}" if answer.forecast_on else "")
    if kind == FigureType.YES_NO:
        return "Yes" if answer.yes_no else "No"
    if kind == FigureType.RATING:
        return (answer.rating or "").capitalize()
    if kind == FigureType.COHORT:
        return f"{answer.cell.numerator:,} out of {answer.cell.denominator:,}"
    return words_of_last(answer.slot, answer.cell)


def _tables(slot: Slot, answer: Answer) -> list[ReadTable]:
    tables = []
    for dimension, categories in slot.dimensions:
        rows = [
            (category.name, " / ".join(f"{answer.parts[category][column]:,}" for column in slot.columns))
            for category in categories
            if category in answer.parts
        ]
        if rows:
            tables.append(ReadTable(dimension.name, rows))
    return tables


def range_words(version: KpiVersion) -> str:
    """The plausible range of a measure: "5% to 80%", "at least 3"; empty where there is none."""
    low, high = (None if end is None else _in_unit(end, version) for end in (version.low, version.high))
    if low is not None and high is not None:
        return f"{low} to {high}"
    return f"at least {low}" if low is not None else f"at most {high}" if high is not None else ""


def target_words(row: Target, version: KpiVersion, column: str = "") -> str:
    """A target in its measure's unit, a range with both ends; with `column` one of its other figures."""
    kept = getattr(row, column) if column else row.value
    if kept is None:
        return ""
    words = _in_unit(kept, version)
    return f"{words} to {_in_unit(row.upper, version)}" if row.upper is not None and not column else words


def _in_unit(kept: int, version: KpiVersion) -> str:
    number = Decimal(kept).scaleb(-2)
    plain = f"{number.normalize():,f}"
    return f"{plain}%" if version.kind in (Kind.RATIO, Kind.COHORT) else plain
