"""Filling a funder's workbook: only the mapped cells change, all that is wrong is said at once, and it is proved."""

import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import ironcalc
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from core.problems import Refused
from returns.content import Column, Content, Narrative, Section, Table, make_fact, make_row, make_total
from returns.filling.book import Book
from returns.filling.cells import Written, address_of, edit, name_of, scan
from returns.filling.fill import Filled, fill, recalculating
from returns.filling.loss import UNTOUCHED, Expected, compare
from returns.filling.mapping import map_json, read_map
from returns.filling.nearby import input_cells
from returns.filling.values import choices
from tests.returns.template_files import MAIN, packed, parts, template

D = Decimal


def content(*amounts: str, words: str = "We began.\n\nIt went well.") -> Content:
    """A small claim: three projects with their spend, a share, a day, a yes, a withheld figure, and words."""
    columns = (Column("project", "Project"), Column("actual", "Actual", "money", total=True))
    names = ("The Change Hub", "Intervention", "Goodman")
    made = tuple(
        make_row("claim", "spend", f"p{number}", columns, [name, D(amount)])
        for number, (name, amount) in enumerate(
            zip(names, amounts or ("100.50", "200.50", "0.50"), strict=True), start=1
        )
    )
    total = make_total("claim", "spend", "total", columns, made, "Total")
    return Content(
        "claim", "Claim", "DAPF/claim/1", "DAPF", "The PFCC", "April to June 2023", 1,
        (
            Section("spend", "Spend", table=Table("Spend", columns, (*made, total))),
            Section(
                "head", "Head",
                facts=(
                    make_fact("claim", "head", "share", "Share", D("12.5"), "percent"),
                    make_fact("claim", "head", "sent", "Sent", date(2023, 7, 20), "date"),
                    make_fact("claim", "head", "on-track", "On track", "Yes"),
                    make_fact("claim", "head", "few", "Few", None, "count", "c"),
                ),
            ),
            Section("words", "Words", narrative=(Narrative("progress", "Progress", words),)),
        ),
    )  # fmt: skip


def at(cell: str, key: str, sheet: str = "Return", **more: Any) -> dict[str, Any]:
    return {"sheet": sheet, "cell": cell, "key": key, **more}


DOWN = {"sheet": "Return", "first_cell": "B4", "down_by": 1, "keys": ["claim/spend/*/actual"]}
ALL = [
    DOWN,
    at("B10", "claim/head/sent/value"),
    at("B11", "claim/head/share/value"),
    at("C4", "claim/head/on-track/value"),
    at("B14", "claim/words/progress/text"),
]


def filled(entries: Sequence[dict[str, Any]] = ALL, data: bytes | None = None, said: Content | None = None) -> Filled:
    book = Book.open(data or template(), "funder.xlsx")
    return fill(book, read_map(json.dumps(entries)), said or content())


def refused(entries: Sequence[dict[str, Any]], said: Content | None = None) -> list[str]:
    with pytest.raises(Refused) as refusal:
        filled(entries, said=said)
    return [problem.message for problem in refusal.value.problems if problem.blocking]


