"""Workbooks: the same bytes for the same blocks, accessible, and nothing in a cell that is not what it says."""

import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import ironcalc
import openpyxl
import pytest
import python_calamine

from core.workbook import Book, Cell, Line, Sheet, build, defined_name, portions, sheet_names

DANGEROUS = ("=1+1", "+1", "-1", "@SUM(A1)", "#N/A", "'quoted", "=cmd|' /C calc'!A0")


def book() -> Book:
    money = [Decimal("10.10"), Decimal("-1234567.89"), Decimal("0.01"), Decimal("7.00")]
    lines = [Line((Cell(f"Project {n}"), Cell(m, "money", name=f"fig.t.p{n}"))) for n, m in enumerate(money)]
    half = sum(money[:2])
    lines.insert(2, Line((Cell("Half"), Cell(half, "money", sum_of=(0, 1))), "subtotal"))
    lines.append(Line((Cell("All"), Cell(sum(money), "money", "[e]", "fig.t.all", sum_of=(0, 1, 3, 4))), "total"))
    mixed = (
        Line((Cell("Count"), Cell(1204, "count"))),
        Line((Cell("Share"), Cell(Decimal("57.14"), "percent", "[e]"))),
        Line((Cell("Days"), Cell(Decimal("-8.50"), "scaled"))),
        Line((Cell("Due"), Cell(date(2025, 1, 29), "date"))),
        Line((Cell("Hidden"), Cell("[c]"))),
        *(Line((Cell(f"Text {n}"), Cell(text))) for n, text in enumerate(DANGEROUS)),
    )
    return Book(
        title="Return & claim",
        author="Police, Fire and Crime Commissioner for Essex",
        subject="Q1",
        moment=datetime(2025, 4, 9, 13, 5, tzinfo=UTC),
        sheets=(
            Sheet("Summary", "Summary by project", ("Grant only.",), ("Project", "Actual"), tuple(lines)),
            Sheet("summary", "Others", (), ("Item", "Value"), mixed),
            Sheet("Empty", "Accruals", ("Grant only.",), ("A", "B"), (), empty="Nil."),
        ),
        head="DRAFT & so on",
        foot="R1",
    )


@pytest.fixture(scope="module")
def made() -> bytes:
    return build(book())


@pytest.fixture
def opened(made: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(made))


def test_the_same_book_gives_the_same_bytes(made, time_machine):
    time_machine.move_to("2031-05-06T07:08:09Z")
    assert build(book()) == made


def test_another_book_gives_other_bytes(made):
    assert build(replace(book(), title="Another")) != made


def test_the_parts_of_the_file_bear_one_fixed_time_in_sorted_order(made):
    with zipfile.ZipFile(io.BytesIO(made)) as file:
        names = file.namelist()
        assert names == sorted(names)
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2025-04-09T13:05:00Z</dcterms:modified>" in file.read("docProps/core.xml")


def test_formulas_keep_the_value_for_readers_that_do_not_calculate(made):
    kept = openpyxl.load_workbook(io.BytesIO(made), data_only=True)["Summary"]
    assert kept["B9"].value == pytest.approx(-1234550.78)
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(made)).get_sheet_by_name("Summary")
    assert sheet.to_python()[-1] == ["All", pytest.approx(-1234550.78)]


def test_a_total_adds_the_rows_and_not_their_subtotals(opened):
    assert opened["Summary"]["B6"].value == "=SUM(B4:B5)"
    assert opened["Summary"]["B9"].value == "=SUM(B4:B5,B7:B8)"


def test_the_kept_values_are_what_a_calculator_finds(made, tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(made)
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    model.evaluate()
    kept = openpyxl.load_workbook(path, data_only=True)["Summary"]
    for row in (6, 9):
        assert model.get_cell_value(0, row, 2) == pytest.approx(kept.cell(row, 2).value, abs=1e-6)
    model.set_user_input(0, 4, 2, "20.10")
    model.evaluate()
    assert model.get_cell_value(0, 9, 2) == pytest.approx(kept["B9"].value + 10, abs=1e-6)


def test_what_looks_like_a_formula_stays_text(opened):
    cells = [row[1] for row in opened["summary 2"].iter_rows(min_row=8)]
    assert [cell.value for cell in cells] == list(DANGEROUS)
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.quotePrefix for cell in cells if cell.value[0] in "=+-@'")


