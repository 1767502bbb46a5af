"""What cannot be true is refused; what seldom is, needs a comment."""

from datetime import date
from decimal import Decimal

import pytest

from board import clock
from board.models import Event, Milestone, Project, Threshold
from core.problems import Problem, Refused
from kpis import submitting
from kpis.asking import cohort_entry, months_after
from kpis.catalogue import load_catalogue
from kpis.duties import set_target
from kpis.models import Duty, Kpi
from tests.kpis import scene

pytestmark = pytest.mark.django_db


def found(duty: Duty, figures: dict[str, str], code: str = "2023-24-Q1") -> list[Problem]:
    """What handing these figures in runs into: the refusal's problems, or the warnings let through."""
    row = scene.draft(duty, code)
    with clock.at(date.fromordinal(row.quarter.last_day.toordinal() + 5)):
        try:
            row = submitting.save_draft(submission=row, figures=figures, seen_version=row.version, by=scene.reporter())
            return submitting.submit(submission=row, seen_version=row.version, by=scene.reporter())
        except Refused as refusal:
            return refusal.problems


def one(problems: list[Problem], code: str) -> Problem:
    return next(problem for problem in problems if problem.code == code)


def codes(problems: list[Problem]) -> set[str]:
    return {problem.code for problem in problems}


def test_figures_that_balance_meet_no_problem() -> None:
    assert found(scene.change_hub(), scene.boxes()) == []


def test_k03_the_part_is_not_larger_than_the_whole() -> None:
    problem = one(found(scene.change_hub(), scene.boxes() | {"CHB-14.numerator": "200"}), "K03")
    assert "200 out of 160 cannot be" in problem.message
    assert problem.where == "CHB-14.numerator"


def test_k04_a_breakdown_makes_its_headline() -> None:
    problem = one(found(scene.change_hub(), scene.boxes() | {"CHB-01.area.essex": "29"}), "K04")
    assert "adds up to 37, the headline is 38" in problem.message
    assert problem.where == "CHB-01.area.essex"


def test_k04_says_where_the_rest_may_go_only_where_there_is_such_a_row() -> None:
    figures = scene.boxes() | {"CHB-01.area.essex": "29", "CHB-11.closure.withdrew": "1"}
    said = {problem.where: problem.message for problem in found(scene.change_hub(), figures) if problem.code == "K04"}
    assert said["CHB-01.area.essex"].endswith("Make them equal; “Not known” may take the rest.")
    assert next(words for where, words in said.items() if where.startswith("CHB-11")).endswith("Make them equal.")


def test_k01_asks_for_each_figure_in_its_own_words() -> None:
    duty = scene.change_hub()
    programme = duty.project.programme
    project = Project.objects.create(programme=programme, code="EVL", name="Evaluation", typology="evaluation")
    load_catalogue(programme, scene.officer())
    Milestone.objects.create(project=project, code="interim", name="Interim report", due_on=date(2024, 3, 31))
    milestones = scene.duty_of(programme, "EVL", "change", {"EVL-01": []})
    said = found(milestones, {})[0].message
    assert said.endswith("enter when it was met or is expected, or say why there is no date yet.")
    assert "0 if there was none" not in said


def test_k05_many_unknowns_need_a_comment() -> None:
    figures = scene.boxes() | {"CHB-01.area.essex": "28", "CHB-01.area.southend": "0", "CHB-01.area.not-known": "10"}
    problem = one(found(scene.change_hub(), figures), "K05")
    assert problem.blocking
    assert "more than 20%" in problem.message
    assert problem.message.endswith("Correct it, or say why in the comment.")


def test_a_warning_with_its_comment_is_let_through() -> None:
    figures = scene.boxes() | {
        "CHB-01.area.essex": "28", "CHB-01.area.southend": "0", "CHB-01.area.not-known": "10",
        "CHB-01.comment": "The form was changed in May.",
    }  # fmt: skip
    problems = found(scene.change_hub(), figures)
    assert [(problem.code, problem.blocking) for problem in problems] == [("K05", False)]


def test_k06_the_caseload_balances_and_no_comment_helps() -> None:
    figures = scene.boxes() | {"CHB-08": "26", "CHB-34.comment": "We checked."}
    problem = one(found(scene.change_hub(), figures), "K06")
    assert problem.blocking
    assert "20 (CHB-34) + 18 (CHB-06) + 0 (CHB-35) against 6 (CHB-10) + 7 (CHB-11) + 26 (CHB-08)" in problem.message
    assert "The difference is 1" in problem.message


