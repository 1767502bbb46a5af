"""Any ledger, written in any dialect, reads back with its rows, its total, its dates and its duplicates."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.reading import LedgerReading, read_ledger
from tests.core.ledger_files import csv_bytes, ods_bytes, workbook_bytes

SUPPLIERS = (
    "Acme Ltd",
    "Bee, Sons & Co",
    "Total Gas & Power",
    "Café René",
    'O\'Dea "Elm" Ltd',
    "=SUM(A1)",
    "4Children",
)
DATE_FORMS: dict[str, Callable[[date], str]] = {
    "slashes": lambda day: f"{day:%d/%m/%Y}",
    "short": lambda day: f"{day:%d/%m/%y}",
    "dots": lambda day: f"{day.day}.{day.month}.{day.year}",
    "named": lambda day: f"{day.day} {day:%B %Y}",
    "dashes": lambda day: f"{day:%d-%b-%y}",
    "iso": lambda day: day.isoformat(),
    "clock": lambda day: f"{day.isoformat()} 00:00:00",
    "serial": lambda day: str((day - date(1899, 12, 30)).days),
    "american": lambda day: f"{day:%m/%d/%Y}",
}
CREDIT_FORMS: dict[str, Callable[[str], str]] = {
    "minus": lambda text: f"-{text}",
    "trailing": lambda text: f"{text}-",
    "brackets": lambda text: f"({text})",
    "true minus": lambda text: f"−{text}",
    "pound": lambda text: f"-£{text}",
    "CR": lambda text: f"{text} CR",
}
# The fifteenth and the twenty-eighth prove which comes first, day or month.
PROOF = (date(2023, 4, 15), date(2023, 4, 28))

payments = st.tuples(
    st.integers(0, 364).map(lambda days: date(2023, 4, 1) + timedelta(days=days)),
    st.sampled_from(SUPPLIERS),
    st.integers(-99_999_999, 99_999_999).map(lambda pence: Decimal(pence).scaleb(-2)),
)


@st.composite
def dialects(draw: st.DrawFn) -> dict:
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "cp437", "utf-16"]))
    # The old code pages have no true minus sign.
    credits = [name for name in CREDIT_FORMS if name != "true minus" or encoding.startswith("utf")]
    return {
        "encoding": encoding,
        "end": draw(st.sampled_from(["\r\n", "\n", "\r"])),
        "separator": draw(st.sampled_from([",", ";", "\t"])),
        "date": draw(st.sampled_from(sorted(DATE_FORMS))),
        "credit": draw(st.sampled_from(credits)),
        "thousands": draw(st.booleans()),
        "pounds": draw(st.booleans()),
        "titles": draw(st.integers(0, 3)),
        "blanks": draw(st.integers(0, 3)),
        "total": draw(st.sampled_from(["", "none", "Total", "Grand Total"])),
        "columns": draw(st.permutations(range(4))),
    }


def amount_text(amount: Decimal, how: dict) -> str:
    text = f"{abs(amount):,.2f}" if how["thousands"] else f"{abs(amount):.2f}"
    if amount < 0:
        return CREDIT_FORMS[how["credit"]](text)
    return f"£{text}" if how["pounds"] else text


def written(rows: list[tuple[date, str, Decimal]], how: dict) -> bytes:
    def arranged(*cells: str) -> list[str]:
        return [cells[column] for column in how["columns"]]

    lines = [["Payments to suppliers"] if title else [] for title in range(how["titles"])]
    lines.append(arranged("Payment date", "Supplier name", "Transaction no", "Net amount (£)"))
    for number, (day, supplier, amount) in enumerate(rows):
        # Every third row bears the number of the first, so that exact duplicates come about.
        document = "X0" if number % 3 == 0 else f"X{number}"
        lines.append(arranged(DATE_FORMS[how["date"]](day), supplier, document, amount_text(amount, how)))
    lines += [["", "", "", ""]] * how["blanks"]
    total = sum((amount for _, _, amount in rows), Decimal(0))
    if how["total"]:
        label = "" if how["total"] == "none" else how["total"]
        lines.append(arranged("", label, "", amount_text(total, how)))
    return csv_bytes(*lines, end=how["end"], encoding=how["encoding"], separator=how["separator"])


def documents(rows: list) -> list[str]:
    return ["X0" if number % 3 == 0 else f"X{number}" for number in range(len(rows))]


def assert_is(reading: LedgerReading, rows: list[tuple[date, str, Decimal]]) -> None:
    assert [(row.date, row.supplier, row.amount) for row in reading.rows] == rows
    assert reading.total == sum((amount for _, _, amount in rows), Decimal(0))
    assert reading.credits == sum(amount < 0 for _, _, amount in rows)
    assert reading.unreadable == ()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(payments, min_size=1, max_size=12), dialects())
def test_a_ledger_in_any_dialect_reads_back_to_the_penny(more, how):
    rows = [(day, "Acme Ltd", Decimal("1.00")) for day in PROOF] + more
    reading = read_ledger(written(rows, how), "ledger.csv")
    assert_is(reading, rows)
    whole = sum((amount for _, _, amount in rows), Decimal(0))
    assert reading.control_total == (whole if how["total"] else None)
    assert reading.blank_rows == how["blanks"] + (1 if how["titles"] else 0)
    repeated = sum(count - 1 for count in Counter(zip(rows, documents(rows), strict=True)).values())
    assert reading.exact_duplicates == repeated


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(payments, min_size=1, max_size=8), st.integers(0, 2), st.booleans())
def test_a_workbook_reads_back_to_the_penny_whatever_binary_does_to_its_amounts(more, titles, text):
    header = ("Date", "Supplier", "Amount")
    cells = [(day, supplier, f"{amount:,.2f}" if text else float(amount) + 1e-9) for day, supplier, amount in more]
    # A name that begins with = would be a formula here.
    cells = [(day, supplier.lstrip("="), amount) for day, supplier, amount in cells]
    expected = [(day, supplier.lstrip("="), amount) for day, supplier, amount in more]
    sheet = [("Payments to suppliers",)] * titles + [header, *cells]
    assert_is(read_ledger(workbook_bytes(sheet), "ledger.xlsx"), expected)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.integers(-(10**8), 10**8), st.integers(1, 4)), min_size=1, max_size=6))
def test_an_ods_counts_each_row_as_often_as_it_repeats(rows):
    def row(pence: int, times: int) -> str:
        return (
            f'<table:table-row table:number-rows-repeated="{times}">'
            '<table:table-cell office:value-type="date" office:date-value="2023-04-25"/>'
            '<table:table-cell office:value-type="string"><text:p>Acme</text:p></table:table-cell>'
            f'<table:table-cell office:value-type="float" office:value="{Decimal(pence).scaleb(-2)}"/>'
            "</table:table-row>"
        )

    heads = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{head}</text:p></table:table-cell>'
        for head in ("Date", "Supplier", "Amount")
    )
    data = ods_bytes(f"<table:table-row>{heads}</table:table-row>" + "".join(row(*one) for one in rows))
    reading = read_ledger(data, "ledger.ods")
    assert len(reading.rows) == sum(times for _, times in rows)
    assert reading.total == sum((Decimal(pence).scaleb(-2) * times for pence, times in rows), Decimal(0))
