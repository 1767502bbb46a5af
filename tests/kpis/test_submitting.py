"""The life of a submission: who may do what when, what is refused, and what is kept of it."""

from datetime import date, timedelta

import pytest

from board import clock
from board.models import Event
from board.quarters import RESULTS, mark_closed
from core.problems import Refused
from kpis import submitting
from kpis.kinds import State
from kpis.models import Breakdown, Correction, Result, Submission
from kpis.results import performance
from tests import factories
from tests.kpis import scene

pytestmark = pytest.mark.django_db

JULY_5 = date(2023, 7, 5)


def save(row: Submission, figures: dict[str, str], day: date = JULY_5, **more: object) -> Submission:
    with clock.at(day):
        given = {"seen_version": row.version, "by": scene.reporter(), **more}
        return submitting.save_draft(submission=row, figures=figures, **given)


def hand_in(row: Submission, day: date = JULY_5, **more: object) -> list:
    with clock.at(day):
        given = {"seen_version": row.version, "by": scene.reporter(), **more}
        return submitting.submit(submission=row, **given)


def hand_in_late(row: Submission, figures: dict[str, str], reason: str, day: date = date(2023, 9, 1)) -> list:
    """Saved and submitted after the close."""
    with clock.at(day):
        given = {"submission": row, "seen_version": row.version, "by": scene.reporter()}
        submitting.save_late(**given, figures=figures)
        given["seen_version"] = scene.seen(row)
        return submitting.submit_late(**given, reason=reason)


def close(row: Submission) -> None:
    with clock.at(row.quarter.certify_due_on):
        mark_closed(row.quarter, RESULTS, by=scene.officer())


def test_opening_a_quarter_twice_asks_once() -> None:
    row = scene.draft(scene.change_hub())
    with clock.at(JULY_5):
        assert submitting.open_quarter(quarter=row.quarter, by=scene.officer()) == []
    assert Submission.objects.count() == 1
    assert row.reference == "DAPF-2023-25/results/CHB-change/2023-24-Q1/r1"


def test_only_duties_that_run_in_the_quarter_are_asked() -> None:
    duty = scene.change_hub()
    scene.duty_of(duty.project.programme, "CHB", "police", {"CHB-31a": []}, first="2023-24-Q3")
    scene.draft(duty)
    assert Submission.objects.count() == 1


def test_a_quarter_that_has_not_begun_is_not_asked_for() -> None:
    duty = scene.change_hub()
    with clock.at(date(2023, 3, 31)), pytest.raises(Refused, match="has not begun"):
        submitting.open_quarter(quarter=scene.quarter_of(duty), by=scene.officer())


def test_a_half_filled_draft_is_kept_and_continued_by_a_colleague() -> None:
    row = save(scene.draft(scene.change_hub()), {"CHB-01": "38", "CHB-06": ""})
    colleague = factories.person("kpi-reporter", "change", number=2)
    row = save(row, {"CHB-06": "1,018"}, by=colleague)
    assert dict(row.results.values_list("definition__kpi__code", "count")) == {"CHB-01": 38, "CHB-06": 1018}


def test_a_box_that_is_emptied_takes_its_figure_away_and_the_others_stay() -> None:
    row = save(scene.draft(scene.change_hub()), {"CHB-01": "38", "CHB-06": "18"})
    row = save(row, {"CHB-06": ""})
    assert list(row.results.values_list("definition__kpi__code", flat=True)) == ["CHB-01"]


def test_nothing_is_saved_where_a_box_cannot_be_read_and_all_of_them_are_named() -> None:
    row = scene.draft(scene.change_hub())
    figures = {"CHB-01": "38", "CHB-06": "12.5", "CHB-29a": "2.555", "CHB-08": "-4"}
    with pytest.raises(Refused) as refusal:
        save(row, figures)
    assert {problem.where for problem in refusal.value.problems} == {"CHB-06", "CHB-29a", "CHB-08"}
    assert "“12.5” is not a whole number" in str(refusal.value)
    assert not Result.objects.exists()


def test_what_is_wrong_in_a_breakdown_names_its_row() -> None:
    with pytest.raises(Refused, match=r"Referrals received \(CHB-01\), Southend"):
        save(scene.draft(scene.change_hub()), {"CHB-01": "38", "CHB-01.area.essex": "30", "CHB-01.area.southend": "8x"})


def test_two_people_at_once_do_not_overwrite_each_other() -> None:
    row = scene.draft(scene.change_hub())
    save(row, {"CHB-01": "38"})
    with pytest.raises(Refused, match="Referrals and starts: this was saved in another window or by a colleague"):
        save(row, {"CHB-01": "40"}, seen_version=row.version)
    assert Result.objects.get().count == 38


