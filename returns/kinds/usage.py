"""The year-end statement of grant usage: what the award was spent on, claimed, paid and left, and the ledger to it."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.db.models import Q

from board.models import Quarter
from board.quarters import MONEY
from core.money import NOUGHT, in_words
from funding import reconciling
from funding.models import SpendLine, Transaction
from funding.rules import WHAT_RELEASES
from returns.content import Cell, Column, Content, Definition, Section, Table, make_fact, make_row, make_total, slug
from returns.items import Item, Place
from returns.kinds import year_record, year_tables
from returns.kinds.claim_record import payee
from returns.kinds.scope import Scope
from returns.kinds.shape import (
    CERTIFY,
    CHECK,
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
from returns.kinds.tracing import NOTHING, figures, less_lines, of_lines, reconciled, traced, unexplained
from returns.kinds.year_record import KEPT_OUT, YearRecord
from returns.models import Return

K = "usage"

STEPS = (
    Step(
        PREPARE, (ROLE.FINANCE_OFFICER,), STATUS.DRAFT, STATUS.PREPARED, "Prepared by",
        "I prepared this statement from the claims of the year and the records that they rest on.",
        "prepare",
    ),
    Step(
        CHECK, (ROLE.COMMISSIONING_OFFICER,), STATUS.PREPARED, STATUS.CHECKED, "Checked by",
        "I checked this statement against the claims that were sent and the delivery that I know of.",
        "check",
    ),
    # The wording is this board's; the grant's own form of statement was not to be had.
    Step(
        CERTIFY, (ROLE.CFO,), STATUS.CHECKED, STATUS.CERTIFIED, "Certified by",
        "I certify that, to the best of my knowledge, the grant of the year was used for its purposes and within its "
        "terms, that this statement agrees with the claims certified and with the accounting records, and that what "
        "is left is lapsing, carried with approval or repaid as stated.",
        "certify",
    ),
)  # fmt: skip
WRITTEN = (
    Written("use", "Use of the grant", "What the year’s grant was used for, in a few sentences."),
    Written("balance", "What is left", "Why something is left, and what becomes of it."),
    Written("assets", "Assets and equipment", "Where items stand and who holds them; or that there are none."),
)


def build(scope: Scope, *, today: date, the_return: Return | None = None) -> Content:
    """What the year-end statement says, from the record as it stands on `today`."""
    record = year_record.read(scope.programme, scope.last.year, today=today)
    sections = (
        key_figures(record),
        commentary(KIND, words_of(the_return)),
        year_tables.account(K, record),
        year_tables.by_line(K, record),
        year_tables.claims(K, [record]),
        year_tables.receipts(K, [record]),
        year_tables.disallowed(K, [record]),
        year_tables.balances(K, [record]),
        accruals(record),
        ledger(record),
        items(record),
        kept_out(record),
        assets(record),
    )
    return Content(
        **identity(KIND, scope, the_return, KIND.title),  # type: ignore[arg-type]
        sections=tuple(traced(section) for section in sections),
        definitions=DEFINITIONS,
        notes=NOTES,
    )


def key_figures(record: YearRecord) -> Section:
    """What a reader wants first."""
    final = record.final.amount if record.final else None
    paid = sum((year_record.paid_on(part)[0] for part in record.parts), NOUGHT)
    facts = [
        ("outturn", "Outturn: claimed less disallowed", record.outturn, "", figures(f"{K}/account/outturn/amount")),
        ("award", f"Award for {record.year}", record.award, "", record.award_trace),
        ("certified", "Claimed, final claim included", record.certified, "" if record.final else "p",
         figures(f"{K}/account/certified/amount")),
        ("final", "Of which the final claim", final, "" if record.final else "missing",
         record.part_traces([record.final] if record.final else [])),
        ("disallowed", "Disallowed", record.refused, "", record.whole("disallowed")),
        ("received", "Received on these claims", paid, "",
         tuple(trace for part in record.parts for trace in year_record.paid_on(part)[2]) or NOTHING),
        ("left", "Left of the award", record.balance.unspent, "" if record.final else "p",
         figures(f"{K}/account/left/amount")),
    ]  # fmt: skip
    made = (make_fact(K, "key-figures", code, label, value, "money", state, trace)
            for code, label, value, state, trace in facts)  # fmt: skip
    sentence = (
        f"Of the award of {in_words(record.award)} for {record.year}, {in_words(record.certified)} was claimed and "
        f"{in_words(record.refused)} of that disallowed: the outturn is {in_words(record.outturn)}. "
        f"{in_words(record.balance.unspent)} is left."
    )
    return Section("key-figures", "Key figures", (sentence,), facts=tuple(made), sheet="Key figures")


def _fourth(record: YearRecord) -> Quarter:
    quarters = record.year.quarters.select_related("programme", "year")
    return quarters.get(kind=Quarter.Kind.QUARTER, number=4)


def accruals(record: YearRecord) -> Section:
    """What was received by 31 March and not invoiced, and what became of it since."""
    columns = (
        Column("reference", "Reference"),
        Column("project", "Project"),
        Column("heading", "Cost heading"),
        Column("supplier", "Supplier or basis"),
        Column("service", "Service received to", "date"),
        Column("amount", "Accrued", "money", total=True),
        Column("outcome", "What became of it"),
    )
    fourth = _fourth(record)
    found = (
        SpendLine.objects.in_force()
        .charged_to(record.grant)
        .in_quarter(fourth)
        .filter(transaction__kind=Transaction.Kind.ACCRUAL, budget_line__year=record.year)
        .select_related("transaction", "budget_line__project", "budget_line__heading")
        .prefetch_related("transaction__settled_by", "transaction__re_raised_by", "transaction__taken_back_by")
        .order_by("transaction__reference", "number")
    )
    rows = [
        make_row(K, "accruals", slug(line.reference), columns, [
            line.reference, line.budget_line.project.name, line.budget_line.heading.name, payee(line.transaction),
            line.transaction.service_to, Cell(line.cost, "e", (f"line:{line.reference}",)), _outcome(line.transaction),
        ])
        for line in found
    ]  # fmt: skip
    total = [make_total(K, "accruals", "total", columns, rows, "All accruals at the year’s end")] if rows else []
    return Section(
        "accruals",
        "Accruals at the year’s end",
        ("Goods and services received by 31 March and not yet invoiced. Each is reversed in the closing period, in "
         "which its invoice is recorded.",),
        Table(f"Accruals at 31 March {record.year.starts + 1}", columns, (*rows, *total),
              "Nil: nothing was accrued at the year’s end."),
        sheet="Accruals",
    )  # fmt: skip


def _outcome(entry: Transaction) -> str:
    invoices = sorted(row.reference for row in entry.settled_by.all() if not row.is_void)
    if invoices:
        return f"Invoiced: {', '.join(invoices)}"
    if entry.written_back_on:
        return f"Written back: {entry.written_back_reason}"
    again = sorted(row.reference for row in entry.re_raised_by.all() if not row.is_void)
    if again:
        return f"Raised again: {', '.join(again)}"
    reversed_by = [row for row in entry.taken_back_by.all() if not row.is_void]
    return "Reversed; its invoice is awaited" if reversed_by else "Stands"


def bridge(record: YearRecord) -> list[tuple[str, str, Decimal, tuple[str, ...]]]:
    """From the ledger of the grant's keeper to the cost of the year's grant: code, words, amount, trace."""
    keeper, fourth = record.grant.kept_by, _fourth(record)
    found = reconciling.reconciliation(keeper, record.programme, fourth)
    starts, ends = record.year.bounds
    in_ledger = (
        SpendLine.objects.in_ledger_of(keeper)
        .of_programme(record.programme)
        .filter(transaction__accounting_on__range=(starts, ends))
        .select_related("transaction")
    )
    ours = SpendLine.objects.spend().charged_to(record.grant).filter(budget_line__year=record.year)
    own = Q(budget_line__source=record.grant)
    inside = Q(transaction__accounting_on__range=(starts, ends))
    of_others = in_ledger.exclude(own)
    of_other_years = in_ledger.filter(own).exclude(budget_line__year=record.year)
    dated_after = ours.filter(transaction__recorded_by=keeper).exclude(inside).select_related("transaction")
    elsewhere = ours.exclude(transaction__recorded_by=keeper).select_related("transaction")
    return [
        ("ours", "Record of that ledger, by accounting date", found.ours, reconciled(found)[1]),
        ("others", "Less match in the same ledger", -of_others.total(), less_lines(of_others)),
        ("other-years", "Less cost of another award year dated in this one", -of_other_years.total(),
         less_lines(of_other_years)),
        ("after", "Add cost of this year dated before or after it", dated_after.total(),
         of_lines(dated_after) or NOTHING),
        ("elsewhere", "Add cost of the grant in other ledgers", elsewhere.total(), of_lines(elsewhere) or NOTHING),
    ]  # fmt: skip


def ledger(record: YearRecord) -> Section:
    """The ledger's own total, its known differences, and the steps from it to the cost of the year's grant."""
    columns = (
        Column("step", "Step"),
        Column("words", "What it is"),
        Column("amount", "Amount", "money"),
    )
    fourth = _fourth(record)
    found = reconciling.reconciliation(record.grant.kept_by, record.programme, fourth)
    control, _, known = reconciled(found)
    steps: list[tuple[str, str, str, str | None, Cell]] = [
        ("control", "note", f"Ledger of {record.grant.kept_by}, to {found.as_at:%-d %B %Y}",
         found.control.ledger_print if found.control else None,
         Cell(found.control.amount if found.control else None, "" if found.control else "missing", control, "money")),
        ("items", "note", "Less known differences", f"{len(found.items)} listed on the next sheet",
         Cell(-found.explained, trace=tuple(f"-{trace}" for trace in known) or NOTHING)),
        ("unexplained", "note", "Not explained", "Nought where ledger and record agree",
         Cell(found.unexplained, "" if found.is_reconciled else "not reconciled", unexplained(found), "money")),
    ]  # fmt: skip
    crossed = bridge(record)
    steps += [(code, "row", words, None, Cell(amount, trace=trace)) for code, words, amount, trace in crossed]
    total, cost = sum((row[2] for row in crossed), NOUGHT), sum((line.cost for line in record.lines), NOUGHT)
    if total != cost:
        raise ValueError(f"{record.year}: the ledger leads to {total}, and the grant’s cost is {cost}")
    steps.append(
        ("cost", "total", "Cost recorded on the grant for the year", "As the statement of account begins",
         Cell(cost, trace=record.spent("all-cost")))
    )  # fmt: skip
    rows = tuple(make_row(K, "ledger", code, columns, [step, words, cell], kind)
                 for code, kind, step, words, cell in steps)  # fmt: skip
    return Section(
        "ledger",
        "Reconciliation to the ledger",
        ("The ledger is read by accounting date; the grant’s year takes what was received in the year, whenever it was "
         "dated. The steps between the two are added up to the penny.",),
        Table(f"From the ledger to the grant, {record.year}", columns, rows),
        sheet="Ledger",
    )  # fmt: skip


def items(record: YearRecord) -> Section:
    """The known differences of the ledger at the year's end."""
    columns = (
        Column("reference", "Reference"),
        Column("kind", "Kind"),
        Column("stands", "Stands from", "date"),
        Column("amount", "Ledger above record", "money", total=True),
        Column("reason", "Reason"),
        Column("cleared", "Came right on", "date"),
    )
    found = reconciling.reconciliation(record.grant.kept_by, record.programme, _fourth(record))
    rows = [
        make_row(K, "items", slug(one.item.reference), columns, [
            one.item.reference, one.item.get_kind_display(), one.item.stands_from,
            Cell(one.amount, trace=(f"item:{one.item.reference}@{found.as_at.isoformat()}",)), one.item.reason,
            one.item.cleared_on,
        ])
        for one in found.items
    ]  # fmt: skip
    total = [make_total(K, "items", "total", columns, rows, "All known differences")] if rows else []
    return Section(
        "items",
        "Reconciling items",
        (),
        Table("Known differences between ledger and record", columns, (*rows, *total), "Nil: there is none."),
        sheet="Reconciling items",
    )


