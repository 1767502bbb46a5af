"""Pages of filling, standing and deciding ask the database as much for 5 measures as for 50."""

from datetime import date
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from board import clock
from board.models import User
from core.problems import Refused
from kpis import submitting
from kpis.answers import boxes_of, stored_answers
from kpis.asking import slots_of
from kpis.catalogue import load_catalogue
from kpis.kinds import FigureType
from kpis.models import Duty, Kpi, Submission
from tests import factories
from tests.kpis import scene

pytestmark = pytest.mark.django_db
DAY = date(2023, 7, 5)
FEW, MANY = 5, 50
# Opening, starts, completions, closures and the closing caseload, with breakdowns: the fewest that have every part.
FIRST = ("01", "06", "08", "10", "33a")


def duty(project: str, measures: int) -> Duty:
    """Essex Police, of whom more than 25 may be asked, report so many measures with their breakdowns by area."""
    programme = factories.Programme.objects.filter(code="DAPF-2023-25").first() or factories.programme()
    load_catalogue(programme, scene.officer())
    first = [f"{project}-{number}" for number in FIRST]
    kpis = Kpi.objects.filter(project__programme=programme, project__code=project)
    others = kpis.exclude(code__in=first).exclude(versions__kind__in=["cohort", "milestone"])
    codes = [*first, *others.filter(versions__numerator_codes="").values_list("code", flat=True)][:measures]
    assert len(codes) == measures
    offered = set(kpis.filter(versions__dimensions__code="area").values_list("code", flat=True))
    return scene.duty_of(programme, project, "police", {code: ["area"] if code in offered else [] for code in codes})


def filled(duty: Duty) -> Submission:
    """A draft with every box filled; that its figures agree is another matter."""
    row = scene.draft(duty)
    figures: dict[str, str] = {}
    for slot in slots_of(row):
        number = {FigureType.TEXT: scene.WORDS, FigureType.SCALED: "2.5"}.get(slot.figure_type, "9")
        figures |= {slot.box(column): number for column in slot.columns}
        for _, categories in slot.dimensions:
            figures |= {slot.part_box(categories[0], column): number for column in slot.columns}
    with clock.at(DAY):
        return submitting.save_draft(
            submission=row, figures=figures, seen_version=row.version, by=scene.reporter("police")
        )


def handed_in(row: Submission) -> Submission:
    """The same, handed in, with a word on every figure that the rules ask about."""
    by = scene.reporter("police")
    with clock.at(DAY):
        for _ in range(3):
            try:
                submitting.submit(submission=row, seen_version=scene.seen(row), by=by)
                return row
            except Refused as refusal:
                asked = [problem.where for problem in refusal.problems if problem.blocking]
                boxes = {where: "Checked." for where in asked if where.endswith(".comment")}
                row = _saved_again(row, boxes)
    raise AssertionError(asked)


def _saved_again(row: Submission, comments: dict[str, str]) -> Submission:
    slots = slots_of(row)
    answers = stored_answers(row, slots)
    figures = {
        name: text for where in comments for name, text in boxes_of(answers[where.removesuffix(".comment")]).items()
    }
    return submitting.save_draft(
        submission=row, figures=figures | comments, seen_version=scene.seen(row), by=scene.reporter("police")
    )


def asked(user: User, name: str, *args: object) -> int:
    client = Client()
    client.force_login(user)
    with clock.at(DAY), CaptureQueriesContext(connection) as queries:
        assert client.get(reverse(f"kpis:{name}", args=args)).status_code == 200, name
    return len(queries)


def of_filling(row: Submission) -> dict[str, int]:
    by = scene.reporter("police")
    return {
        "fill": asked(by, "fill", row.pk, "referrals"),
        "submit": asked(by, "submit", row.pk),
        "submission": asked(by, "submission", row.pk),
        "take-workbook": asked(by, "take-workbook", row.pk),
        **handing_back(by, row),
    }


def handing_back(by: User, row: Submission) -> dict[str, int]:
    """The queries of uploading a workbook with one figure spoilt, and of keeping what is right of it."""
    client, address = Client(), reverse("kpis:workbook", args=[row.pk])
    client.force_login(by)
    with clock.at(DAY):
        book = load_workbook(BytesIO(client.get(reverse("kpis:take-workbook", args=[row.pk])).content))
        book["Figures"]["G5"].value = "spoilt"
        raw = BytesIO()
        book.save(raw)
        with CaptureQueriesContext(connection) as refused:
            answer = client.post(address, {"file": SimpleUploadedFile("results.xlsx", raw.getvalue())})
        with CaptureQueriesContext(connection) as kept:
            assert client.post(address, {"keep": answer.context["keep"]}).status_code == 302
    return {"workbook, refused": len(refused), "workbook, kept": len(kept)}


def of_deciding(row: Submission) -> dict[str, int]:
    by = scene.officer()
    return {name: asked(by, name, row.pk) for name in ("submission", "accept", "query")}


def of_standing(project: str) -> dict[str, int]:
    by, programme = scene.officer(), "DAPF-2023-25"
    measure = (programme, f"{project}-06")
    given = Duty.objects.get(project__code=project)
    return {
        "performance": asked(by, "performance"),
        "performance, board": asked(factories.person("board-member", "setdab"), "performance"),
        "breakdown": asked(by, "breakdown", programme, "2023-24-Q1", f"{project}-06"),
        "measures": asked(by, "measures"),
        "measure": asked(by, "measure", *measure),
        "redefine": asked(by, "redefine", *measure),
        "target": asked(by, "target", *measure),
        "rate": asked(by, "rate", *measure, "2023-24-Q1"),
        "duties": asked(by, "duties"),
        "duty": asked(by, "duty", given.pk),
        "change-duty": asked(by, "change-duty", given.pk),
        "assign": asked(by, "assign", programme, project),
        "submissions": asked(by, "submissions"),
    }


def test_filling_deciding_and_standing_ask_the_same_for_5_measures_as_for_50() -> None:
    few = filled(duty("CHB", FEW))
    filling = of_filling(few)
    deciding = of_deciding(handed_in(few))
    standing = of_standing("CHB")
    many = filled(duty("SIS", MANY))
    found = of_filling(many)
    # Fifty measures with their breakdowns are more values than one statement takes on SQLite.
    assert 0 <= found.pop("workbook, kept") - filling.pop("workbook, kept") <= 2
    assert found == filling
    assert of_deciding(handed_in(many)) == deciding
    assert of_standing("SIS") == standing
