"""Filling the real workbooks of another fund: big, protected, with drop-downs that libraries lose.

The files are not part of this project: REAL_FILES names a folder with `returns/`. What they hold is nobody's return.
"""

import io
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import ironcalc
import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from core.problems import Refused
from returns.filling.book import Book
from returns.filling.cells import address_of, scan
from returns.filling.fill import Filled, fill
from returns.filling.footing import unfooted
from returns.filling.formulas import Graph
from returns.filling.mapping import Entry, stated
from returns.filling.nearby import input_cells
from tests.returns import sample

FOLDER = Path(os.environ.get("REAL_FILES", "none")) / "returns"
PATHFINDERS, TOWNS = "mhclg_PF_Round_1_Success.xlsx", "mhclg_TF_Round_3_Success.xlsx"
# Drop-downs that Excel keeps in an extension, and that openpyxl drops.
X14 = {PATHFINDERS: 14, TOWNS: 19}
pytestmark = [
    pytest.mark.skipif(not (FOLDER / TOWNS).exists(), reason="REAL_FILES names no folder with returns of a funder"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def entries(book: Book, most: int = 25) -> list[Entry]:
    """Money for open cells of every sheet, first for those on which a formula rests."""
    keys = [
        key for key, figure in stated(sample.claim()).items() if figure.unit == "money" and figure.value is not None
    ]
    used = {(sheet, address) for rests in Graph(book).rests.values() for sheet, area in rests.areas if area.size < 600
            for address in area.addresses()}  # fmt: skip
    made: list[Entry] = []
    for sheet in book.sheets:
        if sheet.shown:
            cells = input_cells(book, sheet.name)
            cells.sort(key=lambda cell: (sheet.name.casefold(), address_of(cell.cell)) not in used)
            made += [Entry(sheet.name, cell.cell, (keys[at % len(keys)],)) for at, cell in enumerate(cells[:most])]
    return made


def filled(name: str) -> tuple[bytes, Filled]:
    """The template and what came of it, with the cells left out that their own rules refuse."""
    data = (FOLDER / name).read_bytes()
    book = Book.open(data, name)
    wanted = entries(book)
    try:
        return data, fill(book, wanted, sample.claim())
    except Refused as refusal:
        bad = {problem.where for problem in refusal.problems if problem.blocking}
        return data, fill(book, [one for one in wanted if f"{one.sheet}!{one.cell}" not in bad], sample.claim())


@pytest.fixture(scope="module", params=[PATHFINDERS, TOWNS])
def tried(request: pytest.FixtureRequest) -> tuple[str, bytes, Filled]:
    return (request.param, *filled(request.param))


def test_a_part_that_was_not_meant_is_the_same_as_it_is_packed(tried: tuple[str, bytes, Filled]) -> None:
    name, before, made = tried
    book = Book.open(before, name)
    meant = {book.part_of(cell.sheet) for cell in [*made.cells, *made.formulas]} | {"xl/workbook.xml"}
    with zipfile.ZipFile(io.BytesIO(before)) as old, zipfile.ZipFile(io.BytesIO(made.data)) as new:
        assert [info.filename for info in old.infolist()] == [info.filename for info in new.infolist()]
        changed = {part for part in old.namelist() if old.read(part) != new.read(part)}
        sizes = {part for part in old.namelist() if old.getinfo(part).compress_size != new.getinfo(part).compress_size}
    assert made.cells
    assert changed <= meant
    assert sizes <= meant
    assert made.report.untouched == len(made.report.parts) - len(changed)


def test_only_the_mapped_cells_and_the_listed_formulas_differ(tried: tuple[str, bytes, Filled]) -> None:
    name, before, made = tried
    old, new = Book.open(before, name), Book.open(made.data, name)
    meant = {(cell.sheet, address_of(cell.cell)) for cell in [*made.cells, *made.formulas]}
    for sheet in old.sheets:
        was, now = old.xml(sheet.name), new.xml(sheet.name)
        for address in {**was.cells, **now.cells}:
            if (sheet.name, address) not in meant:
                a, b = was.cells[address], now.cells[address]
                assert was.data[a.start : a.end] == now.data[b.start : b.end]


def test_the_drop_downs_kept_in_an_extension_stay(tried: tuple[str, bytes, Filled]) -> None:
    name, before, made = tried
    for data in (before, made.data):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            sheets = [part for part in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", part)]
            rules = [rule for part in sheets for rule in scan(archive.read(part)).validations]
        assert sum(rule.extended for rule in rules) == X14[name]


def test_the_same_map_gives_the_same_bytes(tried: tuple[str, bytes, Filled]) -> None:
    name, _, made = tried
    assert filled(name)[1].data == made.data


def test_other_programs_read_it(tried: tuple[str, bytes, Filled], tmp_path: Path) -> None:
    name, _, made = tried
    ours = Book.open(made.data, name)
    wanted = made.cells[0]
    expected = float(ours.value_at(wanted.sheet, address_of(wanted.cell)))  # type: ignore[arg-type]
    row, column = address_of(wanted.cell)
    sheet = openpyxl.load_workbook(io.BytesIO(made.data), data_only=True)[wanted.sheet]
    assert sheet.cell(row, column).value == expected
    read = CalamineWorkbook.from_filelike(io.BytesIO(made.data)).get_sheet_by_name(wanted.sheet)
    assert read.to_python(skip_empty_area=False)[row - 1][column - 1] == expected
    path = tmp_path / "filled.xlsx"
    path.write_bytes(made.data)
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    at = [one["name"] for one in model.get_worksheets_properties()].index(wanted.sheet)
    assert model.get_cell_value(at, row, column) == expected


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_libreoffice_opens_it_and_reads_the_same(tried: tuple[str, bytes, Filled], tmp_path: Path) -> None:
    name, _, made = tried
    path = tmp_path / "filled.xlsx"
    path.write_bytes(made.data)
    subprocess.run(
        [shutil.which("soffice") or "", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile",
         "--convert-to", "ods", "--outdir", str(tmp_path), str(path)],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    ours = Book.open(made.data, name)
    read = CalamineWorkbook.from_path(str(tmp_path / "filled.ods"))
    assert read.sheet_names == [sheet.name for sheet in ours.sheets]
    for cell in made.cells[:40]:
        row, column = address_of(cell.cell)
        rows = read.get_sheet_by_name(cell.sheet).to_python(skip_empty_area=False)
        assert float(rows[row - 1][column - 1]) == pytest.approx(float(ours.value_at(cell.sheet, (row, column))))  # type: ignore[arg-type]


def test_locked_cells_and_formulas_are_refused_by_name() -> None:
    book = Book.open((FOLDER / TOWNS).read_bytes(), TOWNS)
    key = next(iter(stated(sample.claim())))
    wanted = [Entry("7 - Risk Register", "A1", (key,)), Entry("4b - PSI", "I14", (key,))]
    with pytest.raises(Refused) as refused:
        fill(book, wanted, sample.claim())
    said = [problem.message for problem in refused.value.problems]
    assert said[0].startswith("7 - Risk Register!A1: it is locked by the funder.")
    assert said[1].startswith("4b - PSI!I14: it holds a formula of the funder’s.")


def test_typed_totals_that_do_not_add_up_are_found() -> None:
    """The sheet of finances is filled with test figures whose typed totals are none."""
    found = unfooted(Book.open((FOLDER / PATHFINDERS).read_bytes(), PATHFINDERS))
    assert {one.sheet for one in found} == {"Finances"}
    assert {re.sub(r"\D", "", one.cell) for one in found} == {"48", "51"}
    assert not unfooted(Book.open((FOLDER / TOWNS).read_bytes(), TOWNS))
