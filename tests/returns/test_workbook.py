"""The workbook of a return: every figure under its name, totals that calculate, the draft marked on every sheet."""

import io
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import ironcalc
import openpyxl
import pytest

from core.workbook import defined_name
from returns.content import Content, figure_words
from returns.workbook import workbook
from tests.returns.sample import claim, draft, final, performance

CONTENTS = {"claim": claim(), "performance": performance()}


@pytest.fixture(scope="module", params=["claim", "performance"])
def content(request) -> Content:
    return CONTENTS[request.param]


@pytest.fixture(scope="module")
def made(content) -> bytes:
    return workbook(content, draft(content))


@pytest.fixture
def opened(made) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(made), data_only=True)


def text_of(book: openpyxl.Workbook) -> str:
    return "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)


def test_the_same_content_and_stamp_give_the_same_bytes(content, made):
    assert workbook(content, draft(content)) == made
    assert workbook(content, final(content)) != made


def places(content, opened):
    """Each figure with its cell: by its name, or in a list too long for paper by its place under the header."""
    for section in (row for row in content.sections if row.in_workbook):
        lines = section.table.rows if section.table and not section.in_document else ()
        unnamed = {cell.key: (down, at) for down, row in enumerate(lines) if row.kind == "row"
                   for at, cell in enumerate(row.cells)}  # fmt: skip
        for figure in section.figures():
            if figure.key in unnamed:
                assert defined_name(figure.key) not in opened.defined_names
                [table] = opened[section.sheet or section.title].tables.values()
                first = opened[section.sheet or section.title][table.ref.split(":")[0]]
                down, at = unnamed[figure.key]
                yield figure, first.offset(down + 1, at)
            else:
                [(sheet, cell)] = opened.defined_names[defined_name(figure.key)].destinations
                yield figure, opened[sheet][cell]


def test_every_figure_stands_in_the_cell_of_its_name(content, opened):
    for figure, place in places(content, opened):
        found = place.value
        if isinstance(figure.value, str) or figure.value is None:
            assert found == figure_words(figure)
        elif isinstance(figure.value, date):
            assert found == datetime.combine(figure.value, datetime.min.time())
        else:
            points = 100 if figure.unit == "percent" else 1
            assert Decimal(str(found)) * points == figure.value, figure.key
            if figure.state:
                shown = place.number_format
                assert f"[{figure.state}]" in shown or f"({figure.state})" in shown


def test_totals_are_formulas_whose_kept_values_a_calculator_confirms(made, content, tmp_path):
    path = tmp_path / "return.xlsx"
    path.write_bytes(made)
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    model.evaluate()
    formulas, kept = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    found = 0
    for number, sheet in enumerate(formulas):
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            calculated = model.get_cell_value(number, cell.row, cell.column)
            assert calculated == pytest.approx(kept[sheet.title][cell.coordinate].value, abs=1e-6)
            found += 1
    assert found == {"claim": 23, "performance": 0}[content.kind]


def test_every_sheet_has_a_title_one_table_and_no_blank_in_it(opened):
    for sheet in opened:
        assert sheet["A1"].value
        assert not sheet.merged_cells.ranges
        assert len(sheet.tables) <= 1
        for table in sheet.tables.values():
            assert all(cell.value is not None for row in sheet[table.ref] for cell in row)


def test_the_sheets_stand_in_the_order_of_the_content(content, opened):
    inner = [section.sheet or section.title for section in content.sections]
    assert opened.sheetnames == ["Cover", "Notes", *inner, "Certification"]


def test_a_draft_says_so_on_every_sheet_in_print_and_in_its_title(opened):
    for sheet in opened:
        top = "\n".join(str(sheet.cell(row, 1).value) for row in range(1, 5))
        assert "DRAFT – not certified" in top, sheet.title
        assert "DRAFT – not certified" in sheet.oddHeader.right.text
    assert opened.properties.title.startswith("DRAFT – not certified: ")


def test_a_final_names_its_signers_with_time_and_hash_and_is_no_draft(content):
    stamp = final(content)
    opened = openpyxl.load_workbook(io.BytesIO(workbook(content, stamp)))
    assert "DRAFT" not in text_of(opened)
    assert not opened["Cover"].oddHeader.right.text or "DRAFT" not in opened["Cover"].oddHeader.right.text
    certification = [[cell.value for cell in row] for row in opened["Certification"].iter_rows()]
    for signature in stamp.signatures:
        assert [signature.capacity, "Content hash signed", stamp.content_hash] in certification
        assert [signature.capacity, "Role", signature.role] in certification
        assert [signature.capacity, "Statement", signature.statement] in certification


def test_marking_hash_and_the_invented_figures_are_told(content, opened):
    cover = text_of(opened)
    assert draft(content).content_hash in cover
    assert "Illustrative figures, not the real award" in cover
    assert "Local layout; not a Home Office form" in cover
    assert opened["Cover"].oddFooter.left.text.startswith(content.reference)


def test_what_a_provider_typed_is_never_a_formula():
    content = CONTENTS["claim"]
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(content, draft(content))))["Commentary"]
    typed = [cell for row in sheet.iter_rows() for cell in row if str(cell.value).startswith("=SUM(A1:A9)")]
    assert [cell.data_type for cell in typed] == ["s"]


def test_long_words_are_kept_whole_over_several_cells():
    content = CONTENTS["claim"]
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(content, draft(content))))["Commentary"]
    text = " ".join(row[1].value for row in sheet.iter_rows(min_row=4) if row[0].value == "Progress this quarter")
    assert text == " ".join(content.sections[1].narrative[0].text.split())


def test_the_rows_of_a_list_too_long_for_paper_have_no_names_and_its_totals_have():
    long = tuple(replace(section, in_document=section.code != "expenditure") for section in claim().sections)
    content = replace(claim(), sections=long)
    opened = openpyxl.load_workbook(io.BytesIO(workbook(content, draft(content))), data_only=True)
    test_every_figure_stands_in_the_cell_of_its_name(content, opened)
    named = [name for name in opened.defined_names if name.startswith("fig.claim.expenditure.")]
    totals = [row for row in content.sections[4].table.rows if row.kind != "row"]
    assert content.sections[4].code == "expenditure" and totals
    assert len(named) == sum(len(row.cells) for row in totals)
