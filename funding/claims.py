"""The claim: worked out from the record, certified once, paid, and put right by disallowances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from board import clock, events, rows
from board.models import Quarter, User, Year
from board.quarters import MONEY, lock, reopened
from board.rows import locking
from core.forms import day_in_words
from core.money import NOUGHT, in_words
from core.problems import Problem, refuse_if_blocking
from funding import claim_arithmetic
from funding.claim_arithmetic import YearFigures
from funding.models import (
    Award,
    Claim,
    ClaimLine,
    ClaimPart,
    Disallowance,
    DisallowancePart,
    Receipt,
    ReceiptPart,
    Source,
    SpendLine,
    Transaction,
)
from funding.spending import remaining_of


@dataclass(frozen=True)
class WorkedPart:
    """One award year of a claim: what went in, what comes out, and which lines it takes up.

    `before` are the parts of the year in earlier claims, in order. `lines` are asked for only where they are listed:
    there may be very many.
    """

    year: Year
    final: bool
    may_be_negative: bool
    figures: YearFigures
    part: claim_arithmetic.Part
    before: tuple[ClaimPart, ...]
    lines: QuerySet[SpendLine]

    @cached_property
    def from_earlier_quarters(self) -> Decimal:
        """Of the newly claimed lines, those that relate to an earlier quarter than the one they are in."""
        return self.lines.filter(relates_to__isnull=False).total()

    @property
    def lapsing(self) -> Decimal:
        return claim_arithmetic.lapsing(self.figures.award, self.part.eligible_to_date)


@dataclass(frozen=True)
class Worked:
    """A claim as the record gives it now; certified only by the return."""

    source: Source
    quarter: Quarter
    parts: tuple[WorkedPart, ...]

    @property
    def amount(self) -> Decimal:
        return claim_arithmetic.total(worked.part for worked in self.parts)


def grant_of(programme_id: int) -> Source:
    """The grant source of a programme."""
    return Source.objects.select_related("programme__recipient", "funder", "kept_by").get(
        programme_id=programme_id, kind=Source.Kind.GRANT
    )


def place_of(quarter: Quarter) -> tuple[str, int]:
    """Where a period stands among those that claim: a year's closing period comes before the next year's quarters.

    It runs beside them, so that their days do not tell which of two claims of one award year came first.
    """
    return (quarter.code[:7], quarter.number)


def work_out(source: Source, quarter: Quarter, *, today: date) -> Worked:
    """The claim of a grant source for a quarter or closing period, from everything recorded up to it.

    One part is the quarter's own year. A claimable decrease of an earlier year recorded in this
    quarter, after that year's final claim, makes a second part of its own, never netted against the first.
    """
    years = {quarter.year_id: quarter.year}
    later = (
        SpendLine.objects.claimable()
        .charged_to(source)
        .in_quarter(quarter)
        # A prepayment charges a later year and waits for that year's own claim.
        .filter(budget_line__year__starts__lt=quarter.year.starts)
    )
    for year in Year.objects.filter(pk__in=later.values("budget_line__year")):
        years[year.pk] = year
    ordered = sorted(years.values(), key=lambda year: (year.pk != quarter.year_id, year.starts))
    return Worked(source, quarter, tuple(_work_out_year(source, year, quarter, today) for year in ordered))


def _work_out_year(source: Source, year: Year, quarter: Quarter, today: date) -> WorkedPart:
    final = quarter.kind == Quarter.Kind.CLOSING
    after_final = year.pk != quarter.year_id
    lines = _claimable_lines(source, year, quarter)
    taken = ClaimLine.objects.filter(
        line=OuterRef("pk"), in_force=True, part__claim__source=source, part__year=year
    ).exclude(part__claim__quarter=quarter)
    parts = ClaimPart.objects.filter(claim__source=source, claim__withdrawn_at=None, year=year)
    earlier = [part for part in parts.select_related("claim__quarter") if _precedes(part.claim.quarter, quarter)]
    before = tuple(sorted(earlier, key=lambda part: place_of(part.claim.quarter)))
    certified = sum((part.amount for part in before), NOUGHT)
    disallowed = (
        DisallowancePart.objects.filter(line__budget_line__source=source, line__budget_line__year=year).aggregate(
            total=Sum("amount")
        )["total"]
        or NOUGHT
    )
    ceiling = Award.objects.prefetch_related("revisions").get(source=source, year=year)
    figures = YearFigures(
        award=ceiling.amount_on(today),
        claimable=lines.total(),
        disallowed=disallowed,
        certified=certified,
    )
    return WorkedPart(
        year=year,
        final=final,
        may_be_negative=final or after_final,
        figures=figures,
        part=claim_arithmetic.work_out(figures, may_be_negative=final or after_final),
        before=before,
        lines=lines.exclude(Exists(taken)),
    )


def _precedes(one: Quarter, other: Quarter) -> bool:
    return place_of(one) < place_of(other)


def _claimable_lines(source: Source, year: Year, quarter: Quarter) -> QuerySet[SpendLine]:
    until = [row.pk for row in quarter.programme.quarters.all() if place_of(row) <= place_of(quarter)]
    return (
        SpendLine.objects.claimable()
        .charged_to(source)
        .filter(budget_line__year=year, quarter__in=until)
        .select_related(
            "transaction__contract",
            "budget_line__project",
            "budget_line__heading",
            "budget_line__year",
            "quarter",
            "relates_to",
        )
        .order_by("transaction__reference", "number")
    )


@transaction.atomic
def certify(
    *,
    source: Source,
    quarter: Quarter,
    reference: str,
    content_hash: str,
    expected: Decimal,
    by: User,
    certified_by: User | None = None,
) -> Claim:
    """Write the claim of a quarter with its parts and lines. Part of certifying the return, inside its transaction.

    `certified_by` is who certified it where that is not who acts: somebody who signed on paper.

    Refuses while the quarter is open for money, when an earlier quarter of the same award year is not
    certified (F29), when one is certified already, or when the amount is no longer the `expected` one
    that was signed.
    """
    quarter = lock(quarter)
    locking(Source.objects).get(pk=source.pk)
    worked = work_out(source, quarter, today=clock.today())
    refuse_if_blocking(_certifying_problems(worked, expected))
    claim = Claim(
        reference=reference,
        content_hash=content_hash,
        programme=source.programme,
        source=source,
        quarter=quarter,
        amount=worked.amount,
        certified_at=clock.now(),
        certified_by=certified_by or by,
    )
    claim.full_clean()
    claim.save(force_insert=True)
    for row in worked.parts:
        part = ClaimPart(
            claim=claim,
            year=row.year,
            final=row.final,
            award=row.figures.award,
            claimable_to_date=row.figures.claimable,
            disallowed=row.figures.disallowed,
            eligible_to_date=row.part.eligible_to_date,
            claimed_before=row.part.claimed_before,
            amount=row.part.amount,
            credit_carried=row.part.credit_carried,
            beyond_award=row.part.beyond_award,
        )
        part.full_clean()
        part.save(force_insert=True)
        taken_up = row.lines.select_related(None).values_list("pk", "cost").iterator()
        ClaimLine.objects.bulk_create(
            (ClaimLine(part=part, line_id=line, cost=cost) for line, cost in taken_up), batch_size=2000
        )
    events.record("claim.certify", claim.reference, by=by, words=in_words(claim.amount), programme=claim.programme)
    return claim


def _certifying_problems(worked: Worked, expected: Decimal) -> list[Problem]:
    quarter, found = worked.quarter, []
    if quarter.money_closed_at is None:
        found.append(Problem("open", f"{quarter} is still open for spend. Close it first.", True))
    elif reopened(quarter, MONEY, clock.now()):
        found.append(Problem("open", f"{quarter} stands open again for spend. Close it first.", True))
    in_force = Claim.objects.in_force().filter(source=worked.source)
    if in_force.filter(quarter=quarter).exists():
        found.append(Problem("F29", f"The claim for {quarter} is certified already.", True))
    certified = set(in_force.values_list("quarter_id", flat=True))
    for earlier in quarter.year.quarters.all():
        if earlier.order < quarter.order and earlier.pk not in certified:
            found.append(Problem("F29", f"The claim for {earlier} is not certified yet. Certify it first.", True))
    for part in worked.parts:
        final = part.year.quarters.get(kind=Quarter.Kind.CLOSING)
        if part.year != quarter.year and final.pk not in certified:
            words = f"A part of it is of {part.year}, whose final claim is not certified yet. Certify that first."
            found.append(Problem("F29", words, True))
    if worked.amount != expected:
        found.append(
            Problem(
                "changed",
                f"The claim is now {in_words(worked.amount)}; {in_words(expected)} was signed. "
                "Prepare the return again.",
                True,
            )
        )
    return found


def withdraw(*, claim: Claim, reason: str, by: User) -> Claim:
    """Take back a claim that the funder returned before paying it. Part of revising the return.

    Refused once it is paid or disallowed in part, or a later claim of the same award year is certified.
    """
    with transaction.atomic():
        locking(Source.objects).get(pk=claim.source_id)
        row = locking(Claim.objects).select_related("quarter").get(pk=claim.pk)
        years = row.parts.values_list("year_id", flat=True)
        later = Claim.objects.in_force().filter(source=row.source, parts__year__in=years).select_related("quarter")
        problems = []
        if row.receipt_parts.in_force().exists():
            problems.append(
                Problem("paid", f"{row.reference} has been paid; put errors right in the open quarter.", True)
            )
        if DisallowancePart.objects.filter(line__claim_lines__part__claim=row).exists():
            problems.append(
                Problem("disallowed", f"A part of {row.reference} is disallowed, so it stands as it was sent.", True)
            )
        if any(place_of(other.quarter) > place_of(row.quarter) for other in later):
            problems.append(Problem("later", f"A later claim than {row.reference} is certified.", True))
        if not reason.strip():
            problems.append(Problem("reason", "Give the reason for withdrawing the claim.", True, "reason"))
        refuse_if_blocking(problems)
        row.withdrawn_at, row.withdrawn_reason = clock.now(), reason.strip()
        row.save()
        for line in ClaimLine.objects.filter(part__claim=row):
            line.in_force = False
            line.save()
        events.record("claim.withdraw", row.reference, by=by, words=reason, programme=row.programme)
    return row


def receive(
    *,
    source: Source,
    received_on: date,
    parts: Sequence[ReceiptPart],
    by: User,
    bank_reference: str = "",
    once: UUID | None = None,
) -> Receipt:
    """Record a payment from the funder against claims. `parts` are unsaved: claim, amount, short and its reason.

    The second of two calls with the same `once` hands back what the first wrote.
    """
    with transaction.atomic():
        locking(Source.objects).get(pk=source.pk)
        amount = sum((part.amount for part in parts), NOUGHT)
        same = {"received_on": received_on, "bank_reference": bank_reference, "amount": amount}
        if before := rows.written_before(Receipt, once, by=by, **same):
            return before
        problems = []
        for part in parts:
            certified_on = timezone.localdate(part.claim.certified_at)
            if received_on < certified_on:
                problems.append(
                    Problem(
                        "receipt",
                        f"{part.claim.reference} was certified on {day_in_words(certified_on)}, so it cannot have "
                        "been paid before. Enter the day on which the bank shows the money.",
                        True,
                        "received_on",
                    )
                )
            owed = part.claim.still_owed()
            if part.amount + part.short > owed:
                problems.append(
                    Problem(
                        "receipt",
                        f"{part.claim.reference} has {in_words(owed)} outstanding; "
                        f"{in_words(part.amount + part.short)} is more than that.",
                        True,
                        "amount",
                    )
                )
        refuse_if_blocking(problems)
        receipt = Receipt(
            reference=rows.next_reference("REC"),
            source=source,
            received_on=received_on,
            bank_reference=bank_reference,
            amount=amount,
        )
        if once:
            receipt.once = once
        rows.create(receipt, by=by)
        for part in parts:
            part.receipt = receipt
            part.full_clean()
            part.save(force_insert=True)
        events.record(
            "claim.receive", receipt.reference, by=by, words=in_words(receipt.amount), programme=source.programme
        )
    return receipt


def void_receipt(*, receipt: Receipt, reason: str, by: User, seen_version: int | None = None) -> Receipt:
    """Strike out a receipt that was recorded by mistake; what it paid is owed again."""
    with transaction.atomic():
        locking(Source.objects).get(pk=receipt.source_id)
        locked = locking(Receipt.objects).select_related("source__programme").get(pk=receipt.pk)
        problems = []
        if locked.voided_at is not None:
            problems.append(Problem("void", f"{locked.reference} is void already."))
        if not reason.strip():
            problems.append(Problem("void", "Give the reason for making it void.", True, "reason"))
        refuse_if_blocking(problems)
        locked.voided_at, locked.void_reason = clock.now(), reason.strip()
        rows.change(locked, by=by, seen_version=seen_version, reason=reason)
        events.record(
            "claim.void-receipt", locked.reference, by=by, words=reason.strip(), programme=locked.source.programme
        )
    return locked


def disallow(
    *,
    source: Source,
    amounts: Mapping[SpendLine, Decimal],
    disallowed_on: date,
    funder_reference: str,
    reason: str,
    by: User,
    once: UUID | None = None,
) -> Disallowance:
    """Record that the funder refuses claimed cost; each part at most what credits and earlier refusals have left."""
    with transaction.atomic():
        locking(Source.objects).get(pk=source.pk)
        entries = {line.transaction_id for line in amounts}
        # Locked as a credit locks them, so that the two cannot take the same pounds.
        list(locking(Transaction.objects).filter(pk__in=entries).order_by("pk"))
        same = {"funder_reference": funder_reference, "disallowed_on": disallowed_on, "reason": reason}
        if before := rows.written_before(Disallowance, once, by=by, **same):
            return before
        problems, left = [], remaining_of(list(amounts))
        claimed = set(ClaimLine.objects.filter(line__in=amounts, in_force=True).values_list("line_id", flat=True))
        if not amounts:
            problems.append(Problem("disallow", "Enter the amount that is disallowed of at least one line."))
        for line, amount in amounts.items():
            where = f"line-{line.pk}"
            if line.pk not in claimed:
                problems.append(Problem("disallow", f"{line.reference} is in no claim.", True, where))
            elif amount > left[line.pk]:
                words = f"Only {in_words(left[line.pk])} of {line.reference} remains. Enter no more than that."
                problems.append(Problem("disallow", words, True, where))
        refuse_if_blocking(problems)
        row = Disallowance(
            reference=rows.next_reference("D"),
            source=source,
            disallowed_on=disallowed_on,
            funder_reference=funder_reference,
            reason=reason,
        )
        if once:
            row.once = once
        rows.create(row, by=by, reason=reason)
        for line, amount in amounts.items():
            part = DisallowancePart(disallowance=row, line=line, amount=amount)
            part.full_clean()
            part.save(force_insert=True)
        events.record("claim.disallow", row.reference, by=by, words=reason, programme=source.programme)
    return row


def unclaimed(source: Source, year: Year) -> list[tuple[SpendLine, str]]:
    """Each line of a year that is in no claim in force, with the reason in words."""
    found = []
    lines = (
        SpendLine.objects.in_force()
        .charged_to(source)
        .filter(budget_line__year=year)
        .exclude(Q(claim_lines__in_force=True))
        .select_related("transaction", "budget_line__project", "budget_line__heading", "quarter")
        .order_by("transaction__reference", "number")
    )
    for line in lines:
        reason = (
            line.get_state_reason_display() if line.state_reason else f"Not claimed yet: {line.quarter.short_label}"
        )
        found.append((line, reason))
    return found