def test_sections_are_filled_side_by_side_from_pages_that_were_opened_together() -> None:
    row = scene.draft(scene.change_hub())
    for figures in ({"CHB-01": "38"}, {"CHB-08": "25"}, {"CHB-14.numerator": "120", "CHB-14.denominator": "160"}):
        save(row, figures, seen_version=1)
    assert row.results.count() == 3
    # The same sent twice is no quarrel.
    save(row, {"CHB-01": "38"}, seen_version=1)


def test_a_box_that_is_not_asked_for_is_refused() -> None:
    with pytest.raises(Refused, match="do not ask for CHB-99"):
        save(scene.draft(scene.change_hub()), {"CHB-99": "1"})


def test_what_balances_is_submitted_and_its_figures_are_as_typed() -> None:
    row = scene.submitted(scene.change_hub())
    assert row.status == Submission.Status.SUBMITTED
    assert row.results.count() == 11
    found = {result.definition.kpi.code: result for result in row.results.select_related("definition__kpi")}
    assert (found["CHB-14"].numerator, found["CHB-14"].denominator) == (120, 160)
    assert (found["CHB-29a"].scaled, found["CHB-35"].state) == (450, State.NIL)


def test_blank_rows_of_a_breakdown_that_already_adds_up_are_nought() -> None:
    row = scene.submitted(scene.change_hub())
    parts = Breakdown.objects.filter(result__submission=row, category__dimension__code="area")
    assert dict(parts.values_list("category__code", "count")) == {
        "essex": 30, "southend": 8, "thurrock": 0, "outside": 0, "not-known": 0,
    }  # fmt: skip


def test_a_blank_is_not_nought() -> None:
    row = save(scene.draft(scene.change_hub()), {"CHB-01": "38"})
    with pytest.raises(Refused) as refusal:
        hand_in(row)
    assert len([problem for problem in refusal.value.problems if problem.code == "K01"]) == 10
    assert "enter the figure, 0 if there was none, or say why it is not available" in str(refusal.value)


def test_another_supplier_and_a_commissioning_officer_cannot_fill_it() -> None:
    row = scene.draft(scene.change_hub())
    for by in (scene.reporter("other"), scene.officer(), factories.person("auditor", "change")):
        with pytest.raises(Refused, match="Only The Change Project can fill"):
            save(row, {"CHB-01": "38"}, by=by)


def test_the_recipients_own_measures_are_filled_by_its_commissioning_officers() -> None:
    programme = scene.change_hub().project.programme
    duty = scene.duty_of(programme, "SIS", "pfcc", {"SIS-40": []})
    row = scene.submitted(duty, figures={"SIS-40": "6"}, by=scene.officer())
    with pytest.raises(Refused, match="Ask another commissioning officer to accept them"):
        submitting.accept(submission=row, seen_version=scene.seen(row), by=scene.officer())
    assert (
        submitting.accept(submission=row, seen_version=scene.seen(row), by=scene.officer(2)).status
        == Submission.Status.ACCEPTED
    )


def test_late_results_say_why() -> None:
    row = save(scene.draft(scene.change_hub()), scene.boxes())
    late = row.quarter.provider_due_on + timedelta(days=1)
    with pytest.raises(Refused, match="Say why they are late"):
        hand_in(row, late)
    hand_in(row, late, late_reason="Our system was down.")
    row.refresh_from_db()
    assert (row.late, row.late_reason) == (True, "Our system was down.")


def test_what_comes_on_the_due_date_is_not_late() -> None:
    row = save(scene.draft(scene.change_hub()), scene.boxes())
    hand_in(row, row.quarter.provider_due_on)
    row.refresh_from_db()
    assert not row.late


def test_what_is_submitted_cannot_be_changed_until_it_is_queried() -> None:
    row = scene.submitted(scene.change_hub())
    with pytest.raises(Refused, match="To change them, ask the commissioning officer to send them back"):
        save(row, {"CHB-01": "40"})
    submitting.query(
        submission=row, seen_version=scene.seen(row), section="referrals", reason="Is this right?", by=scene.officer()
    )
    row.refresh_from_db()
    assert save(row, {"CHB-14.numerator": "121", "CHB-14.denominator": "160"}).status == Submission.Status.QUERIED


