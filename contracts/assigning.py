"""Keeping a contract to named people of its provider (K21), where the provider wants it narrower."""

from datetime import date

from django.db import transaction
from django.db.models import QuerySet

from board import clock, rows
from board.models import Role, User
from board.rows import locking
from contracts.contracting import lock_to_write, put_on_record
from contracts.models import Assignment, Contract
from contracts.rules import given
from core.problems import refuse, refuse_if_blocking


def reporters_of(contract: Contract, today: date) -> QuerySet[User]:
    """The people who report for the contract's provider, whom it can be kept to."""
    roles = Role.objects.in_force(today).filter(kind=Role.Kind.KPI_REPORTER, organisation=contract.provider_id)
    return User.objects.filter(is_active=True, roles__in=roles).distinct()


def assign(*, contract: Contract, person: User, by: User) -> Assignment:
    """Name a reporter for a contract. From the first on, the provider's other reporters see nothing of it."""
    with transaction.atomic():
        locked = lock_to_write(contract, by)
        if not reporters_of(locked, clock.today()).filter(pk=person.pk).exists():
            raise refuse("K21", f"{person} is no reporter of {locked.provider}. Choose one who is.", "person")
        if Assignment.objects.in_force().filter(contract=locked, person=person).exists():
            raise refuse("K21", f"{person} is named for {locked.reference} already.", "person")
        row = rows.create(Assignment(contract=locked, person=person), by=by)
        put_on_record("contract.assign", locked, by, f"Kept to user {person.pk}")
    return row


def end(*, assignment: Assignment, reason: str, by: User) -> Assignment:
    """Name a reporter no more. After the last one, all reporters of the provider see the contract again."""
    with transaction.atomic():
        contract = lock_to_write(assignment.contract, by)
        locked = locking(Assignment.objects).get(pk=assignment.pk)
        if locked.ended_at is not None:
            raise refuse("K21", "The person is no longer named already.")
        refuse_if_blocking(given(reason, "Give the reason.", "reason"))
        locked.ended_at, locked.ended_reason = clock.now(), reason.strip()
        rows.change(locked, by=by, reason=reason)
        put_on_record("contract.end-assignment", contract, by, f"User {locked.person_id}: {reason.strip()}")
    return locked
