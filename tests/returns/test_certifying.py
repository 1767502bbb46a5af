"""The life of a return: who signs, what is signed, what is frozen, and what is refused."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from openpyxl import load_workbook

from board import clock
from board import files as stored_files
from board.delegating import delegate
from board.models import Event, User
from core.problems import Refused
from funding.budgeting import award
from funding.models import Claim, Source
from funding.spending import Charge
from returns import certifying, files
from returns.content import content_hash
from returns.kinds import KINDS, content_of
from returns.kinds.scope import of_quarter
from returns.kinds.shape import stored_content
from returns.models import Document, Return, Signature
from tests.evidence_files import PDF, upload
from tests.factories import person
from tests.returns.scenes import LATE_JULY, Scene

D = Decimal
pytestmark = pytest.mark.usefixtures("quick_pdf")


def prepared(scene: Scene) -> Return:
    scene.closed()
    return certifying.prepare(the_return=scene.open_return(), by=scene.finance)


def checked(scene: Scene) -> Return:
    return certifying.check(the_return=prepared(scene), by=scene.commissioning)


def messages(refused: pytest.ExceptionInfo[Refused]) -> str:
    return " ".join(problem.message for problem in refused.value.problems)


def test_three_people_bring_a_claim_from_draft_to_certified(scene: Scene) -> None:
    the_return = scene.certified()
    assert the_return.status == Return.Status.CERTIFIED
    signed = list(the_return.signatures.order_by("signed_at", "pk"))
    assert [row.act for row in signed] == ["prepare", "check", "certify"]
    assert {row.content_hash for row in signed} == {the_return.content_hash}
    assert len({row.person_id for row in signed}) == 3
    claim = Claim.objects.get()
    assert (claim.reference, claim.content_hash) == (the_return.reference, the_return.content_hash)
    assert claim.amount == D("58400.00")


def test_what_is_stored_is_the_content_that_was_signed(scene: Scene) -> None:
    the_return = scene.certified()
    assert content_hash(stored_content(the_return)) == the_return.content_hash
    for row in the_return.documents.all():
        assert files.stored(the_return, row.format).sha256 == row.sha256
    assert {row.format for row in the_return.documents.all()} == {"json", "xlsx", "pdf"}


def test_the_ledger_may_move_on_and_the_stored_bytes_stay(scene: Scene) -> None:
    the_return = scene.certified()
    before = {kept: files.stored(the_return, kept).data for kept in ("json", "xlsx", "pdf")}
    scene.money.record("999.00", Charge(scene.money.line(), scene.quarter("2023-24-Q2"), relates_to=scene.quarter()))
    Source.objects.filter(code="GRANT").update(name="Renamed grant")
    after = {kept: files.stored(Return.objects.get(pk=the_return.pk), kept).data for kept in before}
    assert after == before
    assert stored_content(the_return).figure("claim/key-figures/this-claim/value").value == D("58400.00")


def test_certifying_is_refused_when_the_content_changed_since_it_was_signed(scene: Scene) -> None:
    the_return = checked(scene)
    scene.programme.name = "Another name"
    scene.programme.save()
    with pytest.raises(Refused, match="has changed since it was prepared"):
        certifying.certify(the_return=the_return, by=scene.cfo)
    the_return.refresh_from_db()
    assert the_return.status == Return.Status.CHECKED
    assert not Claim.objects.exists()
    assert not Document.objects.exists()
    assert Event.objects.filter(act="return.certify-refused", subject=the_return.reference).exists()


def test_a_change_while_the_files_are_made_is_caught_in_the_transaction(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    the_return = checked(scene)

    def slow(content: object, stamp: object, workbook: bytes) -> bytes:
        scene.programme.name = "Changed while the PDF was made"
        scene.programme.save()
        return b"%PDF-"

    monkeypatch.setattr(files, "document", slow)
    with pytest.raises(Refused, match="has changed since it was prepared"):
        certifying.certify(the_return=the_return, by=scene.cfo)
    assert not Document.objects.exists()
    assert not Claim.objects.exists()


def test_spend_of_the_next_quarter_does_not_disturb_what_is_being_signed(scene: Scene) -> None:
    the_return = checked(scene)
    line, following = scene.money.line(), scene.quarter("2023-24-Q2")
    scene.money.record("5000.00", Charge(line, following), on=date(2023, 7, 4), contract=scene.contract)
    assert certifying.certify(the_return=the_return, by=scene.cfo).is_frozen


def test_files_are_made_outside_the_certifying_transaction(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    the_return = checked(scene)
    depth = len(transaction.get_connection().savepoint_ids)
    seen = []

    def watched(content: object, stamp: object, workbook: bytes) -> bytes:
        seen.append(len(transaction.get_connection().savepoint_ids) - depth)
        return b"%PDF-"

    monkeypatch.setattr(files, "document", watched)
    certifying.certify(the_return=the_return, by=scene.cfo)
    assert seen == [0]


def test_nobody_signs_twice(scene: Scene) -> None:
    the_return = prepared(scene)
    both = scene.finance
    role = scene.commissioning.acting
    both.roles.create(organisation=role.organisation, kind=role.kind, starts_on=date(2020, 4, 1))
    both.act_as(both.roles.select_related("organisation").get(kind=role.kind))
    with pytest.raises(Refused, match="Each signature is another person’s"):
        certifying.check(the_return=the_return, by=both)
    again = Signature(
        the_return=the_return, act="check", capacity="Commissioning officer", person=both, person_name=both.name,
        organisation=role.organisation, signed_at=clock.now(), statement="-", content_hash="-",
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save()


@pytest.mark.parametrize(
    "kind, organisation, words",
    [
        ("commissioning-officer", "pfcc", "A chief finance officer of PFCC for Essex may certify"),
        ("cfo", "ecc", "You act as Chief finance officer, Essex County Council"),
    ],
)
def test_only_the_recipients_chief_finance_officer_certifies(
    scene: Scene, kind: str, organisation: str, words: str
) -> None:
    the_return = checked(scene)
    with pytest.raises(Refused) as refused:
        certifying.certify(the_return=the_return, by=person(kind, organisation, number=9))
    assert words in messages(refused)


def deputy_of(scene: Scene, deputy: User, settings: Any, folder: Path) -> User:
    """The person, acting as the chief finance officer's deputy from today."""
    settings.EVIDENCE_FOLDER = folder
    authority = stored_files.store(uploads=[upload("authority.pdf", PDF)], by=scene.cfo).files[0]
    day = clock.today()
    row = delegate(deputy=deputy, starts_on=day, ends_on=day + timedelta(days=30), authority=authority, by=scene.cfo)
    return deputy.act_as(deputy.roles_on(day).get(delegation=row))


