"""Measures are data: a new one makes sense or is refused in words, a change is a version with quarter and reason."""

from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from board.models import Event, Project
from core.problems import Problem, Refused
from kpis.defining import define, redefine
from kpis.duties import set_target
from kpis.kinds import Kind, Section
from kpis.models import Duty, Kpi, KpiVersion
from returns.files import render, stamp_of
from returns.kinds import performance
from returns.kinds.scope import of_quarter
from tests import factories
from tests.kpis import scene
from tests.pdf_text import text_of

pytestmark = pytest.mark.django_db
APRIL = date(2023, 4, 1)


@pytest.fixture
def project() -> Project:
    return scene.change_hub({"CHB-01": []}).project


def given(**fields: Any) -> dict[str, Any]:
    """A measure that makes sense, but for what is changed."""
    sound = {
        "code": "CHB-50",
        "name": "Letters sent",
        "definition": "Letters sent in the quarter.",
        "unit": "letters",
        "kind": Kind.FLOW,
        "section": Section.DELIVERY,
        "direction": "higher",
        "from_date": APRIL,
        "reason": "Asked for by the board",
    }
    return {**sound, **fields}


def refused(project: Project, **fields: Any) -> list[Problem]:
    with pytest.raises(Refused) as refusal:
        define(project=project, by=scene.officer(), **given(**fields))
    return refusal.value.problems


def test_a_measure_is_added_with_its_first_version_and_is_on_record(project: Project) -> None:
    kpi = define(project=project, by=scene.officer(), **given(dimensions=["area"]))
    version = kpi.versions.get()
    assert (version.number, version.from_date, version.name) == (1, APRIL, "Letters sent")
    assert [row.code for row in version.dimensions.all()] == ["area"]
    assert Event.objects.get(act="kpi.define").words == "Letters sent, from 1 April 2023: Asked for by the board"


@pytest.mark.parametrize(
    ("fields", "where", "words"),
    [
        ({"kind": Kind.PEOPLE, "numerator_codes": "+CHB-01", "denominator_codes": "+CHB-03"}, "numerator_codes",
         "Only a rate is computed"),
        ({"kind": Kind.RATIO, "numerator_codes": "+CHB-07", "denominator_codes": "+CHB-01"}, "numerator_codes",
         "CHB-07 is “Distinct people”, which cannot be added to others"),
        ({"kind": Kind.RATIO, "numerator_codes": "+CHB-01", "denominator_codes": "+CHB-14"}, "denominator_codes",
         "CHB-14 is “Rate”, which cannot be added to others"),
        ({"kind": Kind.RATIO, "numerator_codes": "+CHB-01", "denominator_codes": "+SIS-03"}, "denominator_codes",
         "SIS-03 is no other measure of The Change Hub"),
        ({"kind": Kind.RATIO, "numerator_codes": "CHB-01", "denominator_codes": "+CHB-03"}, "numerator_codes",
         "is not a sum of signed codes"),
        ({"kind": Kind.RATIO, "numerator_codes": "+CHB-01", "denominator_codes": ""}, "denominator_codes",
         "from a numerator and a denominator"),
        ({"kind": Kind.RATIO, "scaled": True}, "scaled", "Only a sum or a position can have decimals"),
        ({"kind": Kind.COHORT}, "window_months", "names how many months it is followed up"),
        ({"window_months": 6}, "window_months", "names how many months it is followed up"),
        ({"kind": Kind.COHORT, "window_months": 5}, "window_months", "A follow-up ends with a quarter"),
        ({"low": 900, "high": 800}, "low", "The lowest plausible figure is above the highest"),
        ({"kind": Kind.RATIO, "high": 10100}, "high", "A rate lies between 0 and 100 per cent"),
        ({"kind": Kind.MEDIAN, "dimensions": ["area"]}, "dimensions", "“Median” cannot be broken down"),
        ({"code": "SIS-50"}, "code", "with the project’s own letters"),
        ({"code": "CHB-01"}, "code", "CHB-01 is a measure of The Change Hub already"),
        ({"from_date": date(2023, 4, 2)}, "from_date", "Choose the first day of one"),
        ({"reason": " "}, "reason", "Give the reason"),
    ],
)  # fmt: skip
def test_k23_what_a_measure_cannot_be_is_said_in_words_at_its_box(
    project: Project, fields: dict[str, Any], where: str, words: str
) -> None:
    problems = refused(project, **fields)
    assert any(problem.where == where and words in problem.message for problem in problems), problems
    assert not Kpi.objects.filter(code="CHB-50").exists()


