"""Hiding small numbers so that they cannot be worked out from what is shown. Pure and deterministic.

`protect` is given counts that might be shown and the equations between them that a reader knows: a
breakdown's rows make its headline, the caseload identity. It hides what is below the threshold and then
as much more as is needed. What it promises of each hidden number: at least two values fit all that is shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

Key = tuple[str, ...]
Equation = Mapping[Key, int]
Row = dict[Key, int | Fraction]
_FAR = 10**12


@dataclass(frozen=True)
class Guard:
    """Counts under `below` are hidden, the others rounded to the nearest `round_to`."""

    below: int
    round_to: int = 1

    def rounded(self, value: int) -> int:
        return self.round_to * ((2 * value + self.round_to) // (2 * self.round_to))


# The 10-5 rule of the Office for National Statistics. The board sets its own level.
PUBLIC = Guard(10, 5)


def rate_is_hidden(numerator: int, denominator: int, guard: Guard) -> bool:
    """A rate on few people, or one that leaves few out: either would tell about them."""
    return min(numerator, denominator, abs(denominator - numerator)) < guard.below


def protect(
    values: Mapping[Key, int],
    equations: Iterable[Equation],
    guard: Guard,
    *,
    shown_before: frozenset[Key] = frozenset(),
    hidden_before: frozenset[Key] = frozenset(),
    unshown: frozenset[Key] = frozenset(),
) -> frozenset[Key]:
    """The keys to hide. What was shown in an earlier report stays shown; new figures give way to it.

    `unshown` figures are published nowhere and need no protection of their own: what one count is more than
    another that it cannot be less than.

    Each equation's signed terms come to nought. It assumes the worst reader: one who also knows
    which of the hidden are below the threshold and which were hidden only to protect them.
    """
    rows = [row for row in (_known(equation, values) for equation in equations) if row]
    hidden = {key for key, value in values.items() if value < guard.below and key not in shown_before}
    hidden |= hidden_before | (unshown & values.keys())
    while True:
        solved = _determined(rows, hidden, unshown) or _squeezed(values, rows, hidden, guard, unshown)
        more = _next_to_hide(solved, values, rows, hidden | shown_before)
        if not more:
            return frozenset(hidden)
        hidden |= more


def breakdown(cells: Sequence[int], guard: Guard) -> tuple[tuple[int | None, ...], int | None]:
    """One table with its total: the cells and the total as they may be shown, None where hidden."""
    keys = [("cell", f"{place:03d}") for place in range(len(cells))]
    whole: Key = ("total",)
    values = {**dict(zip(keys, cells, strict=True)), whole: sum(cells)}
    hidden = protect(values, [{**dict.fromkeys(keys, 1), whole: -1}], guard)
    shown = {key: None if key in hidden else guard.rounded(value) for key, value in values.items()}
    return tuple(shown[key] for key in keys), shown[whole]


def _known(equation: Equation, values: Mapping[Key, int]) -> Equation | None:
    """The equation if all its terms have a value and it holds; others tell a reader nothing certain."""
    if any(key not in values for key in equation):
        return None
    if sum(sign * values[key] for key, sign in equation.items()) != 0:
        return None
    return equation


def _next_to_hide(
    solved: set[Key], values: Mapping[Key, int], rows: Sequence[Equation], taken: set[Key] | frozenset[Key]
) -> set[Key]:
    """The smallest figure still shown in an equation with one that can be worked out; ties by key.

    A total is hidden last: it is what readers need most. Cells of a breakdown that tie go together, since
    which of them was chosen would tell which comes first.
    """
    free = {key for row in rows if solved & row.keys() for key in row} - taken
    if not free and solved:
        reach = _reachable(solved, rows)
        free = {key for row in rows if reach & row.keys() for key in row} - taken
    if not free:
        return set()
    first = min(free, key=lambda key: (key[0] != "cell", values[key], key))
    if first[0] != "cell":
        return {first}
    return {key for key in free if key[0] == "cell" and values[key] == values[first]}


def _reachable(start: set[Key], rows: Sequence[Equation]) -> set[Key]:
    found = set(start)
    grown = True
    while grown:
        more = {key for row in rows if found & row.keys() for key in row}
        grown = not more <= found
        found |= more
    return found


def _determined(rows: Sequence[Equation], hidden: set[Key], unshown: frozenset[Key]) -> set[Key]:
    """The hidden figures that follow exactly from the equations and what is shown."""
    unknown = [{key: sign for key, sign in row.items() if key in hidden} for row in rows]
    alone = {key for row in unknown if len(row) == 1 for key in row} - unshown
    # Most are found so; only where none is left need the equations be solved together.
    return alone or {key for key, row in _solved(unknown).items() if len(row) == 1} - unshown


def _solved(rows: Iterable[Row]) -> dict[Key, Row]:
    """The equations in reduced form: of each key that leads one, its row, in which no other leading key stands."""
    leads: dict[Key, Row] = {}
    for given in rows:
        row = dict(given)
        while (lead := next((key for key in row if key in leads), None)) is not None:
            _take_out(lead, row, leads[lead])
        if not row:
            continue
        lead = next(iter(row))
        row = _led_by(lead, row)
        for other in leads.values():
            if lead in other:
                _take_out(lead, other, row)
        leads[lead] = row
    return leads


def _led_by(lead: Key, row: Row) -> Row:
    """The row with 1 before its leading key; whole numbers stay whole, since fractions are slow."""
    factor = row[lead]
    if factor in (1, -1):
        return {key: number * factor for key, number in row.items()}
    return {key: Fraction(number) / factor for key, number in row.items()}


def _take_out(lead: Key, row: Row, by: Row) -> None:
    """Rid a row of a key by means of the row that the key leads with 1."""
    factor = row[lead]
    for key, number in by.items():
        left = row.get(key, 0) - factor * number
        if left:
            row[key] = left
        else:
            row.pop(key, None)


def _squeezed(
    values: Mapping[Key, int], rows: Sequence[Equation], hidden: set[Key], guard: Guard, unshown: frozenset[Key]
) -> set[Key]:
    """The hidden figures whose bounds leave a single value: 0 + 0 = 0, or 4 + 4 = 8 below five."""
    low = {key: 0 if values[key] < guard.below or key in unshown else guard.below for key in hidden}
    high = {key: _FAR if values[key] >= guard.below or key in unshown else guard.below - 1 for key in hidden}
    for row in rows:
        _bound_by_choice(row, values, hidden - unshown, high, guard)
    for _ in range(len(rows) + 1):
        changed = False
        for row in rows:
            changed |= _tighten(row, values, hidden, low, high)
        if not changed:
            break
    return {key for key in hidden - unshown if low[key] == high[key]}


def _bound_by_choice(
    row: Equation, values: Mapping[Key, int], hidden: set[Key], high: dict[Key, int], guard: Guard
) -> None:
    """What was hidden to protect others was the smallest: a reader knows it to be below every cell still shown."""
    shown = [values[key] for key in row if key[0] == "cell" and key not in hidden]
    least = min(shown, default=_FAR)
    for key in row:
        if key in hidden and key[0] == "cell" and guard.below <= values[key] < least:
            high[key] = min(high[key], least - 1)


def _tighten(
    row: Equation, values: Mapping[Key, int], hidden: set[Key], low: dict[Key, int], high: dict[Key, int]
) -> bool:
    """Narrow the bounds of an equation's hidden figures by those of the others in it."""
    unknown = [(key, sign) for key, sign in row.items() if key in hidden]
    known = sum(sign * values[key] for key, sign in row.items() if key not in hidden)
    least = sum(sign * (low[key] if sign > 0 else high[key]) for key, sign in unknown)
    most = sum(sign * (high[key] if sign > 0 else low[key]) for key, sign in unknown)
    changed = False
    for key, sign in unknown:
        own_least = sign * (low[key] if sign > 0 else high[key])
        own_most = sign * (high[key] if sign > 0 else low[key])
        smallest, largest = -known - (most - own_most), -known - (least - own_least)
        new_low, new_high = (smallest, largest) if sign > 0 else (-largest, -smallest)
        if abs(sign) == 1 and (new_low > low[key] or new_high < high[key]):
            low[key], high[key] = max(low[key], new_low), min(high[key], new_high)
            changed = True
    return changed