def test_k06_an_opening_caseload_that_is_not_the_last_closing_one_needs_a_reason() -> None:
    duty = scene.change_hub()
    scene.accepted(duty)
    later = scene.boxes(opening=24, people=(42, 56, 56))
    assert "last quarter ended with 25" in one(found(duty, later, "2023-24-Q2"), "K06").message


def test_k06_with_its_reason_it_is_let_through() -> None:
    duty = scene.change_hub()
    scene.accepted(duty)
    later = scene.boxes(opening=24, people=(42, 56, 56)) | {"CHB-34.comment": "One case was counted twice in June."}
    assert not [problem for problem in found(duty, later, "2023-24-Q2") if problem.blocking]


def test_k07_and_k08_what_can_cross_a_quarters_edge_only_needs_a_comment() -> None:
    duty = scene.change_hub({"CHB-03": [], "CHB-06": []})
    problem = one(found(duty, {"CHB-03": "10", "CHB-06": "12"}), "K08")
    assert "Starts are more than the referrals accepted" in problem.message
    assert problem.where == "CHB-06.comment"


def test_k08_starts_of_earlier_acceptances_pass_with_their_comment() -> None:
    duty = scene.change_hub({"CHB-03": [], "CHB-06": []})
    figures = {"CHB-03": "10", "CHB-06": "12", "CHB-06.comment": "Two were accepted in March."}
    assert [problem.blocking for problem in found(duty, figures)] == [False]


def test_k09_the_victim_funnel_narrows() -> None:
    duty = scene.change_hub({"CHB-19a": [], "CHB-19b": []})
    assert "accepted support than were offered it" in one(found(duty, {"CHB-19a": "5", "CHB-19b": "7"}), "K09").message


def test_repeat_referrals_cannot_be_more_than_referrals() -> None:
    duty = scene.change_hub({"CHB-01": [], "CHB-02": []})
    problem = one(found(duty, {"CHB-01": "5", "CHB-02": "6"}), "K09")
    assert problem.blocking
    assert "comment" not in problem.message


@pytest.mark.parametrize(
    ("people", "words"),
    [
        ((30, 29, 40), "cannot be more than in the year"),
        ((30, 37, 60), "37 people in the year, but 38 up to last quarter"),
        ((30, 69, 69), "is more than all its quarters together (68)"),
        ((30, 50, 37), "cannot be more than in the year"),
    ],
)
def test_k10_people_so_far_neither_fall_nor_pass_the_sum_of_quarters(people: tuple[int, int, int], words: str) -> None:
    duty = scene.change_hub()
    scene.accepted(duty)
    assert words in " ".join(
        problem.message for problem in found(duty, scene.boxes(opening=25, people=people), "2023-24-Q2")
    )


def test_k11_a_jump_is_explained() -> None:
    duty = scene.change_hub({"CHB-06": []})
    scene.accepted(duty, figures={"CHB-06": "20"})
    assert "35 this quarter, 20 last quarter" in one(found(duty, {"CHB-06": "35"}, "2023-24-Q2"), "K11").message


def test_k11_small_steps_and_small_shares_are_not_asked_about() -> None:
    duty = scene.change_hub({"CHB-06": []})
    scene.accepted(duty, figures={"CHB-06": "20"})
    assert found(duty, {"CHB-06": "30"}, "2023-24-Q2") == []


def test_k12_a_computed_rate_outside_what_is_usual_is_asked_about() -> None:
    duty = scene.change_hub({"CHB-10": [], "CHB-11": []})
    problem = one(found(duty, {"CHB-10": "19", "CHB-11": "1"}), "K12")
    assert "Completion rate (CHB-12): 95.0% lies outside what is usual (5% to 80%)" in problem.message


def test_k13_red_needs_a_recovery_comment() -> None:
    duty = scene.change_hub({"CHB-06": []})
    set_target(
        kpi=Kpi.objects.get(code="CHB-06"),
        year=duty.project.programme.years.first(),
        value=Decimal(120),
        from_date=date(2023, 4, 1),
        reason="Agreed",
        by=scene.officer(),
    )
    assert "20 so far this year against 30: Red" in one(found(duty, {"CHB-06": "20"}), "K13").message


def test_k14_people_from_outside_the_area_are_asked_about() -> None:
    duty = scene.change_hub({"CHB-06": ["area"]})
    figures = {"CHB-06": "3", "CHB-06.area.essex": "2", "CHB-06.area.outside": "1"}
    assert "1 from outside the programme’s area" in one(found(duty, figures), "K14").message


