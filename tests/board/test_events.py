"""The record of what was done only grows: the database itself refuses the rest."""

import pytest
from django.db import DatabaseError, connection, transaction

from board import events
from board.models import Event, Programme
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(programme: Programme) -> Event:
    return events.record("test.act", "T-000001", by=factories.person("finance-officer", "pfcc"), words="Said so")


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


def test_an_act_that_fails_leaves_no_event(programme: Programme) -> None:
    before = Event.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        events.record("test.act", by=None)
        raise RuntimeError
    assert Event.objects.count() == before
