"""Recording what the ledger shows: entries with their split, and what puts them right afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction as database
from django.db.models import Sum
from django.db.models.functions import Coalesce

from board import clock, events, rows
from board.models import Organisation, Quarter, User
from board.quarters import MONEY, lock_open
from board.rows import locking
from contracts.models import Contract
from core.forms import day_in_words
from core.money import NOUGHT, PenceField, apportion, apportion_over_remaining, in_words, round_to_penny
from core.problems import Problem, Refused, refuse, refuse_if_blocking
from funding.models import (
    BudgetLine,
    ClaimLine,
    Declaration,
    Disallowance,
    DisallowancePart,
    LedgerRow,
    Source,
    SpendLine,
    Transaction,
)
from funding.models.spent import LOOKED_AGAIN
from funding.rules import Charged, closing_is_over, problems_of_entry, state_of, year_and_quarter_agree

# The fields of an entry by which a second press of the button is told from a second entry.
TYPED = (
    "kind",
    "contract",
    "supplier_name",
    "document_number",
    "description",
    "accounting_on",
    "service_from",
    "service_to",
    "net",
    "vat",
    "recoverable_vat",
)


@dataclass(frozen=True)
class Charge:
    """What an officer says of one part of an entry: where it goes, and how much in pounds or per cent.

    One charge alone may leave both empty: it takes the whole.
    """

    line: BudgetLine
    quarter: Quarter
    amount: Decimal | None = None
    percent: Decimal | None = None
    relates_to: Quarter | None = None


@dataclass(frozen=True)
class Recorded:
    """What an act wrote, and what is worth a look in it."""

    transaction: Transaction
    warnings: list[Problem]


@dataclass(frozen=True)
class Rehearsed:
    """The lines that an entry would have, not kept, and what is worth a look in it."""

    lines: list[SpendLine]
    warnings: list[Problem]


def record(*, entry: Transaction, charges: Sequence[Charge], by: User, once: UUID | None = None) -> Recorded:
    """Write an unsaved entry with its lines.

    The second of two calls with the same `once` hands back what the first wrote. Refuses what cannot
    be true, with every problem; a rule that only keeps a line out of the claim holds the line instead.
    """
    with database.atomic():
        organisation = _recording_organisation(by)
        entry.recorded_by = organisation
        entry.cost = entry.net + entry.vat - entry.recoverable_vat
        same = {name: getattr(entry, name) for name in TYPED}
        # The quarters are locked first, so that the second of two at once sees what the first wrote.
        open_ones, problems = _lock_each(charges, organisation)
        if before := rows.written_before(Transaction, once, by=by, **same):
            return Recorded(before, [])
        if once:
            entry.once = once
        try:
            parts = split(entry.cost, open_ones)
        except Refused as refusal:
            # The other rules speak too, so that the officer hears of everything at once.
            problems += refusal.problems
            parts = [Charged(charge.line, charge.quarter, NOUGHT, charge.relates_to) for charge in open_ones]
            found = problems_of_entry(entry, parts, today=clock.today())
            problems += [problem for problem in found if problem.blocking and problem.code != "F18"]
        else:
            problems += problems_of_entry(entry, parts, today=clock.today())
        warnings = refuse_if_blocking([*problems, *_declared_already(parts, organisation)])
        written = _write(entry, parts, by=by)
    return Recorded(written, warnings)


def rehearse(*, entry: Transaction, charges: Sequence[Charge], by: User) -> Rehearsed:
    """What record() would write, with the state of each line, and nothing kept; refuses as record() does."""
    with database.atomic():
        recorded = record(entry=entry, charges=charges, by=by)
        lines = _lines(recorded.transaction)
        database.set_rollback(True)
    return Rehearsed(lines, recorded.warnings)


def split(cost: Decimal, charges: Sequence[Charge]) -> list[Charged]:
    """The parts of a cost, by amounts as typed, or by percentages that make up 100.

    Amounts are kept as typed, so that F18 can show what they miss by; percentages are apportioned,
    so that they sum to the cost by construction. Refuses a mixture and percentages that miss 100.
    """
    if not charges:
        raise refuse("F18", "Choose at least one budget line to charge.", "lines")
    if len(charges) == 1 and charges[0].amount is None and charges[0].percent is None:
        amounts = [cost]
    elif all(charge.percent is not None for charge in charges):
        percents = [charge.percent or NOUGHT for charge in charges]
        if sum(percents) != 100 or any(percent <= 0 for percent in percents):
            raise refuse(
                "F18",
                f"The percentages add up to {sum(percents).normalize():f}. They must be above 0 and make up 100.",
                "lines",
            )
        amounts = apportion(cost, percents)
    elif all(charge.amount is not None for charge in charges):
        amounts = [charge.amount or NOUGHT for charge in charges]
    else:
        raise refuse("F18", "Give each line an amount, or each a percentage: not a mixture.", "lines")
    return [
        Charged(line=charge.line, quarter=charge.quarter, cost=amount, relates_to=charge.relates_to)
        for charge, amount in zip(charges, amounts, strict=True)
    ]


def reverse(
    *,
    original: Transaction,
    quarter: Quarter,
    reason: str,
    by: User,
    accounting_on: date | None = None,
    once: UUID | None = None,
) -> Transaction:
    """Take an entry back in full: its stored split with the sign changed, in an open quarter.

    `accounting_on` is the day under which the ledger shows the correction; left out, it is the original's, or the
    quarter's first day where that is later.

    Refuses one that is void, that other credits have taken back in part already, or of which a part is
    disallowed. The second of two calls with the same `once` hands back what the first wrote.
    """
    with database.atomic():
        if before := rows.written_before(Transaction, once, by=by, takes_back=original, reason=reason):
            return before
        _require_own(original, by)
        locked = _lock_quarters({quarter}, original.recorded_by)[quarter.pk]
        entry = _lock(original)
        if before := rows.written_before(Transaction, once, by=by, takes_back=entry, reason=reason):
            return before
        if entry.takes_back_id:
            raise refuse(
                "F01", f"{entry.reference} takes back {entry.takes_back}. Record what is right as a new entry."
            )
        if entry.is_void:
            raise refuse("F01", f"{entry.reference} is void, so there is nothing to take back.", "how")
        if entry.taken_back_by.in_force().exists():
            left = sum(remaining_by_line(entry), NOUGHT)
            raise refuse(
                "F01",
                f"A part of {entry.reference} is already taken back and {in_words(left)} remains. "
                "Choose “Part of it”, and enter no more than that."
                if left
                else f"{entry.reference} is already taken back in full.",
                "how",
            )
        if DisallowancePart.objects.filter(line__transaction=entry).exists():
            raise refuse(
                "F01",
                f"A part of {entry.reference} is disallowed. Take back the rest as a part, and what is disallowed "
                "against its disallowance.",
                "how",
            )
        _require_place(entry, locked)
        costs = [-line.cost for line in _lines(entry)]
        return _take_back(entry, locked, costs, reason=reason, by=by, accounting_on=accounting_on, once=once)


def credit(
    *,
    original: Transaction,
    quarter: Quarter,
    amount: Decimal,
    document_number: str,
    reason: str,
    by: User,
    against: Disallowance | None = None,
    accounting_on: date | None = None,
    once: UUID | None = None,
) -> Transaction:
    """Take back part of an entry: `amount` pounds of cost, above nought, over what remains of each line.

    The last credit brings each line to exactly nought. What the funder has disallowed does not remain:
    the claim is lowered by it already, so a credit of that cost is recorded `against` its disallowance,
    is not claimable, and lowers no claim a second time. The second of two calls with the same `once`
    hands back what the first wrote.
    """
    with database.atomic():
        same = {"takes_back": original, "cost": -amount, "reason": reason}
        if before := rows.written_before(Transaction, once, by=by, **same):
            return before
        _require_own(original, by)
        locked = _lock_quarters({quarter}, original.recorded_by)[quarter.pk]
        entry = _lock(original)
        if before := rows.written_before(Transaction, once, by=by, **same):
            return before
        if entry.is_void or entry.cost <= 0 or amount <= 0:
            raise refuse(
                "F01", "A credit is above nought and takes back an entry in force that is above nought.", "amount"
            )
        _require_place(entry, locked)
        remaining = disallowed_remaining(entry, against) if against else remaining_by_line(entry)
        left = sum(remaining, NOUGHT)
        if amount > left:
            what = f"what {against} disallowed of {entry.reference}" if against else entry.reference
            raise refuse("F01", f"Only {in_words(left)} of {what} remains. Enter no more than that.", "amount")
        parts = apportion_over_remaining(-amount, remaining)
        return _take_back(
            entry, locked, parts, reason=reason, by=by, document_number=document_number, against=against,
            accounting_on=accounting_on, once=once,
        )  # fmt: skip


def remaining_by_line(entry: Transaction) -> list[Decimal]:
    """What credits, reversals and disallowances have left of each line of an entry, in its lines' order."""
    lines = _lines(entry)
    left = remaining_of(lines)
    return [left[line.pk] for line in lines]