def test_a_deputy_certifies_and_the_files_say_under_which_authority(
    scene: Scene, settings: Any, tmp_path: Path
) -> None:
    the_return = checked(scene)
    deputy = deputy_of(scene, person("finance-officer", "pfcc", number=8), settings, tmp_path)
    with clock.at(LATE_JULY):
        certified = certifying.certify(the_return=the_return, by=deputy)
    words = f"Deputy, for the Chief Finance Officer, under delegation of {clock.today():%-d %B %Y}"
    assert certified.signatures.get(act="certify").capacity == words
    book = load_workbook(BytesIO(bytes(certified.documents.get(format="xlsx").data)))
    assert words in {cell.value for sheet in book for row in sheet.iter_rows() for cell in row}


def test_a_deputy_who_prepared_the_return_cannot_certify_it(scene: Scene, settings: Any, tmp_path: Path) -> None:
    the_return = checked(scene)
    deputy = deputy_of(scene, scene.finance, settings, tmp_path)
    with pytest.raises(Refused, match="This return was prepared by you"):
        certifying.certify(the_return=the_return, by=deputy)


def test_signatures_are_given_in_order(scene: Scene) -> None:
    scene.closed()
    the_return = scene.open_return()
    with pytest.raises(Refused, match="only when it is prepared can somebody check it"):
        certifying.check(the_return=the_return, by=scene.commissioning)
    with pytest.raises(Refused, match="only when it is checked can somebody certify it"):
        certifying.certify(the_return=the_return, by=scene.cfo)


def test_preparing_waits_for_what_is_missing(scene: Scene) -> None:
    scene.spend()
    with pytest.raises(Refused) as refused:
        certifying.prepare(the_return=scene.open_return(), by=scene.finance)
    assert {problem.code for problem in refused.value.problems} == {"closed", "declared", "ledger", "F10"}


def test_sending_back_drops_the_signatures_and_keeps_them_on_record(scene: Scene) -> None:
    the_return = checked(scene)
    back = certifying.send_back(the_return=the_return, reason="The match is wrong", by=scene.cfo)
    assert (back.status, back.content_hash, back.signatures.count()) == ("draft", "", 0)
    assert Event.objects.filter(act="return.signature-dropped", subject=back.reference).count() == 2
    assert certifying.prepare(the_return=back, by=scene.finance).status == "prepared"


def test_sending_back_needs_a_reason_and_something_signed(scene: Scene) -> None:
    the_return = scene.open_return()
    with pytest.raises(Refused, match="nothing to send back") as refused:
        certifying.send_back(the_return=the_return, reason="", by=scene.cfo)
    assert "Give the reason" in messages(refused)


