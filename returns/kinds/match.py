"""A match funder's statement: what it pledged, secured, paid over and applied, of a quarter or of a year.

Cash and in-kind stand apart and are never in one sum. The figures are the record's; the funder's own officer
signs that they are its own too, and so proves the match beside the claim (F16).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils import timezone

from board.models import Organisation, Programme, Quarter
from board.quarters import MONEY
from core.money import NOUGHT, in_words
from funding import reconciling
from funding.claims import place_of
from funding.matching import MatchFigures, behind_limit, is_paid_over, match_of
from funding.models import Award, Declaration, MatchReceipt, Source, SpendLine
from funding.positions import Position, cell_positions
from returns.content import Cell, Column, Content, Definition, Fact, Section, Table, Value, make_fact, make_row, slug
from returns.content import make_total as total_of
from returns.items import Item, Place
from returns.kinds.claim_record import payee
from returns.kinds.scope import Scope, Subject
from returns.kinds.shape import (
    CERTIFY,
    PREPARE,
    ROLE,
    STATUS,
    Kind,
    Span,
    Step,
    Written,
    commentary,
    identity,
    stored_content,
    words_of,
)
from returns.kinds.tracing import NOTHING, figures, of_award, plan, reconciled, spend, traced, unexplained
from returns.models import Return

K = "match"
KINDS_OF_MATCH = ((Source.Kind.CASH_MATCH, "Cash match"), (Source.Kind.IN_KIND_MATCH, "In-kind match"))
# A table longer than this is for the workbook; the PDF says so.
LONGEST_IN_DOCUMENT = 60

STEPS = (
    Step(
        PREPARE, (ROLE.FINANCE_OFFICER, ROLE.COMMISSIONING_OFFICER), STATUS.DRAFT, STATUS.PREPARED, "Made by",
        "The figures are the record’s. From now on the match funder’s officers see them and are asked to sign them.",
        "make firm", signs=False,
    ),
    Step(
        CERTIFY, (ROLE.FINANCE_OFFICER, ROLE.CFO), STATUS.PREPARED, STATUS.CERTIFIED, "Signed for the funder by",
        "I confirm for the organisation named in this statement that it pledged, paid over and applied the match as "
        "stated; that none of it is paid for by the grant or stands as match for another; and that what is given in "
        "kind is valued at the rate agreed and supported by records.",
        "sign", by_subject=True,
    ),
)  # fmt: skip
WRITTEN = (Written("notes", "Notes on this match", "What is not secured, late, or expected to change."),)


@dataclass(frozen=True)
class OfSource:
    """One match source over the statement's span; figures by quarter, lines recorded in them, declarations."""

    source: Source
    figures: MatchFigures
    secured: bool
    received: Decimal | None
    quarters: dict[Quarter, Position]
    lines: tuple[SpendLine, ...]
    declarations: dict[Quarter, Declaration]
    receipts: tuple[MatchReceipt, ...]

    @property
    def pledged(self) -> Decimal:
        return self.figures.pledged

    @property
    def applied(self) -> Decimal:
        """To the end of the statement's last quarter, from the year's first."""
        return self.figures.applied

    def lines_in(self, quarter: Quarter) -> list[SpendLine]:
        return [line for line in self.lines if line.quarter_id == quarter.pk]

    @property
    def is_declared(self) -> bool:
        """Whether each quarter that was due, or in which something is applied, is declared."""
        return all(quarter in self.declarations for quarter in self.asked)

    @property
    def asked(self) -> list[Quarter]:
        """The quarters of which a declaration is asked: a closing period only where something is applied in it."""
        return [
            quarter
            for quarter in self.quarters
            if quarter.kind == Quarter.Kind.QUARTER or self.lines_in(quarter) or quarter in self.declarations
        ]


@dataclass(frozen=True)
class Record:
    """Everything that one statement is made from."""

    scope: Scope
    sources: tuple[OfSource, ...]

    def of_kind(self, kind: str) -> list[OfSource]:
        return [row for row in self.sources if row.source.kind == kind]


