"""Accruals: which contracts want one at a quarter's end, and what became of each that the close reversed.

An accrual is reversed when its quarter closes. Then its invoice comes and settles it, or it is raised again, or
it is written back: until one of these is said it is open, and the quarter of its reversal is not declared.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID, uuid5

from django.db import transaction as database
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from board import clock, events, rows
from board.models import Organisation, Programme, Quarter, User
from board.quarters import MONEY, is_open, lock
from board.rows import locking
from contracts.models import Contract
from core.money import NOUGHT, PenceField, apportion, in_words, round_to_penny
from core.problems import Problem, Refused, refuse, refuse_if_blocking
from funding.models import BudgetLine, Commitment, Source, SpendLine, Transaction
from funding.positions import version_in_force
from funding.spending import Charge, record, reverse

# A third re-raising needs a reason: by then nobody can call it this quarter's estimate any more.
RE_RAISED_WITHOUT_REASON = 2
# Invoices offered to settle an accrual.
OFFERED_INVOICES = 100
INVOICES = (Transaction.Kind.ACTUAL, Transaction.Kind.SUMMARY, Transaction.Kind.REPORTED_SPEND)


@dataclass(frozen=True)
class Prompt:
    """A contract's budget line with service in a quarter that the record may lack, in pounds.

    `expected` is what the quarter should cost: the profile where the contract has the line to itself, else the
    commitment by days. `recorded` is what is recorded for the quarter's service, `left` what is still committed.
    """

    contract: Contract
    line: BudgetLine
    expected: Decimal
    recorded: Decimal
    left: Decimal
    by_days: bool

    @property
    def key(self) -> str:
        """What names its box."""
        return f"accrue-{self.contract.pk}-{self.line.pk}"

    @property
    def suggested(self) -> Decimal:
        return max(min(self.expected - self.recorded, self.left), NOUGHT)

    @property
    def has_nothing(self) -> bool:
        return not self.recorded


# Raising


def prompts(organisation: Organisation, quarter: Quarter) -> list[Prompt]:
    """Where a contract runs in a quarter, is still committed, and less is recorded of its service than is expected.

    Grant agreements are left out: their cost is what the grantee reports.
    """
    commitments = list(
        Commitment.objects.filter(
            line__year_id=quarter.year_id,
            line__source__kept_by=organisation,
            line__source__programme_id=quarter.programme_id,
            contract__buyer=organisation,
            contract__starts_on__lte=quarter.last_day,
            contract__ends_on__gte=quarter.first_day,
        )
        .exclude(contract__kind__in=[Contract.Kind.GRANT_AGREEMENT, Contract.Kind.DATA_SUPPLY])
        .select_related(
            "contract__provider", "line__source__programme", "line__source__kept_by", "line__project", "line__heading",
            "line__year",
        )
    )  # fmt: skip
    lines = {row.line for row in commitments}
    charged = _summed(SpendLine.objects.spend().filter(budget_line__in=lines))
    in_quarter = _summed(
        SpendLine.objects.spend().filter(
            budget_line__in=lines,
            transaction__service_from__lte=quarter.last_day,
            transaction__service_to__gte=quarter.first_day,
        )
    )
    planned = _profiles({line.source for line in lines}, quarter)
    alone = {line.pk for line in lines if sum(row.line_id == line.pk for row in commitments) == 1}
    found = []
    for row in commitments:
        of_line = sum((cost for (_, line), cost in in_quarter.items() if line == row.line_id), NOUGHT)
        by_days = row.line_id not in alone or row.line_id not in planned
        found.append(
            Prompt(
                contract=row.contract,
                line=row.line,
                expected=_by_days(row, quarter) if by_days else planned[row.line_id],
                recorded=in_quarter.get((row.contract_id, row.line_id), NOUGHT) if by_days else of_line,
                left=row.amount - charged.get((row.contract_id, row.line_id), NOUGHT),
                by_days=by_days,
            )
        )
    wanted = [prompt for prompt in found if prompt.suggested]
    return sorted(wanted, key=lambda one: (one.contract.reference, one.line.source.position, one.line.project.position))


def raise_many(
    *, quarter: Quarter, amounts: Mapping[Prompt, Decimal], description: str, by: User, once: UUID | None = None
) -> list[Transaction]:
    """Record an accrual for each prompt with an amount: all of them, or none. Problems name the prompt's box.

    Each is of the service that the contract has in the quarter. The second of two calls with the same
    `once` hands back what the first wrote.
    """
    wanted = {prompt: amount for prompt, amount in amounts.items() if amount}
    problems: list[Problem] = []
    if not wanted:
        problems.append(Problem("accrual", "Enter the amount of at least one accrual."))
    problems += [
        Problem("accrual", "An accrual is above nought. Enter what was received.", True, prompt.key)
        for prompt, amount in wanted.items()
        if amount < 0
    ]
    if not description.strip():
        problems.append(Problem("accrual", "Say what was received.", True, "description"))
    refuse_if_blocking(problems)
    names = _supplier_names(prompt.contract for prompt in wanted)
    written = []
    with database.atomic():
        for prompt, amount in wanted.items():
            contract = prompt.contract
            entry = Transaction(
                kind=Transaction.Kind.ACCRUAL,
                contract=contract,
                supplier_name=names.get(contract.pk, contract.provider.name),
                description=description.strip(),
                accounting_on=min(quarter.last_day, clock.today()),
                service_from=max(quarter.first_day, contract.starts_on),
                service_to=min(quarter.last_day, contract.ends_on),
                net=amount,
            )
            try:
                done = record(
                    entry=entry,
                    charges=[Charge(prompt.line, quarter)],
                    by=by,
                    once=uuid5(once, prompt.key) if once else None,
                )
            except Refused as refusal:
                problems += [replace(problem, where=prompt.key) for problem in refusal.problems if problem.blocking]
            else:
                written.append(done.transaction)
        refuse_if_blocking(problems)
    return written


def _summed(lines: QuerySet[SpendLine]) -> dict[tuple[int | None, int], Decimal]:
    """(contract, budget line) → cost."""
    summed = lines.order_by().values("transaction__contract", "budget_line")
    return {
        (row["transaction__contract"], row["budget_line"]): row["total"]
        for row in summed.annotate(total=Sum("cost", output_field=PenceField()))
    }


def _profiles(sources: Iterable[Source], quarter: Quarter) -> dict[int, Decimal]:
    """By budget line, what the budget in force plans for the quarter; lines planned at nought are left out."""
    found: dict[int, Decimal] = {}
    for source in sources:
        version = version_in_force(source, quarter.year, clock.today())
        if version is not None:
            found |= dict(version.profiles.filter(quarter=quarter).exclude(amount=0).values_list("line_id", "amount"))
    return found


def _by_days(row: Commitment, quarter: Quarter) -> Decimal:
    """What of a commitment falls on the quarter's days, of all days that the contract has in the year."""
    first_day, last_day = row.line.year.bounds
    first, last = max(first_day, row.contract.starts_on), min(last_day, row.contract.ends_on)
    in_year = (last - first).days + 1
    in_quarter = (min(last, quarter.last_day) - max(first, quarter.first_day)).days + 1
    return round_to_penny(row.amount * in_quarter / in_year)


