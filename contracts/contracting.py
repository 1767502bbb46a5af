"""Engaging a provider: the acts that make a contract, sign it, vary it, review it and put its register right."""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import transaction

from board import clock, events, rows
from board.models import Milestone, Project, Quarter, User, Year
from board.quarters import lock_all
from board.rows import locking
from contracts.models import Contract, ContractMilestone, ContractValue, Variation
from contracts.rules import (
    Values,
    approval_is_in_time,
    decision_is_as_printed,
    first_worth_is_not_negative,
    fits_its_table,
    given,
    has_a_plain_reference,
    in_force_after,
    is_not_ahead,
    keeps_the_register,
    something_changes,
    worth_is_not_below_nought,
    worth_is_within_its_dates,
    years_are_of_the_projects,
)
from core.forms import day_in_words
from core.money import in_words
from core.problems import Problem, refuse, refuse_if_blocking

# What may be put right in the register at any time, by the reason; terms change by a variation.
CORRECTABLE = (
    "title",
    "owner_title",
    "tier",
    "decision_reference",
    "procurement_route",
    "description",
    "reasons",
    "includes_irrecoverable_vat",
    "notice_days",
    "review_on",
)
# What else may be put right until the contract is signed or varied; and afterwards the day of the signature.
CORRECTABLE_AT_FIRST, CORRECTABLE_WHEN_SIGNED = ("starts_on", "ends_on"), ("signed_on",)

# Given a contract, a project, a year and what it would be worth there: what stands against that.
ValueRule = Callable[[Contract, Project, Year, Decimal], Iterable[Problem]]
# Given a contract whose terms have changed and the person: what follows, and what to tell them of it.
Consequence = Callable[[Contract, User], Iterable[Problem]]


@dataclass(frozen=True)
class Above:
    """What higher floors say of a change of terms, handed down by the address table.

    `rules` ask, under the contract's lock, whether a lower value can be; `after` is done in the same transaction.
    """

    rules: Sequence[ValueRule] = ()
    after: Sequence[Consequence] = ()

    def against(self, contract: Contract, worth: Values) -> list[Problem]:
        """What stands against what each place would be worth."""
        return [
            problem
            for (project, year), left in worth.items()
            for rule in self.rules
            for problem in rule(contract, project, year, left)
        ]

    def follow(self, contract: Contract, by: User) -> list[Problem]:
        """Do what follows, and say it."""
        return [problem for act in self.after for problem in act(contract, by)]


NOTHING_ABOVE = Above()


@dataclass(frozen=True)
class Changed:
    """A contract whose terms have changed, by which variation, if any, and what is worth a look."""

    contract: Contract
    variation: Variation | None = None
    warnings: list[Problem] = field(default_factory=list)


def engage(*, contract: Contract, values: Values, by: User, once: uuid.UUID | None = None) -> Contract:
    """Record an agreement with its value by project and year. The second of two calls with one `once` is the first."""
    with transaction.atomic():
        if before := rows.written_before(Contract, once, by=by, reference=contract.reference):
            return before
        contract.once = once or contract.once
        refuse_if_blocking(
            [
                *has_a_plain_reference(contract.reference),
                *fits_its_table(contract),
                *is_not_ahead(contract.signed_on, clock.today(), "It was signed on", "signed_on"),
                *years_are_of_the_projects(values),
                *first_worth_is_not_negative(values),
                *worth_is_within_its_dates(values, contract.starts_on, contract.ends_on),
            ]
        )
        rows.create(contract, by=by)
        _write_values(contract, None, values)
        events.record(
            "contract.engage",
            contract.reference,
            by=by,
            words=f"{contract.get_kind_display()} with {contract.provider}, {in_words(contract.value())}",
            programme=contract.programme,
        )
    return contract


def sign(
    *, contract: Contract, signed_on: date, by: User, seen_version: int | None = None, above: Above = NOTHING_ABOVE
) -> Changed:
    """Record on which day the last party signed. What was held for want of it is looked at again above."""
    with transaction.atomic():
        locked = lock_terms(contract, by, seen_version)
        if locked.signed_on is not None:
            raise refuse(
                "signed", f"{locked.reference} was signed on {day_in_words(locked.signed_on)} already.", "signed_on"
            )
        refuse_if_blocking(is_not_ahead(signed_on, clock.today(), "It was signed on", "signed_on"))
        locked.signed_on = signed_on
        rows.change(locked, by=by, reason="Signed")
        put_on_record("contract.sign", locked, by, f"Signed on {day_in_words(signed_on)}")
        return Changed(locked, None, above.follow(locked, by))


