"""The quarterly financial return and claim: what it says and who signs it. A closing period has the final claim."""

from datetime import date
from decimal import Decimal

from board.models import Quarter, User
from board.quarters import MONEY
from core.money import NOUGHT, in_words
from funding import claims
from funding.models import Source
from returns.content import (
    Cell,
    Column,
    Content,
    Definition,
    Fact,
    Section,
    Table,
    ThresholdUsed,
    make_fact,
    make_row,
    slug,
)
from returns.kinds import claim_readiness, claim_record, claim_tables
from returns.kinds.claim_record import Record
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
from returns.models import Return

K = "claim"
AMOUNT = f"{K}/key-figures/this-claim/value"

STEPS = (
    Step(
        PREPARE, (ROLE.FINANCE_OFFICER,), STATUS.DRAFT, STATUS.PREPARED, "Prepared by",
        "I prepared this return from the records of the recipient and of the match funders’ recording organisations.",
        "prepare",
    ),
    Step(
        CHECK, (ROLE.COMMISSIONING_OFFICER,), STATUS.PREPARED, STATUS.CHECKED, "Checked by",
        "I checked this return against the agreements with providers, the budget and the delivery that I know of.",
        "check",
    ),
    # The wording is this board's; the grant's own form of certificate was not to be had.
    Step(
        CERTIFY, (ROLE.CFO,), STATUS.CHECKED, STATUS.CERTIFIED, "Certified by",
        "I certify that, to the best of my knowledge, the expenditure was incurred on eligible purposes in the period, "
        "is supported by records, excludes recoverable VAT and in-kind contributions, has not been claimed from "
        "another source, and agrees with the accounting records.",
        "certify",
    ),
)  # fmt: skip
WRITTEN = (
    Written("progress", "Progress this quarter", "What was delivered with the money, in a few sentences."),
    Written(
        "outlook", "Forecast and underspend", "How the year is expected to end, and what is done about an underspend."
    ),
    Written("match", "Match funding", "What the match funders gave, and what is not declared or not secured."),
)


def build(scope: Scope, *, today: date, the_return: Return | None = None) -> Content:
    """What the claim of a quarter or closing period says, from the record as it stands on `today`."""
    record = claim_record.read(scope.programme, scope.last, today=today)
    title = "Final financial return and claim of the year" if record.is_final else KIND.title
    return Content(
        **identity(KIND, scope, the_return, title),  # type: ignore[arg-type]
        sections=(
            key_figures(record),
            commentary(KIND, words_of(the_return)),
            claim_tables.variances(record),
            claim_tables.underspend(record),
            *(calculation(record, worked) for worked in record.worked.parts),
            claim_tables.budget_changes(record),
            claim_tables.summary(record),
            claim_tables.expenditure(record),
            claim_tables.profile(record),
            claim_tables.match(record),
            claim_tables.accruals(record),
            claim_tables.risks(record),
            claim_tables.payments(record),
            claim_tables.excluded(record),
            claim_tables.transactions(record),
        ),
        definitions=DEFINITIONS,
        notes=NOTES,
        thresholds=tuple(
            ThresholdUsed(name, _in_unit(record.threshold(rule), unit)) for rule, name, unit in claim_record.THRESHOLDS
        ),
    )


def _in_unit(value: Decimal, unit: str) -> str:
    return in_words(value) if unit == "£" else f"{value.normalize():f}%"


def take_effect(the_return: Return, content: Content, by: User) -> None:
    """Write the claim that this return certifies, unless an earlier revision's claim stands and is the same."""
    source = claims.grant_of(the_return.programme_id)
    amount = content.figure(AMOUNT).value
    standing = source.claims.in_force().filter(quarter=the_return.last_quarter).first()
    if standing is not None and the_return.revision > 1 and standing.amount == amount:
        return
    claims.certify(
        source=source,
        quarter=the_return.last_quarter,
        reference=the_return.reference,
        content_hash=the_return.content_hash,
        expected=amount,  # type: ignore[arg-type]
        by=by,
    )


