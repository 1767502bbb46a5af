"""The tables that the year-end and the outturn statement share: what an award year came to, line by line."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from django.utils import timezone

from core.money import NOUGHT, in_words
from funding.models import BudgetLine, ClaimPart
from returns.content import Cell, Column, Row, Section, Table, Value, date_words, make_row, make_total, slug
from returns.kinds.claim_record import payee
from returns.kinds.tracing import of_award, of_budget, of_lines
from returns.kinds.year_record import Amounts, YearRecord, paid_on

MONEY_COLUMNS = (
    ("budget", "Budget"),
    ("cost", "Cost recorded"),
    ("kept-out", "Held or not claimable"),
    ("claimed", "Claimed"),
    ("disallowed", "Disallowed"),
    ("accepted", "Outturn"),
)


def money_columns() -> tuple[Column, ...]:
    return tuple(Column(code, title, "money", total=True) for code, title in MONEY_COLUMNS)


def money_cells(records: Sequence[YearRecord], amounts: Amounts, lines: Callable[[BudgetLine], bool]) -> list[Cell]:
    """The six amounts of a row, each with what it rests on; `lines` picks the budget lines that the row is of."""
    budget = tuple(of_budget(record.grant, record.year) for record in records)
    spent = of_lines(line for record in records for line in record.lines if lines(line.budget_line))
    taken = of_lines(row.line for record in records for row in record.claimed if lines(row.line.budget_line))
    refused = tuple(
        dict.fromkeys(
            f"disallowance:{part.disallowance.reference}"
            for record in records
            for part in record.disallowed
            if lines(part.line.budget_line)
        )
    )
    return [
        Cell(amounts.budget, trace=budget),
        Cell(amounts.cost, trace=spent or budget),
        Cell(amounts.kept_out, trace=spent or budget),
        Cell(amounts.claimed, trace=taken or budget),
        Cell(amounts.disallowed, trace=refused or taken or budget),
        Cell(amounts.accepted, trace=(*taken, *refused) or budget),
    ]


def award_rows(
    kind: str, section: str, columns: Sequence[Column], records: Sequence[YearRecord], *, by_year: bool = False
) -> list[Row]:
    """The award's own rows, of no project: spend over the ceiling and credit that a quarter could not show.

    `by_year`: the columns before the six amounts are the outturn of each year, and not words.
    """
    made = []
    for record in records:
        for code, title, amount in (
            ("beyond", f"Beyond the award of {record.year}, never claimed", -record.beyond),
            ("credit", f"Credit carried, {record.year}", record.credit),
        ):
            if not amount:
                continue
            cell = Cell(amount, trace=record.claim_traces)
            nought = Cell(NOUGHT, trace=record.claim_traces)
            blank: list[Cell | Value] = [None] * (len(columns) - 1 - len(MONEY_COLUMNS))
            if by_year:
                blank = [cell if other is record else nought for other in records]
            values: list[Cell | Value] = [title, *blank, nought, nought, nought, cell, nought, cell]
            made.append(make_row(kind, section, slug(f"{code}-{record.year.code}"), columns, values))
    return made


def by_line(kind: str, record: YearRecord) -> Section:
    """A year's project by cost heading."""
    columns = (Column("project", "Project"), Column("heading", "Cost heading"), *money_columns())
    rows = [
        make_row(kind, "lines", slug(f"{line.project.code}-{line.heading.code}"), columns, [
            line.project.name, line.heading.name,
            *money_cells([record], amounts, lambda other, line=line: other == line),  # type: ignore[misc]
        ])
        for line, amounts in record.amounts.items()
    ]  # fmt: skip
    rows += award_rows(kind, "lines", columns, [record])
    total = make_total(kind, "lines", "total", columns, rows, "All projects", others={"heading": "All headings"})
    return Section(
        "lines",
        "Use of the grant by project and cost heading",
        (
            "Home Office grant only; cost is net of recoverable VAT. Outturn is what was claimed less what the funder "
            "disallowed.",
        ),
        Table(f"Use of the grant, {record.year}", columns, (*rows, total), headings=2),
        sheet="Use by project",
    )


