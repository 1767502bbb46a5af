"""One thing that a return states: its key, value, unit, state, and what it rests on."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from core import money

FORMAT = 1
UNITS = ("money", "count", "scaled", "percent", "text", "date")
NUMERIC = ("money", "count", "scaled", "percent")
TYPES: dict[str, type] = {
    "money": Decimal, "count": int, "scaled": Decimal, "percent": Decimal, "text": str, "date": date,
}  # fmt: skip
# Markers of the Government Statistical Service's "Symbols in tables"; never a bare symbol or a colour.
MARKERS = {
    "c": "confidential: a small number is hidden",
    "x": "not available",
    "z": "not applicable",
    "p": "provisional",
    "r": "revised since it was last reported",
    "e": "estimated",
    "f": "forecast",
}
# States written out in words, since no marker is agreed for them.
WORDS = {
    "not declared": "the organisation has not yet said whether its spend of the quarter is complete",
    "not reconciled": "not agreed with the ledger of the organisation that keeps it",
    "missing": "was due and has not been received",
    "late": "received after the quarter's results closed",
    "nil": "the supplier has confirmed that there is nothing to report",
    "not due": "not asked for in this quarter",
    "too early": "the follow-up window has not ended",
}
STATES = {**MARKERS, **WORDS}
# With these the value itself is withheld or does not exist.
HIDING = ("c", "x", "z", "not declared", "missing", "not due", "too early")
ROW_KINDS = ("row", "subtotal", "total", "note")
LONDON = ZoneInfo("Europe/London")

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# Also what cannot be seen but splits a word in a search: soft hyphens, zero-width spaces, byte order marks.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u200b\ufeff\ud800-\udfff\ufffe\uffff]")

Value = Decimal | int | str | date | None


def slug(words: str) -> str:
    """A key's part made of a code or a title: "CHB-01 Starts" -> "chb-01-starts"."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if not made:
        raise ValueError(f"“{words}” has no letter or figure to make a key of")
    return made


def clean(text: str) -> str:
    """Text that every file format can carry: composed letters, \\n for every line end, no control characters."""
    text = re.sub(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", unicodedata.normalize("NFC", text))
    return "\n".join(line.rstrip() for line in _CONTROL.sub("", text).strip().split("\n"))


@dataclass(frozen=True)
class Figure:
    """One thing that the return states, by a key that never changes from one return to the next.

    `key` is kind/section/row/column. Money is pounds to the penny; a percent is in points
    (Decimal("12.5") is 12.5%). None needs a state that says why. `trace` leads to what lies under it,
    as references ("line:DAPF-000123", "result:CHB-01:2024-25-Q3").
    """

    key: str
    value: Value
    unit: str
    state: str = ""
    trace: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        parts = self.key.split("/")
        if len(parts) != 4 or not all(SLUG.fullmatch(part) for part in parts):
            raise ValueError(f"“{self.key}” is not a key of the form kind/section/row/column in lower-case slugs")
        if self.unit not in UNITS:
            raise ValueError(f"{self.key}: no unit “{self.unit}”")
        if self.state and self.state not in STATES:
            raise ValueError(f"{self.key}: no state “{self.state}”")
        if self.value is not None:
            object.__setattr__(self, "value", _exact(self.key, self.value, self.unit))
        if self.value is None and not self.state:
            raise ValueError(f"{self.key}: nothing to show and no state that says why")
        if self.value is not None and self.state in HIDING:
            raise ValueError(f"{self.key}: a value may not stand beside “{self.state}”")
        object.__setattr__(self, "trace", tuple(self.trace))

    @property
    def is_number(self) -> bool:
        return self.value is not None and self.unit in NUMERIC


def _exact(key: str, value: Value, unit: str) -> Value:
    """The value in the one form that it is hashed in; refuses a wrong type and parts of a penny."""
    wanted = TYPES[unit]
    if wanted is Decimal and type(value) is int:
        value = Decimal(value)
    if type(value) is not wanted:
        raise ValueError(f"{key}: {unit} is kept as {wanted.__name__}, not {type(value).__name__}")
    if isinstance(value, str):
        value = clean(value)
        if not value:
            raise ValueError(f"{key}: empty text. Give None and a state that says why, such as “z”")
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{key}: {value} is not a number")
        if unit == "money":
            if value != value.quantize(money.PENNY):
                raise ValueError(f"{key}: {value} is finer than a penny")
            value = value.quantize(money.PENNY)
        elif value.as_tuple().exponent > 0:  # type: ignore[operator]
            value = value.quantize(Decimal(1))
        value = abs(value) if value == 0 else value
    return value
