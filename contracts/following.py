"""Issues and actions of a contract: opened, given to somebody by a day, closed with words."""

import uuid
from datetime import date
from typing import TypeVar

from django.db import transaction

from board import clock, rows
from board.models import User
from board.rows import locking
from contracts.contracting import lock_to_write, put_on_record
from contracts.models import Action, Contract, Issue
from contracts.rules import fits_its_table, given, is_not_ahead
from core.problems import Problem, refuse, refuse_if_blocking

FollowedT = TypeVar("FollowedT", Issue, Action)


def open_issue(
    *,
    contract: Contract,
    words: str,
    owner_title: str,
    opened_on: date,
    due_on: date,
    by: User,
    once: uuid.UUID | None = None,
) -> Issue:
    """Record that something is not as it should be. The owner is a role title; nobody is named."""
    about = {"words": words.strip(), "owner_title": owner_title, "opened_on": opened_on, "due_on": due_on}
    return _open(Issue(contract=contract, **about), once, by)


def add_action(
    *,
    contract: Contract,
    words: str,
    owner_title: str,
    opened_on: date,
    due_on: date,
    by: User,
    issue: Issue | None = None,
    once: uuid.UUID | None = None,
) -> Action:
    """Record what somebody shall do by a day, perhaps about an open issue of the same contract."""
    about = {"words": words.strip(), "owner_title": owner_title, "opened_on": opened_on, "due_on": due_on}
    return _open(Action(contract=contract, issue=issue, **about), once, by)


def close_issue(*, issue: Issue, closed_on: date, words: str, by: User) -> Issue:
    """Close an issue, with words that say how. Its actions are completed before it."""
    return _close(Issue, issue, closed_on, words, by)


def complete_action(*, action: Action, closed_on: date, words: str, by: User) -> Action:
    """Complete an action, with words that say what came of it."""
    return _close(Action, action, closed_on, words, by)


def _open(row: FollowedT, once: uuid.UUID | None, by: User) -> FollowedT:
    kind = type(row)
    with transaction.atomic():
        locked = lock_to_write(row.contract, by)
        if before := rows.written_before(kind, once, by=by, contract_id=locked.pk, words=row.words):
            return before
        row.contract, row.once = locked, once or row.once
        row.number = kind.objects.filter(contract=locked).count() + 1
        problems = [*fits_its_table(row), *is_not_ahead(row.opened_on, clock.today(), "It was opened on", "opened_on")]
        issue = getattr(row, "issue", None)
        if issue is not None and (issue.contract_id != locked.pk or issue.closed_on is not None):
            words = f"{issue} is closed, or of another contract. Choose an open issue of this one."
            problems.append(Problem("issue", words, True, "issue"))
        refuse_if_blocking(problems)
        rows.create(row, by=by)
        name = kind._meta.verbose_name
        put_on_record(f"contract.{name}", locked, by, f"{str(name).capitalize()} {row.number}: {row.words}")
    return row


def _close(kind: type[FollowedT], row: FollowedT, closed_on: date, words: str, by: User) -> FollowedT:
    name = kind._meta.verbose_name
    with transaction.atomic():
        contract = lock_to_write(row.contract, by)
        locked = locking(kind.objects).get(pk=row.pk)
        if locked.closed_on is not None:
            raise refuse("closed", f"{str(name).capitalize()} {locked.number} is closed already.")
        problems = [
            *given(words, "Say how it was closed.", "words"),
            *is_not_ahead(closed_on, clock.today(), "It was closed on", "closed_on"),
        ]
        if closed_on < locked.opened_on:
            problems.append(Problem("dates", "It cannot be closed before it was opened.", True, "closed_on"))
        if kind is Issue and (left := Action.objects.filter(issue=locked, closed_on=None).count()):
            open_ones = "1 action of it is" if left == 1 else f"{left} actions of it are"
            problems.append(Problem("issue", f"{open_ones} open. Complete what is to be done about it first."))
        refuse_if_blocking(problems)
        locked.closed_on, locked.closed_words = closed_on, words.strip()
        rows.change(locked, by=by, reason=words)
        put_on_record(
            f"contract.close-{name}", contract, by, f"{str(name).capitalize()} {locked.number}: {words.strip()}"
        )
    return locked
