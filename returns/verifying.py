"""Is this file what was certified? Told by its bytes; of an altered copy, which cells differ from the stored ones."""

import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import SequenceMatcher
from itertools import zip_longest

import pikepdf
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from board import clock, events
from board.models import Event, User
from core.archives import DAMAGED
from core.packages import Package
from core.pdf_pages import pages_of
from core.problems import Refused, refuse
from core.reading.workbooks import UNPACKED_MOST
from returns.models import Document, Download, Return

ACT = "return.verify"
# Enough for a whole programme's files, too few to try names or numbers (this board's choice).
MOST_AN_HOUR = 100
SHOWN_CELLS = 50
MOST_INSIDE = 5
# How often what was certified an altered copy may unpack to, before anything of it is opened.
GROWS_TO = 3
CORE = "docProps/core.xml"
_HASH_IN_CORE = re.compile(rb"content hash ([0-9a-f]{64})")
# On paper it may be broken over lines.
_HASH_ON_PAPER = re.compile(r"(?<![0-9a-f])([0-9a-f]{64})(?![0-9a-f])")


@dataclass
class Verdict:
    """What became of a file. `said` is for everybody; `the_return` and `details` for those who may open it."""

    name: str
    sha256: str
    matches: bool
    said: str
    the_return: Return | None = None
    details: list[str] = field(default_factory=list)


def verify(data: bytes, name: str) -> Verdict:
    """Compare a file with everything that is stored. Reads nothing of it but its bytes, unless it looks like ours."""
    sha256 = hashlib.sha256(data).hexdigest()
    rows = Document.objects.exclude(format=Document.Format.CONTENT).defer("data").select_related("the_return")
    if row := rows.filter(sha256=sha256).first():
        return _certified(name, sha256, row.the_return)
    words = "It is not the file of a certified return, or it was changed since."
    verdict = Verdict(name, sha256, matches=False, said=words)
    if taken := Download.objects.filter(sha256=sha256).select_related("the_return").first():
        verdict.the_return = taken.the_return
        verdict.details = [f"It was taken from here as a draft on {taken.at:%-d %B %Y}, and is not what was certified."]
        return verdict
    try:
        _look_into(data, name, verdict)
    except Refused as refusal:
        verdict.details = [str(refusal)]
    return verdict


def verify_for(data: bytes, name: str, *, by: User) -> Verdict:
    """The same for a person, put on record; refused after too many in an hour.

    Of a return that they may not open they are told nothing but whether the file matches one.
    """
    since = clock.now() - timedelta(hours=1)
    if Event.objects.filter(act=ACT, by=by, at__gt=since).count() >= MOST_AN_HOUR:
        words = f"You have verified {MOST_AN_HOUR} files in an hour. Go on in an hour."
        raise refuse("limit", words, "file")
    found = verify(data, name)
    seen = found.the_return
    if seen is not None and not Return.objects.visible_to(by).filter(pk=seen.pk).exists():
        found.the_return, found.details, seen = None, [], None
    words = f"SHA-256 {found.sha256}: {'matches' if found.matches else 'does not match'}"
    programme = seen.programme if seen else None
    events.record(ACT, seen.reference if seen else "", by=by, words=words, programme=programme)
    return found


def _certified(name: str, sha256: str, the_return: Return) -> Verdict:
    found = Verdict(
        name, sha256, matches=True, said="It matches a certified return, to the byte.", the_return=the_return
    )
    found.details = [f"It is revision {the_return.revision} of {the_return.reference.rpartition('/')[0]}."]
    if the_return.status == Return.Status.SUPERSEDED:
        found.said += " A later revision has taken its place."
    signed = the_return.signatures.order_by("signed_at")
    found.details += [
        f"{row.get_act_display()} {row.person_name}, {row.capacity}, on {row.signed_at:%-d %B %Y}." for row in signed
    ]
    return found


def _look_into(data: bytes, name: str, verdict: Verdict) -> None:
    if data.startswith(b"%PDF"):
        _look_into_pdf(data, verdict)
        return
    package = Package(data, name)
    named = _HASH_IN_CORE.search(package.part(CORE)) if CORE in package else None
    row = _stored(named[1].decode(), Document.Format.WORKBOOK) if named else None
    if row is None:
        return
    verdict.the_return = row.the_return
    # What is opened is held against the stored one first: it may not unpack to a multiple of it.
    if package.unpacked > GROWS_TO * Package(bytes(row.data), row.file_name).unpacked:
        verdict.details = [
            f"It says that it is {row.the_return.reference}, and holds far more than was certified. It was not opened."
        ]
        return
    try:
        book = load_workbook(io.BytesIO(data))
    except (*DAMAGED, KeyError, TypeError, AttributeError, IndexError, SyntaxError):
        verdict.details = ["It cannot be opened as an Excel workbook."]
        return
    differing = list(_differences(load_workbook(io.BytesIO(bytes(row.data))), book))
    verdict.details = [f"It says that it is {row.the_return.reference}, and differs from what was certified."]
    verdict.details += differing[:SHOWN_CELLS]
    if len(differing) > SHOWN_CELLS:
        verdict.details.append(f"And {len(differing) - SHOWN_CELLS:,} cells more.")
    if not differing:
        verdict.details.append("Every cell says the same and shows it in the same way; the file was saved anew.")


