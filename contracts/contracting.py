"""Engaging a provider: the acts that make a contract and vary it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.db import transaction

from board import events, rows
from board.models import Project, User, Year
from board.rows import locking
from contracts.models import Contract, ContractValue, Variation
from core.money import in_words
from core.problems import refuse

Values = Mapping[tuple[Project, Year], Decimal]


def engage(*, contract: Contract, values: Values, by: User) -> Contract:
    """Record an agreement with its value by project and year."""
    with transaction.atomic():
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
) -> Variation:
    """Change a contract's value or end. Refuses one that would leave a project and year below nought."""
    with transaction.atomic():
        locked = locking(Contract.objects).get(pk=contract.pk)
        for (project, year), amount in changes.items():
            left = locked.value(project=project, year=year) + amount
            if left < 0:
                raise refuse(
                    "F24",
                    f"{project} in {year} would be worth {in_words(left)}. Lower it by less.",
                    "amount",
                )
        variation = Variation(
            contract=locked,
            number=locked.variations.count() + 1,
            reason=reason,
            decision_reference=decision_reference,
            effective_on=effective_on,
            approved_on=approved_on,
            retrospective_reason=retrospective_reason,
            ends_on_before=locked.ends_on if ends_on else None,
            ends_on_after=ends_on,
        )
        rows.create(variation, by=by, reason=reason)
        _write_values(locked, variation, changes)
        if ends_on:
            locked.ends_on = ends_on
            rows.change(locked, by=by, reason=reason)
        events.record(
            "contract.vary", locked.reference, by=by, words=f"Variation {variation.number}", programme=locked.programme
        )
    return variation


def _write_values(contract: Contract, variation: Variation | None, values: Values) -> None:
    for (project, year), amount in values.items():
        row = ContractValue(contract=contract, variation=variation, project=project, year=year, amount=amount)
        row.full_clean()
        row.save(force_insert=True)
