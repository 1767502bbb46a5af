"""What the quarterly claim reads, gathered once: positions, the claim as it stands, match, held lines."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from django.db.models import Prefetch, Q, Sum, prefetch_related_objects
from django.utils import timezone

from board.models import Programme, Project, Quarter
from board.thresholds import threshold
from core.money import NOUGHT, PenceField, apportion
from core.problems import refuse
from funding import claims, declaring
from funding.budgeting import variance_needs_a_reason
from funding.models import (
    Award,
    BudgetLine,
    Claim,
    Commitment,
    Declaration,
    DisallowancePart,
    ReceiptPart,
    Source,
    SpendLine,
    Transaction,
    UnderspendNotice,
    VarianceReason,
)
from funding.positions import Position, Positions, grouped, positions_of, total
from returns.kinds import tracing
from returns.kinds.tracing import Part
from returns.models import Risk

THRESHOLDS = (
    ("variance-percent", "Variance that needs an explanation, share of the profile to date", "%"),
    ("variance-amount", "Variance that needs an explanation, amount", "£"),
    ("underspend-percent", "Forecast underspend of which the funder is told, share of the award", "%"),
    ("virement-amount", "Virement that needs a second person and the funder’s reference, amount", "£"),
)


# What a person still reads and Excel opens at once, a tenth of what a sheet holds.
MOST_LISTED = 100_000


@dataclass(frozen=True)
class Record:
    """Everything that one claim is made from, of the grant and of the match beside it.

    `positions` are the grant's alone, by budget line; `every` are those of all sources, `awards` theirs by key.
    """

    programme: Programme
    quarter: Quarter
    today: date
    grant: Source
    award: Decimal
    worked: claims.Worked
    positions: dict[BudgetLine, Position]
    every: Positions
    match_sources: tuple[Source, ...]
    awards: dict[int, Award]

    @cached_property
    def total(self) -> Position:
        return total(self.positions)

    @cached_property
    def by_project(self) -> dict[Project, Position]:
        return grouped(self.positions, lambda line: line.project)

    @cached_property
    def matches(self) -> "list[Match]":
        """Each match source of the programme, cash before in-kind."""
        return match(self)

    @cached_property
    def earlier(self) -> "list[EarlierClaim]":
        """The claims certified before this one."""
        return earlier_claims(self)

    @cached_property
    def claimed(self) -> list[SpendLine]:
        """The lines that the claim takes up for the first time. Refused where a return cannot list them."""
        count = sum(worked.lines.count() for worked in self.worked.parts)
        if count > MOST_LISTED:
            raise refuse(
                "lines",
                f"This claim takes up {count:,} lines, and a return lists at most {MOST_LISTED:,}. Record the smaller "
                "ones as summaries, one a heading with the ledger print, and begin again.",
            )
        return [line for worked in self.worked.parts for line in worked.lines]

    @property
    def own_part(self) -> claims.WorkedPart:
        """The part of the quarter's own award year; any other is of an earlier one."""
        return self.worked.parts[0]

    @property
    def is_final(self) -> bool:
        return self.quarter.kind == Quarter.Kind.CLOSING

    def spend(self, field: str, of: Part = None) -> tuple[str, ...]:
        """The trace of a figure of cost of the grant's year, at the quarter."""
        return tracing.spend(field, self.grant, self.quarter.year, self.quarter, of)

    def plan(self, field: str, of: Part = None) -> tuple[str, ...]:
        """The trace of a figure of the grant's budget, at the quarter."""
        return tracing.plan(field, self.grant, self.quarter.year, self.quarter, of)

    def expected(self, of: Part = None) -> tuple[str, ...]:
        """The trace of what is forecast after the quarter."""
        return tracing.forecast("rest", self.grant, self.quarter.year, self.quarter, of)

    def threshold(self, rule: str) -> Decimal:
        return threshold(self.programme, rule, self.today)