def funders(quarter: Quarter) -> list[Subject]:
    """Who gives match to a quarter’s programme, in the order of their sources."""
    rows = Source.objects.filter(programme=quarter.programme).exclude(kind=Source.Kind.GRANT).select_related("funder")
    found = dict.fromkeys(row.funder for row in rows.order_by("position", "code"))
    return [Subject(row.code, row.short_name) for row in found]


def read(scope: Scope, *, today: date) -> Record:
    """Gather what a funder's statement says."""
    wanted = Source.objects.filter(programme=scope.programme, funder__code=scope.subject)
    sources = list(
        wanted.exclude(kind=Source.Kind.GRANT).select_related("funder", "kept_by", "programme").order_by("position")
    )
    year, last = scope.last.year, scope.last
    cells = cell_positions(sources, year, last, today=today)
    # Those of the year, and any other in which something of the year was recorded by then.
    charged = {quarter for (_, quarter), position in cells.items() if quarter and position.actual_to_date}
    every = Quarter.objects.filter(programme=scope.programme).select_related("programme", "year")
    quarters = sorted(
        (row for row in every.exclude(kind=Quarter.Kind.FOLLOW_UP)
         if row in charged or (row.year_id == year.pk and place_of(row) <= place_of(last))),
        key=place_of,
    )  # fmt: skip
    awards = {row.source_id: row for row in Award.objects.filter(source__in=sources, year=year)}
    declared = Declaration.objects.in_force().filter(source__in=sources, quarter__in=quarters)
    lines = (
        SpendLine.objects.spend()
        .filter(budget_line__source__in=sources, budget_line__year=year, quarter__in=quarters)
        .select_related("transaction", "budget_line__project", "budget_line__heading", "quarter", "relates_to")
        .order_by("transaction__reference", "number")
    )
    receipts = MatchReceipt.objects.in_force().filter(source__in=sources, year=year, received_on__lte=last.last_day)
    found = []
    for row in match_of(sources, year, last, today=today):
        source = row.source
        by_quarter = {quarter: Position() for quarter in quarters}
        for (line, quarter), position in cells.items():
            if line.source_id == source.pk and quarter in by_quarter:
                by_quarter[quarter] += position
        paid = tuple(one for one in receipts.order_by("received_on", "reference") if one.source_id == source.pk)
        is_paid = is_paid_over(source) or bool(paid)
        found.append(
            OfSource(
                source=source,
                figures=row.figures,
                secured=source.pk in awards and awards[source.pk].secured,
                received=sum((one.amount for one in paid), NOUGHT) if is_paid else None,
                quarters=by_quarter,
                lines=tuple(line for line in lines if line.budget_line.source_id == source.pk),
                declarations={quarter: one for one in declared for quarter in quarters
                              if one.source_id == source.pk and one.quarter_id == quarter.pk},
                receipts=paid,
            )
        )  # fmt: skip
    return Record(scope, tuple(found))


def build(scope: Scope, *, today: date, the_return: Return | None = None) -> Content:
    """What a match funder's statement says, from the record as it stands on `today`."""
    record = read(scope, today=today)
    of_year = "annual" if not scope.is_one_quarter else "quarterly"
    title = f"Match funding statement, {of_year}: {scope.organisation}"
    sections = [key_figures(record), commentary(KIND, words_of(the_return)), sources(record), by_quarter(record)]
    sections += [entries(record, kind, name) for kind, name in KINDS_OF_MATCH if record.of_kind(kind)]
    if record.of_kind(Source.Kind.CASH_MATCH):
        sections += [receipts(record), ledger(record)]
    return Content(
        **identity(KIND, scope, the_return, title),  # type: ignore[arg-type]
        sections=tuple(traced(section) for section in sections),
        definitions=DEFINITIONS,
        notes=NOTES,
    )


