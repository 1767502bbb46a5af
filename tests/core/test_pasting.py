"""Pasted from Excel: cells come back as they were copied, amounts and dates as they were meant."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import pounds
from core.pasting import cells, pasted_amount, pasted_day

D = Decimal
texts = st.text(st.sampled_from("ab1 \t\n\"',£()-−\u00a0"), max_size=8)
blocks = st.lists(st.lists(texts, min_size=1, max_size=5), max_size=6)


def on_the_clipboard(block: list[list[str]]) -> str:
    """A block of cells as a spreadsheet puts it on the clipboard."""

    def written(cell: str) -> str:
        in_quotes = "\t" in cell or "\n" in cell or cell.startswith('"')
        return '"' + cell.replace('"', '""') + '"' if in_quotes else cell

    return "".join("\t".join(written(cell) for cell in row) + "\r\n" for row in block)


@given(blocks)
def test_what_was_copied_comes_back_cell_for_cell(block: list[list[str]]) -> None:
    assert cells(on_the_clipboard(block)) == block


@given(blocks)
def test_the_line_ends_of_another_system_change_nothing(block: list[list[str]]) -> None:
    copied = on_the_clipboard(block)
    assert cells(copied.replace("\r\n", "\n")) == cells(copied.replace("\n", "\r\n").replace("\r\r\n", "\r\n")) == block


@given(st.text(st.sampled_from('a"\t\r\n')))
def test_no_text_whatever_is_refused(text: str) -> None:
    assert all(row for row in cells(text))


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("", []),
        ("a\tb", [["a", "b"]]),
        ("a\t\r\n\tb\r\n", [["a", ""], ["", "b"]]),
        ("a\t", [["a", ""]]),
        ("a\r\n\r\nb\r\n", [["a"], [""], ["b"]]),
        ('"two\nlines"\tb\r\n', [["two\nlines", "b"]]),
        ('"He said ""yes"""\tb', [['He said "yes"', "b"]]),
        ('5" pipe\t"as agreed"\r\n', [['5" pipe', '"as agreed"']]),
        ('"never closed\tb\r\n', [['"never closed', "b"]]),
    ],
)
def test_what_a_spreadsheet_copies(text: str, block: list[list[str]]) -> None:
    assert cells(text) == block


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("£1,234.50", D("1234.50")),
        (" £ 1,234.50 ", D("1234.50")),
        ("\u00a0£1,234.50\u00a0", D("1234.50")),
        ("(12.00)", D("-12.00")),
        ("£(12.00)", D("-12.00")),
        ("-£12.00", D("-12.00")),
        ("12.00-", D("-12.00")),
        ("−12", D("-12.00")),
        ("–12", D("-12.00")),
        ("12.00 CR", D("-12.00")),
        ("£-", D("0.00")),
        (" £-\u00a0\u00a0 ", D("0.00")),
        ("", None),
        ("\u00a0 ", None),
    ],
)
def test_an_amount_is_read_as_it_was_meant(text: str, amount: Decimal | None) -> None:
    assert pasted_amount(text) == amount


@given(st.integers(-(10**11) + 1, 10**11 - 1).map(pounds))
def test_every_amount_comes_back_in_each_way_of_writing_it(amount: Decimal) -> None:
    whole = f"{abs(amount):,.2f}"
    ways = (f"(£{whole})", f"{whole}-", f"-£{whole}", f"−{whole}") if amount < 0 else (whole, f"£{whole}", f"+{whole}")
    assert {pasted_amount(way) for way in ways} == {amount}


@pytest.mark.parametrize("text", ["12.345", "twelve", "(12", "--12", "#REF!", "1 200"])
def test_what_is_no_amount_is_refused_with_what_to_enter(text: str) -> None:
    with pytest.raises(ValueError, match="Enter pounds and pence"):
        pasted_amount(text)


@pytest.mark.parametrize(
    "text", ["03/04/2023", "3-Apr-23", "2023-04-03", "3 April 2023", " 03/04/2023 00:00 ", "2023-04-03 00:00:00"]
)
def test_a_date_is_read_day_first(text: str) -> None:
    assert pasted_day(text) == date(2023, 4, 3)


def test_an_empty_date_is_none_and_a_wrong_one_is_refused() -> None:
    assert pasted_day("\u00a0") is None
    with pytest.raises(ValueError, match="not a day of the calendar"):
        pasted_day("31/02/2023")
