"""The demonstration's money: awards, budgets and two years of spend, quarter by quarter, at their dates.

Every figure is invented. The story: a slow first quarter after a late award, recovered VAT that is no
cost, a capital item held, an underspend told to the funder, a virement, a disallowance paid short, an
evaluation accrual raised again in three quarters, a late invoice, and a last quarter in mid-work.
"""

from datetime import date, timedelta
from decimal import Decimal as D

from board import clock
from board.models import UNALLOCATED, Programme, Quarter, Year
from config.demo.budgets import (
    HEADINGS,
    KEEPERS,
    People,
    earlier_budget,
    line_of,
    move_by_virement,
    quarters_of,
    reforecast,
)
from config.demo.ledger import LAST_WORKED, summary
from config.demo.spend_numbers import EARLIER_SPEND
from core.money import apportion
from funding import budgeting, claims, declaring, ending, spending
from funding.models import (
    Claim,
    CostHeading,
    ReceiptPart,
    Source,
    SpendLine,
    Transaction,
    VarianceReason,
    YearEndBalance,
)
from funding.positions import grouped, line_positions
from funding.spending import Charge


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
            move_by_virement(programme, quarter.year, people)
        reforecast(grant, quarter, finance)


def declare_quarter(programme: Programme, quarter: Quarter, people: People) -> None:
    """Each recording organisation declares what it keeps. Thurrock misses the first quarter: missing is not nil."""
    with clock.at(quarter.last_day + timedelta(days=11)):
        for source in programme.sources.select_related("kept_by", "programme").order_by("position"):
            if source.code == "THURROCK-CASH" and quarter.code == "2023-24-Q1":
                continue
            spent = SpendLine.objects.spend().charged_to(source).in_quarter(quarter).exists()
            declaring.declare(source=source, quarter=quarter, nil=not spent, by=people[KEEPERS[source.kept_by.code]])


def declare_some(programme: Programme, quarter: Quarter, people: People) -> None:
    """The open quarter in mid-work: Southend has declared; the grant, Essex and Thurrock have yet to."""
    with clock.at(LAST_WORKED):
        source = programme.sources.get(code="SOUTHEND-CASH")
        declaring.declare(source=source, quarter=quarter, nil=False, by=people["finance.southend"])


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


def mark_balance(programme: Programme, year: Year, people: People) -> None:
    """What the first year has left lapses: it was not agreed that anything be carried."""
    grant = claims.grant_of(programme.pk)
    ending.mark_balance(
        source=grant,
        year=year,
        treatment=YearEndBalance.Treatment.LAPSING,
        amount=ending.balance(grant, year, today=clock.today()).unspent,
        reason="What the late start left unspent could not be caught up; nothing is carried.",
        by=people["finance.pfcc"],
    )


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
            earlier_budget(grant, year, finance)
        for quarter in quarters_of(year):
            with clock.at(quarter.last_day + timedelta(days=8)):
                for project, years in EARLIER_SPEND.items():
                    part = apportion(D(years[index]).quantize(D("0.01")), [1, 1, 1, 1])[quarter.number - 1]
                    if part:
                        entry = summary(quarter, part, project)
                        entry.basis = "Final statement of the earlier fund"
                        charge = Charge(line_of(grant, project, "provider", year), quarter)
                        spending.record(entry=entry, charges=[charge], by=finance)