def key_figures(record: Record) -> Section:
    """What a signer wants first: for each kind of match what was pledged, applied and is outstanding."""
    year, facts = record.scope.last.year, []
    for kind, name in KINDS_OF_MATCH:
        rows = record.of_kind(kind)
        if not rows:
            continue
        code, mark = slug(name), "" if all(row.is_declared for row in rows) else "p"
        keys = [f"{K}/sources/{slug(row.source.code)}" for row in rows]
        here = f"{K}/key-figures/{code}"

        def column(name: str, keys: list[str] = keys) -> tuple[str, ...]:
            return figures(*(f"{key}/{name}" for key in keys))

        pledged = sum((row.pledged for row in rows), NOUGHT)
        applied = sum((row.applied for row in rows), NOUGHT)
        secured = sum((row.pledged for row in rows if row.secured), NOUGHT)

        facts += [
            _fact(f"{code}-pledged", f"{name} pledged for {year}", pledged, column("pledged")),
            _fact(f"{code}-secured", f"{name} secured", secured, column("secured")),
            _fact(f"{code}-applied", f"{name} applied to date", applied, column("to-date"), mark),
            _fact(
                f"{code}-outstanding",
                f"{name} outstanding",
                pledged - applied,
                figures(f"{here}-pledged/value", f"-{here}-applied/value"),
                mark,
            ),
        ]
    organisation = record.scope.organisation
    return Section(
        "key-figures",
        "Key figures",
        (
            f"What {organisation} gives to the programme beside the grant, {record.scope}. "
            "Match is no part of any claim. Cash and in-kind are never added to each other.",
        ),
        facts=tuple(facts),
        sheet="Key figures",
    )


def _fact(part: str, label: str, value: Decimal, trace: tuple[str, ...], state: str = "") -> Fact:
    return make_fact(K, "key-figures", part, label, value, "money", state, trace)


def sources(record: Record) -> Section:
    """A row a source, with a subtotal for cash and one for in-kind, and no sum of both."""
    quarterly = record.scope.is_one_quarter
    columns = (
        Column("source", "Match source"),
        Column("standing", "Standing"),
        Column("pledged", "Pledged for the year", "money", total=True),
        Column("secured", "Secured", "money", total=True),
        Column("received", "Paid over to the recipient", "money", total=True),
        Column("profile", "Profile to date", "money", total=True),
        *((Column("quarter", "Applied this quarter", "money", total=True),) if quarterly else ()),
        Column("to-date", "Applied to date" if quarterly else "Applied in the year", "money", total=True),
        Column("outstanding", "Outstanding", "money", total=True),
        Column("declaration", "Declaration"),
    )
    year, made = record.scope.last.year, []
    for kind, name in KINDS_OF_MATCH:
        rows = []
        for row in record.of_kind(kind):
            mark = "" if row.is_declared else "p"
            pledge = (of_award(row.source, year),) if row.pledged else NOTHING
            place, here = (row.source, year, record.scope.last), f"{K}/sources/{slug(row.source.code)}"
            values: list[Cell | Value] = [
                row.source.name,
                f"{name}, {'secured' if row.secured else 'not secured'}",
                Cell(row.pledged, trace=pledge),
                Cell(row.pledged if row.secured else NOUGHT, trace=pledge if row.secured else NOTHING),
                Cell(row.received, trace=tuple(f"match-receipt:{one.reference}" for one in row.receipts) or NOTHING),
                Cell(row.figures.profile_to_date, trace=plan("profile-to-date", *place)),
            ]
            if quarterly:
                applied = row.quarters[record.scope.last].actual_to_date
                values.append(Cell(applied, mark, spend("actual-quarter", *place)))
            values += [
                Cell(row.applied, mark, spend("actual-to-date", *place)),
                Cell(row.pledged - row.applied, mark, figures(f"{here}/pledged", f"-{here}/to-date")),
                _declared(row),
            ]
            rows.append(make_row(K, "sources", slug(row.source.code), columns, values))
        if rows:
            # Where nothing is to come there is no sum of it either.
            none = all(row.received is None for row in record.of_kind(kind))
            others: dict[str, Cell | Value] = {"received": Cell(None, "z", unit="money")} if none else {}
            code = f"all-{slug(name)}"
            made += [*rows, total_of(K, "sources", code, columns, rows, f"{name} in all", "subtotal", others)]
    return Section(
        "sources",
        "Match by source",
        (
            "Secured is what of the pledge is confirmed. Applied is cost recorded on the source, whatever was paid "
            "over; outstanding is pledged less applied. A source that is spent in the funder’s own ledger is paid "
            "over to nobody.",
        ),
        Table(f"Match of {record.scope.organisation}, {record.scope}", columns, tuple(made)),
        sheet="Match by source",
    )


