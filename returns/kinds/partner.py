"""A partner's annual statement: what it spent on its own match and under agreements, and that it keeps its records.

The grant's terms of this family ask for it where a partner keeps the accounting records: a written statement of how
the money was spent, signed by the partner's chief finance officer, with an undertaking to keep the records.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from board.models import Programme, Quarter
from board.quarters import MONEY
from contracts.models import Contract
from core.money import NOUGHT, in_words
from funding import reconciling
from funding.models import BudgetLine, Source, SpendLine, SpendReport, Transaction
from funding.rules import REPORTS_SPEND
from returns.content import (
    Cell,
    Column,
    Content,
    Definition,
    Fact,
    Section,
    Table,
    Value,
    date_words,
    make_fact,
    make_row,
    make_total,
    slug,
)
from returns.items import Item, Place
from returns.kinds.scope import Scope, Subject
from returns.kinds.shape import (
    CERTIFY,
    FORMAT,
    PREPARE,
    ROLE,
    STATUS,
    Kind,
    Span,
    Step,
    Written,
    commentary,
    identity,
    words_of,
)
from returns.kinds.tracing import NOTHING, figures, of_lines, reconciled, traced, unexplained
from returns.models import Return

K = "partner"
# The terms ask for at least six years after the funding period ends.
YEARS_KEPT = 6

STEPS = (
    Step(
        PREPARE, (ROLE.FINANCE_OFFICER, ROLE.COMMISSIONING_OFFICER), STATUS.DRAFT, STATUS.PREPARED, "Made by",
        "The figures are the record’s. From now on the partner’s officers see them, and its chief finance officer is "
        "asked to sign them.",
        "make firm", signs=False,
    ),
    Step(
        CERTIFY, (ROLE.CFO,), STATUS.PREPARED, STATUS.CERTIFIED, "Signed for the partner by",
        "I confirm that this statement shows how the money was spent in the year, that it agrees with our accounting "
        "records and was spent for the purposes of the programme alone, and that none of it was paid for twice. We "
        "undertake to keep the accounting records and the evidence until the day stated, and to show them on request.",
        "sign", by_subject=True,
    ),
)  # fmt: skip
WRITTEN = (
    Written("records", "Where the records are kept", "In which system, under whose care, and how to reach them."),
)


@dataclass(frozen=True)
class Agreement:
    """A grant agreement or recharge of the partner in the year: what it was paid, and what it reported as spent."""

    contract: Contract
    paid: tuple[SpendLine, ...]
    spent: tuple[SpendLine, ...]
    reports: tuple[SpendReport, ...]


@dataclass(frozen=True)
class Record:
    """Everything that one statement is made from; `lines` are those on the sources that the partner keeps."""

    scope: Scope
    lines: tuple[SpendLine, ...]
    agreements: tuple[Agreement, ...]

    def of_kind(self, kind: str) -> list[SpendLine]:
        return [line for line in self.lines if line.budget_line.source.kind == kind]

    @property
    def spent_under_agreements(self) -> list[SpendLine]:
        return [line for agreement in self.agreements for line in agreement.spent]


def partners(quarter: Quarter) -> list[Subject]:
    """Who keeps records of the programme’s money beside the recipient: keepers of match, then grantees."""
    programme = quarter.programme
    keepers = Source.objects.filter(programme=programme).exclude(kept_by=programme.recipient)
    under = Contract.objects.filter(programme=programme, kind__in=REPORTS_SPEND).exclude(provider=programme.recipient)
    found = [row.kept_by for row in keepers.select_related("kept_by").order_by("position", "code")]
    found += [row.provider for row in under.select_related("provider").order_by("reference")]
    return [Subject(row.code, row.short_name) for row in dict.fromkeys(found)]


def read(scope: Scope) -> Record:
    """Gather what a partner's statement says."""
    year = scope.last.year
    about = ("transaction", "budget_line__source", "budget_line__project", "budget_line__heading", "quarter")
    charged = (
        SpendLine.objects.in_force()
        .of_programme(scope.programme)
        .filter(budget_line__year=year)
        .select_related(*about, "transaction__takes_back", "transaction__contract")
        .order_by("transaction__reference", "number")
    )
    kept = SpendLine.objects.spend().filter(budget_line__source__kept_by__code=scope.subject, budget_line__year=year)
    kept = kept.of_programme(scope.programme).select_related(*about).order_by("transaction__reference", "number")
    contracts = Contract.objects.filter(
        programme=scope.programme, kind__in=REPORTS_SPEND, provider__code=scope.subject
    ).order_by("reference")
    reports = SpendReport.objects.filter(contract__in=contracts, quarter__year=year, voided_at=None)
    agreements = []
    for contract in contracts:
        own = [line for line in charged if line.transaction.contract_id == contract.pk]
        paid = tuple(line for line in own if _is_advance(line.transaction))
        spent = tuple(line for line in own if not _is_advance(line.transaction))
        signed = [row for row in reports.select_related("quarter") if row.contract_id == contract.pk]
        signed.sort(key=lambda row: (row.quarter.order, row.reference))
        agreements.append(Agreement(contract, paid, spent, tuple(signed)))
    return Record(scope, tuple(kept), tuple(agreements))


