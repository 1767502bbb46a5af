"""What a kind of return is: its words, who signs it and in which order, and what certifying it sets in motion."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from board.models import Programme, Quarter, Role, User
from returns.content import Content, Narrative, Section, SignatureAsked, clean, date_words
from returns.models import Return, Signature

STATUS = Return.Status
ROLE = Role.Kind


@dataclass(frozen=True)
class Step:
    """A signature: who gives it, on a return of which status, and what it says. In the order of signing."""

    act: str
    role: str
    starts_from: str
    leads_to: str
    capacity: str
    statement: str
    # The verb for buttons and refusals: "prepare".
    verb: str

    def asked(self, programme: Programme) -> SignatureAsked:
        """The signature as the content asks for it."""
        return SignatureAsked(
            self.capacity, f"{ROLE(self.role).label}, {programme.recipient.short_name}", self.statement
        )


@dataclass(frozen=True)
class Written:
    """A part of the return that people write: its code, its title, and what belongs in it."""

    code: str
    title: str
    hint: str


class Builder(Protocol):
    """How a kind makes its content. Without a return it shows what one would say now, with no words in it."""

    def __call__(
        self, programme: Programme, quarter: Quarter, *, today: date, the_return: Return | None = None
    ) -> Content: ...


@dataclass(frozen=True)
class Kind:
    """One kind of return. `closes` is what must be closed before it is prepared: money or results.

    `take_effect(the_return, content, by)` runs inside the certifying transaction.
    """

    code: str
    title: str
    closes: str
    quarter_kinds: tuple[str, ...]
    steps: tuple[Step, ...]
    written: tuple[Written, ...]
    build: Builder
    take_effect: Callable[[Return, Content, User], None]

    def step(self, act: str) -> Step:
        """The signature of that act; KeyError where this kind asks for none."""
        for step in self.steps:
            if step.act == act:
                return step
        raise KeyError(act)

    def next_step(self, status: str) -> Step | None:
        """The signature that a return of this status waits for."""
        return next((step for step in self.steps if step.starts_from == status), None)

    def signed_statuses(self) -> tuple[str, ...]:
        """The statuses from which a return can be sent back: signed by somebody, certified by nobody."""
        return tuple(step.leads_to for step in self.steps if step.leads_to != STATUS.CERTIFIED)


PREPARE, CHECK, CERTIFY = Signature.Act.PREPARE, Signature.Act.CHECK, Signature.Act.CERTIFY


def reference_of(programme: Programme, kind: str, quarter: Quarter, revision: int) -> str:
    """ "DAPF-2023-25/claim/2023-24-Q1/r1"."""
    return f"{programme.code}/{kind}/{quarter.code}/r{revision}"


def identity(
    kind: Kind, programme: Programme, quarter: Quarter, the_return: Return | None, title: str
) -> dict[str, object]:
    """The fields of the content that name it; the same for every kind."""
    revision = the_return.revision if the_return else 1
    return {
        "kind": kind.code,
        "title": title,
        "reference": the_return.reference if the_return else reference_of(programme, kind.code, quarter, revision),
        "programme": f"{programme.name}, {date_words(programme.first_day)} to {date_words(programme.last_day)} "
        f"({programme.code})",
        "recipient": programme.recipient.name,
        "period": str(quarter),
        "revision": revision,
        "signatures_asked": tuple(step.asked(programme) for step in kind.steps),
        "marking": programme.marking,
        "illustrative": programme.illustrative,
    }


def words_of(the_return: Return | None) -> dict[str, str]:
    """What people wrote, by section."""
    if the_return is None:
        return {}
    return {row.section: clean(row.words) for row in the_return.commentaries.all()}


def commentary(kind: Kind, words: Mapping[str, str]) -> Section:
    """The narrative of the return, one heading for each part in which something was written."""
    parts = tuple(Narrative(part.code, part.title, words[part.code]) for part in kind.written if words.get(part.code))
    return Section("commentary", "Commentary", () if parts else ("No commentary was written.",), narrative=parts)