def _declared(row: OfSource) -> Cell | Value:
    missing = [quarter.short_label for quarter in row.asked if quarter not in row.declarations]
    if not missing:
        return "Declared"
    return Cell(None, "not declared", unit="text") if len(missing) == len(row.asked) else (
        f"Not declared: {', '.join(missing)}"
    )  # fmt: skip


def by_quarter(record: Record) -> Section:
    """Each source quarter by quarter, with what was declared."""
    columns = (
        Column("source", "Match source"),
        Column("quarter", "Quarter"),
        Column("profile", "Profile", "money", total=True),
        Column("applied", "Applied", "money", total=True),
        Column("late", "Of which for earlier quarters", "money", total=True),
        Column("variance", "Applied less profile", "money", total=True),
        Column("declaration", "Declaration"),
        Column("declared-on", "Declared on", "date"),
    )
    year, made = record.scope.last.year, []
    for row in record.sources:
        rows = []
        for quarter in row.asked:
            position, declaration = row.quarters[quarter], row.declarations.get(quarter)
            mark = "" if declaration else "p"
            late = [line for line in row.lines_in(quarter) if line.relates_to_id]
            code, place = slug(f"{row.source.code}-{quarter.code}"), (row.source, year, quarter)
            here = f"{K}/quarters/{code}"
            applied = position.actual_to_date
            rows.append(
                make_row(K, "quarters", code, columns, [
                    row.source.name, quarter.short_label,
                    Cell(position.profile_to_date, trace=plan("profile-quarter", *place)),
                    Cell(applied, mark, spend("actual-quarter", *place)),
                    Cell(sum((line.cost for line in late), NOUGHT), mark, spend("late-quarter", *place)),
                    Cell(applied - position.profile_to_date, mark, figures(f"{here}/applied", f"-{here}/profile")),
                    declaration.get_says_display() if declaration else Cell(None, "not declared", unit="text"),
                    timezone.localdate(declaration.created_at) if declaration else None,
                ])
            )  # fmt: skip
        if rows:
            name = f"{row.source.name}, to date"
            made += [*rows, total_of(K, "quarters", slug(f"{row.source.code}-all"), columns, rows, name, "subtotal")]
    return Section(
        "quarters",
        "Match by quarter",
        ("A quarter that is not declared shows what was recorded, marked provisional.",),
        Table(f"Match by quarter, {year}", columns, tuple(made), headings=2),
        sheet="Match by quarter",
    )


