"""What a person has to do by when. Each floor yields its own; the front page gathers them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Due:
    """One thing to do: in words, where it is done (an address by name), and the day it is due, if any.

    `key` names it stably, so that nobody is told of it twice.
    """

    key: str
    words: str
    url_name: str
    url_args: tuple = ()
    due_on: date | None = None

    def is_late(self, today: date) -> bool:
        return self.due_on is not None and self.due_on < today


def in_order(found: Iterable[Due]) -> list[Due]:
    """The earliest due first, things without a day last."""
    return sorted(found, key=lambda due: (due.due_on is None, due.due_on or date.max, due.key))
