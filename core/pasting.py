"""What Excel puts on the clipboard -> cells, and the amounts and dates in them as a person meant them."""

import re
from datetime import date
from decimal import Decimal

from core.forms import read_day
from core.money import NOUGHT
from core.reading.amounts import amount_in

# Only what needs its quotes is quoted: a cell with a tab, a line break or a doubled quote in it. The
# closing quote ends its cell, so that 5" pipe and "as agreed" stay as they are.
_QUOTED = re.compile(r'"(?P<inner>(?:[^"]|"")*)"(?=[\t\r\n]|\Z)')
_NEEDS_QUOTES = re.compile(r'[\t\r\n]|""')
_CELL_ENDS = re.compile(r"[\t\r\n]")
_ROW_ENDS = re.compile(r"\r\n|\r|\n")
_SPACES = re.compile(r"[\u00a0\u2007\u202f]")
# Excel's accounting format shows nought as a dash: "£-", " - ".
_DASH_FOR_NOUGHT = re.compile(r"£?\s*[-−–]\s*")
_MIDNIGHT = re.compile(r"[ T]00:00(:00(\.0+)?)?\Z")


def cells(text: str) -> list[list[str]]:
    """The rows of a pasted block, each as long as it was; the line end after the last row makes no row.

    Cells are parted by tabs. A cell with a tab, a line break or doubled quotes in it comes in quotes,
    and its line breaks are handed back as "\\n".
    """
    found: list[list[str]] = []
    row: list[str] = []
    at = 0
    while at < len(text) or row:
        cell, at = _cell(text, at)
        row.append(cell)
        if text.startswith("\t", at):
            at += 1
            continue
        found.append(row)
        row = []
        if end := _ROW_ENDS.match(text, at):
            at = end.end()
    return found


def pasted_amount(text: str) -> Decimal | None:
    """The pounds in a pasted cell: "£1,234.50", "(12.00)", "12.00-", "12.00 CR", "£-" for nought; None where empty.

    Raises ValueError with a sentence for the person.
    """
    bare = _SPACES.sub(" ", text).strip()
    if not bare:
        return None
    if _DASH_FOR_NOUGHT.fullmatch(bare):
        return NOUGHT
    amount = amount_in(bare.replace("–", "-"), from_workbook=False)
    if amount.value is None:
        fault = amount.fault[:1].upper() + amount.fault[1:]
        raise ValueError(f"{fault}. Enter pounds and pence, like 1,234.50, and a credit as −12.00 or (12.00)")
    return amount.value


def pasted_day(text: str) -> date | None:
    """The date in a pasted cell, day first: 03/04/2023, 3-Apr-23, 2023-04-03, 3 April 2023; None where empty.

    Raises ValueError with a sentence for the person.
    """
    bare = _MIDNIGHT.sub("", _SPACES.sub(" ", text).strip())
    return read_day(bare) if bare else None


def _cell(text: str, at: int) -> tuple[str, int]:
    """The cell that begins at a place of the text, and where it ends."""
    quoted = _QUOTED.match(text, at)
    if quoted and _NEEDS_QUOTES.search(quoted["inner"]):
        return _ROW_ENDS.sub("\n", quoted["inner"].replace('""', '"')), quoted.end()
    end = _CELL_ENDS.search(text, at)
    ends = end.start() if end else len(text)
    return text[at:ends], ends