def _is_advance(entry: Transaction) -> bool:
    """Whether an entry is a payment on account, or takes one back."""
    kinds = (entry.kind, entry.takes_back.kind if entry.takes_back else "")
    return Transaction.Kind.ADVANCE in kinds


def _sum(lines: list[SpendLine] | tuple[SpendLine, ...]) -> Decimal:
    return sum((line.cost for line in lines), NOUGHT)


def build(scope: Scope, *, today: date, the_return: Return | None = None) -> Content:
    """What a partner's annual statement says, from the record as it stands."""
    record = read(scope)
    sections = [key_figures(record), commentary(KIND, words_of(the_return)), expenditure(record)]
    if record.agreements:
        sections += [agreements(record), statements(record)]
    if record.of_kind(Source.Kind.CASH_MATCH):
        sections.append(ledger(record))
    sections.append(undertaking(scope))
    return Content(
        **identity(KIND, scope, the_return, f"{KIND.title}: {scope.organisation}"),  # type: ignore[arg-type]
        sections=tuple(traced(section) for section in sections),
        definitions=DEFINITIONS,
        notes=NOTES,
    )


def _kinds(record: Record) -> list[tuple[str, str, list[SpendLine]]]:
    """The kinds of expenditure that the statement has: code, name, lines. Never added to each other."""
    found = [
        ("cash", "Cash match, in its own ledger", record.of_kind(Source.Kind.CASH_MATCH)),
        ("in-kind", "In-kind match, at its agreed value", record.of_kind(Source.Kind.IN_KIND_MATCH)),
        ("agreements", "Under grant agreements and recharges", record.spent_under_agreements),
    ]
    return [(code, name, lines) for code, name, lines in found if lines or (code == "agreements" and record.agreements)]


def key_figures(record: Record) -> Section:
    """What was spent, by where the money came from."""
    year = record.scope.last.year
    facts: list[Fact] = [
        make_fact(K, "key-figures", code, name, _sum(lines), "money", "", of_lines(lines) or NOTHING)
        for code, name, lines in _kinds(record)
    ]
    if record.agreements:
        paid = [line for agreement in record.agreements for line in agreement.paid]
        trace = of_lines(paid) or NOTHING
        facts.append(make_fact(K, "key-figures", "paid", "Paid on account by the recipient", _sum(paid), "money", "",
                               trace))  # fmt: skip
    facts.append(make_fact(K, "key-figures", "keep-until", "Records are kept at least until",
                           kept_until(record.scope.programme), "date"))  # fmt: skip
    return Section(
        "key-figures",
        "Key figures",
        (f"What {record.scope.organisation} spent for the programme in {year}. Its own match and what it spent of "
         "others’ money stand apart and are never added to each other.",),
        facts=tuple(facts),
        sheet="Key figures",
    )  # fmt: skip


