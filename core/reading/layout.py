"""Where a sheet's headers stand, and so which columns rule which rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.reading.amounts import amount_in
from core.reading.cells import Cell, Sheet, is_blank, text_of
from core.reading.heading_words import AMOUNT_WORDS
from core.reading.headings import (
    Columns,
    amount_score,
    columns_of,
    fits,
    from_contents,
    is_header,
    is_heading_text,
    is_wordy,
)
from core.reading.totals import is_total_label, words_beside

# How many rows of a sheet without a plain header are looked at to tell its columns.
SAMPLE = 400
FEWEST_WITHOUT_HEADER = 5


@dataclass(frozen=True)
class Header:
    """A header on rows `first` to `last`, from nought; both are -1 where the columns were told without one."""

    first: int
    last: int
    columns: Columns
    how: str = "words"


def headers_of(sheet: Sheet, like: Columns | None) -> list[Header]:
    """The headers from top to bottom, none if the sheet holds no ledger.

    `like` gives the columns of a sheet before this one, for a second page that has no header.
    """
    plain = _plain_headers(sheet)
    if plain:
        return [_with_money(sheet, header) for header in plain]
    filled = [row for row, cells in enumerate(sheet.rows) if cells][:SAMPLE]
    for position, row in enumerate(filled[:40]):
        found = _header_without_words(sheet, row, filled[position + 1 :])
        if found:
            return [found]
    if like and fits(sheet, filled, like):
        width = max(len(cells) for cells in sheet.rows)
        return [Header(-1, -1, replace(like, headings=(), others=(), width=width), "like")]
    told = from_contents(sheet, filled, Columns((), 0))
    if told and (told.date is not None or _mostly_pence(sheet, filled, told)) and len(filled) > 1:
        return [Header(-1, -1, told, "contents")]
    return []


def _mostly_pence(sheet: Sheet, rows: Sequence[int], columns: Columns) -> bool:
    """Without header and dates, only a long column of pounds and pence is taken for payments."""
    values = [amount_in(_cell(sheet, row, columns.amount or 0), sheet.from_workbook).value for row in rows]
    pence = [value for value in values if value is not None and value % 1]
    return len(pence) >= FEWEST_WITHOUT_HEADER and len(pence) * 2 > len(rows)


def _plain_headers(sheet: Sheet) -> list[Header]:
    headers: list[Header] = []
    row = 0
    while row < len(sheet.rows):
        cells = sheet.rows[row]
        if row not in sheet.broken and is_header(cells, _width(sheet, row)):
            last = _last_row_of_header(sheet, row)
            headings = [_joined(sheet, row, last, column) for column in range(len(cells))]
            columns = columns_of(headings, _width(sheet, row))
            if not headers or _is_new_header(columns, headers[-1].columns):
                headers.append(Header(row, last, columns))
            row = last
        row += 1
    return headers


def _is_new_header(columns: Columns, before: Columns) -> bool:
    """Below the first header a row of words must be beyond doubt: it could be a payment without its amount."""
    if columns.headings == before.headings:
        return True
    sure = amount_score(columns.heading(columns.amount)) > AMOUNT_WORDS["payment"]
    return columns.known() > 1 and (sure or columns.debit is not None)


def _last_row_of_header(sheet: Sheet, row: int) -> int:
    """A header may go on below: “Unrecoverable” over “VAT”. Its second row holds heading words only."""
    if row + 1 < len(sheet.rows):
        below = sheet.rows[row + 1]
        filled = [cell for cell in below if not is_blank(cell)]
        goes_on = is_wordy(below) and all(is_heading_text(text_of(cell)) for cell in filled)
        if goes_on and len(filled) < len(sheet.rows[row]) and not is_header(below, 0):
            return row + 1
    return row


def _joined(sheet: Sheet, first: int, last: int, column: int) -> str:
    texts = [text_of(_cell(sheet, row, column)) for row in range(first, last + 1)]
    return " ".join(text for text in texts if text)


def _with_money(sheet: Sheet, header: Header) -> Header:
    """The header with a column of money that holds amounts, where the one that its words name holds none."""
    columns = header.columns
    if columns.amount is None:
        return header
    rows = [row for row in range(len(sheet.rows)) if sheet.rows[row] and not header.first <= row <= header.last]
    by_score = sorted(columns.others, key=lambda column: -amount_score(columns.heading(column)))
    for column in (columns.amount, *by_score):
        if column != columns.amount and not amount_score(columns.heading(column)):
            continue
        if any(amount_in(_cell(sheet, row, column), sheet.from_workbook).value is not None for row in rows):
            others = tuple(sorted({*columns.others, columns.amount} - {column}))
            return replace(header, columns=replace(columns, amount=column, others=others))
    told = from_contents(sheet, rows[:SAMPLE], replace(columns, amount=None))
    return replace(header, columns=told, how="contents") if told else header


def _header_without_words(sheet: Sheet, row: int, below: Sequence[int]) -> Header | None:
    """A header whose words name either the money or the rest of the line, but not both."""
    cells = sheet.rows[row]
    if sum(not is_blank(cell) for cell in cells) < 2 or not is_wordy(cells) or not below:
        return None
    columns = columns_of(cells, _width(sheet, row))
    plain = is_heading_text(columns.heading(columns.amount))
    if columns.amount is not None and plain and fits(sheet, below, columns):
        return Header(row, row, columns)
    if columns.amount is None and columns.known() > 1:
        told = from_contents(sheet, below, columns)
        return Header(row, row, told, "contents") if told else None
    return None


def is_header_last(sheet: Sheet, header: Header) -> bool:
    """Whether no payment stands below the header, though some stand above it."""
    if header.first < 0:
        return False
    return not any(is_payment(sheet, row, header.columns) for row in range(header.last + 1, len(sheet.rows))) and any(
        is_payment(sheet, row, header.columns) for row in range(header.first)
    )


def is_payment(sheet: Sheet, row: int, columns: Columns) -> bool:
    """A row with an amount where it should be, something that names it, and no word of a total."""
    cells = sheet.rows[row]
    column = columns.amount if columns.amount is not None else columns.debit
    if column is None or amount_in(_cell(sheet, row, column), sheet.from_workbook).value is None:
        return False
    words = words_beside(cells, columns, sheet.from_workbook)
    return bool(words) and not is_total_label(words)


def _cell(sheet: Sheet, row: int, column: int) -> Cell:
    cells = sheet.rows[row]
    return cells[column] if column < len(cells) else ""


def _width(sheet: Sheet, row: int) -> int:
    return sheet.widths[row] if sheet.widths else len(sheet.rows[row])
