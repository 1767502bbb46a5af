"""What a claim waits for: each rule that stands between a closed quarter and its certified claim."""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse

from board.models import Organisation, Quarter
from board.quarters import MONEY
from core.money import NOUGHT, in_words
from funding import declaring, ending, evidence, matching, paying, reconciling
from funding.accruals import RE_RAISED_WITHOUT_REASON, times_raised_again
from funding.models import Claim, Forecast, Source, SpendLine, Transaction
from funding.rules import march_is_not_outsized
from returns import closing
from returns.content import slug
from returns.items import Item, Place, closing_place
from returns.kinds import claim_record, match
from returns.kinds.claim_record import Record
from returns.kinds.scope import Scope

SHOWN_ENTRIES = 5


def waits_for(scope: Scope, today: date) -> Iterator[Item]:
    """Everything that the claim of a quarter or closing period waits for or should know of."""
    record = claim_record.read(scope.programme, scope.last, today=today)
    for rule in (
        _declared,
        _reconciled,
        _earlier_claims,
        _accruals_reversed,
        _accruals_explained,
        _variances,
        _underspend,
        _balance,
        _match_signed,
        _march,
        _match,
        _paid_late,
        _held,
        _evidence,
    ):
        yield from rule(record)


def _back(record: Record) -> dict[str, str]:
    """Where a page that is opened from here leads back to."""
    return {"next": reverse("returns:quarter", args=[record.quarter.pk])}


def _budget(record: Record) -> Place:
    """The grant's budget by project, at the end of the quarter."""
    query = {
        "year": str(record.quarter.year.pk),
        "quarter": str(record.quarter.pk),
        "source": str(record.grant.pk),
        "cut": "project",
    }
    return Place("See the budget", "budget.read", "funding:budget", query=query)


def _declared(record: Record) -> Iterator[Item]:
    """The grant's keeper must have declared; a match funder may follow later, and the return says so."""
    sources = list(Source.objects.filter(programme=record.programme).select_related("kept_by").order_by("position"))
    for standing in declaring.standing(sources, record.quarter):
        if standing.declaration is not None:
            continue
        source = standing.source
        spent = {"source": str(source.pk), "quarter": str(record.quarter.pk)}
        places = (
            Place(
                "Declare",
                "spending.declare",
                "funding:declare-source",
                (record.programme.code, source.code, record.quarter.code),
                only_for=source.kept_by,
            ),
            Place("See what is recorded", "spending.read", "funding:spend", query=spent),
        )
        if source.is_grant:
            words = (
                f"{source.kept_by} has not declared its spend of the {source} for {record.quarter}. "
                "Its finance officer declares it complete, or nil."
            )
            yield Item("declared", words, "blocking", places)
        else:
            words = (
                f"{source.kept_by} has not declared the {source}. The claim can go without it; "
                "the return will say “not declared”."
            )
            yield Item("declared", words, "warning", places)


def _reconciled(record: Record) -> Iterator[Item]:
    """No penny of the grant's ledger is unexplained; a match funder's may follow, and is said to be missing."""
    for organisation in reconciling.ledgers_of(record.programme):
        found = reconciling.reconciliation(organisation, record.programme, record.quarter)
        if found.is_reconciled:
            continue
        keeps_grant = organisation == record.grant.kept_by
        if found.unexplained is None:
            words = f"The ledger of {organisation} is not reconciled for {record.quarter}: its total is not recorded."
        else:
            words = (
                f"The ledger of {organisation} is not reconciled for {record.quarter}: "
                f"{in_words(found.unexplained)} is not explained."
            )
        if keeps_grant:
            words += " Its finance officer records the total, and an item for each difference that stands."
        else:
            words += " The claim can go without it."
        address = (record.programme.code, organisation.code, record.quarter.code)
        place = Place("Reconcile with the ledger", "reconciling.read", "funding:reconciliation", address)
        yield Item("ledger", words, "blocking" if keeps_grant else "warning", (place,))


def _earlier_claims(record: Record) -> Iterator[Item]:
    """F29: claims of one award year are certified in order."""
    certified = set(Claim.objects.in_force().filter(source=record.grant).values_list("quarter_id", flat=True))
    for earlier in sorted(record.quarter.year.quarters.all(), key=lambda row: row.order):
        if earlier.order < record.quarter.order and earlier.pk not in certified:
            words = f"The claim for {earlier} is not certified yet. Certify it first."
            place = Place(earlier.short_label, "returns.read", "returns:quarter", (earlier.pk,))
            yield Item("F29", words, "blocking", (place,))


def _accruals_reversed(record: Record) -> Iterator[Item]:
    if record.quarter.money_closed_at and not record.is_final and closing.needs_closing_again(record.quarter, MONEY):
        words = "An accrual was recorded after the quarter had closed, and is not reversed. Close the quarter again."
        yield Item("accrual", words, "blocking", (closing_place("Close again", record.quarter, MONEY),))


