"""Verifying a file: what was certified is known by its bytes, and an altered copy by its cells."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from board.models import Event, User
from core.problems import Refused
from returns import files, verifying
from returns.document import document
from returns.kinds.claim import AMOUNT, KIND
from returns.kinds.shape import stored_content
from returns.models import Return
from returns.verifying import verify, verify_for
from tests import factories
from tests.returns.scenes import Scene


@pytest.fixture
def the_return(scene: Scene) -> Return:
    return scene.certified()


def stored(the_return: Return, format: str = "xlsx") -> bytes:
    return files.stored(the_return, format).data


def changed(data: bytes, sheet: int = 2, cell: str = "B6", value: Any = 1) -> bytes:
    """The workbook as somebody saved it anew with another figure in it."""
    book = load_workbook(io.BytesIO(data))
    book.worksheets[sheet][cell].value = value
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


@pytest.mark.parametrize("format", ["xlsx", "pdf"])
def test_the_stored_file_matches_and_says_of_which_revision_and_by_whom_signed(the_return: Return, format: str) -> None:
    found = verify(stored(the_return, format), f"return.{format}")
    assert found.matches and found.the_return == the_return
    assert found.details[0] == "It is revision 1 of DAPF-2023-25/claim/2023-24-Q1."
    assert len(found.details) == 4 and "Chief finance officer" in found.details[3]


@pytest.mark.parametrize("format", ["xlsx", "pdf"])
@pytest.mark.parametrize("at", [30, -30])
def test_a_single_altered_byte_is_found(the_return: Return, format: str, at: int) -> None:
    data = bytearray(stored(the_return, format))
    data[at] ^= 1
    assert not verify(bytes(data), f"return.{format}").matches


def test_a_single_altered_cell_is_named(the_return: Return) -> None:
    data = stored(the_return)
    sheet = load_workbook(io.BytesIO(data)).worksheets[2]
    was = sheet["B6"].value
    found = verify(changed(data), "return.xlsx")
    assert not found.matches and found.the_return == the_return
    assert found.details[1:] == [f"{sheet.title}, B6: certified “{was}”, here “1”."]


def test_a_workbook_that_was_only_saved_anew_says_so(the_return: Return) -> None:
    data = stored(the_return)
    same = load_workbook(io.BytesIO(data)).worksheets[2]["B6"].value
    found = verify(changed(data, value=same), "return.xlsx")
    assert not found.matches and found.details[-1].startswith("Every cell says the same")


def resaved(data: bytes, change: Any) -> bytes:
    book = load_workbook(io.BytesIO(data))
    change(book.worksheets[2])
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


def test_a_cell_far_away_is_found_too(the_return: Return) -> None:
    far = resaved(stored(the_return), lambda sheet: sheet.cell(9000, 300, "Agreed"))
    assert verify(far, "return.xlsx").details[-1].endswith("KN9000: certified “”, here “Agreed”.")


def test_a_figure_that_only_its_format_shows_otherwise_is_found(the_return: Return) -> None:
    shown = resaved(stored(the_return), lambda sheet: setattr(sheet["B6"], "number_format", '"£9,999"'))
    assert "the same value is shown in another way" in verify(shown, "return.xlsx").details[-1]


def test_a_tick_is_not_a_one(the_return: Return) -> None:
    data = resaved(stored(the_return), lambda sheet: setattr(sheet["B6"], "value", 1))
    ticked = resaved(stored(the_return), lambda sheet: setattr(sheet["B6"], "value", True))
    stored_book, given = (load_workbook(io.BytesIO(one)) for one in (data, ticked))
    assert len(list(verifying._differences(stored_book, given))) == 1


def test_a_pdf_whose_attachment_unpacks_to_gigabytes_is_not_unpacked(the_return: Return) -> None:
    with pikepdf.open(io.BytesIO(stored(the_return, "pdf"))) as pdf:
        pdf.attachments["bomb.xlsx"] = pikepdf.AttachedFileSpec(pdf, b"0" * (verifying.UNPACKED_MOST + 1))
        raw = io.BytesIO()
        pdf.save(raw, recompress_flate=True, compress_streams=True)
    found = verify(raw.getvalue(), "return.pdf")
    assert not found.matches and len(raw.getvalue()) < verifying.UNPACKED_MOST // 10


def test_a_sheet_taken_out_or_put_in_is_named(the_return: Return) -> None:
    book = load_workbook(io.BytesIO(stored(the_return)))
    gone = book.worksheets[-1].title
    book.remove(book.worksheets[-1])
    book.create_sheet("Mine")
    raw = io.BytesIO()
    book.save(raw)
    details = verify(raw.getvalue(), "return.xlsx").details
    assert f"The sheet {gone} is missing." in details
    assert "The sheet Mine is not of the certified workbook." in details


def test_of_a_changed_pdf_the_workbook_in_it_is_known(the_return: Return) -> None:
    data = stored(the_return, "pdf")
    found = verify(data + b"\n% saved anew\n", "return.pdf")
    assert not found.matches and found.the_return == the_return
    assert "The workbook in it is the certified one" in found.details[1]
    assert "Every page says the same" in found.details[2]


def test_of_an_altered_pdf_each_place_is_named_with_its_page(
    the_return: Return, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The forger keeps the hash and the workbook, and prints another amount."""
    content = stored_content(the_return)
    stamp = files.stamp_of(
        content, final=True, signatures=[files.given(KIND, row) for row in the_return.signatures.all()]
    )
    first = content.sections[0]
    [fact] = [row for row in first.facts if row.figure.key == AMOUNT]
    moved = replace(fact, figure=replace(fact.figure, value=fact.figure.value + 1))
    facts = tuple(moved if row is fact else row for row in first.facts)
    monkeypatch.setattr("returns.document.check_stamp", lambda content, stamp: None)
    forged = replace(content, sections=(replace(first, facts=facts), *content.sections[1:]))
    found = verify(document(forged, stamp, stored(the_return)), "return.pdf")
    assert found.the_return == the_return and not found.matches
    [place] = [words for words in found.details if "£58,401.00" in words]
    assert place.startswith("Page ") and "certified “£58,400.00”, here “£58,401.00”" in place
    without_workbook = verify(document(forged, stamp, b""), "return.pdf")
    assert without_workbook.the_return == the_return, "It is known by the hash that it prints."


