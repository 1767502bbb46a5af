"""What a ledger reading is: rows with the addresses of their cells, sheets, and the whole file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from core.problems import Problem

NOUGHT = Decimal("0.00")


@dataclass(frozen=True)
class LedgerRow:
    """One payment or credit. `amount` is in pounds, credits below nought; `row` is as the spreadsheet counts.

    `cells` maps each part that was found ("amount", "date", "supplier", "document", "description") to
    the address of its cell. `date` is None where the sheet has none or it could not be read.
    """

    sheet: str
    row: int
    date: date | None
    supplier: str
    document: str
    description: str
    amount: Decimal
    cells: Mapping[str, str]
    cost_centre: str = ""

    def where(self, part: str = "amount") -> str:
        """“Sheet!C12”, for the `where` of a Problem; the row alone where that part has no cell."""
        return f"{self.sheet}!{self.cells.get(part, self.row)}"


@dataclass(frozen=True)
class UnreadableRow:
    sheet: str
    row: int
    reason: str


@dataclass(frozen=True)
class SheetReading:
    """One sheet that holds a ledger. `columns` maps each part to its column and heading.

    `headings` are the header's own words, `places` the column of each part from nought, `key` tells the
    header from others; `date_order` is as in DateColumn, the most doubtful where there are several.
    `repeated` holds the copies, beyond the first, of rows that are the same cell for cell.
    """

    name: str
    header_row: int | None
    encoding: str | None
    columns: Mapping[str, str]
    rows: tuple[LedgerRow, ...]
    blank_rows: int
    repeated: tuple[LedgerRow, ...]
    unreadable: tuple[UnreadableRow, ...]
    control_total: Decimal | None
    problems: tuple[Problem, ...]
    headings: tuple[str, ...] = ()
    key: str = ""
    places: Mapping[str, int] = field(default_factory=dict)
    date_order: str = ""

    @property
    def total(self) -> Decimal:
        return sum((row.amount for row in self.rows), NOUGHT)

    def as_json(self) -> dict[str, Any]:
        return {
            "header_row": self.header_row,
            "encoding": self.encoding,
            "rows": len(self.rows),
            "total": f"{self.total:.2f}",
            "control_total": None if self.control_total is None else f"{self.control_total:.2f}",
            "columns": dict(self.columns),
        }


@dataclass(frozen=True)
class LedgerReading:
    """A file as read: the sheets whose rows count, and every problem found, worst first.

    No problem here blocks: what could not be read at all was refused, and the rest is for a person to judge.
    """

    filename: str
    sheets: tuple[SheetReading, ...]
    problems: tuple[Problem, ...]

    @property
    def rows(self) -> tuple[LedgerRow, ...]:
        return tuple(row for sheet in self.sheets for row in sheet.rows)

    @property
    def total(self) -> Decimal:
        return sum((sheet.total for sheet in self.sheets), NOUGHT)

    @property
    def first_date(self) -> date | None:
        return min((row.date for row in self.rows if row.date), default=None)

    @property
    def last_date(self) -> date | None:
        return max((row.date for row in self.rows if row.date), default=None)

    @property
    def credits(self) -> int:
        return sum(row.amount < 0 for row in self.rows)

    @property
    def exact_duplicates(self) -> int:
        return sum(len(sheet.repeated) for sheet in self.sheets)

    @property
    def blank_rows(self) -> int:
        return sum(sheet.blank_rows for sheet in self.sheets)

    @property
    def unreadable(self) -> tuple[UnreadableRow, ...]:
        return tuple(row for sheet in self.sheets for row in sheet.unreadable)

    @property
    def control_total(self) -> Decimal | None:
        """The file's own total; None unless every sheet that was read states one."""
        totals = [sheet.control_total for sheet in self.sheets if sheet.control_total is not None]
        return sum(totals, NOUGHT) if totals and len(totals) == len(self.sheets) else None

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": len(self.rows),
            "total": f"{self.total:.2f}",
            "first_date": self.first_date.isoformat() if self.first_date else None,
            "last_date": self.last_date.isoformat() if self.last_date else None,
            "credits": self.credits,
            "exact_duplicates": self.exact_duplicates,
            "blank_rows": self.blank_rows,
            "unreadable": [{"sheet": row.sheet, "row": row.row, "reason": row.reason} for row in self.unreadable],
            "control_total": None if self.control_total is None else f"{self.control_total:.2f}",
            "sheets": {sheet.name: sheet.as_json() for sheet in self.sheets},
            "problems": [
                {"code": problem.code, "message": problem.message, "where": problem.where} for problem in self.problems
            ],
        }
