"""Paying within 30 days: how long invoices took from receipt to payment, and the dates that say so.

An invoice is an entry in force that names a supplier, is above nought, and is no accrual, summary or journal.
The days run from the day on which it was received to the day on which it was paid. A disputed invoice, or one
that was not valid, is outside the 30 days and in no percentage.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Case, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value, When
from django.db.models import CharField as Text
from django.db.models.functions import Coalesce

from board import clock, events, rows
from board.models import Organisation, User
from board.rows import locking
from contracts.models import Contract
from core.financial_year import quarter_bounds, quarter_code, quarter_number, year_starting
from core.forms import day_in_words
from core.money import NOUGHT, PenceField, one_decimal, percent
from core.problems import Problem, refuse, refuse_if_blocking
from funding.models import Transaction

# Public Contracts Regulations 2015, regulation 113, and Procurement Act 2023, section 68: 30 days from the receipt
# of a valid and undisputed invoice (F26). A law and no board's choice, so no threshold.
DAYS_TO_PAY = 30

# The kinds of entry by which a supplier asks for money.
ASK_FOR_MONEY = (Transaction.Kind.ACTUAL, Transaction.Kind.ADVANCE)


class Standing:
    """How an invoice stands to its 30 days, and the words for it."""

    IN_TIME, LATE, DISPUTED, OVERDUE, OPEN, MISSING = "in-time", "late", "disputed", "overdue", "open", "missing"
    LABELS = {
        IN_TIME: f"Paid within {DAYS_TO_PAY} days",
        LATE: f"Paid after more than {DAYS_TO_PAY} days",
        DISPUTED: "Disputed",
        OVERDUE: f"Not paid after {DAYS_TO_PAY} days",
        OPEN: "Not paid yet",
        MISSING: "No date of receipt",
    }


def invoices(entries: QuerySet[Transaction], *, today: date) -> QuerySet[Transaction]:
    """The invoices among entries, each with its `standing`, its `took` and the day `counted_on` that dates it.

    `took` is the time from receipt to payment, None where one of them is missing. An invoice belongs to the
    quarter in which it was received or, while that day is missing, in which it is accounted for.
    """
    undone = (
        Transaction.objects.in_force()
        .filter(takes_back=OuterRef("pk"))
        .annotate(left=ExpressionWrapper(F("cost") + OuterRef("cost"), output_field=PenceField()))
        .filter(left=NOUGHT)
    )
    limit = timedelta(days=DAYS_TO_PAY)
    standing = Case(
        When(received_on=None, then=Value(Standing.MISSING)),
        When(~Q(dispute_reason=""), then=Value(Standing.DISPUTED)),
        When(paid_on=None, received_on__lt=today - limit, then=Value(Standing.OVERDUE)),
        When(paid_on=None, then=Value(Standing.OPEN)),
        When(took__gt=limit, then=Value(Standing.LATE)),
        default=Value(Standing.IN_TIME),
        output_field=Text(),
    )
    return (
        entries.in_force()
        .filter(kind__in=ASK_FOR_MONEY, cost__gt=0, takes_back=None)
        .exclude(supplier_name="")
        .exclude(Exists(undone))
        .annotate(took=ExpressionWrapper(F("paid_on") - F("received_on"), output_field=DurationField()))
        .annotate(standing=standing, counted_on=Coalesce("received_on", "accounting_on"))
    )


@dataclass
class PaymentDays:
    """How an organisation's invoices of a quarter and contract, or of none, were paid. Days are whole."""

    organisation: Organisation
    quarter: str
    first_day: date
    last_day: date
    contract: Contract | None
    in_time: int = 0
    late: int = 0
    disputed: int = 0
    overdue: int = 0
    open: int = 0
    missing: int = 0
    days: int = 0
    longest: int | None = None

    @property
    def paid(self) -> int:
        """Paid, and neither disputed nor without a date."""
        return self.in_time + self.late

    @property
    def in_time_percent(self) -> Decimal | None:
        """What of the paid was paid in time; None where nothing was paid."""
        return percent(Decimal(self.in_time), Decimal(self.paid))

    @property
    def unpaid(self) -> int:
        return self.overdue + self.open

    @property
    def average(self) -> Decimal | None:
        """Days from receipt to payment, to one decimal; None where nothing was paid."""
        return one_decimal(Decimal(self.days) / self.paid) if self.paid else None

    def count(self, standing: str, took: timedelta | None) -> None:
        """Take one invoice in."""
        name = standing.replace("-", "_")
        setattr(self, name, getattr(self, name) + 1)
        if took is not None and standing in (Standing.IN_TIME, Standing.LATE):
            self.days += took.days
            self.longest = max(took.days, self.longest or 0)


