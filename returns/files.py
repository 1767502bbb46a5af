"""The files of a return: drafts made on the fly and marked so, and the stored bytes of what was certified."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from board import clock, events
from board.models import User
from returns.content import Content, SignatureGiven, Stamp, canonical_json, content_hash, date_words, file_name
from returns.document import document
from returns.kinds.shape import Kind
from returns.models import Document, Download, Return, Signature
from returns.paper import note_of
from returns.workbook import workbook

TYPES = {
    Document.Format.WORKBOOK: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Document.Format.PDF: "application/pdf",
    Document.Format.CONTENT: "application/json",
}


@dataclass(frozen=True)
class File:
    """A file of a return. `format` is that of the stored document: json, xlsx or pdf."""

    format: str
    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def content_type(self) -> str:
        return TYPES[Document.Format(self.format)]


def given(kind: Kind, signature: Signature) -> SignatureGiven:
    """A stored signature as the files print it."""
    return SignatureGiven(
        capacity=kind.step(signature.act).capacity,
        name=signature.person_name,
        role=signature.capacity,
        organisation=signature.organisation.name,
        moment=signature.signed_at,
        statement=signature.statement,
        content_hash=signature.content_hash,
        note=note_of(signature),
    )


def stamp_of(content: Content, *, final: bool, signatures: Sequence[SignatureGiven] = (), ink: bool = False) -> Stamp:
    """What the files say about themselves when they are made now."""
    return Stamp(
        final=final,
        generated_at=clock.now(),
        content_hash=content_hash(content),
        signatures=tuple(signatures),
        workbook_name=file_name(content, final=final, suffix="xlsx"),
        document_name=file_name(content, final=final, suffix="pdf"),
        date_note=f"System date {date_words(clock.today())}" if settings.FIXED_DATE else "",
        ink=ink,
    )


def draft_stamp(kind: Kind, content: Content, the_return: Return | None) -> Stamp:
    """The stamp of a draft, with the signatures that it has so far."""
    signed = (
        the_return.signatures.select_related("organisation", "copy", "uploaded_by").order_by("signed_at")
        if the_return
        else ()
    )
    # Nothing that nobody has begun is signed.
    ink = kind.prints_ink and the_return is not None
    return stamp_of(content, final=False, signatures=[given(kind, row) for row in signed], ink=ink)


def render(content: Content, stamp: Stamp, formats: Sequence[str]) -> list[File]:
    """The asked files of a content; a PDF holds the workbook too. Slow, so never inside a transaction."""
    made = workbook(content, stamp)
    files = []
    if Document.Format.WORKBOOK in formats:
        files.append(File("xlsx", stamp.workbook_name, made))
    if Document.Format.PDF in formats:
        files.append(File("pdf", stamp.document_name, document(content, stamp, made)))
    return files


def store(the_return: Return, content: Content, files: Sequence[File]) -> None:
    """Keep the content and the files of a certified return, from now on the only ones that are served."""
    kept = [File("json", file_name(content, final=True, suffix="json"), canonical_json(content)), *files]
    for file in kept:
        row = Document(
            the_return=the_return,
            format=file.format,
            file_name=file.name,
            sha256=file.sha256,
            size=len(file.data),
            data=file.data,
        )
        row.full_clean()
        row.save(force_insert=True)


def stored(the_return: Return, format: str) -> File:
    """A certified file as it was stored."""
    row = the_return.documents.get(format=format)
    return File(row.format, row.file_name, bytes(row.data))


def take(*, the_return: Return, file: File, by: User) -> None:
    """Record that a person took a file."""
    Download.objects.create(the_return=the_return, file_name=file.name, sha256=file.sha256, by=by, at=clock.now())
    events.record(
        "return.download",
        the_return.reference,
        by=by,
        words=f"{file.name}, SHA-256 {file.sha256}",
        programme=the_return.programme,
    )
