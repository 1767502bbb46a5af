"""The demonstration's payments: when invoices were paid, and what two councils paid over of their match."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal as D

from board import clock
from board.models import Programme, Quarter
from config.demo.budgets import People
from config.demo.ledger import LAST_WORKED
from funding.matching import receive_match, void_match_receipt
from funding.models import Source, Transaction
from funding.paying import Standing, invoices, record_payment_dates

# Dates of payment are given a fortnight after the quarter's end, of all that was paid by then.
GIVEN_AFTER = timedelta(days=14)
# Days from receipt to payment, by turns; the exceptions by document number, with what was disputed.
USUAL_DAYS = (19, 22, 26, 28)
EXCEPTIONS: Mapping[str, tuple[int, str]] = {
    "TCP-2308": (61, "Two group sessions were charged that did not take place; settled by credit note TCP-CN-011."),
    "PIPA-2402": (41, ""),
    "CMA-2024-25-Q2": (37, ""),
}
# What of its match each pays over: its share of The Change Hub, which the recipient passes to the provider.
PAID_OVER: Mapping[str, Mapping[str, str]] = {
    "SOUTHEND-CASH": {
        **dict.fromkeys(("2023-24-Q1", "2023-24-Q2", "2023-24-Q3", "2023-24-Q4"), "3000.00"),
        **dict.fromkeys(("2024-25-Q1", "2024-25-Q2", "2024-25-Q3"), "3000.00"),
    },
    # Its first payment came with the second quarter's; the last is still to come.
    "THURROCK-CASH": {
        "2023-24-Q2": "6000.00",
        "2023-24-Q3": "3000.00",
        "2023-24-Q4": "3000.00",
        "2024-25-Q1": "3000.00",
        "2024-25-Q2": "3000.00",
    },
}
# Southend's payment of this quarter was recorded twice, and one of them made void.
MISTAKEN = "2023-24-Q3"


def pay(programme: Programme, quarter: Quarter, people: People) -> None:
    """Give the dates of the invoices that were paid since, and record what came of match."""
    day = min(quarter.last_day + GIVEN_AFTER, LAST_WORKED)
    with clock.at(day, 15):
        _pay_invoices(programme, day, people)
        _receive(programme, quarter, day, people)


def _pay_invoices(programme: Programme, day: date, people: People) -> None:
    officer = people["finance.pfcc"]
    of_programme = Transaction.objects.filter(
        recorded_by=programme.recipient, lines__budget_line__source__programme=programme
    ).distinct()
    waiting = invoices(of_programme, today=day).filter(standing__in=(Standing.OPEN, Standing.OVERDUE))
    for entry in waiting.order_by("reference"):
        number = int(entry.reference.rpartition("-")[2])
        days, dispute = EXCEPTIONS.get(entry.document_number, (USUAL_DAYS[number % len(USUAL_DAYS)], ""))
        paid_on = entry.received_on + timedelta(days=days)
        if paid_on <= day:
            record_payment_dates(
                entry=entry, received_on=entry.received_on, paid_on=paid_on, dispute_reason=dispute, by=officer
            )


def _receive(programme: Programme, quarter: Quarter, day: date, people: People) -> None:
    officer = people["finance.pfcc"]
    for code, amounts in PAID_OVER.items():
        if quarter.code not in amounts:
            continue
        source = Source.objects.get(programme=programme, code=code)
        given = {
            "source": source,
            "year": quarter.year,
            "amount": D(amounts[quarter.code]),
            "received_on": day - timedelta(days=2),
            "bank_reference": f"{source.funder.short_name} {quarter.code}",
            "by": officer,
        }
        if (code, quarter.code) == ("SOUTHEND-CASH", MISTAKEN):
            twice = receive_match(**given)
            void_match_receipt(receipt=twice, reason="Recorded twice", by=officer)
        receive_match(**given)