def test_values_keep_their_kind_and_the_mark_stands_in_the_format(opened):
    sheet = opened["summary 2"]
    assert sheet["B3"].value == 1204
    assert sheet["B4"].value == pytest.approx(0.5714)
    assert sheet["B4"].number_format == '0.00%" [e]";[Red]-0.00%" [e]"'
    assert sheet["B5"].number_format == "#,##0.00;[Red]-#,##0.00"
    assert sheet["B6"].value == datetime(2025, 1, 29)
    assert opened["Summary"]["B5"].number_format == '"£"#,##0.00;[Red]-"£"#,##0.00'


def test_every_sheet_is_accessible(opened):
    """The Analysis Function's checklist, as far as a file can show it."""
    assert len({name.lower() for name in opened.sheetnames}) == len(opened.sheetnames)
    for sheet in opened:
        assert sheet["A1"].value
        assert not sheet.merged_cells.ranges
        assert sheet.sheet_view.selection[0].activeCell == "A1"
        assert sheet.freeze_panes is None
        assert sheet.auto_filter.ref is None
        assert len(sheet.tables) <= 1
        assert all(row[0].value is not None for row in sheet.iter_rows()), "a blank row"
        for table in sheet.tables.values():
            assert table.headerRowCount == 1
            assert table.autoFilter is None
            cells = [cell for row in sheet[table.ref] for cell in row]
            assert all(cell.value is not None for cell in cells)
            assert table.ref.endswith(f"{sheet.max_row}")
    assert [sheet.sheet_view.tabSelected for sheet in opened] == [True, False, False]
    about = opened.properties
    assert (about.title, about.creator, about.language) == ("Return & claim", book().author, "en-GB")


def test_a_sheet_prints_on_one_width_with_its_headings_repeated(opened):
    sheet = opened["Summary"]
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$3:$3"
    assert sheet.oddHeader.right.text == "DRAFT && so on"


def test_an_empty_table_is_a_sentence(opened):
    assert [row[0].value for row in opened["Empty"].iter_rows()] == ["Accruals", "Grant only.", "Nil."]


def test_figures_can_be_found_by_name(opened):
    found = opened.defined_names["fig.t.all"]
    assert list(found.destinations) == [("Summary", "$B$9")]


def test_a_name_never_looks_like_a_cell():
    assert defined_name("claim/summary/chb-01/r1c1") == "fig.claim.summary.chb_01.r1c1"
    with pytest.raises(ValueError, match="cannot be a name"):
        defined_name("claim/summary/Ünwise/x")


def test_sheet_names_are_short_plain_and_different():
    long = "Expenditure by project and heading, 2024-25"
    made = sheet_names([long, long.upper(), "a/b:c*d?[e]\\", "'", "History"])
    assert made == [
        "Expenditure by project and head", "EXPENDITURE BY PROJECT AND HE 2", "a b c d e", "Sheet", "History 2",
    ]  # fmt: skip
    assert all(len(name) <= 31 for name in made)


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        (Sheet("S", "T", (), ("A", "a"), (Line((Cell("x"), Cell("y"))),)), "a heading of its own"),
        (Sheet("S", "T", (), ("A", "B"), (Line((Cell("x"),)),)), "1 cells under 2"),
        (Sheet("S", "T", (), ("A",), (Line((Cell(""),)),)), "a blank cell"),
    ],
)
def test_what_would_be_unreadable_is_refused(sheet, words):
    with pytest.raises(ValueError, match=words):
        build(replace(book(), sheets=(sheet,)))


def test_long_text_is_parted_where_a_reader_would_and_loses_nothing():
    text = "First sentence here. Second one; it goes on! " * 40 + "x" * 300
    pieces = portions(text, 100)
    assert max(map(len, pieces)) <= 100
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    assert pieces[0].endswith((".", ";", "!"))
