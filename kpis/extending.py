"""More time for a quarter's results: the supplier asks for it, and a commissioning officer grants or refuses it."""

from datetime import date

from django.db import transaction

from board import clock, events, rows
from board.models import User
from board.rows import locking
from core.forms import day_in_words
from core.problems import refuse
from kpis.models import Extension, Submission
from kpis.standing import why_not_fill
from kpis.submitting import is_closed_for, lock, may_decide, may_fill

Status = Extension.Status


def why_not_ask(row: Submission) -> str:
    """More time is for a quarter's first results, before they are handed in and before the quarter is closed."""
    if words := why_not_fill(row):
        return words
    if row.revision > 1 or row.submitted_at is not None:
        return "More time is asked for before results are first submitted. These were."
    if is_closed_for(row):
        return "The quarter is closed for results, so more time is of no use. Submit late, and say why."
    if row.extensions.filter(status=Status.ASKED).exists():
        return "More time was asked for already and is not decided yet."
    return ""


def why_not_decide(row: Extension, by: User) -> str:
    """A request is decided once, by somebody else than who asked, while it still matters."""
    if row.status != Status.ASKED:
        return f"More time was {row.get_status_display().lower()} already, by {row.decided_by}."
    if row.submission.submitted_at is not None:
        return "These results have been submitted since, so there is nothing left to decide."
    if row.by_id == by.pk:
        return "You asked for more time. Ask another commissioning officer to decide."
    return ""


def ask(*, submission: Submission, until: date, reason: str, by: User) -> Extension:
    """Ask to submit until a later day; nothing is granted by it.

    The day lies before the quarter's return is due, since results that come later cannot be in it.
    """
    with transaction.atomic():
        locked = lock(submission)
        if not may_fill(by, locked):
            raise refuse("K21", f"Only {locked.duty.organisation} can ask for more time.")
        if words := why_not_ask(locked):
            raise refuse("K21", words)
        due, last = locked.due_on, locked.quarter.certify_due_on
        if until <= max(due, clock.today()):
            raise refuse("K20", f"Choose a day after {day_in_words(max(due, clock.today()))}.", "until")
        if until > last:
            raise refuse(
                "K20", f"The quarter’s return is due on {day_in_words(last)}. Choose a day until then.", "until"
            )
        row = Extension(submission=locked, until=until, reason=reason.strip(), by=by, at=clock.now())
        row.full_clean()
        row.save(force_insert=True)
        _record("extension.ask", row, by, row.reason)
    return row


def decide(*, extension: Extension, granted: bool, words: str, by: User) -> Extension:
    """Grant the day that was asked for, which then is the day when the results are due; or refuse, saying why."""
    with transaction.atomic():
        locked = lock(extension.submission)
        if not may_decide(by, locked):
            raise refuse("K21", "Only a commissioning officer of the organisation that holds the grant can decide.")
        row = locking(Extension.objects).select_related("submission", "decided_by").get(
            pk=extension.pk
        )  # fmt: skip
        if said := why_not_decide(row, by):
            raise refuse("K21", said)
        if not granted and not words.strip():
            raise refuse("K21", "Say why more time is refused. The supplier sees these words.", "words")
        row.status, row.words = Status.GRANTED if granted else Status.REFUSED, words.strip()
        row.decided_by, row.decided_at = by, clock.now()
        row.full_clean()
        row.save(force_update=True)
        if granted:
            locked.extended_to = row.until
            rows.change(locked, by=by, reason=f"More time until {day_in_words(row.until)}")
        _record(f"extension.{'grant' if granted else 'refuse'}", row, by, row.words)
    return row


def _record(act: str, row: Extension, by: User, words: str) -> None:
    said = f"Until {day_in_words(row.until)}. {words}".strip()
    events.record(act, row.submission.reference, by=by, words=said, programme=row.submission.quarter.programme)
