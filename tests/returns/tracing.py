"""What is asked of every figure of a return: that what it says it rests on comes to it."""

from datetime import date

from board import clock
from returns.content import NUMERIC, Content
from returns.kinds.scope import Scope
from returns.leaves import Record
from returns.tracing import Traces


def without_trace(content: Content) -> list[str]:
    """The keys of the numbers that lead nowhere; there should be none."""
    return [row.key for row in content.figures() if row.unit in NUMERIC and row.value is not None and not row.trace]


def unproved(content: Content, scope: Scope, *, today: date | None = None) -> list[str]:
    """The numbers to which the record, as it is now, does not come by their traces; there should be none."""
    return list(Traces(content, Record(scope.programme, today=today or clock.today())).failures())
