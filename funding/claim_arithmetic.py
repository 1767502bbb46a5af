"""What one award year owes at a quarter: pure arithmetic on pounds, no tables.

Origin: the grant pays in arrears for eligible cost on an accruals basis, each year ring-fenced, up to
that year's award. Working from "to date less certified before" lets late invoices, corrections and
disallowances flow through without touching a signed quarter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from core.money import NOUGHT


@dataclass(frozen=True)
class YearFigures:
    """What is known of one award year when a part is worked out, all in pounds.

    `claimable`: Σ of its claimable lines recorded so far, credits and reversals included.
    `disallowed`: Σ of its parts disallowed so far, above nought.
    `certified`: Σ of its parts certified before, in claims in force.
    """

    award: Decimal
    claimable: Decimal
    disallowed: Decimal = NOUGHT
    certified: Decimal = NOUGHT


@dataclass(frozen=True)
class Part:
    """One award year's part of a claim.

    `amount = eligible_to_date − claimed_before + credit_carried`. `credit_carried` is above nought only
    where a quarterly part would be negative: it is certified at nought and the next part nets the credit
    by itself. `beyond_award` is spend over the ceiling, shown as a row of its own; lines are not cut.
    """

    eligible_to_date: Decimal
    claimed_before: Decimal
    amount: Decimal
    credit_carried: Decimal
    beyond_award: Decimal

    @property
    def repayment_due(self) -> Decimal:
        """What the recipient owes back, above nought, where the part is negative."""
        return max(-self.amount, NOUGHT)


def work_out(figures: YearFigures, *, may_be_negative: bool, replaceable: bool = True) -> Part:
    """One year's part of a claim.

    `may_be_negative` is for final claims and for decreases after them: a repayment due. `replaceable`:
    whether other spend may take a disallowed amount's place under the award (this board's choice: yes).
    """
    spent = figures.claimable - figures.disallowed
    ceiling = figures.award if replaceable else figures.award - figures.disallowed
    eligible = min(ceiling, spent)
    before = figures.certified - figures.disallowed
    owed = eligible - before
    carried = NOUGHT if may_be_negative else max(-owed, NOUGHT)
    return Part(
        eligible_to_date=eligible,
        claimed_before=before,
        amount=owed + carried,
        credit_carried=carried,
        beyond_award=max(spent - ceiling, NOUGHT),
    )


def lapsing(award: Decimal, eligible_to_date: Decimal) -> Decimal:
    """The part of a year's award that nobody will be paid once the year is over."""
    return max(award - eligible_to_date, NOUGHT)


def total(parts: Iterable[Part]) -> Decimal:
    """A claim's amount: its parts are never netted against each other, but one payment is asked for."""
    return sum((part.amount for part in parts), NOUGHT)