def test_k23_all_that_is_wrong_is_said_at_once(project: Project) -> None:
    problems = refused(project, code="x", kind=Kind.COHORT, scaled=True, reason="")
    assert {problem.where for problem in problems} == {"code", "scaled", "window_months", "reason"}


@pytest.mark.parametrize(
    "change", [{"kind": Kind.PEOPLE}, {"scaled": True}, {"window_months": 6}, {"numerator_codes": "+CHB-03"}]
)
def test_k23_what_fixes_how_figures_are_added_never_changes(project: Project, change: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="Use another code"):
        redefine(
            kpi=Kpi.objects.get(code="CHB-01"), from_date=date(2024, 4, 1), reason="Other", by=scene.officer(), **change
        )


def test_k24_a_version_begins_after_the_figures_that_were_given_drafts_included() -> None:
    duty = scene.change_hub()
    scene.accepted(duty)
    kpi = Kpi.objects.get(code="CHB-06")
    with pytest.raises(Refused, match=r"Figures for 2023-24 Q1 .* have been given under the present definition"):
        redefine(kpi=kpi, from_date=APRIL, reason="Clearer", by=scene.officer(), definition="New words.")
    made = redefine(kpi=kpi, from_date=date(2023, 7, 1), reason="Clearer", by=scene.officer(), definition="New words.")
    assert made.number == 2
    assert {row.definition.number for row in kpi.versions.get(number=1).results.all()} == {1}


def test_k24_a_version_needs_its_reason_and_the_one_before_stays() -> None:
    scene.change_hub()
    kpi = Kpi.objects.get(code="CHB-06")
    with pytest.raises(Refused, match="Give the reason for this version"):
        redefine(kpi=kpi, from_date=date(2023, 7, 1), reason="", by=scene.officer(), definition="New words.")
    assert kpi.versions.count() == 1


def test_a_breakdown_that_somebody_is_asked_for_is_not_taken_away_under_them() -> None:
    scene.change_hub()
    with pytest.raises(Refused, match="The Change Project is asked for a breakdown that you leave out"):
        redefine(
            kpi=Kpi.objects.get(code="CHB-01"), from_date=date(2023, 7, 1), reason="Fewer", by=scene.officer(),
            dimensions=["district"],
        )  # fmt: skip


def test_two_officers_do_not_write_over_each_others_version(project: Project) -> None:
    kpi = Kpi.objects.get(code="CHB-06")
    redefine(kpi=kpi, from_date=date(2023, 7, 1), reason="One", by=scene.officer(), seen_number=1, name="One")
    with pytest.raises(Refused, match="Somebody else gave this measure a new version"):
        redefine(kpi=kpi, from_date=date(2023, 10, 1), reason="Two", by=scene.officer(2), seen_number=1, name="Two")


# The pages.


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(name: str, *args: object) -> str:
    return reverse(f"kpis:{name}", args=["DAPF-2023-25", *args])


def form_of(**changes: object) -> dict[str, object]:
    sound: dict[str, object] = {
        "code": "CHB-50", "name": "Letters sent", "definition": "Letters sent in the quarter.", "unit": "letters",
        "kind": "flow-sum", "section": "delivery", "direction": "higher", "dimensions": ["area"],
        "from_date": factories.Quarter.objects.get(code="2023-24-Q2", programme__code="DAPF-2023-25").pk,
        "reason": "Asked for by the board",
    }  # fmt: skip
    return {**sound, **changes}


def test_an_officer_adds_a_measure_from_its_page_and_sees_it_in_the_catalogue(project: Project) -> None:
    client = signed_in(scene.officer())
    answer = client.post(address("define", "CHB"), form_of(low="2.5", high="40"), follow=True)
    assert "CHB-50 is added." in answer.content.decode()
    version = KpiVersion.objects.get(kpi__code="CHB-50")
    assert (version.low, version.high, version.from_date) == (250, 4000, date(2023, 7, 1))
    listed = client.get(reverse("kpis:measures"), {"project": project.pk, "section": "delivery"}).content.decode()
    assert "CHB-50 Letters sent" in listed
    assert "2.5 to 40" in listed


def test_what_a_measure_cannot_be_returns_to_the_form_with_nothing_lost(project: Project) -> None:
    answer = signed_in(scene.officer()).post(address("define", "CHB"), form_of(kind="cohort", scaled="on"))
    page = answer.content.decode()
    assert "Only a sum or a position can have decimals" in page
    assert "names how many months it is followed up" in page
    assert 'value="Letters sent"' in page
    assert not Kpi.objects.filter(code="CHB-50").exists()


