"""Reading the ledgers that organisations send: bytes of an upload -> payments, or a refusal in one sentence.

Only this module is for other floors; the modules beside it are its parts, from cells up to sheets.
"""

from pathlib import PurePath

from core.problems import Problem, refuse
from core.reading.across import coverage, duplicates, without_repeats
from core.reading.amounts import BLANK_AMOUNT
from core.reading.cells import Sheet
from core.reading.files import open_sheets, require_size
from core.reading.headings import Columns
from core.reading.ledger import LedgerReading, LedgerRow, SheetReading, UnreadableRow
from core.reading.sheet_reader import Chosen, read_sheet

__all__ = ["Chosen", "LedgerReading", "LedgerRow", "SheetReading", "UnreadableRow", "read_ledger", "require_size"]

DEFAULT_LIMIT = 20 * 1024 * 1024
# Worst first: money that is missing or doubled, then dates, then what is only good to know.
_ORDER = ("L1", "L2", "L20", "L6", "L7", "L3", "L4", "L10", "L9", "L12", "L5", "L8")


def read_ledger(
    data: bytes,
    filename: str,
    *,
    sheet: str | None = None,
    limit: int = DEFAULT_LIMIT,
    columns: Chosen | None = None,
    order: str = "",
) -> LedgerReading:
    """Read every visible sheet that holds a ledger, or only the one named.

    `columns` gives those of a header, by its key, where a person chose them; `order` ("day" or
    "month") says which comes first in a date where a person has said so.
    Raises core.problems.Refused, with one sentence, for a file that is too large (above `limit`
    bytes), of another kind, protected, damaged or hostile, or in which no ledger can be found.
    Nothing is dropped in silence: a row is in the reading, blank, a header, a total, or named.
    """
    name = PurePath(filename).name
    sheets, problems = open_sheets(data, filename, limit)
    chosen = _chosen(sheets, sheet, name, problems)
    readings: list[SheetReading] = []
    like: Columns | None = None
    empty = []
    for one in chosen:
        read = read_sheet(one, like, chosen=columns, order=order)
        if read:
            like = read[1]
        if read and (read[0].rows or read[0].unreadable):
            readings.append(read[0])
        elif any(one.rows):
            empty.append(one.name)
    if not any(reading.rows for reading in readings):
        raise _no_ledger(sheets, readings, name, sheet)
    if empty:
        names = ", ".join(f"“{one}”" for one in empty)
        problems.append(Problem("L7", f"No ledger was found on {names}: nothing was read from there.", False))
    kept, repeats = without_repeats(readings)
    problems += repeats
    problems += [problem for reading in kept for problem in reading.problems]
    problems += duplicates(kept)
    problems += coverage([row for reading in kept for row in reading.rows])
    return LedgerReading(name, tuple(kept), tuple(sorted(problems, key=_severity)))


def _severity(problem: Problem) -> int:
    return _ORDER.index(problem.code) if problem.code in _ORDER else len(_ORDER)


def _chosen(sheets: list[Sheet], wanted: str | None, name: str, problems: list[Problem]) -> list[Sheet]:
    if wanted is None:
        hidden = [sheet.name for sheet in sheets if sheet.hidden]
        if hidden:
            names = ", ".join(f"“{one}”" for one in hidden)
            problems.append(Problem("L7", f"Hidden sheets were not read: {names}. Name a sheet to read it.", False))
        return [sheet for sheet in sheets if not sheet.hidden]
    for sheet in sheets:
        if sheet.name.strip().casefold() == wanted.strip().casefold():
            return [sheet]
    names = ", ".join(f"“{sheet.name}”" for sheet in sheets[:20])
    raise refuse("R10", f"“{name}” has no sheet “{wanted}”. It has: {names}.")


def _no_ledger(sheets: list[Sheet], readings: list[SheetReading], name: str, wanted: str | None) -> Exception:
    unreadable = [row for reading in readings for row in reading.unreadable]
    if unreadable:
        first = unreadable[0]
        formulas = " If it is a formula, open the file in Excel and save it." if first.reason == BLANK_AMOUNT else ""
        return refuse(
            "R11",
            f"No row of “{name}” could be read: row {first.row} of “{first.sheet}”, for one, because {first.reason}."
            + formulas,
            f"{first.sheet}!{first.row}",
        )
    hidden = [sheet.name for sheet in sheets if sheet.hidden]
    aside = f" (hidden sheets were not looked at: {', '.join(hidden)})" if hidden and wanted is None else ""
    return refuse(
        "R11",
        f"No payments were found in “{name}”{aside}: a ledger needs a header row that names the amount and the "
        "supplier or the date, with the payments beneath it.",
    )