def _supplier_names(contracts: Iterable[Contract]) -> dict[int, str]:
    """By contract, the name that its last entry bore in the ledger."""
    named = Transaction.objects.in_force().filter(contract__in=set(contracts)).exclude(supplier_name="")
    return dict(named.order_by("accounting_on", "reference").values_list("contract_id", "supplier_name"))


# What became of them


def open_accruals(organisation: Organisation, programme: Programme | None = None) -> list[Transaction]:
    """An organisation's accruals, of one programme or all, that a close reversed and nothing says what became of."""
    found = _open(Transaction.objects.filter(recorded_by=organisation))
    if programme is not None:
        found = found.filter(lines__budget_line__source__programme=programme).distinct()
    return list(found.select_related("contract", "recorded_by").order_by("reference"))


def is_open_accrual(accrual: Transaction) -> bool:
    """Whether a close reversed the accrual and nothing says what became of it."""
    return accrual.kind == Transaction.Kind.ACCRUAL and _open(Transaction.objects.filter(pk=accrual.pk)).exists()


def standing_accruals(organisation: Organisation, period: Quarter) -> list[Transaction]:
    """Accruals recorded in a closing period, which no later period reverses: each is written back or stands."""
    taken_back = Transaction.objects.in_force().filter(takes_back=OuterRef("pk"))
    found = Transaction.objects.in_force().filter(
        ~Exists(taken_back), kind=Transaction.Kind.ACCRUAL, recorded_by=organisation, lines__quarter=period
    )
    return list(found.select_related("contract").distinct().order_by("reference"))


