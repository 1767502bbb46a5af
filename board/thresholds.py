"""The values of rules that a programme sets for itself, and what holds where it has set none."""

from datetime import date
from decimal import Decimal

from board.models import Programme

# Where the programme has no row. Origins: the grant terms of this family name no figures, so these are
# the board's practice; 10% and £5,000 for variances and 5% for underspend are common in grants of this kind.
DEFAULTS: dict[str, Decimal] = {
    "variance-percent": Decimal("10.00"),
    "variance-amount": Decimal("5000.00"),
    "underspend-percent": Decimal("5.00"),
    "virement-amount": Decimal("10000.00"),
    # Match behind its own profile by more than this is said (this board's practice).
    "match-behind-percent": Decimal("10.00"),
    "march-percent": Decimal("25.00"),
    "single-entry-percent": Decimal("25.00"),
    "evidence-amount": Decimal("500.00"),
    "suppress-below": Decimal("5.00"),
    "not-known-percent": Decimal("20.00"),
    "quarter-change-percent": Decimal("50.00"),
    "quarter-change-count": Decimal("10.00"),
    # Shorter narrative says nothing, longer is not read (this board's practice).
    "narrative-fewest-words": Decimal("20.00"),
    "narrative-most-words": Decimal("300.00"),
    "rag-green-percent": Decimal("95.00"),
    "rag-amber-percent": Decimal("80.00"),
    # How many days ahead of a contract's dates its officers are told (this board's practice; no term names them).
    "alert-notice-days": Decimal("60.00"),
    "alert-option-days": Decimal("60.00"),
    "alert-review-days": Decimal("30.00"),
    "alert-check-days": Decimal("42.00"),
    "alert-action-days": Decimal("14.00"),
    "alert-end-days": Decimal("90.00"),
}
# Rules that have no figure of the board's: where a programme sets none, what they compare with is worked out, or,
# of evidence, nothing is held for want of it.
WITHOUT_DEFAULT = ("match-cash-percent", "match-in-kind-percent", "evidence-hold-amount")
RULES = frozenset(DEFAULTS) | frozenset(WITHOUT_DEFAULT)


def threshold(programme: Programme, rule: str, day: date) -> Decimal:
    """The value in force on a day, in the rule's unit (pounds, per cent, a count or days)."""
    given = own_threshold(programme, rule, day)
    return DEFAULTS[rule] if given is None else given


def own_threshold(programme: Programme, rule: str, day: date) -> Decimal | None:
    """The value that the programme has set for itself; None where it has set none by that day."""
    rows = [row for row in programme.thresholds.all() if row.rule == rule and row.from_date <= day]
    return Decimal(max(rows, key=lambda row: row.from_date).value).scaleb(-2) if rows else None
