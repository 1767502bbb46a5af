"""More time: asked for by the supplier, decided by the grant's holder, and then shown wherever the day is."""

from datetime import date, timedelta

import pytest

from board import clock
from board.models import Event
from board.quarters import RESULTS, mark_closed
from core.problems import Refused
from kpis import extending, submitting
from kpis.due import due
from kpis.models import Extension, Submission
from tests.kpis import scene

pytestmark = pytest.mark.django_db

JULY_10, JULY_21 = date(2023, 7, 10), date(2023, 7, 21)
WHY = "The worker who keeps the register is away until the 17th."


def ask(row: Submission, until: date = JULY_21, reason: str = WHY, day: date = JULY_10) -> Extension:
    with clock.at(day):
        return extending.ask(submission=row, until=until, reason=reason, by=scene.reporter())


def decide(asked: Extension, *, granted: bool = True, words: str = "", day: date = JULY_10) -> Extension:
    with clock.at(day):
        return extending.decide(extension=asked, granted=granted, words=words, by=scene.officer())


def fill(row: Submission) -> Submission:
    with clock.at(JULY_10):
        return submitting.save_draft(
            submission=row, figures=scene.boxes(), seen_version=row.version, by=scene.reporter()
        )


@pytest.fixture
def row() -> Submission:
    return scene.draft(scene.change_hub())


def test_what_is_asked_for_moves_no_day_until_it_is_granted(row: Submission) -> None:
    asked = ask(row)
    row.refresh_from_db()
    assert row.due_on == row.quarter.provider_due_on == date(2023, 7, 14)
    decide(asked)
    row.refresh_from_db()
    assert row.due_on == JULY_21


def test_results_within_the_time_granted_are_not_late_and_after_it_they_are(row: Submission) -> None:
    decide(ask(row))
    row = fill(row)
    with clock.at(JULY_21 + timedelta(days=1)), pytest.raises(Refused, match="were due on 21 July 2023"):
        submitting.submit(submission=row, seen_version=row.version, by=scene.reporter())
    with clock.at(JULY_21):
        submitting.submit(submission=row, seen_version=row.version, by=scene.reporter())
    row.refresh_from_db()
    assert not row.late


def test_a_refusal_says_why_and_leaves_the_day(row: Submission) -> None:
    asked = ask(row)
    with pytest.raises(Refused, match="Say why more time is refused"):
        decide(asked, granted=False)
    decide(asked, granted=False, words="The return is due on the 28th.")
    row.refresh_from_db()
    assert row.extended_to is None
    # After a refusal another day may be asked for.
    assert ask(row, date(2023, 7, 18)).status == Extension.Status.ASKED


def test_one_request_at_a_time_for_a_day_that_can_still_be_kept(row: Submission) -> None:
    with pytest.raises(Refused, match="Choose a day after 14 July 2023"):
        ask(row, date(2023, 7, 14))
    last = row.quarter.certify_due_on
    with pytest.raises(Refused, match="The quarter’s return is due on"):
        ask(row, last + timedelta(days=1))
    ask(row)
    with pytest.raises(Refused, match="asked for already and is not decided yet"):
        ask(row)


def test_more_time_is_for_what_is_not_submitted_in_an_open_quarter(row: Submission) -> None:
    submitted = fill(row)
    asked = ask(row)
    with clock.at(JULY_10):
        submitting.submit(submission=submitted, seen_version=submitted.version, by=scene.reporter())
    with pytest.raises(Refused, match="have been submitted since"):
        decide(asked)
    other = scene.draft(row.duty, "2023-24-Q2")
    with clock.at(row.quarter.certify_due_on):
        mark_closed(row.quarter, RESULTS, by=scene.officer())
    with clock.at(other.quarter.certify_due_on):
        mark_closed(other.quarter, RESULTS, by=scene.officer())
    with pytest.raises(Refused, match="Submit late, and say why"):
        ask(other, date(2024, 2, 1), day=other.quarter.certify_due_on)


def test_only_the_supplier_asks_and_only_the_grants_holder_decides_and_never_the_same_person(row: Submission) -> None:
    with pytest.raises(Refused, match="Only The Change Project can ask"):
        extending.ask(submission=row, until=JULY_21, reason=WHY, by=scene.reporter("other"))
    with pytest.raises(Refused, match="Only a commissioning officer"):
        extending.decide(extension=ask(row), granted=True, words="", by=scene.reporter())
    own = scene.draft(scene.duty_of(row.quarter.programme, "SIS", "pfcc", {"SIS-40": []}))
    with clock.at(JULY_10):
        asked = extending.ask(submission=own, until=JULY_21, reason=WHY, by=scene.officer())
        with pytest.raises(Refused, match="Ask another commissioning officer"):
            extending.decide(extension=asked, granted=True, words="", by=scene.officer())
        extending.decide(extension=asked, granted=True, words="", by=scene.officer(2))


def test_the_officer_is_told_of_the_request_and_the_reporter_of_the_new_day(row: Submission) -> None:
    def told(user: object) -> list:
        with clock.at(JULY_10):
            return list(due(user, today=JULY_10, moment=clock.now()))

    asked = ask(row)
    found = told(scene.officer())
    assert [line.words.split(":")[0] for line in found] == ["Grant or refuse more time for The Change Project"]
    assert told(scene.reporter())[0].due_on == date(2023, 7, 14)
    decide(asked)
    assert told(scene.officer()) == []
    assert told(scene.reporter())[0].due_on == JULY_21


def test_each_step_is_on_record(row: Submission) -> None:
    decide(ask(row))
    acts = Event.objects.filter(act__startswith="extension").order_by("pk").values_list("act", "words")
    assert list(acts) == [
        ("extension.ask", f"Until 21 July 2023. {WHY}"),
        ("extension.grant", "Until 21 July 2023."),
    ]
