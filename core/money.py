"""Money: whole pence in the database, Decimal pounds in Python, and the only rounding there is."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

PENNY = Decimal("0.01")
NOUGHT = Decimal("0.00")
# Ten times the largest grant of this kind; a sum of a million such amounts still fits in a bigint.
LARGEST = Decimal("999999999.99")


def pounds(pence: int) -> Decimal:
    """Whole pence as Decimal pounds with two places: 1240 -> Decimal("12.40")."""
    return Decimal(pence).scaleb(-2)


def pence(amount: Decimal) -> int:
    """Decimal pounds as whole pence; refuses anything finer than a penny.

    Raises ValueError for a third decimal, since no rule here may round what somebody typed.
    """
    scaled = Decimal(amount).scaleb(2)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has more than two decimal places")
    return int(scaled)


def round_to_penny(value: Decimal) -> Decimal:
    """The nearest penny, halves away from nought. Only for rates and for float noise in workbooks."""
    return value.quantize(PENNY, rounding=ROUND_HALF_UP)


def round_to_pound(value: Decimal) -> Decimal:
    """The nearest whole pound, halves away from nought. Only for a funder's form that asks for whole pounds."""
    return value.quantize(Decimal(1), rounding=ROUND_HALF_UP)


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """A part as a percentage of the whole, to one decimal, halves away from nought; None of nothing.

    It is for reading only. Whether a limit is passed is asked of `is_over_percent`, which does not round.
    """
    return one_decimal(part * 100 / whole) if whole else None


def one_decimal(value: Decimal) -> Decimal:
    """A percentage or an average to one decimal, halves away from nought. Never for money."""
    return value.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def is_over_percent(part: Decimal, whole: Decimal, limit: Decimal) -> bool:
    """Whether a part, of either sign, is more than `limit` per cent of the whole, to the penny: 10.00001% is over 10.

    Anything at all is over any percentage of nothing.
    """
    return abs(part) * 100 > abs(whole) * limit


