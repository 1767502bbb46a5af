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
from returns.kinds import claim_readiness, claim_record, claim_tables, tracing
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
    # Who signed on paper is another person than who uploads that.
    signed = the_return.signatures.get(act=CERTIFY)
    claims.certify(
        source=source,
        quarter=the_return.last_quarter,
        reference=the_return.reference,
        content_hash=the_return.content_hash,
        expected=amount,  # type: ignore[arg-type]
        by=by,
        certified_by=signed.person,
    )


KIND = Kind(
    code=K,
    title="Quarterly financial return and claim",
    place=1,
    closes=(MONEY,),
    spans=(Span.QUARTER,),
    quarter_kinds=(Quarter.Kind.QUARTER, Quarter.Kind.CLOSING),
    steps=STEPS,
    prints_ink=True,
    written=WRITTEN,
    build=build,
    waits_for=claim_readiness.waits_for,
    take_effect=take_effect,
    goes_to_funder=True,
)


def key_figures(record: Record) -> Section:
    """What a reader wants first."""
    part, year, at = record.own_part, record.quarter.year, record.total
    match = record.matches
    cash, kind = (_recorded(record, what) for what in (Source.Kind.CASH_MATCH, Source.Kind.IN_KIND_MATCH))
    undeclared = "p" if any(row.declaration is None for row in match) else ""
    earlier = record.earlier
    owed = sum((claim.still_owed for claim in earlier), NOUGHT)
    claimed = tuple(f"{K}/{_section(record, worked)}/this-part/amount" for worked in record.worked.parts)

    def step(code: str) -> tuple[str, ...]:
        return tracing.figures(f"{K}/calculation/{code}/amount")

    def column(code: str) -> tuple[str, ...]:
        return tracing.figures(f"{K}/summary/total/{code}")

    def fact(code: str, label: str, value: Decimal, state: str = "", trace: tuple[str, ...] = ()) -> Fact:
        return make_fact(K, "key-figures", code, label, value, "money", state, trace)

    return Section(
        "key-figures",
        "Key figures",
        (sentence(record, part), *(earlier_sentence(worked) for worked in record.worked.parts[1:])),
        facts=(
            fact("this-claim", "This claim", record.worked.amount, "", tracing.figures(*claimed)),
            fact("award", f"Award for {year}", part.figures.award, "", step("award")),
            fact("eligible", f"Eligible to date, {year}", part.part.eligible_to_date, "", step("eligible")),
            fact("claimed-before", f"Claimed before, {year}", part.part.claimed_before, "", step("claimed-before")),
            fact("left", f"Award not yet claimed, {year}", part.lapsing, "p" if record.quarter.number == 4 else "",
                 step("left")),
            fact("actual-to-date", f"Grant spent to date, {year}", at.actual_to_date, "", column("actual-to-date")),
            fact("variance", "Variance to profile to date", at.variance_to_date, "", column("variance")),
            fact("outturn", f"Forecast outturn, {year}", at.outturn, "f" if at.forecast else "", column("outturn")),
            fact("held", "Held or not claimable to date", at.held_to_date, "",
                 tracing.figures(f"{K}/expenditure/total/held")),
            fact("match-cash", "Cash match recorded to date, beside the grant", cash[0], undeclared, cash[1]),
            fact("match-in-kind", "In-kind match recorded to date, beside the grant", kind[0], undeclared, kind[1]),
            fact("still-owed", "Still owed on earlier claims", owed, "",
                 tracing.figures(f"{K}/payments/total/owed") if earlier else tracing.NOTHING),
            make_fact(
                K, "key-figures", "due", "Due to be certified by", record.quarter.certify_due_on, "date"
            ),
        ),
        sheet="Key figures",
    )  # fmt: skip


def _recorded(record: Record, kind: str) -> tuple[Decimal, tuple[str, ...]]:
    """What match of a kind was recorded to date, and what that rests on."""
    rows = [row for row in record.matches if row.source.kind == kind]
    amount = sum((row.position.actual_to_date for row in rows), NOUGHT)
    keys = (f"{K}/match/{slug(row.source.code)}/to-date" for row in rows)
    return amount, tracing.figures(*keys) or tracing.NOTHING


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


def _section(record: Record, worked: claims.WorkedPart) -> str:
    """The code of the section that works out one award year's part."""
    own = worked.year.pk == record.quarter.year_id
    return "calculation" if own else f"calculation-{slug(worked.year.code)}"


