"""The sentences about one sheet: what was found beside its payments, and what a person should look at."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from core.money import in_words
from core.problems import Problem
from core.reading.cells import Sheet, address, column_letters
from core.reading.dates import DateColumn
from core.reading.headings import Columns
from core.reading.layout import Header
from core.reading.ledger import LedgerRow, UnreadableRow
from core.reading.totals import Total, is_total_label

# How many cells or rows a sentence names before it says how many more there are.
NAMED = 5


def listed(items: Sequence[object]) -> str:
    """ "C4, C9 and 12 more"."""
    named = ", ".join(str(item) for item in items[:NAMED])
    return f"{named} and {len(items) - NAMED:,} more" if len(items) > NAMED else named


def counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def rows_named(rows: Sequence[int]) -> str:
    """Rows from nought, as a person counts them: "row 4", "rows 4, 9"."""
    return f"{'row' if len(rows) == 1 else 'rows'} {listed([row + 1 for row in rows])}"


def column_named(columns: Columns, column: int | None) -> str:
    if column is None:
        return "no column"
    heading = columns.heading(column)
    return f"column {column_letters(column)}" + (f" “{heading}”" if heading else "")


class Findings:
    """The problems of one sheet, each with the sheet in its words where a file may have several."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.problems: list[Problem] = []

    def add(self, code: str, message: str, where: str = "") -> None:
        if self.sheet.from_workbook:
            message = f"{self.sheet.name}: {message}"
        else:
            message = message[0].upper() + message[1:]
        place = f"{self.sheet.name}!{where}" if where else self.sheet.name
        self.problems.append(Problem(code, message, False, place))

    def about_layout(self, headers: Sequence[Header], upside_down: bool) -> None:
        first = headers[0]
        if first.how == "like":
            self.add("L16", "no header row was found; the columns were taken as on the sheet before it.")
        elif first.how == "contents":
            found = column_named(first.columns, first.columns.amount)
            self.add("L16", f"no heading names the amounts; {found} was read, the only one that holds money.")
        if upside_down:
            self.add("L16", f"the header stands below its rows, in row {first.first + 1}.", str(first.first + 1))
        for before, header in pairwise(headers):
            if (header.columns.amount, header.columns.date) != (before.columns.amount, before.columns.date):
                self.add(
                    "L16",
                    f"in row {header.first + 1} a second header moves the columns; from there the amount was read from "
                    f"{column_named(header.columns, header.columns.amount)}.",
                    str(header.first + 1),
                )
        self._about_columns(first.columns)

    def _about_columns(self, columns: Columns) -> None:
        if columns.amount is None:
            debit, credit = column_named(columns, columns.debit), column_named(columns, columns.credit)
            self.add("L8", f"the amount is {debit} less {credit}.")
        elif columns.others:
            others = " and ".join(column_named(columns, column) for column in columns.others)
            read = column_named(columns, columns.amount)
            self.add("L8", f"the amount was read from {read}; {others} was not added to it.")

    def about_rows(
        self, unreadable: Sequence[UnreadableRow], remarks: Sequence[int], rows: Sequence[LedgerRow]
    ) -> None:
        if unreadable:
            first = unreadable[0]
            named = listed([item.row for item in unreadable])
            what = counted(len(unreadable), "row could not be read and is", "rows could not be read and are")
            self.add("L1", f"{what} not in the total: {named}. Row {first.row}: {first.reason}.", str(first.row))
        if remarks:
            hold = "holds" if len(remarks) == 1 else "hold"
            self.add("L19", f"{rows_named(remarks)} {hold} only words, and no payment was read there.")
        nameless = [row.row for row in rows if not row.supplier and "supplier" in row.cells]
        if nameless:
            what = counted(len(nameless), "row names", "rows name")
            self.add("L18", f"{what} no supplier: {listed(nameless)}.", str(nameless[0]))

    def about_rounding(self, cells: Sequence[str]) -> None:
        if cells:
            what = counted(len(cells), "amount finer than a penny was", "amounts finer than a penny were")
            self.add("L12", f"{what} rounded to the penny: {listed(cells)}.", cells[0])

    def about_totals(self, totals: Sequence[Total], control: Total | None, whole: Decimal) -> None:
        """Totals that sum nothing, totals without a plain label, and a file's own total that differs."""
        for total in totals:
            if total is not control and not total.sums and total.value != whole:
                self.add(
                    "L2",
                    f"row {total.row + 1} states a total of {in_words(total.value)}, to which the payments above it do "
                    "not come. Check the file.",
                    str(total.row + 1),
                )
        unlabelled = [total.row for total in totals if total.sums and not is_total_label(total.words)]
        if unlabelled:
            what = "sums the rows above it and was" if len(unlabelled) == 1 else "sum the rows above them and were"
            self.add("L17", f"{rows_named(unlabelled)} {what} taken as a total, not as a payment.")
        if control and control.value != whole:
            self.add(
                "L2",
                f"the file’s own total in row {control.row + 1} is {in_words(control.value)}, but the rows read "
                f"come to {in_words(whole)}, a difference of {in_words(control.value - whole)}. Look first at the "
                "rows that could not be read.",
                str(control.row + 1),
            )

    def about_dates(self, column: int, rows: Sequence[int], dates: DateColumn) -> None:
        """`rows` are those of the cells that were read, from nought."""
        letters = column_letters(column)
        if dates.faults:
            cells = [address(rows[position], column) for position in dates.faults]
            why = next(iter(dates.faults.values()))
            what = counted(len(cells), "date could", "dates could")
            self.add(
                "L3",
                f"{what} not be read: {listed(cells)}. {cells[0]}: {why}. The amounts count; give the dates before the "
                "rows are used.",
                cells[0],
            )
        blank = [rows[at] for at, day in enumerate(dates.days) if day is None and at not in dates.faults]
        if blank:
            has = "has" if len(blank) == 1 else "have"
            self.add("L3", f"{rows_named(blank)} {has} no date in column {letters}.", address(blank[0], column))
        if dates.order in _ORDERS:
            self.add("L4", _ORDERS[dates.order].format(letters=letters), address(rows[0], column))
        if dates.from_serials:
            what = counted(dates.from_serials, "date is written as a day number", "dates are written as day numbers")
            self.add("L11", f"{what} in column {letters} (45017 is 1 April 2023), and read as such.")


_ORDERS = {
    "month": "the dates in column {letters} were read as month/day/year: some can be read in no other way, and none "
    "as day/month/year. Is that right?",
    "both": "column {letters} mixes day/month/year with month/day/year. Check its dates with the body "
    "that sent the file.",
    "unproven": "no date in column {letters} shows whether day or month comes first; they were read as "
    "day/month/year. Is that right?",
}
