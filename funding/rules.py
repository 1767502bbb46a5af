"""The rules of spend and budget: each a function that yields Problems, or says why a line is held.

What a ledger shows can always be recorded; most rules therefore warn, or keep a line out of the claim.
Only what cannot be true is refused.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from board.models import UNALLOCATED, Organisation, Programme, Project, Quarter, Year
from board.thresholds import own_threshold, threshold
from contracts.models import Contract
from contracts.rules import box_of
from core.forms import day_in_words
from core.money import NOUGHT, in_words
from core.problems import Problem
from funding.models import BudgetLine, Evidence, Source, SpendLine, Transaction
from funding.models.spent import SpendLineQuerySet
from funding.positions import budget_of, spent_on

# Under these the cost is what the other side reports as spent; under the rest, what it delivered and invoiced.
REPORTS_SPEND = frozenset({Contract.Kind.GRANT_AGREEMENT, Contract.Kind.RECHARGE})
# An accrual stands for a document that is not here yet, and what takes back has its original's evidence.
PROVEN_BY_A_DOCUMENT = (
    Transaction.Kind.ACTUAL,
    Transaction.Kind.SUMMARY,
    Transaction.Kind.REPORTED_SPEND,
    Transaction.Kind.ADVANCE,
    Transaction.Kind.IN_KIND,
)
PLAUSIBLE_VAT_PERCENT = (Decimal(0), Decimal(5), Decimal(20))


@dataclass(frozen=True)
class Charged:
    """A part of an entry on its way to a budget line, in pounds of cost.

    A problem of the nth part of an entry names it: "line-1", "quarter-1", "relates_to-1".
    """

    line: BudgetLine
    quarter: Quarter
    cost: Decimal
    relates_to: Quarter | None = None
    # The key of its line where that is written already, so that it is not counted against itself.
    written: int | None = None


def accounting_date_is_not_ahead(entry: Transaction, today: date) -> Iterator[Problem]:
    """F02: a ledger cannot show what has not happened. The quarter of recording is tested by its lock."""
    if entry.accounting_on > today:
        yield Problem(
            "F02",
            f"The accounting date {entry.accounting_on:%-d %B %Y} is in the future. Enter the ledger's date.",
            True,
            "accounting_on",
        )


def parts_sum_to_the_entry(entry: Transaction, parts: Sequence[Charged]) -> Iterator[Problem]:
    """F18: a split adds up to the entry, to the penny."""
    split = sum((part.cost for part in parts), NOUGHT)
    if split != entry.cost:
        yield Problem(
            "F18",
            f"The split adds up to {in_words(split)}, but the cost is {in_words(entry.cost)}: "
            f"{in_words(abs(entry.cost - split))} too {'little' if split < entry.cost else 'much'}. "
            "Change the amounts so that they add up.",
            True,
            "lines",
        )


def parts_have_the_entrys_sign(entry: Transaction, parts: Sequence[Charged]) -> Iterator[Problem]:
    """F18: an entry is cost or credit throughout; a mixture could not be taken back part by part."""
    for number, part in enumerate(parts, start=1):
        if part.cost * entry.cost < 0:
            yield Problem(
                "F18",
                f"This part is {in_words(part.cost)} of a cost of {in_words(entry.cost)}. "
                "Record a credit as an entry of its own.",
                True,
                f"share-{number}",
            )


def vat_has_the_sign_of_net(entry: Transaction) -> Iterator[Problem]:
    """F05: VAT goes with its net: both above nought, or on a credit both below."""
    if entry.vat * entry.net < 0:
        yield Problem(
            "F05",
            f"VAT of {in_words(entry.vat)} does not go with a net of {in_words(entry.net)}. Give both the same sign.",
            True,
            "vat",
        )


def accounting_date_is_of_the_programme(entry: Transaction, parts: Sequence[Charged]) -> Iterator[Problem]:
    """F02: a date from before the programme is more likely a slip of the pen than an old document."""
    for programme in {part.line.source.programme for part in parts}:
        if entry.accounting_on < programme.first_day:
            yield Problem(
                "F02",
                f"The accounting date {entry.accounting_on:%-d %B %Y} is before {programme.code} began. Check it.",
                False,
                "accounting_on",
            )


def service_is_of_the_lines_year(entry: Transaction, parts: Sequence[Charged]) -> Iterator[Problem]:
    """F02: a line's year is that in which goods or services were received (grant term: each year is ring-fenced)."""
    for number, part in enumerate(parts, start=1):
        year, (first_day, last_day) = part.line.year, part.line.year.bounds
        if received_after_the_funding_period(entry, part):
            continue
        period = f"{entry.service_from:%-d %B %Y} to {entry.service_to:%-d %B %Y}"
        if entry.service_to < first_day or entry.service_from > last_day:
            yield Problem(
                "F02",
                f"The service of {period} is not in {year}. Choose a budget line of the year that received it.",
                True,
                f"line-{number}",
            )
        elif entry.service_from < first_day or entry.service_to > last_day:
            yield Problem(
                "F02",
                f"A part of the service of {period} is outside {year}. Charge to each year what it received.",
                False,
                f"line-{number}",
            )


