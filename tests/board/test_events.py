"""The record of what was done only grows: the database itself refuses the rest."""

import pytest
from django.db import DatabaseError, connection, transaction

from board import events
from board.models import Event, Programme
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(programme: Programme) -> Event:
    officer = factories.person("finance-officer", "pfcc")
    return events.record("test.act", "T-000001", by=officer, words="Said so", programme=programme)


def test_an_event_keeps_who_in_which_role_and_when(event: Event) -> None:
    row = Event.objects.get(pk=event.pk)
    assert (row.role, row.subject, row.words) == ("Finance officer, PFCC for Essex", "T-000001", "Said so")
    assert row.at.date().isoformat() == "2023-07-05"


@pytest.mark.parametrize("by", ["save", "update", "plain"])
def test_an_event_is_never_changed(event: Event, by: str) -> None:
    with pytest.raises(DatabaseError, match="never"), transaction.atomic():
        if by == "save":
            event.words = "Something else"
            event.save()
        elif by == "update":
            Event.objects.update(words="Something else")
        else:
            with connection.cursor() as cursor:
                cursor.execute("UPDATE board_event SET words = 'Something else'")
    assert Event.objects.get(pk=event.pk).words == "Said so"


@pytest.mark.parametrize("by", ["delete", "queryset", "plain"])
def test_an_event_is_never_deleted(event: Event, by: str) -> None:
    with pytest.raises(DatabaseError, match="never"), transaction.atomic():
        if by == "delete":
            event.delete()
        elif by == "queryset":
            Event.objects.all().delete()
        else:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM board_event")
    assert Event.objects.filter(pk=event.pk).exists()


def _seen(kind: str, organisation: str, programme: Programme | None = None) -> list[str]:
    reader = factories.person(kind, organisation, number=9 if programme else 8, programme=programme)
    return sorted(Event.objects.visible_to(reader).filter(act="test.act").values_list("subject", flat=True))


def test_a_reader_sees_the_record_of_their_own_organisation_and_of_what_it_holds(programme: Programme) -> None:
    """The recipient's officers read all of the programme; a council's what the council did, and no amount of others."""
    other = factories.programme("OTHER")
    other.recipient = factories.organisation("ecc")
    other.save()
    for organisation in ("pfcc", "ecc", "southend"):
        officer = factories.person("finance-officer", organisation)
        events.record("test.act", f"{organisation} here", by=officer, programme=programme)
        events.record("test.act", f"{organisation} there", by=officer, programme=other)
        events.record("test.act", f"{organisation} nowhere", by=officer, programme=None)
    here = ["ecc here", "pfcc here", "southend here"]
    there = ["ecc there", "pfcc there", "southend there"]
    nowhere = ["ecc nowhere", "pfcc nowhere", "southend nowhere"]
    assert _seen("cfo", "pfcc") == sorted([*here, "pfcc nowhere", "pfcc there"])
    assert _seen("cfo", "southend") == ["southend here", "southend nowhere", "southend there"]
    assert _seen("commissioning-officer", "ecc") == sorted([*there, "ecc here", "ecc nowhere"])
    assert _seen("cfo", "pfcc", other) == ["pfcc nowhere", "pfcc there"]
    assert _seen("auditor", "pfcc") == sorted([*here, *there, *nowhere])
    assert _seen("auditor", "pfcc", other) == there
    for kind in ("finance-officer", "kpi-reporter", "board-member", "administrator"):
        assert _seen(kind, "pfcc") == []


def test_an_act_that_fails_leaves_no_event(programme: Programme) -> None:
    before = Event.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        events.record("test.act", by=None, programme=programme)
        raise RuntimeError
    assert Event.objects.count() == before