def expenditure(record: Record) -> Section:
    """The year's expenditure by project and cost heading, a subtotal for each kind of money."""
    columns = (
        Column("money", "Money"),
        Column("project", "Project"),
        Column("heading", "Cost heading"),
        *(Column(f"q{number}", f"Q{number}", "money", total=True) for number in (1, 2, 3, 4)),
        Column("closing", "Closing period and later", "money", total=True),
        Column("year", "Year", "money", total=True),
    )
    made = []
    for code, name, lines in _kinds(record):
        rows = []
        by_line: dict[BudgetLine, list[SpendLine]] = {}
        for line in lines:
            by_line.setdefault(line.budget_line, []).append(line)
        for at, (budget_line, own) in enumerate(sorted(by_line.items(), key=lambda item: _order(item[0])), start=1):
            cells: list[Cell | Value] = []
            for number in (1, 2, 3, 4):
                here = [line for line in own if _quarter_of(line, record) == number]
                cells.append(Cell(_sum(here), trace=of_lines(here) or NOTHING))
            late = [line for line in own if _quarter_of(line, record) == 0]
            cells += [Cell(_sum(late), trace=of_lines(late) or NOTHING), Cell(_sum(own), trace=of_lines(own))]
            values: list[Cell | Value] = [name, budget_line.project.name, budget_line.heading.name, *cells]
            key = slug(f"{code}-{budget_line.project.code}-{budget_line.heading.code}-{at}")
            rows.append(make_row(K, "expenditure", key, columns, values))
        if rows:
            made += [*rows, make_total(K, "expenditure", code, columns, rows, f"{name}, in all", "subtotal")]
    return Section(
        "expenditure",
        "Statement of expenditure",
        ("Cost is net of VAT that is recovered. Each line of it is in the records of the partner.",),
        Table(f"Expenditure of {record.scope.organisation}, {record.scope.last.year}", columns, tuple(made),
              "Nil: nothing was spent for the programme in this year.", headings=3),
        sheet="Expenditure",
    )  # fmt: skip


def _order(line: BudgetLine) -> tuple[object, ...]:
    return (line.source.position, line.project.position, line.heading.position, line.pk)


def _quarter_of(line: SpendLine, record: Record) -> int:
    """In which quarter of the year a line is recorded; 0 for its closing period and after it."""
    quarter = line.quarter
    in_year = quarter.kind == Quarter.Kind.QUARTER and quarter.year_id == record.scope.last.year_id
    return quarter.number if in_year else 0


def agreements(record: Record) -> Section:
    """What was paid under each agreement of the year, and what of it was reported as spent."""
    columns = (
        Column("reference", "Agreement"),
        Column("title", "What it is for"),
        Column("kind", "Kind"),
        Column("paid", "Paid on account in the year", "money", total=True),
        Column("spent", "Reported as spent, or invoiced", "money", total=True),
        Column("difference", "Paid less spent", "money", total=True),
    )
    rows = []
    for agreement in record.agreements:
        contract, paid, spent = agreement.contract, _sum(agreement.paid), _sum(agreement.spent)
        here = f"{K}/agreements/{slug(contract.reference)}"
        rows.append(
            make_row(K, "agreements", slug(contract.reference), columns, [
                contract.reference, contract.title, contract.get_kind_display(),
                Cell(paid, trace=of_lines(agreement.paid) or NOTHING),
                Cell(spent, trace=of_lines(agreement.spent) or NOTHING),
                # An invoice that comes after the fact leaves nothing in the partner's hands.
                Cell(paid - spent, trace=figures(f"{here}/paid", f"-{here}/spent")) if agreement.paid else None,
            ])
        )  # fmt: skip
    none = not any(agreement.paid for agreement in record.agreements)
    others: dict[str, Cell | Value] = {"difference": Cell(None, "z", unit="money")} if none else {}
    total = make_total(K, "agreements", "total", columns, rows, "All agreements", others=others)
    return Section(
        "agreements",
        "Agreements",
        ("Under a grant agreement or a recharge, cost is what the partner reports as spent; a payment on account is no "
         "cost. Where cost is invoiced after the fact, nothing is paid on account.",),
        Table(f"Paid and spent under agreements, {record.scope.last.year}", columns, (*rows, total)),
        sheet="Agreements",
    )  # fmt: skip


def statements(record: Record) -> Section:
    """The quarterly statements of spend that the partner signed."""
    columns = (
        Column("reference", "Statement"),
        Column("agreement", "Agreement"),
        Column("quarter", "Quarter"),
        Column("signed", "Signed on", "date"),
        Column("by", "Signed by"),
        Column("document", "Its document"),
        Column("total", "Reported as spent", "money", total=True),
    )
    rows = [
        make_row(K, "statements", slug(row.reference), columns, [
            row.reference, agreement.contract.reference, row.quarter.short_label, row.signed_on, row.signed_by_title,
            row.document_reference, Cell(row.total, trace=(f"statement:{row.reference}",)),
        ])
        for agreement in record.agreements
        for row in agreement.reports
    ]  # fmt: skip
    total = [make_total(K, "statements", "total", columns, rows, "All statements of the year")] if rows else []
    return Section(
        "statements",
        "Quarterly statements of spend",
        (),
        Table("Statements that the partner signed", columns, (*rows, *total), "No statement was asked for."),
        sheet="Statements of spend",
    )


