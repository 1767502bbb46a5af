"""A chief finance officer names a deputy: the acts that give the role for certain days, and take it back."""

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from board import clock, events
from board.models import Delegation, Organisation, Role, StoredFile, User
from board.rows import locking, next_reference
from core.forms import day_in_words
from core.problems import Problem, refuse, refuse_if_blocking

# An absence, not an appointment; the longest is this board's choice.
LONGEST = timedelta(days=366)


def may_delegate(user: User) -> bool:
    """Whether the person is a chief finance officer in their own right. A deputy names no deputy."""
    role = user.acting
    return role is not None and role.kind == Role.Kind.CFO and not role.is_delegated


def candidates(by: User) -> QuerySet[User]:
    """Who may be named: the other people who hold a role for the same organisation today."""
    if by.acting is None:
        return User.objects.none()
    colleagues = Role.objects.in_force(clock.today()).filter(organisation=by.acting.organisation)
    return User.objects.filter(is_active=True, pk__in=colleagues.values("user")).exclude(pk=by.pk).order_by("name")


def delegate(*, deputy: User, starts_on: date, ends_on: date, authority: StoredFile, by: User) -> Delegation:
    """Let a colleague sign for the chief finance officer from a day to a day, under a written authority.

    Refuses all that is wrong at once. The deputy keeps their own roles and chooses which one they act in; that
    nobody signs a return twice holds for them as for everybody.
    """
    _require_right(by)
    with transaction.atomic():
        organisation = locking(Organisation.objects).get(pk=by.acting.organisation_id)
        problems = [*_wrong_dates(starts_on, ends_on), *_wrong_deputy(deputy, organisation, starts_on, ends_on, by)]
        if authority.organisation_id != organisation.pk:
            problems.append(Problem("file", "The written authority is no longer kept. Send it again.", True, "file"))
        refuse_if_blocking(problems)
        role = Role(
            user=deputy,
            organisation=organisation,
            kind=Role.Kind.CFO,
            programme=by.acting.programme,
            starts_on=starts_on,
            ends_on=ends_on,
        )
        role.full_clean()
        role.save(force_insert=True)
        row = Delegation(
            reference=next_reference("DEL"), role=role, given_by=by, given_at=clock.now(), authority=authority
        )
        row.full_clean()
        row.save(force_insert=True)
        words = f"From {day_in_words(starts_on)} to {day_in_words(ends_on)}, authority {authority.sha256}"
        events.record("deputy.name", row.reference, by=by, words=words, programme=role.programme)
    return row


def withdraw(*, delegation: Delegation, reason: str, by: User) -> Delegation:
    """Take the deputy's role back at once, with a reason. What they signed stands."""
    _require_right(by)
    with transaction.atomic():
        role = locking(Role.objects).get(pk=delegation.role_id)
        row = locking(Delegation.objects).get(pk=delegation.pk)
        if role.organisation_id != by.acting.organisation_id:
            raise refuse("role", f"{row.reference} is of another organisation.")
        if role.withdrawn_at is not None:
            raise refuse("withdrawn", f"{row.reference} was withdrawn already.")
        if not reason.strip():
            raise refuse("reason", "Give the reason for withdrawing it.", "reason")
        role.withdrawn_at = clock.now()
        role.save(update_fields=["withdrawn_at"])
        row.withdrawn_by, row.withdrawn_reason = by, reason.strip()
        row.full_clean()
        row.save()
        events.record("deputy.withdraw", row.reference, by=by, words=row.withdrawn_reason, programme=role.programme)
    return row


def _require_right(by: User) -> None:
    if not may_delegate(by):
        raise refuse("role", "A chief finance officer names deputies, in their own right and not as a deputy.")


def _wrong_dates(starts_on: date, ends_on: date) -> list[Problem]:
    found = []
    if starts_on < clock.today():
        found.append(Problem("dates", "A deputy is named from today or later, never for the past.", True, "starts_on"))
    if ends_on < starts_on:
        found.append(Problem("dates", "The last day is before the first.", True, "ends_on"))
    elif ends_on - starts_on > LONGEST:
        found.append(Problem("dates", "Name a deputy for a year at the most.", True, "ends_on"))
    return found


def _wrong_deputy(deputy: User, organisation: Organisation, starts_on: date, ends_on: date, by: User) -> list[Problem]:
    if not candidates(by).filter(pk=deputy.pk).exists():
        words = f"Choose somebody else who holds a role for {organisation} today."
        return [Problem("deputy", words, True, "deputy")]
    same = Role.objects.filter(user=deputy, organisation=organisation, kind=Role.Kind.CFO, withdrawn_at=None)
    over = same.filter(Q(ends_on=None) | Q(ends_on__gte=starts_on), starts_on__lte=ends_on).first()
    if over is None:
        return []
    until = f" until {day_in_words(over.ends_on)}" if over.ends_on else ""
    return [Problem("deputy", f"{deputy} signs for the chief finance officer already{until}.", True, "deputy")]