def test_k15_a_cohort_is_asked_for_in_the_quarter_in_which_its_window_ends() -> None:
    duty = scene.change_hub()
    quarters = list(duty.project.programme.quarters.all())
    by_code = {row.code: row for row in quarters}
    assert cohort_entry(by_code["2023-24-Q2"], 6, quarters) is None
    assert cohort_entry(by_code["2023-24-Q3"], 6, quarters) == by_code["2023-24-Q1"]
    assert cohort_entry(by_code["2024-25-Q1"], 12, quarters) == by_code["2023-24-Q1"]
    assert months_after(date(2023, 10, 1), 6) == date(2024, 4, 1)


def test_k15_a_cohort_is_not_taken_while_its_window_runs() -> None:
    programme = scene.change_hub().project.programme
    duty = scene.duty_of(programme, "CHB", "police", {"CHB-31a": []}, first="2023-24-Q3")
    row = scene.draft(duty, "2023-24-Q3")
    by = scene.reporter("police")
    box = "CHB-31a@2023-24-Q1"
    with clock.at(date(2023, 12, 31)):
        row = submitting.save_draft(
            submission=row, figures={f"{box}.numerator": "2", f"{box}.denominator": "18"}, seen_version=1, by=by
        )
        with pytest.raises(Refused, match="its follow-up ends on 31 December 2023"):
            submitting.submit(submission=row, seen_version=row.version, by=by)
    with clock.at(date(2024, 1, 2)):
        assert submitting.submit(submission=row, seen_version=row.version, by=by) == []
    assert row.results.get().entry_quarter.code == "2023-24-Q1"


@pytest.mark.parametrize(("text", "words"), [("Too short.", "2 words"), ("word " * 301, "301 words")])
def test_k17_narrative_is_long_enough_and_short_enough(text: str, words: str) -> None:
    [problem] = found(scene.change_hub({"CHB-33a": []}), {"CHB-33a": text})
    assert f"{words}. Readers want 20 to 300" in problem.message
    assert not problem.blocking


def test_k17_the_length_is_the_programmes_own_to_set() -> None:
    duty = scene.change_hub({"CHB-33a": []})
    programme, day = duty.project.programme, date(2023, 4, 1)
    Threshold.objects.create(programme=programme, rule="narrative-fewest-words", value=200, from_date=day)
    assert found(duty, {"CHB-33a": "Too short."}) == []


@pytest.mark.parametrize(
    "figures",
    [
        {"CHB-33a": f"{scene.WORDS} Write to a.person@example.org."},
        {"CHB-10.comment": "Two of them were seen with Mr Okonkwo."},
        {"CHB-10": "", "CHB-10.absence": "The record of Sarah is missing.", "CHB-10.expected": "1 August 2023"},
    ],
)
def test_k17_a_text_that_may_tell_who_somebody_is_is_asked_about_wherever_it_stands(figures: dict[str, str]) -> None:
    duty = scene.change_hub({"CHB-33a": [], "CHB-10": []})
    problem = one(found(duty, {"CHB-33a": scene.WORDS, "CHB-10": "6", **figures}), "K17")
    assert "it seems to hold" in problem.message
    assert "or confirm that it names nobody" in problem.message
    assert problem.blocking


def test_k17_with_the_persons_word_it_passes_and_who_gave_it_is_kept_but_not_what_it_was_about() -> None:
    row = scene.draft(scene.change_hub({"CHB-33a": []}))
    text = f"{scene.WORDS} Sarah came every week."
    by = scene.reporter()
    with clock.at(date(2023, 7, 5)):
        row = submitting.save_draft(submission=row, figures={"CHB-33a": text}, seen_version=row.version, by=by)
        [warning] = submitting.submit(
            submission=row, seen_version=row.version, by=by, names_nobody=["CHB-33a", "CHB-10"]
        )
    assert warning.message.endswith("kpi-reporter 1, change confirmed on 5 July 2023 that it names nobody.")
    kept = row.confirmations.get()
    assert (kept.place, kept.by) == ("CHB-33a", by)
    said = Event.objects.get(act="submission.names-nobody").words
    assert "Sarah" not in f"{said} {kept.mark}"
    assert said == "Confirmed that these texts name nobody: CHB-33a"


def test_k17_another_text_is_asked_about_anew() -> None:
    row = scene.draft(scene.change_hub({"CHB-33a": []}))
    by = scene.reporter()
    with clock.at(date(2023, 7, 5)):
        row = submitting.save_draft(
            submission=row, figures={"CHB-33a": f"{scene.WORDS} Sarah came."}, seen_version=row.version, by=by
        )
        submitting.submit(submission=row, seen_version=row.version, by=by, names_nobody=["CHB-33a"])
        submitting.query(
            submission=row, section="narrative", reason="Who is this?", seen_version=scene.seen(row), by=scene.officer()
        )
        submitting.answer(query=row.queries.get(), words="Put right", by=by)
        row = submitting.save_draft(
            submission=row, figures={"CHB-33a": f"{scene.WORDS} David came."}, seen_version=scene.seen(row), by=by
        )
        with pytest.raises(Refused, match="it seems to hold a name"):
            submitting.submit(submission=row, seen_version=row.version, by=by)