def test_a_page_taken_out_of_a_pdf_is_named(the_return: Return) -> None:
    with pikepdf.open(io.BytesIO(stored(the_return, "pdf"))) as pdf:
        count = len(pdf.pages)
        del pdf.pages[count - 2]
        raw = io.BytesIO()
        pdf.save(raw)
    details = verify(raw.getvalue(), "return.pdf").details
    assert f"Page {count}: it is missing." in details


def test_a_workbook_that_grew_far_beyond_what_was_certified_is_not_opened(
    the_return: Return, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = load_workbook(io.BytesIO(stored(the_return)))
    sheet = book.create_sheet("Mine")
    for row in range(30_000):
        sheet.append([row, row, row])
    raw = io.BytesIO()
    book.save(raw)
    monkeypatch.setattr(verifying, "load_workbook", lambda *given: pytest.fail("It was opened"))
    assert "holds far more than was certified" in verify(raw.getvalue(), "return.xlsx").details[0]


def test_a_file_of_a_superseded_revision_says_that_a_later_one_holds(the_return: Return) -> None:
    Return.objects.filter(pk=the_return.pk).update(status=Return.Status.SUPERSEDED)
    found = verify(stored(the_return), "return.xlsx")
    assert found.matches and "A later revision has taken its place" in found.said


def test_a_draft_that_was_taken_from_here_is_known_as_one(scene: Scene) -> None:
    scene.spend()
    draft = scene.open_return()
    client = Client()
    client.force_login(scene.finance)
    data = client.get(reverse("returns:file", args=[draft.pk, "xlsx"])).content
    found = verify(data, "draft.xlsx")
    assert not found.matches and found.the_return == draft
    assert "as a draft on 5 July 2023" in found.details[0]


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 and no more", b"PK\x03\x04 nothing", b"Supplier,Amount\n"])
def test_what_is_no_file_of_ours_does_not_match(the_return: Return, data: bytes) -> None:
    found = verify(data, "file.xlsx")
    assert not found.matches and found.the_return is None


@pytest.mark.parametrize(
    ("kind", "organisation", "told"),
    [("auditor", "pfcc", True), ("finance-officer", "ecc", False), ("board-member", "setdab", False),
     ("kpi-reporter", "change", False)],
)  # fmt: skip
def test_only_who_may_open_the_return_is_told_which_it_is(
    the_return: Return, kind: str, organisation: str, told: bool
) -> None:
    person = factories.person(kind, organisation)
    for data in (stored(the_return), changed(stored(the_return))):
        found = verify_for(data, "return.xlsx", by=person)
        assert (found.the_return is not None, bool(found.details)) == (told, told)
    assert found.said == "It is not the file of a certified return, or it was changed since."


def test_each_attempt_is_on_record_and_there_are_only_so_many(
    the_return: Return, monkeypatch: pytest.MonkeyPatch, scene: Scene
) -> None:
    monkeypatch.setattr(verifying, "MOST_AN_HOUR", 2)
    verify_for(stored(the_return), "return.xlsx", by=scene.auditor)
    verify_for(b"something", "other.xlsx", by=scene.auditor)
    assert list(Event.objects.filter(act="return.verify").order_by("pk").values_list("subject", flat=True)) == [
        the_return.reference, "",
    ]  # fmt: skip
    with pytest.raises(Refused, match="verified 2 files in an hour"):
        verify_for(b"more", "third.xlsx", by=scene.auditor)
    assert verify_for(b"more", "third.xlsx", by=scene.finance)


def page(user: User, data: bytes) -> str:
    client = Client()
    client.force_login(user)
    answer = client.post(reverse("returns:verify"), {"file": SimpleUploadedFile("return.xlsx", data)})
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_says_it_in_a_word(the_return: Return, scene: Scene) -> None:
    assert "Matches" in page(scene.auditor, stored(the_return))
    altered = page(scene.auditor, changed(stored(the_return)))
    assert "Does not match" in altered and "B6: certified" in altered
    assert the_return.reference not in page(factories.person("board-member", "setdab"), stored(the_return))


def test_the_command_says_it_of_each_file_and_by_its_exit_code(
    the_return: Return, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.xlsx", tmp_path / "bad.xlsx"
    good.write_bytes(stored(the_return))
    bad.write_bytes(changed(stored(the_return)))
    call_command("verify_return", str(good))
    assert "good.xlsx: It matches a certified return" in capsys.readouterr().out
    with pytest.raises(CommandError) as refused:
        call_command("verify_return", str(good), str(bad))
    assert refused.value.returncode == 1 and "B6: certified" in capsys.readouterr().out
    with pytest.raises(CommandError) as unread:
        call_command("verify_return", str(tmp_path / "none.xlsx"))
    assert unread.value.returncode == 2
