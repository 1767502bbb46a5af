"""Money held by grantees: what they were paid on account, what they state that they spent, what they hold unspent.

Under a grant agreement or a recharge, cost is what the other side reports as spent. A payment on account is no
cost; what it is above the spend reported so far is held by the grantee until it is reported, returned or set off.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction as database
from django.db.models import Q, Sum

from board import clock, events, rows
from board.models import Organisation, Programme, Quarter, User
from board.quarters import MONEY, lock, lock_all, open_quarters
from board.rows import locking
from contracts.models import Contract
from core.financial_year import year_bounds, year_starting
from core.forms import day_in_words
from core.money import NOUGHT, PenceField, in_words
from core.problems import Problem, Refused, refuse, refuse_if_blocking
from funding.models import BudgetLine, ReconcilingItem, Source, SpendLine, SpendReport, Transaction
from funding.reconciling import Reconciliation
from funding.rules import REPORTS_SPEND
from funding.spending import Charge, credit, record, remaining_by_line, void

Kind = Transaction.Kind
PAID = Q(transaction__kind=Kind.ADVANCE) | Q(transaction__takes_back__kind=Kind.ADVANCE)
REPORTED = Q(transaction__kind=Kind.REPORTED_SPEND) | Q(transaction__takes_back__kind=Kind.REPORTED_SPEND)


@dataclass(frozen=True)
class HeldByGrantee:
    """What a grantee holds under a contract on a day, in pounds; below nought it has spent more than it was paid."""

    contract: Contract
    paid: Decimal
    reported: Decimal

    @property
    def unspent(self) -> Decimal:
        return self.paid - self.reported


@dataclass(frozen=True)
class Statement:
    """A contract's quarter: its statement, None while it is missing, and what is held at the quarter's end."""

    quarter: Quarter
    report: SpendReport | None
    paid: Decimal
    reported: Decimal

    @property
    def unspent(self) -> Decimal:
        return self.paid - self.reported


# The statement


def record_report(
    *,
    contract: Contract,
    quarter: Quarter,
    signed_by_title: str,
    signed_on: date,
    document_reference: str,
    amounts: Mapping[BudgetLine, Decimal],
    is_nil: bool,
    by: User,
    once: UUID | None = None,
    corrects: SpendReport | None = None,
) -> SpendReport:
    """Record a grantee's signed statement of a quarter: one entry of reported spend for each budget line.

    It is recorded in its quarter, or, where that is closed, in the next open one as relating to it. A nil
    statement is said to be nil, and has no entry. Refuses a second one in force for the same contract and
    quarter, and spend that would bring a line's total of the contract below nought.
    """
    with database.atomic():
        # Whichever is open may take it, and quarters are locked before what hangs on them.
        lock_all(Quarter.objects.filter(programme_id=contract.programme_id))
        locked = locking(Contract.objects).select_related("provider", "buyer").get(pk=contract.pk)
        organisation = _buyer(locked, by)
        total = sum(amounts.values(), NOUGHT)
        same = {"contract_id": locked.pk, "quarter_id": quarter.pk, "total": total, "signed_on": signed_on}
        if before := rows.written_before(SpendReport, once, by=by, **same):
            return before
        problems = list(_problems(locked, quarter, signed_by_title, signed_on, document_reference, amounts, is_nil))
        refuse_if_blocking(problems)
        report = SpendReport(
            reference=rows.next_reference("SR"),
            contract=locked,
            quarter=quarter,
            recorded_by=organisation,
            signed_by_title=signed_by_title.strip(),
            signed_on=signed_on,
            document_reference=document_reference.strip(),
            total=total,
            is_nil=is_nil,
            corrects=corrects,
        )
        if once:
            report.once = once
        rows.create(report, by=by)
        _write_entries(report, {line: amount for line, amount in amounts.items() if amount}, by)
        words = f"{locked.reference}, {quarter.code}: {'nil' if is_nil else in_words(total)}"
        events.record("spend-report.record", report.reference, by=by, words=words, programme=quarter.programme)
    return report


def correct_report(
    *, report: SpendReport, reason: str, by: User, seen_version: int | None, **given: object
) -> SpendReport:
    """Put another statement in the place of one that was recorded wrongly, before its quarter is declared."""
    with database.atomic():
        wrong = void_report(report=report, reason=reason, by=by, seen_version=seen_version)
        return record_report(contract=wrong.contract, quarter=wrong.quarter, by=by, corrects=wrong, **given)


def void_report(*, report: SpendReport, reason: str, by: User, seen_version: int | None = None) -> SpendReport:
    """Strike out a statement with all its entries, while nothing of them is declared or claimed."""
    with database.atomic():
        lock_all(Quarter.objects.filter(programme_id=report.contract.programme_id))
        locked = (
            locking(SpendReport.objects)
            .select_related("contract", "quarter__programme", "quarter__year")
            .get(pk=report.pk)
        )
        if locked.recorded_by_id != _acting(by).pk:
            raise refuse("F03", f"{locked} is in the ledger of {locked.recorded_by}; its officers correct it.")
        if locked.is_void:
            raise refuse("void", f"{locked} is void already.")
        if not reason.strip():
            raise refuse("void", "Give the reason for making it void.", "reason")
        problems: list[Problem] = []
        for entry in locked.entries.in_force().order_by("reference"):
            try:
                void(entry=entry, reason=f"{locked}: {reason.strip()}", by=by, with_report=True)
            except Refused as refusal:
                problems += refusal.problems
        refuse_if_blocking(dict.fromkeys(problems))
        locked.voided_at, locked.void_reason = clock.now(), reason.strip()
        rows.change(locked, by=by, seen_version=seen_version, reason=reason)
        events.record(
            "spend-report.void", locked.reference, by=by, words=reason.strip(), programme=locked.quarter.programme
        )
    return locked


def quarter_of_recording(contract: Contract, quarter: Quarter, organisation: Organisation) -> Quarter:
    """Where the statement of a quarter is recorded: there, or in the next open one, first of its own year."""
    now_open = open_quarters(contract.programme, MONEY, clock.now(), organisation)
    later = [row for row in now_open if row.order >= quarter.order]
    if not later:
        raise refuse("F02", f"{quarter} is closed for spend, and no later quarter is open.", "quarter")
    return min(later, key=lambda row: (row.year_id != quarter.year_id, row.order))


def lines_to_report(contract: Contract, quarter: Quarter, organisation: Organisation) -> list[BudgetLine]:
    """The budget lines that a statement may charge: those committed to the contract or reported on before.

    Where there is none yet, every line of the contract's projects in that year.
    """
    kept = BudgetLine.objects.filter(
        year_id=quarter.year_id, source__kept_by=organisation, source__programme_id=contract.programme_id
    ).exclude(source__kind=Source.Kind.IN_KIND_MATCH)
    bound = kept.filter(
        Q(commitments__contract=contract)
        | Q(spend_lines__transaction__contract=contract, spend_lines__transaction__kind=Kind.REPORTED_SPEND)
    )
    found = bound if bound.exists() else kept.filter(project__contract_values__contract=contract)
    found = found.select_related("source__programme", "source__kept_by", "project", "heading", "year").distinct()
    return sorted(found, key=lambda line: (line.source.position, line.project.position, line.heading.position))


def reported_by_line(contract: Contract, lines: Iterable[BudgetLine]) -> dict[int, Decimal]:
    """By the key of each budget line, which is of one year, what the contract's statements show so far."""
    found = SpendLine.objects.in_force().filter(REPORTED, transaction__contract=contract, budget_line__in=list(lines))
    summed = found.order_by().values("budget_line").annotate(total=Sum("cost", output_field=PenceField()))
    return {row["budget_line"]: row["total"] for row in summed}


