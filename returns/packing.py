"""Packs: everything certified of a quarter, a year or the whole programme in one file, to be handed to an auditor.

A pack holds the stored files of its returns and nothing made anew: what is not certified is listed as missing. With
them go a workbook that lists returns, signatures, dealings with the funder and the evidence of each claimed line, and a
note on how each file is checked. The same stored state gives the same bytes.
"""

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import IO

from django.db.models import QuerySet

from board import clock, events
from board.models import Quarter, User
from core.forms import day_in_words, moment_in_words
from core.money import NOUGHT
from core.workbook import Book, Cell, Sheet, build
from funding.claims import place_of
from funding.models import Claim, ClaimLine, Evidence
from returns.certifying import RELATED
from returns.kinds import KINDS, kind_of
from returns.kinds.claim_record import payee
from returns.kinds.scope import Scope, scope_of
from returns.kinds.shape import Span
from returns.lists import listed
from returns.models import Dispatch, Document, Download, FunderQuery, Return, Signature

# Of a zip, whose times have no zone and begin in 1980.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
_IN_MEMORY = 8 * 1024 * 1024
LIST, NOTE, SUMS = "list.xlsx", "how-to-verify.txt", "SHA256SUMS"


@dataclass(frozen=True)
class Missing:
    """A return that the span should have, and that is not certified: which, and where it stands in words."""

    kind: str
    about: str
    standing: str


@dataclass(frozen=True)
class Pack:
    """A pack that was made: its name and SHA-256, its size in bytes, its content from the beginning, its returns."""

    name: str
    sha256: str
    size: int
    content: IO[bytes]
    returns: tuple[Return, ...]


def spans_of(quarters: Sequence[Quarter]) -> list[Scope]:
    """The spans that packs are made of, of one programme: the whole, each year, each quarter; the latest first."""
    ordered = sorted((row for row in quarters if row.kind != Quarter.Kind.FOLLOW_UP), key=place_of)
    if not ordered:
        return []
    found = [Scope(ordered[0], ordered[-1])]
    years: dict[int, list[Quarter]] = {}
    for row in ordered:
        years.setdefault(row.year_id, []).append(row)
    for of_year in reversed(years.values()):
        found.append(Scope(of_year[0], of_year[-1]))
        found += [Scope(row, row) for row in reversed(of_year)]
    return found


def certified_in(scope: Scope) -> list[Return]:
    """Every certified revision within a span, those that a later one replaced too, by reference."""
    rows = Return.objects.filter(programme=scope.programme, status__in=Return.FROZEN).select_related(*RELATED)
    return sorted((row for row in rows if is_within(row, scope)), key=lambda row: row.reference)


def is_within(the_return: Return, scope: Scope) -> bool:
    """Whether a return lies wholly within a span of its programme."""
    first, last = place_of(the_return.first_quarter), place_of(the_return.last_quarter)
    return place_of(scope.first) <= first and last <= place_of(scope.last)


def missing_in(scope: Scope) -> list[Missing]:
    """The returns that the span should have and that are not certified.

    Contract packs, change requests and board reports are made as they are wanted, and so none of them is missing.
    """
    latest: dict[tuple[str, int, int, str], Return] = {}
    for row in Return.objects.filter(programme=scope.programme).order_by("revision"):
        latest[row.kind, row.first_quarter_id, row.last_quarter_id, row.subject] = row
    claimed = set(Claim.objects.in_force().filter(source__programme=scope.programme).values_list("quarter", flat=True))
    found = []
    for kind in KINDS.values():
        if not kind.of_every_period:
            continue
        for quarter in scope.quarters:
            names = {row.reference: row.name for row in kind.subjects(quarter)} if kind.subjects else {}
            for one in kind.scopes(quarter):
                # Where there is one of the year too, that is owed; a quarter's is made when it is wanted.
                if place_of(one.first) < place_of(scope.first) or (one.is_one_quarter and Span.YEAR in kind.spans):
                    continue
                row = latest.get((kind.code, one.first.pk, one.last.pk, one.subject))
                if row is not None and (row.is_frozen or row.revision > 1):
                    continue
                words = row.get_status_display() if row else "Not begun"
                if row is None and kind.code == Return.CLAIM and one.last.pk in claimed:
                    words = "On paper: certified before this system was in use"
                about = f"{one}, {names[one.subject]}" if one.subject else str(one)
                found.append(Missing(kind.title, about, words))
    return found


