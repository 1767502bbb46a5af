"""Money between the funder and the recipient: what is owed either way, how old it is, and what was paid back.

For each claim in force the funder pays its amount less what it disallowed of the claim's lines. What came in above
that is due back, be it that the claim was negative or that cost was refused after it had been paid. It is settled by
a repayment, or by the funder setting it against another claim's payment; both count once.
"""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from board import clock, events, rows
from board.models import Quarter, User, Year
from board.rows import locking
from core.forms import day_in_words
from core.money import NOUGHT, in_words
from core.problems import Problem, refuse_if_blocking
from funding.models import Claim, DisallowancePart, ReceiptPart, Repayment, Source

# The steps by which debts are commonly aged, in days since the claim was certified.
AGES = (30, 60, 90)


@dataclass(frozen=True)
class ClaimStanding:
    """One claim between funder and recipient, in pounds; `age` is days since it was certified."""

    claim: Claim
    disallowed: Decimal
    received: Decimal
    set_off: Decimal
    age: int

    @property
    def allowed(self) -> Decimal:
        """What the funder has to pay of it; below nought where it asks money back."""
        return self.claim.amount - self.disallowed

    @property
    def owed(self) -> Decimal:
        """What the funder still has to pay."""
        return max(self.allowed - self.received - self.set_off, NOUGHT)

    @property
    def due_back(self) -> Decimal:
        """What came in, or was set off, above what is allowed."""
        return max(self.received + self.set_off - self.allowed, NOUGHT)


@dataclass(frozen=True)
class Account:
    """Where a grant stands between funder and recipient on a day, in pounds."""

    source: Source
    claims: Sequence[ClaimStanding]
    repaid: Decimal
    repaid_after_the_end: Decimal

    @property
    def certified(self) -> Decimal:
        return sum((row.claim.amount for row in self.claims), NOUGHT)

    @property
    def disallowed(self) -> Decimal:
        return sum((row.disallowed for row in self.claims), NOUGHT)

    @property
    def received(self) -> Decimal:
        return sum((row.received for row in self.claims), NOUGHT)

    @property
    def set_off(self) -> Decimal:
        return sum((row.set_off for row in self.claims), NOUGHT)

    @property
    def owed(self) -> Decimal:
        """What the funder still has to pay, claim by claim; never lowered by what is due back."""
        return sum((row.owed for row in self.claims), NOUGHT)

    @property
    def due_back(self) -> Decimal:
        """What is due back and neither repaid nor set off yet; below nought where more went back than was due."""
        return sum((row.due_back for row in self.claims), NOUGHT) - self.set_off - self.repaid

    def owed_by_age(self) -> list[tuple[str, Decimal]]:
        """What is owed, by how long ago its claim was certified: up to 30 days, to 60, to 90, and over."""
        steps = [0, *(limit + 1 for limit in AGES)]
        words = [f"{first} to {last} days" for first, last in zip(steps, AGES, strict=False)]
        owed = [NOUGHT] * len(steps)
        for row in self.claims:
            owed[bisect(AGES, row.age - 1) if row.age > 0 else 0] += row.owed
        return list(zip([*words, f"Over {AGES[-1]} days"], owed, strict=True))


def account(source: Source, *, today: date) -> Account:
    """A grant's claims in force with what was paid of each and refused of each, and what was paid back."""
    claims = list(Claim.objects.in_force().filter(source=source).select_related("quarter__year", "programme"))
    claims.sort(key=lambda claim: claim.quarter.order)
    parts = ReceiptPart.objects.in_force().filter(claim__in=claims)
    received = dict(parts.order_by().values_list("claim_id").annotate(total=Sum("amount")))
    against = parts.filter(short_reason=ReceiptPart.ShortReason.SET_AGAINST)
    set_off = dict(against.order_by().values_list("claim_id").annotate(total=Sum("short")))
    refused = DisallowancePart.objects.filter(
        line__claim_lines__in_force=True, line__claim_lines__part__claim__in=claims
    )
    disallowed = dict(refused.order_by().values_list("line__claim_lines__part__claim_id").annotate(total=Sum("amount")))
    repaid = dict(
        Repayment.objects.in_force().filter(source=source).order_by().values_list("why").annotate(total=Sum("amount"))
    )
    return Account(
        source=source,
        claims=[
            ClaimStanding(
                claim=claim,
                disallowed=disallowed.get(claim.pk, NOUGHT),
                received=received.get(claim.pk, NOUGHT),
                set_off=set_off.get(claim.pk, NOUGHT),
                age=(today - timezone.localdate(claim.certified_at)) // timedelta(days=1),
            )
            for claim in claims
        ],
        repaid=repaid.get(Repayment.Why.OVERPAID, NOUGHT),
        repaid_after_the_end=repaid.get(Repayment.Why.AFTER_THE_END, NOUGHT),
    )