def test_k17_what_was_confirmed_is_not_asked_about_again_in_a_revision() -> None:
    row = scene.draft(scene.change_hub({"CHB-33a": []}))
    by, text = scene.reporter(), f"{scene.WORDS} Sarah came."
    with clock.at(date(2023, 7, 5)):
        row = submitting.save_draft(submission=row, figures={"CHB-33a": text}, seen_version=row.version, by=by)
        submitting.submit(submission=row, seen_version=row.version, by=by, names_nobody=["CHB-33a"])
        submitting.accept(submission=row, seen_version=scene.seen(row), by=scene.officer())
        again = submitting.revise(submission=row, reason="A figure was wrong", by=by)
        [warning] = submitting.submit(submission=again, seen_version=again.version, by=by)
    assert "confirmed on 5 July 2023" in warning.message


def test_k17_a_late_reason_is_asked_about_too() -> None:
    row = scene.draft(scene.change_hub({"CHB-10": []}))
    by, late = scene.reporter(), "Sarah keeps the register and was ill."
    with clock.at(date(2023, 8, 20)):
        row = submitting.save_draft(submission=row, figures={"CHB-10": "6"}, seen_version=row.version, by=by)
        with pytest.raises(Refused, match="Why these results are late or change now: it seems to hold a name"):
            submitting.submit(submission=row, seen_version=row.version, by=by, late_reason=late)
        submitting.submit(
            submission=row, seen_version=row.version, by=by, late_reason=late, names_nobody=["late_reason"]
        )
    assert row.confirmations.get().place == "late_reason"


def test_k08_no_more_cases_close_than_there_were() -> None:
    figures = {"CHB-34": "3", "CHB-06": "4", "CHB-35": "1", "CHB-10": "6", "CHB-11": "3"}
    problem = one(found(scene.change_hub({code: [] for code in figures}), figures), "K08")
    assert "9 cases were closed, but 8 were open, started or opened again" in problem.message
    assert problem.blocking


def test_k18_the_same_figures_as_last_quarter_are_worth_a_look() -> None:
    duty = scene.change_hub({code: [] for code in ("CHB-01", "CHB-03", "CHB-05", "CHB-21", "CHB-28")})
    figures = dict.fromkeys(("CHB-01", "CHB-03", "CHB-05", "CHB-21", "CHB-28"), "9")
    scene.accepted(duty, figures=figures)
    assert "5 of 5 counts are the same" in one(found(duty, figures, "2023-24-Q2"), "K18").message


@pytest.mark.parametrize(
    ("boxes", "words"),
    [
        ({"met_on": "1 August 2023"}, "which is still to come"),
        ({"forecast_on": "1 June 2023"}, "lies in this quarter or before"),
        ({"met_on": "31 June 2023"}, "not a day of the calendar"),
    ],
)
def test_k19_milestones_are_met_in_the_past_and_expected_in_the_future(boxes: dict[str, str], words: str) -> None:
    duty = scene.change_hub()
    gdm = duty.project.programme.projects.get(code="GDM")
    gdm.code = "EVL"
    gdm.save()
    load_catalogue(duty.project.programme, scene.officer())
    Milestone.objects.create(project=gdm, code="inception", name="Inception report", due_on=date(2023, 6, 1))
    own = scene.duty_of(duty.project.programme, "EVL", "change", {"EVL-01": []})
    problems = found(own, {f"EVL-01@inception.{column}": text for column, text in boxes.items()})
    assert words in problems[0].message


def test_k22_nobody_in_a_service_that_runs_is_asked_about() -> None:
    duty = scene.change_hub({"CHB-07": []})
    nobody = {f"CHB-07.people_{span}": "0" for span in ("quarter", "year", "programme")}
    assert "nobody in a quarter" in one(found(duty, nobody), "K22").message


def test_all_problems_are_told_at_once_worst_first() -> None:
    figures = scene.boxes() | {"CHB-01.area.essex": "29", "CHB-08": "26", "CHB-06": "", "CHB-33a": "Too short."}
    problems = found(scene.change_hub(), figures)
    assert {"K01", "K04", "K17"} <= codes(problems)
    assert [problem.blocking for problem in problems] == sorted((p.blocking for p in problems), reverse=True)
