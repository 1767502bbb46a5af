"""What still stands between a return and its signatures: each thing in words, worst first."""

from datetime import date

from board.models import Quarter
from board.quarters import MONEY, RESULTS
from returns.items import Item, not_closed
from returns.kinds import kind_of
from returns.kinds.scope import Scope

WEIGHTS = ("blocking", "warning", "information")
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
    return sorted(found, key=lambda item: WEIGHTS.index(item.weight))