def _problems(
    contract: Contract,
    quarter: Quarter,
    signed_by_title: str,
    signed_on: date,
    document_reference: str,
    amounts: Mapping[BudgetLine, Decimal],
    is_nil: bool,
) -> Iterable[Problem]:
    if contract.kind not in REPORTS_SPEND:
        yield Problem("F24", f"Under {contract.reference} cost is what is invoiced, not what is reported as spent.")
    if not signed_by_title.strip():
        yield Problem("report", "Give the title of who signed the statement.", True, "signed_by_title")
    if not document_reference.strip():
        yield Problem("report", "Give the statement’s reference.", True, "document_reference")
    if signed_on > clock.today():
        yield Problem(
            "report", "This date is in the future. Record the statement once it is signed.", True, "signed_on"
        )
    if signed_on < quarter.first_day:
        yield Problem("report", f"{day_in_words(signed_on)} is before {quarter} began. Check it.", True, "signed_on")
    if quarter.programme_id != contract.programme_id or quarter.kind != Quarter.Kind.QUARTER:
        yield Problem("report", f"A statement is of a quarter of the contract’s programme; {quarter} is none.")
    other = SpendReport.objects.in_force().filter(contract=contract, quarter=quarter).first()
    if other:
        yield Problem(
            "report",
            f"{other} is the statement of {contract.reference} for {quarter}. Correct that one, or make it void.",
        )
    if is_nil and any(amounts.values()):
        yield Problem(
            "report", "A nil statement shows no spend. Empty the amounts, or say that it is not nil.", True, "is_nil"
        )
    if not is_nil and not any(amounts.values()):
        yield Problem("report", "Enter what was spent, or say that the statement is nil.", True, "is_nil")
    before = reported_by_line(contract, amounts)
    for line, amount in amounts.items():
        if line.year_id != quarter.year_id:
            yield Problem("report", f"{line.year} is not the year of {quarter}.", True, f"line-{line.pk}")
        so_far = before.get(line.pk, NOUGHT)
        if amount < 0 and so_far + amount < 0:
            yield Problem(
                "report",
                f"Only {in_words(so_far)} is reported of {line.project} · {line.heading} so far. Lower it by no more.",
                True,
                f"line-{line.pk}",
            )


