"""The demonstration's money: awards, budgets and two years of spend, quarter by quarter, at their dates.

Every figure is invented. The story: a slow first quarter after a late award, recovered VAT that is no
cost, a capital item held, an underspend told to the funder, a virement, a disallowance paid short, an
evaluation accrual raised again in three quarters, a late invoice, and a last quarter in mid-work.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from board import clock
from board.models import UNALLOCATED, Programme, Quarter, User, Year
from contracts.contracting import vary
from contracts.models import Contract
from core.money import NOUGHT, apportion
from funding import budgeting, claims, declaring, spending
from funding.models import (
    BudgetLine,
    BudgetVersion,
    Claim,
    CostHeading,
    ReceiptPart,
    Source,
    SpendLine,
    Transaction,
    VarianceReason,
)
from funding.positions import grouped, line_positions
from funding.spending import Charge

People = dict[str, User]
D = Decimal

HEADINGS = [
    ("staff", "Staff salaries and on-costs", {}),
    ("training", "Training and supervision", {}),
    ("travel", "Travel", {}),
    ("provider", "Provider contract payments", {}),
    ("grants", "Grant agreement payments", {}),
    ("recharge", "Recharges from public bodies", {}),
    ("media", "Campaign media and production", {}),
    ("evaluation", "Evaluation", {}),
    ("victims", "Victim support direct costs", {}),
    ("equipment", "Equipment (not capital)", {}),
    ("capital", "Equipment (capital)", {"capital": True}),
    ("entertaining", "Entertaining", {"ineligible": True}),
    (UNALLOCATED, "Unallocated", {}),
]

# code, name, funder, kind, kept by; amounts are a year, illustrative (a grant of 600,000 and match of 150,000).
SOURCES = [
    ("GRANT", "Home Office grant", "home-office", Source.Kind.GRANT, "pfcc", "600000.00"),
    ("PFCC-CASH", "PFCC cash match", "pfcc", Source.Kind.CASH_MATCH, "pfcc", "60000.00"),
    ("ECC-CASH", "Essex County Council cash match", "ecc", Source.Kind.CASH_MATCH, "ecc", "35000.00"),
    ("ECC-KIND", "Essex County Council in-kind match", "ecc", Source.Kind.IN_KIND_MATCH, "ecc", "15000.00"),
    (
        "SOUTHEND-CASH",
        "Southend-on-Sea City Council cash match",
        "southend",
        Source.Kind.CASH_MATCH,
        "southend",
        "20000.00",
    ),
    ("THURROCK-CASH", "Thurrock Council cash match", "thurrock", Source.Kind.CASH_MATCH, "thurrock", "20000.00"),
]
KEEPERS = {"pfcc": "finance.pfcc", "ecc": "finance.ecc", "southend": "finance.southend", "thurrock": "finance.thurrock"}
IN_KIND_RATE = D("25.00")

# source, project, heading: the profile of each quarter, the same in both years.
BUDGETS: dict[tuple[str, str, str], tuple[str, str, str, str]] = {
    ("GRANT", "CHB", "provider"): ("52500", "52500", "52500", "52500"),
    ("GRANT", "SIS", "provider"): ("27500", "27500", "27500", "27500"),
    ("GRANT", "PIP", "provider"): ("18750", "18750", "18750", "18750"),
    ("GRANT", "GDM", "recharge"): ("8750", "8750", "8750", "8750"),
    ("GRANT", "SIN", "recharge"): ("7500", "7500", "7500", "7500"),
    ("GRANT", "RFL", "media"): ("0", "10000", "10000", "10000"),
    ("GRANT", "VIC", "grants"): ("15000", "15000", "15000", "15000"),
    ("GRANT", "VIC", "victims"): ("1250", "1250", "1250", "1250"),
    ("GRANT", "EVL", "evaluation"): ("5000", "5000", "5000", "10000"),
    ("GRANT", "PGM", "staff"): ("5000", "5000", "5000", "5000"),
    ("GRANT", "VIC", "capital"): ("0", "0", "0", "0"),
    ("GRANT", "PGM", "entertaining"): ("0", "0", "0", "0"),
    ("GRANT", UNALLOCATED, UNALLOCATED): ("0", "0", "0", "0"),
    ("PFCC-CASH", "CHB", "provider"): ("5000", "5000", "5000", "5000"),
    ("PFCC-CASH", "PGM", "staff"): ("10000", "10000", "10000", "10000"),
    ("ECC-CASH", "CHB", "provider"): ("5000", "5000", "5000", "5000"),
    ("ECC-CASH", "GDM", "staff"): ("3750", "3750", "3750", "3750"),
    ("ECC-KIND", "GDM", "staff"): ("2000", "2000", "2000", "2000"),
    ("ECC-KIND", "SIN", "staff"): ("1750", "1750", "1750", "1750"),
    ("SOUTHEND-CASH", "CHB", "provider"): ("3000", "3000", "3000", "3000"),
    ("SOUTHEND-CASH", "VIC", "victims"): ("2000", "2000", "2000", "2000"),
    ("THURROCK-CASH", "CHB", "provider"): ("3000", "3000", "3000", "3000"),
    ("THURROCK-CASH", "VIC", "victims"): ("2000", "2000", "2000", "2000"),
}

# What each line cost in the eight quarters; a quarter's provider cost comes as three monthly invoices.
SPEND: dict[tuple[str, str, str], tuple[str, ...]] = {
    ("GRANT", "CHB", "provider"): (
        "31250.40",
        "55120.35",
        "58760.10",
        "42940.75",
        "50310.20",
        "52480.60",
        "54115.95",
        "35890.40",
    ),
    ("GRANT", "SIS", "provider"): (
        "12480.00",
        "28905.50",
        "31220.25",
        "34990.00",
        "27140.00",
        "27960.75",
        "30875.40",
        "19720.00",
    ),
    ("GRANT", "PIP", "provider"): (
        "8300.00",
        "19450.00",
        "21875.60",
        "22410.00",
        "17925.00",
        "16480.30",
        "14950.00",
        "9860.00",
    ),
    ("GRANT", "GDM", "recharge"): (
        "6120.50",
        "9210.00",
        "9480.25",
        "9870.00",
        "8640.75",
        "8720.00",
        "8905.50",
        "0",
    ),
    ("GRANT", "SIN", "recharge"): (
        "4980.00",
        "7655.40",
        "8020.00",
        "8410.10",
        "7390.25",
        "7455.00",
        "7610.40",
        "0",
    ),
    ("GRANT", "RFL", "media"): ("0", "8450.00", "11300.00", "9985.20", "0", "9875.00", "10240.00", "4120.50"),
    ("GRANT", "VIC", "grants"): (
        "11900.00",
        "15300.00",
        "16200.00",
        "16350.00",
        "14870.00",
        "15120.40",
        "14985.00",
        "0",
    ),
    ("GRANT", "VIC", "victims"): ("640.20", "1105.75", "1290.00", "1480.35", "1175.90", "1233.45", "1260.10", "815.30"),
    ("GRANT", "EVL", "evaluation"): ("0", "5000.00", "8200.00", "9800.00", "0", "4500.00", "0", "0"),
    ("GRANT", "PGM", "staff"): (
        "4870.15",
        "4980.25",
        "4980.25",
        "5120.90",
        "5010.30",
        "5010.30",
        "5010.30",
        "3340.20",
    ),
    ("PFCC-CASH", "CHB", "provider"): (
        "4200.00",
        "5100.00",
        "5300.00",
        "5400.00",
        "5000.00",
        "5000.00",
        "5000.00",
        "3300.00",
    ),
    ("PFCC-CASH", "PGM", "staff"): (
        "9740.30",
        "9960.50",
        "9960.50",
        "10338.70",
        "10020.60",
        "10020.60",
        "10020.60",
        "6680.40",
    ),
    ("ECC-CASH", "CHB", "provider"): ("5000.00",) * 7 + ("5000.00",),
    ("ECC-CASH", "GDM", "staff"): (
        "3600.00",
        "3750.00",
        "3900.00",
        "3750.00",
        "3750.00",
        "3750.00",
        "3750.00",
        "3750.00",
    ),
    ("SOUTHEND-CASH", "CHB", "provider"): ("3000.00",) * 8,
    ("SOUTHEND-CASH", "VIC", "victims"): (
        "1850.00",
        "2050.00",
        "2100.00",
        "2000.00",
        "2000.00",
        "1975.50",
        "2024.50",
        "2000.00",
    ),
    ("THURROCK-CASH", "CHB", "provider"): ("0", "6000.00", "3000.00", "3000.00", "3000.00", "3000.00", "3000.00", "0"),
    ("THURROCK-CASH", "VIC", "victims"): ("0", "4000.00", "2000.00", "2000.00", "2000.00", "2000.00", "2000.00", "0"),
}
# Hours of youth workers given in kind, in the eight quarters.
IN_KIND_HOURS = {
    "GDM": (72, 80, 84, 80, 80, 80, 76, 0),
    "SIN": (60, 70, 72, 70, 68, 70, 70, 0),
}

SUPPLIERS = {
    "CHB": ("The Change Project", "TCP"),
    "SIS": ("Stalking intervention provider", "STK"),
    "PIP": ("Project PIPA provider", "PIPA"),
    "GDM": ("Essex County Council", "EYS-GDM"),
    "SIN": ("Essex County Council", "EYS-SIN"),
    "RFL": ("Campaign media agency", "CMA"),
    "EVL": ("TONIC", "TONIC"),
}
CONTRACTS = {
    "CHB": "CHB-2023",
    "SIS": "SIS-2023",
    "PIP": "PIP-2023",
    "GDM": "GDM-2023",
    "SIN": "GDM-2023",
    "EVL": "EVL-2023",
}


def set_up(programme: Programme, people: People) -> None:
    """Headings, sources, awards, budgets, commitments and forecasts, as agreed when the award came."""
    for position, (code, name, flags) in enumerate(HEADINGS):
        CostHeading.objects.create(programme=programme, code=code, name=name, position=position, **flags)
    organisations = {role.organisation.code: role.organisation for role in _roles(people)}
    for position, (code, name, funder, kind, kept_by, amount) in enumerate(SOURCES):
        source = Source.objects.create(
            programme=programme,
            code=code,
            name=name,
            funder=programme.funder if funder == "home-office" else organisations[funder],
            kind=kind,
            kept_by=organisations[kept_by],
            position=position,
        )
        for year in programme.years.order_by("starts"):
            with clock.at(date(2023, 4, 3)):
                _award_and_budget(source, year, D(amount), people[KEEPERS[kept_by]])


def _roles(people: People) -> list:
    return [user.acting for user in people.values() if user.acting is not None]


def _award_and_budget(source: Source, year: Year, amount: Decimal, by: User) -> None:
    is_kind = source.kind == Source.Kind.IN_KIND_MATCH
    budgeting.award(
        source=source,
        year=year,
        amount=amount,
        effective_on=date(2023, 4, 1),
        reason="Award letter" if source.is_grant else "Letter of pledge",
        by=by,
        decision_reference="GRANT/DAPF/ESSEX/23" if source.is_grant else "",
        in_kind_rate=IN_KIND_RATE if is_kind else None,
    )
    quarters = _quarters(year)
    profiles = {
        (_line(source, project, heading, year), quarter): D(value).quantize(D("0.01"))
        for (code, project, heading), values in BUDGETS.items()
        if code == source.code
        for quarter, value in zip(quarters, values, strict=True)
    }
    budgeting.set_budget(
        source=source,
        year=year,
        kind=BudgetVersion.Kind.ORIGINAL,
        profiles=profiles,
        effective_on=date(2023, 4, 1),
        reason="Original budget, agreed with the award",
        by=by,
    )
    for (line, quarter), value in profiles.items():
        if value:
            budgeting.forecast(line=line, quarter=quarter, amount=value, by=by)
    for line in {line for line, _ in profiles}:
        contract = _contract(source.programme, line.project.code) if source.is_grant else None
        total = sum((value for (other, _), value in profiles.items() if other == line), NOUGHT)
        if contract is not None and total and line.heading.code in ("provider", "recharge", "grants", "evaluation"):
            budgeting.commit(contract=contract, line=line, amount=total, by=by)


def _quarters(year: Year) -> list[Quarter]:
    return list(year.quarters.filter(kind=Quarter.Kind.QUARTER).select_related("programme", "year").order_by("number"))


def _line(source: Source, project: str, heading: str, year: Year) -> BudgetLine:
    programme = source.programme
    return BudgetLine.objects.select_related("source", "project", "heading", "year").get_or_create(
        source=source,
        project=programme.projects.get(code=project),
        heading=programme.cost_headings.get(code=heading),
        year=year,
    )[0]


def _contract(programme: Programme, project: str) -> Contract | None:
    reference = CONTRACTS.get(project) or {"VIC": "VIC-2023"}.get(project)
    return Contract.objects.get(programme=programme, reference=reference) if reference else None


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
        _record(item, source, quarter, people)


def _record(item: Told, source: Source, quarter: Quarter, people: People) -> Transaction:
    day = min(item.entry.accounting_on + timedelta(days=4), LAST_WORKED)
    with clock.at(max(day, quarter.first_day)):
        return spending.record(
            entry=item.entry,
            charges=[
                Charge(_line(source, item.project, item.heading, quarter.year), quarter, relates_to=item.relates_to)
            ],
            by=people[KEEPERS[source.kept_by.code]],
        ).transaction


# The demonstration stands at 9 April 2025; the last entries were typed the day before.
LAST_WORKED = date(2025, 4, 8)


def _months(quarter: Quarter) -> list[tuple[date, date]]:
    first = quarter.first_day
    starts = [date(first.year, first.month + step, 1) for step in range(3)]
    ends = [starts[1] - timedelta(days=1), starts[2] - timedelta(days=1), quarter.last_day]
    return list(zip(starts, ends, strict=True))


def _regular(programme: Programme, quarter: Quarter, index: int) -> Iterator[Told]:
    for (source, project, heading), amounts in SPEND.items():
        cost = D(amounts[index]).quantize(D("0.01"))
        if not cost:
            continue
        if source in ("ECC-CASH", "SOUTHEND-CASH", "THURROCK-CASH"):
            yield Told(source, project, heading, _summary(quarter, cost, project))
        elif heading == "staff":
            yield Told(source, project, heading, _payroll(quarter, cost, source))
        elif heading == "grants":
            yield Told(source, project, heading, _statement(programme, quarter, cost, project))
        elif heading == "media":
            yield Told(source, project, heading, _media(quarter, cost))
        else:
            yield from _invoices(programme, quarter, source, project, heading, cost)
    for project, hours in IN_KIND_HOURS.items():
        if hours[index]:
            yield Told("ECC-KIND", project, "staff", _in_kind(quarter, hours[index]))


def _invoices(
    programme: Programme, quarter: Quarter, source: str, project: str, heading: str, cost: Decimal
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
                contract=_contract(programme, project) if heading != "victims" else None,
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


def _media(quarter: Quarter, cost: Decimal) -> Transaction:
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


def _statement(programme: Programme, quarter: Quarter, cost: Decimal, project: str) -> Transaction:
    return Transaction(
        kind=Transaction.Kind.REPORTED_SPEND,
        contract=_contract(programme, project),
        supplier_name="Victim services provider",
        document_number=f"STATEMENT-{quarter.code}",
        description=f"Spend reported under the grant agreement, {quarter.short_label}",
        basis="Signed statement of spend",
        accounting_on=quarter.last_day,
        service_from=quarter.first_day,
        service_to=quarter.last_day,
        net=cost,
    )


def _payroll(quarter: Quarter, cost: Decimal, source: str) -> Transaction:
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


def _summary(quarter: Quarter, cost: Decimal, project: str) -> Transaction:
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

    def accrual(project: str, heading: str, cost: str, words: str, *, reason: str = "", again: bool = False) -> Told:
        before = (
            Transaction.objects.filter(
                kind=Transaction.Kind.ACCRUAL, lines__budget_line__project__code=project, description=words
            )
            .order_by("reference")
            .last()
            if again
            else None
        )
        return Told(
            "GRANT",
            project,
            heading,
            Transaction(
                kind=Transaction.Kind.ACCRUAL,
                contract=_contract(programme, project),
                supplier_name=SUPPLIERS[project][0],
                description=words,
                accounting_on=quarter.last_day,
                service_from=quarter.first_day,
                service_to=quarter.last_day,
                net=D(cost),
                re_raises=before,
                reason=reason,
            ),
        )

    interim = "Interim report delivered, invoice awaited"
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
            yield accrual("CHB", "provider", "18400.00", "Sessions of March 2024, invoice awaited")
        case "2024-25-Q1":
            yield accrual("EVL", "evaluation", "6000.00", interim)
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
            yield accrual("EVL", "evaluation", "6000.00", interim, again=True)
            yield Told(
                "GRANT",
                "CHB",
                "provider",
                Transaction(
                    kind=Transaction.Kind.ACTUAL,
                    contract=_contract(programme, "CHB"),
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
        case "2024-25-Q3":
            yield accrual(
                "EVL",
                "evaluation",
                "6000.00",
                interim,
                reason="The evaluator confirms delivery; its invoice waits for a purchase order number.",
                again=True,
            )


def adjust(programme: Programme, quarter: Quarter, people: People) -> None:
    """What is put right in a quarter before it is declared: a credit, a virement, forecasts, an underspend told."""
    finance, grant = people["finance.pfcc"], claims.grant_of(programme.pk)
    with clock.at(min(quarter.last_day + timedelta(days=5), LAST_WORKED)):
        if quarter.code == "2023-24-Q3":
            original = Transaction.objects.get(document_number="TCP-2308")
            spending.credit(
                original=original,
                quarter=quarter,
                amount=D("1275.50"),
                document_number="TCP-CN-011",
                reason="Two group sessions of August 2023 did not take place",
                by=finance,
            )
            budgeting.notice_underspend(
                source=grant,
                year=quarter.year,
                amount=D("34250.00"),
                noticed_on=date(2024, 1, 4),
                told_on=date(2024, 1, 5),
                funder_reference="E-mail of 5 January 2024",
                words="The slow first quarter is only partly caught up; most of it is The Change Hub.",
                by=finance,
            )
        if quarter.code == "2024-25-Q2":
            _virement(programme, quarter.year, people)
        _reforecast(grant, quarter, finance)


def _virement(programme: Programme, year: Year, people: People) -> None:
    grant = claims.grant_of(programme.pk)
    pipa, stalking = _line(grant, "PIP", "provider", year), _line(grant, "SIS", "provider", year)
    commitment = pipa.commitments.get()
    commitment.amount -= D("8000.00")
    commitment.save()
    later = _quarters(year)[2:]
    budgeting.move(
        source=grant,
        year=year,
        moves={
            **{(pipa, quarter): D("-4000.00") for quarter in later},
            **{(stalking, quarter): D("4000.00") for quarter in later},
        },
        reason="Fewer workshops booked than planned; more stalking cases than planned",
        by=people["finance.pfcc"],
        approved_on=date(2024, 10, 3),
        decision_reference="097-24",
    )
    for reference, project, amount in (("PIP-2023", "PIP", "-8000.00"), ("SIS-2023", "SIS", "8000.00")):
        vary(
            contract=Contract.objects.get(reference=reference),
            changes={(programme.projects.get(code=project), year): D(amount)},
            reason="Moves £8,000 from workshops to the stalking pilot",
            effective_on=date(2024, 10, 4),
            approved_on=date(2024, 10, 3),
            by=people["commissioning.1"],
            decision_reference="097-24",
        )


def _reforecast(grant: Source, quarter: Quarter, by: User) -> None:
    """Expect of each quarter ahead what the last one cost, or its profile if that is more, within the budget."""
    ahead = [other for other in _quarters(quarter.year) if other.order > quarter.order]
    if not ahead:
        return
    for line, position in line_positions([grant], quarter.year, quarter, today=clock.today()).items():
        left = max(position.budget - position.actual_to_date, NOUGHT)
        expected = min(max(position.actual_quarter, position.profile_quarter), left / len(ahead))
        for other in ahead:
            if expected or position.budget:
                budgeting.forecast(line=line, quarter=other, amount=expected.quantize(D("0.01")), by=by)


def declare_quarter(programme: Programme, quarter: Quarter, people: People) -> None:
    """Each recording organisation declares what it keeps. Thurrock misses the first quarter: missing is not nil."""
    with clock.at(quarter.last_day + timedelta(days=11)):
        for source in programme.sources.select_related("kept_by", "programme").order_by("position"):
            if source.code == "THURROCK-CASH" and quarter.code == "2023-24-Q1":
                continue
            spent = SpendLine.objects.spend().charged_to(source).in_quarter(quarter).exists()
            declaring.declare(source=source, quarter=quarter, nil=not spent, by=people[KEEPERS[source.kept_by.code]])


VARIANCE_WORDS = {
    "2023-24-Q1": ("late-start", "The award was confirmed days before the start, so recruiting began late."),
    "2023-24-Q2": ("late-start", "The late start is being caught up; the gap to the profile narrows each quarter."),
    "2023-24-Q3": ("demand", "Demand is above the profile this quarter and makes up part of the late start."),
    "2023-24-Q4": ("late-start", "What the late start left unspent could not be caught up in full by the year's end."),
    "2024-25-Q1": ("timing", "Invoices of the quarter's last month arrive in the next; service is on plan."),
    "2024-25-Q2": ("demand", "Fewer workshop places were booked than planned; a virement moves the budget."),
    "2024-25-Q3": ("timing", "The evaluator's invoice is awaited and campaign media is bought later than planned."),
}


def explain(programme: Programme, quarter: Quarter, people: People) -> None:
    """Give the reason of each project's variance that is over the thresholds."""
    grant = claims.grant_of(programme.pk)
    year_code = quarter.code if quarter.kind == Quarter.Kind.QUARTER else f"{quarter.year.code}-Q4"
    code, words = VARIANCE_WORDS[year_code]
    day = min(max(quarter.last_day, clock.today()), LAST_WORKED)
    positions = line_positions([grant], quarter.year, quarter, today=day)
    for project, position in grouped(positions, lambda line: line.project).items():
        if budgeting.variance_needs_a_reason(position, source=grant, today=day):
            budgeting.explain_variance(
                source=grant,
                project=project,
                quarter=quarter,
                code=VarianceReason.Code(code),
                words=words,
                variance=position.variance_to_date,
                by=people["finance.pfcc"],
            )


