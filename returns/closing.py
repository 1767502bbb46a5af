"""Closing a quarter: the act that stands above money and results, and the guard on opening it again."""

from datetime import datetime, timedelta

from django.db import transaction

from board import access, clock, events, quarters
from board.models import Organisation, Quarter, Reopening, Role, User
from board.quarters import MONEY, RESULTS
from core.problems import Problem, refuse, refuse_if_blocking
from funding import spending
from funding.models import Claim, Declaration, Transaction


def close(*, quarter: Quarter, what: str, by: User) -> Quarter:
    """Close a quarter for money or for results; nothing ordinary is recorded in it from then on.

    For money every accrual of the quarter is reversed, one to one, into the next quarter or, for Q4,
    into that year's closing period. A quarter that was reopened is closed again by the same act, which
    reverses only what was accrued meanwhile. Refuses with all problems; nothing is half done.
    """
    _require_right(quarter, by)
    with transaction.atomic():
        locked = quarters.lock(quarter)
        into = into_which(locked) if what == MONEY else None
        # Locked before its accruals, as whoever credits one locks it.
        into = quarters.lock(into) if into else None
        refuse_if_blocking([*_problems(locked, what), *_already_declared(locked, into)])
        if quarters.closed_at(locked, what) and needs_closing_again(locked, what):
            _end_reopenings(locked, what, by)
        else:
            locked = quarters.mark_closed(locked, what, by=by)
        if into:
            reversed_now = spending.reverse_accruals(quarter=locked, into=into, by=by)
            if reversed_now:
                events.record(
                    "quarter.reverse-accruals",
                    locked.code,
                    by=by,
                    words=f"{len(reversed_now)} into {into}",
                    programme=locked.programme,
                )
    return locked


def into_which(quarter: Quarter) -> Quarter | None:
    """Where the accruals of a quarter are reversed: the next one of its year, after Q4 the closing period."""
    later = [row for row in quarter.year.quarters.exclude(kind=Quarter.Kind.FOLLOW_UP) if row.order > quarter.order]
    return min(later, key=lambda row: row.order, default=None)


def needs_closing_again(quarter: Quarter, what: str) -> bool:
    """Whether a closed quarter stands open by a reopening, or holds accruals that were never reversed."""
    return bool(quarters.reopened(quarter, what, clock.now())) or (what == MONEY and bool(_standing_accruals(quarter)))


def reopen(
    *, quarter: Quarter, what: str, organisation: Organisation | None, reason: str, until: datetime, by: User
) -> Reopening:
    """Open a closed quarter again until a moment, with a reason.

    Refused for money once a certified claim of the quarter is in force: what is found later is put
    right in the open quarter, so that no signed figure changes.
    """
    _require_right(quarter, by)
    with transaction.atomic():
        # Whoever certifies the claim takes the same lock, so that a quarter is never both claimed and open.
        locked, problems = quarters.lock(quarter), []
        if what == MONEY and (claim := Claim.objects.in_force().filter(quarter=locked).first()):
            problems.append(
                Problem(
                    "certified",
                    f"The claim {claim.reference} is certified, so {locked} is not opened again for money. "
                    "Put the error right in the open quarter; it will show there as relating to this one.",
                )
            )
        if not reason.strip():
            problems.append(Problem("reason", "Give the reason for opening the quarter again.", True, "reason"))
        if until <= clock.now():
            problems.append(Problem("until", "Choose a day that is still ahead.", True, "until"))
        refuse_if_blocking(problems)
        return quarters.reopen(
            quarter=locked, what=what, organisation=organisation, reason=reason.strip(), until=until, by=by
        )


def _require_right(quarter: Quarter, by: User) -> None:
    role = by.acting
    recipient = quarter.programme.recipient
    if role is None or role.kind != Role.Kind.COMMISSIONING_OFFICER or role.organisation_id != recipient.pk:
        raise refuse("role", f"A commissioning officer of {recipient.short_name} closes and reopens quarters.")
    if not access.may(by, "quarters.close"):
        raise refuse("role", "Your role does not close quarters.")


def _problems(quarter: Quarter, what: str) -> list[Problem]:
    """What cannot be: a period that takes no such thing, a closing period that has not begun or keeps accruals."""
    found = []
    if what == RESULTS and quarter.kind == Quarter.Kind.CLOSING:
        found.append(Problem("kind", f"{quarter} takes late invoices only; there are no results to close.", True))
    if what == MONEY and quarter.kind == Quarter.Kind.FOLLOW_UP:
        found.append(Problem("kind", f"{quarter} takes results only; there is no money to close.", True))
    if what != MONEY or quarter.kind != Quarter.Kind.CLOSING:
        return found
    year_end = quarter.year.quarters.get(kind=Quarter.Kind.QUARTER, number=4)
    if year_end.money_closed_at is None:
        found.append(Problem("order", f"{year_end} is still open for money. Close it first.", True))
    for entry in _standing_accruals(quarter):
        if not entry.reason.strip():
            found.append(
                Problem(
                    "accrual",
                    f"The accrual {entry.reference} would stand open at the year’s final claim. "
                    "Write it back, or give the reason why it stands.",
                    True,
                )
            )
    return found


def _already_declared(quarter: Quarter, into: Quarter | None) -> list[Problem]:
    """What is declared does not change, and so takes no reversal either."""
    if into is None:
        return []
    accruals = Transaction.objects.in_force().filter(kind=Transaction.Kind.ACCRUAL, lines__quarter=quarter)
    sources = accruals.values("lines__budget_line__source")
    declared = Declaration.objects.in_force().filter(quarter=into, source__in=sources)
    return [
        Problem(
            "declared",
            f"{row.source} is declared for {into} already, and its accruals of {quarter} are reversed there. "
            f"Ask {row.organisation} to withdraw that declaration first.",
        )
        for row in declared.select_related("source", "organisation").order_by("source__position", "source__code")
    ]


def _standing_accruals(quarter: Quarter) -> list[Transaction]:
    """Accruals recorded in the quarter that nothing has taken back."""
    rows = Transaction.objects.in_force().filter(kind=Transaction.Kind.ACCRUAL, lines__quarter=quarter)
    rows = rows.prefetch_related("taken_back_by").distinct().order_by("reference")
    return [row for row in rows if all(other.is_void for other in row.taken_back_by.all())]


def _end_reopenings(quarter: Quarter, what: str, by: User) -> None:
    for row in quarters.reopened(quarter, what, clock.now()):
        # A reopening ends after it begins, be it by a moment.
        row.until = max(clock.now(), row.opened_at + timedelta(microseconds=1))
        row.save()
    events.record(f"quarter.close-{what}-again", quarter.code, by=by, programme=quarter.programme)