def _accruals_explained(record: Record) -> Iterator[Item]:
    entries = [line.transaction for line in claim_record.accruals(record)]
    again = times_raised_again(entries)
    for entry in sorted(set(entries), key=lambda row: row.reference):
        if again[entry.pk] > RE_RAISED_WITHOUT_REASON and not entry.reason.strip():
            words = (
                f"The accrual {entry.reference} is raised again for the {_ordinal(again[entry.pk])} time, without a "
                "reason. Give the reason, or write it back."
            )
            place = Place(entry.reference, "spending.read", "funding:entry", (entry.reference,))
            yield Item("F21", words, "blocking", (place,))


def _ordinal(number: int) -> str:
    return {3: "third", 4: "fourth", 5: "fifth", 6: "sixth"}.get(number, f"{number}th")


def _variances(record: Record) -> Iterator[Item]:
    """F10: a variance over the threshold is explained, and explained anew when it has moved."""
    for row in claim_record.variances(record):
        args = (record.programme.code, record.quarter.code, row.project.code)
        places = (
            Place(f"Explain {row.project.code}", "budget.change", "funding:explain", args, _back(record)),
            _budget(record),
        )
        amount = in_words(row.position.variance_to_date)
        if row.is_missing:
            where_to = "under" if row.position.variance_to_date < 0 else "over"
            size = in_words(abs(row.position.variance_to_date))
            words = f"{row.project} is {size} {where_to} its profile to date, and nobody has said why."
            yield Item("F10", words, "blocking", places)
        elif row.stale and row.reason is not None:
            words = (
                f"{row.project} was explained at a variance of {in_words(row.reason.variance)}; it is now {amount}. "
                "Confirm or change the explanation."
            )
            yield Item("F10", words, "warning", places)


def _underspend(record: Record) -> Iterator[Item]:
    """F13: a foreseen underspend is told to the funder as soon as is practicable."""
    if record.is_final:
        return
    ahead = [row for row in record.quarter.year.quarters.all() if row.order > record.quarter.order]
    in_year = [row for row in ahead if row.kind == Quarter.Kind.QUARTER]
    if in_year and not Forecast.objects.filter(line__source=record.grant, quarter__in=in_year).exists():
        words = f"Nothing is forecast for the rest of {record.quarter.year}, so the outturn shows spend to date alone."
        yield Item("forecast", words, "warning", (_budget(record),))
        return
    under = claim_record.underspend(record)
    if under and not any(row.told_on for row in claim_record.underspend_notices(record)):
        args = (record.programme.code, record.quarter.year.code)
        words = (
            f"{record.quarter.year} is expected to end {in_words(under)} under its award, above the threshold, and no "
            "notice to the funder is recorded. Tell the funder, and record it."
        )
        record_it = Place("Record the notice", "budget.change", "funding:underspend", args, _back(record))
        places = (record_it, _budget(record))
        yield Item("F13", words, "warning", places)


def _balance(record: Record) -> Iterator[Item]:
    """F14: before a year's final claim it is said what becomes of what it has left."""
    if not record.is_final:
        return
    year = record.quarter.year
    left = ending.balance(record.grant, year, today=record.today).unmarked
    if not left:
        return
    if left > 0:
        words = f"{in_words(left)} of {year} is left, and nobody has said whether it lapses, is carried or is repaid."
    else:
        words = f"{in_words(-left)} more of {year} is marked than is left. Mark it again."
    address = (record.programme.code, record.grant.code, year.code)
    yield Item("F14", words, "blocking", (Place("Mark the balance", "budget.read", "funding:budget-of", address),))


def _match_signed(record: Record) -> Iterator[Item]:
    """F16: match is what its funder signed; a difference stops the year's final claim, and is told in a quarter's."""
    weight = "blocking" if record.is_final else "warning"
    by_funder: dict[Organisation, list[claim_record.Match]] = {}
    for row in record.matches:
        by_funder.setdefault(row.source.funder, []).append(row)
    for funder, rows in by_funder.items():
        statement = match.signed_for(record.programme, record.quarter, funder)
        page = Place(record.quarter.short_label, "returns.read", "returns:quarter", (record.quarter.pk,))
        if statement is None:
            if record.is_final:
                words = f"{funder} has not signed its match funding statement of {record.quarter.year}. "
                yield Item("F16", words + "The claim can go without it.", "warning", (page,))
            continue
        signed = match.signed_to_date(statement)
        for row in rows:
            said, now = signed.get(slug(row.source.code)), row.position.actual_to_date
            if said != now:
                given = "nothing" if said is None else in_words(said)
                words = (
                    f"The record has {in_words(now)} on the {row.source}, and {funder} signed {given}. "
                    "Put right what is wrong, or revise the statement and have it signed again."
                )
                place = Place(statement.reference, "returns.read", "returns:return", (statement.pk,))
                yield Item("F16", words, weight, (place,))