def queried(row: Submission, section: str = "delivery") -> Submission:
    """Sent back with a question, which the supplier has answered."""
    with clock.at(JULY_5):
        question = submitting.query(
            submission=row, seen_version=scene.seen(row), section=section, reason="Too few?", by=scene.officer()
        )
        submitting.answer(query=question, words="One clinic was left out.", by=scene.reporter())
    return Submission.objects.select_related("quarter", "duty__organisation").get(pk=row.pk)


ATTENDED = {"CHB-14.numerator": "121", "CHB-14.denominator": "160"}


def counted(row: Submission, code: str = "CHB-14") -> tuple:
    """What performance says of a measure in the submission's quarter."""
    quarter = row.quarter
    found = performance(quarter.programme, quarter)[0]
    line = next(line for line in found.measures if line.code == code)
    return line.quarters[quarter.number - 1].numerator, line.quarters[quarter.number - 1].state


def test_what_was_submitted_counts_until_a_queried_submission_is_handed_in_again() -> None:
    row = queried(scene.submitted(scene.change_hub()))
    row = save(row, ATTENDED)
    assert counted(row) == (120, "p")
    assert row.results.get(definition__kpi__code="CHB-14").numerator == 120
    row = save(row, {"CHB-06": ""})
    with pytest.raises(Refused, match=r"Starts \(CHB-06\): enter the figure"):
        hand_in(row)
    assert counted(row) == (120, "p")
    hand_in(save(row, {"CHB-06": "18"}))
    assert counted(row) == (121, "p")
    assert not Correction.objects.exists()


def test_a_correction_that_is_typed_back_is_none() -> None:
    row = queried(scene.submitted(scene.change_hub()))
    row = save(save(row, ATTENDED), {"CHB-14.numerator": "120", "CHB-14.denominator": "160"})
    assert not Correction.objects.exists()


def test_a_query_answered_after_the_close_marks_what_changed_alone_and_keeps_why() -> None:
    row = queried(scene.submitted(scene.change_hub()))
    close(row)
    with pytest.raises(Refused, match="Say why these figures change now"):
        hand_in_late(row, ATTENDED, " ")
    row.refresh_from_db()
    hand_in_late(row, ATTENDED, "A clinic had been left out.")
    row.refresh_from_db()
    states = dict(row.results.values_list("definition__kpi__code", "state"))
    assert states.pop("CHB-14") == State.REVISED
    assert set(states.values()) == {State.REPORTED, State.NIL}
    assert (row.late, row.after_close, row.changed_reason) == (False, True, "A clinic had been left out.")
    quality = performance(row.quarter.programme, row.quarter)[0].quality
    assert "Changed after results were closed: A clinic had been left out." in [line.words for line in quality]


def test_a_query_answered_after_the_close_without_a_change_needs_no_reason() -> None:
    row = queried(scene.submitted(scene.change_hub()))
    close(row)
    hand_in_late(row, {}, "")
    row.refresh_from_db()
    assert (row.status, row.after_close) == (Submission.Status.SUBMITTED, False)
    assert set(row.results.values_list("state", flat=True)) == {State.REPORTED, State.NIL}


def test_what_came_late_keeps_its_mark_and_its_reason_when_it_is_queried() -> None:
    row = scene.draft(scene.change_hub())
    close(row)
    hand_in_late(row, scene.boxes(), "The manager had left.")
    row = queried(row)
    hand_in_late(row, ATTENDED, "A clinic had been left out.", date(2023, 9, 4))
    row.refresh_from_db()
    assert set(row.results.exclude(figure_type="text").values_list("state", flat=True)) == {State.LATE}
    assert (row.late_reason, row.changed_reason) == ("The manager had left.", "A clinic had been left out.")


def test_a_query_is_answered_before_it_is_submitted_again() -> None:
    row = scene.submitted(scene.change_hub())
    question = submitting.query(
        submission=row, seen_version=scene.seen(row), section="delivery", reason="Too few sessions?", by=scene.officer()
    )
    row.refresh_from_db()
    with pytest.raises(Refused, match="Answer the question about delivery"):
        hand_in(row)
    with pytest.raises(Refused, match="Write your answer"):
        submitting.answer(query=question, words=" ", by=scene.reporter())
    with clock.at(JULY_5):
        submitting.answer(query=question, words="One clinic was closed.", by=scene.reporter())
    hand_in(row)
    row.refresh_from_db()
    assert row.status == Submission.Status.SUBMITTED
    assert Event.objects.filter(act="submission.submit", words__startswith="Submitted again").exists()


