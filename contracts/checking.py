"""Checks of a provider: recorded with a reference and an expiry, renewed by a new row."""

import uuid
from datetime import date

from django.db import transaction

from board import clock, rows
from board.models import User
from board.rows import locking
from contracts.contracting import lock_to_write, put_on_record
from contracts.models import Check, Contract
from contracts.rules import fits_its_table, is_not_ahead
from core.forms import day_in_words
from core.problems import Problem, refuse_if_blocking


def record_check(
    *,
    contract: Contract,
    what: str,
    words: str,
    reference: str,
    checked_on: date,
    expires_on: date,
    by: User,
    renews: Check | None = None,
    once: uuid.UUID | None = None,
) -> Check:
    """Record that something was checked and until when it holds; with `renews` it takes the place of an earlier one."""
    with transaction.atomic():
        locked = lock_to_write(contract, by)
        if before := rows.written_before(Check, once, by=by, contract_id=locked.pk, reference=reference):
            return before
        row = Check(
            contract=locked,
            number=locked.checks.count() + 1,
            what=what,
            words=words.strip(),
            reference=reference,
            checked_on=checked_on,
            expires_on=expires_on,
            renews=renews,
            once=once or uuid.uuid4(),
        )
        problems = [
            *fits_its_table(row),
            *is_not_ahead(checked_on, clock.today(), "It was checked on", "checked_on"),
        ]
        if renews is not None:
            problems += _renewal(locked, renews, expires_on)
        refuse_if_blocking(problems)
        rows.create(row, by=by)
        act = "contract.renew-check" if renews else "contract.check"
        put_on_record(act, locked, by, f"Check {row.number}: {row.get_what_display()} to {day_in_words(expires_on)}")
    return row


def _renewal(contract: Contract, renews: Check, expires_on: date) -> list[Problem]:
    earlier = locking(Check.objects).get(pk=renews.pk)
    if earlier.contract_id != contract.pk:
        return [Problem("check", "The check is of another contract.")]
    if Check.objects.filter(renews=earlier).exists():
        return [Problem("check", f"Check {earlier.number} is renewed already. Renew the newer one.")]
    if expires_on <= earlier.expires_on:
        words = f"The check holds to {day_in_words(earlier.expires_on)} without it. Enter a later day."
        return [Problem("check", words, True, "expires_on")]
    return []