def remaining_of(lines: Sequence[SpendLine]) -> dict[int, Decimal]:
    """By the key of each line, what credits, reversals and disallowances have left of its cost."""
    backs = SpendLine.objects.in_force().filter(
        transaction__takes_back__in={line.transaction_id for line in lines}, transaction__against=None
    )
    total = Coalesce(Sum("cost"), NOUGHT, output_field=PenceField())
    taken = {
        (original, number): cost
        for original, number, cost in backs.order_by()
        .values_list("transaction__takes_back_id", "number")
        .annotate(total=total)
    }
    refused = dict(
        DisallowancePart.objects.filter(line__in=lines).order_by().values_list("line_id").annotate(total=Sum("amount"))
    )
    return {
        line.pk: line.cost + taken.get((line.transaction_id, line.number), NOUGHT) - refused.get(line.pk, NOUGHT)
        for line in lines
    }


def disallowed_remaining(entry: Transaction, disallowance: Disallowance) -> list[Decimal]:
    """What a disallowance refused of each line of an entry and no credit has taken back, in its lines' order."""
    backs = SpendLine.objects.in_force().filter(transaction__takes_back=entry, transaction__against=disallowance)
    total = Coalesce(Sum("cost"), NOUGHT, output_field=PenceField())
    taken = dict(backs.order_by().values_list("number").annotate(total=total))
    refused = dict(disallowance.parts.filter(line__transaction=entry).values_list("line__number", "amount"))
    return [refused.get(line.number, NOUGHT) + taken.get(line.number, NOUGHT) for line in _lines(entry)]


