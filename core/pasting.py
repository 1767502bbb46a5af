"""What a spreadsheet puts on the clipboard, as rows of cells."""

import csv
import io
import unicodedata


def cells(text: str) -> list[list[str]]:
    """The rows of cells that were copied: tabs between cells, lines between rows, quotation marks as Excel sets them.

    Excel puts a cell into quotation marks where it holds a line break or a tab, and doubles the marks within. Space
    around a cell goes, and so do rows that are wholly empty at the end; empty rows between others stay.
    """
    rows = [[_tidied(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter="\t")]
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def as_copied(rows: list[list[str]]) -> str:
    """The same rows as Excel would put them on the clipboard; the mirror of `cells`."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter="\t", lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def _tidied(cell: str) -> str:
    """A cell in one line, without space around it: boxes of a page hold one line each."""
    return " ".join(unicodedata.normalize("NFC", cell).replace("\u00a0", " ").split())