def part(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


def value(data: bytes, cell: str) -> Any:
    return Book.open(data, "f.xlsx").value_at("Return", address_of(cell))


@pytest.mark.parametrize("prefix", ["", "x:"])
def test_only_the_mapped_cells_and_the_listed_formulas_differ(prefix: str) -> None:
    before = template(prefix)
    made = filled(data=before)
    old, new = scan(part(before, "xl/worksheets/sheet1.xml")), scan(part(made.data, "xl/worksheets/sheet1.xml"))
    meant = {"B4", "B5", "B6", "B10", "B11", "C4", "B14"} | {
        cell.cell for cell in made.formulas if cell.sheet == "Return"
    }
    for address in {**old.cells, **new.cells}:
        was, now = old.cells.get(address), new.cells.get(address)
        if name_of(address) not in meant:
            assert was and now
            assert old.data[was.start : was.end] == new.data[now.start : now.end], name_of(address)
    assert old.data[: old.body[0]] == new.data[: new.body[0]]
    assert old.data[old.body[1] :] == new.data[new.body[1] :]
    assert not re.search(rb"<(?!x:|/x:|x14:|/x14:|xm:|/xm:|\?)", new.data) or not prefix


def test_the_parts_that_nobody_touched_are_the_same_as_packed() -> None:
    before, after = template(), filled().data
    with zipfile.ZipFile(io.BytesIO(before)) as old, zipfile.ZipFile(io.BytesIO(after)) as new:
        assert old.namelist() == new.namelist()
        changed = {one.filename for one in old.infolist() if one.CRC != new.getinfo(one.filename).CRC}
        assert new.testzip() is None
        assert [info.date_time for info in old.infolist()] == [info.date_time for info in new.infolist()]
    assert changed == {"xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"}
    untouched = dict(filled().report.parts)
    assert {name for name, words in untouched.items() if words != UNTOUCHED} == changed
    assert untouched["xl/calcChain.xml"] == untouched["xl/sharedStrings.xml"] == UNTOUCHED


def test_each_value_is_written_as_its_cell_shows_it() -> None:
    data = filled().data
    assert value(data, "B4") == D("100.5")
    assert value(data, "B10") == D(45127)  # 20 July 2023, counted from 1900
    assert value(data, "B11") == D("0.125")
    assert value(data, "C4") == "Yes"
    assert value(data, "B14") == "We began.\n\nIt went well."
    assert b'xml:space="preserve">We began.' in part(data, "xl/worksheets/sheet1.xml")
    assert part(data, "xl/sharedStrings.xml") == part(template(), "xl/sharedStrings.xml")


def test_days_are_counted_from_1904_where_the_workbook_does() -> None:
    found = parts()
    found["xl/workbook.xml"] = found["xl/workbook.xml"].replace(b"<workbookPr/>", b'<workbookPr date1904="1"/>')
    assert value(filled(data=packed(found)).data, "B10") == D(45127 - 1462)


def test_an_absent_cell_takes_the_style_of_its_column_and_its_place_in_the_row() -> None:
    xml = part(filled().data, "xl/worksheets/sheet1.xml").decode()
    assert '<c r="B6" s="4"><v>0.5</v></c><c r="D6">' in xml.replace("\n", "")


def test_an_absent_row_is_put_in_at_its_place_and_spans_are_widened() -> None:
    sheet = scan(parts()["xl/worksheets/sheet1.xml"])
    number = Written("number", "1")
    made = edit(sheet, {(9, 3): number, (12, 2): number, (1, 9): number, (2, 1): number, (9, 1): number}, {})
    again = scan(made)
    assert list(again.rows) == sorted(again.rows)
    assert [name_of(address) for address in again.cells if address[0] in (2, 9, 12)] == ["A2", "A9", "C9", "B12"]
    assert again.cells[12, 2].style == 1
    assert again.rows[1].spans == "1:9"
    expected = Expected({"Return": {address_of(cell): number for cell in ("C9", "B12", "I1", "A2", "A9")}}, {})
    whole = parts()
    after = packed({**whole, "xl/worksheets/sheet1.xml": made})
    assert not compare(packed(whole), after, "f.xlsx", expected).differences


def test_text_that_looks_like_a_formula_or_an_escape_stays_text() -> None:
    data = filled([at("B14", "claim/words/progress/text")], said=content(words='=1+1 <b>&"_x000D_')).data
    assert value(data, "B14") == '=1+1 <b>&"_x000D_'


def test_a_withheld_figure_empties_its_cell_and_is_told() -> None:
    made = filled([at("B4", "claim/head/few/value")])
    assert value(made.data, "B4") is None
    assert made.cells[0].note == "Left empty: the return says “[c]”."


def test_formulas_that_the_calculator_reproduces_get_new_values_and_the_others_lose_theirs() -> None:
    made = filled()
    found = {cell.cell: cell.after for cell in made.formulas if cell.sheet == "Return"}
    assert found == {"D4": "201", "D5": "401", "D6": "1", "B7": "301.5", "D7": "603", "D8": None}
    assert [(cell.sheet, cell.cell) for cell in made.unchecked] == [("Return", "D8")]
    assert value(made.data, "B7") == D("301.5")
    assert Book.open(made.data, "f.xlsx").value_at("Lists", (1, 3)) == D("301.5")
    xml = part(made.data, "xl/worksheets/sheet1.xml")
    assert b'<c r="D8"><f>TODAY()-B4</f></c>' in xml
    # Rests on no filled cell, so it keeps what it had; it is text that did not change.
    assert b'<c r="D10"><f>E14+1</f><v>8</v></c>' in xml
    assert b"high &amp; dry</v>" in xml
    assert b'<calcPr calcId="191029" fullCalcOnLoad="1"/>' in part(made.data, "xl/workbook.xml")


def test_a_formula_that_rests_on_one_that_is_not_reproduced_is_unchecked_too() -> None:
    sheet = parts()["xl/worksheets/sheet1.xml"].replace(b"<f>SUM(B4:B6)</f><v>10<", b"<f>SUM(B4:B6)</f><v>11<")
    made = filled(data=template(sheet1=sheet))
    assert {f"{cell.sheet}!{cell.cell}" for cell in made.unchecked} == {"Return!B7", "Return!D8", "Lists!C1"}


def test_without_formulas_on_the_filled_cells_the_workbook_part_stays() -> None:
    made = filled([at("B14", "claim/words/progress/text")])
    assert not made.formulas
    assert part(made.data, "xl/workbook.xml") == part(template(), "xl/workbook.xml")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<w><sheets></sheets></w>", b'<w><sheets></sheets><calcPr fullCalcOnLoad="1"/></w>'),
        (b"<x:w><x:sheets></x:sheets></x:w>", b'<x:w><x:sheets></x:sheets><x:calcPr fullCalcOnLoad="1"/></x:w>'),
        (b'<w><calcPr a="1" fullCalcOnLoad="0"/></w>', b'<w><calcPr a="1" fullCalcOnLoad="1"/></w>'),
        (b'<w><calcPr a="1"></calcPr></w>', b'<w><calcPr a="1" fullCalcOnLoad="1"></calcPr></w>'),
    ],
)
def test_the_workbook_is_set_to_recalculate(before: bytes, after: bytes) -> None:
    assert recalculating(before) == after