def void(
    *, entry: Transaction, reason: str, by: User, seen_version: int | None = None, with_report: bool = False
) -> Transaction:
    """Strike out an entry typed by mistake, while its quarter is open and nothing of it is declared or claimed.

    What a statement of spend shows is made void `with_report`: with all that it shows.
    """
    with database.atomic():
        _require_own(entry, by)
        lines = _lines(entry)
        _lock_quarters({line.quarter for line in lines}, entry.recorded_by)
        locked = _lock(entry)
        problems = list(
            _declared_already(
                [Charged(line=line.budget_line, quarter=line.quarter, cost=line.cost) for line in lines],
                locked.recorded_by,
            )
        )
        if locked.is_void:
            problems.append(Problem("void", f"{locked.reference} is void already.", True))
        if locked.report_id and not with_report:
            problems.append(
                Problem("void", f"{locked.reference} is of a statement of spend. Make the whole statement void.", True)
            )
        if locked.re_raised_by.in_force().exists() or locked.settled_by.in_force().exists():
            problems.append(
                Problem(
                    "void", f"{locked.reference} is raised again or settled by a later entry. Void that first.", True
                )
            )
        if locked.taken_back_by.in_force().exists():
            problems.append(
                Problem("void", f"{locked.reference} is taken back by a later entry. Void that first.", True)
            )
        if ClaimLine.objects.filter(line__in=lines, in_force=True).exists():
            problems.append(Problem("void", f"{locked.reference} is claimed. Correct it by a credit.", True))
        if not reason.strip():
            problems.append(Problem("void", "Give the reason for making it void.", True, "reason"))
        refuse_if_blocking(problems)
        locked.voided_at, locked.void_reason = clock.now(), reason.strip()
        rows.change(locked, by=by, seen_version=seen_version, reason=reason)
        # The ledger's row that it came from may then be loaded anew.
        LedgerRow.objects.filter(transaction=locked).update(in_force=False)
        programme = lines[0].budget_line.source.programme
        events.record("spending.void", locked.reference, by=by, words=reason.strip(), programme=programme)
    return locked