def kept_out(record: YearRecord) -> Section:
    """What is recorded on the grant and was never claimed, with the reason."""
    columns = (
        Column("reference", "Reference"),
        Column("project", "Project"),
        Column("supplier", "Supplier or basis"),
        Column("state", "State"),
        Column("amount", "Amount", "money", total=True),
        Column("reason", "Why it is not claimed"),
        Column("release", "What would release it"),
    )
    rows = [
        make_row(K, "kept-out", slug(line.reference), columns, [
            line.reference, line.budget_line.project.name, payee(line.transaction), line.get_state_display(),
            Cell(line.cost, trace=(f"line:{line.reference}",)), line.get_state_reason_display(),
            WHAT_RELEASES.get(line.state_reason, "").capitalize() or None,
        ])
        for line in record.lines
        if line.state in KEPT_OUT
    ]  # fmt: skip
    total = [make_total(K, "kept-out", "total", columns, rows, "All that is kept out")] if rows else []
    return Section(
        "kept-out",
        "Held or not claimable",
        (),
        Table("Recorded on the grant and never claimed", columns, (*rows, *total), "Nil: nothing is kept out."),
        sheet="Held and excluded",
    )


def assets(record: YearRecord) -> Section:
    """The register of assets and equipment bought with the grant; nil is usual."""
    columns = (
        Column("reference", "Reference"),
        Column("item", "Item"),
        Column("kind", "Cost heading"),
        Column("project", "Project"),
        Column("supplier", "Supplier"),
        Column("bought", "Bought on", "date"),
        Column("cost", "Cost", "money", total=True),
        Column("state", "Charged to the grant"),
    )
    rows = [
        make_row(K, "assets", slug(line.reference), columns, [
            line.reference, line.transaction.description, line.budget_line.heading.name,
            line.budget_line.project.name, payee(line.transaction), line.transaction.accounting_on,
            Cell(line.cost, trace=(f"line:{line.reference}",)), line.get_state_display(),
        ])
        for line in record.lines
        if is_equipment(line)
    ]  # fmt: skip
    total = [make_total(K, "assets", "total", columns, rows, "All items")] if rows else []
    return Section(
        "assets",
        "Asset and equipment register",
        ("Every entry on a heading of equipment or capital. The grant is for revenue: capital is recorded here and "
         "held out of every claim.",),
        Table(f"Assets and equipment, {record.year}", columns, (*rows, *total),
              "Nil return: no asset and no equipment was bought with the grant."),
        sheet="Assets",
    )  # fmt: skip


