"""The demonstration's ledgers against our record: control totals, money held by a grantee, two honest differences."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal as D

from board import clock
from board.models import Organisation, Programme, Quarter, User
from config.demo.budgets import KEEPERS, People
from core.forms import day_in_words
from core.money import NOUGHT
from funding.models import ReconcilingItem
from funding.reconciling import add_item, clear_item, ledgers_of, ours, reconciliation, record_total
from funding.spend_reports import item_in_words, item_to_propose, unspent_on

# A ledger is read on the day on which the quarter's declarations are made.
READ_AFTER = timedelta(days=11)
# The day to which the ledger is read for the closing period's final claim.
CLOSING_READ_TO = date(2024, 6, 30)


@dataclass(frozen=True)
class Difference:
    """One known difference of the recipient's ledger, and how it came right."""

    kind: ReconcilingItem.Kind
    amount: str
    reason: str
    cleared_in: str
    cleared_on: date
    cleared_reason: str


# quarter in which it was found: what the ledger of the PFCC had above our record.
DIFFERENCES: Mapping[str, Difference] = {
    "2023-24-Q3": Difference(
        ReconcilingItem.Kind.MISCODED,
        "312.40",
        "Stationery of another programme, posted to this cost centre. A journal is asked for.",
        "2023-24-Q4",
        date(2024, 1, 22),
        "Journal J-20714 of 22 January 2024",
    ),
    "2024-25-Q2": Difference(
        ReconcilingItem.Kind.TIMING,
        "-1480.00",
        "The last invoice of September was recorded here from the provider’s copy; the ledger posts it in October.",
        "2024-25-Q3",
        date(2024, 10, 4),
        "Posted in the ledger on 4 October 2024",
    ),
}


def reconcile(programme: Programme, quarter: Quarter, people: People) -> None:
    """Each ledger's total to the quarter's last day. Thurrock has no print of the first quarter."""
    with clock.at(quarter.last_day + READ_AFTER):
        _clear(quarter, people["finance.pfcc"])
        for organisation in ledgers_of(programme):
            if (organisation.code, quarter.code) == ("thurrock", "2023-24-Q1"):
                continue
            by = people[KEEPERS[organisation.code]]
            found = DIFFERENCES.get(quarter.code) if organisation == programme.recipient else None
            _read(organisation, programme, quarter, found, by)


def reconcile_closing(programme: Programme, period: Quarter, people: People) -> None:
    """The recipient's ledger before the final claim, to the end of the quarter in which the period's entries stand."""
    record_total(
        programme=programme,
        quarter=period,
        amount=ours(programme.recipient, programme, CLOSING_READ_TO)
        + unspent_on(programme.recipient, programme, CLOSING_READ_TO)
        - unspent_on(programme.recipient, programme, date(2024, 3, 31)),
        ledger_print=_print(),
        as_at=CLOSING_READ_TO,
        by=people["finance.pfcc"],
    )


def _print() -> str:
    return f"Cost centre report for the board, run on {day_in_words(clock.today())}"


def _read(
    organisation: Organisation, programme: Programme, quarter: Quarter, found: Difference | None, by: User
) -> None:
    stands = reconciliation(organisation, programme, quarter)
    of_ledger = {"programme": programme, "quarter": quarter, "by": by}
    # What the ledger has beside our record is what the items say, of this quarter and those come forward.
    more = D(found.amount) if found else NOUGHT
    held = item_to_propose(stands)
    record_total(amount=stands.ours + stands.explained + held + more, ledger_print=_print(), **of_ledger)
    if held:
        add_item(kind=ReconcilingItem.Kind.ADVANCE, amount=held, reason=item_in_words(stands), **of_ledger)
    if found:
        add_item(kind=found.kind, amount=more, reason=found.reason, **of_ledger)


def _clear(quarter: Quarter, by: User) -> None:
    for code, found in DIFFERENCES.items():
        if found.cleared_in == quarter.code:
            item = ReconcilingItem.objects.get(quarter__code=code, programme=quarter.programme, kind=found.kind)
            clear_item(item=item, cleared_on=found.cleared_on, cleared_reason=found.cleared_reason, by=by)