def record_closing(programme: Programme, closing: Quarter, people: People) -> None:
    """The closing period of 2023-24: the invoice that the March accrual stood for."""
    entry = Transaction(
        kind=Transaction.Kind.ACTUAL,
        contract=_contract(programme, "CHB"),
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
    _record(Told("GRANT", "CHB", "provider", entry, relates_to=fourth), grant, closing, people)
    with clock.at(date(2024, 6, 27)):
        declaring.declare(source=grant, quarter=closing, nil=False, by=people["finance.pfcc"])


# quarter code: (paid on, short by, why); the rest is paid in full after about 21 working days, or not yet.
PAYMENTS: dict[str, tuple[date, str, str]] = {
    "2023-24-Q1": (date(2023, 8, 29), "0.00", ""),
    "2023-24-Q2": (date(2023, 11, 24), "420.00", ReceiptPart.ShortReason.DISALLOWED),
    "2023-24-Q3": (date(2024, 2, 27), "0.00", ""),
    "2023-24-Q4": (date(2024, 5, 30), "0.00", ""),
    "2023-24-closing": (date(2024, 9, 12), "0.00", ""),
    "2024-25-Q1": (date(2024, 8, 23), "0.00", ""),
    "2024-25-Q2": (date(2024, 11, 26), "15000.00", ReceiptPart.ShortReason.STILL_OWED),
}


def pay(claim: Claim, people: People) -> None:
    """What the funder paid on a claim, and the disallowance that explains the one short payment."""
    payment = PAYMENTS.get(claim.quarter.code)
    if payment is None or claim.amount <= 0:
        return
    paid_on, short_by, why = payment
    short = D(short_by)
    with clock.at(paid_on):
        if why == ReceiptPart.ShortReason.DISALLOWED:
            line = SpendLine.objects.get(transaction__document_number="TCP-2309", budget_line__source=claim.source)
            claims.disallow(
                source=claim.source,
                amounts={line: short},
                disallowed_on=paid_on - timedelta(days=7),
                funder_reference="HO-Q-2023-117",
                reason="Room hire without a receipt, within The Change Project's invoice of September 2023",
                by=people["finance.pfcc"],
            )
        claims.receive(
            source=claim.source,
            received_on=paid_on,
            parts=[ReceiptPart(claim=claim, amount=claim.amount - short, short=short, short_reason=why)],
            by=people["finance.pfcc"],
            bank_reference=f"HO {claim.quarter.code}",
        )


def pay_in_full(claim: Claim, people: People) -> None:
    """The earlier fund's claims were all paid in full, on the day that they are dated here."""
    if claim.amount > 0:
        claims.receive(
            source=claim.source,
            received_on=clock.today(),
            parts=[ReceiptPart(claim=claim, amount=claim.amount)],
            by=people["finance.pfcc"],
        )


def declare_some(programme: Programme, quarter: Quarter, people: People) -> None:
    """The open quarter in mid-work: Southend has declared; the grant, Essex and Thurrock have yet to."""
    with clock.at(LAST_WORKED):
        source = programme.sources.get(code="SOUTHEND-CASH")
        declaring.declare(source=source, quarter=quarter, nil=False, by=people["finance.southend"])


# The earlier fund: £450,000 over three years. Each year's spend by project, shared evenly over its quarters.
EARLIER_SPEND = {
    "SPA": ("58200.00", "59400.00", "60000.00"),
    "MEN": ("24310.50", "25000.00", "25000.00"),
    "OUT": ("18950.25", "19800.00", "20000.00"),
    "PRI": ("0", "14200.00", "15000.00"),
    "BYS": ("9875.00", "10000.00", "10000.00"),
    "VIC": ("14500.00", "14900.00", "15000.00"),
    "SUP": ("4800.00", "4950.00", "5000.00"),
}


def load_earlier(programme: Programme, people: People) -> None:
    """The earlier fund, spent and claimed before this system: one summary a project and quarter, all closed."""
    finance = people["finance.pfcc"]
    for position, (code, name, flags) in enumerate(HEADINGS):
        if code in ("provider", UNALLOCATED):
            CostHeading.objects.create(programme=programme, code=code, name=name, position=position, **flags)
    grant = Source.objects.create(
        programme=programme,
        code="GRANT",
        name="Home Office grant (earlier fund)",
        funder=programme.funder,
        kind=Source.Kind.GRANT,
        kept_by=programme.recipient,
    )
    for index, year in enumerate(programme.years.order_by("starts")):
        with clock.at(programme.first_day):
            _earlier_budget(grant, year, finance)
        for quarter in _quarters(year):
            with clock.at(quarter.last_day + timedelta(days=8)):
                for project, years in EARLIER_SPEND.items():
                    part = apportion(D(years[index]).quantize(D("0.01")), [1, 1, 1, 1])[quarter.number - 1]
                    if part:
                        entry = _summary(quarter, part, project)
                        entry.basis = "Final statement of the earlier fund"
                        charge = Charge(_line(grant, project, "provider", year), quarter)
                        spending.record(entry=entry, charges=[charge], by=finance)


def _earlier_budget(grant: Source, year: Year, by: User) -> None:
    amount = D("150000.00")
    budgeting.award(source=grant, year=year, amount=amount, effective_on=date(2020, 4, 1), reason="Award letter", by=by)
    shares = {"SPA": 60000, "MEN": 25000, "OUT": 20000, "PRI": 15000, "BYS": 10000, "VIC": 15000, "SUP": 5000}
    profiles = {
        (_line(grant, project, "provider", year), quarter): part
        for project, share in shares.items()
        for quarter, part in zip(_quarters(year), apportion(D(share), [1, 1, 1, 1]), strict=True)
    }
    budgeting.set_budget(
        source=grant,
        year=year,
        kind=BudgetVersion.Kind.ORIGINAL,
        profiles=profiles,
        effective_on=date(2020, 4, 1),
        reason="Original budget",
        by=by,
    )