def received_after_the_funding_period(entry: Transaction, part: Charged) -> bool:
    """Whether a line is the part of a prepayment that no year of the programme receives."""
    return entry.kind == Transaction.Kind.PREPAYMENT and entry.service_from > part.line.source.programme.last_day


def prepayment_is_of_a_later_year(entry: Transaction, parts: Iterable[Charged]) -> Iterator[Problem]:
    """A prepayment charges what a year after that of its recording receives, or what no year receives any more."""
    if entry.kind != Transaction.Kind.PREPAYMENT:
        return
    for number, part in enumerate(parts, start=1):
        later = part.line.year.starts > part.quarter.year.starts
        if not later and not received_after_the_funding_period(entry, part):
            yield Problem(
                "F02",
                f"{part.line.year} receives this in the year in which it is recorded. Record it as an actual.",
                True,
                f"line-{number}",
            )


def cost_of_an_agreement_is_reported(entry: Transaction) -> Iterator[Problem]:
    """F24: under a grant agreement what counts is what the grantee reports as spent, never what it was paid.

    A body that recharges may send invoices, each of which is its statement; so there this warns.
    """
    contract = entry.contract
    if contract is None or entry.takes_back_id is not None or contract.kind not in REPORTS_SPEND:
        return
    if entry.kind in (Transaction.Kind.ACTUAL, Transaction.Kind.SUMMARY, Transaction.Kind.PREPAYMENT):
        is_agreement = contract.kind == Contract.Kind.GRANT_AGREEMENT
        what = "grant agreement" if is_agreement else "recharge"
        yield Problem(
            "F24",
            f"{contract.reference} is a {what}: what counts is what its {'grantee' if is_agreement else 'body'} "
            "reports as spent. Record its signed statement under the contract, or money paid ahead as a payment "
            "on account.",
            is_agreement,
            "kind",
        )


def payments_on_account_stay_within_the_agreement(entry: Transaction) -> Iterator[Problem]:
    """F24: money paid ahead beyond what the agreement is worth can hardly be spent under it; this warns."""
    contract = entry.contract
    if entry.kind != Transaction.Kind.ADVANCE or entry.cost <= 0:
        return
    if contract is None:
        yield Problem(
            "F24",
            "Choose the agreement under which this is paid: what its grantee holds is listed by it.",
            False,
            "contract",
        )
        return
    advance = Transaction.Kind.ADVANCE
    lines = SpendLine.objects.in_force().filter(transaction__contract=contract)
    paid = lines.filter(transaction__kind=advance).total() + lines.filter(transaction__takes_back__kind=advance).total()
    if paid + entry.cost > contract.value():
        yield Problem(
            "F24",
            f"With this, {in_words(paid + entry.cost)} is paid on account under {contract.reference}, which is worth "
            f"{in_words(contract.value())}. Check the amount.",
            False,
            "net",
        )