def test_the_same_input_gives_the_same_bytes() -> None:
    assert filled().data == filled().data


def test_whole_pounds_leave_the_total_its_own_rounding_and_show_the_difference() -> None:
    entries = [
        {**DOWN, "whole_pounds": True},
        at("B11", "claim/head/share/value"),
        at("E14", "claim/spend/total/actual", whole_pounds=True),
    ]
    opened = parts()["xl/worksheets/sheet1.xml"].replace(b'<c r="E14">', b'<c r="E14" s="4">')
    made = filled(entries, data=template(sheet1=opened))
    assert [value(made.data, cell) for cell in ("B4", "B5", "B6")] == [D(101), D(201), D(1)]
    assert value(made.data, "E14") == D(302)
    notes = {cell.cell: cell.note for cell in made.cells if cell.note}
    assert notes == {"E14": "The rounded rows add up to £303; £1 is rounding."}


# What is refused


def test_everything_wrong_is_said_at_once_by_sheet_and_cell() -> None:
    found = refused(
        [
            at("A4", "claim/head/on-track/value"),
            at("B7", "claim/spend/total/actual"),
            at("C14", "claim/words/progress/text"),
            at("B4", "claim/spend/nobody/actual"),
            at("B5", "claim/spend/p1/actual"),
            at("B5", "claim/spend/p2/actual"),
            at("B99", "claim/spend/p2/actual"),
            at("B4", "claim/spend/p1/actual", sheet="Form"),
            at("C5", "claim/spend/p1/actual"),
        ]
    )
    said = "\n".join(found)
    assert "Return!A4: it is locked by the funder." in said
    assert "Return!B7: it holds a formula of the funder’s." in said
    assert "Return!C14: it lies inside the merged cell B14:D14. Map B14 instead." in said
    assert "Return!B4: the return states no figure “claim/spend/nobody/actual”." in said
    assert "Return!B5: the map names this cell twice." in said
    assert "Return!B99: it is locked" in said or "Return!B99: the sheet ends in row 14" in said
    assert "Form!B4: the template has no sheet “Form”." in said
    assert "Return!C5: “100.5” is not in its drop-down list: “Yes”, “No”, “Not yet”." in said


def test_rows_are_never_added() -> None:
    down = {"sheet": "Lists", "first_cell": "A4", "down_by": 1, "keys": ["claim/spend/*/actual"]}
    assert [words.partition(":")[0] for words in refused([down])] == ["Lists!A5", "Lists!A6"]
    assert "the sheet ends in row 4, and rows are never added" in refused([down])[0]


