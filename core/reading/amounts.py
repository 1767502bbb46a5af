"""One cell -> an amount in pounds, or the reason why it is none."""

import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from functools import lru_cache

from core.money import LARGEST, PENNY, read_amount, round_to_penny
from core.reading.cells import Cell, is_blank, quoted, text_of

# Binary noise of sums in a workbook stays far below this; anything above was typed or divided.
NOISE = Decimal("0.0001")
# £999,999,999.99 with brackets, spaces and GBP has 25 characters.
LONGEST = 40
BLANK_AMOUNT = "the amount is blank"
_CREDIT_MARK = re.compile(r"(?P<amount>.*\d\)?)\s*(?P<mark>CR|DR)\.?", re.IGNORECASE)
_SIGNS = re.compile(r"[-−(]")
_SPACED_DIGITS = re.compile(r"\d\s+\d")


@dataclass(frozen=True)
class Amount:
    """`value` is None where the cell holds no readable amount; `fault` then says why, for a person.

    `rounded` is true where a workbook's number had a real third decimal.
    """

    value: Decimal | None
    fault: str = ""
    rounded: bool = False


def amount_in(cell: Cell, from_workbook: bool) -> Amount:
    """A number of a workbook is rounded to the penny; text must already be whole pence."""
    if isinstance(cell, bool | date | time | timedelta):
        return Amount(None, f"{quoted(cell)} is not an amount")
    if isinstance(cell, int | float):
        return _from_number(cell)
    if is_blank(cell):
        return Amount(None, BLANK_AMOUNT)
    return _from_text(text_of(cell))


def _from_number(number: int | float) -> Amount:
    # repr() gives the shortest digits that mean this float: what the person saw, noise included.
    exact = Decimal(repr(number))
    if not exact.is_finite() or abs(exact) > LARGEST:
        return Amount(None, f"“{number}” is too large to be an amount")
    value = round_to_penny(exact)
    # No minus nought, which would print as a credit.
    return Amount(value + Decimal(0), rounded=abs(exact - value) > NOISE)


# Most texts of a ledger stand in it many times over, and each is asked about more than once.
@lru_cache(maxsize=1 << 16)
def _from_text(text: str) -> Amount:
    bare = text.removeprefix("'").replace("Â£", "£")
    bare = re.sub(r"(?i)\bGBP\b", "", bare).strip()
    credit = False
    if len(bare) > LONGEST:
        return Amount(None, f"{quoted(text)} is not an amount")
    if match := _CREDIT_MARK.fullmatch(bare):
        bare, credit = match["amount"], match["mark"].upper() == "CR"
    if _SPACED_DIGITS.search(bare):
        return Amount(None, f"{quoted(text)} has a space between its digits")
    if bare.count("(") != bare.count(")") or len(_SIGNS.findall(bare)) > 1:
        return Amount(None, f"{quoted(text)} has half a bracket or two signs")
    bare = re.sub(r"^£\s*\(", "(", bare)
    try:
        value = read_amount(bare).quantize(PENNY)
    except ValueError as error:
        return Amount(None, str(error).replace(f"“{bare}”", f"{quoted(text)}").split(". ")[0])
    if credit and value < 0:
        return Amount(None, f"{quoted(text)} has two signs of a credit")
    return Amount(-value if credit and value else value + Decimal(0))