def repay(
    *,
    source: Source,
    year: Year,
    amount: Decimal,
    repaid_on: date,
    why: str,
    reason: str,
    by: User,
    bank_reference: str = "",
    once: UUID | None = None,
) -> Repayment:
    """Record a payment back to the funder.

    Refuses more than is due back. What was found after the programme's last period is no claim's, so that it is
    due by its reason alone, and refused while any period is open that could take it. The second of two calls with
    the same `once` hands back what the first wrote.
    """
    with transaction.atomic():
        locked = locking(Source.objects).select_related("programme").get(pk=source.pk)
        same = {"year_id": year.pk, "repaid_on": repaid_on, "amount": amount, "why": why}
        if before := rows.written_before(Repayment, once, by=by, **same):
            return before
        problems = []
        if repaid_on > clock.today():
            words = f"{day_in_words(repaid_on)} is still to come. Enter the day on which the bank paid it."
            problems.append(Problem("repayment", words, True, "repaid_on"))
        if not reason.strip():
            problems.append(Problem("repayment", "Say what is paid back.", True, "reason"))
        if why == Repayment.Why.AFTER_THE_END:
            problems += _still_open(locked)
        elif amount > (due := account(locked, today=clock.today()).due_back):
            words = f"{in_words(max(due, NOUGHT))} is due back to the funder; {in_words(amount)} is more than that."
            problems.append(Problem("repayment", words, True, "amount"))
        refuse_if_blocking(problems)
        row = Repayment(
            reference=rows.next_reference("REP"),
            source=locked,
            year=year,
            repaid_on=repaid_on,
            amount=amount,
            why=why,
            reason=reason.strip(),
            bank_reference=bank_reference,
        )
        if once:
            row.once = once
        rows.create(row, by=by, reason=reason)
        events.record("claim.repay", row.reference, by=by, words=in_words(amount), programme=locked.programme)
    return row


def _still_open(source: Source) -> list[Problem]:
    still = Quarter.objects.filter(programme=source.programme, money_closed_at=None).exclude(
        kind=Quarter.Kind.FOLLOW_UP
    )
    first = still.select_related("year").order_by("first_day", "number").first()
    if first is None:
        return []
    words = f"{first} is not closed for spend. Record what was found there: its claim will ask the money back."
    return [Problem("repayment", words, True, "why")]


def void_repayment(*, repayment: Repayment, reason: str, by: User, seen_version: int | None = None) -> Repayment:
    """Strike out a repayment that was recorded by mistake; what it paid back is due again."""
    with transaction.atomic():
        locking(Source.objects).get(pk=repayment.source_id)
        rows_of_it = locking(Repayment.objects).select_related("source__programme")
        locked = rows_of_it.get(pk=repayment.pk)
        problems = []
        if locked.voided_at is not None:
            problems.append(Problem("void", f"{locked.reference} is void already."))
        if not reason.strip():
            problems.append(Problem("void", "Give the reason for making it void.", True, "reason"))
        refuse_if_blocking(problems)
        locked.voided_at, locked.void_reason = clock.now(), reason.strip()
        rows.change(locked, by=by, seen_version=seen_version, reason=reason)
        words, programme = reason.strip(), locked.source.programme
        events.record("claim.void-repayment", locked.reference, by=by, words=words, programme=programme)
    return locked