def test_only_the_recipients_commissioning_officers_decide() -> None:
    row = scene.submitted(scene.change_hub())
    for by in (scene.reporter(), factories.person("cfo", "pfcc"), factories.person("commissioning-officer", "ecc")):
        with pytest.raises(Refused, match="Only a commissioning officer"):
            submitting.accept(submission=row, seen_version=scene.seen(row), by=by)
        with pytest.raises(Refused, match="Only a commissioning officer"):
            submitting.query(submission=row, seen_version=scene.seen(row), section="referrals", reason="Why?", by=by)


def test_a_draft_cannot_be_accepted_nor_queried() -> None:
    row = scene.draft(scene.change_hub())
    with pytest.raises(Refused, match="can be accepted when the supplier has submitted them"):
        submitting.accept(submission=row, seen_version=scene.seen(row), by=scene.officer())
    with pytest.raises(Refused, match="can be queried when the supplier has submitted them"):
        submitting.query(
            submission=row, seen_version=scene.seen(row), section="referrals", reason="Why?", by=scene.officer()
        )


def test_a_revision_begins_with_the_accepted_figures_which_count_until_it_is_accepted() -> None:
    row = scene.accepted(scene.change_hub())
    revision = submitting.revise(submission=row, reason="Late entries", by=scene.reporter())
    assert revision.results.count() == row.results.count()
    assert list(Submission.objects.in_force()) == [row]
    revision = save(revision, {"CHB-14.numerator": "125", "CHB-14.denominator": "160"}, date(2023, 9, 1))
    hand_in(revision, date(2023, 9, 1))
    submitting.accept(
        submission=Submission.objects.get(pk=revision.pk),
        seen_version=scene.seen(Submission.objects.get(pk=revision.pk)),
        by=scene.officer(),
    )
    row.refresh_from_db()
    assert row.status == Submission.Status.SUPERSEDED
    assert list(Submission.objects.in_force()) == [revision]


def test_figures_that_a_revision_changes_are_marked_revised_and_the_others_are_not() -> None:
    row = scene.accepted(scene.change_hub())
    revision = submitting.revise(submission=row, reason="Late entries", by=scene.reporter())
    revision = save(revision, {"CHB-14.numerator": "125", "CHB-14.denominator": "160"})
    hand_in(revision)
    states = dict(revision.results.values_list("definition__kpi__code", "state"))
    assert states.pop("CHB-14") == State.REVISED
    assert set(states.values()) == {State.REPORTED, State.NIL}


def test_a_revision_needs_its_reason_and_accepted_figures() -> None:
    row = scene.submitted(scene.change_hub())
    with pytest.raises(Refused, match="Only accepted results are revised"):
        submitting.revise(submission=row, reason="Late entries", by=scene.reporter())
    submitting.accept(submission=row, seen_version=scene.seen(row), by=scene.officer())
    with pytest.raises(Refused, match="Give the reason"):
        submitting.revise(submission=row, reason=" ", by=scene.reporter())
    with pytest.raises(Refused, match="Only the supplier or a commissioning officer"):
        submitting.revise(submission=row, reason="Late entries", by=scene.reporter("other"))


def withdraw(row: Submission, reason: str = "Begun by mistake") -> Submission:
    with clock.at(JULY_5):
        return submitting.withdraw(submission=row, reason=reason, seen_version=scene.seen(row), by=scene.reporter())


def test_a_revision_begun_by_mistake_is_withdrawn_with_its_reason_and_another_can_follow() -> None:
    row = scene.accepted(scene.change_hub())
    revision = submitting.revise(submission=row, reason="Late entries", by=scene.officer())
    with pytest.raises(Refused, match="Say why the revision is withdrawn"):
        withdraw(revision, " ")
    with pytest.raises(Refused, match="Only the supplier or a commissioning officer"):
        submitting.withdraw(submission=revision, reason="Mine", seen_version=1, by=scene.reporter("other"))
    revision = withdraw(revision)
    assert (revision.status, revision.withdrawn_reason) == (Submission.Status.WITHDRAWN, "Begun by mistake")
    assert list(Submission.objects.in_force()) == [row]
    assert submitting.revise(submission=row, reason="Late entries", by=scene.reporter()).revision == 3
    with pytest.raises(Refused, match="This revision was withdrawn on 5 July 2023"):
        save(revision, {"CHB-01": "39"})


def test_neither_first_results_nor_a_submitted_revision_are_withdrawn() -> None:
    first = scene.accepted(scene.change_hub())
    with pytest.raises(Refused, match="first results of a quarter cannot be withdrawn"):
        withdraw(first)
    revision = submitting.revise(submission=first, reason="Late entries", by=scene.reporter())
    hand_in(save(revision, ATTENDED))
    with pytest.raises(Refused, match="send it back with a query first"):
        withdraw(revision)
    queried(revision)
    withdraw(revision)
    assert counted(first) == (120, "")


