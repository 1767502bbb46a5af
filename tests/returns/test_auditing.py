"""The self-audit: silent on what was certified, and it finds each single change made behind the system's back."""

import hashlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from board import clock
from board.models import Event, User
from funding.claims import disallow, withdraw
from funding.models import Claim, ClaimLine, ClaimPart, SpendLine, Transaction
from funding.spending import Charge
from returns import certifying
from returns.auditing import self_audit
from returns.models import Document, Return, Signature
from tests.board.test_sealing import run as past_the_system
from tests.returns.scenes import JULY, LATE_JULY, Scene

D = Decimal
pytestmark = pytest.mark.usefixtures("quick_pdf")


@pytest.fixture
def certified(db: None) -> Iterator[Scene]:
    with clock.at(JULY):
        scene = Scene()
        scene.certified()
        yield scene


def found() -> list[str]:
    return [str(difference) for difference in self_audit().differences]


def test_what_was_certified_is_recomputed_and_nothing_differs(certified: Scene) -> None:
    audit = self_audit()
    assert audit.differences == ()
    assert (audit.returns, audit.documents, audit.claims, audit.lines) == (1, 3, 1, 4)


def test_what_happens_afterwards_is_no_difference(certified: Scene) -> None:
    """A late line, a disallowance and a claim returned unpaid leave every stored figure explained."""
    late = Charge(certified.money.line(), certified.quarter("2023-24-Q2"), relates_to=certified.quarter())
    line = SpendLine.objects.filter(claim_lines__in_force=True).order_by("pk").first()
    with clock.at(LATE_JULY, hour=11):
        certified.money.record("999.00", late)
        disallow(
            source=certified.money.grant, amounts={line: D("5.00")}, disallowed_on=LATE_JULY, funder_reference="HO-1",
            reason="No evidence", by=certified.finance,
        )  # fmt: skip
    assert found() == []


def test_a_claim_that_was_withdrawn_is_no_difference(certified: Scene) -> None:
    withdraw(claim=Claim.objects.get(), reason="Returned unpaid", by=certified.finance)
    assert found() == []


CHANGES: dict[str, tuple[Callable[[], Any], str]] = {
    "a byte of the workbook": (
        lambda: Document.objects.filter(format="xlsx").update(data=b"another"),
        "is not the file that was stored",
    ),
    "a byte of the content and its hash": (
        lambda: [
            Document.objects.filter(pk=row.pk).update(
                data=(data := bytes(row.data).replace(b"Perpetrator Fund", b"Perpetrator fund")),
                sha256=hashlib.sha256(data).hexdigest(),
            )
            for row in Document.objects.filter(format="json")
        ],
        "is not the one that was signed",
    ),
    "a content that no longer adds up": (
        lambda: Document.objects.filter(format="json").update(data=b'{"format": 0}'),
        "cannot be read",
    ),
    "a file that is gone": (lambda: Document.objects.filter(format="pdf").delete(), "its file pdf is missing"),
    "the hash of the return": (
        lambda: Return.objects.update(content_hash="f" * 64),
        "its content is not the one that was signed",
    ),
    "a signature over something else": (
        lambda: Signature.objects.filter(act="check").update(content_hash="f" * 64),
        "Checked by is over another content",
    ),
    "a signature that is gone": (
        lambda: Signature.objects.filter(act="check").delete(),
        "its signatures are not those that its kind asks for",
    ),
    "the amount of a claim": (lambda: Claim.objects.update(amount=D("58400.01")), "its parts are £58,400.00"),
    "a claimed line": (
        lambda: ClaimLine.objects.filter(pk=ClaimLine.objects.first().pk).update(cost=D("0.01")),
        "was claimed at",
    ),
    "a line in the ledger": (
        lambda: SpendLine.objects.filter(claim_lines__in_force=True).update(cost=D("0.01")),
        "and now costs",
    ),
    "a claimed entry struck out": (
        lambda: Transaction.objects.filter(document_number="INV-2").update(voided_at=clock.now(), void_reason="x"),
        "is claimed and void",
    ),
    "a claimed line that is held": (
        lambda: SpendLine.objects.filter(transaction__document_number="INV-2").update(
            state="held", state_reason="capital"
        ),
        "is no longer claimable",
    ),
    "a line left out of its claim": (
        lambda: ClaimLine.objects.filter(pk=ClaimLine.objects.first().pk).delete(),
        "claimable to date of 2023-24 is stored as £58,400.00",
    ),
    "the award of a part": (lambda: ClaimPart.objects.update(award=D("1.00")), "eligible to date of 2023-24"),
}


@pytest.mark.parametrize("what", list(CHANGES))
def test_a_single_change_is_found(certified: Scene, what: str) -> None:
    change, words = CHANGES[what]
    change()
    assert any(words in one for one in found()), found()


def test_the_command_says_so_and_puts_it_on_record(certified: Scene, capsys: Any) -> None:
    call_command("self_audit")
    assert "Nothing differs." in capsys.readouterr().out
    assert Event.objects.get(act="audit.self").words.endswith("; 0 differences")


def test_the_command_fails_and_mails_on_any_difference(certified: Scene, settings: Any) -> None:
    settings.ADMINS = [("Administrator", "admin@example.org")]
    Claim.objects.update(amount=D("58400.01"))
    with pytest.raises(CommandError, match=r"its parts are £58,400.00") as caught:
        call_command("self_audit")
    assert caught.value.returncode == 1
    assert "£58,400.01" in mail.outbox[0].body


def test_the_whole_demonstration_is_as_it_was_certified(demonstration: Callable[[str], User]) -> None:
    audit = self_audit()
    assert audit.differences == ()
    assert audit.claims > 10 and audit.lines > 200


def test_a_revision_that_took_over_is_recomputed_beside_the_first(certified: Scene) -> None:
    first = Return.objects.get()
    with clock.at(LATE_JULY):
        row = certifying.revise(the_return=first, reason="Clearer words", by=certified.finance)
        row = certifying.prepare(the_return=row, by=certified.finance)
        row = certifying.check(the_return=row, by=certified.commissioning)
        certifying.certify(the_return=row, by=certified.cfo)
    audit = self_audit()
    assert audit.differences == () and (audit.returns, audit.claims) == (2, 1)


def test_an_altered_event_of_the_record_is_named(certified: Scene) -> None:
    event = Event.objects.filter(act="return.certify").get()
    assert event.seal.hash, "Certifying seals the record."
    past_the_system(f"UPDATE board_event SET words = 'Nothing' WHERE id = {event.pk}")  # noqa: S608
    assert [words for words in found() if f"Event {event.pk} " in words]
