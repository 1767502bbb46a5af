"""What still stands between a return and its signatures: each thing in words, worst first."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from hashlib import sha256

from board.models import Quarter
from board.quarters import MONEY, RESULTS
from core.forms import day_in_words
from returns.items import Item, not_closed
from returns.kinds import kind_of
from returns.kinds.scope import Scope, scope_of
from returns.kinds.shape import Kind
from returns.models import Return, Waiver

WEIGHTS = ("blocking", "waived", "warning", "information")
# Each return explains its own variances, to date: the explanations of a certified one stand, and are asked for no more.
ASKED_ANEW = frozenset({"F10"})
# What cannot be signed away: a quarter that still moves, a claim out of turn, an accrual that would count twice, the
# unexplained difference to the ledger, and results that a report would print before they are accepted.
NEVER_WAIVED = frozenset({"closed", "F29", "accrual", "ledger", "provisional"})
# What takes none is not asked to be closed.
NEVER_CLOSES = {MONEY: Quarter.Kind.FOLLOW_UP, RESULTS: Quarter.Kind.CLOSING}


def readiness(kind: str, scope: Scope, today: date) -> list[Item]:
    """Everything that a return of this kind and scope waits for or should know of, worst first."""
    wanted = kind_of(kind)
    found = [
        item
        for what in wanted.closes
        for quarter in scope.quarters
        if quarter.kind != NEVER_CLOSES[what]
        for item in not_closed(quarter, what)
    ]
    found += wanted.waits_for(scope, today)
    found += _still_open(wanted, scope, today)
    return sorted(_with_waivers(found, wanted, scope, today), key=lambda item: WEIGHTS.index(item.weight))


def may_be_waived(item: Item) -> bool:
    """Whether two officers may let the return be signed although this is missing."""
    return item.blocking and item.code not in NEVER_WAIVED


def mark_of(words: str) -> str:
    """By which the words of an item are found again."""
    return sha256(words.encode()).hexdigest()


def _with_waivers(items: Iterable[Item], kind: Kind, scope: Scope, today: date) -> Iterator[Item]:
    """What is waived blocks no more, and says who waived it and why."""
    series = Return(
        kind=kind.code,
        programme=scope.programme,
        first_quarter=scope.first,
        last_quarter=scope.last,
        subject=scope.subject,
    )
    rows = Waiver.objects.of_series(series).agreed().filter(until__gte=today).select_related("asked_by", "agreed_by")
    waived = {row.item: row for row in rows}
    for item in items:
        row = waived.get(mark_of(item.words)) if may_be_waived(item) else None
        if row is None:
            yield item
            continue
        words = (
            f"{item.words} Waived until {day_in_words(row.until)} by {row.agreed_by}, asked for by {row.asked_by}: "
            f"{row.reason}"
        )
        yield replace(item, weight="waived", words=words)


def _still_open(kind: Kind, scope: Scope, today: date) -> Iterator[Item]:
    """What was waived in an earlier return of the kind is due in this one, if it stands as it stood."""
    rows = (
        Waiver.objects.agreed()
        .exclude(code__in=ASKED_ANEW)
        .filter(
            the_return__kind=kind.code,
            the_return__programme=scope.programme,
            the_return__subject=scope.subject,
            the_return__status=Return.Status.CERTIFIED,
        )
        .select_related(
            "the_return__programme__recipient",
            "the_return__first_quarter__year",
            "the_return__last_quarter__programme__recipient",
            "the_return__last_quarter__year",
        )
    )
    for row in rows:
        if row.the_return.last_quarter.order >= scope.last.order:
            continue
        for item in kind.waits_for(scope_of(row.the_return), today):
            if item.blocking and mark_of(item.words) == row.item:
                words = f"Waived in {row.the_return.reference}, and due now: {item.words}"
                yield replace(item, words=words)