def test_words_are_written_in_a_draft_alone_and_nobody_overwrites_another(scene: Scene) -> None:
    the_return = scene.open_return()

    def write(words: str, seen: int | None) -> int:
        row = certifying.write_commentary(
            the_return=the_return, section="progress", words=words, seen_version=seen, by=scene.finance
        )
        return row.version

    assert write("A slow start.", None) == 1
    assert write("A slow start; now in delivery.", 1) == 2
    for stale in (None, 1):
        with pytest.raises(Refused, match="Somebody else changed this"):
            write("Mine", stale)
    scene.closed()
    certifying.prepare(the_return=the_return, by=scene.finance)
    with pytest.raises(Refused, match="Send it back first"):
        write("Too late", 2)


def test_beginning_twice_gives_the_same_return_and_a_certified_one_is_revised(scene: Scene) -> None:
    first = scene.open_return()
    assert scene.open_return(by=scene.commissioning) == first
    the_return = scene.certified()
    with pytest.raises(Refused, match="Revise it, with the reason"):
        scene.open_return()
    assert the_return == first


def test_a_council_officer_begins_no_return_of_the_recipient(scene: Scene) -> None:
    with pytest.raises(Refused, match="Essex County Council"):
        scene.open_return(by=person("finance-officer", "ecc"))


def sign_all(scene: Scene, the_return: Return) -> Return:
    certifying.prepare(the_return=the_return, by=scene.finance)
    certifying.check(the_return=the_return, by=scene.commissioning)
    return certifying.certify(the_return=the_return, by=scene.cfo)


def test_a_revision_of_wording_takes_over_and_leaves_the_claim_as_it_was_sent(scene: Scene) -> None:
    first = scene.open_return()
    certifying.write_commentary(
        the_return=first, section="progress", words="A slow start.", seen_version=None, by=scene.finance
    )
    first = scene.certified()
    claim = Claim.objects.get()
    second = certifying.revise(the_return=first, reason="A name was wrong", by=scene.finance)
    assert second.reference.endswith("/r2")
    certifying.write_commentary(
        the_return=second, section="progress", words="A late start.", seen_version=1, by=scene.finance
    )
    with clock.at(LATE_JULY, 12):
        second = sign_all(scene, second)
    first.refresh_from_db()
    assert (first.status, second.status) == ("superseded", "certified")
    assert list(Claim.objects.all()) == [claim]
    changes = next(section for section in stored_content(second).sections if section.code == "revision")
    assert "A name was wrong" in changes.paragraphs[0]
    told = {row.cells[4].value: (row.cells[2].value, row.cells[3].value) for row in changes.table.rows}
    assert told["claim/commentary/progress/text"] == ("A slow start.", "A late start.")


def lower_the_award(scene: Scene) -> None:
    award(
        source=scene.money.grant,
        year=scene.quarter().year,
        amount=D("50000.00"),
        effective_on=date(2023, 7, 1),
        reason="Cut by the funder",
        by=scene.finance,
    )


def test_a_revision_changes_an_amount_only_when_the_claim_is_withdrawn(scene: Scene) -> None:
    first = scene.certified()
    lower_the_award(scene)
    second = certifying.revise(the_return=first, reason="Wording", by=scene.finance)
    with pytest.raises(Refused, match=r"claims £58,400\.00, and the record now gives £50,000\.00"):
        certifying.prepare(the_return=second, by=scene.finance)


def test_a_claim_that_the_funder_returned_is_withdrawn_and_claimed_anew(scene: Scene) -> None:
    first = scene.certified()
    lower_the_award(scene)
    second = certifying.revise(the_return=first, reason="Returned by the funder", by=scene.finance, withdraw_claim=True)
    assert not Claim.objects.in_force().exists()
    second = sign_all(scene, second)
    [claim] = Claim.objects.in_force()
    assert (claim.reference, claim.amount) == (second.reference, D("50000.00"))


def test_an_open_revision_is_the_only_one(scene: Scene) -> None:
    first = scene.certified()
    certifying.revise(the_return=first, reason="A name was wrong", by=scene.finance)
    with pytest.raises(Refused, match="is open already"):
        certifying.revise(the_return=first, reason="Again", by=scene.finance)


def test_the_content_does_not_depend_on_when_it_is_made(scene: Scene) -> None:
    the_return = checked(scene)
    for day in (date(2023, 7, 6), date(2023, 8, 20)):
        with clock.at(day):
            made = content_of(KINDS["claim"], of_quarter(scene.quarter()), today=day, the_return=the_return)
        assert content_hash(made) == the_return.content_hash