def reconsider(*, entry: Transaction, by: User, evidence_gone: bool = False) -> list[SpendLine]:
    """Look again at an entry's held lines and release those whose reason is gone; hands back what changed.

    With `evidence_gone` a claimable line that no claim holds yet is held where it is to have evidence.

    A line that is claimed, or that was taken back in part, keeps its state with its credits.
    """
    with database.atomic():
        # The contract first, as where its terms change, so that its value stays as it is while room is asked for.
        list(locking(Contract.objects.filter(pk=entry.contract_id)).values_list("pk", flat=True))
        if evidence_gone:
            # A claim is certified under the lock of its source: none takes the lines up meanwhile.
            charged = entry.lines.values("budget_line__source")
            list(locking(Source.objects.filter(pk__in=charged)).order_by("pk"))
        locked = _lock(entry)
        _require_own(locked, by)
        return _look_again(locked, by, evidence_gone=evidence_gone)


def release_under(contract: Contract, by: User) -> list[Problem]:
    """Look again at every held line of a contract that was signed or varied; says how many changed.

    Part of that act, inside its transaction, with the contract locked; `by` signs or varies, the ledgers stay their
    keepers'.
    """
    held = SpendLine.objects.in_force().filter(state=SpendLine.State.HELD, transaction__contract=contract)
    entries = Transaction.objects.filter(pk__in=held.values("transaction")).order_by("reference")
    changed = [line for entry in locking(entries) for line in _look_again(entry, by)]
    released = [line for line in changed if line.state == SpendLine.State.CLAIMABLE]
    if not released:
        return []
    total = sum((line.cost for line in released), NOUGHT)
    count = "1 line" if len(released) == 1 else f"{len(released)} lines"
    words = f"{count} of spend, {in_words(total)}, that waited for this can be claimed now."
    return [Problem("F03", words, False)]


def _look_again(locked: Transaction, by: User, *, evidence_gone: bool = False) -> list[SpendLine]:
    released = []
    for line in _lines(locked):
        if locked.is_void or locked.takes_back_id or not _is_looked_at(line, evidence_gone=evidence_gone):
            continue
        part = Charged(line.budget_line, line.quarter, line.cost, line.relates_to, written=line.pk)
        state, reason = state_of(locked, part, today=clock.today())
        if state == SpendLine.State.CLAIMABLE and closing_is_over(line.budget_line):
            # The year's last claim has gone; nothing takes the line up any more.
            state, reason = SpendLine.State.NOT_CLAIMABLE, SpendLine.Reason.AFTER_FINAL
        if (state, reason) == (line.state, line.state_reason):
            continue
        if line.state == SpendLine.State.CLAIMABLE and reason != SpendLine.Reason.EVIDENCE_MISSING:
            continue
        mirrored = SpendLine.objects.in_force().filter(transaction__takes_back=locked, number=line.number)
        for same in [line, *mirrored]:
            same.state, same.state_reason = state, reason
            same.full_clean()
            same.save()
        released.append(line)
        programme, words = line.budget_line.source.programme, f"{state} {reason}".strip()
        events.record(LOOKED_AGAIN, line.reference, by=by, words=words, programme=programme)
    return released


def _is_looked_at(line: SpendLine, *, evidence_gone: bool) -> bool:
    if line.state == SpendLine.State.CLAIMABLE and evidence_gone:
        return not ClaimLine.objects.filter(line=line, in_force=True).exists()
    return line.state == SpendLine.State.HELD