def calculation(record: Record, worked: claims.WorkedPart) -> Section:
    """How one award year's part comes about, step by step."""
    own, code = worked.year.pk == record.quarter.year_id, _section(record, worked)
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
    before = worked.before
    brought = before[-1].credit_carried if before else NOUGHT
    year, here = worked.year, f"{K}/{_section(record, worked)}"
    at = f"{record.grant.code}/{year.code}"
    until = tracing.cut(record.grant, year, record.quarter)

    def of(*codes: str) -> tuple[str, ...]:
        signs = (("-" if code.startswith("-") else "", code.removeprefix("-")) for code in codes)
        return tracing.figures(*(f"{sign}{here}/{code}/amount" for sign, code in signs))

    refused = (f"-disallowed:{at}",)
    earlier = tuple(f"claim-part:{row.claim.reference}#{year.code}" for row in before)
    credit = (f"claim-part:{before[-1].claim.reference}#{year.code}.credit_carried",) if before else tracing.NOTHING
    carried = tracing.NOTHING if worked.may_be_negative else ("by:not-below-nought", *of("claimed-before", "-eligible"))
    rows: list[tuple[str, str, str, str | None, Decimal | Cell]] = [
        ("award", "row", "Award", f"In force for {year}",
         Cell(figures.award, trace=(tracing.of_award(record.grant, year),))),
        ("claimable", "row", "Claimable spend to date", "Cost received and recorded so far, accruals in, credits out",
         Cell(figures.claimable, trace=(f"claimable:{until}",))),
        ("disallowed", "row", "Less disallowed to date", "Refused by the funder after a claim",
         Cell(-figures.disallowed, trace=refused)),
        ("beyond-award", "row", "Less beyond the award", "Claimable spend above the award; never claimed",
         Cell(-part.beyond_award, trace=("by:not-above-nought", *of("award", "-claimable", "-disallowed")))),
        ("eligible", "row", "Eligible to date", "The three lines above, added",
         Cell(part.eligible_to_date, trace=of("claimable", "disallowed", "beyond-award"))),
        ("certified", "row", "Certified before", "Earlier claims of this year, in force",
         Cell(figures.certified, trace=earlier or tracing.NOTHING)),
        ("certified-disallowed", "row", "Less disallowed of these", "Refused since they were certified",
         Cell(-figures.disallowed, trace=refused)),
        ("claimed-before", "row", "Claimed before", "The two lines above, added",
         Cell(part.claimed_before, trace=of("certified", "certified-disallowed"))),
        ("brought-forward", "note", "Credit brought forward",
         "From the last claim; the figures above have netted it already", Cell(brought, trace=credit)),
        ("carried-forward", "row", "Credit carried forward",
         "Where less is eligible than was claimed: certified at nought, netted in the next claim",
         Cell(part.credit_carried, trace=carried)),
        ("this-part", "total", "This claim" if own else f"Part of {year}",
         "Eligible to date less claimed before, and credit carried forward added",
         Cell(part.amount, trace=of("eligible", "-claimed-before", "carried-forward"))),
        ("earlier-quarters", "note", "Of which for earlier quarters", "Recorded late, and reversals of their accruals",
         Cell(worked.from_earlier_quarters, trace=(f"unclaimed:late:{until}",))),
    ]  # fmt: skip
    left = ("by:not-below-nought", *of("award", "-eligible"))
    rows.append(("left", "note", *_left(record, worked, left)))
    if worked.final or part.repayment_due:
        words = "What the recipient owes back to the funder"
        due = Cell(part.repayment_due, trace=("by:not-below-nought", *of("-this-part")))
        rows.append(("repayment-due", "note", "Repayment due", words, due))
    return rows


def _left(record: Record, worked: claims.WorkedPart, trace: tuple[str, ...]) -> tuple[str, str, Cell]:
    if worked.final:
        return (
            "Award that lapses",
            "Not claimed for this year, and no longer to be had",
            Cell(worked.lapsing, "", trace),
        )
    if record.quarter.number == 4:
        words = "Not claimed yet; provisional until the year’s final claim"
        return "Award that lapses, provisionally", words, Cell(worked.lapsing, "p", trace)
    return "Award not yet claimed", "Award less eligible to date", Cell(worked.lapsing, "", trace)


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