def pack(scope: Scope) -> Pack:
    """Make the pack of a span. The caller closes its `content`."""
    returns = certified_in(scope)
    content = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    sums = []
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:

        def put(name: str, data: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, _NO_TIME), data)
            sums.append(f"{hashlib.sha256(data).hexdigest()}  {name}\n")

        put(LIST, build(_book(scope, returns)))
        put(NOTE, _note(scope).encode())
        # One file at a time: a programme's returns are not held in memory together.
        for row in _documents(returns).iterator(chunk_size=1):
            put(f"returns/{row.file_name}", bytes(row.data))
        archive.writestr(zipfile.ZipInfo(SUMS, _NO_TIME), "".join(sums))
    size = content.tell()
    content.seek(0)
    sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    content.seek(0)
    name = f"{scope.programme.code}-pack-{scope.code}.zip"
    return Pack(name, sha256, size, content, tuple(returns))


def take(*, scope: Scope, by: User) -> Pack:
    """Make the pack for a person, and record that they took it and each file in it."""
    made = pack(scope)
    moment = clock.now()
    Download.objects.bulk_create(
        Download(the_return=row.the_return, file_name=row.file_name, sha256=row.sha256, by=by, at=moment)
        for row in _documents(made.returns).defer("data").select_related("the_return")
    )
    words = f"{made.name}, {len(made.returns)} returns, SHA-256 {made.sha256}"
    events.record("return.pack", made.name, by=by, words=words, programme=scope.programme)
    return made


def _documents(returns: Sequence[Return]) -> QuerySet[Document]:
    """The files of returns as they are sent: workbook and PDF, without the content that they are made from."""
    rows = Document.objects.filter(the_return__in=[row.pk for row in returns])
    return rows.exclude(format=Document.Format.CONTENT).order_by("file_name")


def _note(scope: Scope) -> str:
    return (
        f"{scope.programme.name} ({scope.programme.code}), {scope}\n\n"
        "How the files of this pack are checked\n\n"
        f"1. {SUMS} holds the SHA-256 of every other file here. On Linux and macOS: sha256sum -c {SUMS}. On Windows:\n"
        "   certutil -hashfile FILE SHA256, and compare.\n"
        "2. Each return is the stored file that was certified. The system that made it compares any file with what it\n"
        "   keeps: on its page “Verify a file”, or with the command verify_return FILE….\n"
        "3. Workbook and PDF of a return carry the same content hash; it is what each signer signed, and is in the\n"
        f"   sheet “Signatures” of {LIST}.\n"
        "4. What was not certified when this pack was made is in the sheet “Missing”. It is no part of the pack.\n"
        "5. Evidence is listed and not enclosed. Who may see it opens it from the page of its entry, and compares its\n"
        "   SHA-256 with the list.\n"
    )


def _book(scope: Scope, returns: Sequence[Return]) -> Book:
    programme = scope.programme
    newest = max((row.certified_at for row in returns if row.certified_at), default=datetime(1980, 1, 1, tzinfo=UTC))
    title = f"Pack of {programme.code}, {scope}"
    sheets = (
        _returns_sheet(title, returns),
        _missing_sheet(scope),
        _signatures_sheet(returns),
        _funder_sheet(returns),
        _evidence_sheet(scope),
    )
    return Book(
        title=title, author=programme.recipient.name, subject=programme.name, moment=newest, sheets=sheets,
        head=programme.marking,
    )  # fmt: skip


def _day(moment: datetime | None) -> str:
    return moment_in_words(moment) if moment else ""


def _returns_sheet(title: str, returns: Sequence[Return]) -> Sheet:
    files: dict[int, list[Document]] = {}
    for row in _documents(returns).defer("data"):
        files.setdefault(row.the_return_id, []).append(row)

    def rows() -> Iterator[Sequence[object]]:
        for row in returns:
            for file in files.get(row.pk, []):
                yield (
                    row.reference, row.get_kind_display(), str(scope_of(row)), row.get_status_display(),
                    _day(row.certified_at), row.content_hash, file.file_name, Cell(file.size, "count"), file.sha256,
                )  # fmt: skip

    header = ("Return", "Kind", "Period", "Status", "Certified", "Content hash", "File", "Bytes", "SHA-256 of the file")
    intro = "Every certified return of the span with its files, those that a revision replaced too."
    return listed("Returns", title, (intro,), header, rows(), "Nothing of this span is certified.")


