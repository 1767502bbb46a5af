"""Editing an entry that nothing rests on yet: the old one is made void and the new one takes its place, in one act.

Rows of the ledger are never written over, so that what stood at any moment can still be read.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction as database

from board import events, quarters, rows
from board.models import Quarter, User
from board.rows import locking
from core.problems import Problem, refuse_if_blocking
from funding.evidence import follow
from funding.models import ClaimLine, Declaration, LedgerRow, SpendLine, Transaction
from funding.spending import Charge, Recorded, Rehearsed, reconsider, record, void

# What an officer types; statements of spend, cut invoices and corrections are edited where they were made.
EDITABLE = frozenset(
    {
        Transaction.Kind.ACTUAL,
        Transaction.Kind.ACCRUAL,
        Transaction.Kind.SUMMARY,
        Transaction.Kind.ADVANCE,
        Transaction.Kind.IN_KIND,
    }
)
# What a ledger's file said of an entry stays as it was loaded; the coding is the officer's.
OF_THE_LEDGER = ("supplier_name", "document_number", "accounting_on", "net", "vat")
_SAME = (
    "kind", "contract_id", "supplier_name", "document_number", "description", "basis", "accounting_on", "service_from",
    "service_to", "received_on", "paid_on", "net", "vat", "recoverable_vat", "quantity_hundredths", "reason",
)  # fmt: skip


def why_not(entry: Transaction) -> list[Problem]:
    """Why an entry can no longer be edited, worst first; empty where it can."""
    found = []
    if entry.is_void:
        later = Transaction.objects.filter(replaces=entry).first()
        place = f"{later.reference} has taken its place: open that." if later else "Record it anew."
        found.append(f"{entry.reference} is void. {place}")
    if entry.takes_back_id:
        found.append(f"{entry.reference} takes back another entry. Make it void, and record it anew.")
    elif entry.report_id:
        found.append(f"{entry.reference} is of a statement of spend. Correct the statement.")
    elif entry.kind not in EDITABLE:
        found.append(f"{entry.reference} is a {entry.get_kind_display().lower()}. Make it void, and record it anew.")
    if entry.written_back_on is not None:
        found.append(f"{entry.reference} is written back.")
    if entry.taken_back_by.in_force().exists():
        found.append(f"A later entry takes {entry.reference} back. Make that void first.")
    if entry.re_raised_by.in_force().exists() or entry.settled_by.in_force().exists():
        found.append(f"{entry.reference} is raised again or settled by a later entry. Make that void first.")
    lines = list(entry.lines.select_related("budget_line__source", "quarter"))
    if ClaimLine.objects.filter(line__in=lines, in_force=True).exists():
        found.append(f"{entry.reference} is claimed. Correct it instead.")
    for source, quarter in dict.fromkeys((line.budget_line.source, line.quarter) for line in lines):
        declared = Declaration.objects.in_force().filter(organisation=entry.recorded_by_id)
        if declared.filter(source=source, quarter=quarter).exists():
            found.append(f"{source} is declared for {quarter}. Withdraw the declaration first, or correct the entry.")
    return [Problem("edit", words) for words in found]


def edit(
    *,
    entry: Transaction,
    changed: Transaction,
    charges: Sequence[Charge],
    seen_version: int,
    by: User,
    once: UUID | None = None,
) -> Recorded:
    """Put an unsaved entry, as it was typed, in the place of one that is neither declared nor claimed.

    Its evidence, the ledger's row that it came from, and the accrual that it settles or raises again go over to the
    new one. Refuses what `record` refuses, and an entry that somebody changed since it was opened. Where nothing was
    changed nothing is written. The second of two calls with the same `once` hands back what the first wrote.
    """
    with database.atomic():
        if before := rows.written_before(Transaction, once, by=by, replaces=entry):
            return Recorded(before, [])
        keys = {line.quarter_id for line in entry.lines.all()} | {charge.quarter.pk for charge in charges}
        quarters.lock_all(Quarter.objects.filter(pk__in=keys))
        if before := rows.written_before(Transaction, once, by=by, replaces=entry):
            return Recorded(before, [])
        old = locking(Transaction.objects).get(pk=entry.pk)
        loaded = LedgerRow.objects.filter(transaction=old, in_force=True)
        refuse_if_blocking([*why_not(old), *_against_the_ledger(old, changed, loaded.exists())])
        if _nothing_changed(old, changed, charges):
            return Recorded(old, [])
        moved = list(loaded.values_list("pk", flat=True))
        void(entry=old, reason="Edited", by=by, seen_version=seen_version)
        changed.replaces, changed.settles, changed.re_raises = old, old.settles, old.re_raises
        changed.dispute_reason = old.dispute_reason
        done = record(entry=changed, charges=charges, by=by, once=once)
        LedgerRow.objects.filter(pk__in=moved).update(transaction=done.transaction, in_force=True)
        if follow(entry=old, to=done.transaction, by=by):
            reconsider(entry=done.transaction, by=by)
        words = f"In place of {old.reference}"
        events.record(
            "spending.edit", done.transaction.reference, by=by, words=words, programme=done.transaction.programme
        )
    return done


def rehearse_edit(
    *, entry: Transaction, changed: Transaction, charges: Sequence[Charge], seen_version: int, by: User
) -> Rehearsed:
    """What edit() would write, and nothing kept; refuses as edit() does."""
    with database.atomic():
        done = edit(entry=entry, changed=changed, charges=charges, seen_version=seen_version, by=by)
        lines = list(
            done.transaction.lines.select_related(
                "budget_line__source", "budget_line__project", "budget_line__heading", "budget_line__year", "quarter"
            ).order_by("number")
        )
        database.set_rollback(True)
    return Rehearsed(lines, done.warnings)


def _against_the_ledger(old: Transaction, changed: Transaction, loaded: bool) -> list[Problem]:
    if not loaded:
        return []
    return [
        Problem(
            "ledger",
            f"{old.reference} comes from a ledger’s file, which says {getattr(old, name)} here. Leave it; if the file "
            "is wrong, undo the import or correct the entry.",
            True,
            name,
        )
        for name in OF_THE_LEDGER
        if getattr(old, name) != getattr(changed, name)
    ]


def _nothing_changed(old: Transaction, changed: Transaction, charges: Sequence[Charge]) -> bool:
    if any(getattr(old, name) != getattr(changed, name) for name in _SAME):
        return False
    lines: list[SpendLine] = list(old.lines.order_by("number"))
    if len(lines) == len(charges) == 1 and charges[0].amount is None and charges[0].percent is None:
        costs = [lines[0].cost]
    else:
        costs = [charge.amount for charge in charges]
    typed = [
        (charge.line.pk, charge.quarter.pk, cost, charge.relates_to.pk if charge.relates_to else None)
        for charge, cost in zip(charges, costs, strict=True)
    ]
    return typed == [(line.budget_line_id, line.quarter_id, line.cost, line.relates_to_id) for line in lines]
