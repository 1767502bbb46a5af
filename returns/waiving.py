"""Waiving what is missing: asked for by a commissioning officer, agreed by the chief finance officer, with an end.

The rule is this board's: anything that a return waits for may be waived but what `readiness.NEVER_WAIVED` names.
"""

from datetime import date

from django.db import transaction

from board import clock, events, rows
from board.models import Role, User
from board.rows import locking
from core.forms import day_in_words
from core.problems import Problem, refuse, refuse_if_blocking
from returns.certifying import RELATED
from returns.items import Item
from returns.kinds.scope import scope_of
from returns.models import Return, Waiver
from returns.readiness import mark_of, may_be_waived, readiness

ASKER, AGREER = Role.Kind.COMMISSIONING_OFFICER, Role.Kind.CFO


def waivable(the_return: Return) -> list[Item]:
    """What the return waits for that might be waived, and for which nobody has asked yet."""
    asked = set(the_return.waivers.filter(withdrawn_at=None).values_list("item", flat=True))
    found = readiness(the_return.kind, scope_of(the_return), clock.today())
    return [item for item in found if may_be_waived(item) and mark_of(item.words) not in asked]


def may_ask(the_return: Return, by: User) -> bool:
    """Whether the person may ask for a waiver now."""
    return the_return.status == Return.Status.DRAFT and _is(by, the_return, ASKER)


def may_agree(waiver: Waiver, by: User) -> bool:
    """Whether the person may agree to it now."""
    open_now = not waiver.is_agreed and waiver.withdrawn_at is None and waiver.until >= clock.today()
    draft = waiver.the_return.status == Return.Status.DRAFT
    return open_now and draft and _is(by, waiver.the_return, AGREER) and waiver.asked_by_id != by.pk


def may_withdraw(waiver: Waiver, by: User) -> bool:
    """Whether the person may take it back, or turn it down, now."""
    draft = waiver.the_return.status == Return.Status.DRAFT
    mine = _is(by, waiver.the_return, ASKER) or _is(by, waiver.the_return, AGREER)
    return waiver.withdrawn_at is None and draft and mine


def ask(*, the_return: Return, item: str, reason: str, until: date, by: User) -> Waiver:
    """Ask that a return may be signed although something is missing. `item` is the mark of its words."""
    with transaction.atomic():
        locked = _lock(the_return)
        _require(by, locked, ASKER, "ask for a waiver")
        found = next((one for one in waivable(locked) if mark_of(one.words) == item), None)
        problems = [*_not_a_draft(locked), *_wrong_terms(reason, until)]
        if found is None:
            words = "This is not missing any more, is asked for already, or cannot be waived. Choose another."
            problems.append(Problem("item", words, True, "item"))
        refuse_if_blocking(problems)
        row = Waiver(
            reference=rows.next_reference("W"),
            the_return=locked,
            code=found.code if found else "",
            words=found.words if found else "",
            item=item,
            reason=reason.strip(),
            until=until,
            asked_by=by,
        )
        rows.create(row, by=by, reason=reason.strip())
        _put_on_record("return.waiver-ask", row, f"{row.reference} until {day_in_words(until)}: {row.words}", by)
    return row


def agree(*, waiver: Waiver, by: User) -> Waiver:
    """Agree to a waiver: another person than who asked, the chief finance officer or a deputy."""
    with transaction.atomic():
        locked, row = _lock_both(waiver)
        _require(by, locked, AGREER, "agree to a waiver")
        problems = _not_a_draft(locked)
        if row.withdrawn_at is not None or row.is_agreed:
            problems.append(Problem("waiver", f"{row.reference} is {row.standing.lower()} already."))
        if row.asked_by_id == by.pk:
            problems.append(Problem("F30", "You asked for this waiver. Somebody else agrees to it."))
        if row.until < clock.today():
            problems.append(Problem("until", f"{row.reference} has expired. It is asked for anew."))
        refuse_if_blocking(problems)
        row.agreed_by, row.agreed_capacity, row.agreed_at = by, by.acting.capacity, clock.now()
        rows.change(row, by=by, reason="Agreed")
        _put_on_record("return.waiver-agree", row, f"{row.reference}: {row.words}", by)
    return row


def withdraw(*, waiver: Waiver, reason: str, by: User) -> Waiver:
    """Take a waiver back, or turn down one that was asked for, with a reason."""
    with transaction.atomic():
        locked, row = _lock_both(waiver)
        if not (_is(by, locked, ASKER) or _is(by, locked, AGREER)):
            _require(by, locked, ASKER, "take a waiver back")
        problems = _not_a_draft(locked)
        if row.withdrawn_at is not None:
            problems.append(Problem("waiver", f"{row.reference} is withdrawn already."))
        if not reason.strip():
            problems.append(Problem("reason", "Give the reason.", True, "reason"))
        refuse_if_blocking(problems)
        row.withdrawn_at, row.withdrawn_reason = clock.now(), reason.strip()
        rows.change(row, by=by, reason=reason.strip())
        _put_on_record("return.waiver-withdraw", row, f"{row.reference}: {row.withdrawn_reason}", by)
    return row


def _is(by: User, the_return: Return, kind: str) -> bool:
    role = by.acting
    return role is not None and role.kind == kind and role.organisation_id == the_return.programme.recipient_id


def _require(by: User, the_return: Return, kind: str, what: str) -> None:
    if not _is(by, the_return, kind):
        words = f"A {Role.Kind(kind).label.lower()} of {the_return.programme.recipient.short_name} may {what}."
        raise refuse("role", words)


def _not_a_draft(the_return: Return) -> list[Problem]:
    if the_return.status == Return.Status.DRAFT:
        return []
    now = the_return.get_status_display().lower()
    words = f"{the_return.reference} is {now}: what is waived is part of what is signed. Send it back first."
    if the_return.is_frozen:
        words = f"{the_return.reference} is {now} and does not change."
    return [Problem("status", words)]


def _wrong_terms(reason: str, until: date) -> list[Problem]:
    found = []
    if not reason.strip():
        found.append(Problem("reason", "Give the reason.", True, "reason"))
    if until < clock.today():
        found.append(Problem("until", "Choose today or a later day.", True, "until"))
    return found


def _lock(the_return: Return) -> Return:
    return locking(Return.objects).select_related(*RELATED).get(pk=the_return.pk)


def _lock_both(waiver: Waiver) -> tuple[Return, Waiver]:
    locked = _lock(waiver.the_return)
    row = locking(Waiver.objects).get(pk=waiver.pk)
    row.the_return = locked
    return locked, row


def _put_on_record(act: str, waiver: Waiver, words: str, by: User) -> None:
    events.record(act, waiver.the_return.reference, by=by, words=words, programme=waiver.the_return.programme)
