"""Each person is told what is theirs to do about results, by when, and nothing of others'."""

from datetime import date

import pytest

from board import clock
from board.models import User
from kpis import submitting
from kpis.due import due
from kpis.models import Duty
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
    assert words(scene.reporter())[0].startswith("Answer the query")
