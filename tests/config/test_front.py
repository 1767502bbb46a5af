"""The front page: what there is to do in the acting role, earliest first, and only doors that open."""

from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from board import clock
from board.models import Role
from config import front
from core.due import Due
from tests import factories
from tests.factories import Money

pytestmark = pytest.mark.django_db
JULY = date(2023, 7, 5)


@pytest.fixture
def money() -> Money:
    with clock.at(JULY):
        return factories.money(factories.programme())


@pytest.mark.parametrize("kind", [str(kind) for kind in Role.Kind])
def test_every_door_that_is_shown_opens(money: Money, client: Client, kind: str) -> None:
    user = factories.person(kind, "pfcc")
    client.force_login(user)
    with clock.at(JULY):
        found = front.doors(user)
        for door in found:
            assert client.get(door.url).status_code == 200, door.title
    shown = {door.title for door in found}
    if kind == Role.Kind.ADMINISTRATOR:
        assert shown == set()
    if kind == Role.Kind.BOARD_MEMBER:
        assert shown == {"Performance", "Board reports", "Verify a file"}


def test_what_is_due_from_every_floor_stands_in_one_list_the_earliest_first(
    money: Money, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of(name: str, day: date) -> None:
        found = [Due(name, f"{name} something", "front", (), day)]
        monkeypatch.setattr(front, f"{name}_due", lambda user, today, moment: iter(found))

    of("money", date(2023, 7, 20))
    of("results", date(2023, 7, 3))
    of("returns", date(2023, 7, 28))
    tasks = front.tasks(money.finance, today=JULY, moment=timezone.now())
    assert [(task.words, task.late) for task in tasks] == [
        ("results something", True),
        ("money something", False),
        ("returns something", False),
    ]
    assert tasks[0].url == "/"
