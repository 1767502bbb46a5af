"""What happens to a return after it is certified: sent to the funder by hand, and accepted there.

The system sends nothing: an officer of the grant's holder records what was done in the funder's portal, by e-mail or by
post. The frozen return does not change by it. Whether it is paid follows from the receipts of its claim.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from board import clock, events, rows
from board.models import Role, User
from board.rows import locking
from core.forms import day_in_words
from core.problems import Problem, refuse, refuse_if_blocking
from returns.certifying import RELATED
from returns.kinds import kind_of
from returns.models import Dispatch, FunderQuery, Return

SENDERS = (Role.Kind.FINANCE_OFFICER, Role.Kind.COMMISSIONING_OFFICER)
NOT_SENT = "Not sent yet"


def dispatch_of(the_return: Return) -> Dispatch | None:
    """How the revision went to the funder; None where it did not."""
    return the_return.dispatches.filter(withdrawn_at=None).first()


def standing_with_funder(the_return: Return) -> str:
    """In words, short enough for a list; empty for what never goes to the funder or is not certified."""
    row = Return.objects.with_dispatch().get(pk=the_return.pk)
    return standing_in_list(row)


def standing_in_list(the_return: Return) -> str:
    """The same of a return that was read `with_dispatch`, without a query."""
    row: Any = the_return
    if not row.is_frozen or not kind_of(row.kind).goes_to_funder:
        return ""
    if row.sent_on is None:
        return NOT_SENT if row.status == Return.Status.CERTIFIED else ""
    if row.queried_on:
        return f"Queried on {day_in_words(row.queried_on)}"
    if row.returned_on:
        return f"Sent back on {day_in_words(row.returned_on)}"
    if row.accepted_on:
        return f"Accepted on {day_in_words(row.accepted_on)}"
    return f"Sent on {day_in_words(row.sent_on)}"


def may_send(the_return: Return, by: User) -> bool:
    """Whether the person may record now that it was sent.

    A revision that another has replaced may have been sent before; that is recorded still.
    """
    asked = the_return.is_frozen and kind_of(the_return.kind).goes_to_funder
    return asked and is_sender(by, the_return) and dispatch_of(the_return) is None


def may_accept(the_return: Return, by: User) -> bool:
    """Whether the person may record now that the funder accepted it."""
    row = dispatch_of(the_return)
    return row is not None and row.accepted_on is None and not list(_asked(row)) and is_sender(by, the_return)


def may_take_back(the_return: Return, by: User) -> bool:
    """Whether the person may take back what was recorded by mistake."""
    return dispatch_of(the_return) is not None and is_sender(by, the_return)


def send(*, the_return: Return, sent_on: date, way: str, funder_reference: str = "", by: User) -> Dispatch:
    """Record that a certified return was sent to the funder."""
    with transaction.atomic():
        locked = _lock(the_return)
        require_sender(by, locked, "record that this return was sent")
        refuse_if_blocking(list(_unsendable(locked, sent_on)))
        row = Dispatch(the_return=locked, sent_on=sent_on, way=way, funder_reference=funder_reference.strip())
        rows.create(row, by=by)
        words = f"{row.get_way_display()} on {day_in_words(sent_on)}"
        _put_on_record("return.send", row, _with_reference(words, row.funder_reference), by)
    return row


def accept(
    *, dispatch: Dispatch, accepted_on: date, acceptance_reference: str = "", seen_version: int | None = None, by: User
) -> Dispatch:
    """Record that the funder accepted what was sent."""
    with transaction.atomic():
        row = lock_dispatch(dispatch)
        require_sender(by, row.the_return, "record that the funder accepted this return")
        problems = _taken_back(row)
        if row.accepted_on is not None:
            words = f"{row.the_return.reference} was accepted on {day_in_words(row.accepted_on)} already."
            problems.append(Problem("accepted", words))
        problems += _asked(row)
        if accepted_on < row.sent_on:
            words = f"It was sent on {day_in_words(row.sent_on)}. Give that day or a later one."
            problems.append(Problem("accepted_on", words, True, "accepted_on"))
        if accepted_on > clock.today():
            problems.append(Problem("accepted_on", "Give today or an earlier day.", True, "accepted_on"))
        refuse_if_blocking(problems)
        row.accepted_on, row.acceptance_reference = accepted_on, acceptance_reference.strip()
        rows.change(row, by=by, seen_version=seen_version, reason="Accepted by the funder")
        words = f"Accepted on {day_in_words(accepted_on)}"
        _put_on_record("return.accept", row, _with_reference(words, row.acceptance_reference), by)
    return row


def take_back(*, dispatch: Dispatch, reason: str, seen_version: int | None = None, by: User) -> Dispatch:
    """Take back what was recorded by mistake, its acceptance with it. It may then be recorded anew."""
    with transaction.atomic():
        row = lock_dispatch(dispatch)
        require_sender(by, row.the_return, "take back that this return was sent")
        problems = _taken_back(row)
        if row.queries.standing().exists():
            words = f"The funder asked about {row.the_return.reference}. Take its questions back first."
            problems.append(Problem("queried", words))
        if not reason.strip():
            problems.append(Problem("reason", "Give the reason.", True, "reason"))
        refuse_if_blocking(problems)
        row.withdrawn_at, row.withdrawn_reason = clock.now(), reason.strip()
        rows.change(row, by=by, seen_version=seen_version, reason=reason.strip())
        _put_on_record("return.send-withdraw", row, row.withdrawn_reason, by)
    return row


def _unsendable(the_return: Return, sent_on: date) -> Iterator[Problem]:
    kind = kind_of(the_return.kind)
    if not kind.goes_to_funder:
        yield Problem("kind", f"A {kind.title.lower()} does not go to the funder.")
    if dispatch_of(the_return) is not None:
        words = f"{the_return.reference} is recorded as sent already. If that is wrong, take it back first."
        yield Problem("sent", words)
    if the_return.certified_at is None:
        now = the_return.get_status_display().lower()
        yield Problem("status", f"{the_return.reference} is {now}. Only a certified return goes to the funder.")
        return
    certified_on = timezone.localdate(the_return.certified_at)
    if sent_on < certified_on:
        words = f"It was certified on {day_in_words(certified_on)}. Give that day or a later one."
        yield Problem("sent_on", words, True, "sent_on")
    if sent_on > clock.today():
        yield Problem("sent_on", "Give today or an earlier day.", True, "sent_on")


def _asked(row: Dispatch) -> Iterator[Problem]:
    """What the funder asked and is not settled, or sent back: it has not accepted that."""
    for query in row.queries.standing().order_by("reference"):
        if not query.outcome:
            yield Problem("queried", f"{query.reference} is open. Record how the funder's question ended first.")
        elif query.outcome == FunderQuery.Outcome.REVISION:
            yield Problem("returned", f"The funder sent it back ({query.reference}). Revise it, and send the revision.")


def _taken_back(row: Dispatch) -> list[Problem]:
    if row.withdrawn_at is None:
        return []
    return [Problem("withdrawn", "That it was sent has been taken back since. Open the return again.")]


def is_sender(by: User, the_return: Return) -> bool:
    """Whether the person is one of those who deal with the funder about a return."""
    role = by.acting
    return role is not None and role.kind in SENDERS and role.organisation_id == the_return.programme.recipient_id


def require_sender(by: User, the_return: Return, what: str) -> None:
    """Refuse everybody else, in words."""
    if not is_sender(by, the_return):
        names = " or ".join(Role.Kind(role).label.lower() for role in SENDERS)
        raise refuse("role", f"A {names} of {the_return.programme.recipient.short_name} may {what}.")


def _lock(the_return: Return) -> Return:
    return locking(Return.objects).select_related(*RELATED).get(pk=the_return.pk)


def lock_dispatch(dispatch: Dispatch) -> Dispatch:
    """The row under lock, its return locked first."""
    locked = _lock(dispatch.the_return)
    row = locking(Dispatch.objects).get(pk=dispatch.pk)
    row.the_return = locked
    return row


def _with_reference(words: str, reference: str) -> str:
    return f"{words}, reference {reference}" if reference else words


def _put_on_record(act: str, row: Dispatch, words: str, by: User) -> None:
    the_return = row.the_return
    events.record(act, the_return.reference, by=by, words=words, programme=the_return.programme)
