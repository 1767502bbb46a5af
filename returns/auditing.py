"""Recomputes what was certified from what is stored, so that a change behind the system's back is found.

Five questions, asked of every certified return and claim: are the stored files those that were stored, is the content
the one that was signed, does each figure still follow from the record as it was then, does each claim still follow from
its own lines, and do the rows of one line agree wherever they are kept. Nothing here looks at the record as it stands
now: late entries are no difference.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from board import clock, sealing
from board import files as stored_files
from board.models import Seal
from core.money import NOUGHT, in_words
from core.problems import Refused
from funding import claim_arithmetic
from funding.claim_arithmetic import YearFigures
from funding.claims import place_of
from funding.models import Claim, ClaimLine, ClaimPart, SpendLine
from returns.content import content_hash, from_json
from returns.kinds import kind_of
from returns.kinds.claim import AMOUNT
from returns.leaves import Record
from returns.models import Document, Return
from returns.tracing import Traces

# Of a return whose figures do not follow; one altered charge moves every sum over it.
MOST_FIGURES = 20


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was certified: whose it is, and what differs."""

    reference: str
    words: str

    def __str__(self) -> str:
        return f"{self.reference}: {self.words}"


@dataclass(frozen=True)
class Audit:
    """What was recomputed, and every difference found; `last_seal` is the newest of the record of acts."""

    returns: int
    documents: int
    claims: int
    lines: int
    events: int
    last_seal: str
    differences: tuple[Difference, ...]


def self_audit() -> Audit:
    """Recompute every certified return and every claim, each from its own stored rows."""
    returns = list(Return.objects.exclude(certified_at=None).select_related("programme").order_by("reference"))
    claims = list(Claim.objects.select_related("source", "quarter").order_by("reference"))
    found: list[Difference] = []
    for the_return in returns:
        found += _files(the_return)
        found += _signatures(the_return)
        found += _figures(the_return)
    for claim in claims:
        found += _claim(claim)
    found += [Difference("The record of acts", words) for words in sealing.broken()]
    return Audit(
        returns=len(returns),
        documents=Document.objects.count(),
        claims=len(claims),
        lines=ClaimLine.objects.count(),
        events=Seal.objects.count(),
        last_seal=sealing.last_hash(),
        differences=tuple(found),
    )


def _files(the_return: Return) -> Iterator[Difference]:
    """The bytes are those of their hash, and the content is the one whose hash was signed."""
    kept = {row.format: row for row in the_return.documents.all()}
    wanted = {Document.Format.CONTENT, *kind_of(the_return.kind).formats}
    for format in sorted(wanted - set(kept)):
        yield Difference(the_return.reference, f"its file {format} is missing.")
    for row in sorted(kept.values(), key=lambda row: row.format):
        data = bytes(row.data)
        if hashlib.sha256(data).hexdigest() != row.sha256 or len(data) != row.size:
            yield Difference(the_return.reference, f"{row.file_name} is not the file that was stored.")
    content = kept.get(Document.Format.CONTENT)
    if content is None:
        return
    try:
        stored = from_json(bytes(content.data))
    except (ValueError, KeyError, TypeError):
        yield Difference(the_return.reference, f"{content.file_name} cannot be read.")
        return
    if content_hash(stored) != the_return.content_hash:
        yield Difference(the_return.reference, "its content is not the one that was signed.")
    claim = Claim.objects.filter(reference=the_return.reference).first()
    if claim is None:
        return
    if claim.content_hash != the_return.content_hash:
        yield Difference(claim.reference, "the claim names another content than its return.")
    said = stored.figure(AMOUNT).value
    if said != claim.amount:
        words = f"the claim is {in_words(claim.amount)}, and its return says {in_words(said)}."  # type: ignore[arg-type]
        yield Difference(claim.reference, words)


def _figures(the_return: Return) -> Iterator[Difference]:
    """Each number follows, by its trace, from the record as it was when the return was certified."""
    content = the_return.documents.filter(format=Document.Format.CONTENT).first()
    if content is None:
        return
    try:
        stored = from_json(bytes(content.data))
    except (ValueError, KeyError, TypeError):
        return
    record = Record(the_return.programme, today=clock.today(), as_of=the_return.certified_at)
    failures = list(Traces(stored, record).failures())
    for words in failures[:MOST_FIGURES]:
        yield Difference(the_return.reference, words)
    if len(failures) > MOST_FIGURES:
        yield Difference(the_return.reference, f"{len(failures) - MOST_FIGURES:,} figures more do not follow.")