def claims(kind: str, records: Sequence[YearRecord]) -> Section:
    """Every claim of the award years, quarterly and final, with what was paid on it."""
    columns = (
        Column("claim", "Claim"),
        Column("year", "Award year"),
        Column("what", "What"),
        Column("certified-on", "Certified on", "date"),
        Column("eligible", "Eligible to date", "money"),
        Column("before", "Claimed before", "money"),
        Column("amount", "Claimed", "money", total=True),
        Column("lines", "Lines", "count", total=True),
    )
    made, everything = [], []
    for record in records:
        counts = {part.pk: 0 for part in record.parts}
        for row in record.claimed:
            counts[row.part_id] += 1
        rows = [_claim(kind, columns, record, part, counts[part.pk]) for part in record.parts]
        made += rows
        everything += rows
        if len(records) > 1 and rows:
            name = f"{record.year}, all claims"
            code = slug(f"all-{record.year.code}")
            made.append(make_total(kind, "claims", code, columns, rows, name, "subtotal"))
    total = [make_total(kind, "claims", "total", columns, everything, "All claims")] if everything else []
    return Section(
        "claims",
        "Claims",
        ("Each claim is eligible to date less claimed before. A year’s final claim takes what came in late.",),
        Table("Claims in force", columns, (*made, *total), "No claim is certified."),
        sheet="Claims",
    )


def _claim(kind: str, columns: Sequence[Column], record: YearRecord, part: ClaimPart, count: int) -> Row:
    reference = part.claim.reference
    trace = (f"claim:{reference}",)
    is_later = part.claim.quarter.year_id != record.year.pk
    what = "Final claim" if part.final else "Change after the final claim" if is_later else "Quarterly claim"
    return make_row(kind, "claims", slug(f"{record.year.code}-{part.claim.quarter.code}"), columns, [
        Cell(reference, trace=trace), record.year.code, what, timezone.localdate(part.claim.certified_at),
        Cell(part.eligible_to_date, trace=trace), Cell(part.claimed_before, trace=trace),
        Cell(part.amount, trace=trace), Cell(count, trace=trace),
    ])  # fmt: skip


def receipts(kind: str, records: Sequence[YearRecord]) -> Section:
    """What the funder paid on the claims, and what was paid back."""
    columns = (
        Column("claim", "Claim"),
        Column("claimed", "Claimed", "money", total=True),
        Column("disallowed", "Disallowed", "money", total=True),
        Column("received", "Received", "money", total=True),
        Column("received-on", "Last received", "date"),
        Column("owed", "Still to come", "money", total=True),
    )
    rows, seen = [], set()
    for record in records:
        for part in record.parts:
            claim = part.claim
            if claim.pk in seen:
                continue
            seen.add(claim.pk)
            paid, day, traces = paid_on(part)
            refused = sum((one.amount for one in record.disallowed if one.line_id in _lines_in(record, part)), NOUGHT)
            trace = (f"claim:{claim.reference}",)
            rows.append(
                make_row(kind, "receipts", slug(claim.quarter.code), columns, [
                    claim.reference, Cell(claim.amount, trace=trace), Cell(refused, trace=trace),
                    Cell(paid, trace=traces or trace), day, Cell(claim.amount - refused - paid, trace=trace + traces),
                ])
            )  # fmt: skip
        for repayment in record.repayments:
            trace = (f"repayment:{repayment.reference}",)
            back = [Cell(NOUGHT, trace=trace), Cell(NOUGHT, trace=trace), Cell(-repayment.amount, trace=trace)]
            values: list[Cell | Value] = [f"Repaid, {repayment.reference}", *back, repayment.repaid_on,
                                          Cell(repayment.amount, trace=trace)]  # fmt: skip
            rows.append(make_row(kind, "receipts", slug(repayment.reference), columns, values))
    total = [make_total(kind, "receipts", "total", columns, rows, "All claims")] if rows else []
    return Section(
        "receipts",
        "Received from the funder",
        ("What is still to come is claimed, less disallowed, less received. A claim that also holds a change of "
         "another award year is shown whole.",),
        Table("Claims and what was paid on them", columns, (*rows, *total), "Nothing was claimed."),
        sheet="Received",
    )  # fmt: skip


def _lines_in(record: YearRecord, part: ClaimPart) -> set[int]:
    return {row.line_id for row in record.claimed if row.part_id == part.pk}


def disallowed(kind: str, records: Sequence[YearRecord]) -> Section:
    """What the funder refused of certified claims."""
    columns = (
        Column("reference", "Disallowance"),
        Column("line", "Line"),
        Column("year", "Award year"),
        Column("project", "Project"),
        Column("supplier", "Supplier or basis"),
        Column("day", "Disallowed on", "date"),
        Column("amount", "Amount", "money", total=True),
        Column("reason", "Reason"),
    )
    rows = [
        make_row(kind, "disallowed", slug(f"{part.disallowance.reference}-{part.line.reference}"), columns, [
            part.disallowance.reference, part.line.reference, record.year.code, part.line.budget_line.project.name,
            payee(part.line.transaction), part.disallowance.disallowed_on,
            Cell(part.amount, trace=(f"disallowance:{part.disallowance.reference}", f"line:{part.line.reference}")),
            f"{part.disallowance.funder_reference}: {part.disallowance.reason}",
        ])
        for record in records
        for part in record.disallowed
    ]  # fmt: skip
    total = [make_total(kind, "disallowed", "total", columns, rows, "All that was disallowed")] if rows else []
    return Section(
        "disallowed",
        "Disallowed",
        (),
        Table("Cost that the funder refused after a claim", columns, (*rows, *total), "Nil: nothing was disallowed."),
        sheet="Disallowed",
    )


