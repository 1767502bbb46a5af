"""A figure of a return as a cell of the funder's takes it: by the cell's own format, and by what it allows."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from core.money import round_to_pound
from returns.content import Figure, Value, date_words, figure_words
from returns.filling.book import Book, CellStyle
from returns.filling.cells import EMPTY, TEXT_MOST, Validation, Written
from returns.filling.formulas import Rests, rests_of
from returns.filling.mapping import Target

_LONGEST_NAMED = 8


def written(figure: Figure, target: Target, book: Book) -> Written:
    """What is written. ValueError, in words, where the cell's format would show something else than the figure.

    A figure that the return withholds or does not have empties the cell: the template's own value would be taken
    for the return's.
    """
    value, style = figure.value, book.style_at(target.sheet, target.address)
    if value is None:
        return EMPTY
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Decimal | int):
        return _number(figure, Decimal(value), style, whole_pounds=target.whole_pounds)
    return Written("number", str(book.serial_of(value))) if style.is_day else Written("text", date_words(value))


def _text(value: str) -> Written:
    length = len(value.encode("utf-16-le")) // 2
    if length > TEXT_MOST:
        raise ValueError(f"the text has {length:,} signs, and a cell takes {TEXT_MOST:,}. Shorten it in a revision")
    return Written("text", value)


def _number(figure: Figure, value: Decimal, style: CellStyle, *, whole_pounds: bool) -> Written:
    if style.is_day:
        raise ValueError(f"the cell shows dates, and the figure is {figure_words(figure)}. Map another cell or figure")
    if figure.unit == "percent":
        return Written("number", plain(value.scaleb(-2) if style.is_percent else value))
    if style.is_percent:
        raise ValueError(f"the cell shows percentages, and the figure is {figure_words(figure)}. Map another figure")
    return Written("number", plain(round_to_pound(value) if whole_pounds and figure.unit == "money" else value))


def plain(value: Decimal) -> str:
    """A number as a workbook stores it: Decimal("1200.50") -> "1200.5"."""
    return f"{value.normalize():f}" if value else "0"


def shown(figure: Figure, target: Target) -> str:
    """What the cell will say, in the words of the return."""
    if target.whole_pounds and figure.unit == "money" and isinstance(figure.value, Decimal):
        return f"{'−' if figure.value < 0 else ''}£{abs(round_to_pound(figure.value)):,}"
    return figure_words(figure)


# What the cell allows


def not_allowed(figure: Figure, what: Written, target: Target, book: Book) -> Iterator[tuple[str, bool]]:
    """What the cell's own rule has against the value: words, and whether they stop the filling."""
    if what is EMPTY:
        return
    for rule in book.xml(target.sheet).validations:
        if any(target.address in area for area in rule.areas):
            yield from _against(rule, figure, what, target, book)


def _against(rule: Validation, figure: Figure, what: Written, target: Target, book: Book) -> Iterator[tuple[str, bool]]:
    if rule.type == "list":
        allowed = choices(rule.first, target.sheet, book)
        if allowed is None:
            yield "its drop-down list is worked out by a formula, and was not checked.", False
        elif not any(_is_choice(what, choice) for choice in allowed):
            few = ", ".join(f"“{choice}”" for choice in allowed[:_LONGEST_NAMED])
            more = f" and {len(allowed) - _LONGEST_NAMED} more" if len(allowed) > _LONGEST_NAMED else ""
            yield f"“{what.value[:60]}” is not in its drop-down list: {few}{more}. Map a figure that is.", True
    elif rule.type in ("whole", "decimal", "date", "time") and what.kind != "number":
        yield f"it takes a number, and “{what.value[:60]}” is text. Map another figure.", True
    elif rule.type == "whole" and Decimal(what.value) % 1:
        pounds = " Let the map write it in whole pounds." if figure.unit == "money" else " Map another figure."
        yield f"it takes whole numbers, and the figure is {figure_words(figure)}.{pounds}", True
    elif rule.type in ("whole", "decimal", "date", "textLength"):
        length = Decimal(len(what.value.encode("utf-16-le")) // 2)
        yield from _bounds(rule, length if rule.type == "textLength" else Decimal(what.value))
    elif rule.type == "custom":
        yield "it has a rule of the funder’s own, which was not checked.", False


def _bounds(rule: Validation, value: Decimal) -> Iterator[tuple[str, bool]]:
    try:
        first = Decimal(rule.first)
        second = Decimal(rule.second) if rule.operator in ("between", "notBetween") else first
    except InvalidOperation:
        yield "its bounds are worked out by a formula, and were not checked.", False
        return
    holds = {
        "between": first <= value <= second,
        "notBetween": not first <= value <= second,
        "equal": value == first,
        "notEqual": value != first,
        "lessThan": value < first,
        "lessThanOrEqual": value <= first,
        "greaterThan": value > first,
        "greaterThanOrEqual": value >= first,
    }
    if holds.get(rule.operator, True):
        return
    if rule.type == "textLength":
        yield f"the text has {value:,} signs, which its rule does not take ({_rule_words(rule)}). Shorten it.", True
    else:
        yield f"{plain(value)} is not what its rule takes ({_rule_words(rule)}). Map another figure.", True


_OPERATORS = {
    "between": "between {} and {}", "notBetween": "not between {} and {}", "equal": "{}", "notEqual": "not {}",
    "lessThan": "less than {}", "lessThanOrEqual": "at most {}", "greaterThan": "more than {}",
    "greaterThanOrEqual": "at least {}",
}  # fmt: skip


def _rule_words(rule: Validation) -> str:
    return _OPERATORS.get(rule.operator, "{}").format(rule.first, rule.second)


def _is_choice(what: Written, choice: str) -> bool:
    if what.kind == "number":
        try:
            return Decimal(choice.strip()) == Decimal(what.value)
        except InvalidOperation:
            return False
    return choice.strip() == what.value.strip()


def choices(formula: str, sheet: str, book: Book) -> list[str] | None:
    """The entries of a drop-down list; None where only Excel can tell them."""
    if formula.startswith('"'):
        return [part.strip() for part in formula.strip('"').replace('""', '"').split(",")]
    rests: Rests = rests_of(formula, sheet, book)
    plain_range = "(" not in formula and "[" not in formula and "(" not in _named(formula, sheet, book)
    if not plain_range or rests.anything or rests.volatile or len(rests.areas) != 1:
        return None
    [(named, area)] = rests.areas
    xml = book.xml(named)
    there = [address for address in sorted(xml.cells) if address in area]
    return [words for address in there if (words := _entry(book, named, address))]


def _entry(book: Book, sheet: str, address: tuple[int, int]) -> str:
    value: Value | bool = book.value_at(sheet, address)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return plain(value) if isinstance(value, Decimal) else str(value or "")


def _named(formula: str, sheet: str, book: Book) -> str:
    """What a defined name stands for, or nothing where the formula is none."""
    key = formula.casefold()
    return book.names.get((sheet.casefold(), key), book.names.get(("", key), ""))