def test_a_table_without_rows_fills_nothing_and_one_that_is_not_there_is_refused() -> None:
    said = content()
    columns = said.sections[0].table.columns  # type: ignore[union-attr]
    empty = replace(said, sections=(replace(said.sections[0], table=Table("Spend", columns)), *said.sections[1:]))
    made = filled([DOWN, at("B11", "claim/head/share/value")], said=empty)
    assert [cell.cell for cell in made.cells] == ["B11"]
    down = {**DOWN, "keys": ["claim/spend/*/forecast"]}
    assert "the return states no figure “claim/spend/*/forecast”" in refused([down])[0]


def test_text_that_is_too_long_is_refused() -> None:
    [words] = refused([at("B14", "claim/words/progress/text")], said=content(words="a" * 501))
    assert words == "Return!B14: the text has 501 signs, which its rule does not take (at most 500). Shorten it."
    assert (
        "and a cell takes 32,767"
        in refused([at("B4", "claim/words/progress/text")], said=content(words="a" * 32768))[0]
    )


def test_a_figure_that_the_cell_would_show_as_something_else_is_refused() -> None:
    found = refused([at("B10", "claim/spend/p1/actual"), at("B11", "claim/spend/p1/actual")])
    assert "Return!B10: the cell shows dates, and the figure is £100.50." in found[0]
    assert "Return!B11: the cell shows percentages" in found[1]


def test_a_range_that_protection_leaves_open_can_be_filled() -> None:
    opened = b'<protectedRanges><protectedRange sqref="E14" name="open"/></protectedRanges><mergeCells count="2">'
    sheet = parts()["xl/worksheets/sheet1.xml"].replace(b'<mergeCells count="2">', opened)
    assert value(filled([at("E14", "claim/spend/p1/actual")], data=template(sheet1=sheet)).data, "E14") == D("100.5")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{", "The map is no JSON"),
        ("{}", "The map is not a list"),
        ('[{"sheet": "Return"}]', "Entry 1 of the map: it has other names"),
        ('[{"sheet": "R", "cell": "7B", "key": "a/b/c/d"}]', "Entry 1 of the map: “7B” is not a cell"),
        ('[{"sheet": "R", "cell": "B7", "key": "a/b/c"}]', "“a/b/c” is no key"),
        ('[{"sheet": "R", "cell": "B7", "key": "a/b/*/d"}]', "“a/b/*/d” is no key"),
        ('[{"sheet": "R", "first_cell": "B7", "down_by": 0, "keys": ["a/b/c/d"]}]', "down_by is the number of rows"),
        ("[1]", "Entry 1 of the map: it is not an object"),
    ],
)
def test_a_map_that_cannot_be_read_is_refused_in_words(given: str, said: str) -> None:
    with pytest.raises(Refused, match=re.escape(said)):
        read_map(given)


def test_a_map_comes_back_from_its_json() -> None:
    entries = read_map(json.dumps([*ALL, at("B5", "a/b/c/d", whole_pounds=True)]))
    assert read_map(map_json(entries)) == entries


def test_a_drop_down_list_is_read_from_a_range_a_name_or_its_own_words() -> None:
    book = Book.open(template(), "f.xlsx")
    assert choices('"Yes,No"', "Return", book) == ["Yes", "No"]
    assert choices("Lists!$A$1:$A$3", "Return", book) == ["Yes", "No", "Not yet"]
    assert choices("Spend", "Return", book) == ["10"]
    assert choices("INDIRECT(A4)", "Return", book) is None


def test_the_open_cells_are_listed_with_the_words_near_them() -> None:
    book = Book.open(template(), "f.xlsx")
    found = {cell.cell: (cell.near, cell.value) for cell in input_cells(book, "Return")}
    assert found["B4"] == ("The Change Hub / Actual", "10")
    assert found["B10"] == ("Date of the claim / Actual", "")
    # A chosen answer above names nothing.
    assert found["C5"] == ("Intervention / On track?", "")
    assert not {"A4", "B7", "C14", "D4", "E14"} & set(found)


# The proof


