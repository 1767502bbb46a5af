"""Reading a quarter's workbook back: every problem by sheet and cell, and what was typed, box by box."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.datetime import from_excel
from openpyxl.workbook import Workbook
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.worksheet import Worksheet

from core.archives import DAMAGED
from core.forms import LONGEST_TEXT
from core.packages import Package
from core.problems import Problem, Refused, refuse
from kpis.answers import read_answers
from kpis.asking import Slot
from kpis.models import Result, Submission
from kpis.offline.places import (
    ABOUT,
    CHECKS,
    FIGURES,
    IDENTITY_ROWS,
    KEY,
    MEANINGS,
    WORDS,
    WORDS_KEY,
    Place,
    mark_of,
    places_of,
    rows_of,
)

# Far more than a workbook of ours holds.
MOST_UNPACKED = 30 * 1024 * 1024
# What the other form of the format calls itself, which openpyxl reads as an empty workbook.
_STRICT = b"purl.oclc.org/ooxml"
_DAYS = ("forecast_on", "met_on", "expected")
_RATINGS = {str(label).lower(): value for value, label in Result.Rating.choices}
_NEW_ONE = "Take the workbook of these results anew, and copy your figures into it."


@dataclass
class Taken:
    """What a workbook says: box -> what was typed; the version that it was taken at; and what is wrong with it.

    A problem's message begins with its sheet and cell, and its `where` is the box.
    """

    figures: dict[str, str] = field(default_factory=dict)
    version: int = 0
    problems: list[Problem] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)

    def placed(self, problem: Problem) -> Problem:
        """A problem of the rules, with the cell that it is about before its words."""
        place = self.places.get(problem.where) or next(
            (row for key, row in self.places.items() if key.startswith(f"{problem.where}.")), None
        )
        if place is None or not problem.where:
            return problem
        return Problem(problem.code, f"{place.words}: {problem.message}", problem.blocking, problem.where)


def read_workbook(data: bytes, name: str, submission: Submission, slots: Sequence[Slot]) -> Taken:
    """Read the file of that name back. Refuses what is no workbook of these results.

    All else that is wrong is in the answer's problems.
    """
    book = _opened(data, name)
    _require_sheets(book)
    _require_identity(book[ABOUT], submission, slots)
    _require_rows(book, slots)
    found = Taken(version=_version(book[ABOUT]), places={place.key: place for place in places_of(slots)})
    known = (ABOUT, FIGURES, WORDS, CHECKS, MEANINGS)
    for name in book.sheetnames:
        if name not in known:
            found.problems.append(Problem("sheet", f"{name}: this sheet is not read. Only ours are.", False))
    for place in found.places.values():
        reader = _Cell(book[place.sheet], place)
        found.figures[place.key] = reader.text()
        found.problems += reader.problems
    _, problems = read_answers(slots, found.figures)
    silent = {problem.where for problem in found.problems if problem.blocking}
    found.problems += [found.placed(problem) for problem in problems if problem.where not in silent]
    order = {key: number for number, key in enumerate(found.places)}
    found.problems.sort(key=lambda problem: (not problem.blocking, order.get(problem.where, -1)))
    return found


def valid_part(taken: Taken, slots: Sequence[Slot]) -> dict[str, str]:
    """What was typed for the figures with which nothing is wrong; the others stay as they are."""
    wrong = {problem.where for problem in taken.problems if problem.blocking}
    spoilt = {slot.key for slot in slots for where in wrong if where == slot.key or where.startswith(f"{slot.key}.")}
    return {box: typed for box, typed in taken.figures.items() if taken.places[box].slot.key not in spoilt}


def _opened(data: bytes, name: str) -> Workbook:
    try:
        if _STRICT in Package(data, name, most=MOST_UNPACKED).part("xl/workbook.xml"):
            words = f"“{name}” is a Strict Open XML workbook. Save it as “Excel Workbook (.xlsx)”, and upload that."
            raise refuse("file", words)
        return load_workbook(io.BytesIO(data))
    except Refused as refusal:
        raise Refused(replace(problem, where="file") for problem in refusal.problems) from None
    except (*DAMAGED, KeyError, TypeError, AttributeError, IndexError):
        words = f"“{name}” cannot be opened as an Excel workbook. Open it in Excel, save it as .xlsx, and upload that."
        raise refuse("file", words, "file") from None


def _require_sheets(book: Workbook) -> None:
    for name in (ABOUT, FIGURES, WORDS):
        if name not in book.sheetnames:
            words = f"The sheet “{name}” is missing or was renamed. Give it its name back, or take the workbook anew."
            raise refuse("sheet", words, "file")
        if not isinstance(book[name], Worksheet):
            raise refuse("sheet", f"“{name}” is not a sheet of cells any more. {_NEW_ONE}", "file")


def _require_identity(sheet: Worksheet, submission: Submission, slots: Sequence[Slot]) -> None:
    """The workbook is of these results, and of what they ask now. Of whose else it may be is not said."""

    def said(name: str) -> str:
        return str(sheet[f"B{IDENTITY_ROWS[name]}"].value or "").strip()

    if said("quarter") != str(submission.quarter):
        words = f"this workbook is of “{said('quarter')[:60]}”, and these results are of {submission.quarter}."
    elif said("supplier") != submission.duty.organisation.name or said("project") != submission.duty.project.name:
        words = "this workbook is of another supplier or project."
    elif said("mark") != mark_of(submission, slots):
        words = "what is asked has changed since this workbook was taken, or its first sheet was changed."
    elif said("reference") != submission.reference:
        words = "these results have been revised since this workbook was taken."
    else:
        return
    raise refuse("K21", f"{ABOUT}: {words} {_NEW_ONE}", "file")


def _require_rows(book: Workbook, slots: Sequence[Slot]) -> None:
    """Each row bears its key where it was; nothing is read by luck of position."""
    figures, words = rows_of(slots)
    for sheet, letter, rows in ((FIGURES, KEY, figures), (WORDS, WORDS_KEY, words)):
        for row in rows:
            if str(book[sheet][f"{letter}{row.number}"].value or "") != row.key:
                said = (
                    f"{sheet}, row {row.number}: rows were moved, added or deleted from here on. Undo that. {_NEW_ONE}"
                )
                raise refuse("rows", said, "file")


def _version(sheet: Worksheet) -> int:
    text = str(sheet[f"B{IDENTITY_ROWS['version']}"].value or "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


class _Cell:
    """One cell that takes an answer, read into the words that would be typed into its box."""

    def __init__(self, sheet: Worksheet, place: Place) -> None:
        self.sheet, self.place = sheet, place
        self.problems: list[Problem] = []

    def refuse(self, words: str) -> str:
        slot = self.place.slot
        message = f"{self.place.words}: {slot.name} ({slot.code}): {words}"
        self.problems.append(Problem("K02", message, True, self.place.key))
        return ""

    def text(self) -> str:
        if any(self.place.cell in area for area in self.sheet.merged_cells.ranges):
            return self.refuse("this cell was merged with others. Unmerge them, and type the figure into it.")
        cell = self.sheet[self.place.cell]
        value: Any = cell.value
        if value is None:
            return ""
        if cell.data_type == "e":
            return self.refuse(f"this cell holds the error {value}. Type the figure itself.")
        if cell.data_type == "f" or isinstance(value, ArrayFormula | DataTableFormula):
            return self.refuse("this cell holds a formula. Type the figure itself, so that it can be proved.")
        reading: Mapping[str, Any] = {
            "estimated": self._tick, "yes_no": self._yes_no, "rating": self._rating,
            **dict.fromkeys(_DAYS, self._day),
        }  # fmt: skip
        return reading.get(self.place.what, self._plain)(value)

    def _plain(self, value: Any) -> str:
        words = self.place.what in ("text", "comment", "absence")
        if isinstance(value, bool):
            return str(value) if words else self.refuse("this is neither a number nor empty. Type the number.")
        if isinstance(value, datetime | date):
            return _day(value) if words else self.refuse("a date stands where a number belongs. Type the number.")
        text = _number(value) if isinstance(value, int | float) else str(value).strip()
        if len(text) > (LONGEST_TEXT if words else 40):
            return self.refuse(f"this is longer than {LONGEST_TEXT:,} characters. Shorten it." if words
                               else "this is too long for a number. Type the number alone.")  # fmt: skip
        return text

    def _day(self, value: Any) -> str:
        if isinstance(value, datetime | date):
            return _day(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and 30_000 <= value <= 80_000:
            return _day(from_excel(value))
        return (
            self._plain(value)
            if isinstance(value, str)
            else self.refuse("this is not a date. Type one, as 3 April 2023.")
        )

    def _tick(self, value: Any) -> str:
        said = str(value).strip().lower()
        if said in ("yes", "true", "y", "x"):
            return "on"
        return "" if said in ("", "no", "false", "n") else self.refuse("choose yes, or leave it empty.")

    def _yes_no(self, value: Any) -> str:
        said = str(value).strip().lower()
        found = {"yes": "yes", "true": "yes", "no": "no", "false": "no", "": ""}.get(said)
        return self.refuse(f"“{said[:40]}” is neither yes nor no. Choose one of the two.") if found is None else found

    def _rating(self, value: Any) -> str:
        said = str(value).strip()
        return _RATINGS.get(said.lower(), said)


def _day(value: datetime | date) -> str:
    return f"{value.day} {value:%B} {value.year}"


def _number(value: int | float) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".10g")
    return str(value)
