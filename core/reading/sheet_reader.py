"""One sheet of cells -> its payments: each row is a payment, a total, a header, blank, or named as unreadable."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from core.money import in_words
from core.reading.amounts import Amount, amount_in
from core.reading.cells import Cell, Sheet, address, is_blank, text_of
from core.reading.dates import can_be_date, is_date, read_dates
from core.reading.findings import Findings, column_named, listed
from core.reading.headings import PARTS, Columns, key_of, with_chosen
from core.reading.layout import Header, headers_of, is_header_last, is_payment
from core.reading.ledger import LedgerRow, SheetReading, UnreadableRow
from core.reading.merged import without_hidden_values
from core.reading.totals import (
    RunningTotal,
    Total,
    control_of,
    has_codes,
    is_total_label,
    may_be_total_label,
    total_in,
    words_beside,
)

NOUGHT = Decimal("0.00")
# The orders of day and month that are worth a question, the most doubtful first.
_DOUBTFUL = ("both", "unproven", "month", "day")
# By the key of a header: the column of each part, from nought, or None for no such column.
Chosen = Mapping[str, Mapping[str, int | None]]
_HAS_FIGURE = re.compile(r"\d[\d,]*\.\d|\d{3,}|£\s*\d")
_CUT_BEFORE_COMMA = re.compile(r"[-−(]?£?\d{1,3}")
_CUT_AFTER_COMMA = re.compile(r"\d{3}(,\d{3})*(\.\d{1,2})?[-)]?")


@dataclass(frozen=True)
class Payment:
    """A row that was read, before its date is known. `row` and columns count from nought."""

    row: int
    value: Decimal
    rounded: bool
    columns: Columns


def read_sheet(
    sheet: Sheet, like: Columns | None = None, *, chosen: Chosen | None = None, order: str = ""
) -> tuple[SheetReading, Columns] | None:
    """The ledger on a sheet with the columns that it ended with; None if it holds no ledger.

    `chosen` gives by the key of a header the columns that a person chose for it; `order` is theirs of day and month.
    """
    clear, shown, cleared = without_hidden_values(sheet)
    headers = headers_of(clear, like)
    if not headers:
        return None
    if chosen:
        headers = [
            replace(header, columns=with_chosen(header.columns, chosen.get(key_of(header.columns), {})))
            for header in headers
        ]
    reader = SheetReader(clear, headers, shown, order)
    reader.read()
    if cleared:
        reader.findings.add("L13", f"hidden values under merged cells were not read: {listed(cleared)}.", cleared[0])
    return reader.reading(), headers[-1].columns


class SheetReader:
    def __init__(
        self, sheet: Sheet, headers: Sequence[Header], shown: Mapping[tuple[int, int], Cell], order: str = ""
    ) -> None:
        self.sheet = sheet
        self.order = order
        self.date_orders: set[str] = set()
        self.headers = headers
        self.shown = shown
        self.findings = Findings(sheet)
        self.payments: list[Payment] = []
        self.unreadable: list[UnreadableRow] = []
        self.totals: list[Total] = []
        self.remarks: list[int] = []
        self.lone: list[tuple[int, Decimal]] = []
        self.blank_rows = 0
        self.running = RunningTotal()
        self.upside_down = len(headers) == 1 and is_header_last(sheet, headers[0])
        self.last_filled = max((row for row, cells in enumerate(sheet.rows) if cells), default=-1)
        width = max(header.columns.width for header in headers)
        filled = [cells for cells in sheet.rows if cells]
        # A row wider than the header was cut by a comma; where most rows are, a column merely has no heading.
        self.mostly_wider = sum(len(cells) > width for cells in filled) * 2 > len(filled)

    def read(self) -> None:
        header_rows = {row for header in self.headers for row in range(header.first, header.last + 1)}
        # Where no header stands above, the table begins with its first payment.
        floating = self.upside_down or self.headers[0].first < 0
        above = 0 if floating else self.headers[0].first
        self.titles = {self._texts(row) for row in range(above)} - {""}
        begun = False
        coming = list(self.headers)
        columns = coming.pop(0).columns
        for row, cells in enumerate(self.sheet.rows):
            if row in header_rows:
                begun = True
                if coming and row >= coming[0].first:
                    columns = coming.pop(0).columns
            elif not cells:
                self.blank_rows += 1
            elif begun or floating:
                begun = begun or is_payment(self.sheet, row, columns)
                self._read_row(row, columns, begun)
            else:
                self._read_above(row, columns)
        self._settle_lone_amounts()
        self._settle_last_row()

    def reading(self) -> SheetReading:
        rows = self._rows_with_dates()
        self.unreadable.sort(key=lambda item: item.row)
        control = control_of(self.totals, self.running.sum)
        rounded = [row.cells["amount"] for row, payment in zip(rows, self.payments, strict=True) if payment.rounded]
        self.findings.about_layout(self.headers, self.upside_down)
        self.findings.about_totals(self.totals, control, self.running.sum)
        self.findings.about_rows(self.unreadable, self.remarks, rows)
        self.findings.about_rounding(rounded)
        header = self._first_used_header()
        return SheetReading(
            name=self.sheet.name,
            header_row=header.first + 1 if header.first >= 0 else None,
            encoding=self.sheet.encoding,
            columns=_described(header.columns),
            rows=rows,
            blank_rows=self.blank_rows,
            repeated=self._repeated(rows),
            unreadable=tuple(self.unreadable),
            control_total=control.value if control else None,
            problems=tuple(self.findings.problems),
            headings=header.columns.headings,
            key=key_of(header.columns),
            places={part: place for part in PARTS if (place := getattr(header.columns, part)) is not None},
            date_order=next((order for order in _DOUBTFUL if order in self.date_orders), ""),
        )

    # One row

    def _read_row(self, row: int, columns: Columns, begun: bool) -> None:
        cells = self.sheet.rows[row]
        if row in self.sheet.broken:
            self._unreadable(row, self.sheet.broken[row])
            return
        words = words_beside(cells, columns, self.sheet.from_workbook)
        amount = self._amount(row, columns)
        if self._is_total(row, columns, words):
            self._total(row, columns, words)
        elif amount.value is None:
            self._read_without_amount(row, columns, amount, begun)
        elif not words and not has_codes(cells, columns):
            self.lone.append((row, amount.value))
        elif may_be_total_label(words) and not self._names_a_payment(row, columns):
            self._unreadable(row, f"{in_words(amount.value)} may be a total or a payment: its words speak of a total")
        elif fault := self._moved_cells(row, columns):
            self._unreadable(row, fault)
        else:
            self.payments.append(Payment(row, amount.value, amount.rounded, columns))
            self.running.add(amount.value)

    def _read_above(self, row: int, columns: Columns) -> None:
        """A row above the header is a title, unless it states a total or looks like a payment."""
        words = words_beside(self.sheet.rows[row], columns, self.sheet.from_workbook)
        if is_total_label(words) and total_in(self.sheet.rows[row], columns, self.sheet.from_workbook) is not None:
            self._total(row, columns, words)
        elif row in self.sheet.broken:
            self._unreadable(row, self.sheet.broken[row])
        elif is_payment(self.sheet, row, columns):
            self._unreadable(row, "it stands above the header row; move it below the header if it is a payment")

    def _read_without_amount(self, row: int, columns: Columns, amount: Amount, begun: bool) -> None:
        filled = [cell for cell in self.sheet.rows[row] if not is_blank(cell)]
        words_only = len(filled) == 1 and isinstance(filled[0], str)
        if self._texts(row) in self.titles or (words_only and not begun):
            return
        if words_only and not _HAS_FIGURE.search(text_of(filled[0])):
            self.remarks.append(row)
        elif words_only:
            self._unreadable(row, "all of it stands in one cell: the separators between its cells may be lost")
        elif columns.amount is not None and (row, columns.amount) in self.shown:
            self._unreadable(row, "its amount is merged with the cell above, where it was read once")
        else:
            self._unreadable(row, amount.fault)

    def _amount(self, row: int, columns: Columns) -> Amount:
        """The amount of the line; where debits and credits have columns of their own, debit less credit."""
        if columns.debit is None or columns.credit is None:
            return amount_in(self._cell(row, columns.amount), self.sheet.from_workbook)
        debit_cell, credit_cell = self._cell(row, columns.debit), self._cell(row, columns.credit)
        debit = amount_in(debit_cell, self.sheet.from_workbook)
        credit = amount_in(credit_cell, self.sheet.from_workbook)
        if is_blank(credit_cell):
            return debit
        if credit.value is None or (debit.value is None and not is_blank(debit_cell)):
            return credit if credit.value is None else debit
        if credit.value < 0:
            return Amount(None, f"the credit “{text_of(credit_cell)}” is below nought: is it money in or out?")
        return Amount((debit.value or NOUGHT) - credit.value, rounded=debit.rounded or credit.rounded)

    def _is_total(self, row: int, columns: Columns, words: Sequence[str]) -> bool:
        cells = self.sheet.rows[row]
        value = total_in(cells, columns, self.sheet.from_workbook)
        if value is None:
            return False
        if is_total_label(words):
            return True
        adds_up = self.running.adds_up_to(value)
        if may_be_total_label(words):
            return adds_up and not self._names_a_payment(row, columns)
        if words or not adds_up:
            return False
        return not has_codes(cells, columns) or (self.running.count > 2 and row == self.last_filled)

    def _names_a_payment(self, row: int, columns: Columns) -> bool:
        """A date together with a document number: then “Total” is a supplier’s name."""
        dated = columns.date is not None and can_be_date(self._cell(row, columns.date), self.sheet.serial_shift)
        document = text_of(self._cell(row, columns.document))
        numbered = bool(document) and not may_be_total_label([document])
        if columns.date is None or columns.document is None:
            return dated or numbered
        return dated and numbered

    def _total(self, row: int, columns: Columns, words: Sequence[str]) -> None:
        value = total_in(self.sheet.rows[row], columns, self.sheet.from_workbook)
        if value is not None:
            self.totals.append(Total(row, value, tuple(words), self.running.adds_up_to(value)))
            self.running.close_section()

    def _moved_cells(self, row: int, columns: Columns) -> str:
        """Why the cells of this row may stand in the wrong columns, so that its amount is not to be trusted."""
        if not self.sheet.from_workbook:
            if len(self.sheet.rows[row]) > columns.width and not self.mostly_wider:
                return "it has more cells than the header; a comma within an amount or a name may have cut one in two"
            if columns.amount is not None and self._is_cut_amount(row, columns.amount, columns):
                whole = f"{text_of(self._cell(row, columns.amount))},{text_of(self._cell(row, columns.amount + 1))}"
                return f"a comma may have cut its amount in two (is it {whole}?); put quotation marks round it"
        own = self._cell(row, columns.date)
        if columns.date is None or is_blank(own) or can_be_date(own, self.sheet.serial_shift):
            return ""
        for beside in (columns.date - 1, columns.date + 1):
            another_date = beside < 0 or "date" in columns.heading(beside).lower()
            if not another_date and is_date(self._cell(row, beside)):
                return "its cells seem to have moved into other columns: the date is not where it should be"
        return ""

    def _is_cut_amount(self, row: int, column: int, columns: Columns) -> bool:
        if column + 1 in columns.money() or not _CUT_BEFORE_COMMA.fullmatch(text_of(self._cell(row, column))):
            return False
        rest = text_of(self._cell(row, column + 1))
        return bool(_CUT_AFTER_COMMA.fullmatch(rest)) and ("." in rest or not columns.heading(column + 1))

    # After the last row

    def _settle_lone_amounts(self) -> None:
        """An amount with nothing beside it that sums nothing: the file's total if it ends it, else unreadable."""
        largest = max((abs(payment.value) for payment in self.payments), default=NOUGHT)
        for row, value in self.lone:
            if value == self.running.sum and self.payments:
                self.totals.append(Total(row, value, (), True))
            elif row == self.last_filled and abs(value) > largest and len(self.payments) > 1:
                self.totals.append(Total(row, value, (), False))
            else:
                self._unreadable(row, f"{in_words(value)} stands alone: it may be a total or a payment")

    def _settle_last_row(self) -> None:
        """A last row under any other label, with no date or number, that sums all the rest is a total.

        Where the ledger has neither dates nor numbers, it takes more rows to rule out chance.
        """
        if not self.payments or self.payments[-1].row != self.last_filled:
            return
        last = self.payments[-1]
        told_apart = last.columns.date is not None or last.columns.document is not None
        if len(self.payments) < (4 if told_apart else 10):
            return
        words = words_beside(self.sheet.rows[last.row], last.columns, self.sheet.from_workbook)
        rest = self.running.sum - last.value
        own_date = can_be_date(self._cell(last.row, last.columns.date), 0)
        own_document = not is_blank(self._cell(last.row, last.columns.document))
        if last.value == rest and last.value and len(words) == 1 and not (own_date or own_document):
            self.payments.pop()
            self.running.sum = rest
            self.totals.append(Total(last.row, last.value, tuple(words), True))

    def _rows_with_dates(self) -> tuple[LedgerRow, ...]:
        days: dict[int, date | None] = {}
        for column in sorted({payment.columns.date for payment in self.payments if payment.columns.date is not None}):
            rows = [payment.row for payment in self.payments if payment.columns.date == column]
            dates = read_dates([self._shown(row, column) for row in rows], self.sheet.serial_shift, self.order)
            self.date_orders.add(dates.order)
            days.update(zip(rows, dates.days, strict=True))
            self.findings.about_dates(column, rows, dates)
        return tuple(self._ledger_row(payment, days.get(payment.row)) for payment in self.payments)

    def _ledger_row(self, payment: Payment, day: date | None) -> LedgerRow:
        columns, row = payment.columns, payment.row
        credited = columns.debit is not None and is_blank(self._cell(row, columns.debit))
        parts = {
            "amount": columns.amount if columns.debit is None else columns.credit if credited else columns.debit,
            "date": columns.date,
            "supplier": columns.supplier,
            "document": columns.document,
            "description": columns.description,
            "cost_centre": columns.cost_centre,
        }
        return LedgerRow(
            sheet=self.sheet.name,
            row=row + 1,
            date=day,
            supplier=text_of(self._shown(row, columns.supplier)),
            document=text_of(self._shown(row, columns.document)),
            description=text_of(self._shown(row, columns.description)),
            amount=payment.value,
            cost_centre=text_of(self._shown(row, columns.cost_centre)),
            cells={part: address(row, column) for part, column in parts.items() if column is not None},
        )

    def _repeated(self, rows: Sequence[LedgerRow]) -> tuple[LedgerRow, ...]:
        seen: set[tuple[str, ...]] = set()
        again = []
        for row in rows:
            cells = tuple(text_of(cell) for cell in self.sheet.rows[row.row - 1])
            if cells in seen:
                again.append(row)
            seen.add(cells)
        return tuple(again)

    # Small things

    def _first_used_header(self) -> Header:
        """The header that rules the first payment: the last one above it, if any stands there."""
        start = self.payments[0].row if self.payments else len(self.sheet.rows)
        above = [header for header in self.headers if header.first <= start]
        return above[-1] if above else self.headers[0]

    def _unreadable(self, row: int, reason: str) -> None:
        self.unreadable.append(UnreadableRow(self.sheet.name, row + 1, reason))

    def _cell(self, row: int, column: int | None) -> Cell:
        cells = self.sheet.rows[row]
        return cells[column] if column is not None and 0 <= column < len(cells) else ""

    def _shown(self, row: int, column: int | None) -> Cell:
        """What a person sees there: under a merged cell, the value of the cell that covers it."""
        if column is not None and (row, column) in self.shown:
            return self.shown[row, column]
        return self._cell(row, column)

    def _texts(self, row: int) -> str:
        return "\n".join(text_of(cell) for cell in self.sheet.rows[row] if not is_blank(cell))


def _described(columns: Columns) -> dict[str, str]:
    parts = {
        "amount": columns.amount,
        "debit": columns.debit,
        "credit": columns.credit,
        "date": columns.date,
        "supplier": columns.supplier,
        "document": columns.document,
        "description": columns.description,
        "cost_centre": columns.cost_centre,
    }
    return {
        part: column_named(columns, column).removeprefix("column ")
        for part, column in parts.items()
        if column is not None
    }
