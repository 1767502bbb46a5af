"""Options to extend: given with the contract, and used, which is a variation, or declined."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction

from board import clock, rows
from board.models import User
from board.rows import locking
from contracts.contracting import NOTHING_ABOVE, Above, Changed, lock_terms, lock_to_write, put_on_record, vary
from contracts.models import Contract, ExtensionOption
from contracts.rules import Values, fits_its_table, given
from core.forms import day_in_words
from core.money import NOUGHT, in_words
from core.problems import Problem, refuse, refuse_if_blocking


def offer(
    *,
    contract: Contract,
    use_by: date,
    ends_on: date,
    amount: Decimal,
    by: User,
    terms: str = "",
    once: uuid.UUID | None = None,
) -> ExtensionOption:
    """Record an option that the contract gives: by when it is used, the new end, and what it adds, in pounds."""
    with transaction.atomic():
        locked = lock_to_write(contract, by)
        if before := rows.written_before(ExtensionOption, once, by=by, contract_id=locked.pk):
            return before
        row = ExtensionOption(
            contract=locked, number=locked.options.count() + 1, use_by=use_by, ends_on=ends_on, amount=amount,
            terms=terms.strip(), once=once or uuid.uuid4(),
        )  # fmt: skip
        problems = list(fits_its_table(row))
        if ends_on <= locked.ends_on:
            words = f"The contract ends on {day_in_words(locked.ends_on)} without it. Enter a later end."
            problems.append(Problem("option", words, True, "ends_on"))
        if use_by > locked.ends_on:
            words = f"An option is used before the contract ends, on {day_in_words(locked.ends_on)}."
            problems.append(Problem("option", words, True, "use_by"))
        refuse_if_blocking(problems)
        rows.create(row, by=by)
        words = f"Option {row.number}: by {day_in_words(use_by)}, to {day_in_words(ends_on)}, {in_words(amount)}"
        put_on_record("contract.option", locked, by, words)
    return row


def use(
    *,
    option: ExtensionOption,
    changes: Values,
    approved_on: date,
    reason: str,
    by: User,
    decision_reference: str = "",
    retrospective_reason: str = "",
    seen_version: int | None = None,
    above: Above = NOTHING_ABOVE,
) -> Changed:
    """Use an open option: a variation to its end, from the day after the old one, worth what the option says.

    `seen_version` is the contract's. Refuses a decision after the option's last day, and a value that is not its own.
    """
    with transaction.atomic():
        contract = lock_terms(option.contract, by, seen_version, changes)
        locked = _open(option)
        problems = []
        if approved_on > locked.use_by:
            words = f"The option could be used until {day_in_words(locked.use_by)}. Agree a variation instead."
            problems.append(Problem("option", words, True, "approved_on"))
        if locked.ends_on <= contract.ends_on:
            words = f"The contract runs to {day_in_words(contract.ends_on)} already. Decline the option."
            problems.append(Problem("option", words))
        total = sum(changes.values(), NOUGHT)
        if total != locked.amount:
            words = (
                f"The option adds {in_words(locked.amount)}, and these add up to {in_words(total)}. Make them agree."
            )
            problems.append(Problem("option", words))
        refuse_if_blocking(problems)
        changed = vary(
            contract=contract,
            changes=changes,
            reason=reason,
            effective_on=contract.ends_on + timedelta(days=1),
            approved_on=approved_on,
            by=by,
            decision_reference=decision_reference,
            retrospective_reason=retrospective_reason,
            ends_on=locked.ends_on,
            above=above,
        )
        locked.state, locked.variation, locked.decided_on = ExtensionOption.State.USED, changed.variation, approved_on
        rows.change(locked, by=by, reason=reason)
        put_on_record("contract.use-option", contract, by, f"Option {locked.number}")
    return changed


def decline(*, option: ExtensionOption, words: str, by: User) -> ExtensionOption:
    """Record that an open option is not used, and why."""
    with transaction.atomic():
        contract = lock_to_write(option.contract, by)
        locked = _open(option)
        refuse_if_blocking(given(words, "Say why the option is not used.", "words"))
        locked.state, locked.decided_on = ExtensionOption.State.DECLINED, clock.today()
        locked.decided_words = words.strip()
        rows.change(locked, by=by, reason=words)
        put_on_record("contract.decline-option", contract, by, f"Option {locked.number}: {words.strip()}")
    return locked


def _open(option: ExtensionOption) -> ExtensionOption:
    locked = locking(ExtensionOption.objects).get(pk=option.pk)
    if locked.state != ExtensionOption.State.OPEN:
        raise refuse("option", f"Option {locked.number} is {locked.get_state_display().lower()} already.")
    return locked
