"""A chief finance officer's deputy: named for certain days under a written authority, and withdrawn."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from board import clock, files
from board.delegating import candidates, delegate, may_delegate, withdraw
from board.models import Delegation, Event, Role, StoredFile, User
from core.problems import Refused
from tests import factories
from tests.evidence_files import PDF, upload

pytestmark = pytest.mark.django_db
TODAY = date(2023, 7, 5)
FRIDAY = date(2023, 7, 7)


@pytest.fixture(autouse=True)
def day(settings: Any, tmp_path: Path) -> Any:
    settings.EVIDENCE_FOLDER = tmp_path
    with clock.at(TODAY):
        yield


@pytest.fixture
def cfo() -> User:
    return factories.person("cfo", "pfcc")


@pytest.fixture
def colleague() -> User:
    return factories.person("finance-officer", "pfcc")


def letter(by: User) -> StoredFile:
    return files.store(uploads=[upload("authority.pdf", PDF)], by=by).files[0]


def named(cfo: User, deputy: User, **changes: Any) -> Delegation:
    given = {"starts_on": TODAY, "ends_on": FRIDAY, "authority": letter(cfo)} | changes
    return delegate(deputy=deputy, by=cfo, **given)


def acting_as_deputy(user: User) -> Role | None:
    return next((role for role in user.roles_on(clock.today()) if role.is_delegated), None)


def messages(refused: Any) -> list[str]:
    return [problem.message for problem in refused.value.problems]


def test_a_deputy_signs_as_deputy_under_the_day_of_the_authority(cfo: User, colleague: User) -> None:
    row = named(cfo, colleague)
    role = acting_as_deputy(colleague)
    assert role is not None and role.kind == Role.Kind.CFO
    assert role.capacity == "Deputy, for the Chief Finance Officer, under delegation of 5 July 2023"
    assert str(role) == "Deputy for the chief finance officer, PFCC for Essex"
    assert cfo.acting.capacity == "Chief finance officer"
    event = Event.objects.get(act="deputy.name")
    assert (event.subject, event.by) == (row.reference, cfo)
    assert row.authority.sha256 in event.words


def test_the_role_begins_and_ends_with_its_days(cfo: User, colleague: User) -> None:
    row = named(cfo, colleague, starts_on=date(2023, 7, 6))
    standing = {}
    for number in range(5, 9):
        with clock.at(date(2023, 7, number)):
            standing[number] = (acting_as_deputy(colleague) is not None, row.standing_on(clock.today()))
    assert standing == {5: (False, "Not begun"), 6: (True, "In force"), 7: (True, "In force"), 8: (False, "Ended")}


def test_withdrawn_it_ends_at_once_and_may_be_given_anew_the_same_day(cfo: User, colleague: User) -> None:
    row = named(cfo, colleague)
    withdraw(delegation=row, reason="Back early", by=cfo)
    assert acting_as_deputy(colleague) is None
    row.refresh_from_db()
    assert row.standing_on(TODAY) == "Withdrawn" and row.withdrawn_reason == "Back early"
    with pytest.raises(Refused, match="was withdrawn already"):
        withdraw(delegation=row, reason="Again", by=cfo)
    assert named(cfo, colleague).reference == "DEL-000002"
    assert acting_as_deputy(colleague) is not None


def test_a_withdrawal_says_why(cfo: User, colleague: User) -> None:
    row = named(cfo, colleague)
    with pytest.raises(Refused, match="Give the reason"):
        withdraw(delegation=row, reason=" ", by=cfo)


def test_a_deputy_names_no_deputy(cfo: User, colleague: User) -> None:
    named(cfo, colleague)
    colleague.act_as(acting_as_deputy(colleague))
    assert not may_delegate(colleague)
    third = factories.person("commissioning-officer", "pfcc")
    with pytest.raises(Refused, match="not as a deputy"):
        named(colleague, third, authority=letter(cfo))


@pytest.mark.parametrize("kind", ["finance-officer", "commissioning-officer", "auditor", "administrator"])
def test_only_a_chief_finance_officer_names_one(cfo: User, kind: str) -> None:
    other, third = factories.person(kind, "pfcc"), factories.person(kind, "pfcc", number=2)
    with pytest.raises(Refused, match="A chief finance officer names deputies"):
        named(other, third, authority=letter(cfo))


def test_a_deputy_is_a_colleague_who_holds_a_role_today(cfo: User, colleague: User) -> None:
    elsewhere = factories.person("finance-officer", "ecc")
    gone = factories.person("finance-officer", "pfcc", number=2, ends_on=TODAY - timedelta(days=1))
    assert list(candidates(cfo)) == [colleague]
    for person in (elsewhere, gone, cfo):
        with pytest.raises(Refused, match="Choose somebody else who holds a role"):
            named(cfo, person)


def test_everything_that_is_wrong_is_said_at_once(cfo: User, colleague: User) -> None:
    foreign = letter(factories.person("finance-officer", "ecc"))
    with pytest.raises(Refused) as refused:
        named(cfo, colleague, starts_on=date(2023, 7, 4), ends_on=date(2023, 7, 1), authority=foreign)
    assert messages(refused) == [
        "A deputy is named from today or later, never for the past.",
        "The last day is before the first.",
        "The written authority is no longer kept. Send it again.",
    ]
    assert not Delegation.objects.exists()


def test_a_deputy_is_named_for_a_year_at_the_most(cfo: User, colleague: User) -> None:
    with pytest.raises(Refused, match="for a year at the most"):
        named(cfo, colleague, ends_on=TODAY + timedelta(days=367))
    assert named(cfo, colleague, ends_on=TODAY + timedelta(days=366))


def test_the_same_days_are_not_given_twice(cfo: User, colleague: User) -> None:
    named(cfo, colleague)
    with pytest.raises(Refused, match="signs for the chief finance officer already until 7 July 2023"):
        named(cfo, colleague, starts_on=FRIDAY, ends_on=date(2023, 7, 20))
    assert named(cfo, colleague, starts_on=date(2023, 7, 8), ends_on=date(2023, 7, 20))


def test_who_sees_a_delegation(cfo: User, colleague: User) -> None:
    factories.programme()
    row = named(cfo, colleague)
    seen = {
        "cfo/pfcc": [row],
        "commissioning-officer/pfcc": [row],
        "auditor/pfcc": [row],
        "auditor/ecc": [row],
        "cfo/ecc": [],
        "finance-officer/pfcc": [],
        "board-member/setdab": [],
        "kpi-reporter/change": [],
        "administrator/pfcc": [],
    }
    for who, found in seen.items():
        person = factories.person(*who.split("/"), number=7)
        assert list(Delegation.objects.visible_to(person)) == found, who


def test_another_organisations_delegation_is_not_withdrawn(cfo: User, colleague: User) -> None:
    row = named(cfo, colleague)
    with pytest.raises(Refused, match="is of another organisation"):
        withdraw(delegation=row, reason="Not mine", by=factories.person("cfo", "ecc"))
