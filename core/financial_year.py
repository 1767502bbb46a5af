"""Pure dates of the public-sector year: the only file that knows that it begins in April."""

import re
from datetime import date, timedelta

_MONTHS = ("April to June", "July to September", "October to December", "January to March")


def year_starting(day: date) -> int:
    """The calendar year in which the financial year of `day` began: 31 March 2024 -> 2023."""
    return day.year if day.month >= 4 else day.year - 1


def year_code(start: int) -> str:
    """2023 -> "2023-24"."""
    return f"{start}-{(start + 1) % 100:02d}"


def year_bounds(start: int) -> tuple[date, date]:
    """First and last day of the financial year that begins in April of `start`."""
    return date(start, 4, 1), date(start + 1, 3, 31)


def quarter_number(day: date) -> int:
    """1 for April to June, up to 4 for January to March."""
    return (day.month - 4) % 12 // 3 + 1


def quarter_bounds(start: int, number: int) -> tuple[date, date]:
    """First and last day of quarter 1 to 4 of the financial year that begins in April of `start`."""
    if number not in (1, 2, 3, 4):
        raise ValueError("A quarter is 1, 2, 3 or 4")
    month = 4 + 3 * (number - 1)
    first = date(start, month, 1) if month <= 12 else date(start + 1, month - 12, 1)
    following = date(first.year, first.month + 3, 1) if first.month <= 9 else date(first.year + 1, 1, 1)
    return first, following - timedelta(days=1)


def quarter_code(start: int, number: int) -> str:
    """(2023, 1) -> "2023-24-Q1"."""
    return f"{year_code(start)}-Q{number}"


def quarter_label(start: int, number: int) -> str:
    """(2023, 1) -> "2023-24 Q1 (April to June 2023)", the board's way of writing a quarter."""
    return f"{year_code(start)} Q{number} ({_MONTHS[number - 1]} {quarter_bounds(start, number)[0].year})"


def parse_quarter_code(code: str) -> tuple[int, int]:
    """ "2023-24-Q1" -> (2023, 1). Raises ValueError for anything else, 2023-25-Q1 included."""
    match = re.fullmatch(r"(\d{4})-(\d{2})-Q([1-4])", code)
    if not match or (int(match[1]) + 1) % 100 != int(match[2]):
        raise ValueError(f"“{code}” is not a quarter. Write it as 2023-24-Q1")
    return int(match[1]), int(match[3])