def reported_spend_has_its_agreement(entry: Transaction) -> Iterator[Problem]:
    """F24: only the other side of a grant agreement or recharge reports spend."""
    if entry.kind == Transaction.Kind.REPORTED_SPEND and (
        entry.contract is None or entry.contract.kind not in REPORTS_SPEND
    ):
        yield Problem("F24", "Choose the grant agreement or recharge whose spend is reported.", True, "contract")


def a_credit_names_its_original(entry: Transaction) -> Iterator[Problem]:
    """F01: a negative entry takes back one that is here, or gives the reason why there is none."""
    if entry.cost < 0 and entry.takes_back_id is None and not entry.reason.strip():
        yield Problem(
            "F01",
            "This is a credit. Choose the entry that it takes back, or, if that is not here, give the reason.",
            True,
            "reason",
        )


def charges_what_may_be_charged(parts: Iterable[Charged], organisation: Organisation) -> Iterator[Problem]:
    """F03: lines charge sources that the recording organisation keeps, never unallocated budget."""
    for number, part in enumerate(parts, start=1):
        source = part.line.source
        if source.kept_by_id != organisation.pk:
            yield Problem(
                "F03",
                f"{source} is kept by {source.kept_by}, so its officers enter what is charged to it.",
                True,
                f"line-{number}",
            )
        if UNALLOCATED in (part.line.project.code, part.line.heading.code):
            yield Problem(
                "F03",
                "Unallocated budget cannot be charged. Move it to a line by a virement first.",
                True,
                f"line-{number}",
            )
        if part.quarter.programme_id != source.programme_id:
            yield Problem(
                "F03", f"{part.quarter} is not a quarter of {source.programme.code}.", True, f"quarter-{number}"
            )


def year_and_quarter_agree(entry: Transaction, parts: Iterable[Charged]) -> Iterator[Problem]:
    """A line's year is that of its goods or services; its quarter is where it is recorded.

    Late cost of an earlier year goes to that year's closing period, and only when that is over into
    an open quarter, as not claimable (grant term: each year is ring-fenced). Only a prepayment is recorded
    before the year that receives it.
    """
    for number, part in enumerate(parts, start=1):
        own, recorded = part.line.year, part.quarter.year
        if own.starts > recorded.starts and entry.kind != Transaction.Kind.PREPAYMENT:
            yield Problem(
                "F02",
                f"{part.quarter} is before {own}. Record what {own} receives in a quarter of that year.",
                True,
                f"quarter-{number}",
            )
        elif own.starts < recorded.starts and not closing_is_over(part.line):
            yield Problem(
                "F02",
                f"Late cost of {own} goes to the closing period of {own}. Choose that period.",
                True,
                f"quarter-{number}",
            )
        if part.relates_to and part.relates_to.order >= part.quarter.order:
            yield Problem(
                "F02", "A late entry relates to a quarter before the one that it is in.", True, f"relates_to-{number}"
            )


def closing_is_over(line: BudgetLine) -> bool:
    """Whether the closing period of a line's year is closed, so that the year takes no more cost."""
    closing = Quarter.objects.get(year_id=line.year_id, kind=Quarter.Kind.CLOSING)
    return closing.money_closed_at is not None


def in_kind_is_match(entry: Transaction, parts: Iterable[Charged]) -> Iterator[Problem]:
    """F06: in-kind is given by a match funder and never claimed (grant term: contributions in kind)."""
    for number, part in enumerate(parts, start=1):
        is_in_kind_source = part.line.source.kind == Source.Kind.IN_KIND_MATCH
        if (entry.kind == Transaction.Kind.IN_KIND) != is_in_kind_source:
            yield Problem(
                "F06",
                "An in-kind contribution is charged to an in-kind match, and nothing else is.",
                True,
                f"line-{number}",
            )


