"""Checking a ledger file: what the reader makes of it, and nothing kept."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse

from board.access import may
from board.uploads import TakesUpload
from board.views import Fact, Link
from core.forms import add_problems, day_in_words
from core.money import in_words
from core.problems import Problem, Refused
from core.reading import LedgerReading, LedgerRow, read_ledger
from core.tables import Table
from funding.forms.ledger import LedgerForm
from funding.ledger_tables import LedgerProblemTable, LedgerRowTable, LedgerSheetTable

SHOWN_ROWS = 20
SHOWN_PROBLEMS = 200


@dataclass(frozen=True)
class ShownRow:
    """One payment with the address of its amount."""

    cell: str
    date: date | None
    supplier: str
    document: str
    description: str
    amount: Decimal


class TakesLedger(TakesUpload):
    """A page that takes a ledger file."""

    section = "Spend"
    template_name = "funding/read_ledger.html"
    too_large = (
        "This file is too large: the most that is taken is {limit} MB. "
        "Send a shorter period, or only the sheets that hold the ledger"
    )

    def get_breadcrumbs(self) -> list[Link]:
        return [Link("Spend", reverse("funding:spend"))]


class ReadLedger(TakesLedger):
    """Upload a ledger and see what is read: counts, total, dates, every problem by cell."""

    action, heading = "ledger.read", "Check a ledger file"
    lead = "See what this system reads in a ledger, to the penny, before anything relies on it. Nothing is kept."
    form_class, button = LedgerForm, "Check the file"

    def get_actions(self) -> list[Link]:
        if not may(self.request.user, "spending.record"):
            return []
        return [Link("Import a ledger", reverse("funding:import-ledger"), secondary=True)]

    def form_valid(self, form: LedgerForm) -> HttpResponse:
        file = form.cleaned_data["file"]
        try:
            reading = read_ledger(
                file.read(),
                file.name,
                sheet=form.cleaned_data["sheet"].strip() or None,
                limit=settings.UPLOAD_LIMIT_BYTES,
            )
        except Refused as refusal:
            add_problems(form, [Problem(one.code, one.message, True, "file") for one in refusal.problems])
            return self.form_invalid(form)
        return self.render_to_response(
            self.get_context_data(form=LedgerForm(), reading=reading, rows=facts_of(reading), tables=tables_of(reading))
        )


def facts_of(reading: LedgerReading) -> list[Fact]:
    """What the file holds, in all."""
    dates = "No dates"
    if reading.first_date and reading.last_date:
        dates = f"{day_in_words(reading.first_date)} to {day_in_words(reading.last_date)}"
    own = reading.control_total
    facts = [
        Fact("File", reading.filename),
        Fact("Payments", f"{len(reading.rows):,}"),
        Fact("Total", in_words(reading.total)),
        Fact("Dates", dates),
        Fact("Credits", f"{reading.credits:,}"),
        Fact("Exact repeats", f"{reading.exact_duplicates:,}"),
        Fact("Rows that cannot be read", f"{len(reading.unreadable):,}"),
    ]
    if own is not None:
        agrees = "agrees" if own == reading.total else f"differs by {in_words(own - reading.total)}"
        facts.append(Fact("The file’s own total", f"{in_words(own)}, which {agrees}"))
    return facts


def tables_of(reading: LedgerReading) -> list[Table]:
    """Unreadable rows and problems first, then the sheets, then the first payments."""
    wrong = [Problem("", f"Not read: {row.reason}", True, f"{row.sheet}!{row.row}") for row in reading.unreadable]
    # L1 names the first rows that cannot be read; here each has its own line.
    problems = [*wrong, *(one for one in reading.problems if one.code != "L1")]
    left_out = len(problems) - SHOWN_PROBLEMS
    shown = [{"where": one.where or "The file", "message": one.message} for one in problems[:SHOWN_PROBLEMS]]
    if left_out > 0:
        shown.append({"where": "The file", "message": f"And {left_out:,} more."})
    sheets = [
        {
            "name": sheet.name,
            "header_row": sheet.header_row,
            "encoding": sheet.encoding,
            "rows": len(sheet.rows),
            "blank_rows": sheet.blank_rows,
            "repeated": len(sheet.repeated),
            "control_total": sheet.control_total,
            "total": sheet.total,
        }
        for sheet in reading.sheets
    ]
    tables: list[Table] = [LedgerSheetTable(sheets, prefix="sheets-")]
    if shown:
        tables.insert(0, LedgerProblemTable(shown, prefix="problems-"))
    first = [_shown(row) for row in reading.rows[:SHOWN_ROWS]]
    return [*tables, LedgerRowTable(first, prefix="rows-")]


def _shown(row: LedgerRow) -> ShownRow:
    return ShownRow(row.where(), row.date, row.supplier, row.document, row.description, row.amount)
