"""Questions of the funder about a return that was sent: recorded, answered, ended.

A query ends in one of three ways: it is answered and the figures stand; cost is disallowed, which is recorded with the
claim; or the return goes back for a revision, which is begun on its page. While one is open, and once the return was
sent back, it cannot be recorded as accepted.
"""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from django.db import transaction

from board import clock, events, files, rows
from board.models import StoredFile, User
from board.rows import locking
from core.forms import day_in_words
from core.problems import Problem, refuse, refuse_if_blocking
from funding.models import Claim, Disallowance
from returns import certifying
from returns.models import Dispatch, FunderQuery, QueryFile, Return
from returns.sending import dispatch_of, is_sender, lock_dispatch, require_sender

Outcome = FunderQuery.Outcome


def may_record(the_return: Return, by: User) -> bool:
    """Whether the person may record a query now: the return was sent. An accepted one can still be asked about."""
    row = dispatch_of(the_return)
    return row is not None and is_sender(by, the_return)


def may_change(query: FunderQuery, by: User) -> bool:
    """Whether the person may answer, end or take back a query."""
    return query.withdrawn_at is None and not query.outcome and is_sender(by, query.dispatch.the_return)


def disallowances_of(the_return: Return) -> list[Disallowance]:
    """What was disallowed of the claim of a return; none for a return without a claim."""
    claim: Claim | None = certifying.standing_claim(the_return) if the_return.kind == Return.CLAIM else None
    if claim is None:
        return []
    rows_found = Disallowance.objects.filter(parts__line__claim_lines__part__claim=claim)
    return list(rows_found.distinct().order_by("reference"))


def record(
    *,
    dispatch: Dispatch,
    asked_on: date,
    asked_by_title: str,
    question: str,
    due_on: date,
    by: User,
    once: UUID | None = None,
) -> FunderQuery:
    """Record what the funder asks about a return that was sent, and by when it wants the answer."""
    with transaction.atomic():
        locked = lock_dispatch(dispatch)
        require_sender(by, locked.the_return, "record a question of the funder")
        same = {"dispatch_id": locked.pk, "question": question.strip()}
        if before := rows.written_before(FunderQuery, once, by=by, **same):
            return before
        problems = []
        if locked.withdrawn_at is not None:
            problems.append(Problem("sent", "That it was sent has been taken back. Record it as sent first."))
        if asked_on < locked.sent_on:
            words = f"It was sent on {day_in_words(locked.sent_on)}. Give that day or a later one."
            problems.append(Problem("asked_on", words, True, "asked_on"))
        if due_on < asked_on:
            words = "The answer is due on the day of the question or later."
            problems.append(Problem("due_on", words, True, "due_on"))
        refuse_if_blocking([*problems, *_not_ahead(asked_on, "asked_on")])
        row = FunderQuery(
            reference=rows.next_reference("FQ"),
            dispatch=locked,
            asked_on=asked_on,
            asked_by_title=asked_by_title.strip(),
            question=question.strip(),
            due_on=due_on,
        )
        if once:
            row.once = once
        rows.create(row, by=by)
        _put_on_record("return.query", row, row.question, by)
    return row


def answer(
    *, query: FunderQuery, answered_on: date, words: str, seen_version: int | None = None, by: User
) -> FunderQuery:
    """Record the answer that was given, or a fuller one in its place while the query is open."""
    with transaction.atomic():
        row = _lock(query)
        require_sender(by, row.dispatch.the_return, "record the answer")
        problems = [
            *_ended(row),
            *_not_ahead(answered_on, "answered_on"),
            *_not_before(row, answered_on, "answered_on"),
        ]
        if not words.strip():
            problems.append(Problem("answer", "Write what was answered.", True, "words"))
        refuse_if_blocking(problems)
        row.answered_on, row.answer = answered_on, words.strip()
        rows.change(row, by=by, seen_version=seen_version, reason="Answered")
        _put_on_record("return.query-answer", row, row.answer, by)
    return row


def end(
    *,
    query: FunderQuery,
    outcome: str,
    ended_on: date,
    words: str = "",
    disallowance: str = "",
    seen_version: int | None = None,
    by: User,
) -> FunderQuery:
    """Record how a query ended. `disallowance` is the reference of what was disallowed, where cost was."""
    with transaction.atomic():
        row = _lock(query)
        the_return = row.dispatch.the_return
        require_sender(by, the_return, "record how the question ended")
        problems = [*_ended(row), *_not_ahead(ended_on, "ended_on"), *_not_before(row, ended_on, "ended_on")]
        problems += _does_not_fit(row, outcome, disallowance)
        refuse_if_blocking(problems)
        row.outcome, row.ended_on, row.outcome_words = outcome, ended_on, words.strip()
        row.disallowance = disallowance if outcome == Outcome.DISALLOWED else ""
        rows.change(row, by=by, seen_version=seen_version, reason=row.get_outcome_display())
        said = row.get_outcome_display() + (f": {row.disallowance}" if row.disallowance else "")
        _put_on_record("return.query-end", row, said, by)
    return row


