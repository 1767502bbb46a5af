"""Match kept in a council's own books, reported as one figure a heading with the print of its ledger."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from board.models import Quarter, User
from core.problems import Problem, refuse_if_blocking
from funding.declaring import declare
from funding.entering import Entered, NewEntry, record_many
from funding.models import BudgetLine, Source, SpendLine, Transaction
from funding.spending import Charge


def report(
    *,
    source: Source,
    quarter: Quarter,
    amounts: Mapping[BudgetLine, Decimal],
    ledger_print: str,
    read_on: date,
    all_of_it: bool,
    by: User,
    once: UUID,
) -> Entered:
    """Record one *summary* entry a budget line, from a ledger print of a day, and declare the quarter if that is all.

    `amounts` are cost of the quarter in pounds, with the VAT that is not recovered; £0.00 writes nothing. All or
    nothing; of two calls with the same `once` the second writes no entry. A problem's `where` is "row-2-…", the
    second of the lines that have an amount, in the order of `ordered_lines`, or a field of the page.
    """
    lines = ordered_lines(amounts)
    problems = []
    if not lines and not all_of_it:
        problems.append(Problem("summary", "Enter what was spent under at least one heading.", True))
    if not ledger_print.strip():
        problems.append(Problem("summary", "Name the ledger print that shows the figures.", True, "ledger_print"))
    refuse_if_blocking(problems)
    entries = [
        NewEntry(number, _entry(line, quarter, amounts[line], ledger_print.strip(), read_on), [Charge(line, quarter)])
        for number, line in enumerate(lines, start=1)
    ]
    with transaction.atomic():
        entered = record_many(entries, by=by, once=once)
        if all_of_it:
            spent = SpendLine.objects.spend().charged_to(source).in_quarter(quarter)
            declare(source=source, quarter=quarter, nil=not spent.exists(), by=by)
    return entered


def ordered_lines(amounts: Mapping[BudgetLine, Decimal]) -> list[BudgetLine]:
    """The lines that have an amount, by their codes: the order in which their entries are written."""
    return sorted((line for line, amount in amounts.items() if amount), key=lambda line: line.key)


def _entry(line: BudgetLine, quarter: Quarter, amount: Decimal, ledger_print: str, read_on: date) -> Transaction:
    return Transaction(
        kind=Transaction.Kind.SUMMARY,
        description=f"{line.project.code} {line.heading.name}, {quarter.short_label}",
        basis=f"Ledger print: {ledger_print}",
        accounting_on=read_on,
        service_from=quarter.first_day,
        service_to=quarter.last_day,
        net=amount,
        reason="The ledger shows less than was reported before" if amount < 0 else "",
    )