def payment_days(found: QuerySet[Transaction]) -> list[PaymentDays]:
    """Invoices by recording organisation, quarter (the latest first) and contract; those without one come last."""
    rows_found = list(found.order_by().values_list("recorded_by_id", "contract_id", "counted_on", "standing", "took"))
    organisations = Organisation.objects.in_bulk({row[0] for row in rows_found})
    contracts = Contract.objects.in_bulk({row[1] for row in rows_found if row[1]})
    groups: dict[tuple[int, str, int | None], PaymentDays] = {}
    for organisation, contract, day, standing, took in rows_found:
        start, number = year_starting(day), quarter_number(day)
        key = (organisation, quarter_code(start, number), contract)
        if key not in groups:
            first, last = quarter_bounds(start, number)
            groups[key] = PaymentDays(organisations[organisation], key[1], first, last, contracts.get(contract))
        groups[key].count(standing, took)
    ordered = sorted(groups.values(), key=lambda row: (row.organisation.name, _contract_order(row)))
    return sorted(ordered, key=lambda row: row.first_day, reverse=True)


def _contract_order(row: PaymentDays) -> tuple[bool, str]:
    return (row.contract is None, row.contract.reference if row.contract else "")


def record_payment_dates(
    *,
    entry: Transaction,
    received_on: date | None,
    paid_on: date | None,
    by: User,
    dispute_reason: str = "",
    seen_version: int | None = None,
) -> Transaction:
    """Say when an invoice was received and paid, and why it was disputed if it was.

    These are no money, and so they are put right at any time: after the quarter is declared, closed or claimed.
    """
    with transaction.atomic():
        row = locking(Transaction.objects).select_related("recorded_by").get(pk=entry.pk)
        if by.acting is None or row.recorded_by_id != by.acting.organisation_id:
            raise refuse("F03", f"{row.reference} is in the ledger of {row.recorded_by}; its officers give its dates.")
        reason = dispute_reason.strip()
        refuse_if_blocking(_wrong_dates(row, received_on, paid_on, reason))
        before = (row.received_on, row.paid_on, row.dispute_reason)
        row.received_on, row.paid_on, row.dispute_reason = received_on, paid_on, reason
        if before == (received_on, paid_on, reason):
            return row
        rows.change(row, by=by, seen_version=seen_version, reason="Payment dates")
        events.record("spending.payment-dates", row.reference, by=by, words=_told(row), programme=row.programme)
    return row


def _wrong_dates(entry: Transaction, received_on: date | None, paid_on: date | None, reason: str) -> Iterable[Problem]:
    if entry.is_void:
        yield Problem("F26", f"{entry.reference} is void, so it is not paid.")
    for name, day in (("received_on", received_on), ("paid_on", paid_on)):
        if day and day > clock.today():
            words = f"{day_in_words(day)} is still to come. Leave it empty until it has happened."
            yield Problem("F26", words, True, name)
    if received_on and paid_on and paid_on < received_on and entry.kind != Transaction.Kind.ADVANCE:
        words = f"It cannot be paid before it was received, on {day_in_words(received_on)}. Check both dates."
        yield Problem("F26", words, True, "paid_on")
    if reason and received_on is None:
        words = "An invoice that is disputed was received. Give the day."
        yield Problem("F26", words, True, "received_on")


def _told(entry: Transaction) -> str:
    parts = [
        f"received on {day_in_words(entry.received_on)}" if entry.received_on else "no date of receipt",
        f"paid on {day_in_words(entry.paid_on)}" if entry.paid_on else "not paid",
        f"disputed: {entry.dispute_reason}" if entry.dispute_reason else "",
    ]
    return ", ".join(filter(None, parts))
