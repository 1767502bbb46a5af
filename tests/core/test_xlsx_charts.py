"""Charts that Excel draws: their cells, the figures cached in them, their words, and the same bytes each time."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest

from core.workbook import Book, Cell, Line, Sheet, build
from core.xlsx_charts import Graph, with_words

D = Decimal
ROWS = (("The Change Hub", "100.00", "90.50"), ("Goodman", "50.00", "[c]"), ("Reflect", "25.00", "-3.00"))
GRAPH = Graph("Plan & actual", "bar", (0, 1, 2), (1, 2), 0, words="Plan and actual. The figures stand above <it>.")


def sheet(graph: Graph | None = GRAPH) -> Sheet:
    def cell(text: str) -> Cell:
        return Cell(text) if text.startswith("[") else Cell(D(text), "money")

    lines = tuple(Line((Cell(name), cell(plan), cell(actual))) for name, plan, actual in ROWS)
    return Sheet("Summary", "Summary", ("An intro.",), ("Project", "Plan", "Actual"), lines, graph=graph)


def built(*sheets: Sheet) -> zipfile.ZipFile:
    book = Book("T", "A", "S", datetime(2024, 7, 1, tzinfo=UTC), sheets)
    assert build(book) == build(book)
    return zipfile.ZipFile(io.BytesIO(build(book)))


def chart_of(archive: zipfile.ZipFile, number: int = 1) -> str:
    return archive.read(f"xl/charts/chart{number}.xml").decode()


def test_each_series_names_its_cells_and_holds_what_stands_in_them() -> None:
    archive = built(sheet())
    xml = chart_of(archive)
    assert re.findall(r"<f>([^<]+)</f>", xml) == [
        "'Summary'!$B$3", "'Summary'!$A$4:$A$6", "'Summary'!$B$4:$B$6",
        "'Summary'!$C$3", "'Summary'!$A$4:$A$6", "'Summary'!$C$4:$C$6",
    ]  # fmt: skip
    values = re.findall(r"<val>.*?</val>", xml)
    assert [re.findall(r'idx="(\d)"[^>]*><v>([^<]+)</v>', part) for part in values] == [
        [("0", "100"), ("1", "50"), ("2", "25")],
        [("0", "90.5"), ("2", "-3")],
    ], "What is hidden is a gap."
    book = openpyxl.load_workbook(io.BytesIO(archive.fp.getvalue()))  # type: ignore[union-attr]
    assert [cell.value for cell in book["Summary"]["B"][3:6]] == [D("100"), D("50"), D("25")]
    assert len(book["Summary"]._charts) == 1


def test_a_chart_bears_words_for_who_does_not_see_it() -> None:
    drawing = built(sheet()).read("xl/drawings/drawing1.xml").decode()
    assert 'descr="Plan and actual. The figures stand above &lt;it&gt;."' in drawing


def test_the_words_go_to_the_chart_of_their_own_sheet() -> None:
    other = replace(sheet(replace(GRAPH, words="The other")), name="Other")
    archive = built(sheet(None), sheet(), other)
    drawings = [archive.read(f"xl/drawings/drawing{at}.xml").decode() for at in (1, 2)]
    assert "stand above" in drawings[0] and 'descr="The other"' in drawings[1]
    with pytest.raises(RuntimeError):
        with_words("<nothing/>", ["words"])


def test_rows_can_be_the_series_and_need_not_be_neighbours() -> None:
    by_rows = chart_of(built(sheet(replace(GRAPH, shape="line", by_columns=False, rows=(0, 2)))))
    assert "'Summary'!$B$4:$C$4" in by_rows and "'Summary'!$B$6:$C$6" in by_rows and "$5" not in by_rows
    apart = chart_of(built(sheet(replace(GRAPH, rows=(0, 2)))))
    assert "('Summary'!$B$4,'Summary'!$B$6)" in apart


def test_a_sheet_without_rows_has_no_chart() -> None:
    archive = built(replace(sheet(), lines=(), empty="Nothing."))
    assert not [name for name in archive.namelist() if "chart" in name]


def test_a_chart_that_would_be_cut_in_print_begins_a_page() -> None:
    long = replace(sheet(), lines=sheet().lines * 12)
    assert b"rowBreaks" in built(long).read("xl/worksheets/sheet1.xml")
    assert b"rowBreaks" not in built(sheet()).read("xl/worksheets/sheet1.xml")