def _signatures(the_return: Return) -> Iterator[Difference]:
    """Every act that the kind asks for is signed, each by another person and over this content."""
    signed = list(the_return.signatures.select_related("copy"))
    wanted = [step.act for step in kind_of(the_return.kind).steps if step.signs]
    if sorted(row.act for row in signed) != sorted(wanted):
        yield Difference(the_return.reference, "its signatures are not those that its kind asks for.")
    if len({row.person_id for row in signed}) != len(signed):
        yield Difference(the_return.reference, "one person signed it twice.")
    for row in signed:
        if row.content_hash != the_return.content_hash:
            yield Difference(the_return.reference, f"{row.get_act_display()} is over another content.")
        if row.copy is not None:
            try:
                stored_files.content_of(row.copy)
            except Refused as refusal:
                yield Difference(the_return.reference, f"the signed copy {row.get_act_display().lower()}: {refusal}")


def _claim(claim: Claim) -> Iterator[Difference]:
    """The claim is the sum of its parts, and its lines are what the ledger's lines still say."""
    parts = list(claim.parts.select_related("year"))
    total = sum((part.amount for part in parts), NOUGHT)
    if total != claim.amount:
        yield Difference(claim.reference, f"it is {in_words(claim.amount)}, and its parts are {in_words(total)}.")
    for part in parts:
        yield from _part(claim, part)
    for row in ClaimLine.objects.filter(part__claim=claim).select_related("line__transaction", "line__budget_line"):
        if row.cost != row.line.cost:
            words = f"{row.line.reference} was claimed at {in_words(row.cost)} and now costs {in_words(row.line.cost)}."
            yield Difference(claim.reference, words)
        if row.in_force and row.line.transaction.is_void:
            yield Difference(claim.reference, f"{row.line.reference} is claimed and void.")
        if row.in_force and row.line.state != SpendLine.State.CLAIMABLE:
            yield Difference(claim.reference, f"{row.line.reference} is claimed and is no longer claimable.")
        if row.line.budget_line.source_id != claim.source_id:
            yield Difference(claim.reference, f"{row.line.reference} charges another source.")
        if row.in_force is (claim.withdrawn_at is not None):
            yield Difference(claim.reference, f"{row.line.reference} and its claim do not agree on being withdrawn.")


def _part(claim: Claim, part: ClaimPart) -> Iterator[Difference]:
    """A part follows from the lines of the year's claims up to it, by the one arithmetic of claims.

    A withdrawn claim is past that: its lines are in the claim that took its place.
    """
    if claim.withdrawn_at is not None:
        return
    earlier = [
        row
        for row in ClaimPart.objects.filter(
            claim__source=claim.source, claim__withdrawn_at=None, year=part.year
        ).select_related("claim__quarter")
        if place_of(row.claim.quarter) <= place_of(claim.quarter)
    ]
    lines = ClaimLine.objects.filter(part__in=earlier, in_force=True)
    claimable: Decimal = lines.aggregate(total=Sum("cost"))["total"] or NOUGHT
    figures = YearFigures(
        award=part.award,
        claimable=claimable,
        disallowed=part.disallowed,
        certified=sum((row.amount for row in earlier if row.pk != part.pk), NOUGHT),
    )
    may_be_negative = part.final or part.year_id != claim.quarter.year_id
    worked = claim_arithmetic.work_out(figures, may_be_negative=may_be_negative)
    pairs = [
        ("claimable to date", part.claimable_to_date, claimable),
        ("eligible to date", part.eligible_to_date, worked.eligible_to_date),
        ("claimed before", part.claimed_before, worked.claimed_before),
        ("this part", part.amount, worked.amount),
        ("credit carried", part.credit_carried, worked.credit_carried),
        ("beyond the award", part.beyond_award, worked.beyond_award),
    ]
    for name, stored, now in pairs:
        if stored != now:
            words = f"{name} of {part.year} is stored as {in_words(stored)}, and its lines give {in_words(now)}."
            yield Difference(claim.reference, words)
