"""What a spreadsheet puts on the clipboard is read cell by cell, whatever the cells hold."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.forms import read_day
from core.money import read_amount
from core.pasting import as_copied, cells

# What a cell can hold once it is tidied: one line, no space around it.
texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), max_size=12).map(
    lambda text: " ".join(unicodedata.normalize("NFC", text).split())
)


def test_rows_are_lines_and_cells_stand_between_tabs() -> None:
    assert cells("03/04/2023\tSupplier\t£1,234.50\r\n04/04/2023\t\t(12.00)\r\n") == [
        ["03/04/2023", "Supplier", "£1,234.50"],
        ["04/04/2023", "", "(12.00)"],
    ]


def test_a_cell_with_a_line_break_or_a_tab_is_one_cell() -> None:
    assert cells('"Sessions\nof June"\t"a\tb"\t"He said ""no"""\n') == [["Sessions of June", "a b", 'He said "no"']]


def test_inches_and_other_lone_quotation_marks_are_text() -> None:
    assert cells('Pipe 5" wide\t12') == [['Pipe 5" wide', "12"]]


def test_empty_rows_at_the_end_go_and_those_between_stay() -> None:
    assert cells("a\n\nb\n\t\n\n") == [["a"], [], ["b"]]
    assert cells("") == cells("\n\n") == []


def test_the_hard_spaces_of_a_web_page_are_spaces() -> None:
    assert cells("\u00a0£12.00\u00a0\tThe\u00a0Change Hub") == [["£12.00", "The Change Hub"]]


@given(st.lists(st.lists(texts, min_size=2, max_size=5), max_size=6))
def test_what_is_copied_is_what_is_read(rows: list[list[str]]) -> None:
    while rows and not any(rows[-1]):
        rows.pop()
    assert cells(as_copied(rows)) == rows


@pytest.mark.parametrize("text", ["£1,234.50", "(12.00)", "12.00-", "−3", "1234.5"])
def test_a_pasted_amount_is_read_as_a_typed_one(text: str) -> None:
    [[cell]] = cells(f" {text}\u00a0")
    assert read_amount(cell) == read_amount(text)


@pytest.mark.parametrize("text", ["03/04/2023", "3-Apr-23", "2023-04-03", "3 April 2023"])
def test_a_pasted_date_is_read_as_a_typed_one(text: str) -> None:
    [[cell]] = cells(f"{text}\r\n")
    assert read_day(cell).isoformat() == "2023-04-03"
