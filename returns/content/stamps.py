"""What is true of a file and not of the content: whether it is a draft, and who signed when."""

import re
from dataclasses import dataclass
from datetime import datetime

from returns.content.shape import Content
from returns.content.storing import content_hash


@dataclass(frozen=True)
class SignatureGiven:
    """A signature as files print it. `name` is the person's, `role` and `organisation` as held when signing."""

    capacity: str
    name: str
    role: str
    organisation: str
    moment: datetime
    statement: str
    content_hash: str
    note: str = ""


@dataclass(frozen=True)
class Stamp:
    """What a file says about itself: draft or final, made when, signed by whom. No part of the content hash.

    `date_note` is the demonstration's "System date 9 April 2025", empty in service.
    """

    final: bool
    generated_at: datetime
    content_hash: str
    signatures: tuple[SignatureGiven, ...] = ()
    workbook_name: str = "return.xlsx"
    document_name: str = "return.pdf"
    date_note: str = ""
    # Whether the PDF of a draft has boxes in which it is signed in ink.
    ink: bool = False

    @property
    def status(self) -> str:
        return "Final" if self.final else "DRAFT – not certified"


def check_stamp(content: Content, stamp: Stamp) -> None:
    """Refuses a stamp of another content, and a final one that anybody signed for another content."""
    if stamp.content_hash != content_hash(content):
        raise ValueError("The stamp bears the hash of another content")
    if not stamp.final:
        return
    if any(signature.content_hash != stamp.content_hash for signature in stamp.signatures):
        raise ValueError("A signature was given for another content")
    signed = {signature.capacity for signature in stamp.signatures}
    if absent := [asked.capacity for asked in content.signatures_asked if asked.capacity not in signed]:
        raise ValueError(f"Not final: the signature is missing of: {', '.join(absent)}")


def file_name(content: Content, *, final: bool, suffix: str) -> str:
    """The reference and, for a draft, the word: "DAPF-2023-25-R1-2024-25-Q3-rev1-draft.xlsx"."""
    stem = re.sub(r"[^A-Za-z0-9.-]+", "-", content.reference).strip("-.")
    return f"{stem}{'' if final else '-draft'}.{suffix.lstrip('.')}"
