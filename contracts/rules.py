"""The rules of contracts: each a function that yields Problems. What is charged to a contract is known above alone."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from board.models import UNALLOCATED, Organisation, Programme, Project, Role, User, Year
from board.rows import Kept
from contracts.models import Contract
from core.forms import day_in_words
from core.money import NOUGHT, in_words
from core.problems import Problem

Place = tuple[Project, Year]
Values = Mapping[Place, Decimal]

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_DECISION = re.compile(r"\d{3}-\d{2}")
# Addresses of the register's own pages, which a reference would hide behind.
_TAKEN = frozenset({"engage", "falls-due"})
_STAMPS = ("once", "version", "created_at", "created_by", "changed_at", "changed_by")


def box_of(project: Project, year: Year) -> str:
    """What a page calls the box of a project's value in a year, for problems to name."""
    return f"value-{project.pk}-{year.pk}"


def places_of(programme: Programme) -> list[Place]:
    """Where a contract of a programme can be worth something: its projects by its years.

    Those of the same recipient's later programmes too, since a variation can extend a contract into a continuation
    year; what it is worth there is of that programme, and no money moves between the two.
    """
    later = Programme.objects.filter(recipient=programme.recipient_id, first_day__gt=programme.last_day)
    of = [programme, *later.order_by("first_day", "code")]
    return [
        (project, year)
        for one in of
        for project in one.projects.exclude(code=UNALLOCATED)
        for year in one.years.order_by("starts")
    ]


def keeps_the_register(by: User, recipient: Organisation, buyer: Organisation) -> Iterator[Problem]:
    """A commissioning officer of the grant's recipient or of the buyer keeps the register (this board's choice)."""
    role = by.acting
    if (
        role is None
        or role.kind != Role.Kind.COMMISSIONING_OFFICER
        or role.organisation_id not in (recipient.pk, buyer.pk)
    ):
        yield Problem(
            "role", f"Commissioning officers of {recipient} and of {buyer} keep this contract.", True, "buyer"
        )


def fits_its_table(row: Kept) -> Iterator[Problem]:
    """What the table itself refuses, said beside the other problems and not after them."""
    try:
        row.full_clean(exclude=_STAMPS)
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            for words in messages:
                yield Problem("table", words, True, "" if name == NON_FIELD_ERRORS else name)


def has_a_plain_reference(reference: str) -> Iterator[Problem]:
    """The reference stands in addresses and file names."""
    if reference and (not _REFERENCE.fullmatch(reference) or reference.lower() in _TAKEN):
        yield Problem(
            "reference",
            f"“{reference}” cannot be a reference. Write letters, digits, dashes and full stops, such as CHB-2023.",
            True,
            "reference",
        )


def decision_is_as_printed(reference: str) -> Iterator[Problem]:
    """Decision sheets are numbered 113-23: three digits, a dash, two digits."""
    if reference and not _DECISION.fullmatch(reference):
        yield Problem(
            "decision",
            f"“{reference}” is no decision reference. Write it as 113-23: three digits, a dash, two digits.",
            True,
            "decision_reference",
        )


def is_not_ahead(day: date | None, today: date, what: str, where: str) -> Iterator[Problem]:
    """What is on record as done was done by today."""
    if day is not None and day > today:
        yield Problem("dates", f"{what} {day_in_words(day)}, which is in the future. Check the date.", True, where)


def years_are_of_the_projects(values: Values) -> Iterator[Problem]:
    """Money never moves between programmes, so a project is worth something in its own programme's years alone."""
    for project, year in values:
        if project.programme_id != year.programme_id:
            words = f"{project} and {year} are of two programmes. Choose a year of the project's own."
            yield Problem("F24", words, True, box_of(project, year))


def worth_is_within_its_dates(worth: Values, starts_on: date | None, ends_on: date | None) -> Iterator[Problem]:
    """A contract is worth something only in years in which it runs."""
    if starts_on is None or ends_on is None:
        return
    for (project, year), amount in worth.items():
        first_day, last_day = year.bounds
        if amount > 0 and (ends_on < first_day or starts_on > last_day):
            yield Problem(
                "F24",
                f"{project} would be worth {in_words(amount)} in {year}, in which the contract does not run: it runs "
                f"from {day_in_words(starts_on)} to {day_in_words(ends_on)}. Change its dates, or leave this empty.",
                True,
                box_of(project, year),
            )


def first_worth_is_not_negative(values: Values) -> Iterator[Problem]:
    for (project, year), amount in values.items():
        if amount < 0:
            words = f"{project} in {year} cannot be worth {in_words(amount)}. Enter what the contract is worth."
            yield Problem("F24", words, True, box_of(project, year))


def worth_is_not_below_nought(worth: Values) -> Iterator[Problem]:
    """F24: no variation leaves a project and year worth less than nothing."""
    for (project, year), left in worth.items():
        if left < 0:
            words = f"{project} in {year} would be worth {in_words(left)}. Lower it by less."
            yield Problem("F24", words, True, box_of(project, year))


def something_changes(contract: Contract, changes: Values, ends_on: date | None, targets: str) -> Iterator[Problem]:
    """A variation changes value, end or targets; one that changes nothing is a slip."""
    if not any(changes.values()) and (ends_on is None or ends_on == contract.ends_on) and not targets:
        words = "This changes nothing. Enter a change of value, a new end or a change of targets."
        yield Problem("variation", words, True, "ends_on")


def approval_is_in_time(effective_on: date, approved_on: date, retrospective_reason: str) -> Iterator[Problem]:
    """A variation is approved before it takes effect, or says why it was not."""
    if approved_on > effective_on and not retrospective_reason:
        words = "A variation approved after it took effect needs the reason why."
        yield Problem("variation", words, True, "retrospective_reason")


def in_force_after(contract: Contract, changes: Values) -> dict[Place, Decimal]:
    """What each place that changes would be worth, in pounds."""
    worth: dict[tuple[int, int], Decimal] = {}
    for project, year, amount in contract.values.values_list("project", "year", "amount"):
        worth[project, year] = worth.get((project, year), NOUGHT) + amount
    return {
        (project, year): worth.get((project.pk, year.pk), NOUGHT) + amount
        for (project, year), amount in changes.items()
    }


def given(words: str, sentence: str, where: str) -> Iterable[Problem]:
    """That something is not left empty."""
    return [] if words.strip() else [Problem("empty", sentence, True, where)]
