"""Reading what was typed into the boxes of a submission, and what is stored, as answers.

Only what can be judged from one answer alone is refused here; the rest is in `kpis/rules.py`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from core.forms import read_day
from core.problems import Problem, refuse_if_blocking
from kpis.aggregation import Cell, cell_of, is_nought
from kpis.asking import Slot
from kpis.kinds import FigureType, State
from kpis.models import Breakdown, Category, Result, Submission

Numbers = dict[str, int]
_COLUMN_WORDS = {
    "numerator": "the part",
    "denominator": "the whole",
    "people_quarter": "people in the quarter",
    "people_year": "people in the year",
    "people_programme": "people since the programme began",
    "total": "the sum",
    "n": "how many",
    "median": "the middle value",
    "forecast_on": "the date expected",
    "met_on": "the date met",
}


@dataclass(frozen=True)
class Answer:
    """What is said for one slot. `cell` has the headline; `parts` the numbers of each category."""

    slot: Slot
    cell: Cell
    comment: str = ""
    text: str = ""
    forecast_on: date | None = None
    met_on: date | None = None
    rating: str | None = None
    yes_no: bool | None = None
    absence_reason: str = ""
    expected_on: date | None = None
    parts: Mapping[Category, Numbers] = field(default_factory=dict)

    @property
    def state(self) -> str:
        return self.cell.state

    def says_the_same(self, other: "Answer") -> bool:
        """Whether both give the same figures, breakdowns, dates or words, whatever their marks and comments."""
        return _plain(self) == _plain(other)


def _plain(answer: Answer) -> Answer:
    return replace(answer, cell=replace(answer.cell, state=State.REPORTED), comment="")


def is_touched(slot: Slot, figures: Mapping[str, str]) -> bool:
    """Whether the boxes handed in hold any of this slot, be they empty."""
    return any(name == slot.key or name.startswith(f"{slot.key}.") for name in figures)


def read_answers(slots: Iterable[Slot], figures: Mapping[str, str]) -> tuple[dict[str, Answer | None], list[Problem]]:
    """Key -> answer of every slot that was handed in (None: left blank), and all that could not be read."""
    answers: dict[str, Answer | None] = {}
    problems: list[Problem] = []
    for slot in slots:
        if is_touched(slot, figures):
            reader = _Reader(slot, figures)
            answers[slot.key] = reader.answer()
            problems += reader.problems
    return answers, problems


class _Reader:
    """Reads the boxes of one slot, gathering problems."""

    def __init__(self, slot: Slot, figures: Mapping[str, str]) -> None:
        self.slot = slot
        self.figures = figures
        self.problems: list[Problem] = []
        # The row of a breakdown that is being read, for the words of what is refused.
        self.of = ""

    def typed(self, box: str) -> str:
        return (self.figures.get(box) or "").strip()

    def refuse(self, code: str, words: str, box: str) -> None:
        self.problems.append(Problem(code, f"{self.slot.name} ({self.slot.code}){self.of}: {words}", True, box))

    def answer(self) -> Answer | None:
        comment = self.typed(f"{self.slot.key}.comment")
        values = self._values()
        parts = self._parts()
        if values is None:
            return self._absent(comment, parts)
        if self.typed(f"{self.slot.key}.absence"):
            self.refuse(
                "K01",
                "you gave a figure and a reason why there is none. Clear one of them.",
                f"{self.slot.key}.absence",
            )
        numbers = {name: value for name, value in values.items() if isinstance(value, int) and name != "yes_no"}
        cell = Cell(State.REPORTED, **numbers)
        if self.typed(f"{self.slot.key}.estimated"):
            cell = Cell(State.ESTIMATED, **numbers)
            if not comment:
                self.refuse("K16", "say in the comment where the estimate comes from.", f"{self.slot.key}.comment")
        elif numbers and is_nought(cell, self.slot.figure_type):
            cell = Cell(State.NIL, **numbers)
        self._check_order(values, self.slot.box)
        others = {name: value for name, value in values.items() if name not in numbers}
        return Answer(self.slot, cell, comment, parts=parts, **others)

    def _absent(self, comment: str, parts: Mapping[Category, Numbers]) -> Answer | None:
        reason, expected = self.typed(f"{self.slot.key}.absence"), self.typed(f"{self.slot.key}.expected")
        if parts and not self.problems:
            self.refuse(
                "K04", "enter the headline figure as well as its breakdown.", self.slot.box(self.slot.columns[0])
            )
        if not reason and not expected:
            if comment and not self.problems:
                self.refuse("K01", "enter the figure that the comment is about.", self.slot.box(self.slot.columns[0]))
            return None
        if not reason:
            self.refuse("K01", "say why the figure is not available.", f"{self.slot.key}.absence")
        day = self._day(f"{self.slot.key}.expected")
        if not expected:
            self.refuse("K01", "say when the figure is expected.", f"{self.slot.key}.expected")
        return Answer(self.slot, Cell(State.MISSING), comment, absence_reason=reason, expected_on=day)

    def _values(self) -> dict[str, Any] | None:
        """Column -> value of the headline; None where all boxes are empty."""
        kind = self.slot.figure_type
        if not any(self.typed(self.slot.box(column)) for column in self.slot.columns):
            return None
        if kind == FigureType.TEXT:
            return {"text": self.typed(self.slot.key)}
        if kind == FigureType.YES_NO:
            return {"yes_no": self.typed(self.slot.key).lower() in ("yes", "true")}
        if kind == FigureType.RATING:
            return self._rating()
        if kind == FigureType.MILESTONE:
            return {column: self._day(self.slot.box(column)) for column in self.slot.columns}
        return self._numbers(self.slot.box, optional=("median",) if kind == FigureType.MEDIAN else ())

    def _rating(self) -> dict[str, Any]:
        if self.typed(self.slot.key) not in Result.Rating.values:
            self.refuse("K02", "choose one of the ratings.", self.slot.key)
        return {"rating": self.typed(self.slot.key)}

    def _numbers(self, box: Any, optional: Sequence[str] = ()) -> dict[str, Any]:
        numbers: dict[str, Any] = {}
        for column in self.slot.columns:
            typed = self.typed(box(column))
            if typed:
                number = self._number(typed, box(column), column in ("scaled", "total", "median"))
                if number is not None:
                    numbers[column] = number
            elif column not in optional:
                self.refuse(
                    "K01", f"enter {_COLUMN_WORDS.get(column, 'the figure')} too, 0 if there was none.", box(column)
                )
        if numbers.get("n") and "median" in optional and "median" not in numbers and not self.problems:
            self.refuse("K01", "enter the middle value too.", box("median"))
        if "median" in numbers and numbers.get("n") == 0:
            self.refuse("K01", "there is no middle value of no cases. Leave it empty.", box("median"))
        return numbers

    def _number(self, typed: str, box: str, decimals: bool) -> int | None:
        """A count, or hundredths where decimals are taken."""
        plain = typed.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", typed) else typed
        if decimals:
            if match := re.fullmatch(r"(\d{1,9})(?:\.(\d{1,2}))?", plain):
                return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))
            self.refuse("K02", f"“{typed}” is not a number with at most two decimals. Enter a number like 2.5.", box)
        elif re.fullmatch(r"\d{1,12}", plain):
            return int(plain)
        else:
            self.refuse("K02", f"“{typed}” is not a whole number. Enter one such as 12, or 0.", box)
        return None

    def _day(self, box: str) -> date | None:
        if not self.typed(box):
            return None
        try:
            return read_day(self.typed(box))
        except ValueError as error:
            self.refuse("K19", f"{error}.", box)
            return None

    def _parts(self) -> dict[Category, Numbers]:
        parts: dict[Category, Numbers] = {}
        for _, categories in self.slot.dimensions:
            for category in categories:
                self.of = f", {category.name}"
                boxes = [self.slot.part_box(category, column) for column in self.slot.columns]
                if any(self.typed(box) for box in boxes):
                    numbers = self._numbers(lambda column, category=category: self.slot.part_box(category, column))
                    self._check_order(numbers, lambda column, category=category: self.slot.part_box(category, column))
                    parts[category] = numbers
        self.of = ""
        return parts

    def _check_order(self, values: Mapping[str, Any], box: Any) -> None:
        """K03 and the part of K10 that one answer alone can break."""
        part, whole = values.get("numerator"), values.get("denominator")
        if part is not None and whole is not None and part > whole:
            words = f"{part:,} out of {whole:,} cannot be. The part cannot be larger than the whole."
            self.refuse("K03", words, box("numerator"))
        steps = [values.get(name) for name in ("people_quarter", "people_year", "people_programme")]
        if None not in steps and steps != sorted(steps):  # type: ignore[type-var]
            words = (
                "people in the quarter cannot be more than in the year, nor those more than since the programme began."
            )
            self.refuse("K10", words, box("people_quarter"))


def stored_answers(submission: Submission, slots: Iterable[Slot]) -> dict[str, Answer]:
    """Key -> answer, of what the submission holds for these slots. Two queries."""
    by_place = {_place_of_slot(slot): slot for slot in slots}
    answers = {}
    rows = submission.results.select_related("definition__kpi").prefetch_related("breakdowns__category__dimension")
    for row in rows:
        slot = by_place.get((row.definition_id, row.entry_quarter_id, row.milestone_id))
        if slot is not None:
            answers[slot.key] = _answer_of(row, slot)
    return answers


def answers_at_work(submission: Submission, slots: Sequence[Slot]) -> dict[str, Answer]:
    """Key -> answer, as the supplier works on it: what is stored with its corrections in place. Three queries."""
    answers = stored_answers(submission, slots)
    by_key = {slot.key: slot for slot in slots}
    for row in submission.corrections.all():
        answers.pop(row.slot, None)
        if row.slot in by_key and row.boxes:
            read, problems = read_answers([by_key[row.slot]], row.boxes)
            refuse_if_blocking(problems)
            answers |= {key: answer for key, answer in read.items() if answer is not None}
    return answers


def _place_of_slot(slot: Slot) -> tuple[int, int | None, int | None]:
    return (
        slot.definition.pk,
        slot.entry_quarter.pk if slot.entry_quarter else None,
        slot.milestone.pk if slot.milestone else None,
    )


def _answer_of(row: Result, slot: Slot) -> Answer:
    return Answer(
        slot,
        cell_of(row, row.state),
        row.comment,
        row.text,
        row.forecast_on,
        row.met_on,
        row.rating,
        row.yes_no,
        row.absence_reason,
        row.expected_on,
        {part.category: {column: getattr(part, column) for column in slot.columns} for part in row.breakdowns.all()},
    )


def result_of(submission: Submission, answer: Answer) -> tuple[Result, list[Breakdown]]:
    """The unsaved rows of an answer."""
    slot, cell = answer.slot, answer.cell
    numbers = {column: getattr(cell, column) for column in slot.columns if hasattr(cell, column)}
    result = Result(
        submission=submission,
        definition=slot.definition,
        figure_type=slot.figure_type,
        state=cell.state,
        entry_quarter=slot.entry_quarter,
        window_months=slot.definition.window_months if slot.entry_quarter else None,
        milestone=slot.milestone,
        text=answer.text,
        forecast_on=answer.forecast_on,
        met_on=answer.met_on,
        rating=answer.rating,
        yes_no=answer.yes_no,
        comment=answer.comment,
        absence_reason=answer.absence_reason,
        expected_on=answer.expected_on,
        **numbers,
    )
    parts = [
        Breakdown(result=result, category=category, figure_type=slot.figure_type, **part)
        for category, part in answer.parts.items()
    ]
    return result, parts


def boxes_of(answer: Answer) -> dict[str, str]:
    """What the boxes show for an answer that is stored: the inverse of reading it."""
    slot = answer.slot
    boxes = {f"{slot.key}.comment": answer.comment}
    if answer.state == State.MISSING:
        boxes |= {f"{slot.key}.absence": answer.absence_reason, f"{slot.key}.expected": _day_text(answer.expected_on)}
        return boxes
    if answer.state == State.ESTIMATED:
        boxes[f"{slot.key}.estimated"] = "on"
    for column in slot.columns:
        boxes[slot.box(column)] = _column_text(answer, column)
    for category, numbers in answer.parts.items():
        for column, number in numbers.items():
            boxes[slot.part_box(category, column)] = _number_text(number, column)
    return boxes


def _column_text(answer: Answer, column: str) -> str:
    if column == "yes_no":
        return {True: "yes", False: "no", None: ""}[answer.yes_no]
    if column in ("text", "rating"):
        return getattr(answer, column) or ""
    if column in ("forecast_on", "met_on"):
        return _day_text(getattr(answer, column))
    return _number_text(getattr(answer.cell, column), column)


def _number_text(number: int | None, column: str) -> str:
    if number is None:
        return ""
    if column in ("scaled", "total", "median"):
        return f"{number // 100}.{number % 100:02d}".removesuffix(".00")
    return str(number)


def _day_text(day: date | None) -> str:
    return f"{day.day} {day:%B} {day.year}" if day else ""
