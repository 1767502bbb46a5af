"""Signatures on paper: the copy is of the exact content, its signer is another person, and its uploader is neither."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from board import clock
from board.files import place_of, store
from board.models import Event, StoredFile, User
from core.problems import Refused
from funding.models import Claim
from returns import certifying, files
from returns.auditing import self_audit
from returns.content import content_hash, short_hash
from returns.due import due
from returns.kinds import KINDS, content_of
from returns.kinds.scope import scope_of
from returns.models import Document, Return, Signature
from returns.paper import OnPaper, note_of, signers_for
from tests.factories import person
from tests.returns.scenes import JULY, LATE_JULY, Scene

pytestmark = pytest.mark.usefixtures("quick_pdf")
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
CLAIM = KINDS["claim"]


def uploader(scene: Scene) -> User:
    """An officer of the recipient who signs nothing here."""
    return person("finance-officer", "pfcc", number=3)


def scan(by: User, name: str = "signed.pdf", data: bytes = PDF) -> StoredFile:
    return store(uploads=[SimpleUploadedFile(name, data)], by=by).files[0]


def paper(scene: Scene, the_return: Return, signer: User, **more: object) -> OnPaper:
    by = more.pop("by", None) or uploader(scene)
    given = {
        "person": signer, "signed_on": LATE_JULY, "copy": more.pop("copy", None) or scan(by),  # type: ignore[arg-type]
        "hash_read": short_hash(the_return.content_hash),
    }  # fmt: skip
    return OnPaper(**{**given, **more})  # type: ignore[arg-type]


def checked(scene: Scene) -> Return:
    scene.closed()
    row = certifying.prepare(the_return=scene.open_return(), by=scene.finance)
    return certifying.check(the_return=row, by=scene.commissioning)


def certified_on_paper(scene: Scene, data: bytes = PDF) -> Return:
    row = checked(scene)
    given = paper(scene, row, scene.cfo, copy=scan(uploader(scene), data=data))
    with clock.at(LATE_JULY):
        return certifying.certify(the_return=row, by=uploader(scene), paper=given)


def refused(scene: Scene, the_return: Return, by: User | None = None, **more: object) -> list[str]:
    with clock.at(LATE_JULY), pytest.raises(Refused) as found:
        certifying.certify(
            the_return=the_return, by=by or uploader(scene),
            paper=paper(scene, the_return, more.pop("signer", scene.cfo), **more),  # type: ignore[arg-type]
        )  # fmt: skip
    return [problem.message for problem in found.value.problems]


def test_a_signed_copy_counts_as_the_signature_and_certifies_the_claim_in_its_signers_name(scene: Scene) -> None:
    the_return = certified_on_paper(scene)
    signature = the_return.signatures.get(act="certify")
    assert (the_return.status, signature.person, signature.capacity) == (
        "certified",
        scene.cfo,
        "Chief finance officer",
    )
    assert (signature.signed_on, signature.uploaded_by) == (LATE_JULY, uploader(scene))
    assert Claim.objects.get().certified_by == scene.cfo
    [event] = Event.objects.filter(act="return.certify")
    assert event.by == uploader(scene)
    assert f"signed on paper by {scene.cfo.name} on 27 July 2023" in event.words


def test_the_signer_is_mailed_at_once_and_sees_it_on_their_first_page(
    scene: Scene, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        the_return = certified_on_paper(scene)
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == ([scene.cfo.email], "A paper was uploaded as your signature")
    assert the_return.reference in sent.body and scene.cfo.name not in sent.body
    words = f"See the paper that was uploaded as your signature on {the_return.reference}"
    uploaded = the_return.signatures.get(act="certify").signed_at
    for days, shown in ((0, True), (27, True), (28, False)):
        moment = uploaded + timedelta(days=days)
        found = [row.words for row in due(scene.cfo, today=moment.date(), moment=moment)]
        assert (words in found) is shown, days
    assert words not in [row.words for row in due(uploader(scene), today=LATE_JULY, moment=uploaded)]


def test_a_mail_that_fails_undoes_no_signature(
    scene: Scene, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise ConnectionRefusedError("no mail server")

    monkeypatch.setattr("returns.paper.send_mail", broken)
    with django_capture_on_commit_callbacks(execute=True):
        the_return = certified_on_paper(scene)
    assert Return.objects.get(pk=the_return.pk).status == "certified" and not mail.outbox


def test_who_signs_here_is_told_nothing(scene: Scene, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        scene.certified()
    assert not mail.outbox


def test_files_and_page_say_that_the_signed_copy_is_on_file(scene: Scene) -> None:
    the_return = certified_on_paper(scene)
    signature = the_return.signatures.select_related("copy", "uploaded_by").get(act="certify")
    note = note_of(signature)
    assert "Signed on paper on 27 July 2023" in note and signature.copy.sha256 in note  # type: ignore[union-attr]
    assert files.given(CLAIM, signature).note == note
    assert note_of(the_return.signatures.get(act="check")) == ""
    page = opened(scene.auditor, "returns:return", the_return.pk)
    assert reverse("returns:signed-copy", args=[the_return.pk, "certify"]) in page.content.decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("act", ["prepare", "check"])
def test_each_signature_before_it_may_be_on_paper_too(scene: Scene, act: str) -> None:
    scene.closed()
    row = scene.open_return()
    if act == "prepare":
        now = content_hash(content_of(CLAIM, scope_of(row), today=clock.today(), the_return=row))
        given = paper(scene, row, scene.finance, hash_read=now[:16], signed_on=JULY)
        row = certifying.prepare(the_return=row, by=uploader(scene), paper=given)
    else:
        row = certifying.prepare(the_return=row, by=scene.finance)
        given = paper(scene, row, scene.commissioning, signed_on=JULY)
        row = certifying.check(the_return=row, by=uploader(scene), paper=given)
    assert row.signatures.get(act=act).copy is not None


def test_a_paper_of_another_content_is_refused(scene: Scene) -> None:
    row = checked(scene)
    for wrong in ("8a4a ff76 6239 d5b7", row.content_hash[:15], ""):
        [words] = refused(scene, row, hash_read=wrong)
        assert words.startswith(f"The paper is of another content: this one begins {short_hash(row.content_hash)}")
    assert not Document.objects.exists()


def test_the_hash_is_read_with_or_without_spaces_and_in_capitals(scene: Scene) -> None:
    row = checked(scene)
    read = " ".join((row.content_hash[:8], row.content_hash[8:20])).upper()
    with clock.at(LATE_JULY):
        made = certifying.certify(
            the_return=row, by=uploader(scene), paper=paper(scene, row, scene.cfo, hash_read=read)
        )
    assert made.status == "certified"


def test_who_has_signed_neither_signs_the_paper_nor_uploads_it(scene: Scene) -> None:
    row = checked(scene)
    words = "You have signed this return. Somebody else uploads the signed copy of another signature."
    assert words in refused(scene, row, by=scene.finance, copy=scan(scene.finance))
    assert not certifying.may_upload(row, scene.finance)
    assert certifying.may_upload(row, uploader(scene))
    with clock.at(LATE_JULY):
        assert [role.user for role in signers_for(row, CLAIM.next_step(row.status), uploader(scene))] == [scene.cfo]  # type: ignore[arg-type]


def test_nobody_uploads_their_own_signature(scene: Scene) -> None:
    scene.closed()
    row = certifying.prepare(the_return=scene.open_return(), by=scene.finance)
    other = person("commissioning-officer", "pfcc", number=2)
    with clock.at(LATE_JULY), pytest.raises(Refused, match="You cannot upload your own signature"):
        certifying.check(the_return=row, by=other, paper=paper(scene, row, other, by=other))
    with pytest.raises(IntegrityError), transaction.atomic():
        Signature.objects.update(uploaded_by=scene.finance, copy=scan(other), signed_on=JULY)


def test_the_signer_holds_the_role_that_is_asked_for(scene: Scene) -> None:
    found = refused(scene, checked(scene), signer=person("finance-officer", "pfcc", number=4))
    assert any(
        words.startswith("A chief finance officer of PFCC for Essex may certify this return.") for words in found
    )


def test_only_officers_of_the_recipient_upload(scene: Scene) -> None:
    row = checked(scene)
    stranger = scene.money.council_finance
    [words] = refused(scene, row, by=stranger, copy=scan(stranger))
    assert words.startswith("A finance officer or commissioning officer of PFCC for Essex may upload a signed copy.")
    for user in (stranger, scene.auditor, scene.cfo):
        assert not certifying.may_upload(row, user)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2023, 7, 1), "Its first signature is of 5 July 2023. Give that day or a later one."),
        (date(2023, 8, 1), "Give today or an earlier day."),
    ],
)
def test_the_day_on_the_paper_lies_between_the_first_signature_and_today(scene: Scene, day: date, words: str) -> None:
    assert refused(scene, checked(scene), signed_on=day) == [words]


def test_what_is_no_scan_is_refused(scene: Scene) -> None:
    row, by = checked(scene), uploader(scene)
    copy = scan(by, "signed.csv", b"who,when\nme,now\n")
    assert refused(scene, row, copy=copy) == ["“signed.csv” is no scan. Send a PDF or a picture."]


def test_the_nightly_audit_finds_a_signed_copy_that_was_changed_or_is_gone(scene: Scene) -> None:
    the_return = certified_on_paper(scene, PDF + b"% kept by this test alone\n")
    assert self_audit().differences == ()
    copy = the_return.signatures.get(act="certify").copy
    place_of(copy.sha256).write_bytes(b"%PDF-1.4 another")  # type: ignore[union-attr]
    [found] = self_audit().differences
    assert "the signed copy certified by" in found.words and "was changed on disk" in found.words


def test_a_draft_prints_boxes_to_sign_in_ink_and_a_certified_one_none(scene: Scene) -> None:
    row = checked(scene)
    content = content_of(CLAIM, scope_of(row), today=clock.today(), the_return=row)
    assert files.draft_stamp(CLAIM, content, row).ink
    assert not files.draft_stamp(CLAIM, content, None).ink
    assert not KINDS["board"].prints_ink
    assert not files.stamp_of(content, final=True).ink


def opened(user: User, name: str, *args: object) -> object:
    client = Client()
    client.force_login(user)
    return client.get(reverse(name, args=args))


def test_the_copy_is_given_to_those_who_read_the_return_and_each_taking_is_on_record(scene: Scene) -> None:
    the_return = certified_on_paper(scene)
    at = ("returns:signed-copy", the_return.pk, "certify")
    assert opened(scene.auditor, *at).content == PDF  # type: ignore[attr-defined]
    assert Event.objects.filter(act="return.copy-download", by=scene.auditor).count() == 1
    assert opened(scene.money.council_finance, *at).status_code == 404  # type: ignore[attr-defined]
    assert opened(scene.auditor, "returns:signed-copy", the_return.pk, "check").status_code == 404  # type: ignore[attr-defined]


def test_the_page_takes_the_copy_and_keeps_what_was_typed_where_it_is_refused(scene: Scene) -> None:
    row = checked(scene)
    client = Client()
    client.force_login(uploader(scene))
    url = reverse("returns:sign-paper", args=[row.pk, "certify"])
    typed = {"signer": scene.cfo.roles.get().pk, "signed_on": "27 July 2023", "version": row.version}
    with clock.at(LATE_JULY):
        assert "Upload a signed copy" in client.get(row.get_absolute_url()).content.decode()
        wrong = client.post(
            url, {**typed, "hash_read": "0000 0000 0000 0000", "file": SimpleUploadedFile("signed.pdf", PDF)}
        )
        assert "The paper is of another content" in wrong.content.decode()
        assert "0000 0000 0000 0000" in wrong.content.decode()
        made = client.post(
            url, {**typed, "hash_read": short_hash(row.content_hash), "file": SimpleUploadedFile("signed.pdf", PDF)}
        )
    assert made.status_code == 302, made.content.decode()
    row.refresh_from_db()
    assert row.status == "certified"
    assert client.get(reverse("returns:sign-paper", args=[row.pk, "certify"])).status_code in (403, 404)
