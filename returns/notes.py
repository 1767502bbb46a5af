"""What workbook and PDF both print around the figures: cover, legend, rounding, signatures, provenance."""

from dataclasses import dataclass

from returns.content import (
    MARKERS,
    STATES,
    Content,
    SignatureAsked,
    SignatureGiven,
    Stamp,
    moment_words,
    short_hash,
)


def cover_facts(content: Content, stamp: Stamp) -> list[tuple[str, str]]:
    """Label and words that identify the return, in the order of the cover."""
    return [
        ("Reference", content.reference),
        ("Programme", content.programme),
        ("Recipient", content.recipient),
        ("Period", content.period),
        ("Revision", str(content.revision)),
        ("Status", stamp.status),
    ]


def provenance(content: Content, stamp: Stamp) -> list[tuple[str, str]]:
    """When and from what the file was made, and how to see that two files say the same."""
    facts = [
        ("File made", moment_words(stamp.generated_at)),
        ("System date", stamp.date_note.removeprefix("System date ")),
        ("Workbook", stamp.workbook_name),
        ("Document", stamp.document_name),
        ("Content hash, short form", short_hash(stamp.content_hash)),
        ("Content hash (SHA-256)", stamp.content_hash),
    ]
    return [(label, words) for label, words in facts if words]


def legend(states: list[str]) -> list[tuple[str, str]]:
    """Each state as it is printed, with its meaning."""
    return [(f"[{state}]" if state in MARKERS else state.capitalize(), STATES[state]) for state in states]


def rounding(content: Content) -> list[str]:
    """How numbers are to be read; the sentences on money only where there is money."""
    sentences = ["Figures are not rounded unless a heading says so; totals are the sums of the figures shown."]
    if any(figure.unit == "money" for figure in content.figures()):
        sentences += [
            "Amounts are in pounds and pence.",
            "Variance is actual less budget: an underspend is negative, an overspend positive. "
            "Negative amounts carry a minus sign.",
        ]
    return [
        *sentences,
        "What is provisional, estimated or forecast keeps its marker in every total that holds it.",
    ]


@dataclass(frozen=True)
class SignatureBlock:
    """A signature as it is printed: what it says, and label and words of who gave it, or that it is awaited."""

    capacity: str
    statement: str
    details: list[tuple[str, str]]
    given: bool


def signature_blocks(content: Content, stamp: Stamp) -> list[SignatureBlock]:
    """A block for each signature asked for, in order, then any others that were given."""
    given = {signature.capacity: signature for signature in stamp.signatures}
    asked = {wanted.capacity: wanted for wanted in content.signatures_asked}
    blocks = [_block(wanted, given.get(wanted.capacity), stamp) for wanted in content.signatures_asked]
    for signature in stamp.signatures:
        if signature.capacity not in asked:
            unasked = SignatureAsked(signature.capacity, signature.role, signature.statement)
            blocks.append(_block(unasked, signature, stamp))
    return blocks


def _block(asked: SignatureAsked, given: SignatureGiven | None, stamp: Stamp) -> SignatureBlock:
    if given is None:
        return SignatureBlock(
            asked.capacity, asked.statement, [("Asked of", asked.asked_of), ("Signed", "Not yet")], False
        )
    details = [
        ("Name", given.name),
        ("Role", given.role),
        ("Organisation", given.organisation),
        ("Signed", moment_words(given.moment)),
        ("Content hash signed", given.content_hash),
        ("Note", given.note),
    ]
    if given.content_hash != stamp.content_hash:
        details.append(("Warning", "The content has changed since this signature; it does not hold for this file"))
    return SignatureBlock(given.capacity, given.statement, [(label, words) for label, words in details if words], True)