def _year_end(record: Record) -> reconciling.Reconciliation | None:
    """The partner's own ledger at the year's end; none where it keeps no money of the programme."""
    keeper = record.scope.organisation
    if keeper is None or not record.of_kind(Source.Kind.CASH_MATCH):
        return None
    fourth = [quarter for quarter in record.scope.quarters if quarter.kind == Quarter.Kind.QUARTER][-1]
    return reconciling.reconciliation(keeper, record.scope.programme, fourth)


def ledger(record: Record) -> Section:
    """Whether the partner's ledger agrees with the record at the year's end."""
    found = _year_end(record)
    facts: list[Fact] = []
    if found is not None:
        shown_by, ours, items = reconciled(found)
        missing = "" if found.control else "missing"
        agreed = "" if found.is_reconciled else "not reconciled"
        control = found.control.amount if found.control else None
        facts = [
            make_fact(K, "ledger", "as-at", "Read to", found.as_at, "date"),
            make_fact(K, "ledger", "control", "Ledger, year to date", control, "money", missing, shown_by),
            make_fact(K, "ledger", "ours", "Record, year to date", found.ours, "money", "", ours),
            make_fact(K, "ledger", "items", "Explained differences", found.explained, "money", "", items or NOTHING),
            make_fact(
                K, "ledger", "unexplained", "Not explained", found.unexplained, "money", agreed, unexplained(found)
            ),
        ]
    return Section("ledger", "Agreement with the ledger", (), facts=tuple(facts), sheet="Ledger")


def kept_until(programme: Programme) -> date:
    """The last day of the years for which the terms ask that records be kept."""
    return programme.last_day.replace(year=programme.last_day.year + YEARS_KEPT)


def undertaking(scope: Scope) -> Section:
    """What the partner undertakes by signing."""
    until = date_words(kept_until(scope.programme))
    return Section(
        "undertaking",
        "Undertaking",
        (
            f"{scope.organisation} keeps all accounting records and evidence of this expenditure at least until "
            f"{until}, which is {YEARS_KEPT} years after the funding period ends.",
            f"It shows them on request to {scope.programme.recipient}, to {scope.programme.funder} and to their "
            "auditors, and tells the recipient before records are moved or a system is closed.",
        ),
        sheet="Undertaking",
    )


def waits_for(scope: Scope, today: date) -> Iterator[Item]:
    """The partner's own ledger, and the statements of spend that it has not signed."""
    record = read(scope)
    found = _year_end(record)
    if found is not None and not found.is_reconciled:
        gap = "" if found.unexplained is None else f": {in_words(found.unexplained)} is not explained"
        address = (scope.programme.code, found.organisation.code, found.quarter.code)
        place = Place("Reconcile with the ledger", "reconciling.read", "funding:reconciliation", address)
        words = f"The ledger of {found.organisation} is not reconciled for {found.quarter}{gap}."
        yield Item("ledger", words, "blocking", (place,))
    for agreement in record.agreements:
        signed = {row.quarter_id for row in agreement.reports}
        for quarter in scope.quarters:
            if agreement.paid and quarter.kind == Quarter.Kind.QUARTER and quarter.pk not in signed:
                words = f"No statement of spend under {agreement.contract.reference} is recorded for {quarter}."
                yield Item("statement", words, "warning")


NOTES = (
    "The statement is the partner’s own: nobody but its chief finance officer signs it, and no other partner sees it.",
    "What the partner gives as match is not paid for by the grant; what it spends under an agreement is.",
)
DEFINITIONS = (
    Definition("Match", "What the partner gives to the programme in money (cash) or in kind."),
    Definition("Paid on account", "Money paid before it is spent; no cost until the partner reports it spent."),
    Definition("Reported as spent", "What the partner’s signed statements show as cost."),
)

KIND = Kind(
    code=K,
    title="Partner’s annual statement of expenditure",
    place=6,
    closes=(MONEY,),
    spans=(Span.YEAR,),
    quarter_kinds=(),
    steps=STEPS,
    prints_ink=True,
    written=WRITTEN,
    build=build,
    waits_for=waits_for,
    subjects=partners,
    seen_by_subject=True,
    several="Partners’ annual statements of expenditure",
    # A paper to be signed; the workbook lies in it.
    formats=(FORMAT.PDF,),
)