def _write_entries(report: SpendReport, amounts: Mapping[BudgetLine, Decimal], by: User) -> None:
    """One entry a budget line; its problems name the line's box."""
    contract, quarter = report.contract, report.quarter
    if not amounts:
        return
    recorded_in = quarter_of_recording(contract, quarter, report.recorded_by)
    # What was reported is of the quarter's days that the agreement covers.
    first, last = max(quarter.first_day, contract.starts_on), min(quarter.last_day, contract.ends_on)
    if last < first:
        first, last = quarter.first_day, quarter.last_day
    problems: list[Problem] = []
    for line, amount in amounts.items():
        entry = Transaction(
            kind=Kind.REPORTED_SPEND,
            contract=contract,
            supplier_name=contract.provider.name,
            document_number=report.document_reference,
            description=f"Reported as spent, {quarter.short_label}: {line.heading}"[:200],
            basis=f"Statement signed by {report.signed_by_title} on {day_in_words(report.signed_on)}"[:200],
            accounting_on=min(max(quarter.last_day, recorded_in.first_day), clock.today()),
            service_from=first,
            service_to=last,
            net=amount,
            report=report,
            reason="The statement lowers what was reported before" if amount < 0 else "",
        )
        charge = Charge(line, recorded_in, relates_to=None if recorded_in.pk == quarter.pk else quarter)
        try:
            record(entry=entry, charges=[charge], by=by)
        except Refused as refusal:
            problems += [
                replace(one, where=f"line-{line.pk}" if one.code != "declared" else "") for one in refusal.problems
            ]
    refuse_if_blocking(dict.fromkeys(problem for problem in problems if problem.blocking))


# What is held


def held_by_grantees(
    organisation: Organisation, contracts: Iterable[Contract], as_at: date | None = None
) -> list[HeldByGrantee]:
    """What an organisation paid on account under each contract to a day, and what is reported of it.

    By accounting date; contracts with neither are left out.
    """
    contracts = {contract.pk: contract for contract in contracts}
    paid, reported = (_by_contract(organisation, what, contracts, as_at) for what in (PAID, REPORTED))
    return [
        HeldByGrantee(contract, paid.get(key, NOUGHT), reported.get(key, NOUGHT))
        for key, contract in contracts.items()
        if key in paid or key in reported
    ]


def _by_contract(
    organisation: Organisation, what: Q, contracts: Iterable[int], as_at: date | None
) -> dict[int, Decimal]:
    lines = SpendLine.objects.in_force().filter(
        what, transaction__recorded_by=organisation, transaction__contract__in=list(contracts)
    )
    if as_at is not None:
        lines = lines.filter(transaction__accounting_on__lte=as_at)
    summed = lines.order_by().values("transaction__contract").annotate(total=Sum("cost", output_field=PenceField()))
    return {row["transaction__contract"]: row["total"] for row in summed}


def statements_of(contract: Contract) -> list[Statement]:
    """Each quarter that has begun within a contract's dates: its statement, and what is held at the quarter's end."""
    reports = {row.quarter_id: row for row in SpendReport.objects.in_force().filter(contract=contract)}
    quarters = [
        quarter
        for quarter in Quarter.objects.filter(programme_id=contract.programme_id, kind=Quarter.Kind.QUARTER)
        .select_related("programme", "year")
        .order_by("first_day")
        if quarter.first_day <= min(contract.ends_on, clock.today()) and quarter.last_day >= contract.starts_on
    ]
    lines = SpendLine.objects.in_force().filter(PAID | REPORTED, transaction__contract=contract)
    dated = list(
        lines.values_list(
            "transaction__accounting_on", "transaction__kind", "transaction__takes_back__kind", "cost"
        ).order_by()
    )
    found = []
    for quarter in quarters:
        until = [row for row in dated if row[0] <= quarter.last_day]
        paid = sum((cost for _, kind, back, cost in until if Kind.ADVANCE in (kind, back)), NOUGHT)
        reported = sum((cost for _, kind, back, cost in until if Kind.ADVANCE not in (kind, back)), NOUGHT)
        found.append(Statement(quarter, reports.get(quarter.pk), paid, reported))
    return found


