"""Each recording organisation states that a quarter's spend of a source is complete, or nil."""

from dataclasses import dataclass

from django.db import transaction

from board import clock, events, rows
from board.models import Quarter, User
from board.quarters import MONEY, lock, lock_open
from board.rows import locking
from core.money import in_words
from core.problems import refuse, refuse_if_blocking
from funding.accruals import unresolved
from funding.models import Claim, Declaration, Source, SpendLine
from funding.prepayments import release_received


@dataclass(frozen=True)
class Standing:
    """Whether one source's quarter is declared; `declaration` is None while it is missing."""

    source: Source
    declaration: Declaration | None


def declare(*, source: Source, quarter: Quarter, nil: bool, by: User) -> Declaration:
    """Declare the acting organisation's spend of a source and quarter complete, or nil.

    Match may be declared after the quarter closed, over what was recorded before; the grant may not. Each
    accrual that was reversed into the quarter has its outcome first, and what was prepaid for the year is released.
    """
    with transaction.atomic():
        organisation = by.acting.organisation
        if source.is_grant or quarter.money_closed_at is None:
            locked = lock_open(quarter, MONEY, organisation=organisation)
        else:
            locked = lock(quarter)
        if source.kept_by_id != organisation.pk:
            raise refuse("declare", f"{source} is kept by {source.kept_by}; its officers declare it.", "source")
        refuse_if_blocking(unresolved(source, locked))
        release_received(source=source, year=locked.year, by=by)
        lines = SpendLine.objects.spend().charged_to(source).in_quarter(locked)
        spent, any_spend = lines.total(), lines.exists()
        if nil and any_spend:
            raise refuse(
                "declare",
                f"{in_words(spent)} is recorded for {locked}, so it is not nil. Declare it complete instead.",
                "says",
            )
        if not nil and not any_spend:
            raise refuse("declare", f"Nothing is recorded for {locked}. Declare it nil if that is right.", "says")
        row = Declaration(
            organisation=organisation,
            source=source,
            quarter=locked,
            says=Declaration.Says.NIL if nil else Declaration.Says.COMPLETE,
            total=spent,
        )
        rows.create(row, by=by)
        events.record(
            "spending.declare",
            f"{source.code}/{locked.code}",
            by=by,
            words=f"{row.get_says_display()}, {in_words(spent)}",
            programme=source.programme,
        )
    return row


def withdraw(*, declaration: Declaration, reason: str, by: User) -> Declaration:
    """Take a declaration back with its reason, until the quarter's claim is certified."""
    with transaction.atomic():
        row = locking(Declaration.objects).select_related("source", "quarter").get(pk=declaration.pk)
        if row.organisation_id != by.acting.organisation_id:
            raise refuse("declare", f"{row.organisation} declared this; its officers withdraw it.")
        lock_open(row.quarter, MONEY, organisation=row.organisation)
        if row.withdrawn_at is not None:
            raise refuse("declare", "This declaration is withdrawn already.")
        if Claim.objects.in_force().filter(quarter=row.quarter, source__programme=row.source.programme).exists():
            raise refuse("declare", f"The claim for {row.quarter} is certified, so its declarations stand.")
        if not reason.strip():
            raise refuse("declare", "Give the reason for withdrawing the declaration.", "reason")
        row.withdrawn_at, row.withdrawn_reason = clock.now(), reason.strip()
        rows.change(row, by=by, reason=reason)
        events.record(
            "spending.withdraw-declaration",
            f"{row.source.code}/{row.quarter.code}",
            by=by,
            words=reason,
            programme=row.source.programme,
        )
    return row


def standing(sources: list[Source], quarter: Quarter) -> list[Standing]:
    """For each source, its declaration in force for a quarter, or that it is missing."""
    found = {
        row.source_id: row
        for row in Declaration.objects.in_force()
        .filter(source__in=sources, quarter=quarter)
        .select_related("created_by")
    }
    return [Standing(source, found.get(source.pk)) for source in sources]
