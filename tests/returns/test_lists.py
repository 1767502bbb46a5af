"""Rows as a sheet: nothing is left blank, and what is cut says so."""

from decimal import Decimal

from core.workbook import LONGEST_TEXT, Cell
from returns.lists import listed


def test_a_blank_is_a_dash_and_a_number_stays_one() -> None:
    sheet = listed("A", "B", (), ("One", "Two", "Three"), [("", None, Cell(Decimal("1.50"), "money"))], "None.")
    assert [cell.value for cell in sheet.lines[0].cells] == ["–", "–", Decimal("1.50")]


def test_words_that_no_cell_shows_are_cut_and_say_so() -> None:
    long = "word " * LONGEST_TEXT
    [line] = listed("A", "B", (), ("One",), [(long,)], "None.").lines
    shown = str(line.cells[0].value)
    assert shown.endswith("[…]") and long.startswith(shown.removesuffix(" […]"))


def test_without_rows_its_sentence_stands_in_their_place() -> None:
    sheet = listed("A", "B", ("Intro",), ("One",), [], "Nothing.")
    assert (sheet.lines, sheet.empty, sheet.intro) == ((), "Nothing.", ("Intro",))
