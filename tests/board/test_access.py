"""The table of acts and roles, and the doors to programmes."""

from datetime import date

import pytest
from django.test import Client

from board import clock
from board.access import ACTIONS, acting_organisation, is_of_recipient, may
from board.middleware import SESSION_KEY
from board.models import Programme, Role, User
from tests import factories

pytestmark = pytest.mark.django_db


def test_an_act_that_the_table_does_not_know_is_an_error_not_a_no(programme: Programme) -> None:
    with pytest.raises(KeyError):
        may(factories.person("finance-officer", "pfcc"), "spending.forge")


def test_every_act_names_roles_that_there_are() -> None:
    assert all(roles and roles <= set(Role.Kind) for roles in ACTIONS.values())


@pytest.mark.parametrize(
    ("kind", "action", "allowed"),
    [
        ("finance-officer", "spending.record", True),
        ("commissioning-officer", "spending.record", False),
        ("cfo", "spending.record", False),
        ("board-member", "budget.read", False),
        ("board-member", "results.read", True),
        ("kpi-reporter", "spending.read", False),
        ("kpi-reporter", "submissions.fill", True),
        ("auditor", "spending.read", True),
        ("auditor", "submissions.decide", False),
        ("administrator", "spending.read", False),
    ],
)
def test_the_table_answers_for_each_role(programme: Programme, kind: str, action: str, allowed: bool) -> None:
    assert may(factories.person(kind, "pfcc"), action) is allowed


# The last words of acts that only show something.
SHOWING = {"read", "switch", "download", "front", "money", "verify", "board"}
# What auditors write is their own: which lines they looked at, and what they found.
THEIR_OWN = {"samples.draw": {Role.Kind.AUDITOR}}


@pytest.mark.parametrize("action", [action for action in ACTIONS if action.rpartition(".")[2] not in SHOWING])
def test_auditors_and_board_members_change_nothing(action: str) -> None:
    assert ACTIONS[action] & {Role.Kind.AUDITOR, Role.Kind.BOARD_MEMBER} == THEIR_OWN.get(action, set())


def test_who_holds_no_role_may_do_nothing(programme: Programme) -> None:
    user = User.objects.create_user("nobody@example.org", "a long enough secret", name="Nobody in particular")
    assert user.acting is None
    assert not any(may(user, action) for action in ACTIONS)
    assert not Programme.objects.visible_to(user).exists()
    assert acting_organisation(user) is None and not is_of_recipient(user, programme)


@pytest.mark.parametrize(
    ("today", "acts"),
    [
        (date(2023, 3, 31), False),
        (date(2023, 4, 1), True),
        (date(2024, 3, 31), True),
        (date(2024, 4, 1), False),
    ],
)
def test_a_role_runs_from_its_first_day_through_its_last(programme: Programme, today: date, acts: bool) -> None:
    user = User.objects.create_user("some@example.org", "a long enough secret", name="Finance officer, Thurrock")
    Role.objects.create(
        user=user, organisation=factories.organisation("thurrock"), kind="finance-officer",
        starts_on=date(2023, 4, 1), ends_on=date(2024, 3, 31),
    )  # fmt: skip
    with clock.at(today):
        assert may(User.objects.get(pk=user.pk), "spending.record") is acts


def test_who_is_no_longer_active_acts_in_no_role(programme: Programme) -> None:
    user = factories.person("finance-officer", "pfcc")
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert User.objects.get(pk=user.pk).acting is None


def test_a_role_for_one_programme_sees_that_one(programme: Programme) -> None:
    other = factories.programme("DAPF-2020-23", date(2020, 4, 1), date(2023, 3, 31))
    assert list(Programme.objects.visible_to(factories.person("auditor", "pfcc", programme=other))) == [other]
    assert Programme.objects.visible_to(factories.person("finance-officer", "pfcc")).count() == 2


def test_the_recipient_is_told_from_the_others(programme: Programme) -> None:
    assert is_of_recipient(factories.person("cfo", "pfcc"), programme)
    assert not is_of_recipient(factories.person("cfo", "ecc"), programme)


def test_one_role_is_active_at_a_time_and_the_session_says_which(programme: Programme, client: Client) -> None:
    user = factories.person("finance-officer", "pfcc")
    second = Role.objects.create(
        user=user, organisation=factories.organisation("ecc"), kind="finance-officer", starts_on=date(2020, 4, 1)
    )
    client.force_login(user)
    assert "acting as Finance officer, PFCC for Essex" in client.get("/contracts/").content.decode()
    session = client.session
    session[SESSION_KEY] = second.pk
    session.save()
    assert "acting as Finance officer, Essex County Council" in client.get("/contracts/").content.decode()


def test_a_chosen_role_that_has_ended_or_is_anothers_is_not_taken(programme: Programme, client: Client) -> None:
    user = factories.person("finance-officer", "pfcc")
    anothers = factories.person("finance-officer", "ecc").acting
    client.force_login(user)
    session = client.session
    session[SESSION_KEY] = anothers.pk
    session.save()
    assert "acting as Finance officer, PFCC for Essex" in client.get("/contracts/").content.decode()
