"""What the demonstration's ledgers show: regular spend, and the entries that the story is told by."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal as D

from board import clock
from board.models import Programme, Quarter
from config.demo.budgets import KEEPERS, People, contract_of, line_of
from config.demo.spend_numbers import IN_KIND_HOURS, IN_KIND_RATE, SPEND, SUPPLIERS
from core.money import apportion
from funding import accruals, claims, declaring, spend_reports, spending
from funding.models import (
    Source,
    Transaction,
)
from funding.spending import Charge

MARCH_SESSIONS = "Sessions of March 2024, invoice awaited"
INTERIM_REPORT = "Interim report delivered, invoice awaited"
# In which quarters the evaluator's accrual is raised again, and the reason given.
RAISED_AGAIN = {
    "2024-25-Q2": "",
    "2024-25-Q3": "The evaluator confirms delivery; its invoice waits for a purchase order number.",
}
# A quarter of what the victim services agreement is worth in a year.
PAID_ON_ACCOUNT = D("15000.00")
# The demonstration stands at 9 April 2025; the last entries were typed the day before.
LAST_WORKED = date(2025, 4, 8)


@dataclass(frozen=True)
class Told:
    """One entry of the story, before it is recorded."""

    source: str
    project: str
    heading: str
    entry: Transaction
    relates_to: Quarter | None = None


def record_quarter(programme: Programme, quarter: Quarter, people: People) -> None:
    """Everything that the ledgers show for a quarter, each entry at its own date."""
    index = (quarter.year.starts - 2023) * 4 + quarter.number - 1
    told = [*_regular(programme, quarter, index), *_special(programme, quarter)]
    for item in sorted(
        told, key=lambda one: (one.entry.accounting_on, one.source, one.project, one.entry.document_number)
    ):
        source = programme.sources.select_related("programme", "kept_by").get(code=item.source)
        record_told(item, source, quarter, people)
    _record_statement(programme, quarter, people)
    _raise_again(quarter, people)


def record_closing(programme: Programme, closing: Quarter, people: People) -> None:
    """The closing period of 2023-24: the invoice that the March accrual stood for."""
    entry = Transaction(
        kind=Transaction.Kind.ACTUAL,
        contract=contract_of(programme, "CHB"),
        supplier_name="The Change Project",
        document_number="TCP-2403",
        description="Service, March 2024",
        accounting_on=date(2024, 5, 14),
        service_from=date(2024, 3, 1),
        service_to=date(2024, 3, 31),
        received_on=date(2024, 5, 10),
        net=D("18912.50"),
    )
    fourth = programme.quarters.get(code=f"{closing.year.code}-Q4")
    grant = claims.grant_of(programme.pk)
    invoice = record_told(Told("GRANT", "CHB", "provider", entry, relates_to=fourth), grant, closing, people)
    with clock.at(date(2024, 6, 27)):
        accrual = Transaction.objects.get(kind=Transaction.Kind.ACCRUAL, description=MARCH_SESSIONS)
        accruals.settle(accrual=accrual, invoice=invoice, by=people["finance.pfcc"])
        declaring.declare(source=grant, quarter=closing, nil=False, by=people["finance.pfcc"])


def record_told(item: Told, source: Source, quarter: Quarter, people: People) -> Transaction:
    day = min(item.entry.accounting_on + timedelta(days=4), LAST_WORKED)
    with clock.at(max(day, quarter.first_day)):
        return spending.record(
            entry=item.entry,
            charges=[
                Charge(line_of(source, item.project, item.heading, quarter.year), quarter, relates_to=item.relates_to)
            ],
            by=people[KEEPERS[source.kept_by.code]],
        ).transaction


def _months(quarter: Quarter) -> list[tuple[date, date]]:
    first = quarter.first_day
    starts = [date(first.year, first.month + step, 1) for step in range(3)]
    ends = [starts[1] - timedelta(days=1), starts[2] - timedelta(days=1), quarter.last_day]
    return list(zip(starts, ends, strict=True))


def _regular(programme: Programme, quarter: Quarter, index: int) -> Iterator[Told]:
    for (source, project, heading), amounts in SPEND.items():
        cost = D(amounts[index]).quantize(D("0.01"))
        if heading == "grants":
            yield Told(source, project, heading, _pay_on_account(programme, quarter))
            continue
        if not cost:
            continue
        if source in ("ECC-CASH", "SOUTHEND-CASH", "THURROCK-CASH"):
            yield Told(source, project, heading, summary(quarter, cost, project))
        elif heading == "staff":
            yield Told(source, project, heading, _payroll(quarter, cost, source))
        elif heading == "media":
            yield Told(source, project, heading, _media(quarter, cost))
        else:
            yield from _invoices(programme, quarter, source, project, heading, cost)
    for project, hours in IN_KIND_HOURS.items():
        if hours[index]:
            yield Told("ECC-KIND", project, "staff", _in_kind(quarter, hours[index]))


def _invoices(
    programme: Programme, quarter: Quarter, source: str, project: str, heading: str, cost: D
) -> Iterator[Told]:
    name, prefix = SUPPLIERS.get(project, ("Victim support suppliers", "VSS"))
    months = _months(quarter)
    # In the quarter that is in mid-work, March's invoices are not in yet.
    worked = months[:2] if quarter.code == "2024-25-Q4" else months
    if project == "EVL" or heading == "victims":
        worked = worked[-1:]
    in_match = "M" if source != "GRANT" else ""
    in_help = heading == "victims"
    for (start, end), part in zip(worked, apportion(cost, [1] * len(worked)), strict=True):
        yield Told(
            source,
            project,
            heading,
            Transaction(
                kind=Transaction.Kind.ACTUAL,
                contract=contract_of(programme, project) if heading != "victims" else None,
                supplier_name=name,
                document_number=f"{prefix}-{start:%y%m}{in_match}",
                description=f"{'Interpreters and security items' if in_help else 'Service'}, {start:%B %Y}",
                accounting_on=end,
                service_from=start,
                service_to=end,
                received_on=end,
                net=part,
            ),
        )


def _media(quarter: Quarter, cost: D) -> Transaction:
    # VAT at 20% is charged and recovered: the declined item of the story, since recovered VAT is no cost.
    vat = (cost * 20 / 100).quantize(D("0.01"))
    return Transaction(
        kind=Transaction.Kind.ACTUAL,
        supplier_name="Campaign media agency",
        document_number=f"CMA-{quarter.code}",
        description=f"Reflect: media and production, {quarter.short_label}",
        accounting_on=quarter.first_day + timedelta(days=50),
        service_from=quarter.first_day,
        service_to=quarter.first_day + timedelta(days=50),
        received_on=quarter.first_day + timedelta(days=50),
        net=cost,
        vat=vat,
        recoverable_vat=vat,
    )


def _pay_on_account(programme: Programme, quarter: Quarter) -> Transaction:
    """A quarter of the agreement's yearly value, paid ahead."""
    contract = contract_of(programme, "VIC")
    paid_on = quarter.first_day + timedelta(days=9)
    return Transaction(
        kind=Transaction.Kind.ADVANCE,
        contract=contract,
        supplier_name="Victim services provider",
        document_number=f"BACS-{quarter.code}",
        description=f"Payment on account, {quarter.short_label}",
        accounting_on=paid_on,
        service_from=quarter.first_day,
        service_to=quarter.last_day,
        paid_on=paid_on,
        net=PAID_ON_ACCOUNT,
    )


