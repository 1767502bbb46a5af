"""What waits for the recipient's officers: close, begin, sign; each in its turn, for the one whose turn it is."""

from datetime import date

import pytest

from board import clock
from board.models import Quarter
from returns import certifying
from returns.due import due
from tests.returns.scenes import Scene

pytestmark = pytest.mark.django_db
TODAY = date(2023, 7, 20)


def words(user: object, today: date = TODAY) -> list[str]:
    with clock.at(today):
        return [found.words for found in due(user, today=today, moment=clock.now())]


def test_an_ended_quarter_waits_to_be_closed(scene: Scene) -> None:
    assert "See what 2023-24 Q1 (April to June 2023) still needs, and close it" in words(scene.commissioning)
    assert words(scene.finance) == []


def test_a_closed_quarter_waits_for_its_claim_to_be_begun_by_who_signs_first(scene: Scene) -> None:
    scene.closed()
    assert [line for line in words(scene.finance) if "Begin" in line] == [
        "Begin the quarterly financial return and claim for 2023-24 Q1 (April to June 2023)"
    ]
    assert not [line for line in words(scene.cfo) if "Begin" in line]


def test_each_signature_waits_for_its_role_alone(scene: Scene) -> None:
    scene.closed()
    the_return = scene.open_return()
    assert any("Prepare" in line for line in words(scene.finance)) and words(scene.cfo) == []
    certifying.prepare(the_return=the_return, by=scene.finance)
    assert not any("Prepare" in line for line in words(scene.finance))
    assert any("Check" in line for line in words(scene.commissioning))
    certifying.check(the_return=the_return, by=scene.commissioning)
    assert any("Certify" in line for line in words(scene.cfo))


def test_a_revision_is_not_late_by_the_quarters_day(scene: Scene) -> None:
    the_return = scene.certified()
    with clock.at(date(2023, 9, 1)):
        certifying.revise(the_return=the_return, reason="Clearer words", by=scene.finance)
    with clock.at(date(2023, 9, 4)):
        [found] = [
            row for row in due(scene.finance, today=date(2023, 9, 4), moment=clock.now()) if "Prepare" in row.words
        ]
    assert found.due_on == date(2023, 9, 4)


def test_a_board_report_is_asked_for_until_one_of_a_later_quarter_is_begun(scene: Scene) -> None:
    def asked() -> list[str]:
        return [said for said in words(scene.commissioning) if said.startswith("Begin the board report")]

    for code in ("2023-24-Q1", "2023-24-Q2"):
        Quarter.objects.filter(pk=scene.quarter(code).pk).update(
            money_closed_at=clock.now(), results_closed_at=clock.now(),
            money_closed_by=scene.commissioning, results_closed_by=scene.commissioning,
        )  # fmt: skip
    assert len(asked()) == 2
    scene.open_return("board", scene.quarter("2023-24-Q2"), by=scene.commissioning)
    assert asked() == []
