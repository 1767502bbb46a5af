"""Packs: the stored files of all that is certified in a span, with lists, and nothing else."""

import hashlib
import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from board import clock
from board.files import store
from board.models import Event, User
from funding.evidence import Attachment, attach, restrict
from funding.models import ClaimLine, Transaction
from returns import certifying, packing, sending
from returns.kinds.scope import Scope
from returns.models import Dispatch, Document, Download
from tests.factories import person
from tests.returns.scenes import Scene

pytestmark = pytest.mark.usefixtures("quick_pdf")


def quarter(scene: Scene) -> Scope:
    return Scope(scene.quarter(), scene.quarter())


def opened(made: packing.Pack) -> dict[str, bytes]:
    with made.content as content, zipfile.ZipFile(content) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def sheet(files: dict[str, bytes], name: str) -> list[tuple[object, ...]]:
    return list(load_workbook(io.BytesIO(files[packing.LIST]))[name].iter_rows(values_only=True))


def said(files: dict[str, bytes], name: str) -> str:
    return " ".join(str(value) for row in sheet(files, name) for value in row if value is not None)


def test_a_pack_holds_the_stored_files_and_each_sum_is_right(scene: Scene) -> None:
    the_return = scene.certified()
    files = opened(packing.pack(quarter(scene)))
    stored = {f"returns/{row.file_name}": bytes(row.data) for row in Document.objects.exclude(format="json")}
    assert {name: data for name, data in files.items() if name.startswith("returns/")} == stored
    sums = dict(reversed(line.split("  ")) for line in files[packing.SUMS].decode().splitlines())
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != packing.SUMS}
    assert the_return.content_hash in said(files, "Returns")


def test_what_is_not_certified_is_listed_and_not_in_it(scene: Scene) -> None:
    scene.closed()
    scene.open_return()
    files = opened(packing.pack(quarter(scene)))
    assert not [name for name in files if name.startswith("returns/")]
    missing = said(files, "Missing")
    assert "Quarterly financial return and claim" in missing and "Draft" in missing
    assert "Quarterly performance return" in missing and "Not begun" in missing
    assert "Nothing of this span is certified." in said(files, "Returns")


def test_the_same_state_gives_the_same_bytes_and_another_day_changes_nothing(scene: Scene) -> None:
    scene.certified()
    first, names = packing.pack(quarter(scene)), []
    with clock.at(date(2025, 1, 7)):
        second = packing.pack(quarter(scene))
    for made in (first, second):
        with made.content:
            names.append((made.name, made.sha256, hashlib.sha256(made.content.read()).hexdigest()))
    assert names[0] == names[1]
    assert names[0][1] == names[0][2]


def test_it_says_who_signed_and_what_became_of_it_with_the_funder(scene: Scene) -> None:
    the_return = scene.certified()
    with clock.at(date(2023, 8, 10)):
        sending.send(
            the_return=the_return, sent_on=date(2023, 7, 28), way=Dispatch.Way.PORTAL, funder_reference="HO-7",
            by=scene.finance,
        )  # fmt: skip
    files = opened(packing.pack(quarter(scene)))
    for signer in (scene.finance, scene.commissioning, scene.cfo):
        assert signer.name in said(files, "Signatures")
    assert "HO-7" in said(files, "With the funder")


def test_every_claimed_line_stands_with_its_evidence_or_that_there_is_none(scene: Scene) -> None:
    scene.certified()
    rows = sheet(opened(packing.pack(quarter(scene))), "Evidence")
    lines = {row.line.reference for row in ClaimLine.objects.filter(in_force=True).select_related("line__transaction")}
    shown = {str(row[1]) for row in rows if str(row[1]).startswith("T-")}
    assert shown == lines
    assert any("None on record" in row for row in rows)


def test_what_is_restricted_is_named_by_its_reference_and_no_other_way(scene: Scene) -> None:
    scene.certified()
    entries = list(Transaction.objects.filter(lines__claim_lines__in_force=True).order_by("reference")[:2])
    kept = store(uploads=[upload("invoice.csv"), upload("pay.csv")], by=scene.finance).files
    attachments = [Attachment(file, [entry], "invoice") for file, entry in zip(kept, entries, strict=True)]
    seen, hidden = attach(attachments=attachments, confirmed_no_names=True, by=scene.finance)
    restrict(evidence=hidden, by=scene.finance)
    shown = said(opened(packing.pack(quarter(scene))), "Evidence")
    assert "invoice.csv" in shown and seen.file.sha256 in shown
    assert hidden.reference in shown
    assert "pay.csv" not in shown and hidden.file.sha256 not in shown