def read(programme: Programme, quarter: Quarter, *, today: date) -> Record:
    """Gather what the claim of a quarter or closing period says. Refused where there is no grant or award."""
    sources = list(
        Source.objects.filter(programme=programme)
        .select_related("programme__recipient", "funder", "kept_by")
        .order_by("position", "code")
    )
    grant = next((row for row in sources if row.is_grant), None)
    awards = {
        row.source_id: row
        for row in Award.objects.filter(source__in=sources, year=quarter.year).prefetch_related("revisions")
    }
    if grant is None or grant.pk not in awards:
        raise refuse("award", f"{programme.code} has no grant award for {quarter.year}. Record the award first.")
    # Thresholds and quarters are asked for row by row; one query brings them all.
    grant.programme = quarter.programme = programme
    prefetch_related_objects([programme], "thresholds", "quarters")
    every = positions_of(sources, quarter.year, quarter, today=today)
    own = {line: position for line, position in every.lines.items() if line.source_id == grant.pk}
    return Record(
        programme=programme,
        quarter=quarter,
        today=today,
        grant=grant,
        award=awards[grant.pk].amount_on(today),
        worked=claims.work_out(grant, quarter, today=today),
        positions=_committed_at(own, quarter),
        every=every,
        match_sources=tuple(row for row in sources if not row.is_grant),
        awards=awards,
    )


def _committed_at(positions: dict[BudgetLine, Position], quarter: Quarter) -> dict[BudgetLine, Position]:
    """Commitments as they stood at the quarter: what is charged to them afterwards does not lower them here.

    Otherwise spend of the next quarter would change a return between its signatures.
    """
    orders = {row.pk: row.order for row in quarter.programme.quarters.all()}
    charged: dict[tuple[int, int], Decimal] = {}
    rows = (
        SpendLine.objects.spend()
        .filter(budget_line__in=positions, transaction__contract__isnull=False)
        .values("transaction__contract_id", "budget_line_id", "quarter_id")
        .annotate(cost=Sum("cost", output_field=PenceField()))
        .order_by()
    )
    for row in rows:
        if orders[row["quarter_id"]] <= quarter.order:
            key = (row["transaction__contract_id"], row["budget_line_id"])
            charged[key] = charged.get(key, NOUGHT) + row["cost"]
    left: dict[int, Decimal] = {}
    for commitment in Commitment.objects.filter(line__in=positions):
        open_amount = commitment.amount - charged.get((commitment.contract_id, commitment.line_id), NOUGHT)
        left[commitment.line_id] = left.get(commitment.line_id, NOUGHT) + max(open_amount, NOUGHT)
    return {line: replace(position, committed=left.get(line.pk, NOUGHT)) for line, position in positions.items()}


def payee(entry: Transaction) -> str:
    """Who was paid, as the ledger has it; for payroll and journals the basis, which names no person."""
    return entry.supplier_name or entry.basis or entry.description


def by_quarter(record: Record) -> dict[tuple[int, int], Position]:
    """(project, quarter) → the grant's figures of that quarter: its profile is the `budget` there."""
    found: dict[tuple[int, int], Position] = {}
    for (line, quarter), position in record.every.cells.items():
        if quarter is not None and line.source_id == record.grant.pk:
            key = (line.project_id, quarter.pk)
            found[key] = found.get(key, Position()) + position
    return found


def accruals(record: Record) -> list[SpendLine]:
    """The grant's lines of accruals raised in this quarter, with what reversed them."""
    return list(
        SpendLine.objects.in_force()
        .charged_to(record.grant)
        .in_quarter(record.quarter)
        .filter(transaction__kind=Transaction.Kind.ACCRUAL)
        .select_related("transaction", "budget_line__project", "budget_line__heading")
        .prefetch_related("transaction__taken_back_by__lines")
        .order_by("transaction__reference", "number")
    )


