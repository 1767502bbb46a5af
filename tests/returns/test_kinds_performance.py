"""The content of the performance return: what is rebuilt, what is never added, what is missing."""

from datetime import date
from io import BytesIO

import pytest
from openpyxl import load_workbook

from board import clock
from board.quarters import RESULTS
from core.problems import Refused
from kpis.models import Submission
from returns import certifying, files
from returns.content import Content, Section, content_hash, figure_words
from returns.kinds import KINDS, content_of
from returns.kinds.scope import of_quarter
from returns.models import Return
from tests.kpis import scene as results
from tests.returns.scenes import Scene
from tests.returns.tracing import unproved

JULY_END = date(2023, 7, 20)


@pytest.fixture
def reported(scene: Scene) -> Scene:
    scene.with_results()
    return scene


def content(scene: Scene, quarter: str = "2023-24-Q1") -> Content:
    """What the return says, each of its numbers proved by its trace."""
    scope = of_quarter(scene.quarter(quarter))
    made = content_of(KINDS["performance"], scope, today=clock.today(), the_return=None)
    assert unproved(made, scope.programme) == []
    return made


def section(made: Content, code: str) -> Section:
    return next(part for part in made.sections if part.code == code)


def shown(made: Content, key: str) -> str:
    return figure_words(made.figure(f"performance/{key}"))


def sign_both(scene: Scene, the_return: Return) -> Return:
    certifying.prepare(the_return=the_return, by=scene.commissioning)
    return certifying.certify(the_return=the_return, by=scene.second_commissioning)


def test_a_measure_with_a_target_stands_in_the_summary_with_its_rating(reported: Scene) -> None:
    made = content(reported)
    assert [row.code for row in section(made, "kpis").table.rows] == ["chb-chb-06"]
    assert shown(made, "kpis/chb-chb-06/target") == "80"
    assert shown(made, "kpis/chb-chb-06/q1") == "18"
    assert shown(made, "kpis/chb-chb-06/q2") == "Not due"
    assert shown(made, "kpis/chb-chb-06/rating") == "Amber"


def test_a_rate_is_rebuilt_from_its_numerators_and_denominators(reported: Scene) -> None:
    duty = reported.programme.projects.get(code="CHB").duties.get()
    figures = results.boxes(opening=25, people=(30, 60, 60)) | {"CHB-14.numerator": "10", "CHB-14.denominator": "40"}
    results.accepted(duty, "2023-24-Q2", figures)
    made = content(reported, "2023-24-Q2")
    assert shown(made, "outcomes/chb-chb-14/quarter") == "25.0%"
    # 120 of 160 and 10 of 40 are 130 of 200; the mean of the two rates would be 50%.
    assert shown(made, "outcomes/chb-chb-14/year-n") == "130"
    assert shown(made, "outcomes/chb-chb-14/year") == "65.0%"


def test_snapshots_take_the_last_and_people_are_as_supplied(reported: Scene) -> None:
    duty = reported.programme.projects.get(code="CHB").duties.get()
    results.accepted(duty, "2023-24-Q2", results.boxes(opening=25, people=(30, 60, 60)))
    made = content(reported, "2023-24-Q2")
    assert shown(made, "project-chb/chb-08/year") == "30"
    assert shown(made, "project-chb/chb-07/year") == "60"
    assert shown(made, "project-chb/chb-06/year") == "36"


def test_no_table_of_results_has_a_total(reported: Scene) -> None:
    for part in content(reported).sections:
        assert not part.table or {row.kind for row in part.table.rows} <= {"row"}


def test_what_is_submitted_and_not_accepted_is_provisional(scene: Scene) -> None:
    duty = scene.asked_for_results()
    results.submitted(duty)
    assert shown(content(scene), "kpis/chb-chb-06/q1") == "18 [p]"


def test_a_draft_is_never_reported(scene: Scene) -> None:
    scene.asked_for_results()
    made = content(scene)
    assert shown(made, "kpis/chb-chb-06/q1") == "Missing"
    [line] = section(made, "quality").table.rows
    assert [figure_words(cell) for cell in line.cells][3:5] == [
        "Missing",
        "The Change Project has not submitted its results.",
    ]


def test_breakdowns_stand_in_long_form_one_dimension_at_a_time(reported: Scene) -> None:
    rows = section(content(reported), "breakdowns").table.rows
    told = {(row.cells[0].value, row.cells[2].value): row.cells[5].value for row in rows}
    assert sum(count for (code, _), count in told.items() if code == "CHB-01") == 38


def test_suppliers_words_and_sign_offs_are_carried(reported: Scene) -> None:
    made = content(reported)
    [said] = section(made, "narrative").narrative
    assert said.text == results.WORDS
    [row] = section(made, "sign-offs").table.rows
    assert [figure_words(cell) for cell in row.cells][3] == "Accepted"


def test_definitions_are_told_in_their_version(reported: Scene) -> None:
    terms = [definition for definition in content(reported).definitions if "CHB-06" in definition.term]
    assert [definition.version for definition in terms] == ["1"]


def test_there_is_no_performance_return_of_a_closing_period(reported: Scene) -> None:
    with pytest.raises(Refused, match="There is no quarterly performance return"):
        content(reported, "2023-24-closing")


@pytest.mark.usefixtures("quick_pdf")
def test_two_commissioning_officers_sign_and_the_submissions_name_the_return(reported: Scene) -> None:
    with clock.at(JULY_END):
        reported.close(RESULTS)
        the_return = sign_both(reported, reported.open_return("performance", by=reported.commissioning))
    assert the_return.status == Return.Status.CERTIFIED
    assert Submission.objects.get().first_reported_in == the_return.reference


@pytest.mark.usefixtures("quick_pdf")
def test_the_first_officer_cannot_sign_second(reported: Scene) -> None:
    with clock.at(JULY_END):
        reported.close(RESULTS)
        the_return = reported.open_return("performance", by=reported.commissioning)
        certifying.prepare(the_return=the_return, by=reported.commissioning)
        with pytest.raises(Refused, match="Each signature is another person’s"):
            certifying.certify(the_return=the_return, by=reported.commissioning)


def test_results_not_accepted_stop_the_return(scene: Scene) -> None:
    results.submitted(scene.asked_for_results())
    with clock.at(JULY_END):
        scene.close(RESULTS)
        the_return = scene.open_return("performance", by=scene.commissioning)
        with pytest.raises(Refused, match="wait to be accepted"):
            certifying.prepare(the_return=the_return, by=scene.commissioning)


def test_the_workbook_and_the_pdf_can_be_made_of_it(reported: Scene) -> None:
    made = content(reported)
    sheet, pdf = files.render(made, files.stamp_of(made, final=False), ("xlsx", "pdf"))
    book = load_workbook(BytesIO(sheet.data))
    assert {"KPI summary", "Project CHB", "Breakdowns", "Data quality", "Sign-offs"} <= set(book.sheetnames)
    assert pdf.data.startswith(b"%PDF-")
    assert content_hash(made) == content_hash(content(reported))