def upload(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, f"what,amount\n{name},1\n".encode())


def test_a_revision_and_what_it_replaced_are_both_in_it(scene: Scene) -> None:
    the_return = scene.certified()
    with clock.at(date(2023, 8, 10)):
        revised = certifying.revise(the_return=the_return, reason="Wording", by=scene.finance)
        certifying.prepare(the_return=revised, by=scene.finance)
        certifying.check(the_return=revised, by=scene.commissioning)
        certifying.certify(the_return=revised, by=scene.cfo)
    files = opened(packing.pack(quarter(scene)))
    assert {name[-8:] for name in files if name.endswith(".pdf")} == {"Q1-r1.pdf"[-8:], "Q1-r2.pdf"[-8:]}
    assert "Superseded" in said(files, "Returns")


def test_a_year_and_the_programme_hold_what_lies_in_them_and_a_quarter_no_more(scene: Scene) -> None:
    the_return = scene.certified()
    rows = list(scene.programme.quarters.select_related("programme__recipient", "year"))
    spans = packing.spans_of(rows)
    assert [str(scope.code) for scope in spans[:3]] == ["2023-24-to-2024-25", "2024-25", "2024-25-closing"]
    found = {scope.code: packing.certified_in(scope) for scope in spans}
    assert found["2023-24-to-2024-25"] == found["2023-24"] == found["2023-24-Q1"] == [the_return]
    assert found["2024-25"] == found["2023-24-Q2"] == []


def test_taking_one_is_on_record_for_the_pack_and_for_each_file(scene: Scene) -> None:
    scene.certified()
    made = packing.take(scope=quarter(scene), by=scene.auditor)
    made.content.close()
    [event] = Event.objects.filter(act="return.pack")
    assert made.sha256 in event.words and event.by == scene.auditor
    assert set(Download.objects.filter(by=scene.auditor).values_list("sha256", flat=True)) == set(
        Document.objects.exclude(format="json").values_list("sha256", flat=True)
    )


def answer(user: User, name: str, *args: object) -> object:
    client = Client()
    client.force_login(user)
    return client.get(reverse(name, args=args))


def test_officers_and_auditors_take_it_from_the_page_and_nobody_else_does(scene: Scene) -> None:
    scene.certified()
    at = ("returns:pack", scene.quarter().pk, scene.quarter().pk)
    for user in (scene.finance, scene.commissioning, scene.cfo, scene.auditor):
        assert reverse(at[0], args=at[1:]) in answer(user, "returns:packs").content.decode()  # type: ignore[attr-defined]
        taken = answer(user, *at)
        assert taken["Content-Type"] == "application/zip"  # type: ignore[index]
        assert zipfile.is_zipfile(io.BytesIO(b"".join(taken.streaming_content)))  # type: ignore[attr-defined]
    assert answer(scene.money.council_finance, *at).status_code == 404  # type: ignore[attr-defined]
    for user in (person("kpi-reporter", "change"), person("board-member", "setdab")):
        assert answer(user, *at).status_code == 403  # type: ignore[attr-defined]


def test_a_span_that_is_none_is_not_found(scene: Scene) -> None:
    scene.certified()
    at = ("returns:pack", scene.quarter("2023-24-Q2").pk, scene.quarter().pk)
    assert answer(scene.finance, *at).status_code == 404  # type: ignore[attr-defined]


def test_the_command_writes_it_and_says_what_is_missing(scene: Scene, tmp_path: Path) -> None:
    scene.certified()
    out = io.StringIO()
    call_command("make_pack", programme=scene.programme.code, quarter="2023-24-Q1", out=tmp_path, stdout=out)
    [made] = tmp_path.iterdir()
    assert made.name == "DAPF-2023-25-pack-2023-24-Q1.zip"
    assert hashlib.sha256(made.read_bytes()).hexdigest() in out.getvalue()
    assert "Missing: Quarterly performance return, 2023-24 Q1 (April to June 2023): not begun." in out.getvalue()


def test_the_command_refuses_a_quarter_that_is_none_in_words(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="has no quarter “2023-24-Q9”"):
        call_command("make_pack", programme=scene.programme.code, quarter="2023-24-Q9", out=tmp_path)