KIND = Kind(
    code=K,
    title="Quarterly financial return and claim",
    closes=(MONEY,),
    spans=(Span.QUARTER,),
    quarter_kinds=(Quarter.Kind.QUARTER, Quarter.Kind.CLOSING),
    steps=STEPS,
    written=WRITTEN,
    build=build,
    waits_for=claim_readiness.waits_for,
    take_effect=take_effect,
)


def key_figures(record: Record) -> Section:
    """What a reader wants first."""
    part, year, at = record.own_part, record.quarter.year, record.total
    match = record.matches
    cash = sum((row.position.actual_to_date for row in match if row.source.kind == Source.Kind.CASH_MATCH), NOUGHT)
    kind = sum((row.position.actual_to_date for row in match if row.source.kind == Source.Kind.IN_KIND_MATCH), NOUGHT)
    undeclared = "p" if any(row.declaration is None for row in match) else ""
    earlier = claim_record.earlier_claims(record)
    owed = sum((claim.still_owed for claim in earlier), NOUGHT)
    lines = tuple(f"line:{line.reference}" for worked in record.worked.parts for line in worked.lines)
    before = tuple(f"claim:{row.claim.reference}" for row in claim_record.earlier_parts(record, part))

    def fact(code: str, label: str, value: Decimal, state: str = "", trace: tuple[str, ...] = ()) -> Fact:
        return make_fact(K, "key-figures", code, label, value, "money", state, trace)

    return Section(
        "key-figures",
        "Key figures",
        (sentence(record, part), *(earlier_sentence(worked) for worked in record.worked.parts[1:])),
        facts=(
            fact("this-claim", "This claim", record.worked.amount, "", lines),
            fact("award", f"Award for {year}", part.figures.award),
            fact("eligible", f"Eligible to date, {year}", part.part.eligible_to_date),
            fact("claimed-before", f"Claimed before, {year}", part.part.claimed_before, "", before),
            fact("left", f"Award not yet claimed, {year}", part.lapsing, "p" if record.quarter.number == 4 else ""),
            fact("actual-to-date", f"Grant spent to date, {year}", at.actual_to_date),
            fact("variance", "Variance to profile to date", at.variance_to_date),
            fact("outturn", f"Forecast outturn, {year}", at.outturn, "f" if at.forecast else ""),
            fact("held", "Held or not claimable to date", at.held_to_date),
            fact("match-cash", "Cash match recorded to date, beside the grant", cash, undeclared),
            fact("match-in-kind", "In-kind match recorded to date, beside the grant", kind, undeclared),
            fact("still-owed", "Still owed on earlier claims", owed),
            make_fact(
                K, "key-figures", "due", "Due to be certified by", record.quarter.certify_due_on, "date"
            ),
        ),
        sheet="Key figures",
    )  # fmt: skip


def sentence(record: Record, worked: claims.WorkedPart) -> str:
    """The claim in one sentence."""
    part = worked.part
    return (
        f"Eligible this year {in_words(part.eligible_to_date)}; claimed before {in_words(part.claimed_before)}; "
        f"this claim {in_words(part.amount)}, of which {in_words(worked.from_earlier_quarters)} relates to earlier "
        "quarters (late invoices, credits, and reversed accruals)."
    )


def earlier_sentence(worked: claims.WorkedPart) -> str:
    """The second part of a claim: a decrease after an earlier year's final claim."""
    return (
        f"A decrease of {worked.year}, recorded after its final claim, makes {in_words(worked.part.amount)} beside it; "
        "the two are not netted against each other."
    )


def calculation(record: Record, worked: claims.WorkedPart) -> Section:
    """How one award year's part comes about, step by step."""
    own = worked.year.pk == record.quarter.year_id
    code = "calculation" if own else f"calculation-{slug(worked.year.code)}"
    columns = (
        Column("step", "Step"),
        Column("words", "How it is worked out"),
        Column("amount", "Amount", "money"),
    )
    rows = tuple(
        make_row(K, code, row_code, columns, [step, words, amount], kind)
        for row_code, kind, step, words, amount in _steps(record, worked, own)
    )
    title = f"Claim calculation, {worked.year}"
    return Section(
        code,
        title,
        (sentence(record, worked) if own else earlier_sentence(worked),
         f"{worked.year} is ring-fenced: no cost of another year is charged to its award.",
         *((claim_tables.where_listed(record),) if own else ())),
        Table(f"{'Final claim' if worked.final else 'Claim'} against the award of {worked.year}", columns, rows),
        sheet="Claim calculation" if own else f"Calculation {worked.year.code}",
    )  # fmt: skip