def _tampered(change: tuple[bytes, bytes], name: str = "xl/worksheets/sheet1.xml") -> list[str]:
    whole = parts()
    assert change[0] in whole[name]
    after = packed({**whole, name: whole[name].replace(*change, 1)})
    expected = Expected({"Return": {(4, 2): Written("number", "1")}}, {})
    return compare(packed(whole), after, "f.xlsx", expected).differences


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b'<c r="E14"><v>7<', b'<c r="E14"><v>8<'), "Return!E14 changed"),
        ((b'<c r="B4" s="4"><v>10<', b'<c r="B4" s="5"><v>1<'), "Return!B4 changed"),
        ((b"<f>SUM(B4:B6)</f>", b"<f>SUM(B4:B5)</f>"), "Return!B7 changed"),
        ((b'lessThan"><formula>0<', b'lessThan"><formula>1<'), "changed outside its cells"),
        ((b'<row r="10">', b'<row r="10" hidden="1">'), "row 10 changed"),
        ((b'<c r="B1"/>', b""), "Return!B1 changed"),
    ],
)
def test_any_other_change_of_a_sheet_is_named(change: tuple[bytes, bytes], said: str) -> None:
    assert any(said in words for words in _tampered(change))


def test_a_change_of_another_part_and_a_lost_part_are_named() -> None:
    assert "xl/styles.xml changed" in _tampered((b'val="11"', b'val="12"'), "xl/styles.xml")
    whole = parts()
    rest = {name: data for name, data in whole.items() if "media" not in name}
    assert compare(packed(whole), packed(rest), "f.xlsx", Expected({}, {})).differences == [
        "its parts differ (lost xl/media/image1.png)"
    ]


CELLS = st.tuples(st.integers(1, 14), st.integers(1, 8))
NUMBERS = st.decimals(-(10**9), 10**9, places=2).map(lambda number: Written("number", f"{number.normalize():f}"))
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=30).map(
    lambda text: Written("text", text)
)


@settings(max_examples=60, deadline=None)
@given(
    sheet=st.dictionaries(CELLS, st.one_of(NUMBERS, TEXTS), max_size=25),
    filling=st.dictionaries(CELLS, st.one_of(NUMBERS, TEXTS), min_size=1, max_size=12),
    prefix=st.sampled_from(["", "x:"]),
)
def test_of_a_random_sheet_only_the_cells_of_a_random_map_differ(
    sheet: dict[tuple[int, int], Written], filling: dict[tuple[int, int], Written], prefix: str
) -> None:
    whole = parts(prefix)
    xmlns = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    blank = (
        f'<{prefix}worksheet {xmlns}="{MAIN}"><{prefix}dimension ref="A1:H14"/><{prefix}sheetData>'
        f'<{prefix}row r="1"/></{prefix}sheetData></{prefix}worksheet>'
    ).encode()
    before = edit(scan(blank), sheet, {})
    after = edit(scan(before), filling, {})
    old, new = scan(before), scan(after)
    assert list(new.cells) == sorted(new.cells)
    assert set(new.cells) == set(old.cells) | set(filling)
    for address, slot in old.cells.items():
        if address not in filling:
            again = new.cells[address]
            assert old.data[slot.start : slot.end] == new.data[again.start : again.end]
    name = "xl/worksheets/sheet2.xml"
    old_file, new_file = packed({**whole, name: before}), packed({**whole, name: after})
    assert not compare(old_file, new_file, "f.xlsx", Expected({"Lists": filling}, {})).differences
    book = Book.open(new_file, "f.xlsx")
    for address, what in filling.items():
        assert book.value_at("Lists", address) == (D(what.value) if what.kind == "number" else what.value)


# Other readers


@pytest.mark.filterwarnings("ignore:Data Validation extension")
@pytest.mark.parametrize("prefix", ["", "x:"])
def test_other_programs_read_the_filled_cells(tmp_path: Any, prefix: str) -> None:
    data = filled(data=template(prefix)).data
    sheet = openpyxl.load_workbook(io.BytesIO(data), data_only=True)["Return"]
    assert sheet["B4"].value == 100.5
    assert sheet["B7"].value == 301.5
    assert sheet["B14"].value == "We began.\n\nIt went well."
    read = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name("Return").to_python()
    assert read[9][1] == date(2023, 7, 20)
    path = tmp_path / "filled.xlsx"
    path.write_bytes(data)
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    model.evaluate()
    assert model.get_cell_value(0, 7, 2) == 301.5