def unresolved(source: Source, quarter: Quarter) -> Iterator[Problem]:
    """F21: before a quarter is declared, each accrual reversed into its year so far has its outcome."""
    lines = SpendLine.objects.in_force().filter(
        transaction__at_close=True,
        transaction__takes_back__in=_open(Transaction.objects.filter(lines__budget_line__source=source)),
        quarter__year_id=quarter.year_id,
        budget_line__source=source,
    )
    found = {
        line.transaction.takes_back.reference
        for line in lines.select_related("quarter", "transaction__takes_back")
        if line.quarter.order <= quarter.order
    }
    for reference in sorted(found):
        yield Problem(
            "F21",
            f"The accrual {reference} is reversed and nothing says what became of it. "
            "Settle it by its invoice, raise it again, or write it back.",
        )


def raise_again(
    *,
    accrual: Transaction,
    quarter: Quarter,
    amount: Decimal,
    reason: str,
    by: User,
    once: UUID | None = None,
) -> Transaction:
    """Raise a reversed accrual again, at the same estimate or a new one, split as it was.

    It stays the cost of when the work was done. The third time and after needs a reason.
    """
    with database.atomic():
        lock(quarter)
        locked = _lock_own(accrual, by)
        same = {"re_raises_id": locked.pk, "net": amount}
        if before := rows.written_before(Transaction, once, by=by, **same):
            return before
        _require_open(locked)
        again = times_raised_again([locked])[locked.pk] + 1
        problems = []
        if amount <= 0:
            problems.append(
                Problem("F21", "An estimate is above nought. Write the accrual back instead.", True, "amount")
            )
        if again > RE_RAISED_WITHOUT_REASON and not reason.strip():
            problems.append(
                Problem("F21", f"{locked} is raised again {again} times now. Say why no invoice comes.", True, "reason")
            )
        refuse_if_blocking(problems)
        lines = list(locked.lines.select_related("budget_line__source__programme", "quarter").order_by("number"))
        charges = [
            Charge(line.budget_line, quarter, amount=part, relates_to=line.relates_to or line.quarter)
            for line, part in zip(lines, apportion(amount, [abs(line.cost) for line in lines]), strict=True)
        ]
        entry = Transaction(
            kind=Transaction.Kind.ACCRUAL,
            contract=locked.contract,
            supplier_name=locked.supplier_name,
            description=locked.description,
            basis=locked.basis,
            accounting_on=min(max(quarter.last_day, locked.accounting_on), clock.today()),
            service_from=locked.service_from,
            service_to=locked.service_to,
            net=amount,
            re_raises=locked,
            reason=reason.strip(),
        )
        done = record(entry=entry, charges=charges, by=by, once=once).transaction
        words = f"{locked}, {in_words(amount)}"
        events.record("accrual.raise-again", done.reference, by=by, words=words, programme=locked.programme)
    return done


def settle(*, accrual: Transaction, invoice: Transaction, by: User) -> Transaction:
    """Say that an entry on record is the invoice of a reversed accrual."""
    with database.atomic():
        locked = _lock_own(accrual, by)
        if locked.written_back_on is None:
            # An invoice may come although nobody expected it any more.
            _require_open(locked)
        row = locking(Transaction.objects).get(pk=invoice.pk)
        refuse_if_blocking(may_settle(locked, row))
        row.settles = locked
        rows.change(row, by=by, reason=f"Settles {locked}")
        words = f"{row}, {in_words(row.cost)}"
        events.record("accrual.settle", locked.reference, by=by, words=words, programme=locked.programme)
    return row


def may_settle(accrual: Transaction, invoice: Transaction) -> Iterator[Problem]:
    """Whether an entry can be the invoice of an accrual."""
    if invoice.recorded_by_id != accrual.recorded_by_id or invoice.is_void or invoice.kind not in INVOICES:
        yield Problem("F21", f"{invoice} is no invoice of {accrual.recorded_by} in force.", True, "invoice")
    elif invoice.settles_id is not None:
        yield Problem("F21", f"{invoice} settles {invoice.settles} already.", True, "invoice")
    elif not same_place(accrual, invoice):
        yield Problem(
            "F21", f"{invoice} is of another contract and other budget lines than {accrual}.", True, "invoice"
        )


def same_place(accrual: Transaction, invoice: Transaction) -> bool:
    """Whether an invoice is of the accrual's contract, or charges one of its budget lines."""
    if accrual.contract_id and accrual.contract_id == invoice.contract_id:
        return True
    return invoice.lines.filter(budget_line__in=accrual.lines.values("budget_line")).exists()


