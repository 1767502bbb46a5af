"""How a contract's milestones stand by the results, for who may see these."""

from datetime import date

import pytest

from board import clock
from board.models import Milestone
from kpis.milestones import standing_of
from kpis.models import KpiVersion, Result, Submission
from tests import factories
from tests.kpis import scene

pytestmark = pytest.mark.django_db


def test_the_last_reported_date_stands_and_what_waits_says_so() -> None:
    submission = scene.submitted(scene.change_hub())
    project = submission.duty.project
    opens = Milestone.objects.create(project=project, code="open", name="The hub opens", due_on=date(2023, 5, 31))
    later = Milestone.objects.create(project=project, code="full", name="The hub is full", due_on=date(2024, 5, 31))
    given = {"submission": submission, "definition": KpiVersion.objects.first(), "state": "reported"}
    for milestone, day in ((opens, {"met_on": date(2023, 6, 2)}), (later, {"forecast_on": date(2024, 6, 30)})):
        Result.objects.create(figure_type="milestone", milestone=milestone, **given, **day)
    with clock.at(date(2023, 7, 12)):
        found = standing_of(scene.officer(), [opens, later])
        assert found == {
            opens.pk: "Met late on 2 June 2023 (not accepted yet)",
            later.pk: "Expected late, forecast 30 June 2024 (not accepted yet)",
        }
        assert standing_of(factories.person("kpi-reporter", "other"), [opens, later]) == {}
        Submission.objects.filter(pk=submission.pk).update(
            status="accepted", accepted_at=clock.now(), accepted_by=scene.officer()
        )
        assert standing_of(scene.reporter(), [opens]) == {opens.pk: "Met late on 2 June 2023"}
