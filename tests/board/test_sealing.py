"""The seals of the record of acts: nothing in it is altered, taken out or put between unseen."""

from collections.abc import Callable
from datetime import date

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from board import clock, events, sealing
from board.models import Event, Programme, Seal
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def acts(programme: Programme) -> list[Event]:
    by = factories.person("finance-officer", "pfcc")
    return [events.record("test.act", f"T-{at}", by=by, words="£1.00", programme=programme) for at in range(5)]


def run(*statements: str) -> None:
    """As somebody with the database's own password would, past the system and its triggers."""
    lifted = {
        "sqlite": ["DROP TRIGGER {0}_no_update", "DROP TRIGGER {0}_no_delete"],
        "postgresql": ["DROP TRIGGER {0}_append_only ON board_{0}"],
    }[connection.vendor]
    with connection.cursor() as cursor:
        for table in ("event", "seal"):
            for statement in lifted:
                cursor.execute(statement.format(table))
        for statement in statements:
            cursor.execute(statement)


def test_every_event_is_sealed_once_in_one_chain(acts: list[Event]) -> None:
    assert sealing.seal() == Event.objects.count() >= 5
    assert sealing.seal() == 0
    rows = list(Seal.objects.order_by("pk"))
    assert [row.previous for row in rows] == ["", *(row.hash for row in rows[:-1])]
    assert sealing.last_hash() == rows[-1].hash
    assert list(sealing.broken()) == []


def test_later_events_follow_on_and_large_backlogs_are_taken_in_parts(
    acts: list[Event], programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "AT_ONCE", 2)
    sealing.seal()
    events.record("test.act", "T-9", by=None, programme=programme)
    assert sealing.seal() == 1
    assert Seal.objects.count() == Event.objects.count()
    assert list(sealing.broken()) == []


CHANGES: dict[str, tuple[Callable[[list[Event]], str], str]] = {
    "words of an event": (
        lambda rows: f"UPDATE board_event SET words = '£2.00' WHERE id = {rows[2].pk}",  # noqa: S608
        "is not what was sealed",
    ),
    "the moment of an event": (
        lambda rows: f"UPDATE board_event SET at = '2020-01-01 00:00:00+00' WHERE id = {rows[2].pk}",  # noqa: S608
        "is not what was sealed",
    ),
    "who did it": (
        lambda rows: f"UPDATE board_event SET by_id = NULL WHERE id = {rows[2].pk}",  # noqa: S608
        "is not what was sealed",
    ),
    "a seal taken out": (
        lambda rows: f"DELETE FROM board_seal WHERE event_id = {rows[2].pk}",  # noqa: S608
        "a seal is missing or was altered",
    ),
    "a hash made anew": (
        lambda rows: f"UPDATE board_seal SET hash = 'a' WHERE event_id = {rows[2].pk}",  # noqa: S608
        "is not what was sealed",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_behind_the_systems_back_is_found(acts: list[Event], what: str) -> None:
    sealing.seal()
    statement, words = CHANGES[what]
    run(statement(acts))
    assert any(words in found for found in sealing.broken()), list(sealing.broken())


def test_an_event_that_was_taken_out_is_named(acts: list[Event]) -> None:
    sealing.seal()
    with transaction.atomic():
        run(f"DELETE FROM board_event WHERE id = {acts[2].pk}")  # noqa: S608
        found = list(sealing.broken())
        transaction.set_rollback(True)
    assert found == [f"Event {acts[2].pk} was sealed and is gone."]


@pytest.mark.parametrize("statement", ["UPDATE board_seal SET hash = 'x'", "DELETE FROM board_seal"])
def test_a_seal_is_never_changed_or_deleted(acts: list[Event], statement: str) -> None:
    sealing.seal()
    with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_two_seals_never_follow_the_same_one(acts: list[Event]) -> None:
    sealing.seal()
    first = Seal.objects.order_by("pk").first()
    extra = events.record("test.act", "T-9", by=None, programme=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Seal.objects.create(event=extra, previous=first.previous, hash="b" * 64, sealed_at=clock.now())


def test_who_seals_while_another_does_finds_nothing_left(acts: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(rows: list[Seal]) -> None:
        raise IntegrityError("UNIQUE constraint failed: board_seal.previous")

    monkeypatch.setattr(Seal.objects, "bulk_create", taken)
    assert sealing.seal() == 0


def test_the_command_prints_the_last_hash_to_be_kept_elsewhere(
    acts: list[Event], capsys: pytest.CaptureFixture[str]
) -> None:
    with clock.at(date(2023, 7, 5)):
        call_command("seal")
    said = capsys.readouterr().out
    assert f"The last seal is {sealing.last_hash()}." in said and len(sealing.last_hash()) == 64
