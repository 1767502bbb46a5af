"""A column of cells -> dates, read as a column, since only a column can prove day first or month first.

No cell is ever given today's date, or another's: what cannot be read has no date and a reason.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from core.reading.cells import Cell, is_blank, quoted, text_of

EARLIEST, LATEST = date(1990, 1, 1), date(2099, 12, 31)
# "Wednesday 30th of September 2023 00:00:00.000 +01:00" has 52 characters.
LONGEST = 60
# Day 0 of spreadsheet serials, right for every day after February 1900.
SERIAL_EPOCH = date(1899, 12, 30)
# One slip among many proofs does not put the rest of a column in doubt.
OUTWEIGHS = 10

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|" + (
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"'?(?P<year>\d{4}|\d{2})"
_WEEKDAY = re.compile(r"^(mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat|sun)[a-z]*[.,]?\s+", re.IGNORECASE)
_CLOCK = re.compile(r"[\sT]+\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([ap]m)?\s*(Z|[+-]\d{2}:?\d{2})?$", re.IGNORECASE)
_NAMED = (
    re.compile(rf"{_DAY}[\s./,-]*(?:of\s+)?{_MONTH}[\s./,-]*{_YEAR}", re.IGNORECASE),
    re.compile(rf"{_MONTH}[\s./-]*{_DAY}[\s,./-]+{_YEAR}", re.IGNORECASE),
)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})(?P<mark>[-/.]?)(?P<month>\d{2}|\d(?=[-/.]))(?P=mark)(?P<day>\d{1,2})")
_NUMBERS = re.compile(r"(?P<first>\d{1,2})\s*(?P<mark>[-/. ])\s*(?P<second>\d{1,2})\s*(?P=mark)\s*" + _YEAR)
_SERIAL = re.compile(r"\d{5}(\.\d+)?")


@dataclass(frozen=True)
class Unordered:
    """Two numbers and a year, before it is known which of the two is the day."""

    first: int
    second: int
    year: int

    def day_first(self) -> date | None:
        return _date(self.year, self.second, self.first)

    def month_first(self) -> date | None:
        return _date(self.year, self.first, self.second)


@dataclass(frozen=True)
class DateColumn:
    """The dates of a column, cell for cell; `faults` says by position why a filled cell has none.

    `order` is "day" or "month" where a cell proves which comes first, "both" where cells prove
    either, "unproven" where none does, and "" where no date is written in numbers alone.
    """

    days: list[date | None]
    faults: dict[int, str]
    order: str
    from_serials: int


def read_dates(cells: Sequence[Cell], serial_shift: int = 0, told: str = "") -> DateColumn:
    """The dates of a column. `told` ("day" or "month") is which comes first, where a person has said so."""
    found = [_read_one(cell, serial_shift) for cell in cells]
    unordered = [item for item in found if isinstance(item, Unordered)]
    proofs_of_day = sum(1 for item in unordered if item.day_first() and not item.month_first())
    proofs_of_month = sum(1 for item in unordered if item.month_first() and not item.day_first())
    open_to_both = any(item.first != item.second for item in unordered if item.day_first() and item.month_first())
    days: list[date | None] = []
    faults = {}
    for position, item in enumerate(found):
        if isinstance(item, Unordered):
            text = text_of(cells[position])
            item = _as_told(item, text, told) if told else _settled(item, text, proofs_of_day, proofs_of_month)
        if isinstance(item, str):
            faults[position] = item
        days.append(item if isinstance(item, date) else None)
    if told:
        order = ""
    elif proofs_of_day and proofs_of_month:
        order = "both"
    elif proofs_of_day or proofs_of_month:
        order = "day" if proofs_of_day else "month"
    else:
        order = "unproven" if open_to_both else ""
    serials = sum(1 for cell, day in zip(cells, days, strict=True) if day and _is_serial(cell))
    return DateColumn(days, faults, order, serials)


def is_date(cell: Cell) -> bool:
    """Whether the cell by itself is a date, in either order of day and month; serials are not."""
    return not _is_serial(cell) and isinstance(_read_one(cell, 0), date | Unordered)


def can_be_date(cell: Cell, serial_shift: int) -> bool:
    """Whether a cell of a date column holds a date, day numbers included."""
    return isinstance(_read_one(cell, serial_shift), date | Unordered)


def _as_told(item: Unordered, text: str, told: str) -> date | str:
    day = item.day_first() if told == "day" else item.month_first()
    return day or f"{quoted(text)} is not a day of the calendar with the {told} first"


def _settled(item: Unordered, text: str, proofs_of_day: int, proofs_of_month: int) -> date | str:
    day_first, month_first = item.day_first(), item.month_first()
    if not (day_first and month_first):
        return day_first or month_first or f"{quoted(text)} is not a day of the calendar"
    if proofs_of_month and not proofs_of_day:
        return month_first
    if proofs_of_month and proofs_of_day < OUTWEIGHS * proofs_of_month and day_first != month_first:
        return f"{quoted(text)} could be {in_words(day_first)} or {in_words(month_first)}: the column holds both orders"
    return day_first


def in_words(day: date) -> str:
    """1 April 2023, as a date is written for a person."""
    return f"{day.day} {day:%B %Y}"


def _read_one(cell: Cell, serial_shift: int) -> date | Unordered | str | None:
    if isinstance(cell, datetime):
        return _plausible(cell.date(), text_of(cell))
    if isinstance(cell, date):
        return _plausible(cell, text_of(cell))
    if isinstance(cell, time | timedelta):
        return f"{quoted(cell)} is a time of day, not a date"
    if isinstance(cell, bool):
        return f"{quoted(cell)} is not a date"
    if isinstance(cell, int | float):
        return _from_serial(float(cell), text_of(cell), serial_shift)
    return None if is_blank(cell) else _from_text(text_of(cell))


@lru_cache(maxsize=1 << 16)
def _from_text(text: str) -> date | Unordered | str:
    if len(text) > LONGEST:
        return f"{quoted(text)} is not a date"
    if re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?(\.\d+)?", text):
        return f"{quoted(text)} is a time of day, not a date"
    bare = _CLOCK.sub("", _WEEKDAY.sub("", text.lstrip("'"))).strip()
    if _SERIAL.fullmatch(bare):
        return _from_serial(float(bare), text, 0)
    if match := _YEAR_FIRST.fullmatch(bare):
        day = _date(int(match["year"]), int(match["month"]), int(match["day"]))
        return _plausible(day, text)
    for form in _NAMED:
        if match := form.fullmatch(bare):
            month = _MONTHS.index(match["month"][:3].lower()) + 1
            return _plausible(_date(_year(match["year"]), month, int(match["day"])), text)
    if match := _NUMBERS.fullmatch(bare):
        return _with_year(int(match["first"]), int(match["second"]), _year(match["year"]), text)
    return f"{quoted(text)} is not a date"


def _with_year(first: int, second: int, year: int, text: str) -> Unordered | str:
    if not EARLIEST.year <= year <= LATEST.year:
        return f"{quoted(text)} is not a likely date of a payment"
    return Unordered(first, second, year)


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return year + (2000 if year < 70 else 1900)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _plausible(day: date | None, text: str) -> date | str:
    if day is None:
        return f"{quoted(text)} is not a day of the calendar"
    return day if EARLIEST <= day <= LATEST else f"{quoted(text)} is not a likely date of a payment"


def _from_serial(number: float, text: str, serial_shift: int) -> date | str:
    days = number + serial_shift
    # Also refuses what is no number at all.
    if not 1 <= days <= (LATEST - SERIAL_EPOCH).days:
        return f"{quoted(text)} is not a date"
    day = SERIAL_EPOCH + timedelta(days=int(days))
    return day if day >= EARLIEST else f"{quoted(text)} is not a date"


def _is_serial(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return False
    return isinstance(cell, int | float) or (isinstance(cell, str) and bool(_SERIAL.fullmatch(cell.strip())))
