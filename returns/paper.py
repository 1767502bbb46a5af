"""Signatures that were given on paper: the signed copy is uploaded against the exact revision.

The paper bears the hash of the content, of which the first 16 signs are read off it: a copy of any other content is
refused. It counts as that signature and moves the return as any other would. Its signer is a person with an account in
the role that the signature asks for, and each signer is another. Who uploads it is an officer of the recipient who has
not signed this revision: nobody vouches for a signature that they need for their own. Its signer is told at once by
mail, and for four weeks on the first page (`due.py`), so that a paper they never signed comes out. The rules are this
board's.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.core.mail import send_mail
from django.db.models import Q
from django.utils import timezone

from board import clock, events, files
from board.models import Role, StoredFile, User
from core.file_kinds import FileKind
from core.forms import day_in_words
from core.problems import Problem
from returns.content import short_hash
from returns.kinds.scope import scope_of
from returns.kinds.shape import Step
from returns.models import Return, Signature

logger = logging.getLogger(__name__)
# What a signed paper is scanned or photographed as.
KINDS = (FileKind.PDF, FileKind.PNG, FileKind.JPEG, FileKind.TIFF)
READ_OFF = 16


@dataclass(frozen=True)
class OnPaper:
    """A signature on paper: who gave it, acting in the role asked for; on which day; its copy; the hash read off it."""

    person: User
    signed_on: date
    copy: StoredFile
    hash_read: str


def signers_for(the_return: Return, step: Step, by: User) -> list[Role]:
    """The roles in which somebody may have signed on paper: as the step asks, in force, of nobody who has signed."""
    organisation = step.organisation(scope_of(the_return))
    rows = Role.objects.in_force(clock.today()).filter(
        Q(programme=None) | Q(programme=the_return.programme_id),
        kind__in=step.roles, organisation=organisation, user__is_active=True,
    )  # fmt: skip
    signed = the_return.signatures.values("person")
    found = rows.exclude(user__in=signed).exclude(user=by).select_related("user", "organisation", "programme")
    return list(found.order_by("user__name", "pk"))


def paper_problems(the_return: Return, paper: OnPaper, content_hash: str, by: User) -> Iterator[Problem]:
    """What stands against a signed copy, beside its signer's and its uploader's roles."""
    if paper.person.pk == by.pk:
        yield Problem("F30", "You cannot upload your own signature: sign here instead.", True, "signer")
    if the_return.signatures.filter(person=by).exists():
        words = "You have signed this return. Somebody else uploads the signed copy of another signature."
        yield Problem("F30", words)
    read = "".join(paper.hash_read.split()).lower()
    if len(read) < READ_OFF or not content_hash.startswith(read):
        words = (
            f"The paper is of another content: this one begins {short_hash(content_hash)}. Compare the footer of the "
            "paper. If it differs, print the return as it is now and have that signed."
        )
        yield Problem("X07", words, True, "hash_read")
    if paper.signed_on > clock.today():
        yield Problem("signed_on", "Give today or an earlier day.", True, "signed_on")
    first = the_return.signatures.order_by("signed_at").first()
    if first is not None and paper.signed_on < timezone.localdate(first.signed_at):
        words = f"Its first signature is of {day_in_words(first.signed_at)}. Give that day or a later one."
        yield Problem("signed_on", words, True, "signed_on")
    if FileKind(paper.copy.kind) not in KINDS:
        yield Problem("F22", f"“{paper.copy.name}” is no scan. Send a PDF or a picture.", True, "file")


def tell_signer(signature: Signature) -> None:
    """Mail the signer that a paper was uploaded as theirs; after the transaction, which a lost mail must not undo."""
    reference = signature.the_return.reference
    text = (
        f"A signed paper was uploaded to the grant and returns system as your signature on\n{reference}.\n\n"
        "Sign in and open that return to see the paper and who uploaded it. If you did not sign it, tell your\n"
        "administrator at once.\n\nThis mailbox is not read.\n"
    )
    try:
        send_mail("A paper was uploaded as your signature", text, None, [signature.person.email])
    except OSError:
        # smtplib's own errors are OSErrors too. The first page says the same, and the log names nobody by address.
        logger.exception("The mail to user %s about a signed paper did not go", signature.person_id)


def note_of(signature: Signature) -> str:
    """What is printed of a signature on paper; empty for one that was given here."""
    if signature.copy is None or signature.signed_on is None:
        return ""
    return (
        f"Signed on paper on {day_in_words(signature.signed_on)}. The signed copy is on file, "
        f"SHA-256 {signature.copy.sha256}, uploaded by {signature.uploaded_by}."
    )


def give_out(*, signature: Signature, by: User) -> bytes:
    """The signed copy; that it was taken is on record."""
    the_return, copy = signature.the_return, signature.copy
    if copy is None:
        raise LookupError(f"{signature} was not given on paper")
    data = files.content_of(copy)
    words = f"Signed copy of {signature.get_act_display().lower()} {signature.person_name}, SHA-256 {copy.sha256}"
    events.record("return.copy-download", the_return.reference, by=by, words=words, programme=the_return.programme)
    return data
