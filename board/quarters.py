"""Which quarter is open, for whom, and the acts that close and reopen one.

"A closed quarter does not change" is decided here, below both money and results.
"""

from datetime import datetime

from django.db import models, transaction
from django.utils import timezone

from board import clock, events
from board.models import Organisation, Programme, Quarter, Reopening, User
from board.rows import locking
from core.forms import day_in_words
from core.problems import Problem, refuse, refuse_if_blocking

MONEY = Reopening.What.MONEY
RESULTS = Reopening.What.RESULTS


def closed_at(quarter: Quarter, what: str) -> datetime | None:
    """When the quarter closed for money or for results; None while it has not."""
    return quarter.money_closed_at if what == MONEY else quarter.results_closed_at


def is_open(quarter: Quarter, what: str, moment: datetime, organisation: Organisation | None = None) -> bool:
    """Whether an organisation may write into the quarter at a moment.

    It has begun, and is not closed or is reopened for it. A closing period begins when its year's
    Q4 closes for money; it never takes results. A follow-up takes no money.
    """
    if quarter.kind == Quarter.Kind.CLOSING:
        if what == RESULTS or not _fourth_quarter(quarter).money_closed_at:
            return False
    elif timezone.localdate(moment) < quarter.first_day or (quarter.kind == Quarter.Kind.FOLLOW_UP and what == MONEY):
        return False
    if closed_at(quarter, what) is None:
        return True
    return any(row.covers(what, organisation, moment) for row in quarter.reopenings.all())


def _fourth_quarter(closing: Quarter) -> Quarter:
    return Quarter.objects.get(year_id=closing.year_id, kind=Quarter.Kind.QUARTER, number=4)


def open_quarters(
    programme: Programme, what: str, moment: datetime, organisation: Organisation | None = None
) -> list[Quarter]:
    """The quarters of a programme that an organisation may write into now, earliest first."""
    rows = programme.quarters.select_related("programme", "year").prefetch_related("reopenings")
    return [row for row in rows if is_open(row, what, moment, organisation)]


def lock(quarter: Quarter) -> Quarter:
    """The quarter, with its row locked until the transaction ends.

    Locks are taken in one order everywhere, so that no two acts wait for each other: quarters by code, then what
    hangs on them. The lock lets others refer to the quarter, as a late line does, and only refuses its change.
    """
    rows = locking(Quarter.objects).select_related("programme", "year")
    return rows.get(pk=quarter.pk)


def lock_all(quarters: models.QuerySet[Quarter]) -> None:
    """Lock many quarters in the order of every act; whether they are open is asked afterwards."""
    list(locking(quarters.order_by("code", "pk")).values_list("pk", flat=True))


def reopened(quarter: Quarter, what: str, moment: datetime) -> list[Reopening]:
    """The reopenings by which a closed quarter stands open at a moment, for one organisation or all."""
    return [row for row in quarter.reopenings.filter(what=what) if row.opened_at <= moment < row.until]


def lock_open(quarter: Quarter, what: str, *, organisation: Organisation | None = None) -> Quarter:
    """Lock a quarter's row and require that it is open; every act that writes by quarter begins here."""
    locked = lock(quarter)
    if is_open(locked, what, clock.now(), organisation):
        return locked
    shut = closed_at(locked, what)
    if shut is None:
        raise refuse("F02", f"{locked} has not begun. Choose a quarter that is open.", "quarter")
    thing = "spend" if what == MONEY else "results"
    raise refuse(
        "F02",
        f"{locked} was closed for {thing} on {day_in_words(shut)}. "
        + (
            "Record it in an open quarter; it will show there as relating to the earlier one."
            if what == MONEY
            else "Ask a commissioning officer to take it as a late or revised result."
        ),
        "quarter",
    )


def mark_closed(quarter: Quarter, what: str, *, by: User) -> Quarter:
    """Close a quarter for money or for results. Part of the closing act, which does the rest.

    The rule of order is this board's choice: money closes quarter by quarter, so that reversals of
    accruals always find the next quarter still open.
    """
    locked = lock(quarter)
    problems = []
    if closed_at(locked, what):
        problems.append(Problem("closed", f"{locked} is closed for {what} already.", True, "quarter"))
    earlier = [row for row in locked.programme.quarters.all() if row.order < locked.order]
    for row in earlier:
        same_track = row.kind == Quarter.Kind.CLOSING
        if closed_at(row, what) is None and not same_track:
            problems.append(Problem("order", f"{row} is still open for {what}. Close it first.", True, "quarter"))
    if locked.kind != Quarter.Kind.CLOSING and clock.today() <= locked.last_day:
        problems.append(
            Problem(
                "running", f"{locked} runs until {day_in_words(locked.last_day)}. Close it after that.", True, "quarter"
            )
        )
    refuse_if_blocking(problems)
    if what == MONEY:
        locked.money_closed_at, locked.money_closed_by = clock.now(), by
    else:
        locked.results_closed_at, locked.results_closed_by = clock.now(), by
    locked.full_clean()
    locked.save()
    events.record(f"quarter.close-{what}", locked.code, by=by, programme=locked.programme)
    return locked


def reopen(
    *, quarter: Quarter, what: str, organisation: Organisation | None, reason: str, until: datetime, by: User
) -> Reopening:
    """Open a closed quarter again until a moment, after which it is shut by itself.

    Whether a certified claim stands in the way is asked by the floor that knows claims.
    """
    with transaction.atomic():
        locked = lock(quarter)
        if closed_at(locked, what) is None:
            raise refuse("open", f"{locked} is open for {what}; there is nothing to reopen.", "quarter")
        row = Reopening(
            quarter=locked,
            what=what,
            organisation=organisation,
            by=by,
            reason=reason.strip(),
            opened_at=clock.now(),
            until=until,
        )
        row.full_clean()
        row.save()
        events.record(f"quarter.reopen-{what}", locked.code, by=by, words=row.reason, programme=locked.programme)
    return row
