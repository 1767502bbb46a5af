"""What the record holds under a figure of a return: each reference leads to rows, and is worth a number.

A reference is `scheme:what`. The amounts are summed from the rows themselves, apart from the functions that made the
figures, so that the two prove each other; all is read as the record was at a moment.

    line:T-000123/1                                   the cost of one charge
    net:T-000123/1, vat:T-000123/1                    its net amount; the VAT recovered on it
    spend:FIELD:SOURCE/YEAR[/PROJECT[/HEADING]]@QUARTER    cost charged there (SPEND_FIELDS)
    plan:FIELD:SOURCE/YEAR[/PROJECT[/HEADING]]@QUARTER     what budgets plan there (PLAN_FIELDS)
    forecast:FIELD:SOURCE/YEAR[/PROJECT[/HEADING]]@QUARTER what is expected there (FORECAST_FIELDS)
    committed:SOURCE/YEAR/PROJECT/HEADING@QUARTER     what contracts bind beyond what was charged by that quarter
    claimable:SOURCE/YEAR@QUARTER                     cost that may be claimed, in the order of claims
    unclaimed:FIELD:SOURCE/YEAR@QUARTER               of that, what no other claim holds (`cost`, or `late` alone)
    under:FIELD:CONTRACT/PROJECT/YEAR@QUARTER         what the grant bears under a contract (`quarter`, or `to-date`)
    worth:CONTRACT/PROJECT/YEAR                       what a contract is worth, variations included
    variation:CONTRACT#NUMBER, option:CONTRACT#NUMBER what a variation adds; what an option would add
    version:SOURCE/YEAR#NUMBER/PROJECT/HEADING@QUARTER    what one version of a budget plans there
    asked:PROPOSAL#PROJECT/HEADING@QUARTER            what a virement that waits would put there
    award:SOURCE/YEAR                                 a ceiling or pledge
    claimed:SOURCE/YEAR[/PROJECT[/HEADING]]           what of a year is in certified claims
    disallowed:SOURCE/YEAR[/PROJECT[/HEADING]]        what the funder refused of a year
    claim:REFERENCE, claim-part:REFERENCE#YEAR[.FIELD]    a claim; one award year's part of it (PART_FIELDS)
    claim-lines:REFERENCE#YEAR                        how many lines such a part took up
    paid:REFERENCE#CLAIM, short:REFERENCE#CLAIM       what a receipt pays of a claim; what it writes off
    disallowance:REFERENCE#LINE                       what of a line a disallowance refuses
    move:VIREMENT#PROJECT/HEADING                     what a virement puts on a budget line
    repayment:REFERENCE, balance:SOURCE/YEAR#WHAT     what was paid back; what became of a year's balance
    match-receipt:REFERENCE, statement:REFERENCE      match that was paid over; a grantee's statement of spend
    hours:T-000123/1                                  hours given in kind
    control:ORGANISATION/QUARTER                      the total that a ledger states
    in-ledger:ORGANISATION@DAY, item:REFERENCE@DAY    our record of a ledger to a day; a known difference, as counted
    notice:SOURCE/YEAR#NUMBER                         an underspend that was foreseen
    raised-again:T-000123                             how often an accrual was raised again
    project:CODE                                      one project, to be counted
    risk:NUMBER#FIELD                                 a risk's number, likelihood or impact
    result:SUBMISSION#KPI.COLUMN                      one number of one result, `@DIMENSION.CATEGORY` of a breakdown,
                                                      `~QUARTER` of the people who entered in a quarter
    target:PROJECT/KPI@QUARTER                        a measure's target in force at a quarter
    window:PROJECT/KPI@QUARTER                        the months after which its people are followed up
    submission:REFERENCE                              its revision
"""

from typing import ClassVar

from returns.leaves.achieved import Achieved
from returns.leaves.claimed import Claimed
from returns.leaves.planned import Planned
from returns.leaves.reading import Leaf, Unknown

__all__ = ["Leaf", "Record", "Unknown"]


class Record(Planned, Claimed, Achieved):
    """The record under a return: each kind of reference with the method that follows it."""

    SCHEMES: ClassVar = {
        "line": "line",
        "net": "net",
        "vat": "vat",
        "raised-again": "raised_again",
        "spend": "spend",
        "plan": "plan",
        "forecast": "forecast",
        "committed": "committed",
        "version": "version",
        "asked": "asked",
        "under": "under",
        "worth": "worth",
        "variation": "variation",
        "option": "option",
        "award": "award",
        "move": "move",
        "notice": "notice",
        "claimable": "claimable",
        "unclaimed": "unclaimed",
        "claim": "claim",
        "claim-part": "claim_part",
        "claim-lines": "claim_lines",
        "claimed": "claimed",
        "paid": "paid",
        "short": "short",
        "disallowed": "disallowed",
        "disallowance": "disallowance",
        "project": "project",
        "repayment": "repayment",
        "balance": "balance",
        "match-receipt": "match_receipt",
        "statement": "statement",
        "hours": "hours",
        "control": "control",
        "in-ledger": "in_ledger",
        "item": "item",
        "risk": "risk",
        "result": "result",
        "submission": "submission",
        "target": "target",
        "window": "window",
    }
