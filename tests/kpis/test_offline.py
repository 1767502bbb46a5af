"""The quarter's workbook: taken, filled in away from the network, and read back by sheet and cell."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from board import clock
from board.models import Event, Milestone, Project
from core.workbook import MEDIA_TYPE
from kpis import submitting
from kpis.asking import slots_of
from kpis.catalogue import load_catalogue
from kpis.models import Breakdown, Duty, Result, Submission
from kpis.offline.places import places_of
from tests import factories
from tests.kpis import scene
from tests.kpis.test_filling_in_the_browser import MORE_PROJECTS, assert_rows_are, every_measure, figures_of

pytestmark = pytest.mark.django_db
JULY = date(2023, 7, 5)


@pytest.fixture(autouse=True)
def day() -> Any:
    with clock.at(JULY):
        yield


@pytest.fixture
def duty() -> Duty:
    return scene.change_hub()


@pytest.fixture
def row(duty: Duty) -> Submission:
    return scene.draft(duty)


def reporter(user: Any = None) -> Client:
    client = Client()
    client.force_login(user or scene.reporter())
    return client


def address(row: Submission, name: str = "workbook") -> str:
    return reverse(f"kpis:{name}", args=[row.pk])


def taken(row: Submission) -> Workbook:
    answer = reporter().get(address(row, "take-workbook"))
    assert answer["Content-Type"] == MEDIA_TYPE
    return load_workbook(io.BytesIO(answer.content))


def cell_of(row: Submission, key: str) -> tuple[str, str]:
    place = next(place for place in places_of(slots_of(row)) if place.key == key)
    return place.sheet, place.cell


def fill(book: Workbook, row: Submission, boxes: dict[str, Any]) -> Workbook:
    for key, typed in boxes.items():
        sheet, cell = cell_of(row, key)
        number = isinstance(typed, str) and typed.replace(".", "", 1).isdecimal()
        book[sheet][cell].value = float(typed) if number and "." in typed else int(typed) if number else typed
    return book


def bytes_of(book: Workbook) -> bytes:
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


def upload(row: Submission, data: bytes | Workbook, name: str = "results.xlsx", client: Client | None = None) -> Any:
    content = bytes_of(data) if isinstance(data, Workbook) else data
    return (client or reporter()).post(address(row), {"file": SimpleUploadedFile(name, content, MEDIA_TYPE)})


def figures(row: Submission) -> list[tuple[Any, ...]]:
    """The rows that a submission holds, whatever their keys."""
    leave = ("id", "submission_id")
    names = [field.attname for field in Result._meta.concrete_fields if field.attname not in leave]
    heads = [(*(getattr(one, name) for name in names),) for one in row.results.order_by("definition__kpi__code", "pk")]
    parts = Breakdown.objects.filter(result__submission=row).order_by(
        "result__definition__kpi__code", "category__dimension__code", "category__code"
    )
    columns = ("count", "numerator", "denominator", "people_quarter", "people_year", "people_programme", "scaled")
    return [
        *heads,
        *((part.result.definition_id, part.category_id, *(getattr(part, n) for n in columns)) for part in parts),
    ]


def said(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_what_is_saved_stands_in_it_and_uploading_it_unchanged_changes_nothing(row: Submission) -> None:
    submitting.save_draft(submission=row, figures=scene.boxes(), seen_version=row.version, by=scene.reporter())
    before = figures(row)
    answer = upload(row, taken(row))
    assert answer.status_code == 302 and answer.url == address(row, "submit")
    assert figures(row) == before and len(before) > 10


def test_filled_in_it_gives_the_rows_that_the_pages_give(row: Submission) -> None:
    book = fill(taken(row), row, scene.boxes())
    assert upload(row, book).status_code == 302
    by_workbook = figures(row)
    row.refresh_from_db()
    submitting.save_draft(submission=row, figures=scene.boxes(), seen_version=row.version, by=scene.reporter())
    assert by_workbook == figures(row)


def test_it_asks_only_for_what_is_ticked_and_names_what_it_is_of(row: Submission) -> None:
    book = taken(row)
    keys = {cell.value for cell in book["Figures"]["L"]} | {cell.value for cell in book["Words"]["F"]}
    assert {"CHB-06", "CHB-01.area.essex", "CHB-33a"} <= keys
    assert not any(str(key).startswith("CHB-31") for key in keys)
    facts = {book["Read me"][f"A{n}"].value: book["Read me"][f"B{n}"].value for n in range(5, 11)}
    assert (facts["Supplier"], facts["Project"]) == ("The Change Project", "The Change Hub")
    assert book["Figures"].protection.sheet and not book["Figures"].protection.password
    sheet, cell = cell_of(row, "CHB-06")
    assert not book[sheet][cell].protection.locked and book[sheet]["C5"].protection.locked
    assert Event.objects.filter(act="submission.workbook", subject=row.reference).exists()


def test_an_opening_caseload_is_carried_forward_into_it(duty: Duty) -> None:
    scene.accepted(duty)
    with clock.at(date(2023, 10, 3)):
        second = scene.draft(duty, "2023-24-Q2")
        book = taken(second)
    sheet, cell = cell_of(second, "CHB-34")
    assert book[sheet][cell].value == 25
    starts = cell_of(second, "CHB-06")[1]
    assert book[sheet][f"E{starts[1:]}"].value == "18", "Last quarter stands beside."


def spoilt(change: Callable[[Workbook, Submission], None]) -> Callable[[Submission], bytes]:
    def make(row: Submission) -> bytes:
        book = fill(taken(row), row, scene.boxes())
        change(book, row)
        return bytes_of(book)

    return make


def put(key: str, value: Any) -> Callable[[Submission], bytes]:
    return spoilt(lambda book, row: fill(book, row, {key: value}) and None)


def at(row: Submission, key: str) -> str:
    return ", ".join(cell_of(row, key))


def in_sheet(name: str, do: Callable[[Any], Any]) -> Callable[[Submission], bytes]:
    return spoilt(lambda book, row: do(book[name]) and None)


def merged(book: Workbook, row: Submission) -> None:
    sheet, cell = cell_of(row, "CHB-06")
    book[sheet].merge_cells(f"{cell}:G{int(cell[1:]) + 1}")


def swapped(book: Workbook, row: Submission) -> None:
    (_, one), (_, other) = cell_of(row, "CHB-10"), cell_of(row, "CHB-06")
    sheet = book["Figures"]
    for letter in "ABCDEFGHIJKL":
        first, second = sheet[f"{letter}{one[1:]}"], sheet[f"{letter}{other[1:]}"]
        first.value, second.value = second.value, first.value


def part(name: str, change: Callable[[bytes], bytes]) -> Callable[[Submission], bytes]:
    """The workbook with one part of its zip changed."""

    def make(row: Submission) -> bytes:
        raw = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(bytes_of(fill(taken(row), row, scene.boxes())))) as old,
            zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for info in old.infolist():
                data = old.read(info)
                new.writestr(info.filename, change(data) if info.filename == name else data)
            if name not in old.namelist():
                new.writestr(name, change(b""))
        return raw.getvalue()

    return make


NO_CELL = ""
SPOILT: dict[str, tuple[Callable[[Submission], bytes], str, str]] = {
    # what -> the file, the box whose cell must be named, words of how to mend it
    "text in a count": (put("CHB-06", "eighteen"), "CHB-06", "Enter one such as 12, or 0"),
    "half a person": (put("CHB-06", 18.5), "CHB-06", "is not a whole number"),
    "below nought": (put("CHB-06", -3), "CHB-06", "is not a whole number"),
    "a breakdown off by one": (put("CHB-01.area.essex", 29), "CHB-01.area.essex", "adds up to 37"),
    "a formula": (put("CHB-06", "=9+9"), "CHB-06", "holds a formula. Type the figure itself"),
    "an error": (put("CHB-06", "#REF!"), "CHB-06", "holds the error #REF!"),
    "merged cells": (spoilt(merged), "CHB-06", "Unmerge them"),
    "a date in a count": (put("CHB-06", datetime(2023, 4, 1)), "CHB-06", "a date stands where a number belongs"),
    "a tick in a count": (put("CHB-06", True), "CHB-06", "neither a number nor empty"),
    "too large a number": (put("CHB-06", 10**15), "CHB-06", "is not a whole number"),
    "a part above its whole": (put("CHB-14.numerator", 161), "CHB-14.numerator", "larger than the whole"),
    "three decimals": (put("CHB-29a", 4.125), "CHB-29a", "at most two decimals"),
    "a caseload that does not balance": (put("CHB-08", 26), "CHB-34", "The difference is 1"),
    "people in the quarter above the year": (put("CHB-07.people_year", 37), "CHB-07.people_quarter", "cannot be more"),
    "an estimate of nothing": (put("CHB-06.estimated", "yes"), "CHB-06.comment", "where the estimate comes from"),
    "an unknown choice": (put("CHB-06.estimated", "perhaps"), "CHB-06.estimated", "choose yes, or leave it empty"),
    "a reason beside a figure": (put("CHB-06.absence", "Not counted"), "CHB-06.absence", "Clear one of them"),
    "a headline left out": (put("CHB-01", None), "CHB-01", "headline figure as well as its breakdown"),
    "a long text": (put("CHB-33a", "word " * 4100), "CHB-33a", "longer than 20,000 characters"),
    "too long for a number": (put("CHB-06", "nine " * 12), "CHB-06", "too long for a number"),
    "a row more": (in_sheet("Figures", lambda sheet: sheet.insert_rows(7)), NO_CELL, "Figures, row 7: rows were moved"),
    "a row less": (in_sheet("Figures", lambda sheet: sheet.delete_rows(9)), NO_CELL, "Figures, row 9: rows were moved"),
    "rows swapped": (spoilt(swapped), NO_CELL, "rows were moved, added or deleted"),
    "renamed": (spoilt(lambda book, row: setattr(book["Figures"], "title", "Mine")), NO_CELL, "“Figures” is missing"),
    "a sheet deleted": (spoilt(lambda book, row: book.remove(book["Words"])), NO_CELL, "“Words” is missing"),
    "another quarter": (in_sheet("Read me", lambda s: setattr(s["B7"], "value", "2023-24 Q2 (July to September 2023)")),
                        NO_CELL, "this workbook is of “2023-24 Q2"),
    "another supplier": (in_sheet("Read me", lambda s: setattr(s["B5"], "value", "Another provider")), NO_CELL,
                         "of another supplier or project"),
    "an older template": (in_sheet("Read me", lambda s: setattr(s["B10"], "value", "0" * 16)), NO_CELL,
                          "what is asked has changed"),
    "strict": (part("xl/workbook.xml", lambda data: data.replace(
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", b"http://purl.oclc.org/ooxml/spreadsheetml/main")),
        NO_CELL, "Strict Open XML"),
    "macros": (part("xl/vbaProject.bin", lambda data: b"x"), NO_CELL, "holds macros"),
    "an entity": (part("xl/styles.xml", lambda data: b'<!DOCTYPE a [<!ENTITY b "c">]>' + data), NO_CELL,
                  "declares a document type or entities"),
    "an entity in UTF-16": (part("xl/styles.xml", lambda data: '<!DOCTYPE a [<!ENTITY b "c">]><a/>'.encode("utf-16")),
                            NO_CELL, "declares a document type or entities"),
    "a bomb": (part("xl/media/image.xml", lambda data: b"0" * (40 * 1024 * 1024)), NO_CELL, "unpacks to far more"),
    "a password": (lambda row: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") * 40,
                   NO_CELL, "protected by a password"),
    "an old workbook": (lambda row: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, NO_CELL, "Save it as .xlsx"),
    "no workbook": (lambda row: b"PK\x03\x04 and no more", NO_CELL, "is damaged. Open it"),
    "cut short": (lambda row: bytes_of(taken(row))[:2000], NO_CELL, "is damaged. Open it"),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILT)
def test_a_spoilt_workbook_is_answered_with_the_cell_and_how_to_mend_it(row: Submission, what: str) -> None:
    make, key, words = SPOILT[what]
    page = said(upload(row, make(row)))
    assert words in page, what
    if key:
        assert f"{at(row, key)}: " in page, what
    assert not row.results.exists(), "Nothing is saved."


def test_a_text_that_may_name_somebody_is_saved_and_asked_about_when_it_is_handed_in(row: Submission) -> None:
    answer = upload(
        row, fill(taken(row), row, {**scene.boxes(), "CHB-33a": "Ring 07700 900123 to hear the whole story."})
    )
    assert answer.status_code == 302
    assert row.results.get(definition__kpi__code="CHB-33a").text.startswith("Ring 07700")
    page = reporter().get(address(row, "submit"))
    assert "telephone number" in said(page)


def test_everything_that_is_wrong_is_said_at_once_errors_before_warnings(row: Submission) -> None:
    book = fill(taken(row), row, {**scene.boxes(), "CHB-06": "x", "CHB-10": "y"})
    book.create_sheet("My notes")
    page = said(upload(row, book))
    places = [page.index(f"{at(row, key)}: ") for key in ("CHB-06", "CHB-10")]
    assert max(places) < page.index("My notes: this sheet is not read")


def test_what_is_right_is_kept_as_a_draft_when_the_person_says_so(row: Submission) -> None:
    client = reporter()
    answer = upload(row, fill(taken(row), row, {**scene.boxes(), "CHB-06": "x"}), client=client)
    assert not row.results.exists()
    client.post(address(row), {"keep": answer.context["keep"]})
    codes = set(row.results.values_list("definition__kpi__code", flat=True))
    assert "CHB-10" in codes and "CHB-06" not in codes
    forged = answer.context["keep"].replace(answer.context["keep"][5], "x", 1)
    assert "Upload the workbook again" in said(client.post(address(row), {"keep": forged}))


def test_what_a_colleague_saved_meanwhile_is_not_written_over_unasked(row: Submission) -> None:
    book = fill(taken(row), row, scene.boxes())
    colleague = scene.reporter()
    submitting.save_draft(submission=row, figures={"CHB-06": "17"}, seen_version=row.version, by=colleague)
    client = reporter()
    answer = upload(row, book, client=client)
    assert "was saved by a colleague, or in the browser, after the workbook was taken" in said(answer)
    assert row.results.get().count == 17
    client.post(address(row), {"keep": answer.context["keep"]})
    assert row.results.get(definition__kpi__code="CHB-06").count == 18


def test_dates_and_ratings_are_read_as_they_are_typed_in_excel(duty: Duty) -> None:
    from kpis.offline.reading import _Cell

    book, row = Workbook(), scene.draft(duty)
    place = next(one for one in places_of(slots_of(row)) if one.what == "expected")

    def read(value: Any) -> str:
        book.active[place.cell].value = value
        reader = _Cell(book.active, place)
        return reader.text() or str([problem.message for problem in reader.problems])

    assert read(datetime(2023, 8, 14)) == read(45152) == "14 August 2023"
    assert read("3/4/2023") == "3/4/2023"
    assert "this is not a date" in read(7)


def test_another_suppliers_reporter_finds_no_workbook(row: Submission) -> None:
    stranger = reporter(scene.reporter("other"))
    assert stranger.get(address(row)).status_code == 404
    assert stranger.get(address(row, "take-workbook")).status_code == 404
    assert upload(row, b"", client=stranger).status_code == 404


def test_once_handed_in_there_is_nothing_to_fill_in(duty: Duty) -> None:
    row = scene.submitted(duty)
    assert reporter().get(address(row)).status_code == 302
    assert reporter().get(address(row, "take-workbook")).status_code == 302


def test_the_whole_catalogue_is_handed_in_by_workbook_and_gives_the_rows_that_the_browser_gives() -> None:
    programme = factories.programme()
    for place, code in enumerate(MORE_PROJECTS, start=5):
        Project.objects.create(
            programme=programme, code=code, name=f"Project {code}", typology="prevention", position=place
        )
    load_catalogue(programme, scene.officer())
    for project in programme.projects.filter(code__in=("RFL", "EVL")):
        Milestone.objects.create(project=project, code="interim", name="Interim", due_on=date(2025, 4, 3))
    police = scene.reporter("police")
    asked = 0
    for project in programme.projects.filter(kpis__isnull=False).distinct():
        with clock.at(date(2024, 7, 4)):
            duty = scene.duty_of(programme, project.code, "police", every_measure(project), first="2024-25-Q1")
            row = scene.draft(duty, "2024-25-Q1")
            figures = {name: text for slot in slots_of(row) for name, text in figures_of(slot, project.code).items()}
            client = reporter(police)
            book = load_workbook(io.BytesIO(client.get(address(row, "take-workbook")).content))
            answer = upload(row, fill(book, row, figures), client=client)
            assert answer.status_code == 302, [problem.message for problem in answer.context["blocking"]]
            submitting.submit(submission=row, seen_version=scene.seen(row), by=police)
            assert_rows_are(row, figures)
            asked += row.results.count()
    assert asked == 229
