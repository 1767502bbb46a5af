"""Each person is told what is theirs to do about results, by when, and nothing of others'."""

from datetime import date

import pytest

from board import clock
from board.models import User
from board.quarters import RESULTS, mark_closed
from kpis import submitting
from kpis.due import due
from kpis.models import Duty, Submission
from tests import factories
from tests.kpis import scene

pytestmark = pytest.mark.django_db
JULY_5 = date(2023, 7, 5)


def words(user: User) -> list[str]:
    with clock.at(JULY_5):
        return [row.words for row in due(user, today=JULY_5, moment=clock.now())]


@pytest.fixture
def duty() -> Duty:
    return scene.change_hub()


def test_a_reporter_is_told_of_a_draft_by_its_due_date(duty: Duty) -> None:
    scene.draft(duty)
    with clock.at(JULY_5):
        found = list(due(scene.reporter(), today=JULY_5, moment=clock.now()))
    assert [row.words for row in found] == ["Submit results: The Change Hub, 2023-24 Q1 (April to June 2023)"]
    assert found[0].due_on == scene.quarter_of(duty).provider_due_on


def test_others_are_not_told_of_it(duty: Duty) -> None:
    scene.draft(duty)
    for user in (scene.reporter("other"), scene.officer(), factories.person("auditor", "pfcc")):
        assert words(user) == []


def test_a_commissioning_officer_is_told_of_what_waits_for_a_decision(duty: Duty) -> None:
    scene.submitted(duty)
    assert words(scene.officer())[0].startswith("Accept or query the results of The Change Project")
    assert words(scene.reporter()) == []


def test_a_query_comes_back_to_the_reporter(duty: Duty) -> None:
    row = scene.submitted(duty)
    submitting.query(
        submission=row, seen_version=scene.seen(row), section="referrals", reason="Why?", by=scene.officer()
    )
    assert words(scene.reporter())[0].startswith("Answer the query and submit again")


CLOSED = "The Change Hub, 2023-24 Q1 (April to June 2023). The quarter is closed for results"


def after_the_close(row: Submission, user: User) -> list[str]:
    day = row.quarter.certify_due_on
    with clock.at(day):
        mark_closed(row.quarter, RESULTS, by=scene.officer())
        return [found.words for found in due(user, today=day, moment=clock.now())]


def test_what_is_not_done_when_results_close_stays_to_be_done(duty: Duty) -> None:
    assert after_the_close(scene.draft(duty), scene.reporter()) == [f"Submit late results: {CLOSED}"]


def test_a_query_that_is_open_when_results_close_stays_with_the_reporter(duty: Duty) -> None:
    row = scene.submitted(duty)
    given = {"section": "referrals", "reason": "Why?", "seen_version": row.version}
    submitting.query(submission=row, by=scene.officer(), **given)
    assert after_the_close(row, scene.reporter()) == [f"Answer the query and submit again: {CLOSED}"]


def test_a_decision_that_is_open_when_results_close_stays_with_the_officer(duty: Duty) -> None:
    found = after_the_close(scene.submitted(duty), scene.officer())
    assert found == [f"Accept or query the results of The Change Project: {CLOSED}"]


def test_a_revision_stays_with_who_fills_it_whenever_its_quarter_closed(duty: Duty) -> None:
    row = scene.accepted(duty)
    submitting.revise(submission=row, reason="Late entries", by=scene.officer())
    words = "Submit or withdraw revision 2: The Change Hub, 2023-24 Q1 (April to June 2023)"
    assert after_the_close(row, scene.reporter()) == [words]