def _steps(
    record: Record, worked: claims.WorkedPart, own: bool
) -> list[tuple[str, str, str, str | None, Decimal | Cell]]:
    """(code, kind of row, step, words, amount), in the order of the arithmetic."""
    figures, part = worked.figures, worked.part
    before = claim_record.earlier_parts(record, worked)
    brought = before[-1].credit_carried if before else NOUGHT
    trace = tuple(f"claim:{row.claim.reference}" for row in before)
    lines = tuple(f"line:{line.reference}" for line in worked.lines)
    rows: list[tuple[str, str, str, str | None, Decimal | Cell]] = [
        ("award", "row", "Award", f"In force for {worked.year}", figures.award),
        ("claimable", "row", "Claimable spend to date", "Cost received and recorded so far, accruals in, credits out",
         figures.claimable),
        ("disallowed", "row", "Less disallowed to date", "Refused by the funder after a claim", -figures.disallowed),
        ("beyond-award", "row", "Less beyond the award", "Claimable spend above the award; never claimed",
         -part.beyond_award),
        ("eligible", "row", "Eligible to date", "The three lines above, added", part.eligible_to_date),
        ("certified", "row", "Certified before", "Earlier claims of this year, in force",
         Cell(figures.certified, trace=trace)),
        ("certified-disallowed", "row", "Less disallowed of these", "Refused since they were certified",
         -figures.disallowed),
        ("claimed-before", "row", "Claimed before", "The two lines above, added", part.claimed_before),
        ("brought-forward", "note", "Credit brought forward",
         "From the last claim; the figures above have netted it already", brought),
        ("carried-forward", "row", "Credit carried forward",
         "Where less is eligible than was claimed: certified at nought, netted in the next claim", part.credit_carried),
        ("this-part", "total", "This claim" if own else f"Part of {worked.year}",
         "Eligible to date less claimed before, and credit carried forward added", Cell(part.amount, trace=lines)),
        ("earlier-quarters", "note", "Of which for earlier quarters", "Recorded late, and reversals of their accruals",
         worked.from_earlier_quarters),
    ]  # fmt: skip
    rows.append(("left", "note", *_left(record, worked)))
    if worked.final or part.repayment_due:
        rows.append(
            ("repayment-due", "note", "Repayment due", "What the recipient owes back to the funder", part.repayment_due)
        )
    return rows


def _left(record: Record, worked: claims.WorkedPart) -> tuple[str, str, Decimal | Cell]:
    if worked.final:
        return "Award that lapses", "Not claimed for this year, and no longer to be had", worked.lapsing
    if record.quarter.number == 4:
        words = "Not claimed yet; provisional until the year’s final claim"
        return "Award that lapses, provisionally", words, Cell(worked.lapsing, "p")
    return "Award not yet claimed", "Award less eligible to date", worked.lapsing


NOTES = (
    "The grant is accounted for on an accruals basis: cost is recognised when goods or services are received.",
    "Each year’s award is ring-fenced. No cost of one year is charged to the award of another.",
    "A certified return is never changed. What is found later is put right in the next open quarter and shows there as "
    "relating to an earlier one.",
)
DEFINITIONS = (
    Definition("Cost", "Net amount plus the VAT that the recording organisation cannot recover."),
    Definition("Claimable", "Cost that falls within its contract and the grant’s terms."),
    Definition("Held", "Cost that is recorded and kept out of the claim until what stands in the way is gone."),
    Definition("Eligible to date", "Claimable cost less what the funder disallowed, at most the award of the year."),
    Definition("Profile", "What the budget in force plans to spend, by quarter."),
    Definition("Forecast outturn", "What was spent to date, and what is forecast for the rest of the year."),
    Definition("Accrual", "An estimate of cost for goods or services received and not yet invoiced."),
    Definition("Committed", "The value that contracts bind of a budget, less what was charged to it."),
    Definition("Match", "What other bodies give to the programme in money (cash) or in kind; never part of the claim."),
    Definition("Virement", "An approved move between budget lines of one source and year."),
)