def balances(kind: str, records: Sequence[YearRecord]) -> Section:
    """What became of what each year's award had left."""
    columns = (
        Column("what", "What became of it"),
        Column("year", "Award year"),
        Column("amount", "Amount", "money", total=True),
        Column("approval", "Approval"),
        Column("reason", "Reason"),
    )
    made = []
    for record in records:
        award, year = (of_award(record.grant, record.year),), record.year.code
        rows = [
            make_row(kind, "balance", slug(f"{row.treatment}-{year}"), columns, [
                row.get_treatment_display(), year, Cell(row.amount, trace=(f"balance:{year}/{row.treatment}",)),
                f"{row.approval_reference}, {date_words(row.approved_on)}" if row.approved_on else None, row.reason,
            ])
            for row in record.balance.marked
            if row.amount
        ]  # fmt: skip
        if record.balance.unmarked or not rows:
            name = "Nobody has said yet" if record.balance.unmarked else "Nothing is left"
            cell = Cell(record.balance.unmarked, "p" if record.balance.unmarked else "", award)
            rows.append(make_row(kind, "balance", slug(f"unmarked-{year}"), columns, [name, year, cell, None, None]))
        name = f"Left of the award of {year}"
        made += [*rows, make_total(kind, "balance", slug(f"left-{year}"), columns, rows, name, "subtotal")]
    return Section(
        "balance",
        "Year-end balance",
        tuple(
            f"{record.year}: award {in_words(record.award)}, eligible "
            f"{in_words(record.award - record.balance.unspent)}, left {in_words(record.balance.unspent)}. "
            "Each year is ring-fenced; nothing is carried without the funder’s approval."
            for record in records
        ),
        Table("What became of the balance", columns, tuple(made)),
        sheet="Balance",
    )


def account(kind: str, record: YearRecord) -> Section:
    """From the award to the outturn, and from the cost to the outturn; each step a line."""
    columns = (
        Column("step", "Step"),
        Column("words", "What it is"),
        Column("amount", "Amount", "money"),
    )
    whole = sum(record.amounts.values(), Amounts())
    claims_of, spent = record.claim_traces, of_lines(record.lines)
    award = (of_award(record.grant, record.year),)
    steps: list[tuple[str, str, str, str, Decimal, tuple[str, ...]]] = [
        ("cost", "row", "Cost recorded", "All cost charged to the grant for the year", whole.cost, spent),
        ("kept-out", "row", "Less held or not claimable", "Recorded, and kept out of every claim", -whole.kept_out,
         spent),
        ("not-claimed", "row", "Less claimable, in no claim", "Recorded after the last claim, or still to be claimed",
         -whole.not_claimed, spent),
        ("beyond", "row", "Less beyond the award", "Claimable cost above the award; never claimed", -record.beyond,
         claims_of or award),
        ("credit", "row", "Credit carried", "Certified at nought where less was eligible than claimed before",
         record.credit, claims_of or award),
        ("certified", "subtotal", "Certified", "All quarterly claims and the final claim, added", record.certified,
         claims_of or award),
        ("disallowed", "row", "Less disallowed", "Refused by the funder after a claim", -record.refused,
         record.disallowance_traces or claims_of or award),
        ("outturn", "total", "Outturn", "What the funder bears of the year", record.outturn, claims_of or award),
        ("award", "note", "Award", "In force for the year", record.award, award),
        ("left", "note", "Left of the award", "Award less what is eligible", record.balance.unspent, award),
    ]  # fmt: skip
    rows = tuple(
        make_row(kind, "account", code, columns, [step, words, Cell(amount, trace=trace)], row_kind)
        for code, row_kind, step, words, amount, trace in steps
    )
    said = sum((row[4] for row in steps if row[1] == "row"), NOUGHT)
    if said != record.outturn:
        raise ValueError(f"{record.year}: the steps give {said}, and the outturn is {record.outturn}")
    return Section(
        "account",
        "Statement of account",
        (),
        Table(f"The grant’s account, {record.year}", columns, rows),
        sheet="Account",
    )
