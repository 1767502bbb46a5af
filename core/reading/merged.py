"""Merged cells: what they hide is not read, what they show holds for every row that they cover."""

from dataclasses import replace

from core.reading.cells import Cell, Sheet, address, is_blank, trimmed


def without_hidden_values(sheet: Sheet) -> tuple[Sheet, dict[tuple[int, int], Cell], list[str]]:
    """The sheet cleared of hidden values, what each covered cell shows, and the addresses that were cleared.

    A workbook keeps the old value of a cell that was merged into another; nobody sees it, and adding
    it would count money that the sheet does not show.
    """
    rows = [list(cells) for cells in sheet.rows] if sheet.merged else sheet.rows
    shown: dict[tuple[int, int], Cell] = {}
    cleared = []
    for (top, left), (bottom, right) in sheet.merged:
        if top >= len(rows):
            continue
        first = rows[top][left] if left < len(rows[top]) else ""
        for row in range(top, min(bottom + 1, len(rows))):
            if row > top:
                shown[row, left] = first
            for column in range(left, min(right + 1, len(rows[row]))):
                if (row, column) != (top, left) and not is_blank(rows[row][column]):
                    cleared.append(address(row, column))
                    rows[row][column] = ""
    if cleared:
        rows = [trimmed(cells) for cells in rows]
    return replace(sheet, rows=rows), shown, cleared