def not_claimed(record: Record) -> list[SpendLine]:
    """Grant lines of this year recorded so far, or of an earlier year recorded now, that are kept out of the claim."""
    rows = (
        SpendLine.objects.in_force()
        .charged_to(record.grant)
        .filter(state__in=[SpendLine.State.HELD, SpendLine.State.NOT_CLAIMABLE])
        .filter(Q(budget_line__year=record.quarter.year) | Q(quarter=record.quarter))
        .select_related("transaction", "budget_line__project", "budget_line__heading", "quarter")
        .order_by("transaction__reference", "number")
    )
    return [line for line in rows if line.quarter.order <= record.quarter.order]


def recoverable_vat(record: Record) -> dict[Project, tuple[list[str], Decimal]]:
    """Project → the references of its lines, and the VAT on them that is recovered and so is no cost.

    An entry's VAT is shared over its lines as its cost is.
    """
    with_vat = [line for line in record.claimed if line.transaction.recoverable_vat]
    wanted = {line.pk for line in with_vat}
    siblings: dict[int, list[tuple[int, Decimal]]] = {}
    rows = SpendLine.objects.filter(transaction__in={line.transaction_id for line in with_vat})
    for transaction, pk, cost in rows.order_by("transaction", "number").values_list("transaction", "pk", "cost"):
        siblings.setdefault(transaction, []).append((pk, cost))
    shares: dict[int, Decimal] = {}
    for line in with_vat:
        family = siblings[line.transaction_id]
        weights = [abs(cost) for _, cost in family]
        parts = apportion(line.transaction.recoverable_vat, weights if any(weights) else [1] * len(weights))
        shares |= {pk: part for (pk, _), part in zip(family, parts, strict=True) if pk in wanted}
    found: dict[Project, tuple[list[str], Decimal]] = {}
    for line in with_vat:
        project = line.budget_line.project
        names, amount = found.get(project, ([], NOUGHT))
        found[project] = ([*names, line.reference], amount + shares[line.pk])
    return found


@dataclass(frozen=True)
class Match:
    """One match source at the quarter. `late`: of this quarter's, what relates to an earlier one."""

    source: Source
    pledge: Decimal
    is_pledged: bool
    secured: bool
    position: Position
    late: Decimal
    declaration: Declaration | None


def match(record: Record) -> list[Match]:
    """Each match source of the programme, cash before in-kind."""
    sources, year, quarter = list(record.match_sources), record.quarter.year, record.quarter
    positions = grouped(record.every.lines, lambda line: line.source_id)
    awards = record.awards
    late = {
        row["budget_line__source_id"]: row["sum"]
        for row in SpendLine.objects.spend()
        .in_quarter(quarter)
        .filter(budget_line__source__in=sources, budget_line__year=year, relates_to__isnull=False)
        .values("budget_line__source_id")
        .annotate(sum=Sum("cost", output_field=PenceField()))
        .order_by()
    }
    found = [
        Match(
            source=standing.source,
            pledge=awards[standing.source.pk].amount_on(record.today) if standing.source.pk in awards else NOUGHT,
            is_pledged=standing.source.pk in awards,
            secured=standing.source.pk in awards and awards[standing.source.pk].secured,
            position=positions.get(standing.source.pk, Position()),
            late=late.get(standing.source.pk, NOUGHT),
            declaration=standing.declaration,
        )
        for standing in declaring.standing(sources, quarter)
    ]
    return sorted(found, key=lambda row: row.source.kind != Source.Kind.CASH_MATCH)


@dataclass(frozen=True)
class Variance:
    """A project whose variance to date is over the threshold, or was explained. `stale`: explained at another size."""

    project: Project
    position: Position
    over: bool
    reason: VarianceReason | None
    stale: bool

    @property
    def is_missing(self) -> bool:
        return self.over and self.reason is None


