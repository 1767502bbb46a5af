"""What only shows across the sheets of a file: the same rows twice, months missing, dates far from the rest."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from core.money import in_words as pounds_in_words
from core.problems import Problem
from core.reading.dates import in_words
from core.reading.findings import counted, listed
from core.reading.ledger import LedgerRow, SheetReading

# A sheet of fewer rows that stands within another may be chance; a whole sheet twice is not.
FEWEST_WITHIN = 3
FAR_DAYS = 400


def without_repeats(sheets: Sequence[SheetReading]) -> tuple[list[SheetReading], list[Problem]]:
    """The sheets that count, and a Problem for each that repeats others: adding it would double the money."""
    kept: list[SheetReading] = []
    problems = []
    # The largest first, so that a sheet of the whole year is weighed before its months.
    for sheet in sorted(sheets, key=lambda sheet: -len(sheet.rows)):
        reason = _repeats(sheet, kept)
        if reason:
            problems.append(
                Problem("L6", f"Sheet “{sheet.name}” was not added: {reason}. Its rows count once.", False, sheet.name)
            )
        else:
            problems.extend(_partly_repeats(sheet, kept))
            kept.append(sheet)
    return [sheet for sheet in sheets if sheet in kept], problems


def _repeats(sheet: SheetReading, kept: Sequence[SheetReading]) -> str:
    for other in kept:
        # Cheap things first, since every sheet is weighed against every other.
        alike = sheet.rows and len(sheet.rows) == len(other.rows) and sheet.total == other.total
        if alike and _same_rows(sheet, other):
            return f"it holds the same rows as “{other.name}”"
    amounts = Counter(row.amount for other in kept for row in other.rows)
    within = Counter(row.amount for row in sheet.rows) <= amounts
    if within and len(sheet.rows) >= FEWEST_WITHIN and _dated(sheet):
        parts = _parts([sheet, *kept])
        if _rows_of([sheet], parts) <= _rows_of(kept, parts):
            return "all its rows stand on " + " and ".join(f"“{name}”" for name in _holders(sheet, kept))
    for others in [[other] for other in kept] + [list(kept)]:
        total = sum((other.total for other in others), Decimal(0))
        if kept and len(sheet.rows) > 1 and total and sheet.total == total:
            names = " and ".join(f"“{other.name}”" for other in others)
            return f"its {len(sheet.rows):,} rows come to the same {pounds_in_words(total)} as {names}"
    return ""


def _same_rows(sheet: SheetReading, other: SheetReading) -> bool:
    parts = _parts([sheet, other])
    return _rows_of([sheet], parts) == _rows_of([other], parts)


def _partly_repeats(sheet: SheetReading, kept: Sequence[SheetReading]) -> list[Problem]:
    problems = []
    for other in kept:
        if not (_dated(sheet) and _dated(other)):
            continue
        parts = _parts([sheet, other])
        shared = (_rows_of([sheet], parts) & _rows_of([other], parts)).total()
        if shared >= FEWEST_WITHIN and shared * 2 >= len(sheet.rows):
            problems.append(
                Problem(
                    "L20",
                    f"{shared:,} rows of sheet “{sheet.name}” also stand on “{other.name}”, and count on both. "
                    "If they are the same payments, read one sheet alone.",
                    False,
                    sheet.name,
                )
            )
    return problems


def _holders(sheet: SheetReading, kept: Sequence[SheetReading]) -> list[str]:
    parts = _parts([sheet, *kept])
    return [other.name for other in kept if _rows_of([sheet], parts) & _rows_of([other], parts)]


def _dated(sheet: SheetReading) -> bool:
    return sum(row.date is not None for row in sheet.rows) * 2 > len(sheet.rows)


def _parts(sheets: Sequence[SheetReading]) -> frozenset[str]:
    """The parts that all these sheets have a column for."""
    return frozenset.intersection(*(frozenset(sheet.columns) for sheet in sheets))


def _rows_of(sheets: Sequence[SheetReading], parts: frozenset[str]) -> Counter[tuple[object, ...]]:
    return Counter(_key(row, parts) for sheet in sheets for row in sheet.rows)


def _key(row: LedgerRow, parts: frozenset[str]) -> tuple[object, ...]:
    return (
        row.amount,
        row.date if "date" in parts else None,
        row.supplier.casefold() if "supplier" in parts else None,
        row.document.casefold() if "document" in parts else None,
    )


def coverage(rows: Sequence[LedgerRow]) -> list[Problem]:
    """Dates far from all others, then months between the first and last that hold no row at all."""
    dated = sorted(((row.date, row) for row in rows if row.date), key=lambda pair: pair[0])
    if not dated:
        return []
    middle = dated[len(dated) // 2][0]
    far = [(day, row) for day, row in dated if abs((day - middle).days) > FAR_DAYS]
    # A ledger of many years has no rows that are far from the rest.
    if len(far) * 20 > len(dated):
        far = []
    problems = [
        Problem(
            "L10",
            f"{row.where('date')} is dated {in_words(day)}, far from the other rows. Was the year mistyped?",
            False,
            row.where("date"),
        )
        for day, row in far[:5]
    ]
    if len(far) > 5:
        problems.append(Problem("L10", f"{len(far) - 5:,} more rows are dated far from the others.", False))
    distant = {day for day, _ in far}
    near = [day for day, _ in dated if day not in distant]
    missing = _missing_months(near)
    if missing:
        words = ", ".join(f"{month:%B %Y}" for month in missing[:12]) + (" and more" if len(missing) > 12 else "")
        problems.append(
            Problem(
                "L9",
                f"The rows run from {in_words(near[0])} to {in_words(near[-1])}, but none is dated in {words}. "
                "Check that the file is whole.",
                False,
            )
        )
    return problems


def duplicates(sheets: Sequence[SheetReading]) -> list[Problem]:
    """One warning for all rows that repeat another of their sheet exactly; they are real, and count."""
    repeated = [row for sheet in sheets for row in sheet.repeated]
    if not repeated:
        return []
    worth = pounds_in_words(sum((row.amount for row in repeated), Decimal(0)))
    rows = listed([row.where() if len(sheets) > 1 else row.row for row in repeated])
    return [
        Problem(
            "L5",
            f"{counted(len(repeated), 'row repeats', 'rows repeat')} another exactly, worth {worth}: {rows}. "
            "Ledgers do hold such rows, so they count; check that none was entered twice.",
            False,
            repeated[0].where(),
        )
    ]


def _missing_months(days: Sequence[date]) -> list[date]:
    have = {(day.year, day.month) for day in days}
    year, month = min(have)
    missing = []
    while (year, month) < max(have):
        if (year, month) not in have:
            missing.append(date(year, month, 1))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return missing