def _missing_sheet(scope: Scope) -> Sheet:
    rows = ((row.kind, row.about, row.standing) for row in missing_in(scope))
    intro = "Returns that the span should have and that were not certified when the pack was made."
    return listed("Missing", "What is missing", (intro,), ("Return", "Of", "Standing"), rows, "Nothing is missing.")


def _signatures_sheet(returns: Sequence[Return]) -> Sheet:
    found = Signature.objects.filter(the_return__in=[row.pk for row in returns]).select_related(
        "the_return", "organisation"
    )
    ordered = sorted(found, key=lambda row: (row.the_return.reference, row.signed_at, row.act))

    def rows() -> Iterator[Sequence[object]]:
        for row in ordered:
            capacity = kind_of(row.the_return.kind).step(row.act).capacity
            yield (
                row.the_return.reference, capacity, row.person_name, row.capacity, row.organisation.name,
                _day(row.signed_at), row.content_hash,
            )  # fmt: skip

    header = ("Return", "Signature", "Person", "Role", "Organisation", "Signed", "Content hash signed")
    return listed("Signatures", "Signatures", ("Who signed what, and when.",), header, rows(), "Nothing is signed.")


def _funder_sheet(returns: Sequence[Return]) -> Sheet:
    of = [row.pk for row in returns]
    sent = Dispatch.objects.standing().filter(the_return__in=of).select_related("the_return")
    asked = FunderQuery.objects.standing().filter(dispatch__the_return__in=of).select_related("dispatch__the_return")
    made: list[tuple[str, str, str, str]] = []
    for row in sent:
        said = f"{row.get_way_display()}, {row.funder_reference}".rstrip(", ")
        made.append((row.the_return.reference, day_in_words(row.sent_on), "Sent", said))
        if row.accepted_on:
            made.append((row.the_return.reference, day_in_words(row.accepted_on), "Accepted", row.acceptance_reference))
    for query in asked:
        said = f"{query.standing_words}. {query.question}"
        made.append(
            (query.dispatch.the_return.reference, day_in_words(query.asked_on), f"Asked: {query.reference}", said)
        )
    header, intro = ("Return", "Day", "What", "Words"), "What was sent, accepted and asked, as it was recorded."
    return listed("With the funder", "With the funder", (intro,), header, iter(sorted(made)), "Nothing was sent.")


def _evidence_sheet(scope: Scope) -> Sheet:
    claimed = ClaimLine.objects.filter(in_force=True, part__claim__quarter__in=scope.quarters).select_related(
        "part__claim", "line__transaction"
    )
    ordered = sorted(
        claimed, key=lambda row: (row.part.claim.reference, row.line.transaction.reference, row.line.number)
    )
    proofs: dict[int, list[Evidence]] = {}
    kept = Evidence.objects.in_force().filter(transaction__lines__claim_lines__in=claimed).distinct()
    for proof in kept.select_related("file", "transaction__recorded_by").order_by("reference"):
        proofs.setdefault(proof.transaction_id, []).append(proof)

    def rows() -> Iterator[Sequence[object]]:
        for row in ordered:
            entry = row.line.transaction
            about = (row.part.claim.reference, row.line.reference, payee(entry), Cell(row.cost or NOUGHT, "money"))
            for proof in proofs.get(entry.pk, []):
                if proof.restricted:
                    yield *about, proof.reference, "Restricted", f"With {entry.recorded_by.short_name}", ""
                else:
                    yield *about, proof.reference, proof.get_what_display(), proof.file.name, proof.file.sha256
            if entry.pk not in proofs:
                yield *about, "", "None on record", "", ""

    header = ("Claim", "Line", "Supplier or basis", "Cost", "Evidence", "What it is", "File", "SHA-256")
    intro = (
        "Every line of the span’s claims with the files that prove it. What is restricted, such as pay, is named by "
        "its reference alone."
    )
    return listed("Evidence", "Evidence of what was claimed", (intro,), header, rows(), "Nothing was claimed.")
