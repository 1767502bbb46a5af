"""The words that stand near a cell, by which a person knows it, and the cells that a form leaves open."""

from dataclasses import dataclass

from returns.filling.book import Book
from returns.filling.cells import Address, name_of
from returns.filling.mapping import why_not

_FAR_LEFT, _FAR_UP, _LONGEST = 12, 60, 120


@dataclass(frozen=True)
class InputCell:
    """A cell that can be filled."""

    cell: str
    near: str
    value: str


def label_near(book: Book, sheet: str, address: Address) -> str:
    """The nearest words to the left of a cell and the nearest above it: "Staff costs / Actual"."""
    row, column = address
    leftwards = ((row, at) for at in range(column - 1, max(0, column - _FAR_LEFT), -1))
    upwards = ((at, column) for at in range(row - 1, max(0, row - _FAR_UP), -1))
    left = next((words for one in leftwards if (words := _text(book, sheet, one))), "")
    above = next((words for one in upwards if (words := _text(book, sheet, one))), "")
    return " / ".join(dict.fromkeys(words for words in (left, above) if words))


def _text(book: Book, sheet: str, address: Address) -> str:
    value = book.value_at(sheet, address)
    # What stands in a cell that is itself left open is an answer, and names nothing.
    opened = book.xml(sheet).protected and not book.style_at(sheet, address).locked
    if opened or not isinstance(value, str) or not value.strip():
        return ""
    words = " ".join(value.split())
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def input_cells(book: Book, sheet: str) -> list[InputCell]:
    """The cells that the form leaves open, in reading order: of a protected sheet those that are not locked.

    A sheet without protection leaves every cell open; there, what holds words is taken for a label, and an empty
    cell for an input only where something stands to its left or above it.
    """
    xml = book.xml(sheet)
    found = []
    for address in sorted(xml.cells):
        if why_not(book, sheet, address):
            continue
        near = label_near(book, sheet, address)
        value = book.value_at(sheet, address)
        if xml.protected or (near and not isinstance(value, str)):
            found.append(InputCell(name_of(address), near, book.words_at(sheet, address)))
    return found