def entries(record: Record, kind: str, name: str) -> Section:
    """The lines recorded on the funder's sources of one kind in the statement's span."""
    code, in_kind = f"entries-{slug(name)}", kind == Source.Kind.IN_KIND_MATCH
    columns = (
        Column("reference", "Reference"),
        Column("source", "Match source"),
        Column("quarter", "Recorded in"),
        Column("project", "Project"),
        Column("heading", "Cost heading"),
        Column("what", "Basis" if in_kind else "Supplier or basis"),
        Column("accounting", "Accounting date", "date"),
        *((Column("quantity", "Hours", "scaled", total=True),) if in_kind else ()),
        Column("cost", "Value" if in_kind else "Cost", "money", total=True),
    )
    scope, rows = record.scope, []
    for row in record.of_kind(kind):
        for line in row.lines:
            if scope.is_one_quarter and line.quarter_id != scope.last.pk:
                continue
            entry, trace = line.transaction, (f"line:{line.reference}",)
            values: list[Cell | Value] = [
                line.reference, row.source.name, line.quarter.short_label, line.budget_line.project.name,
                line.budget_line.heading.name, payee(entry), entry.accounting_on,
            ]  # fmt: skip
            if in_kind:
                values.append(Cell(_share_of_hours(line), trace=(f"hours:{line.reference}",)))
            rows.append(
                make_row(K, code, slug(line.reference), columns, [*values, Cell(line.cost, trace=trace)])
            )  # fmt: skip
    total = [total_of(K, code, "total", columns, rows, f"{name} in this statement")] if rows else []
    said = "Hours are counted at the rate agreed with the funder; no money changes hands. " if in_kind else ""
    return Section(
        code,
        f"{name}: what it was applied to",
        (f"{said}Payroll is shown by post and share; no person is named.",),
        Table(f"{name} applied, {record.scope}", columns, (*rows, *total), "Nil: nothing is recorded in this span."),
        sheet=f"{name} entries",
        in_document=len(rows) <= LONGEST_IN_DOCUMENT,
    )


def _share_of_hours(line: SpendLine) -> Decimal | None:
    """An entry's hours, on its first line; a split entry's other lines show none."""
    hours = line.transaction.quantity_hundredths
    return None if hours is None or line.number > 1 else Decimal(hours).scaleb(-2)


def receipts(record: Record) -> Section:
    """What of the cash was paid over to the recipient."""
    columns = (
        Column("reference", "Receipt"),
        Column("source", "Match source"),
        Column("received", "Received on", "date"),
        Column("bank", "Bank reference"),
        Column("amount", "Amount", "money", total=True),
    )
    rows = [
        make_row(K, "receipts", slug(one.reference), columns, [
            one.reference, row.source.name, one.received_on, one.bank_reference or None,
            Cell(one.amount, trace=(f"match-receipt:{one.reference}",)),
        ])
        for row in record.of_kind(Source.Kind.CASH_MATCH)
        for one in row.receipts
    ]  # fmt: skip
    total = [total_of(K, "receipts", "total", columns, rows, "Paid over in all")] if rows else []
    year = record.scope.last.year
    return Section(
        "receipts",
        "Cash match paid over",
        ("Money that came to the recipient’s bank for the year. It is no spend by itself.",),
        Table(f"Cash match paid over for {year}", columns, (*rows, *total),
              "Nil: nothing was paid over to the recipient by the end of this statement."),
        sheet="Paid over",
    )  # fmt: skip


def ledgers(record: Record) -> list[reconciling.Reconciliation]:
    """The ledgers that hold the funder's cash, each at the statement's last quarter.

    A year is read to its last quarter, whose ledger ends with the year.
    """
    keepers = dict.fromkeys(row.source.kept_by for row in record.of_kind(Source.Kind.CASH_MATCH))
    ordinary = [quarter for quarter in record.scope.quarters if quarter.kind == Quarter.Kind.QUARTER]
    programme = record.scope.programme
    return [reconciling.reconciliation(keeper, programme, ordinary[-1]) for keeper in keepers]