def test_a_closed_quarter_takes_nothing_in_the_ordinary_way() -> None:
    row = save(scene.draft(scene.change_hub()), scene.boxes())
    close(row)
    for act in (lambda: save(row, {"CHB-01": "40"}, date(2023, 9, 1)), lambda: hand_in(row, date(2023, 9, 1))):
        with pytest.raises(Refused, match="was closed for results"):
            act()


def test_late_results_go_into_the_quarter_that_they_describe_marked_late() -> None:
    row = scene.draft(scene.change_hub())
    close(row)
    with pytest.raises(Refused, match="Say why they are late"):
        hand_in_late(row, scene.boxes(), "")
    row.refresh_from_db()
    hand_in_late(row, scene.boxes(), "The manager had left.")
    row.refresh_from_db()
    assert (row.status, row.after_close) == (Submission.Status.SUBMITTED, True)
    assert set(row.results.exclude(figure_type="text").values_list("state", flat=True)) == {State.LATE}


def test_late_results_are_not_taken_by_that_act_while_the_quarter_is_open() -> None:
    row = scene.draft(scene.change_hub())
    with clock.at(JULY_5), pytest.raises(Refused, match="Submit in the ordinary way"):
        submitting.submit_late(submission=row, seen_version=1, reason="Late", by=scene.reporter())
    with clock.at(JULY_5), pytest.raises(Refused, match="Submit in the ordinary way"):
        submitting.save_late(submission=row, figures={"CHB-01": "38"}, seen_version=1, by=scene.reporter())


def test_what_is_saved_after_the_close_counts_only_when_it_is_submitted() -> None:
    row = scene.draft(scene.change_hub())
    close(row)
    with clock.at(date(2023, 9, 1)):
        submitting.save_late(submission=row, figures={"CHB-01": "38"}, seen_version=1, by=scene.reporter())
    row.refresh_from_db()
    assert (row.status, row.results.get().count) == (Submission.Status.DRAFT, 38)
    assert counted(row, "CHB-01")[1] == "missing"


def test_a_revision_may_follow_after_the_quarter_is_closed() -> None:
    row = scene.accepted(scene.change_hub())
    close(row)
    revision = submitting.revise(submission=row, reason="Late entries", by=scene.officer())
    revision = save(revision, {"CHB-14.numerator": "125", "CHB-14.denominator": "160"}, date(2023, 9, 1))
    hand_in(revision, date(2023, 9, 1))
    assert Submission.objects.get(pk=revision.pk).status == Submission.Status.SUBMITTED


def test_an_estimate_says_where_it_comes_from() -> None:
    row = scene.draft(scene.change_hub())
    with pytest.raises(Refused, match="where the estimate comes from"):
        save(row, {"CHB-06": "18", "CHB-06.estimated": "on"})
    row = save(row, {"CHB-06": "18", "CHB-06.estimated": "on", "CHB-06.comment": "From the register."})
    assert row.results.get().state == State.ESTIMATED


def test_a_figure_that_is_not_there_has_its_reason_and_a_date() -> None:
    row = scene.draft(scene.change_hub())
    with pytest.raises(Refused, match="say when the figure is expected"):
        save(row, {"CHB-06": "", "CHB-06.absence": "The register is lost."})
    row = save(row, {"CHB-06.absence": "The register is lost.", "CHB-06.expected": "1 August 2023"})
    result = row.results.get()
    assert (result.state, result.expected_on) == (State.MISSING, date(2023, 8, 1))


def test_the_return_that_first_carries_a_submission_is_noted_once() -> None:
    row = scene.accepted(scene.change_hub())
    assert submitting.mark_reported(quarter=row.quarter, reference="R2/2023-24-Q1/1", by=scene.officer()) == 1
    assert submitting.mark_reported(quarter=row.quarter, reference="R2/2023-24-Q2/1", by=scene.officer()) == 0
    row.refresh_from_db()
    assert row.first_reported_in == "R2/2023-24-Q1/1"


def test_each_step_is_on_record() -> None:
    scene.accepted(scene.change_hub())
    acts = Event.objects.order_by("pk").values_list("act", flat=True)
    assert [act for act in acts if act.startswith("submission")] == [
        "submissions.open", "submission.save", "submission.submit", "submission.accept",
    ]  # fmt: skip
    assert "CHB-06 18" in Event.objects.get(act="submission.submit").words
