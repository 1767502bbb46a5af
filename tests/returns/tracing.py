"""What is asked of every figure of a return: that what it says it rests on comes to it."""

from board import clock
from board.models import Programme
from returns.content import Content
from returns.leaves import Record
from returns.tracing import Traces


def unproved(content: Content, programme: Programme) -> list[str]:
    """The numbers to which the record, as it is now, does not come by their traces; there should be none."""
    return list(Traces(content, Record(programme, today=clock.today())).failures())
