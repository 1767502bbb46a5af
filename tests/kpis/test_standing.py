"""Campaign, evaluation, victims and mentoring stand on the pages and in the return as what they are."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from board import clock
from board.models import Milestone, Programme, Project, User
from kpis import submitting
from kpis.catalogue import load_catalogue
from kpis.models import Submission
from returns.content import Content
from returns.kinds import performance
from returns.kinds.scope import of_quarter
from tests import factories
from tests.kpis import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme() -> Programme:
    row = factories.programme()
    for place, (code, name, typology) in enumerate(
        [
            ("RFL", "Reflect", "help-seeking"),
            ("VIC", "Victim services", "victim-support"),
            ("EVL", "Evaluation", "evaluation"),
        ],
        start=5,
    ):
        Project.objects.create(programme=row, code=code, name=name, typology=typology, position=place)
    load_catalogue(row, scene.officer())
    return row


def handed_in(
    programme: Programme, project: str, figures: dict[str, str], quarter: str = "2023-24-Q1", *, by: str = "police"
) -> Submission:
    """Figures of a project, each measure that they name asked for; accepted."""
    project_row = programme.projects.get(code=project)
    duty = project_row.duties.first() or scene.duty_of(
        programme, project, by, {code.partition(".")[0].partition("@")[0]: [] for code in figures}
    )
    return scene.accepted(duty, quarter, figures)


def returned(programme: Programme, quarter: str = "2023-24-Q1") -> Content:
    return performance.build(of_quarter(factories.quarter(programme, quarter)), today=date(2024, 1, 20))


def rows_of(content: Content, section: str) -> dict[str, list[object]]:
    """First cell of each row of a section's table -> the values of all its cells."""
    [found] = [part for part in content.sections if part.code == section]
    assert found.table is not None
    rows = [[cell.value if hasattr(cell, "value") else cell for cell in row.cells] for row in found.table.rows]
    return {str(row[0]): row for row in rows}


def page(user: User, programme: Programme, quarter: str = "2023-24-Q1") -> str:
    client = Client()
    client.force_login(user)
    with clock.at(date(2024, 1, 20)):
        chosen = factories.quarter(programme, quarter).pk
        return client.get(reverse("kpis:performance"), {"quarter": chosen}).content.decode()


REACH = {"RFL-02.people_quarter": "900", "RFL-02.people_year": "900", "RFL-02.people_programme": "900", "RFL-03a": "40"}


def test_reach_is_never_added_and_engagement_is(programme: Programme) -> None:
    handed_in(programme, "RFL", REACH)
    later = {"RFL-02.people_quarter": "800", "RFL-02.people_year": "1200", "RFL-02.people_programme": "1200"}
    handed_in(programme, "RFL", {**later, "RFL-03a": "44"}, "2023-24-Q2")
    rows = rows_of(returned(programme, "2023-24-Q2"), "project-rfl")
    assert rows["RFL-02"][4:9] == [900, 800, None, None, 1200]
    assert rows["RFL-03a"][4:9] == [40, 44, None, None, 84]
    shown = page(scene.officer(), programme, "2023-24-Q2")
    assert "1,200" in shown
    assert "1,700" not in shown


def test_milestones_stand_on_the_page_of_performance_and_in_the_return(programme: Programme) -> None:
    evaluation = programme.projects.get(code="EVL")
    for code, name, due in (
        ("inception", "Inception report", date(2023, 6, 1)),
        ("final", "Final report", date(2025, 3, 1)),
    ):
        Milestone.objects.create(project=evaluation, code=code, name=name, due_on=due)
    duty = scene.duty_of(programme, "EVL", "tonic", {"EVL-01": []})
    figures = {"EVL-01@inception.met_on": "12 June 2023", "EVL-01@final.forecast_on": "1 April 2025"}
    scene.accepted(duty, figures=figures)
    for user in (scene.officer(), scene.reporter("tonic"), factories.person("board-member", "setdab")):
        shown = page(user, programme)
        assert "Inception report" in shown
        assert "Met late" in shown
        assert "Expected late" in shown
    assert "Inception report" not in page(scene.reporter("change"), programme)
    assert "Inception report" in str(rows_of(returned(programme), "milestones"))


def test_cohorts_stand_by_their_quarter_of_entry_and_are_too_early_until_they_end(programme: Programme) -> None:
    duty = scene.duty_of(programme, "CHB", "police", {"CHB-31a": []})
    row = scene.draft(duty, "2023-24-Q3")
    by = scene.reporter("police")
    with clock.at(date(2024, 1, 5)):
        box = "CHB-31a@2023-24-Q1"
        figures = {f"{box}.numerator": "6", f"{box}.denominator": "30"}
        row = submitting.save_draft(submission=row, figures=figures, seen_version=row.version, by=by)
        submitting.submit(submission=row, seen_version=row.version, by=by)
    shown = page(scene.officer(), programme, "2023-24-Q3")
    assert "Followed up by the quarter of entry" in shown
    assert "20.0% [p]" in shown
    assert "Too early" in shown


def test_victims_offer_take_up_and_experience_stand_together(programme: Programme) -> None:
    handed_in(
        programme, "CHB",
        {"CHB-17": "20", "CHB-18a": "18", "CHB-18b": "16", "CHB-19a": "15", "CHB-19b": "9", "CHB-23.numerator": "6",
         "CHB-23.denominator": "8"},
    )  # fmt: skip
    handed_in(programme, "VIC", {"VIC-04a.numerator": "7", "VIC-04a.denominator": "9"})
    content = returned(programme)
    rows = rows_of(content, "victims")
    assert {code: rows[code][4] for code in ("CHB-17", "CHB-19a", "CHB-19b")} == {
        "CHB-17": 20,
        "CHB-19a": 15,
        "CHB-19b": 9,
    }
    assert str(rows["CHB-20"][4]) == "60.0"
    outcomes = rows_of(content, "outcomes")
    assert outcomes["CHB-23"][3:5] == [6, 8]
    assert outcomes["VIC-04a"][3:5] == [7, 9]


def test_completed_mentoring_is_no_completion_of_behaviour_change(programme: Programme) -> None:
    handed_in(programme, "GDM", {"GDM-02": "12", "GDM-03": "10"})
    handed_in(programme, "CHB", {"CHB-10": "4", "CHB-11": "4"})
    content = returned(programme)
    own = rows_of(content, "project-gdm")
    assert (own["GDM-03"][1], own["GDM-03"][4]) == ("Completed the five-week programme", 10)
    titles = {part.code: part.title for part in content.sections}
    assert titles["project-gdm"] == "Goodman: what was done"
    assert titles["project-chb"] == "The Change Hub: from referral to closure"
    # Neither the number of completions nor its rate is moved by those of mentoring.
    assert rows_of(content, "project-chb")["CHB-10"][4] == 4
    assert str(rows_of(content, "outcomes")["CHB-12"][5]) == "50.0"