def vary(
    *,
    contract: Contract,
    changes: Values,
    reason: str,
    effective_on: date,
    approved_on: date,
    by: User,
    decision_reference: str = "",
    retrospective_reason: str = "",
    ends_on: date | None = None,
    targets: str = "",
    seen_version: int | None = None,
    above: Above = NOTHING_ABOVE,
) -> Changed:
    """Change a contract's value (in pounds, added; negative: taken off), its end or its targets.

    Refuses one that would leave a project and year below nought, or below what a higher floor says is bound.
    """
    with transaction.atomic():
        locked = lock_terms(contract, by, seen_version, changes)
        changes = {place: amount for place, amount in changes.items() if amount}
        worth = in_force_after(locked, changes)
        new_end = ends_on if ends_on != locked.ends_on else None
        warnings = refuse_if_blocking(
            [
                *something_changes(locked, changes, new_end, targets),
                *given(reason, "Give the reason for the variation.", "reason"),
                *_ends_after_it_starts(locked, new_end),
                *decision_is_as_printed(decision_reference),
                *is_not_ahead(approved_on, clock.today(), "It was approved on", "approved_on"),
                *approval_is_in_time(effective_on, approved_on, retrospective_reason.strip()),
                *years_are_of_the_projects(changes),
                *worth_is_not_below_nought(worth),
                *worth_is_within_its_dates(worth, locked.starts_on, new_end or locked.ends_on),
                *above.against(locked, {place: left for place, left in worth.items() if changes[place] < 0}),
            ]
        )
        variation = Variation(
            contract=locked,
            number=locked.variations.count() + 1,
            reason=reason.strip(),
            decision_reference=decision_reference,
            effective_on=effective_on,
            approved_on=approved_on,
            retrospective_reason=retrospective_reason.strip(),
            ends_on_before=locked.ends_on if new_end else None,
            ends_on_after=new_end,
            targets=targets.strip(),
        )
        rows.create(variation, by=by, reason=reason)
        _write_values(locked, variation, changes)
        locked.ends_on = new_end or locked.ends_on
        # Raised with every variation, so that of two officers who vary at once the second looks at the first's.
        rows.change(locked, by=by, reason=reason)
        put_on_record("contract.vary", locked, by, f"Variation {variation.number}")
        return Changed(locked, variation, [*warnings, *above.follow(locked, by)])


def correct(
    *,
    contract: Contract,
    changes: dict[str, object],
    reason: str,
    by: User,
    seen_version: int | None = None,
    above: Above = NOTHING_ABOVE,
) -> Changed:
    """Put a slip in the register right, by field. Terms that both parties agreed change by a variation alone."""
    with transaction.atomic():
        locked = lock_terms(contract, by, seen_version)
        changed = {name: value for name, value in changes.items() if getattr(locked, name) != value}
        if beyond := set(changed) - set(correctable(locked)):
            raise refuse("terms", f"Change {', '.join(sorted(beyond))} by a variation: the contract is agreed.")
        if not changed:
            raise refuse("nothing", "This changes nothing. Change what is wrong, or go back.")
        for name, value in changed.items():
            setattr(locked, name, value)
        refuse_if_blocking(
            [
                *given(reason, "Give the reason for the correction.", "reason"),
                *fits_its_table(locked),
                *is_not_ahead(locked.signed_on, clock.today(), "It was signed on", "signed_on"),
                *worth_is_within_its_dates(_worth(locked), locked.starts_on, locked.ends_on),
            ]
        )
        rows.change(locked, by=by, reason=reason)
        names = ", ".join(str(Contract._meta.get_field(name).verbose_name) for name in changed)
        put_on_record("contract.correct", locked, by, f"{names}: {reason.strip()}")
        dated = {*CORRECTABLE_AT_FIRST, *CORRECTABLE_WHEN_SIGNED} & set(changed)
        return Changed(locked, None, above.follow(locked, by) if dated else [])