def _march(record: Record) -> Iterator[Item]:
    """F20, from the year's last quarter on: what falls in March is known only then."""
    if record.quarter.number < 4:
        return
    for problem in march_is_not_outsized(record.grant, record.quarter.year, record.today):
        query = {"source": str(record.grant.pk), "year": str(record.quarter.year_id), "quarter": str(record.quarter.pk)}
        place = Place("See the spend", "spending.read", "funding:spend", query=query)
        yield Item(problem.code, problem.message, "warning", (place,))


def _match(record: Record) -> Iterator[Item]:
    """F15: match that is behind its profile is told while there is time to do something about it."""
    year = record.quarter.year
    sources = Source.objects.filter(programme=record.programme).select_related("programme", "funder", "kept_by")
    for row in matching.match_of(sources, year, record.quarter, today=record.today):
        figures, limit = row.figures, matching.behind_limit(row.source, record.today)
        if not figures.is_behind(limit):
            continue
        words = (
            f"{row.source}: {in_words(figures.applied)} is applied of a profile to date of "
            f"{in_words(figures.profile_to_date)}, more than {limit.normalize():f}% behind. Ask its funder."
        )
        query = {"year": str(year.pk), "quarter": str(record.quarter.pk)}
        yield Item("F15", words, "warning", (Place("See the match", "match.read", "funding:match", query=query),))


def _paid_late(record: Record) -> Iterator[Item]:
    """F26: invoices of the grant in this quarter that took, or have waited, longer than the law gives."""
    lines = SpendLine.objects.charged_to(record.grant).in_quarter(record.quarter)
    entries = Transaction.objects.filter(pk__in=lines.values("transaction"))
    late = paying.invoices(entries, today=record.today).filter(
        standing__in=(paying.Standing.LATE, paying.Standing.OVERDUE)
    )
    found = list(late.order_by("reference").values_list("reference", flat=True)[: SHOWN_ENTRIES + 1])
    if not found:
        return
    named = ", ".join(found[:SHOWN_ENTRIES])
    words = (
        f"{named}{' and more' if len(found) > SHOWN_ENTRIES else ''} of {record.quarter} "
        f"{'were' if len(found) > 1 else 'was'} not paid within {paying.DAYS_TO_PAY} days of receipt. If an invoice "
        "was disputed, its finance officer says so."
    )
    yield Item("F26", words, "warning", (Place("See the days to payment", "spending.read", "funding:payment-days"),))


def _held(record: Record) -> Iterator[Item]:
    held = [line for line in claim_record.not_claimed(record) if line.state == SpendLine.State.HELD]
    live = [line for line in held if line.transaction.kind != Transaction.Kind.REVERSAL]
    if live:
        amount = in_words(sum((line.cost for line in held), NOUGHT))
        words = (
            f"{len(live)} line{'s are' if len(live) > 1 else ' is'} held out of the claim, {amount} in all: "
            f"{', '.join(line.reference for line in live[:5])}{' and more' if len(live) > 5 else ''}. "
            "The return lists them with what would release them."
        )
        query = {"state": SpendLine.State.HELD.value, "programme": str(record.programme.pk)}
        yield Item(
            "held", words, "information", (Place("See what is held", "spending.read", "funding:spend", query=query),)
        )


def _evidence(record: Record) -> Iterator[Item]:
    """F22: an entry of the grant above the threshold has its evidence: a warning in a quarter, an error at year end."""
    lines = SpendLine.objects.charged_to(record.grant)
    if record.is_final:
        span, query = f"of {record.quarter.year}", {"year": str(record.quarter.year.pk)}
        lines = lines.filter(budget_line__year=record.quarter.year)
    else:
        span, query = f"of {record.quarter}", {"quarter": str(record.quarter.pk)}
        lines = lines.in_quarter(record.quarter)
    charged = Transaction.objects.filter(pk__in=lines.values("transaction"))
    found = list(evidence.without_evidence(charged, today=record.today).order_by("reference")[: SHOWN_ENTRIES + 1])
    if not found:
        return
    named = ", ".join(entry.reference for entry in found[:SHOWN_ENTRIES])
    words = f"No evidence is attached to {named}{' and more' if len(found) > SHOWN_ENTRIES else ''} {span}"
    amount = in_words(record.threshold("evidence-amount"))
    words += f", above {amount}. Its finance officer attaches the invoice or the ledger print."
    place = Place(
        "See what has no evidence",
        "spending.read",
        "funding:evidence-missing",
        query={**query, "source": str(record.grant.pk)},
    )
    yield Item("F22", words, "blocking" if record.is_final else "warning", (place,))