def reverse_accruals(*, quarter: Quarter, into: Quarter, by: User) -> list[Transaction]:
    """Reverse what remains of each accrual recorded in a quarter, one to one, into the next or the closing period.

    Part of closing the quarter for money, inside its transaction, with both quarters locked; `by` closes, the
    ledgers stay their keepers'.
    """
    found = Transaction.objects.in_force().filter(kind=Transaction.Kind.ACCRUAL, lines__quarter=quarter)
    accruals = Transaction.objects.filter(pk__in=found.values("pk")).order_by("pk")
    reversals = []
    for accrual in locking(accruals):
        remaining = remaining_by_line(accrual)
        if any(remaining):
            reason = f"Accrual of {quarter.code} reversed at its close"
            costs = [-left for left in remaining]
            reversals.append(_take_back(accrual, into, costs, reason=reason, by=by, at_close=True))
    return reversals


def _lock(entry: Transaction) -> Transaction:
    """The entry with its row locked; the quarters that the act writes into are locked before it."""
    return locking(Transaction.objects).get(pk=entry.pk)


def _recording_organisation(by: User) -> Organisation:
    if by.acting is None:
        raise refuse("role", "You hold no role that records spend.")
    return by.acting.organisation


def _require_own(entry: Transaction, by: User) -> None:
    if entry.recorded_by_id != _recording_organisation(by).pk:
        raise refuse("F03", f"{entry.reference} is in the ledger of {entry.recorded_by}; its officers correct it.")


def _lock_quarters(quarters: set[Quarter], organisation: Organisation) -> dict[int, Quarter]:
    # In order of code, so that two officers who touch the same quarters cannot lock each other out.
    ordered = sorted(quarters, key=lambda quarter: quarter.code)
    return {quarter.pk: lock_open(quarter, MONEY, organisation=organisation) for quarter in ordered}


def _lock_each(charges: Sequence[Charge], organisation: Organisation) -> tuple[list[Charge], list[Problem]]:
    """The charges with their quarters locked, and a problem for each that is not open to the organisation."""
    locked: dict[int, Quarter] = {}
    problems = []
    for quarter in sorted({charge.quarter for charge in charges}, key=lambda quarter: quarter.code):
        try:
            locked[quarter.pk] = lock_open(quarter, MONEY, organisation=organisation)
        except Refused as refusal:
            numbers = [number for number, charge in enumerate(charges, start=1) if charge.quarter == quarter]
            problems += [replace(problem, where=f"quarter-{numbers[0]}") for problem in refusal.problems]
    return [replace(charge, quarter=locked.get(charge.quarter.pk, charge.quarter)) for charge in charges], problems


def _require_place(entry: Transaction, quarter: Quarter) -> None:
    """A correction goes where cost of its year goes, and into nothing that is declared.

    What was paid on account is no cost, and comes back when it comes back.
    """
    parts = [Charged(line=line.budget_line, quarter=quarter, cost=-line.cost) for line in _lines(entry)]
    misplaced = [] if entry.kind == Transaction.Kind.ADVANCE else list(year_and_quarter_agree(entry, parts))
    found = [replace(problem, where="quarter") for problem in misplaced]
    refuse_if_blocking([*dict.fromkeys(found), *_declared_already(parts, entry.recorded_by)])


def _declared_already(parts: Sequence[Charged], organisation: Organisation) -> list[Problem]:
    found = {}
    for number, part in enumerate(parts, start=1):
        source, quarter = part.line.source, part.quarter
        if (source, quarter) in found:
            continue
        declared = Declaration.objects.in_force().filter(organisation=organisation, source=source, quarter=quarter)
        if declared.exists():
            found[source, quarter] = Problem(
                "declared",
                f"{source} is declared for {quarter}. Withdraw the declaration first, or record it in a later quarter.",
                True,
                f"quarter-{number}",
            )
    return list(found.values())


def _lines(entry: Transaction) -> list[SpendLine]:
    return list(
        entry.lines.select_related(
            "budget_line__source__programme",
            "budget_line__project",
            "budget_line__heading",
            "budget_line__year",
            "quarter",
        ).order_by("number")
    )


def _apportion_net(net: Decimal, costs: Sequence[Decimal]) -> list[Decimal]:
    weights = [abs(cost) for cost in costs]
    return apportion(net, weights if any(weights) else [1] * len(weights))


