"""What the tables of the partnership refuse by themselves, each constraint by its name."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from board import clock
from board.models import Milestone, Organisation, Programme, Project, Role, Threshold, User, Year
from tests import factories

pytestmark = pytest.mark.django_db


def role(**fields: Any) -> Role:
    defaults = {
        "user": User.objects.filter(email__startswith="finance").first() or factories.person("finance-officer", "pfcc"),
        "organisation": factories.organisation("ecc"),
        "kind": "finance-officer",
        "starts_on": date(2023, 4, 1),
    }
    return Role(**{**defaults, **fields})


def changed_quarter(programme: Programme, **fields: Any) -> Any:
    row = programme.quarters.get(code="2023-24-Q1")
    for name, value in fields.items():
        setattr(row, name, value)
    return row


REFUSED: dict[str, Callable[[Programme], Any]] = {
    "role_ends_after_it_starts": lambda programme: role(ends_on=date(2023, 3, 31)),
    "auditor_access_ends": lambda programme: role(kind="auditor"),
    "programme_ends_after_it_starts": lambda programme: Programme(
        code="X", name="X", recipient=programme.recipient, funder=programme.funder,
        first_day=date(2024, 4, 1), last_day=date(2024, 4, 1),
    ),
    "quarter_ends_after_it_starts": lambda programme: changed_quarter(programme, last_day=date(2023, 3, 31)),
    "quarter_due_dates_in_order": lambda programme: changed_quarter(programme, certify_due_on=date(2023, 7, 1)),
    "quarter_money_closed_by_someone": lambda programme: changed_quarter(programme, money_closed_at=clock.now()),
    "quarter_results_closed_by_someone": lambda programme: changed_quarter(programme, results_closed_at=clock.now()),
}  # fmt: skip


@pytest.mark.parametrize("constraint", sorted(REFUSED))
def test_the_database_refuses_what_cannot_be(programme: Programme, constraint: str) -> None:
    row = REFUSED[constraint](programme)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save()


@pytest.mark.parametrize("constraint", sorted(REFUSED))
def test_and_says_so_in_plain_words_beforehand(programme: Programme, constraint: str) -> None:
    with pytest.raises(ValidationError) as refused:
        REFUSED[constraint](programme).full_clean()
    assert constraint not in str(refused.value)


TWICE: dict[str, Callable[[Programme], Any]] = {
    "role_given_once": lambda programme: role(programme=programme),
    "project_code_once_a_programme": lambda programme: Project(
        programme=programme, code="CHB", name="Another", typology="overhead"
    ),
    "milestone_code_once_a_project": lambda programme: Milestone(
        project=programme.projects.get(code="CHB"), code="M1", name="Again", due_on=date(2024, 1, 1)
    ),
    "year_once_a_programme": lambda programme: Year(programme=programme, code="2023-24", starts=2023),
    "quarter_code_once_a_programme": lambda programme: changed_quarter(programme, pk=None, number=9),
    "threshold_once_a_day": lambda programme: Threshold(
        programme=programme, rule="virement-amount", value=2, from_date=date(2023, 4, 1)
    ),
}


@pytest.mark.parametrize("constraint", sorted(TWICE))
def test_nothing_stands_twice(programme: Programme, constraint: str) -> None:
    role(programme=programme).save()
    Milestone.objects.create(
        project=programme.projects.get(code="CHB"), code="M1", name="First", due_on=date(2024, 1, 1)
    )
    Threshold.objects.create(programme=programme, rule="virement-amount", value=1, from_date=date(2023, 4, 1))
    with pytest.raises(ValidationError):
        TWICE[constraint](programme).full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        TWICE[constraint](programme).save(force_insert=True)


def test_who_has_acted_is_not_deleted(programme: Programme) -> None:
    with pytest.raises(ProtectedError):
        factories.person("administrator", "pfcc").delete()
    with pytest.raises(ProtectedError):
        Organisation.objects.get(code="pfcc").delete()


def test_people_sign_in_by_a_lower_case_address_and_a_password_that_is_kept_hashed(programme: Programme) -> None:
    user = User.objects.create_user("Finance.Officer@Example.ORG", "a long enough secret", name="Finance officer, PFCC")
    assert user.email == "finance.officer@example.org"
    assert user.check_password("a long enough secret") and "secret" not in user.password
    with pytest.raises(ValidationError):
        User.objects.create_user("no address", "a long enough secret", name="Nobody")


def test_only_administrators_enter_the_administration(programme: Programme) -> None:
    assert factories.person("administrator", "pfcc").is_staff
    assert not factories.person("cfo", "pfcc").is_staff


@pytest.mark.parametrize("every_programme", [True, False])
def test_a_role_from_one_day_is_given_once_be_it_for_one_programme_or_for_all(
    programme: Programme, every_programme: bool
) -> None:
    given = factories.person("cfo", "pfcc", programme=None if every_programme else programme).acting
    again = Role(**{name: getattr(given, name) for name in ("user", "organisation", "kind", "programme", "starts_on")})
    with pytest.raises(ValidationError, match="has the role from that day already"):
        again.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save()