def _record_statement(programme: Programme, quarter: Quarter, people: People) -> None:
    """What the grantee states that it spent; of the quarter in mid-work the statement is not in yet."""
    index = (quarter.year.starts - 2023) * 4 + quarter.number - 1
    spent = D(SPEND["GRANT", "VIC", "grants"][index]).quantize(D("0.01"))
    if not spent:
        return
    line = line_of(claims.grant_of(programme.pk), "VIC", "grants", quarter.year)
    signed_on = quarter.last_day + timedelta(days=4)
    with clock.at(signed_on):
        spend_reports.record_report(
            contract=contract_of(programme, "VIC"),
            quarter=quarter,
            signed_by_title="Finance Director",
            signed_on=signed_on,
            document_reference=f"STATEMENT-{quarter.code}",
            amounts={line: spent},
            is_nil=False,
            by=people["finance.pfcc"],
        )


def _payroll(quarter: Quarter, cost: D, source: str) -> Transaction:
    return Transaction(
        kind=Transaction.Kind.ACTUAL,
        document_number=f"PAYROLL-{source}-{quarter.code}",
        description=f"Payroll journal, {quarter.short_label}",
        basis="Programme manager, share of post by timesheet",
        accounting_on=quarter.first_day + timedelta(days=60),
        service_from=quarter.first_day,
        service_to=quarter.last_day,
        net=cost,
    )


