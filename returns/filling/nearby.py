"""The words that stand near a cell, by which a person knows it, and the cells that a form leaves open."""

from collections.abc import Mapping
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


def names_of(book: Book, sheet: str) -> dict[Address, str]:
    """The words of a sheet that may name a cell. What stands in a cell that is itself left open is an answer."""
    xml, found = book.xml(sheet), {}
    for address, slot in xml.cells.items():
        value = book.value_of(slot)
        if not isinstance(value, str) or (xml.protected and not book.style_at(sheet, address).locked):
            continue
        if words := " ".join(value.split()):
            found[address] = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
    return found


def label_near(names: Mapping[Address, str], address: Address) -> str:
    """The nearest words to the left of a cell and the nearest above it: "Staff costs / Actual"."""
    row, column = address
    leftwards = ((row, at) for at in range(column - 1, max(0, column - _FAR_LEFT), -1))
    upwards = ((at, column) for at in range(row - 1, max(0, row - _FAR_UP), -1))
    left = next((names[one] for one in leftwards if one in names), "")
    above = next((names[one] for one in upwards if one in names), "")
    return " / ".join(dict.fromkeys(words for words in (left, above) if words))


def input_cells(book: Book, sheet: str) -> list[InputCell]:
    """The cells that the form leaves open, in reading order: of a protected sheet those that are not locked.

    A sheet without protection leaves every cell open; there, what holds words is taken for a label, and an empty
    cell for an input only where something stands to its left or above it.
    """
    xml, names, found = book.xml(sheet), names_of(book, sheet), []
    for address in sorted(xml.cells):
        if why_not(book, sheet, address):
            continue
        near = label_near(names, address)
        value = book.value_at(sheet, address)
        if xml.protected or (near and not isinstance(value, str)):
            found.append(InputCell(name_of(address), near, book.words_at(sheet, address)))
    return found
