"""What a kind of return is: its words, who signs it and in which order, and what certifying it sets in motion."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from board.models import Organisation, Quarter, Role, User
from returns.content import Content, Narrative, Section, SignatureAsked, clean, date_words, from_json
from returns.items import Item
from returns.kinds.scope import Scope, Subject, programme_to, year_to
from returns.models import Document, Return, Signature

STATUS = Return.Status
ROLE = Role.Kind
FORMAT = Document.Format


class Span(StrEnum):
    """Over what a kind of return is made, and how that is called."""

    QUARTER = "a quarter"
    YEAR = "a whole year"
    PROGRAMME = "the whole programme"


@dataclass(frozen=True)
class Step:
    """A signature: who gives it, on a return of which status, and what it says. In the order of signing.

    `by_subject`: the signer is of the organisation that the return is about, not of the recipient. A step
    that `signs` nothing makes the content firm for those who sign: its figures are the system's.
    """

    act: str
    roles: tuple[str, ...]
    starts_from: str
    leads_to: str
    capacity: str
    statement: str
    # The verb for buttons and refusals: "prepare".
    verb: str
    by_subject: bool = False
    signs: bool = True

    def is_asked_of(self, role: Role | None, scope: Scope) -> bool:
        """Whether a role is one that takes this step."""
        whose = scope.subject if self.by_subject else scope.programme.recipient.code
        return role is not None and role.kind in self.roles and role.organisation.code == whose

    def organisation(self, scope: Scope) -> Organisation:
        """Whose people take this step."""
        return scope.organisation if self.by_subject and scope.organisation else scope.programme.recipient

    @property
    def who(self) -> str:
        """The roles that may take it: "Finance officer or Chief finance officer"."""
        return " or ".join(ROLE(role).label for role in self.roles)

    def asked(self, scope: Scope) -> SignatureAsked:
        """The signature as the content asks for it."""
        return SignatureAsked(self.capacity, f"{self.who}, {self.organisation(scope).short_name}", self.statement)


@dataclass(frozen=True)
class Written:
    """A part of the return that people write: its code, its title, and what belongs in it."""

    code: str
    title: str
    hint: str


class Builder(Protocol):
    """How a kind makes its content. Without a return it shows what one would say now, with no words in it."""

    def __call__(self, scope: Scope, *, today: date, the_return: Return | None = None) -> Content: ...


def no_effect(the_return: Return, content: Content, by: User) -> None:
    """Certifying it sets nothing else in motion."""


@dataclass(frozen=True)
class Kind:
    """One kind of return. `closes` is what must be closed in all its quarters before it is prepared.

    `spans` say over what it is made, `quarter_kinds` of which quarters a quarterly one is; `subjects` gives the
    organisations, contracts or requests of which there is one each that ends with a quarter. `waits_for` yields what
    else stands in the way. `take_effect(the_return, content, by)` runs inside the certifying transaction.
    """

    code: str
    title: str
    # Its place wherever the kinds are listed.
    place: int
    closes: tuple[str, ...]
    spans: tuple[Span, ...]
    quarter_kinds: tuple[str, ...]
    steps: tuple[Step, ...]
    written: tuple[Written, ...]
    build: Builder
    waits_for: Callable[[Scope, date], Iterable[Item]]
    take_effect: Callable[[Return, Content, User], None] = no_effect
    subjects: Callable[[Quarter], list[Subject]] | None = None
    # What those of one period are called together, where there is one for each subject.
    several: str = ""
    formats: tuple[str, ...] = (FORMAT.WORKBOOK, FORMAT.PDF)
    # Whether every period must have one; else one of a later period stands for those before it.
    of_every_period: bool = True
    # Whether its drafts print boxes in which it can be signed in ink.
    prints_ink: bool = False
    # Whether its subject is an organisation, whose own finance officers and chief finance officer see it.
    seen_by_subject: bool = False
    # Whether a certified one is issued to the members of the board.
    issued_to_board: bool = False
    # Whether a certified one is sent to the funder, who accepts it.
    goes_to_funder: bool = False

    def scopes(self, quarter: Quarter) -> list[Scope]:
        """The returns of this kind that end with a quarter or closing period."""
        firsts = {
            Span.QUARTER: quarter if quarter.kind in self.quarter_kinds else None,
            Span.YEAR: year_to(quarter) if Span.YEAR in self.spans else None,
            Span.PROGRAMME: programme_to(quarter) if Span.PROGRAMME in self.spans else None,
        }
        spans = [first for span in self.spans if (first := firsts[span])]
        if self.subjects is None:
            return [Scope(first, quarter) for first in spans]
        subjects = self.subjects(quarter) if spans else []
        return [Scope(first, quarter, row.reference) for first in spans for row in subjects]

    def named(self, scope: Scope) -> str:
        """The title of one return: with the name of its subject, where it has one."""
        if self.subjects is None:
            return self.title
        names = {row.reference: row.name for row in self.subjects(scope.last)}
        return f"{self.title}: {names.get(scope.subject, scope.subject)}"

    @property
    def spans_in_words(self) -> str:
        return " or ".join(self.spans)

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


def reference_of(kind: str, scope: Scope, revision: int) -> str:
    """ "DAPF-2023-25/claim/2023-24-Q1/r1"; with a subject "DAPF-2023-25/match/2023-24/ecc/r1"."""
    parts = [scope.programme.code, kind, scope.code, scope.subject, f"r{revision}"]
    return "/".join(part for part in parts if part)


def identity(kind: Kind, scope: Scope, the_return: Return | None, title: str) -> dict[str, object]:
    """The fields of the content that name it; the same for every kind."""
    revision, programme = the_return.revision if the_return else 1, scope.programme
    return {
        "kind": kind.code,
        "title": title,
        "reference": the_return.reference if the_return else reference_of(kind.code, scope, revision),
        "programme": f"{programme.name}, {date_words(programme.first_day)} to {date_words(programme.last_day)} "
        f"({programme.code})",
        "recipient": programme.recipient.name,
        "period": str(scope),
        "revision": revision,
        "signatures_asked": tuple(step.asked(scope) for step in kind.steps if step.signs),
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


def stored_content(the_return: Return) -> Content:
    """The content that was certified, as it was stored."""
    return from_json(bytes(the_return.documents.get(format=Document.Format.CONTENT).data))
