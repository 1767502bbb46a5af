"""The tables that the year-end and the outturn statement share: what an award year came to, line by line."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils import timezone

from core.money import NOUGHT, in_words
from funding.models import ClaimPart, DisallowancePart, YearEndBalance
from returns.content import Cell, Column, Row, Section, Table, Value, date_words, make_row, make_total, slug
from returns.kinds.claim_record import payee
from returns.kinds.tracing import NOTHING, Part, figures
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


def money_cells(records: Sequence[YearRecord], amounts: Amounts, of: Part) -> list[Cell]:
    """The six amounts of a row, each with what it rests on; `of` is the part of the years that the row is of."""
    claimed = tuple(trace for record in records for trace in record.whole("claimed", of))
    refused = tuple(trace for record in records for trace in record.whole("disallowed", of))

    def spent(field: str) -> tuple[str, ...]:
        return tuple(trace for record in records for trace in record.spent(field, of))

    return [
        Cell(amounts.budget, trace=tuple(trace for record in records for trace in record.planned(of))),
        Cell(amounts.cost, trace=spent("all-cost")),
        Cell(amounts.kept_out, trace=spent("all-kept-out")),
        Cell(amounts.claimed, trace=claimed),
        Cell(amounts.disallowed, trace=refused),
        Cell(amounts.accepted, trace=(*claimed, *(f"-{trace}" for trace in refused))),
    ]


def award_rows(
    kind: str, section: str, columns: Sequence[Column], records: Sequence[YearRecord], *, by_year: bool = False
) -> list[Row]:
    """The award's own rows, of no project: spend over the ceiling and credit that a quarter could not show.

    `by_year`: the columns before the six amounts are the outturn of each year, and not words.
    """
    made = []
    for record in records:
        last = record.parts[-1:]
        beyond = tuple(f"-{trace}" for trace in record.part_traces(last, "beyond_award"))
        for code, title, amount, trace in (
            ("beyond", f"Beyond the award of {record.year}, never claimed", -record.beyond, beyond),
            ("credit", f"Credit carried, {record.year}", record.credit, record.part_traces(last, "credit_carried")),
        ):
            if not amount:
                continue
            cell, nought = Cell(amount, trace=trace), Cell(NOUGHT, trace=NOTHING)
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
            *money_cells([record], amounts, line),
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
        Cell(part.eligible_to_date, trace=record.part_traces([part], "eligible_to_date")),
        Cell(part.claimed_before, trace=record.part_traces([part], "claimed_before")),
        Cell(part.amount, trace=record.part_traces([part])),
        Cell(count, trace=(f"claim-lines:{reference}#{record.year.code}",)),
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
            inside = _lines_in(record, part)
            off = [one for one in record.disallowed if one.line_id in inside]
            refused, here = sum((one.amount for one in off), NOUGHT), f"{kind}/receipts/{slug(claim.quarter.code)}"
            rows.append(
                make_row(kind, "receipts", slug(claim.quarter.code), columns, [
                    claim.reference, Cell(claim.amount, trace=(f"claim:{claim.reference}",)),
                    Cell(refused, trace=tuple(_refusal(one) for one in off) or NOTHING),
                    Cell(paid, trace=traces or NOTHING), day,
                    Cell(claim.amount - refused - paid,
                         trace=figures(f"{here}/claimed", f"-{here}/disallowed", f"-{here}/received")),
                ])
            )  # fmt: skip
        for repayment in record.repayments:
            trace = (f"repayment:{repayment.reference}",)
            nought = Cell(NOUGHT, trace=NOTHING)
            back = [nought, nought, Cell(-repayment.amount, trace=(f"-{trace[0]}",))]
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


def _refusal(part: DisallowancePart) -> str:
    return f"disallowance:{part.disallowance.reference}#{part.line.reference}"


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
            Cell(part.amount, trace=(_refusal(part),)),
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
        year = record.year.code
        rows = [
            make_row(kind, "balance", slug(f"{row.treatment}-{year}"), columns, [
                row.get_treatment_display(), year, Cell(row.amount, trace=(_marked(record, row),)),
                f"{row.approval_reference}, {date_words(row.approved_on)}" if row.approved_on else None, row.reason,
            ])
            for row in record.balance.marked
            if row.amount
        ]  # fmt: skip
        if record.balance.unmarked or not rows:
            name = "Nobody has said yet" if record.balance.unmarked else "Nothing is left"
            marked = tuple(f"-{_marked(record, row)}" for row in record.balance.marked if row.amount)
            left = f"{kind}/account/left/amount" if kind == "usage" else f"{kind}/years/{slug(year)}/left"
            state = "p" if record.balance.unmarked else ""
            cell = Cell(record.balance.unmarked, state, (*figures(left), *marked))
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


def _marked(record: YearRecord, row: YearEndBalance) -> str:
    return f"balance:{record.grant.code}/{record.year.code}#{row.treatment}"


def account(kind: str, record: YearRecord) -> Section:
    """From the award to the outturn, and from the cost to the outturn; each step a line."""
    columns = (
        Column("step", "Step"),
        Column("words", "What it is"),
        Column("amount", "Amount", "money"),
    )
    whole = sum(record.amounts.values(), Amounts())
    last = record.parts[-1:]

    def of(*codes: str) -> tuple[str, ...]:
        signs = (("-" if code.startswith("-") else "", code.removeprefix("-")) for code in codes)
        return figures(*(f"{sign}{kind}/account/{code}/amount" for sign, code in signs))

    def less(*traces: str) -> tuple[str, ...]:
        return tuple(f"-{trace}" for trace in traces)

    not_claimed = (*less(*record.spent("all-cost")), *record.spent("all-kept-out"), *record.whole("claimed"))
    steps: list[tuple[str, str, str, str, Decimal, tuple[str, ...]]] = [
        ("cost", "row", "Cost recorded", "All cost charged to the grant for the year", whole.cost,
         record.spent("all-cost")),
        ("kept-out", "row", "Less held or not claimable", "Recorded, and kept out of every claim", -whole.kept_out,
         less(*record.spent("all-kept-out"))),
        ("not-claimed", "row", "Less claimable, in no claim", "Recorded after the last claim, or still to be claimed",
         -whole.not_claimed, not_claimed),
        ("beyond", "row", "Less beyond the award", "Claimable cost above the award; never claimed", -record.beyond,
         less(*record.part_traces(last, "beyond_award")) or NOTHING),
        ("credit", "row", "Credit carried", "Certified at nought where less was eligible than claimed before",
         record.credit, record.part_traces(last, "credit_carried") or NOTHING),
        ("certified", "subtotal", "Certified", "All quarterly claims and the final claim, added", record.certified,
         record.part_traces() or NOTHING),
        ("disallowed", "row", "Less disallowed", "Refused by the funder after a claim", -record.refused,
         less(*record.whole("disallowed"))),
        ("outturn", "total", "Outturn", "What the funder bears of the year", record.outturn,
         of("certified", "disallowed")),
        ("award", "note", "Award", "In force for the year", record.award, record.award_trace),
        ("left", "note", "Left of the award", "Award less what is eligible", record.balance.unspent,
         record.unspent_trace),
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