def apportion(amount: Decimal, weights: Sequence[Decimal | int]) -> list[Decimal]:
    """Split pounds by weight so that the parts sum to the amount exactly.

    Each part is the floor of its share of the absolute value; the pennies left go to the largest
    remainders, the earlier part first where they tie; then the sign is put back. So a negative
    amount splits as the mirror of the positive one. Weights are not negative and not all nought.
    """
    if not weights or any(weight < 0 for weight in weights) or not sum(weights):
        raise ValueError("Weights must be nought or more, and one of them above nought")
    whole = pence(amount)
    sign, whole = (-1, -whole) if whole < 0 else (1, whole)
    # Integer arithmetic throughout: Decimal division would round at 28 digits.
    ratios = [Decimal(weight).as_integer_ratio() for weight in weights]
    common = 1
    for _, denominator in ratios:
        common *= denominator
    scaled = [numerator * (common // denominator) for numerator, denominator in ratios]
    total = sum(scaled)
    parts = [whole * weight // total for weight in scaled]
    left = whole - sum(parts)
    by_remainder = sorted(range(len(scaled)), key=lambda i: (-(whole * scaled[i] % total), i))
    for i in by_remainder[:left]:
        parts[i] += 1
    return [pounds(sign * part) for part in parts]


def apportion_over_remaining(amount: Decimal, remaining: Sequence[Decimal]) -> list[Decimal]:
    """Split a partial credit over what remains of each line, never past it.

    `amount` and `remaining` bear opposite signs for a credit against a positive entry; the split is
    by the absolute value of what remains, so that the last credit brings each line to exactly nought.
    Raises ValueError where the credit is larger than what remains.
    """
    weights = [abs(value) for value in remaining]
    if abs(amount) > sum(weights, NOUGHT):
        raise ValueError("The credit is larger than what remains")
    if abs(amount) == sum(weights, NOUGHT):
        sign = -1 if amount < 0 else 1
        return [sign * weight for weight in weights]
    return apportion(amount, weights)


def in_words(amount: Decimal | None) -> str:
    """£1,234.50, with a true minus sign before the pound for credits; empty for None."""
    if amount is None:
        return ""
    return f"{'−' if amount < 0 else ''}£{abs(amount):,.2f}"


# A sign before or after the pound, or brackets, but one of them alone: "−£3", "£-3", "3-", "(3)".
_AMOUNT = re.compile(
    r"(?P<bracket>\()?\s*(?P<lead>[-+])?\s*£?\s*(?P<inner>[-+])?\s*"
    r"(?P<whole>\d{1,3}(?:,\d{3})+|\d*)(?:\.(?P<part>\d*))?\s*(?P<trail>-)?\s*(?P<close>\))?"
)


def read_amount(text: str) -> Decimal:
    """What a person typed or pasted, as pounds: "£1,234.50", "(12.00)", "12.00-", "−3".

    Raises ValueError with a sentence for the person when it is no amount, bears two signs, is finer
    than a penny or too large to be true.
    """
    shown = text.strip()
    given = shown.replace("\u00a0", " ").replace("−", "-")
    match = _AMOUNT.fullmatch(given)
    if not match or not (match["whole"] or match["part"]) or bool(match["bracket"]) != bool(match["close"]):
        raise ValueError(f"“{shown[:40]}” is not an amount. Enter pounds and pence, like 1,234.50")
    signs = [sign for sign in (match["bracket"], match["lead"], match["inner"], match["trail"]) if sign]
    if len(signs) > 1:
        raise ValueError(f"“{shown[:40]}” has more than one sign. Enter a credit as −12.00 or (12.00)")
    if len((match["part"] or "").rstrip("0")) > 2:
        raise ValueError(f"“{shown[:40]}” has more than two decimal places. Enter whole pence")
    whole = match["whole"].replace(",", "").lstrip("0")
    if len(whole) > 9:
        raise ValueError(f"“{shown[:40]}” is too large. The most that can be entered is £999,999,999.99")
    value = Decimal(f"{whole or 0}.{(match['part'] or '')[:2]:0<2}")
    return -value if signs and signs[0] != "+" else value


class MoneyFormField(forms.CharField):
    """A text box for pounds: takes £, commas, brackets or a trailing minus; gives Decimal or None."""

    def __init__(self, *, min_value: Decimal | None = None, max_value: Decimal | None = None, **kwargs: Any) -> None:
        kwargs.pop("max_digits", None)
        kwargs.pop("decimal_places", None)
        self.min_value, self.max_value = min_value, max_value
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("inputmode", "decimal")
        self.widget.attrs.setdefault("spellcheck", "false")
        self.widget.attrs.setdefault("autocomplete", "off")
        self.prefix_text = "£"

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values or (isinstance(value, str) and not value.strip()):
            return None
        if isinstance(value, Decimal):
            return value
        try:
            amount = read_amount(str(value))
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from None
        if self.min_value is not None and amount < self.min_value:
            raise ValidationError(f"Enter {in_words(self.min_value)} or more", code="min_value")
        if self.max_value is not None and amount > self.max_value:
            raise ValidationError(f"Enter {in_words(self.max_value)} or less", code="max_value")
        return amount

    def prepare_value(self, value: Any) -> Any:
        return f"{value:.2f}" if isinstance(value, Decimal) else value


class PenceField(models.Field):
    """Pounds as Decimal in Python, whole pence as a bigint in the database.

    SQLite keeps decimal columns as binary reals, in which 1.61 + 0.32 is not 1.93 and a check such
    as cost = net + VAT refuses correct rows. It is no IntegerField on purpose: arithmetic between
    columns that does not name `output_field=PenceField()` then raises, where it would have handed
    back raw pence as pounds.
    """

    description = "Pounds, stored as whole pence"
    empty_strings_allowed = False
    default_error_messages = {"invalid": "“%(value)s” is not an amount in pounds and pence."}

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else pounds(int(value))

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        if isinstance(value, bool | float):
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value})
        try:
            return Decimal(value).quantize(PENNY) if isinstance(value, int) else read_amount(str(value))
        except (ValueError, InvalidOperation):
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value}) from None

    def get_prep_value(self, value: Any) -> int | None:
        value = super().get_prep_value(value)
        if value is None or hasattr(value, "resolve_expression"):
            return value
        pounds_value = self.to_python(value)
        return None if pounds_value is None else pence(pounds_value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> int | None:
        return value if prepared else self.get_prep_value(value)

    def validators_for_size(self) -> list:
        return [MinValueValidator(-LARGEST), MaxValueValidator(LARGEST)]

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value, model_instance)
        if isinstance(value, Decimal):
            try:
                pence(value)
            except ValueError:
                raise ValidationError("Enter whole pence: no more than two decimal places.", code="pence") from None
            for validator in self.validators_for_size():
                validator(value)

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else f"{value:.2f}"

    def formfield(self, **kwargs: Any) -> forms.Field:
        return super().formfield(**{"form_class": MoneyFormField, **kwargs})
