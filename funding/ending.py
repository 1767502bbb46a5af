"""How a year ends: what becomes of the part of a source's award that nobody spent."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from board import clock, events, rows
from board.models import Quarter, User, Year
from board.rows import locking
from core.forms import day_in_words
from core.money import NOUGHT, in_words
from core.problems import Problem, refuse, refuse_if_blocking
from funding.claim_arithmetic import lapsing
from funding.claims import work_out
from funding.models import Award, Claim, Source, SpendLine, YearEndBalance


@dataclass(frozen=True)
class Balance:
    """What an award of a year has left, and what is marked of it, in pounds; `marked` has a row a treatment."""

    unspent: Decimal
    marked: tuple[YearEndBalance, ...]

    @property
    def unmarked(self) -> Decimal:
        """What nobody has said yet what becomes of; below nought where more is marked than is left."""
        return self.unspent - sum((row.amount for row in self.marked), NOUGHT)


def balance(source: Source, year: Year, *, today: date) -> Balance:
    """What is left of a source's award of a year by what is recorded now.

    Of the grant: the award less what is eligible to date, as its claim has it. Of match: the pledge less what is
    charged to it. Nought where it is overspent.
    """
    marked = YearEndBalance.objects.filter(source=source, year=year).order_by("treatment")
    return Balance(_unspent(source, year, today), tuple(marked))


def _unspent(source: Source, year: Year, today: date) -> Decimal:
    ceiling = Award.objects.prefetch_related("revisions").filter(source=source, year=year).first()
    if ceiling is None:
        return NOUGHT
    award = ceiling.amount_on(today)
    if not source.is_grant:
        return lapsing(award, SpendLine.objects.spend().charged_to(source).filter(budget_line__year=year).total())
    last = year.quarters.select_related("year", "programme").order_by("first_day", "number").last()
    [part] = [part for part in work_out(source, last, today=today).parts if part.year == year]
    return lapsing(award, part.part.eligible_to_date)


def has_ended(year: Year) -> bool:
    """Whether the year's quarter 4 is closed for money: what comes after it belongs to the closing period."""
    return year.quarters.filter(kind=Quarter.Kind.QUARTER, number=4, money_closed_at__isnull=False).exists()


def mark_balance(
    *,
    source: Source,
    year: Year,
    treatment: str,
    amount: Decimal,
    reason: str,
    by: User,
    approval_reference: str = "",
    approved_on: date | None = None,
    seen_version: int = 0,
) -> YearEndBalance:
    """Say what becomes of a part of a year's balance (F14): it lapses, is carried with approval, or is repaid.

    One row a treatment, put right by marking it again; £0.00 takes it back. Refuses to change what the year's
    certified final claim stands on; where the funder returns that claim it may be put right. `seen_version` is that
    of the row on screen, 0 where there was none.
    """
    with transaction.atomic():
        locking(Source.objects).get(pk=source.pk)
        if not has_ended(year):
            raise refuse("F14", f"Quarter 4 of {year} is still open for spend. Mark the balance when it is closed.")
        if final := Claim.objects.in_force().filter(source=source, quarter__in=_closing_of(year)).first():
            words = f"{final.reference} is certified, and what becomes of the balance of {year} is part of it."
            raise refuse("F14", f"{words} It stays as it is marked.")
        mine = locking(YearEndBalance.objects).filter(source=source, year=year)
        row = mine.filter(treatment=treatment).first()
        left = balance(source, year, today=clock.today()).unmarked + (row.amount if row else NOUGHT)
        refuse_if_blocking([*_within(left, amount, year), *_approved(treatment, approval_reference, approved_on)])
        is_new = row is None
        row = row or YearEndBalance(source=source, year=year, treatment=treatment)
        row.amount, row.reason = amount, reason
        row.approval_reference, row.approved_on = approval_reference.strip(), approved_on
        if is_new and not seen_version:
            rows.create(row, by=by, reason=reason)
        else:
            rows.change(row, by=by, seen_version=seen_version, reason=reason)
        words = f"{row.get_treatment_display()}: {in_words(amount)}. {reason}"
        about = f"{source.code}/{year.code}"
        events.record("budget.year-end", about, by=by, words=words, programme=source.programme)
    return row


def _closing_of(year: Year) -> QuerySet[Quarter]:
    return year.quarters.filter(kind=Quarter.Kind.CLOSING)


def _within(left: Decimal, amount: Decimal, year: Year) -> list[Problem]:
    if amount <= max(left, NOUGHT):
        return []
    words = f"{in_words(max(left, NOUGHT))} of {year} is left to be marked. Enter that or less."
    return [Problem("F14", words, True, "amount")]


def _approved(treatment: str, approval_reference: str, approved_on: date | None) -> list[Problem]:
    if treatment != YearEndBalance.Treatment.CARRIED:
        return []
    found = []
    if not approval_reference.strip():
        words = "A balance is carried with the funder’s approval. Give its reference."
        found.append(Problem("F14", words, True, "approval_reference"))
    if approved_on is None:
        found.append(Problem("F14", "Give the day of the funder’s approval.", True, "approved_on"))
    elif approved_on > clock.today():
        words = f"{day_in_words(approved_on)} is still to come. Give a day up to today."
        found.append(Problem("F14", words, True, "approved_on"))
    return found
