"""K21: where a provider keeps a contract to named people, its other reporters neither see nor fill its results."""

from datetime import date
from typing import Any

import pytest

from board import clock
from board.models import User
from contracts.assigning import assign, end
from contracts.models import Contract
from core.problems import Refused
from kpis import submitting
from kpis.due import due
from kpis.models import Duty, Kpi, Submission
from tests import factories
from tests.kpis import scene

pytestmark = pytest.mark.django_db
JULY_5 = date(2023, 7, 5)


@pytest.fixture
def named() -> Any:
    """The Change Hub's duty under a contract that is kept to the first of two reporters."""
    duty = scene.change_hub()
    with clock.at(JULY_5):
        contract = factories.contract(duty.project.programme)
        duty.contract = contract
        duty.save()
        scene.draft(duty)
        yield assign(contract=contract, person=scene.reporter(), by=scene.officer())


def other() -> User:
    return factories.person("kpi-reporter", "change", number=2)


def seen(person: User) -> list[int]:
    rows = (Duty.objects, Submission.objects, Kpi.objects, Contract.objects)
    return [found.visible_to(person).count() for found in rows]


def test_the_named_reporter_sees_duty_submission_measures_and_contract_and_the_other_none(named: Any) -> None:
    assert seen(scene.reporter()) == [1, 1, len(scene.MEASURES), 1]
    assert seen(other()) == [0, 0, 0, 0]
    assert not list(due(other(), today=JULY_5, moment=clock.now()))


def test_the_other_reporter_cannot_fill_it_by_the_act_itself(named: Any) -> None:
    submission = Submission.objects.get()
    with pytest.raises(Refused, match="Only The Change Project can fill"):
        submitting.save_draft(submission=submission, figures={}, seen_version=submission.version, by=other())
    assert submitting.may_fill(scene.reporter(), submission)


def test_officers_and_auditors_see_it_as_before(named: Any) -> None:
    for person in (scene.officer(), factories.person("auditor", "pfcc")):
        assert seen(person) == [1, 1, Kpi.objects.count(), 1]


def test_a_duty_under_no_contract_stays_everybodys(named: Any) -> None:
    second = scene.duty_of(named.contract.programme, "SIS", "change", {"SIS-01": []})
    assert list(Duty.objects.visible_to(other())) == [second]
    assert {kpi.code for kpi in Kpi.objects.visible_to(other())} == {"SIS-01"}


def test_once_nobody_is_named_every_reporter_sees_it_again(named: Any) -> None:
    end(assignment=named, reason="Left", by=scene.officer())
    assert seen(other()) == [1, 1, len(scene.MEASURES), 1]
    assert submitting.may_fill(other(), Submission.objects.get())