def ledger(record: Record) -> Section:
    """Whether the ledger that holds the cash agrees with the record."""
    columns = (
        Column("organisation", "Ledger of"),
        Column("as-at", "Read to", "date"),
        Column("ledger", "Ledger, year to date", "money"),
        Column("ours", "Record, year to date", "money"),
        Column("items", "Explained", "money"),
        Column("unexplained", "Not explained", "money"),
        Column("print", "Shown by"),
    )
    rows = []
    for found in ledgers(record):
        shown_by, ours, items = reconciled(found)
        control = found.control.amount if found.control else None
        missing = "" if found.control else "missing"
        gap = Cell(found.unexplained, "" if found.is_reconciled else "not reconciled", unexplained(found), unit="money")
        rows.append(
            make_row(K, "ledger", slug(found.organisation.code), columns, [
                found.organisation.name, found.as_at, Cell(control, missing, shown_by, unit="money"),
                Cell(found.ours, trace=ours), Cell(found.explained, trace=items or NOTHING), gap,
                found.control.ledger_print if found.control else None,
            ])
        )  # fmt: skip
    return Section(
        "ledger",
        "Agreement with the ledger",
        ("All cost of the programme in the ledger that keeps the cash match, from 1 April, whatever source it charges. "
         "In-kind is in no ledger.",),
        Table("Ledger and record", columns, tuple(rows)),
        sheet="Ledger",
    )  # fmt: skip


def waits_for(scope: Scope, today: date) -> Iterator[Item]:
    """What a funder's statement waits for, or should say: its ledger, its declarations, how far it is behind."""
    record = read(scope, today=today)
    for found in ledgers(record):
        if found.is_reconciled:
            continue
        gap = "its total is not recorded" if found.unexplained is None else (
            f"{in_words(found.unexplained)} is not explained"
        )  # fmt: skip
        words = f"The ledger of {found.organisation} is not reconciled for {found.quarter}: {gap}."
        address = (scope.programme.code, found.organisation.code, found.quarter.code)
        place = Place("Reconcile with the ledger", "reconciling.read", "funding:reconciliation", address)
        yield Item("ledger", words, "blocking", (place,))
    for row in record.sources:
        for quarter in row.asked:
            if quarter not in row.declarations and quarter in scope.quarters:
                words = f"{row.source.kept_by} has not declared the {row.source} for {quarter}. The statement says so."
                address = (scope.programme.code, row.source.code, quarter.code)
                declare = Place(
                    "Declare", "spending.declare", "funding:declare-source", address, only_for=row.source.kept_by
                )
                yield Item("declared", words, "warning", (declare,))
        if row.figures.is_behind(behind_limit(row.source, today)):
            short = in_words(row.figures.profile_to_date - row.figures.applied)
            yield Item("F15", f"The {row.source} is {short} behind its profile to date.", "information")


def signed_for(programme: Programme, quarter: Quarter, funder: Organisation) -> Return | None:
    """The statement of a funder in force that ends with a quarter or closing period."""
    return Return.objects.filter(
        kind=K, programme=programme, last_quarter=quarter, subject=funder.code, status=STATUS.CERTIFIED
    ).first()


def signed_to_date(the_return: Return) -> dict[str, Decimal]:
    """Source → what its funder signed as applied to date, in pounds; by the slug of the source's code."""
    [section] = [part for part in stored_content(the_return).sections if part.code == "sources"]
    table = section.table
    if table is None:
        return {}
    at = table.column("to-date")
    return {row.code: row.cells[at].value for row in table.rows if row.kind == "row"}  # type: ignore[misc]


NOTES = (
    "Match is reported beside the grant and never enters a claim.",
    "The statement is the funder’s own: nobody but its officers signs it, and it is shown to no other funder.",
)
DEFINITIONS = (
    Definition("Pledged", "What the funder promised for the year."),
    Definition("Secured", "What of the pledge is confirmed in writing."),
    Definition("Paid over", "Cash match that came to the recipient’s bank."),
    Definition("Applied", "Cost that was recorded on the source; of in-kind, its agreed value."),
    Definition("Outstanding", "Pledged less applied; with a minus where more was applied than pledged."),
)

KIND = Kind(
    code=K,
    title="Match funding statement",
    place=3,
    closes=(MONEY,),
    spans=(Span.QUARTER, Span.YEAR),
    quarter_kinds=(Quarter.Kind.QUARTER,),
    steps=STEPS,
    prints_ink=True,
    written=WRITTEN,
    build=build,
    waits_for=waits_for,
    subjects=funders,
    seen_by_subject=True,
    several="Match funding statements",
)
