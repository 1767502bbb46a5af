"""What a grant's award year came to: its claims, the lines in them, what was refused, paid and left.

The year-end statement and the outturn statement both read it, so that they cannot disagree. Each sum is proved
against another when it is read: a year whose claims are not the sum of their lines is not stated at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from board.models import Programme, Project, Quarter, Year
from core.money import NOUGHT, in_words
from core.problems import refuse
from funding import claims, ending
from funding.claims import place_of
from funding.models import (
    Award,
    BudgetLine,
    ClaimLine,
    ClaimPart,
    CostHeading,
    DisallowancePart,
    Repayment,
    Source,
    SpendLine,
)
from funding.positions import Position, grouped, line_positions
from returns.kinds import tracing
from returns.kinds.tracing import Part

KEPT_OUT = (SpendLine.State.HELD, SpendLine.State.NOT_CLAIMABLE)


@dataclass(frozen=True)
class Amounts:
    """What one budget line, or any group of them, came to in the year, in pounds.

    `cost` is all that was recorded, `kept_out` the part of it that is held or not claimable, `claimed` what is in
    claims in force, `disallowed` the part of that which the funder refused.
    """

    budget: Decimal = NOUGHT
    cost: Decimal = NOUGHT
    kept_out: Decimal = NOUGHT
    claimed: Decimal = NOUGHT
    disallowed: Decimal = NOUGHT

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(
            self.budget + other.budget,
            self.cost + other.cost,
            self.kept_out + other.kept_out,
            self.claimed + other.claimed,
            self.disallowed + other.disallowed,
        )

    @property
    def accepted(self) -> Decimal:
        """Claimed less disallowed: what the funder bears of it."""
        return self.claimed - self.disallowed

    @property
    def not_claimed(self) -> Decimal:
        """Recorded, claimable, and in no claim yet."""
        return self.cost - self.kept_out - self.claimed


@dataclass(frozen=True, eq=False)
class YearRecord:
    """One award year of the grant. `beyond` and `credit` are the award's own rows, of no project, of its last claim."""

    grant: Source
    year: Year
    award: Decimal
    parts: tuple[ClaimPart, ...]
    claimed: tuple[ClaimLine, ...]
    lines: tuple[SpendLine, ...]
    disallowed: tuple[DisallowancePart, ...]
    budgets: dict[BudgetLine, Position]
    balance: ending.Balance
    repayments: tuple[Repayment, ...]
    closing: Quarter

    @property
    def programme(self) -> Programme:
        return self.grant.programme

    @cached_property
    def certified(self) -> Decimal:
        """The sum of the year's parts of claims in force, its final claim's included."""
        return sum((part.amount for part in self.parts), NOUGHT)

    @cached_property
    def refused(self) -> Decimal:
        return sum((part.amount for part in self.disallowed), NOUGHT)

    @property
    def outturn(self) -> Decimal:
        """What the funder bears of the year: all quarterly claims and the final one, less what was disallowed."""
        return self.certified - self.refused

    @property
    def beyond(self) -> Decimal:
        return self.parts[-1].beyond_award if self.parts else NOUGHT

    @property
    def credit(self) -> Decimal:
        return self.parts[-1].credit_carried if self.parts else NOUGHT

    @property
    def final(self) -> ClaimPart | None:
        """The year's part of its final claim, once certified."""
        return next((part for part in self.parts if part.final), None)

    @cached_property
    def amounts(self) -> dict[BudgetLine, Amounts]:
        """Each budget line of the year in the order of the budget."""
        found = {line: Amounts(budget=position.budget) for line, position in self.budgets.items()}
        for line in self.lines:
            kept_out = line.cost if line.state in KEPT_OUT else NOUGHT
            found[line.budget_line] += Amounts(cost=line.cost, kept_out=kept_out)
        for row in self.claimed:
            found[row.line.budget_line] += Amounts(claimed=row.cost)
        for part in self.disallowed:
            found[part.line.budget_line] += Amounts(disallowed=part.amount)
        return {line: amounts for line, amounts in found.items() if amounts != Amounts()}

    @property
    def award_trace(self) -> tuple[str, ...]:
        return (tracing.of_award(self.grant, self.year),)

    @property
    def unspent_trace(self) -> tuple[str, ...]:
        """What is left: the award less the cost that may be claimed and was not disallowed, never below nought."""
        claimable = f"claimable:{tracing.cut(self.grant, self.year, self.closing)}"
        return ("by:not-below-nought", *self.award_trace, f"-{claimable}", *self.whole("disallowed"))

    def part_traces(self, parts: Iterable[ClaimPart] | None = None, field: str = "") -> tuple[str, ...]:
        """Parts of claims, all of the year unless said; of a field, their amount unless said."""
        return tuple(part_trace(part, self.year, field) for part in (self.parts if parts is None else parts))

    def spent(self, field: str, of: Part = None) -> tuple[str, ...]:
        """Cost of the year, whenever it was recorded."""
        return tracing.spend(field, self.grant, self.year, self.closing, of)

    def planned(self, of: Part = None) -> tuple[str, ...]:
        return tracing.plan("budget", self.grant, self.year, self.closing, of)

    def whole(self, scheme: str, of: Part = None) -> tuple[str, ...]:
        """What is `claimed` or `disallowed` of the year."""
        return (f"{scheme}:{tracing.of_year(self.grant, self.year, of)}",)


