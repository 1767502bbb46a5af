"""Recording many entries at once, all or none: each by the rules of a single one, told by its row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from django.core.exceptions import ValidationError
from django.db import transaction as database

from board.models import User
from core.problems import Problem, Refused, refuse_if_blocking
from funding.models import SpendLine, Transaction
from funding.spending import Charge, Recorded, record


@dataclass(frozen=True)
class NewEntry:
    """One row: its number as the person sees it, the unsaved entry, and how it is charged."""

    row: int
    entry: Transaction
    charges: Sequence[Charge]


@dataclass(frozen=True)
class Entered:
    """What many rows wrote, or would write, and what is worth a look in them."""

    lines: list[SpendLine]
    transactions: list[Transaction]
    warnings: list[Problem]


def record_many(entries: Sequence[NewEntry], *, by: User, once: UUID) -> Entered:
    """Write every row, or none. A problem's `where` is "row-3-net": the row, and the field that it is about.

    The second of two calls with the same `once` and the same rows hands back what the first wrote: each row has a
    key of its own, made of `once` and its number.
    """
    with database.atomic():
        return _each(
            entries, lambda one: record(entry=one.entry, charges=one.charges, by=by, once=uuid5(once, str(one.row)))
        )


def was_recorded(entries: Sequence[NewEntry], *, by: User, once: UUID) -> bool:
    """Whether a call with this `once` has written rows already: a second press of the button."""
    keys = [uuid5(once, str(one.row)) for one in entries]
    return Transaction.objects.filter(once__in=keys, created_by=by).exists()


def rehearse_many(entries: Sequence[NewEntry], *, by: User) -> Entered:
    """What record_many() would write, and nothing kept; refuses as it does. Later rows are judged with the earlier."""
    with database.atomic():
        entered = _each(entries, lambda one: record(entry=one.entry, charges=one.charges, by=by))
        database.set_rollback(True)
    return entered


def _each(entries: Sequence[NewEntry], act: Callable[[NewEntry], Recorded]) -> Entered:
    problems: list[Problem] = []
    written: list[Transaction] = []
    for one in sorted(entries, key=lambda one: one.row):
        try:
            done = act(one)
        except Refused as refusal:
            problems += _of_row(one.row, refusal.problems)
        except ValidationError as error:
            fields = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
            found = [
                Problem("table", message, True, field)
                for field, errors in fields.items()
                for single in errors
                for message in single.messages
            ]
            problems += _of_row(one.row, found)
        else:
            written.append(done.transaction)
            problems += _of_row(one.row, done.warnings)
    warnings = refuse_if_blocking(problems)
    lines = SpendLine.objects.filter(transaction__in=written).select_related(
        "transaction", "budget_line__source", "budget_line__project", "budget_line__heading", "budget_line__year"
    )
    return Entered(list(lines.order_by("transaction__reference", "number")), written, warnings)


def _of_row(row: int, problems: Sequence[Problem]) -> list[Problem]:
    return [replace(problem, where=f"row-{row}-{problem.where}") for problem in problems]
