"""What a return waits for: each thing in words, with a link to where it is put right."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.urls import reverse

from board import access, clock, quarters
from board.models import Organisation, Quarter, User
from board.quarters import MONEY
from core.problems import Problem


@dataclass(frozen=True)
class Place:
    """A page where a thing is put right or looked at, offered to those who may do `action`."""

    link: str
    action: str
    url_name: str
    args: tuple[object, ...] = ()
    # What narrows a list to the rows that are meant.
    query: Mapping[str, str] = field(default_factory=dict)
    # The organisation whose officers alone find the page.
    only_for: Organisation | None = None

    def is_open_to(self, user: User) -> bool:
        theirs = self.only_for is None or (user.acting is not None and user.acting.organisation == self.only_for)
        return theirs and access.may(user, self.action)

    @property
    def url(self) -> str:
        return reverse(self.url_name, args=self.args, query=self.query)


@dataclass(frozen=True)
class Item:
    """One thing that is missing or worth knowing.

    `weight` is "blocking" (the return cannot be prepared or certified), "warning" or "information".
    `places` say where it is put right, then where those look who may not do that; there may be none.
    """

    code: str
    words: str
    weight: str
    places: tuple[Place, ...] = ()

    def place_for(self, user: User) -> Place | None:
        """The first of its places that the person may open."""
        return next((place for place in self.places if place.is_open_to(user)), None)

    @property
    def blocking(self) -> bool:
        return self.weight == "blocking"

    def problem(self) -> Problem:
        return Problem(self.code, self.words, self.blocking)


def blocking(items: Iterable[Item]) -> list[Problem]:
    """The problems for which a signature is refused."""
    return [item.problem() for item in items if item.blocking]


def closing_place(link: str, quarter: Quarter, what: str) -> Place:
    """Where a quarter is closed."""
    return Place(link, "quarters.close", "returns:close", (quarter.pk, what))


def not_closed(quarter: Quarter, what: str) -> Iterator[Item]:
    """That a quarter is still open for money or results, or was opened again."""
    name = "spend" if what == MONEY else "results"
    if quarters.closed_at(quarter, what) is None:
        words = f"{quarter} is still open for {name}. Close it when everything is in."
        yield Item("closed", words, "blocking", (closing_place(f"Close for {name}", quarter, what),))
    elif quarters.is_open(quarter, what, clock.now()):
        words = f"{quarter} was opened again for {name}. Close it again."
        yield Item("closed", words, "blocking", (closing_place(f"Close for {name} again", quarter, what),))
