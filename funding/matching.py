"""Match: what each funder pledged, what is secured, received and applied, and what a shortfall puts at risk.

Match never enters the claim, and cash and in-kind are never in one sum: `together` refuses to add them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from board import clock, events, rows
from board.models import Quarter, User, Year
from board.rows import locking
from board.thresholds import own_threshold, threshold
from core.forms import day_in_words
from core.money import NOUGHT, PenceField, in_words, is_over_percent, percent, round_to_penny
from core.problems import Problem, refuse_if_blocking
from funding.claims import place_of
from funding.models import Award, Claim, ClaimPart, MatchReceipt, Source
from funding.positions import Position, grouped, line_positions

# The grant's terms may name how much match each £100 of grant needs; where they name none, it is what was pledged.
RATIO_RULES = {Source.Kind.CASH_MATCH: "match-cash-percent", Source.Kind.IN_KIND_MATCH: "match-in-kind-percent"}


@dataclass(frozen=True)
class MatchFigures:
    """What became of match of one kind in a year, in pounds.

    `secured` is what of the pledge is confirmed; `applied` is the cost recorded on the source to date;
    `expected` is what it is forecast to end the year on. `received` is what came to the recipient's bank:
    None where nothing is to come, since it is in-kind or is spent in the funder's own ledger.
    """

    pledged: Decimal = NOUGHT
    secured: Decimal = NOUGHT
    received: Decimal | None = None
    profile_to_date: Decimal = NOUGHT
    applied: Decimal = NOUGHT
    expected: Decimal = NOUGHT

    def __add__(self, other: "MatchFigures") -> "MatchFigures":
        both = [amount for amount in (self.received, other.received) if amount is not None]
        return MatchFigures(
            pledged=self.pledged + other.pledged,
            secured=self.secured + other.secured,
            received=sum(both, NOUGHT) if both else None,
            profile_to_date=self.profile_to_date + other.profile_to_date,
            applied=self.applied + other.applied,
            expected=self.expected + other.expected,
        )

    @property
    def outstanding(self) -> Decimal:
        """Pledged and not applied yet; below nought where more was applied than pledged."""
        return self.pledged - self.applied

    @property
    def applied_percent(self) -> Decimal | None:
        return percent(self.applied, self.pledged)

    def is_behind(self, limit: Decimal) -> bool:
        """F15: whether what is applied falls short of its profile to date by more than `limit` per cent of it."""
        short = self.profile_to_date - self.applied
        return short > 0 and is_over_percent(short, self.profile_to_date, limit)


@dataclass(frozen=True)
class MatchOfSource:
    """A match source's figures in a year."""

    source: Source
    figures: MatchFigures


@dataclass(frozen=True)
class Pace:
    """Whether match of one kind keeps pace with the grant, in pounds.

    `ratio` is match to grant: so much match for so much grant. `spent` is the grant's cost that is fit to
    claim to date, `claimed` what of it is certified, `expected` what the grant is forecast to end the year
    on; none of them is taken above the award.
    """

    kind: str
    match: MatchFigures
    ratio: tuple[Decimal, Decimal]
    award: Decimal
    spent: Decimal
    claimed: Decimal
    expected: Decimal

    @property
    def spent_percent(self) -> Decimal | None:
        return percent(self.spent, self.award)

    @property
    def claimed_percent(self) -> Decimal | None:
        return percent(self.claimed, self.award)

    @property
    def needed(self) -> Decimal:
        """The match that the grant's spend to date calls for."""
        match, grant = self.ratio
        return round_to_penny(self.spent * match / grant) if grant else NOUGHT

    @property
    def short(self) -> Decimal:
        """What of the match needed is not applied; nought where match is ahead."""
        return max(self.needed - self.match.applied, NOUGHT)

    @property
    def at_risk(self) -> Decimal:
        """The grant spent to date that no match of this kind stands beside."""
        return self._unmatched(self.spent, self.match.applied)

    @property
    def at_risk_by_year_end(self) -> Decimal:
        """The grant that no match of this kind would stand beside, if the year ended as it is forecast."""
        return self._unmatched(self.expected, self.match.expected)

    def _unmatched(self, spent: Decimal, applied: Decimal) -> Decimal:
        match, grant = self.ratio
        if not match:
            return NOUGHT
        return max(min(round_to_penny(spent - applied * grant / match), spent), NOUGHT)


def match_of(sources: Iterable[Source], year: Year, quarter: Quarter, *, today: date) -> list[MatchOfSource]:
    """Each match source's figures in a year to the end of a quarter, cash before in-kind; the grant is left out."""
    wanted = sorted(
        (source for source in sources if not source.is_grant),
        key=lambda row: (row.kind != Source.Kind.CASH_MATCH, row.position, row.code),
    )
    positions = grouped(line_positions(wanted, year, quarter, today=today), lambda line: line.source)
    awards = {
        row.source_id: row for row in Award.objects.filter(source__in=wanted, year=year).prefetch_related("revisions")
    }
    paid_over = {
        row["source_id"]: row["total"]
        for row in MatchReceipt.objects.in_force()
        .filter(source__in=wanted, year=year)
        .order_by()
        .values("source_id")
        .annotate(total=Sum("amount", output_field=PenceField()))
    }
    found = []
    for source in wanted:
        award, position = awards.get(source.pk), positions.get(source, Position())
        pledged = award.amount_on(today) if award else NOUGHT
        figures = MatchFigures(
            pledged=pledged,
            secured=pledged if award and award.secured else NOUGHT,
            received=paid_over.get(source.pk, NOUGHT if is_paid_over(source) else None),
            profile_to_date=position.profile_to_date,
            applied=position.actual_to_date,
            expected=position.outturn,
        )
        found.append(MatchOfSource(source, figures))
    return found