def variances(record: Record) -> list[Variance]:
    """The projects that need an explanation or have one, in their order."""
    reasons = {
        row.project_id: row for row in VarianceReason.objects.filter(source=record.grant, quarter=record.quarter)
    }
    limit = record.threshold("variance-amount")
    found = []
    for project, position in record.by_project.items():
        over = variance_needs_a_reason(position, source=record.grant, today=record.today)
        reason = reasons.get(project.pk)
        if not over and reason is None:
            continue
        stale = reason is not None and over and _moved(reason.variance, position.variance_to_date, limit)
        found.append(Variance(project, position, over, reason, stale))
    return found


def _moved(before: Decimal, now: Decimal, limit: Decimal) -> bool:
    """Whether a variance changed its sign, or moved by more than the threshold, since it was explained."""
    return before * now < 0 or abs(now - before) > limit


def risks(record: Record) -> list[Risk]:
    """The risks open during the quarter, closed ones of it included."""
    rows = Risk.objects.filter(programme=record.programme).select_related("project", "opened_in", "closed_in")
    return [
        row
        for row in rows.order_by("number")
        if row.opened_in.order <= record.quarter.order
        and (row.closed_in is None or row.closed_in.order >= record.quarter.order)
    ]


@dataclass(frozen=True)
class EarlierClaim:
    """A claim that stood before this one, and what had been paid on it by then, in pounds, with the receipts."""

    claim: Claim
    received: Decimal
    received_on: date | None
    written_off: Decimal
    paid_by: tuple[str, ...]
    short_by: tuple[str, ...]

    @property
    def still_owed(self) -> Decimal:
        return max(self.claim.amount - self.received - self.written_off, NOUGHT)


def earlier_claims(record: Record) -> list[EarlierClaim]:
    """The claims certified before this one, over all years, with what was paid on them up to then.

    A certified claim, and every revision of its return, tells what was known when it was certified; one in
    preparation tells what is known now.
    """
    standing = Claim.objects.in_force().filter(source=record.grant).select_related("quarter")
    every = list(standing.prefetch_related(Prefetch("receipt_parts", ReceiptPart.objects.select_related("receipt"))))
    own = next((row for row in every if row.quarter_id == record.quarter.pk), None)
    rows = [row for row in every if row != own and (own is None or row.certified_at < own.certified_at)]
    until = timezone.localdate(own.certified_at) if own else record.today
    found = []
    for row in sorted(rows, key=lambda row: (row.certified_at, row.quarter.order)):
        parts = [part for part in row.receipts_in_force() if part.receipt.received_on <= until]
        final = [part.short for part in parts if part.settles]
        found.append(
            EarlierClaim(
                row,
                received=sum((part.amount for part in parts), NOUGHT),
                received_on=max((part.receipt.received_on for part in parts), default=None),
                written_off=sum(final, NOUGHT),
                paid_by=tuple(f"paid:{part.receipt.reference}#{row.reference}" for part in parts),
                short_by=tuple(f"short:{part.receipt.reference}#{row.reference}" for part in parts if part.settles),
            )
        )
    return found


def disallowed(record: Record) -> list[DisallowancePart]:
    """What the funder has disallowed of the quarter's award year so far."""
    parts = DisallowancePart.objects.filter(
        line__budget_line__source=record.grant,
        line__budget_line__year=record.quarter.year,
        disallowance__disallowed_on__lte=record.today,
    )
    return list(
        parts.select_related(
            "disallowance", "line__transaction__contract", "line__budget_line__project", "line__quarter"
        ).order_by("disallowance__reference", "line__transaction__reference", "line__number")
    )


def underspend(record: Record) -> Decimal:
    """What the year is expected to end under its award by, if that is above the threshold; else nought."""
    under = record.award - record.total.outturn
    return under if under * 100 > record.award * record.threshold("underspend-percent") else NOUGHT


def underspend_notices(record: Record) -> list[UnderspendNotice]:
    """What the funder was told of an underspend of this year, earliest first."""
    return list(
        UnderspendNotice.objects.filter(source=record.grant, year=record.quarter.year).order_by("noticed_on", "pk")
    )
