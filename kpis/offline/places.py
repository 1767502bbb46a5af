"""Which cell of the quarter's workbook holds which box of a submission. Pure: the same questions, the same places."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from kpis.asking import Slot
from kpis.kinds import FigureType
from kpis.models import Submission

ABOUT, FIGURES, WORDS, CHECKS, MEANINGS = "Read me", "Figures", "Words", "Checks", "Definitions"
# Where a table's header row stands on each sheet, and so its first row of boxes.
HEADER_ROW = 4
# The columns of the two sheets that take answers; the key is last and locked.
FIGURE_COLUMNS = (
    "Section", "Code", "Measure", "What to give", "Last quarter", "Target", "Your figure", "Comment", "Estimate?",
    "If there is none yet, why", "Expected on", "Key",
)  # fmt: skip
WORD_COLUMNS = ("Section", "Code", "Question", "Your words", "Comment", "Key")
ANSWER, COMMENT, ESTIMATE, ABSENCE, EXPECTED, KEY = "G", "H", "I", "J", "K", "L"
WORDS_ANSWER, WORDS_COMMENT, WORDS_KEY = "D", "E", "F"
# The facts of the first sheet, by the row in which each stands: what the workbook is of.
IDENTITY_ROWS = {"supplier": 5, "project": 6, "quarter": 7, "reference": 8, "version": 9, "mark": 10}


@dataclass(frozen=True)
class Place:
    """A cell for a box: `key` is the box's name ("CHB-06", "CHB-01.area.essex", "CHB-06.comment")."""

    sheet: str
    cell: str
    key: str
    slot: Slot
    what: str = ""

    @property
    def words(self) -> str:
        """ "Figures, G7"."""
        return f"{self.sheet}, {self.cell}"


@dataclass
class Row:
    """A row of a sheet: its box, what it asks, and the boxes beside it that belong to the whole figure."""

    number: int
    key: str
    slot: Slot
    what: str
    column: str
    is_part: bool = False
    beside: dict[str, str] = field(default_factory=dict)


def rows_of(slots: Sequence[Slot]) -> tuple[list[Row], list[Row]]:
    """The rows of the sheet of figures and of the sheet of words, in the order of the pages."""
    figures: list[Row] = []
    words: list[Row] = []
    for slot in slots:
        if slot.figure_type == FigureType.TEXT:
            words.append(
                Row(HEADER_ROW + 1 + len(words), slot.key, slot, "", "text", beside={WORDS_COMMENT: "comment"})
            )
            continue
        first = len(figures)
        for column in slot.columns:
            figures.append(Row(0, slot.box(column), slot, COLUMN_WORDS.get(column, ""), column))
        for dimension, categories in slot.dimensions:
            for category in categories:
                for column in slot.columns:
                    said = COLUMN_WORDS.get(column, "")
                    what = f"{dimension.name}: {category.name}" + (f", {said.lower()}" if len(slot.columns) > 1 else "")
                    figures.append(Row(0, slot.part_box(category, column), slot, what, column, is_part=True))
        figures[first].beside = {COMMENT: "comment", ESTIMATE: "estimated", ABSENCE: "absence", EXPECTED: "expected"}
    for number, row in enumerate(figures, start=HEADER_ROW + 1):
        row.number = number
    return figures, words


def places_of(slots: Sequence[Slot]) -> list[Place]:
    """Every cell that takes an answer."""
    figures, words = rows_of(slots)
    found = []
    for sheet, answer, rows in ((FIGURES, ANSWER, figures), (WORDS, WORDS_ANSWER, words)):
        for row in rows:
            found.append(Place(sheet, f"{answer}{row.number}", row.key, row.slot, row.column))
            for letter, extra in row.beside.items():
                found.append(Place(sheet, f"{letter}{row.number}", f"{row.slot.key}.{extra}", row.slot, extra))
    return found


def mark_of(submission: Submission, slots: Sequence[Slot]) -> str:
    """What tells this quarter's workbook from an older or another one: what is asked, in which version, where."""
    asked = [submission.duty.reference, submission.quarter.code]
    for place in places_of(slots):
        asked.append(f"{place.sheet}!{place.cell}={place.key}@{place.slot.definition.number}")
    return hashlib.sha256("\n".join(asked).encode()).hexdigest()[:16]


COLUMN_WORDS = {
    "count": "Number",
    "scaled": "Number, with at most two decimals",
    "numerator": "The part",
    "denominator": "The whole",
    "people_quarter": "People in the quarter",
    "people_year": "People in the year so far",
    "people_programme": "People since the programme began",
    "total": "The sum",
    "n": "How many",
    "median": "The middle value",
    "rating": "Rating",
    "yes_no": "Yes or no",
    "forecast_on": "Date expected",
    "met_on": "Date met",
}