def summary(quarter: Quarter, cost: D, project: str) -> Transaction:
    return Transaction(
        kind=Transaction.Kind.SUMMARY,
        document_number=f"LEDGER-{project}-{quarter.code}",
        description=f"Spend of the quarter per ledger print, {quarter.short_label}",
        basis="Ledger print of the cost centre",
        accounting_on=min(quarter.last_day, LAST_WORKED),
        service_from=quarter.first_day,
        service_to=quarter.last_day,
        net=cost,
    )


def _in_kind(quarter: Quarter, hours: int) -> Transaction:
    return Transaction(
        kind=Transaction.Kind.IN_KIND,
        description=f"Youth workers' time, {quarter.short_label}",
        basis=f"{hours} hours at £{IN_KIND_RATE}, Youth worker",
        accounting_on=quarter.last_day,
        service_from=quarter.first_day,
        service_to=quarter.last_day,
        net=IN_KIND_RATE * hours,
        quantity_hundredths=hours * 100,
    )


def _special(programme: Programme, quarter: Quarter) -> Iterator[Told]:
    """The entries that make the story, each in its quarter."""

    def accrual(project: str, heading: str, cost: str, words: str) -> Told:
        return Told(
            "GRANT",
            project,
            heading,
            Transaction(
                kind=Transaction.Kind.ACCRUAL,
                contract=contract_of(programme, project),
                supplier_name=SUPPLIERS[project][0],
                description=words,
                accounting_on=quarter.last_day,
                service_from=quarter.first_day,
                service_to=quarter.last_day,
                net=D(cost),
            ),
        )

    match quarter.code:
        case "2023-24-Q2":
            yield Told(
                "GRANT",
                "PGM",
                "entertaining",
                Transaction(
                    kind=Transaction.Kind.ACTUAL,
                    supplier_name="Catering supplier",
                    document_number="CAT-0912",
                    description="Refreshments at the launch event",
                    accounting_on=date(2023, 9, 12),
                    service_from=date(2023, 9, 12),
                    service_to=date(2023, 9, 12),
                    net=D("186.00"),
                ),
            )
        case "2023-24-Q4":
            yield accrual("CHB", "provider", "18400.00", MARCH_SESSIONS)
        case "2024-25-Q1":
            yield accrual("EVL", "evaluation", "6000.00", INTERIM_REPORT)
            yield Told(
                "GRANT",
                "VIC",
                "capital",
                Transaction(
                    kind=Transaction.Kind.ACTUAL,
                    supplier_name="Computer supplier",
                    document_number="LAP-5531",
                    description="Laptops for victim advocates",
                    accounting_on=date(2024, 5, 21),
                    service_from=date(2024, 5, 21),
                    service_to=date(2024, 5, 21),
                    net=D("1150.00"),
                ),
            )
        case "2024-25-Q2":
            yield Told(
                "GRANT",
                "CHB",
                "provider",
                Transaction(
                    kind=Transaction.Kind.ACTUAL,
                    contract=contract_of(programme, "CHB"),
                    supplier_name="The Change Project",
                    document_number="TCP-2406-GROUP",
                    description="Group sessions of June 2024, invoiced late",
                    accounting_on=date(2024, 8, 9),
                    service_from=date(2024, 6, 1),
                    service_to=date(2024, 6, 30),
                    received_on=date(2024, 8, 5),
                    net=D("2310.15"),
                ),
                relates_to=programme.quarters.get(code="2024-25-Q1"),
            )


def _raise_again(quarter: Quarter, people: People) -> None:
    """The evaluator's invoice does not come: its accrual is raised again in two quarters, and waits in the third."""
    if quarter.code not in RAISED_AGAIN:
        return
    with clock.at(quarter.last_day + timedelta(days=4)):
        [accrual] = accruals.open_accruals(quarter.programme.recipient, quarter.programme)
        accruals.raise_again(
            accrual=accrual,
            quarter=quarter,
            amount=accrual.net,
            reason=RAISED_AGAIN[quarter.code],
            by=people["finance.pfcc"],
        )