def correctable(contract: Contract) -> tuple[str, ...]:
    """The fields that may be put right as the contract stands."""
    if contract.signed_on is not None:
        return (*CORRECTABLE, *CORRECTABLE_WHEN_SIGNED)
    return CORRECTABLE if contract.variations.exists() else (*CORRECTABLE, *CORRECTABLE_AT_FIRST)


def review(
    *,
    contract: Contract,
    reviewed_on: date,
    words: str,
    next_on: date | None,
    by: User,
    seen_version: int | None = None,
) -> Contract:
    """Record that a contract was reviewed, with what came of it, and when it is looked at next, if ever."""
    with transaction.atomic():
        locked = lock_to_write(contract, by, seen_version)
        problems = [
            *given(words, "Say what came of the review.", "words"),
            *is_not_ahead(reviewed_on, clock.today(), "It was reviewed on", "reviewed_on"),
        ]
        if next_on is not None and next_on <= reviewed_on:
            problems.append(Problem("dates", "The next review comes after this one.", True, "next_on"))
        refuse_if_blocking(problems)
        locked.review_on = next_on
        rows.change(locked, by=by, reason=words)
        put_on_record("contract.review", locked, by, f"Reviewed on {day_in_words(reviewed_on)}: {words.strip()}")
    return locked


def list_milestones(*, contract: Contract, milestones: Sequence[Milestone], by: User) -> None:
    """Say which milestones of its projects a contract is about. When they are met is reported with the results."""
    with transaction.atomic():
        locked = lock_to_write(contract, by)
        served = set(locked.values.values_list("project", flat=True))
        for milestone in milestones:
            if milestone.project_id not in served:
                raise refuse("F03", f"{locked.reference} does not serve the project of “{milestone}”.", "milestones")
        wanted = {milestone.pk for milestone in milestones}
        there = {row.milestone_id: row for row in locked.milestones.all()}
        for milestone in milestones:
            if milestone.pk not in there:
                rows.create(ContractMilestone(contract=locked, milestone=milestone), by=by)
        for key, row in there.items():
            if row.listed != (key in wanted):
                row.listed = key in wanted
                rows.change(row, by=by)
        put_on_record("contract.milestones", locked, by, f"{len(wanted)} milestones listed")


def lock_to_write(contract: Contract, by: User, seen_version: int | None = None) -> Contract:
    """The contract with its row locked, for a person who keeps its register and has seen it as it stands."""
    locked = locking(Contract.objects).select_related("programme__recipient", "buyer", "provider").get(pk=contract.pk)
    refuse_if_blocking(keeps_the_register(by, locked.programme.recipient, locked.buyer))
    if seen_version is not None and seen_version != locked.version:
        raise refuse(
            "version",
            "Somebody else changed this contract while you had it open. Nothing of yours was saved. "
            "Look at what it says now, and send yours again if it still holds.",
        )
    return locked


def lock_terms(contract: Contract, by: User, seen_version: int | None, changes: Values | None = None) -> Contract:
    """The contract locked for a change of its terms, and the quarters before it.

    Whatever is written by quarter locks its quarter first, so nothing is charged to the contract meanwhile.
    """
    programmes = {contract.programme_id, *(year.programme_id for _, year in changes or {})}
    lock_all(Quarter.objects.filter(programme__in=programmes))
    return lock_to_write(contract, by, seen_version)


def put_on_record(act: str, contract: Contract, by: User, words: str) -> None:
    """Add an act on a contract to the record of acts."""
    events.record(act, contract.reference, by=by, words=words, programme=contract.programme)


def _ends_after_it_starts(contract: Contract, ends_on: date | None) -> Iterable[Problem]:
    if ends_on is not None and ends_on < contract.starts_on:
        yield Problem("dates", "A contract cannot end before it starts.", True, "ends_on")


def _worth(contract: Contract) -> Values:
    """What the contract is worth by project and year."""
    places = {(row.project, row.year) for row in contract.values.select_related("project", "year")}
    return in_force_after(contract, {place: Decimal("0.00") for place in places})


def _write_values(contract: Contract, variation: Variation | None, values: Values) -> None:
    for (project, year), amount in values.items():
        row = ContractValue(contract=contract, variation=variation, project=project, year=year, amount=amount)
        row.full_clean()
        row.save(force_insert=True)