def vat_rate_is_plausible(entry: Transaction) -> Iterator[Problem]:
    """F05: VAT near 0, 5 or 20 per cent of net; part-exempt invoices differ, so this only warns."""
    if not entry.net or entry.vat == 0:
        return
    rate = abs(entry.vat / entry.net * 100)
    if all(abs(rate - known) > Decimal("0.5") for known in PLAUSIBLE_VAT_PERCENT):
        yield Problem("F05", f"VAT is {rate:.1f}% of net. Check the two amounts against the invoice.", False, "vat")


def not_entered_before(entry: Transaction) -> Iterator[Problem]:
    """F17: the same supplier, document and amount, already here, is refused unless the reason is given."""
    # What one statement shows of several headings bears one document; a second statement is refused as such.
    if not entry.document_number or entry.takes_back_id is not None or entry.report_id is not None:
        return
    same = Transaction.objects.in_force().filter(
        recorded_by=entry.recorded_by,
        document_number__iexact=entry.document_number,
        supplier_name__iexact=entry.supplier_name,
        kind=entry.kind,
    )
    for other in same.order_by("reference"):
        exact = other.cost == entry.cost
        yield Problem(
            "F17",
            f"{other.reference} has the same supplier and document number"
            + (
                " and amount. If it is a second real one, give the reason."
                if exact
                else f", at {in_words(other.cost)}."
            ),
            exact and not entry.reason.strip(),
            "document_number",
        )


def not_entered_without_a_document(entry: Transaction, parts: Iterable[Charged]) -> Iterator[Problem]:
    """F17: payroll, summaries and accruals bear no document, so the same kind, line, quarter and amount warns."""
    if entry.document_number or entry.takes_back_id is not None:
        return
    for part in parts:
        same = SpendLine.objects.in_force().filter(
            transaction__recorded_by=entry.recorded_by,
            transaction__kind=entry.kind,
            transaction__document_number="",
            budget_line=part.line,
            quarter=part.quarter,
            cost=part.cost,
        )
        for other in same.select_related("transaction").order_by("transaction__reference"):
            yield Problem(
                "F17",
                f"{other.transaction.reference} has the same kind, budget line, quarter and amount. "
                "Check that this is a second one.",
                False,
                "lines",
            )


def line_budgets_are_kept(parts: Iterable[Charged], today: date) -> Iterator[Problem]:
    """F08: a line charged beyond its budget is a warning; over the award the claim itself stops it."""
    for part in parts:
        budget, spent = budget_of(part.line, today), spent_on(part.line)
        if part.cost > 0 and spent + part.cost > budget:
            yield Problem(
                "F08",
                f"{part.line.project} · {part.line.heading}: with this, {in_words(spent + part.cost)} is spent of a "
                f"budget of {in_words(budget)}.",
                False,
                "lines",
            )


def single_entry_is_not_outsized(parts: Iterable[Charged], today: date) -> Iterator[Problem]:
    """F19: one entry above a share of its line's yearly budget is worth a second look."""
    for part in parts:
        budget = budget_of(part.line, today)
        share = threshold(part.line.source.programme, "single-entry-percent", today)
        if budget and part.cost * 100 > budget * share:
            yield Problem(
                "F19",
                f"{in_words(part.cost)} is more than {share.normalize():f}% of the line's budget for the year, "
                f"{in_words(budget)}. Check that it is right.",
                False,
                "lines",
            )


def paid_after_the_service(entry: Transaction) -> Iterator[Problem]:
    """F20: a bill paid before its service had ended is a payment in advance (the grant pays in arrears)."""
    advance = entry.kind == Transaction.Kind.ADVANCE
    if entry.paid_on is not None and entry.paid_on < entry.service_to and entry.cost > 0 and not advance:
        yield Problem(
            "F20",
            f"It was paid on {day_in_words(entry.paid_on)}, before its service ended on "
            f"{day_in_words(entry.service_to)}. If it was paid on account, record it as that.",
            False,
            "paid_on",
        )