def _write(entry: Transaction, parts: Sequence[Charged], *, by: User) -> Transaction:
    entry.reference = rows.next_reference("T")
    rows.create(entry, by=by)
    nets = _apportion_net(entry.net, [part.cost for part in parts])
    for number, (part, net) in enumerate(zip(parts, nets, strict=True), start=1):
        state, reason = state_of(entry, part, today=clock.today())
        line = SpendLine(
            transaction=entry,
            number=number,
            budget_line=part.line,
            quarter=part.quarter,
            relates_to=part.relates_to,
            net=net,
            cost=part.cost,
            state=state,
            state_reason=reason,
        )
        line.full_clean()
        line.save(force_insert=True)
    programme = parts[0].line.source.programme
    events.record("spending.record", entry.reference, by=by, words=in_words(entry.cost), programme=programme)
    return entry


@dataclass(frozen=True)
class _Left:
    """What an entry still amounts to after all that took parts of it back, in pounds; `nets` by the line's number."""

    cost: Decimal
    vat: Decimal
    recoverable_vat: Decimal
    nets: Mapping[int, Decimal]


def _left_of(entry: Transaction) -> _Left:
    backs = list(entry.taken_back_by.in_force())
    nets = {line.number: line.net for line in entry.lines.all()}
    for line in SpendLine.objects.filter(transaction__in=backs):
        nets[line.number] += line.net
    return _Left(
        cost=sum((back.cost for back in backs), entry.cost),
        vat=sum((back.vat for back in backs), entry.vat),
        recoverable_vat=sum((back.recoverable_vat for back in backs), entry.recoverable_vat),
        nets=nets,
    )


def _take_back(
    original: Transaction,
    quarter: Quarter,
    costs: Sequence[Decimal],
    *,
    reason: str,
    by: User,
    document_number: str = "",
    against: Disallowance | None = None,
    accounting_on: date | None = None,
    once: UUID | None = None,
    at_close: bool = False,
) -> Transaction:
    """Write the mirror of an entry: the given (negative) cost for each of its lines, in their order and state."""
    if accounting_on is not None and accounting_on > clock.today():
        words = f"{day_in_words(accounting_on)} is in the future. Enter the date under which the ledger shows it."
        raise refuse("F02", words, "accounting_on")
    cost, left = sum(costs, NOUGHT), _left_of(original)
    whole = cost == -left.cost
    # The credit's VAT and recovered VAT are its share of what is left of them, so that the last one takes the rest.
    share = NOUGHT if whole else cost / left.cost
    vat = -left.vat if whole else round_to_penny(left.vat * share)
    recoverable = -left.recoverable_vat if whole else round_to_penny(left.recoverable_vat * share)
    entry = Transaction(
        reference=rows.next_reference("T"),
        recorded_by=original.recorded_by,
        kind=Transaction.Kind.REVERSAL,
        contract=original.contract,
        supplier_name=original.supplier_name,
        document_number=document_number or original.document_number,
        description=original.description,
        basis=original.basis,
        accounting_on=accounting_on or min(max(quarter.first_day, original.accounting_on), clock.today()),
        service_from=original.service_from,
        service_to=original.service_to,
        net=cost - vat + recoverable,
        vat=vat,
        recoverable_vat=recoverable,
        cost=cost,
        takes_back=original,
        against=against,
        at_close=at_close,
        reason=reason,
    )
    if once:
        entry.once = once
    rows.create(entry, by=by, reason=reason)
    lines = _lines(original)
    nets = [-left.nets[line.number] for line in lines] if whole else _apportion_net(entry.net, costs)
    for line, part, net in zip(lines, costs, nets, strict=True):
        same = line.quarter_id == quarter.pk
        mirror = SpendLine(
            transaction=entry,
            number=line.number,
            budget_line=line.budget_line,
            quarter=quarter,
            relates_to=None if same else line.relates_to or line.quarter,
            net=net,
            cost=part,
            state=SpendLine.State.NOT_CLAIMABLE if against else line.state,
            state_reason=SpendLine.Reason.DISALLOWED if against else line.state_reason,
        )
        mirror.full_clean()
        mirror.save(force_insert=True)
    programme, words = lines[0].budget_line.source.programme, f"{original.reference}: {reason}"
    events.record("spending.take-back", entry.reference, by=by, words=words, programme=programme)
    return entry