def _look_into_pdf(data: bytes, verdict: Verdict) -> None:
    """A PDF bears the workbook and the content's hash: by either it is known, and then compared page by page."""
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            inside = [content for spec in list(pdf.attachments.values())[:MOST_INSIDE] if (content := _unpacked(spec))]
    except (pikepdf.PdfError, pikepdf.DataDecodingError, RuntimeError, ValueError, KeyError, TypeError, zlib.error):
        verdict.details = ["It cannot be opened as a PDF."]
        return
    hashes = [hashlib.sha256(one).hexdigest() for one in inside]
    row = Document.objects.filter(sha256__in=hashes).defer("data").select_related("the_return").first()
    pages = pages_of(data)
    if row is None and pages is not None and (named := _HASH_ON_PAPER.search(" ".join(pages))):
        row = _stored(named[1], Document.Format.PDF)
    if row is None:
        return
    the_return = verdict.the_return = row.the_return
    verdict.details = [f"It says that it is {the_return.reference}, and is not the PDF that was certified."]
    if hashlib.sha256(bytes(row.data)).hexdigest() in hashes:
        verdict.details.append("The workbook in it is the certified one: take the figures from that.")
    verdict.details += _pages_that_differ(the_return, pages)


def _pages_that_differ(the_return: Return, pages: list[str] | None) -> list[str]:
    """Page by page, what the certified PDF says and this one says instead."""
    kept = the_return.documents.filter(format=Document.Format.PDF).first()
    stored = pages_of(bytes(kept.data)) if kept else None
    if stored is None or pages is None:
        return ["Its pages cannot be read, so they were not compared."]
    found = [
        f"Page {number}: {words}"
        for number, (was, now) in enumerate(zip_longest(stored, pages, fillvalue=""), start=1)
        if was != now
        for words in _words_that_differ(was, now)
    ]
    if not found:
        return ["Every page says the same; the file was saved anew, or what is not text was changed."]
    more = [f"And {len(found) - SHOWN_CELLS:,} places more."] if len(found) > SHOWN_CELLS else []
    return [*found[:SHOWN_CELLS], *more]


def _words_that_differ(was: str, now: str) -> Iterator[str]:
    if not was or not now:
        yield "it is not of the certified PDF." if now else "it is missing."
        return
    before, after = was.split(), now.split()
    for what, start, end, start_now, end_now in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what != "equal":
            gone, come = _shown(" ".join(before[start:end])), _shown(" ".join(after[start_now:end_now]))
            yield f"certified “{gone}”, here “{come}”."


def _unpacked(spec: pikepdf.AttachedFileSpec) -> bytes:
    """What is attached, as our own PDFs attach it; nothing where it unpacks to more than a workbook of ours holds."""
    stream = spec.get_file().obj
    raw = stream.read_raw_bytes()
    if stream.get("/Filter") is None:
        return raw
    if str(stream.get("/Filter")) != "/FlateDecode":
        return b""
    unpacking = zlib.decompressobj()
    content = unpacking.decompress(raw, UNPACKED_MOST)
    return b"" if unpacking.unconsumed_tail else content


def _stored(content_hash: str, format: str) -> Document | None:
    rows = Document.objects.filter(format=format, the_return__content_hash=content_hash)
    return rows.exclude(the_return__certified_at=None).select_related("the_return").first()


def _differences(stored: Workbook, given: Workbook) -> Iterator[str]:
    for name in stored.sheetnames:
        if name not in given.sheetnames:
            yield f"The sheet {name} is missing."
            continue
        one, other = stored[name], given[name]
        # Every cell that either sheet has, however far out.
        for row, column in sorted(one._cells.keys() | other._cells.keys()):
            was, now = one.cell(row, column), other.cell(row, column)
            place = was.coordinate
            # To Python TRUE is 1.
            if was.value != now.value or isinstance(was.value, bool) != isinstance(now.value, bool):
                yield f"{name}, {place}: certified “{_shown(was.value)}”, here “{_shown(now.value)}”."
            elif was.value is not None and was.number_format != now.number_format:
                yield f"{name}, {place}: the same value is shown in another way ({now.number_format[:40]})."
    for name in given.sheetnames:
        if name not in stored.sheetnames:
            yield f"The sheet {name[:40]} is not of the certified workbook."


def _shown(value: object) -> str:
    return "" if value is None else str(value)[:80]
