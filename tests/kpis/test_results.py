"""What is shown of results: by quarter, year and programme, with states, traces, and small numbers hidden."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from board import clock
from board.models import Programme
from board.quarters import RESULTS, mark_closed
from kpis import submitting
from kpis.defining import redefine
from kpis.duties import set_target
from kpis.kinds import Profile
from kpis.models import Duty, Kpi, Submission
from kpis.results import MeasureLine, ProjectPerformance, milestone_status, outstanding, performance
from tests import factories
from tests.kpis import scene

pytestmark = pytest.mark.django_db


def shown(duty: Duty, code: str = "2023-24-Q1", profile: Profile = Profile.FUNDER) -> ProjectPerformance:
    programme = Programme.objects.get(pk=duty.project.programme_id)
    return performance(programme, factories.quarter(programme, code), profile=profile)[0]


def line(duty: Duty, kpi: str, code: str = "2023-24-Q1", profile: Profile = Profile.FUNDER) -> MeasureLine:
    return next(row for row in shown(duty, code, profile).measures if row.code == kpi)


def two_quarters() -> Duty:
    duty = scene.change_hub()
    scene.accepted(duty)
    scene.accepted(duty, "2023-24-Q2", scene.boxes(opening=25, starts=20, people=(45, 58, 58)))
    return duty


def test_each_kind_is_joined_in_its_own_way() -> None:
    duty = two_quarters()
    found = {row.code: row.year_to_date.value for row in shown(duty, "2023-24-Q2").measures}
    assert found["CHB-06"] == 38
    assert found["CHB-08"] == 32
    assert found["CHB-07"] == 58
    assert found["CHB-14"] == Decimal("75.0")
    assert found["CHB-29a"] == Decimal("4.50")


def test_a_computed_rate_is_made_of_the_figures_it_names() -> None:
    rate = line(two_quarters(), "CHB-12", "2023-24-Q2").year_to_date
    assert (rate.value, rate.numerator, rate.denominator) == (Decimal("46.2"), 12, 26)


def test_a_rate_of_which_a_part_is_not_asked_for_is_not_shown() -> None:
    assert "CHB-13" not in {row.code for row in shown(two_quarters()).measures}


def test_every_figure_leads_to_the_results_under_it() -> None:
    duty, first = two_quarters(), "result:DAPF-2023-25/results/CHB-change/2023-24-Q1/r1#"
    second = first.replace("Q1", "Q2")
    starts = line(duty, "CHB-06", "2023-24-Q2")
    assert starts.quarters[0].trace == (f"{first}CHB-06.count",)
    assert starts.year_to_date.trace == (f"{first}CHB-06.count", f"{second}CHB-06.count")
    rate = line(duty, "CHB-12", "2023-24-Q2").quarters[1].trace
    assert rate[0] == "by:share" and rate.index("over") == 2, "What is divided stands before what divides it."
    assert rate[1].startswith(second) and rate[1].endswith(".count")


def test_drafts_do_not_count_and_their_quarter_is_missing() -> None:
    duty = scene.change_hub()
    scene.draft(duty)
    assert line(duty, "CHB-06").quarters[0].state == "missing"


def test_submitted_figures_count_as_provisional_until_they_are_accepted() -> None:
    duty = scene.change_hub()
    row = scene.submitted(duty)
    assert (line(duty, "CHB-06").quarters[0].value, line(duty, "CHB-06").quarters[0].state) == (18, "p")
    submitting.accept(submission=row, seen_version=scene.seen(row), by=scene.officer())
    assert line(duty, "CHB-06").quarters[0].state == ""


def test_a_year_over_a_missing_quarter_is_provisional_and_says_why() -> None:
    duty = scene.change_hub()
    scene.accepted(duty)
    scene.draft(duty, "2023-24-Q2")
    found = line(duty, "CHB-06", "2023-24-Q2").year_to_date
    assert (found.value, found.state, found.caveat) == (18, "p", "some figures are missing")
    assert line(duty, "CHB-08", "2023-24-Q2").year_to_date.state == "missing"


def test_later_quarters_are_not_due_and_a_new_year_begins_anew() -> None:
    duty = two_quarters()
    assert [cell.state for cell in line(duty, "CHB-06", "2023-24-Q2").quarters] == ["", "", "not due", "not due"]
    scene.accepted(duty, "2023-24-Q3", scene.boxes(opening=32, people=(50, 76, 76)))
    scene.accepted(duty, "2023-24-Q4", scene.boxes(opening=37, people=(55, 94, 94)))
    scene.accepted(duty, "2024-25-Q1", scene.boxes(opening=42, people=(60, 60, 112)))
    found = line(duty, "CHB-06", "2024-25-Q1")
    assert (found.year_to_date.value, found.programme_to_date.value) == (18, 92)


def revised() -> Duty:
    duty = two_quarters()
    first = duty.submissions.get(quarter__code="2023-24-Q1")
    revision = submitting.revise(submission=first, reason="Late entries", by=scene.reporter())
    with clock.at(date(2023, 12, 1)):
        revision = submitting.save_draft(
            submission=revision,
            figures={"CHB-14.numerator": "130", "CHB-14.denominator": "160"},
            seen_version=revision.version,
            by=scene.reporter(),
        )
        submitting.submit(submission=revision, seen_version=revision.version, by=scene.reporter())
    submitting.accept(
        submission=Submission.objects.get(pk=revision.pk),
        seen_version=scene.seen(Submission.objects.get(pk=revision.pk)),
        by=scene.officer(),
    )
    return duty


def test_a_revised_figure_is_marked_and_marks_its_sum() -> None:
    duty = revised()
    found = line(duty, "CHB-14", "2023-24-Q2")
    assert [cell.state for cell in found.quarters[:2]] == ["r", ""]
    assert found.year_to_date.state == "r"
    assert [row.what for row in shown(duty, "2023-24-Q2").quality] == ["revised", "revised"]


def test_no_cases_are_no_rate() -> None:
    duty = scene.change_hub({"CHB-14": []})
    scene.accepted(duty, figures={"CHB-14.numerator": "0", "CHB-14.denominator": "0"})
    found = line(duty, "CHB-14").quarters[0]
    assert (found.value, found.state, found.caveat) == (None, "nil", "no cases")


def test_a_target_is_shared_over_the_year_and_scored_in_words() -> None:
    duty = scene.change_hub()
    year = duty.project.programme.years.first()
    set_target(kpi=Kpi.objects.get(code="CHB-06"), year=year, value=Decimal(80), from_date=date(2023, 4, 1),
               reason="Agreed", by=scene.officer())  # fmt: skip
    scene.accepted(duty)
    found = line(duty, "CHB-06")
    assert (found.target, found.target_so_far, found.rag) == (Decimal(80), Decimal("20.00"), "Amber")
    assert line(duty, "CHB-08").rag == "No target"


def test_a_new_definition_shows_as_a_break_and_leaves_earlier_quarters_as_they_were() -> None:
    duty = scene.change_hub()
    scene.accepted(duty)
    kpi = Kpi.objects.get(code="CHB-06")
    redefine(kpi=kpi, from_date=date(2023, 7, 1), reason="Clearer", by=scene.officer(), definition="New words.")
    scene.accepted(duty, "2023-24-Q2", scene.boxes(opening=25, starts=20, people=(45, 58, 58)))
    assert line(duty, "CHB-06", "2023-24-Q1").definition_version == 1
    found = line(duty, "CHB-06", "2023-24-Q2")
    assert found.definition == "New words."
    assert found.year_to_date.caveat == "the definition changed: versions 1 to 2"


def test_sign_offs_name_who_handed_in_and_who_accepted() -> None:
    found = shown(two_quarters()).sign_offs[0]
    assert (found.status, found.submitted_by, found.accepted_by) == (
        "Accepted", "kpi-reporter 1, change", "commissioning-officer 2, pfcc",
    )  # fmt: skip


def test_cohorts_are_too_early_until_their_window_has_ended() -> None:
    programme = scene.change_hub({"CHB-06": []}).project.programme
    duty = scene.duty_of(programme, "CHB", "police", {"CHB-31a": []})
    box = "CHB-31a@2023-24-Q1"
    scene.accepted(duty, "2023-24-Q3", {f"{box}.numerator": "6", f"{box}.denominator": "18"})
    found = {row.entry_quarter: row.shown for row in shown(duty, "2023-24-Q3").cohorts}
    assert found["2023-24-Q1"].value == Decimal("33.3")
    assert found["2023-24-Q2"].state == "too early"
    assert {row.entry_quarter: row.shown.state for row in shown(duty, "2023-24-Q2").cohorts}[
        "2023-24-Q1"
    ] == "too early"


def test_narratives_are_for_the_funder_and_not_for_the_board() -> None:
    duty = two_quarters()
    assert shown(duty).narratives[0].text == scene.WORDS
    assert shown(duty, profile=Profile.BOARD).narratives == ()


def test_words_about_quality_are_for_the_funder_and_not_for_the_board() -> None:
    duty = revised()
    to_funder, to_board = (shown(duty, "2023-24-Q2", profile=who).quality for who in (Profile.FUNDER, Profile.BOARD))
    assert all(row.words for row in to_funder)
    assert [(row.kpi, row.what, row.words) for row in to_board] == [(row.kpi, row.what, "") for row in to_funder]


def test_the_board_sees_no_small_number_and_none_of_the_balancing_figures() -> None:
    duty = two_quarters()
    lines = {row.code: row for row in shown(duty, profile=Profile.BOARD).measures}
    assert "CHB-34" not in lines
    assert "CHB-35" not in lines
    parts = {row.category: row.shown for row in shown(duty, profile=Profile.BOARD).breakdowns if row.code == "CHB-01"}
    assert parts["essex"].value == 30
    assert {code for code, cell in parts.items() if cell.state == "c"} == {
        "southend",
        "thurrock",
        "outside",
        "not-known",
    }
    assert {cell.value for cell in parts.values() if cell.state == "c"} == {None}


def test_the_board_sees_no_parts_of_a_rate_and_no_comment() -> None:
    found = line(two_quarters(), "CHB-14", profile=Profile.BOARD).quarters[0]
    assert (found.value, found.numerator, found.denominator) == (Decimal("75.0"), None, None)


def test_a_hidden_figure_is_not_scored() -> None:
    duty = scene.change_hub({"CHB-06": []})
    set_target(kpi=Kpi.objects.get(code="CHB-06"), year=duty.project.programme.years.first(), value=Decimal(8),
               from_date=date(2023, 4, 1), reason="Agreed", by=scene.officer())  # fmt: skip
    scene.accepted(duty, figures={"CHB-06": "2"})
    found = line(duty, "CHB-06", profile=Profile.BOARD)
    assert (found.quarters[0].state, found.year_to_date.state, found.rag) == ("c", "c", "Hidden")


def test_the_public_sees_figures_rounded_to_five() -> None:
    assert line(two_quarters(), "CHB-01", profile=Profile.PUBLIC).quarters[0].value == 40


def test_readiness_lists_what_is_not_accepted_until_it_is() -> None:
    duty = scene.change_hub()
    quarter = scene.quarter_of(duty)
    programme = duty.project.programme
    assert [row.status for row in outstanding(programme, quarter)] == ["not asked"]
    row = scene.submitted(duty)
    item = outstanding(programme, quarter)[0]
    assert (item.status, item.url_name, item.url_args) == ("submitted", "kpis:submission", (row.pk,))
    assert item.words == "The Change Hub: the results of The Change Project for Q1 2023-24 wait to be accepted."
    submitting.accept(submission=row, seen_version=scene.seen(row), by=scene.officer())
    assert outstanding(programme, quarter) == []


def test_a_quarter_closed_without_results_still_reads_as_missing() -> None:
    duty = scene.change_hub()
    row = scene.draft(duty)
    with clock.at(date(2023, 8, 1)):
        mark_closed(row.quarter, RESULTS, by=scene.officer())
    assert [item.what for item in shown(duty).quality] == ["missing"]


@pytest.mark.parametrize(
    ("forecast", "met", "words"),
    [
        (None, date(2023, 6, 1), "Met"),
        (None, date(2023, 7, 1), "Met late"),
        (date(2023, 8, 1), None, "Overdue"),
        (None, None, "Overdue"),
    ],
)
def test_a_milestone_stands_by_its_dates(forecast: date | None, met: date | None, words: str) -> None:
    assert milestone_status(date(2023, 6, 15), forecast, met, date(2023, 6, 30)) == words


def test_a_milestone_that_is_not_due_yet_is_on_course_or_expected_late() -> None:
    due, day = date(2023, 9, 15), date(2023, 6, 30)
    assert milestone_status(due, date(2023, 9, 1), None, day) == "On course"
    assert milestone_status(due, date(2023, 10, 1), None, day) == "Expected late"


def test_performance_asks_the_same_questions_for_one_duty_and_for_many() -> None:
    duty = two_quarters()
    programme = duty.project.programme
    quarter = scene.quarter_of(duty, "2023-24-Q2")
    counted = _queries(programme, quarter)
    for project, organisation in (("SIS", "other"), ("GDM", "ecc")):
        own = scene.duty_of(programme, project, organisation, {f"{project}-01": []})
        scene.accepted(own, "2023-24-Q1", {f"{project}-01": "9"})
        scene.accepted(own, "2023-24-Q2", {f"{project}-01": "12"})
    assert _queries(programme, quarter) == counted


def _queries(programme: Programme, quarter: object) -> int:
    with CaptureQueriesContext(connection) as asked:
        performance(Programme.objects.get(pk=programme.pk), quarter, profile=Profile.BOARD)
    return len(asked)