def part_trace(part: ClaimPart, year: Year, field: str = "") -> str:
    """A part of a claim, or one of its fields."""
    return f"claim-part:{part.claim.reference}#{year.code}" + (f".{field}" if field else "")


def read(programme: Programme, year: Year, *, today: date) -> YearRecord:
    """Gather a grant's year. Refused where there is no award, or where claims and lines do not agree."""
    grant = Source.objects.filter(programme=programme, kind=Source.Kind.GRANT).first()
    ceiling = grant and Award.objects.filter(source=grant, year=year).first()
    if grant is None or ceiling is None:
        raise refuse("award", f"{programme.code} has no grant award for {year}. Record the award first.")
    grant = claims.grant_of(programme.pk)
    in_force = ClaimPart.objects.filter(claim__source=grant, claim__withdrawn_at=None, year=year)
    shown = in_force.select_related("claim__quarter__year").prefetch_related("claim__receipt_parts__receipt")
    parts = sorted(shown, key=lambda part: place_of(part.claim.quarter))
    about = ("transaction__contract", "budget_line__project", "budget_line__heading", "quarter", "relates_to")
    lines = SpendLine.objects.spend().charged_to(grant).filter(budget_line__year=year).select_related(*about)
    taken = ClaimLine.objects.filter(part__in=parts, in_force=True).select_related("line__budget_line")
    refused = DisallowancePart.objects.filter(line__budget_line__source=grant, line__budget_line__year=year)
    refused = refused.select_related(
        "disallowance", "line__transaction__contract", "line__budget_line__project", "line__budget_line__heading"
    )
    closing = year.quarters.select_related("programme", "year").get(kind=Quarter.Kind.CLOSING)
    record = YearRecord(
        grant=grant,
        year=year,
        award=ceiling.amount_on(today),
        parts=tuple(parts),
        claimed=tuple(taken.order_by("line__transaction__reference", "line__number")),
        lines=tuple(lines.order_by("transaction__reference", "number")),
        disallowed=tuple(refused.order_by("disallowance__reference", "line__transaction__reference", "line__number")),
        budgets=line_positions([grant], year, closing, today=today),
        balance=ending.balance(grant, year, today=today),
        repayments=tuple(Repayment.objects.in_force().filter(source=grant, year=year).order_by("reference")),
        closing=closing,
    )
    _prove(record)
    return record


def _prove(record: YearRecord) -> None:
    """Σ claims = Σ the lines in them, less what is beyond the award, and credit carried added; to the penny."""
    in_claims = sum((row.cost for row in record.claimed), NOUGHT)
    found = in_claims - record.beyond + record.credit
    by_line = sum((amounts.accepted for amounts in record.amounts.values()), NOUGHT)
    if found != record.certified or by_line - record.beyond + record.credit != record.outturn:
        words = (
            f"The claims of {record.year} are {in_words(record.certified)}, and their lines give {in_words(found)}. "
            "Nothing is stated until the two agree: ask the administrator to run self_audit."
        )
        raise refuse("tie", words)


def by_project(record: YearRecord) -> dict[Project, Amounts]:
    return grouped(record.amounts, lambda line: line.project)


def by_heading(record: YearRecord) -> dict[CostHeading, Amounts]:
    return grouped(record.amounts, lambda line: line.heading)


def paid_on(part: ClaimPart) -> tuple[Decimal, date | None, tuple[str, ...]]:
    """What came in on a part's claim, the last day, and the receipts that show it."""
    rows = part.claim.receipts_in_force()
    days = [row.receipt.received_on for row in rows]
    traces = tuple(f"paid:{row.receipt.reference}#{part.claim.reference}" for row in rows)
    return sum((row.amount for row in rows), NOUGHT), max(days, default=None), traces