def unspent_on(organisation: Organisation, programme: Programme, day: date) -> Decimal:
    """What an organisation's ledger shows as paid on account to a day beyond what is reported as spent."""
    lines = (
        SpendLine.objects.in_force()
        .of_programme(programme)
        .filter(transaction__recorded_by=organisation, transaction__accounting_on__lte=day)
    )
    return lines.filter(PAID).total() - lines.filter(REPORTED).total()


def item_to_propose(found: Reconciliation) -> Decimal:
    """What of a reconciliation's difference is money held by grantees and no item says yet; £0.00 for nothing.

    The ledger shows payments on account, our record the spend reported: so they differ by what unspent
    advances grew or fell by since 1 April. Items of the kind stand for ever, and each says a change.
    """
    before = unspent_on(found.organisation, found.programme, _day_before_the_year(found.as_at))
    grown = unspent_on(found.organisation, found.programme, found.as_at) - before
    said = sum((one.amount for one in found.items if one.item.kind == ReconcilingItem.Kind.ADVANCE), NOUGHT)
    return grown - said


def item_in_words(found: Reconciliation) -> str:
    """The reason that is proposed for the item: what is held on the day, and how it came about."""
    held = unspent_on(found.organisation, found.programme, found.as_at)
    what = "paid on account and not reported as spent" if held >= 0 else "reported as spent and not paid yet"
    return (
        f"{in_words(abs(held))} is {what} on {day_in_words(found.as_at)}. "
        "The item is by how much this changed since the items before."
    )


def _day_before_the_year(day: date) -> date:
    return date.fromordinal(year_bounds(year_starting(day))[0].toordinal() - 1)


# Money that comes back


def take_back_advances(
    *,
    contract: Contract,
    quarter: Quarter,
    amount: Decimal,
    came_on: date,
    document_number: str,
    reason: str,
    by: User,
    once: UUID | None = None,
) -> list[Transaction]:
    """Record money paid on account that a grantee returns, or that is set off against other money due to it.

    It takes back the latest payments first, each for at most what remains of it. Refuses more than is unspent.
    `came_on` is the day under which the ledger shows it: what is held is reckoned by it.
    The second of two calls with the same `once` hands back what the first wrote.
    """  # fmt: skip
    with database.atomic():
        lock(quarter)
        locked = locking(Contract.objects).select_related("buyer").get(pk=contract.pk)
        organisation = _buyer(locked, by)
        if before := rows.written_before(Transaction, once, by=by, contract_id=locked.pk, reason=reason.strip()):
            return [before]
        held = sum((row.unspent for row in held_by_grantees(organisation, [locked])), NOUGHT)
        problems = []
        if amount <= 0:
            problems.append(Problem("advance", "Enter an amount above nought.", True, "amount"))
        if amount > held:
            problems.append(
                Problem(
                    "advance",
                    f"Only {in_words(max(held, NOUGHT))} is unspent under {locked.reference}.",
                    True,
                    "amount",
                )
            )
        if not reason.strip():
            problems.append(
                Problem("advance", "Say whether it was returned, or what it was set off against.", True, "reason")
            )
        refuse_if_blocking(problems)
        return _credit_latest_first(
            _advances(locked, organisation), quarter, amount, came_on, document_number, reason, by, once
        )


def _credit_latest_first(
    advances: Sequence[Transaction],
    quarter: Quarter,
    amount: Decimal,
    came_on: date,
    document_number: str,
    reason: str,
    by: User,
    once: UUID | None,
) -> list[Transaction]:
    written = []
    for entry in advances:
        part = min(amount, sum(remaining_by_line(entry), NOUGHT))
        if part <= 0:
            continue
        written.append(
            credit(
                original=entry,
                quarter=quarter,
                amount=part,
                document_number=document_number,
                reason=reason.strip(),
                by=by,
                accounting_on=came_on,
                once=once,
            )
        )
        amount, once = amount - part, None
        if not amount:
            break
    return written


def _advances(contract: Contract, organisation: Organisation) -> list[Transaction]:
    """The payments on account under a contract, the latest first."""
    found = Transaction.objects.in_force().filter(
        kind=Kind.ADVANCE, contract=contract, recorded_by=organisation, cost__gt=0
    )
    return list(found.order_by("-accounting_on", "-reference"))


def _acting(by: User) -> Organisation:
    if by.acting is None:
        raise refuse("role", "You hold no role that records spend.")
    return by.acting.organisation


def _buyer(contract: Contract, by: User) -> Organisation:
    """The acting organisation, if it is the one that pays under the contract."""
    organisation = _acting(by)
    if contract.buyer_id != organisation.pk:
        raise refuse("F03", f"{contract.reference} is paid by {contract.buyer}; its officers record what is reported.")
    return organisation