def is_paid_over(source: Source) -> bool:
    """Whether a funder's cash is spent by another's ledger than its own, and so must come to it first."""
    return source.kind == Source.Kind.CASH_MATCH and source.kept_by_id != source.funder_id


def together(found: Iterable[MatchOfSource]) -> MatchFigures:
    """The figures of sources of one kind in one sum. Raises ValueError for two kinds: they are never added."""
    rows_of_kind = list(found)
    if len({row.source.kind for row in rows_of_kind}) > 1:
        raise ValueError("Cash and in-kind match are never in one sum")
    return sum((row.figures for row in rows_of_kind), MatchFigures())


def paces(found: Sequence[MatchOfSource], grant: Source, year: Year, quarter: Quarter, *, today: date) -> list[Pace]:
    """For cash and for in-kind, whether match keeps pace with the grant and what of the grant is at risk.

    Each stands alone: the grant at risk for want of one is not added to that for want of the other.
    """
    award = Award.objects.prefetch_related("revisions").filter(source=grant, year=year).first()
    ceiling = award.amount_on(today) if award else NOUGHT
    position = sum(line_positions([grant], year, quarter, today=today).values(), Position())
    parts = ClaimPart.objects.filter(claim__in=Claim.objects.in_force().filter(source=grant), year=year).select_related(
        "claim__quarter"
    )
    claimed = sum((part.amount for part in parts if place_of(part.claim.quarter) <= place_of(quarter)), NOUGHT)
    paced = []
    for kind, rule in RATIO_RULES.items():
        of_kind = [row for row in found if row.source.kind == kind]
        if not of_kind:
            continue
        match, own = together(of_kind), own_threshold(grant.programme, rule, today)
        paced.append(
            Pace(
                kind=kind,
                match=match,
                ratio=(match.pledged, ceiling) if own is None else (own, Decimal(100)),
                award=ceiling,
                spent=min(position.claimable_to_date, ceiling),
                claimed=claimed,
                expected=min(position.outturn, ceiling),
            )
        )
    return paced


def behind_limit(source: Source, today: date) -> Decimal:
    """F15: by how much per cent match may fall short of its profile before it is said (this board's practice)."""
    return threshold(source.programme, "match-behind-percent", today)


def receive_match(
    *,
    source: Source,
    year: Year,
    amount: Decimal,
    received_on: date,
    by: User,
    bank_reference: str = "",
    once: UUID | None = None,
) -> MatchReceipt:
    """Record cash match that a funder paid over to the recipient. It is no spend and enters no claim.

    The second of two calls with the same `once` hands back what the first wrote.
    """
    with transaction.atomic():
        locked = locking(Source.objects).select_related("programme", "funder").get(pk=source.pk)
        same = {"source": locked, "year": year, "amount": amount, "received_on": received_on}
        if before := rows.written_before(MatchReceipt, once, by=by, **same):
            return before
        problems = [*_not_the_recipients(locked, by), *_cannot_be_received(locked, year, amount, received_on)]
        refuse_if_blocking(problems)
        receipt = MatchReceipt(reference=rows.next_reference("MR"), bank_reference=bank_reference.strip(), **same)
        if once:
            receipt.once = once
        rows.create(receipt, by=by)
        words = f"{in_words(amount)} of {locked.code} for {year.code}"
        events.record("match.receive", receipt.reference, by=by, words=words, programme=locked.programme)
    return receipt


def void_match_receipt(
    *, receipt: MatchReceipt, reason: str, by: User, seen_version: int | None = None
) -> MatchReceipt:
    """Strike out a receipt of match that was recorded by mistake."""
    with transaction.atomic():
        locked = locking(MatchReceipt.objects).select_related("source__programme").get(pk=receipt.pk)
        problems = list(_not_the_recipients(locked.source, by))
        if locked.voided_at is not None:
            problems.append(Problem("void", f"{locked.reference} is void already."))
        if not reason.strip():
            problems.append(Problem("void", "Give the reason for making it void.", True, "reason"))
        refuse_if_blocking(problems)
        locked.voided_at, locked.void_reason = clock.now(), reason.strip()
        rows.change(locked, by=by, seen_version=seen_version, reason=reason)
        programme = locked.source.programme
        events.record("match.void-receipt", locked.reference, by=by, words=reason.strip(), programme=programme)
    return locked


def _not_the_recipients(source: Source, by: User) -> Iterable[Problem]:
    if by.acting is None or by.acting.organisation_id != source.programme.recipient_id:
        yield Problem("role", f"Match of {source.programme} is received by its recipient; its officers record it.")


def _cannot_be_received(source: Source, year: Year, amount: Decimal, received_on: date) -> Iterable[Problem]:
    if source.kind != Source.Kind.CASH_MATCH or source.funder_id == source.programme.recipient_id:
        words = f"{source} does not come to the recipient’s bank. Choose cash match of another funder."
        yield Problem("match", words, True, "award")
    if year.programme_id != source.programme_id:
        yield Problem("match", f"{year} is no year of {source.programme}.", True, "award")
    if amount <= 0:
        yield Problem("match", "A receipt is above nought. Enter what was received.", True, "amount")
    if received_on > clock.today():
        words = f"{day_in_words(received_on)} is still to come. Give the day on which it was received."
        yield Problem("match", words, True, "received_on")