def invoices_for(accrual: Transaction) -> list[Transaction]:
    """The entries that may be the invoice of an accrual, the latest first: of its contract, or of its budget lines."""
    found = Transaction.objects.in_force().filter(
        recorded_by=accrual.recorded_by, kind__in=INVOICES, settles=None, accounting_on__gte=accrual.service_from
    )
    place = Q(lines__budget_line__in=accrual.lines.values("budget_line"))
    if accrual.contract_id:
        place |= Q(contract_id=accrual.contract_id)
    return list(found.filter(place).distinct().order_by("-accounting_on", "-reference")[:OFFERED_INVOICES])


def write_back(*, accrual: Transaction, reason: str, by: User) -> Transaction:
    """State that no invoice of an accrual comes. One that stands in a closing period is reversed there by this."""
    with database.atomic():
        if period := closing_period_of(accrual):
            lock(period)
        locked = _lock_own(accrual, by)
        if not reason.strip():
            raise refuse("F21", "Say why no invoice comes.", "reason")
        if period:
            reverse(original=locked, quarter=period, reason=reason.strip(), by=by)
        else:
            _require_open(locked)
        locked.written_back_on, locked.written_back_reason = clock.today(), reason.strip()
        rows.change(locked, by=by, reason=reason)
        words = reason.strip()
        events.record("accrual.write-back", locked.reference, by=by, words=words, programme=locked.programme)
    return locked


def let_stand(*, accrual: Transaction, reason: str, by: User) -> Transaction:
    """Give the reason why an accrual in a closing period stands open at the year's final claim."""
    with database.atomic():
        locked = _lock_own(accrual, by)
        if closing_period_of(locked) is None:
            raise refuse("F21", f"{locked} does not stand in a closing period that is open.")
        if not reason.strip():
            raise refuse("F21", "Say why it stands.", "reason")
        locked.reason = reason.strip()
        rows.change(locked, by=by, reason=reason)
        words = reason.strip()
        events.record("accrual.let-stand", locked.reference, by=by, words=words, programme=locked.programme)
    return locked


def closing_period_of(accrual: Transaction) -> Quarter | None:
    """The open closing period in which an accrual stands that nothing has taken back."""
    if accrual.kind != Transaction.Kind.ACCRUAL or accrual.is_void or accrual.taken_back_by.in_force().exists():
        return None
    line = accrual.lines.select_related("quarter__programme", "quarter__year").order_by("number").first()
    if line is None or line.quarter.kind != Quarter.Kind.CLOSING:
        return None
    return line.quarter if is_open(line.quarter, MONEY, clock.now(), accrual.recorded_by) else None


def times_raised_again(entries: Sequence[Transaction]) -> dict[int, int]:
    """By the key of each accrual, how often it was raised again since it was first raised: 0 for a first one."""
    before = dict(
        Transaction.objects.filter(kind=Transaction.Kind.ACCRUAL, re_raises__isnull=False).values_list(
            "pk", "re_raises_id"
        )
    )
    found = {}
    for entry in entries:
        count, at = 0, entry.pk
        while at in before and count < len(before):
            at, count = before[at], count + 1
        found[entry.pk] = count
    return found


def _open(among: QuerySet[Transaction]) -> QuerySet[Transaction]:
    reversed_at_close = Transaction.objects.in_force().filter(takes_back=OuterRef("pk"), at_close=True)
    return among.in_force().filter(
        Exists(reversed_at_close),
        ~Exists(Transaction.objects.in_force().filter(settles=OuterRef("pk"))),
        ~Exists(Transaction.objects.in_force().filter(re_raises=OuterRef("pk"))),
        kind=Transaction.Kind.ACCRUAL,
        written_back_on=None,
    )


def _require_open(accrual: Transaction) -> None:
    if accrual.kind != Transaction.Kind.ACCRUAL:
        raise refuse("F21", f"{accrual} is no accrual.")
    if not accrual.taken_back_by.in_force().filter(at_close=True).exists():
        raise refuse("F21", f"{accrual} is not reversed. Its quarter's close reverses it; until then make it void.")
    if not is_open_accrual(accrual):
        raise refuse("F21", f"What became of {accrual} is said already.")


def _lock_own(accrual: Transaction, by: User) -> Transaction:
    locked = locking(Transaction.objects).select_related("recorded_by").get(pk=accrual.pk)
    if by.acting is None or locked.recorded_by_id != by.acting.organisation_id:
        raise refuse("F03", f"{locked} is in the ledger of {locked.recorded_by}; its officers say what became of it.")
    return locked