def march_is_not_outsized(source: Source, year: Year, today: date) -> Iterator[Problem]:
    """F20: a large share of a year's spend dated in March is what auditors ask about (spending to use up a grant)."""
    lines = SpendLine.objects.spend().charged_to(source).filter(budget_line__year=year)
    spent, last_day = lines.total(), year.bounds[1]
    march = lines.filter(transaction__accounting_on__range=(last_day.replace(day=1), last_day)).total()
    share = threshold(source.programme, "march-percent", today)
    if spent > 0 and march * 100 > spent * share:
        yield Problem(
            "F20",
            f"{in_words(march)} of the {in_words(spent)} spent in {year} is dated in March, more than "
            f"{share.normalize():f}%. Say in the return why it fell there.",
            False,
        )


def contract_serves_the_project(entry: Transaction, parts: Iterable[Charged]) -> Iterator[Problem]:
    """F03: a contract is charged only for projects that it serves."""
    if entry.contract is None:
        return
    served = {value.project_id for value in entry.contract.values.all()}
    for part in parts:
        if part.line.project_id not in served:
            yield Problem(
                "F03",
                f"{entry.contract.reference} does not serve {part.line.project}. Choose another project or contract.",
                True,
                "contract",
            )


def state_of(entry: Transaction, part: Charged, *, today: date, room: Decimal | None = None) -> tuple[str, str]:
    """Whether a line is claimable, held (with the reason) or match; decided before it is first claimed.

    `room` is what is left of the contract's value for the line's project and year, where the caller keeps
    count over many entries; else it is looked up.

    Credits and reversals take the state of the line that they take back and do not come here.
    """
    State, Reason = SpendLine.State, SpendLine.Reason
    line = part.line
    if not line.source.is_grant:
        return State.MATCH, ""
    if entry.kind == Transaction.Kind.ADVANCE:
        return State.NOT_CLAIMABLE, Reason.ADVANCE
    if received_after_the_funding_period(entry, part):
        return State.NOT_CLAIMABLE, Reason.AFTER_FUNDING
    if line.year.starts < part.quarter.year.starts and part.cost > 0:
        return State.NOT_CLAIMABLE, Reason.AFTER_FINAL
    if line.heading.ineligible:
        return State.NOT_CLAIMABLE, Reason.INELIGIBLE
    if line.heading.capital:
        return State.HELD, Reason.CAPITAL
    if entry.kind == Transaction.Kind.PREPAYMENT and today < line.year.bounds[0]:
        return State.HELD, Reason.NOT_RECEIVED
    programme = line.source.programme
    if entry.service_from < programme.first_day or entry.service_to > programme.last_day:
        return State.HELD, Reason.OUTSIDE_FUNDING
    contract = entry.contract
    if contract is not None:
        if entry.service_from < contract.starts_on or entry.service_to > contract.ends_on:
            return State.HELD, Reason.OUTSIDE_CONTRACT
        if contract.signed_on is None or contract.signed_on > today:
            return State.HELD, Reason.NOT_SIGNED
        left = room_under(contract, part) if room is None else room
        if part.cost > left:
            return State.HELD, Reason.BEYOND_CONTRACT
    if evidence_is_missing(entry, programme, today):
        return State.HELD, Reason.EVIDENCE_MISSING
    return State.CLAIMABLE, ""


def evidence_is_missing(entry: Transaction, programme: Programme, today: date) -> bool:
    """F22: whether a grant line waits for evidence, which a programme may ask for above an amount that it sets.

    Where it sets none (threshold `evidence-hold-amount`), missing evidence only warns, until the final claim.
    """
    limit = own_threshold(programme, "evidence-hold-amount", today)
    if limit is None or entry.kind not in PROVEN_BY_A_DOCUMENT or entry.cost <= limit:
        return False
    return entry.pk is None or not Evidence.objects.in_force().filter(transaction=entry).exists()


def room_under(contract: Contract, part: Charged) -> Decimal:
    """F24: what the lines recorded so far leave of the contract's value for this line's project and year."""
    project, year = part.line.project, part.line.year
    charged = charged_under(contract, project, year).exclude(pk=part.written).total()
    return contract.value(project=project, year=year) - charged