def take_back(*, query: FunderQuery, reason: str, seen_version: int | None = None, by: User) -> FunderQuery:
    """Take back a query that was recorded by mistake; it stays on record."""
    with transaction.atomic():
        row = _lock(query)
        require_sender(by, row.dispatch.the_return, "take a question back")
        problems = list(_ended(row))
        if not reason.strip():
            problems.append(Problem("reason", "Give the reason.", True, "reason"))
        refuse_if_blocking(problems)
        row.withdrawn_at, row.withdrawn_reason = clock.now(), reason.strip()
        rows.change(row, by=by, seen_version=seen_version, reason=row.withdrawn_reason)
        _put_on_record("return.query-withdraw", row, row.withdrawn_reason, by)
    return row


def attach(*, query: FunderQuery, file: StoredFile, confirmed_no_names: bool, by: User) -> QueryFile:
    """Keep a file with a query. One that is kept with it already is handed back as it stands."""
    with transaction.atomic():
        row = _lock(query)
        require_sender(by, row.dispatch.the_return, "attach a file to a question")
        problems = list(_ended(row))
        kept = StoredFile.objects.select_for_update().filter(pk=file.pk).first()
        if kept is None or kept.organisation_id != by.acting.organisation_id:
            words = f"“{file.name}” is no longer kept: it waited for more than a day. Send it again."
            problems.append(Problem("F22", words, True, "file"))
        if not confirmed_no_names:
            words = (
                "Confirm that the file names no victim, client or refuge. If it does, take the name out of it first."
            )
            problems.append(Problem("F22", words, True, "confirmed_no_names"))
        refuse_if_blocking(problems)
        if before := row.files.filter(file=kept).first():
            return before
        made = rows.create(QueryFile(query=row, file=kept), by=by)
        _put_on_record("return.query-attach", row, f"{file.name}, {file.sha256}", by)
    return made


def give_out(*, attached: QueryFile, by: User) -> bytes:
    """The content of a file of a query; that it was taken is on record."""
    data = files.content_of(attached.file)
    _put_on_record("return.query-download", attached.query, f"{attached.file.name}, {attached.file.sha256}", by)
    return data


def _does_not_fit(row: FunderQuery, outcome: str, disallowance: str) -> Iterator[Problem]:
    """What an outcome asks for before it can be recorded."""
    if outcome == Outcome.STANDS and row.answered_on is None:
        yield Problem("outcome", "Record the answer first: the figures stand because of it.", True, "outcome")
    if outcome != Outcome.DISALLOWED:
        return
    found = {one.reference for one in disallowances_of(row.dispatch.the_return)}
    if not found:
        words = "Record the disallowance with the claim first, then choose it here."
        yield Problem("outcome", words, True, "outcome")
    elif disallowance not in found:
        words = f"Choose what was disallowed of this claim: {', '.join(sorted(found))}."
        yield Problem("disallowance", words, True, "disallowance")


def _ended(row: FunderQuery) -> Iterator[Problem]:
    if row.withdrawn_at is not None or row.outcome:
        words = f"{row.reference} is closed: {row.standing_words.lower()}. Open it again to see what was recorded."
        yield Problem("ended", words)


def _not_ahead(day: date, where: str) -> Iterator[Problem]:
    if day > clock.today():
        yield Problem(where, "Give today or an earlier day.", True, where)


def _not_before(row: FunderQuery, day: date, where: str) -> Iterator[Problem]:
    if day < row.asked_on:
        words = f"It was asked on {day_in_words(row.asked_on)}. Give that day or a later one."
        yield Problem(where, words, True, where)


def _lock(query: FunderQuery) -> FunderQuery:
    dispatch = lock_dispatch(query.dispatch)
    row = locking(FunderQuery.objects).get(pk=query.pk)
    if row.dispatch_id != dispatch.pk:
        raise refuse("query", f"{row.reference} is of another return.")
    row.dispatch = dispatch
    return row


def _put_on_record(act: str, row: FunderQuery, words: str, by: User) -> None:
    the_return = row.dispatch.the_return
    said = f"{row.reference}: {words}"
    events.record(act, the_return.reference, by=by, words=said, programme=the_return.programme)