def is_equipment(line: SpendLine) -> bool:
    """Whether a line stands on a heading of capital or of equipment."""
    heading = line.budget_line.heading
    return heading.capital or heading.code == "equipment"


def waits_for(scope: Scope, today: date) -> Iterator[Item]:
    """The final claim, what becomes of the balance, and the ledger."""
    record = year_record.read(scope.programme, scope.last.year, today=today)
    yield from not_final(record, scope.last)
    yield from not_marked(record)
    fourth = _fourth(record)
    found = reconciling.reconciliation(record.grant.kept_by, record.programme, fourth)
    if not found.is_reconciled:
        words = f"The ledger of {found.organisation} is not reconciled for {fourth}."
        address = (record.programme.code, found.organisation.code, fourth.code)
        place = Place("Reconcile with the ledger", "reconciling.read", "funding:reconciliation", address)
        yield Item("ledger", words, "blocking", (place,))


def not_final(record: YearRecord, closing: Quarter) -> Iterator[Item]:
    """That the year's final claim is not certified yet."""
    if record.final is None:
        words = f"The final claim of {record.year} is not certified yet. Certify it first."
        place = Place(closing.short_label, "returns.read", "returns:quarter", (closing.pk,))
        yield Item("F29", words, "blocking", (place,))


def not_marked(record: YearRecord) -> Iterator[Item]:
    """F14: that nobody has said what becomes of a part of the balance, or that more is marked than is left."""
    if record.balance.unmarked:
        address = (record.programme.code, record.grant.code, record.year.code)
        words = f"{in_words(abs(record.balance.unmarked))} of the balance of {record.year} is not marked as it stands."
        place = Place("Mark the balance", "budget.read", "funding:budget-of", address)
        yield Item("F14", words, "blocking", (place,))


NOTES = (
    "Each year’s award is ring-fenced. No cost of one year is charged to the award of another.",
    "The claims are those that were certified; this statement adds nothing to them and changes none.",
)
DEFINITIONS = (
    Definition("Cost", "Net amount plus the VAT that the recording organisation cannot recover."),
    Definition("Outturn", "All claims of the year, the final one included, less what the funder disallowed."),
    Definition("Accrual", "An estimate of cost for goods or services received and not yet invoiced."),
    Definition("Reconciling item", "A known difference between the ledger and the record, with its reason."),
    Definition("Award", "What the funder pays at most for the year."),
)

KIND = Kind(
    code=K,
    title="Year-end statement of grant usage",
    place=4,
    closes=(MONEY,),
    spans=(Span.YEAR,),
    quarter_kinds=(),
    steps=STEPS,
    prints_ink=True,
    written=WRITTEN,
    build=build,
    waits_for=waits_for,
    goes_to_funder=True,
)
