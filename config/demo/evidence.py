"""The demonstration's evidence: small files made on the spot, each saying that it is illustrative."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby

from django.core.files.uploadedfile import SimpleUploadedFile

from board import clock
from board.files import store
from board.models import Organisation, Quarter
from config.demo.budgets import KEEPERS, People
from config.demo.ledger import LAST_WORKED
from core.forms import day_in_words
from core.money import in_words
from funding.evidence import Attachment, attach, usual_kind, without_evidence
from funding.models import Evidence, Transaction

# Evidence is sent in the week after a quarter's end.
SENT_AFTER = timedelta(days=8)
ILLUSTRATIVE = "Illustrative. Made for a demonstration; not a real document."
# What is still awaited on the demonstration's date, so that the list of entries without evidence has something.
AWAITED = ("CMA-2024-25-Q3",)
# In the quarter that is in mid-work only the month that is over and done with has its invoices scanned.
SCANNED_IN_OPEN_QUARTER = "2501"
OPEN = "2024-25-Q4"


def attach_quarter(quarter: Quarter, people: People, *, day: date | None = None) -> None:
    """Evidence for what was recorded in a quarter or closing period, by the officers of each ledger."""
    with clock.at(day or min(quarter.last_day + SENT_AFTER, LAST_WORKED)):
        recorded = Transaction.objects.filter(lines__quarter=quarter).distinct().select_related("recorded_by")
        wanting = without_evidence(recorded, today=clock.today()).order_by("recorded_by__code", "reference")
        here = [entry for entry in wanting if _is_here(entry, quarter)]
        for organisation, entries in groupby(here, key=lambda entry: entry.recorded_by):
            _attach(list(entries), organisation, quarter, people)


def _is_here(entry: Transaction, quarter: Quarter) -> bool:
    if quarter.code == OPEN:
        return SCANNED_IN_OPEN_QUARTER in entry.document_number
    return entry.document_number not in AWAITED


def _attach(entries: list[Transaction], organisation: Organisation, quarter: Quarter, people: People) -> None:
    by = people[KEEPERS[organisation.code]]
    attachments = []
    for file, proves in _files(entries, organisation, quarter):
        [stored] = store(uploads=[file], by=by).files
        attachments.append(Attachment(stored, proves, usual_kind(proves[0])))
    attach(attachments=attachments, confirmed_no_names=True, by=by)


def _files(
    entries: list[Transaction], organisation: Organisation, quarter: Quarter
) -> Iterator[tuple[SimpleUploadedFile, list[Transaction]]]:
    """A file for each entry; one print of the ledger for all that a council reports as its quarter's sums."""
    printed = [entry for entry in entries if usual_kind(entry) == Evidence.What.LEDGER_PRINT]
    if printed:
        name = f"Ledger print {organisation.code} {quarter.code}.csv"
        yield SimpleUploadedFile(name, _csv(printed)), printed
    for entry in entries:
        kind = usual_kind(entry)
        if kind == Evidence.What.TIMESHEET_SUMMARY:
            yield SimpleUploadedFile(f"{_title(entry)}.csv", _csv([entry])), [entry]
        elif kind != Evidence.What.LEDGER_PRINT:
            yield SimpleUploadedFile(f"{_title(entry)}.pdf", pdf_of(_lines(entry))), [entry]


def _title(entry: Transaction) -> str:
    return entry.document_number or entry.reference


def _lines(entry: Transaction) -> list[str]:
    return [
        ILLUSTRATIVE,
        f"From: {entry.supplier_name}",
        f"To: {entry.recorded_by}",
        f"Document: {_title(entry)}, {day_in_words(entry.accounting_on)}",
        entry.description,
        f"Net {in_words(entry.net)}, VAT {in_words(entry.vat)}, total {in_words(entry.net + entry.vat)}",
    ]


def _csv(entries: Iterable[Transaction]) -> bytes:
    rows = [
        f'{entry.accounting_on},"{_title(entry)}","{entry.description}","{entry.basis}",{entry.net}'
        for entry in entries
    ]
    return "\n".join([f'"{ILLUSTRATIVE}"', "Date,Document,Description,Basis,Net", *rows, ""]).encode()


def pdf_of(lines: Iterable[str]) -> bytes:
    """One page of plain lines, written by hand: a typeset page a file would take minutes."""
    shown = [line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in lines]
    text = "BT /F1 12 Tf 60 780 Td 20 TL " + " ".join(f"({line}) Tj T*" for line in shown) + " ET"
    stream = text.encode("cp1252", errors="replace")
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
        b"/Encoding /WinAnsiEncoding >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(parts) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        size, table, size, len(out),
    )  # fmt: skip