def test_an_officer_gives_a_measure_a_new_version_from_its_page(project: Project) -> None:
    client = signed_in(scene.officer())
    shown = client.get(address("redefine", "CHB-12")).context["form"].initial
    assert (shown["low"], shown["high"], shown["numerator_codes"]) == ("5", "80", "+CHB-10")
    changed = form_of(
        name="Completion rate", definition="As before, without re-opened cases.", unit="per cent", section="caseload",
        dimensions=[], numerator_codes="+CHB-10", denominator_codes="+CHB-10+CHB-11", version="1", low="5", high="70",
        reason="Agreed at the review",
    )  # fmt: skip
    answer = client.post(address("redefine", "CHB-12"), changed, follow=True)
    page = answer.content.decode()
    assert "Version 2 is saved. It begins on 1 July 2023." in page
    assert "Agreed at the review" in page
    assert KpiVersion.objects.get(kpi__code="CHB-12", number=2).high == 7000


@pytest.mark.parametrize(
    ("kind", "organisation", "status"),
    [("kpi-reporter", "change", 403), ("auditor", "pfcc", 403), ("commissioning-officer", "ecc", (403, 404))],
)
def test_only_the_grant_holders_officers_define(
    project: Project, kind: str, organisation: str, status: int | tuple[int, int]
) -> None:
    client = signed_in(factories.person(kind, organisation))
    allowed = status if isinstance(status, tuple) else (status,)
    for name, arguments in (("define", ["CHB"]), ("assign", ["CHB"]), ("redefine", ["CHB-01"]), ("target", ["CHB-01"])):
        assert client.post(address(name, *arguments), form_of()).status_code in allowed, name


def test_who_supplies_a_measure_reads_what_it_is_used_for() -> None:
    duty = scene.change_hub()
    row = scene.accepted(duty)
    row.first_reported_in = "DAPF-2023-25/performance/2023-24-Q1/r1"
    row.save()
    page = signed_in(scene.reporter()).get(address("measure", "CHB-10")).content.decode()
    assert "The quarterly performance return to the funder" in page
    assert "Its figures went out first in DAPF-2023-25/performance/2023-24-Q1/r1" in page
    assert "Completion rate (CHB-12), which is worked out from it" in page
    assert "A check of each quarter: opening caseload and starts" in page
    unused = signed_in(scene.officer()).get(address("measure", "CHB-30a")).content.decode()
    assert "No return has carried its figures yet" in unused
    assert "Nobody is asked for it." in unused


def test_the_board_reads_no_baseline_and_no_reason_that_may_tell_of_few() -> None:
    duty = scene.change_hub()
    set_target(
        kpi=Kpi.objects.get(code="CHB-10"), year=scene.quarter_of(duty).year, value=Decimal("40"),
        from_date=date(2023, 4, 1), reason="Only three completed the year before", by=scene.officer(),
        baseline=Decimal("3"),
    )  # fmt: skip
    officer = signed_in(scene.officer()).get(address("measure", "CHB-10")).content.decode()
    board = signed_in(factories.person("board-member", "setdab")).get(address("measure", "CHB-10")).content.decode()
    assert "Only three completed" in officer
    assert "Only three completed" not in board and "Not shown" in board and "40" in board


def over_two_versions() -> Duty:
    duty = scene.change_hub()
    scene.accepted(duty)
    redefine(
        kpi=Kpi.objects.get(code="CHB-06"), from_date=date(2023, 7, 1), reason="Clearer", by=scene.officer(),
        definition="People who attended two sessions.",
    )  # fmt: skip
    scene.accepted(duty, "2023-24-Q2", scene.boxes(opening=25, starts=20, people=(45, 58, 58)))
    return duty


BREAK = "the definition changed: versions 1 to 2"


def test_a_year_over_two_versions_shows_a_break_on_page_workbook_and_pdf() -> None:
    duty = over_two_versions()
    quarter = scene.quarter_of(duty, "2023-24-Q2")
    page = signed_in(scene.officer()).get(address("breakdown", "2023-24-Q2", "CHB-06")).content.decode()
    assert f"38 ({BREAK})" in page
    content = performance.build(of_quarter(quarter), today=date(2023, 10, 9))
    workbook, pdf = render(content, stamp_of(content, final=False), performance.KIND.formats)
    sheets = load_workbook(BytesIO(workbook.data)).worksheets
    cells = [str(cell) for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    assert any(f"Year to date: {BREAK}" in cell for cell in cells)
    assert f"Year to date: {BREAK}" in " ".join(text_of(pdf.data).split())
    # The quarters before keep theirs.
    first = performance.build(of_quarter(scene.quarter_of(duty)), today=date(2023, 10, 9))
    assert BREAK not in str(first)