def charged_under(contract: Contract, project: Project, year: Year) -> SpendLineQuerySet:
    """F24: the lines that use up what a contract is worth for a project in a year: the grant's, claimable or held."""
    return SpendLine.objects.under(contract).filter(budget_line__project=project, budget_line__year=year)


def worth_covers_what_is_bound(contract: Contract, project: Project, year: Year, left: Decimal) -> Iterator[Problem]:
    """F24: a contract is never worth less than what is charged to it; less than what is committed warns.

    A contract cannot know this of itself, so `contracts.contracting.vary` asks it under the contract's lock. A
    commitment is budget, which its keeper lowers in turn, so it does not stand in the way of what is agreed.
    """
    # What lies beyond the contract already is held for that reason, and no part of what it pays for.
    within = charged_under(contract, project, year).exclude(state_reason=SpendLine.Reason.BEYOND_CONTRACT)
    charged = within.total()
    committed = sum(
        contract.commitments.filter(line__project=project, line__year=year).values_list("amount", flat=True), NOUGHT
    )
    where = box_of(project, year)
    if left < charged:
        words = (
            f"{project} in {year} would be worth {in_words(left)}, and {in_words(charged)} is charged to it. "
            f"It can be lowered to {in_words(charged)} and no further."
        )
        yield Problem("F24", words, True, where)
    elif left < committed:
        words = (
            f"{project} in {year} is now worth {in_words(left)}, and {in_words(committed)} of the budget is committed "
            "to it. Have the commitment lowered."
        )
        yield Problem("F24", words, False, where)


WHAT_RELEASES = {
    SpendLine.Reason.BEYOND_CONTRACT: "a variation of the contract, or splitting the entry",
    SpendLine.Reason.NOT_SIGNED: "signing the contract, if the service lies within its dates",
    SpendLine.Reason.OUTSIDE_CONTRACT: "a variation of the contract's dates",
    SpendLine.Reason.OUTSIDE_FUNDING: "recording what the funding period received as an entry of its own",
    SpendLine.Reason.NOT_RECEIVED: "the year that receives it: its first quarter claims it",
    SpendLine.Reason.AFTER_FUNDING: "nothing: the grant pays for what is received by its last day",
    SpendLine.Reason.INELIGIBLE: "nothing: the grant's terms exclude it",
    SpendLine.Reason.CAPITAL: "the funder's written agreement to capital",
    SpendLine.Reason.EVIDENCE_MISSING: "attaching its evidence",
    SpendLine.Reason.ADVANCE: "the grantee's signed statement of what was spent",
    SpendLine.Reason.AFTER_FINAL: "nothing: the year's final claim is certified",
    SpendLine.Reason.DISALLOWED: "nothing: the claim was lowered when the funder disallowed it",
}


def problems_of_entry(entry: Transaction, parts: Sequence[Charged], *, today: date) -> list[Problem]:
    """Everything that is wrong or worth a look with an entry and its split."""
    return [
        *accounting_date_is_not_ahead(entry, today),
        *accounting_date_is_of_the_programme(entry, parts),
        *a_credit_names_its_original(entry),
        *parts_sum_to_the_entry(entry, parts),
        *parts_have_the_entrys_sign(entry, parts),
        *charges_what_may_be_charged(parts, entry.recorded_by),
        *year_and_quarter_agree(entry, parts),
        *prepayment_is_of_a_later_year(entry, parts),
        *cost_of_an_agreement_is_reported(entry),
        *payments_on_account_stay_within_the_agreement(entry),
        *reported_spend_has_its_agreement(entry),
        *service_is_of_the_lines_year(entry, parts),
        *in_kind_is_match(entry, parts),
        *contract_serves_the_project(entry, parts),
        *not_entered_before(entry),
        *not_entered_without_a_document(entry, parts),
        *vat_has_the_sign_of_net(entry),
        *vat_rate_is_plausible(entry),
        *line_budgets_are_kept(parts, today),
        *single_entry_is_not_outsized(parts, today),
        *paid_after_the_service(entry),
    ]
