"""Footing a workbook: which totals do not add up, by the values that the file holds."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from returns.filling.book import Book
from returns.filling.footing import unfooted
from returns.workbook import workbook
from tests.returns import sample
from tests.returns.template_files import packed, parts, template


def found(data: bytes) -> list[str]:
    return [str(one) for one in unfooted(Book.open(data, "f.xlsx"))]


def changed(old: bytes, new: bytes) -> bytes:
    sheet = parts()["xl/worksheets/sheet1.xml"]
    assert old in sheet
    return template(sheet1=sheet.replace(old, new, 1))


def test_a_workbook_whose_totals_add_up_has_nothing_to_show() -> None:
    assert found(template()) == []


def test_a_sum_whose_kept_value_is_another_is_named() -> None:
    assert found(changed(b"<f>SUM(B4:B6)</f><v>10<", b"<f>SUM(B4:B6)</f><v>10.01<")) == [
        "Return!B7 says 10.01, but =SUM(B4:B6) is 10"
    ]
    # Binary noise is no difference.
    assert found(changed(b"<f>SUM(B4:B6)</f><v>10<", b"<f>SUM(B4:B6)</f><v>10.0000000001<")) == []


def test_a_sum_of_a_name_and_one_with_a_calculation_inside() -> None:
    assert found(changed(b"<f>SUM(B4:B6)</f><v>10<", b"<f>SUM(Spend)</f><v>9<")) == [
        "Return!B7 says 9, but =SUM(Spend) is 10"
    ]
    assert found(changed(b"<f>SUM(B4:B6)</f><v>10<", b"<f>SUM(B4+28)</f><v>38<")) == []


@pytest.mark.parametrize(
    ("formula", "kept", "good"),
    [
        ("B4+B5", "10", True),
        ("B4+B5", "11", False),
        ("B4+B4", "20", True),
        ("SUM(B4:B5)+SUM(E14)", "17", True),
        ("SUM(B4:B5)+SUM(E14)", "18", False),
        ("SUM(B4,E14)", "16", False),
        ("SUBTOTAL(9,B4:B6)", "10", True),
        ("SUBTOTAL(109,B4:B6)", "9", False),
        ("SUM(Lists!A4,B4)", "12", False),
        ("B4-E14", "99", True),
        ("MAX(B4:B6)", "99", True),
        ("SUM(Rows[Actual])", "99", True),
        ("SUM(B4:B5 B4:B6)", "99", True),
    ],
)
def test_formulas_that_add_cells_are_footed_and_all_others_left(formula: str, kept: str, good: bool) -> None:
    new = f"<f>{formula}</f><v>{kept}<".encode()
    assert (found(changed(b"<f>SUM(B4:B6)</f><v>10<", new)) == []) is good


def typed(*rows: tuple[str, str]) -> bytes:
    """A sheet of labels and typed amounts."""
    cells = "".join(
        f'<row r="{at}"><c r="A{at}" t="inlineStr"><is><t>{name}</t></is></c>'
        + (f'<c r="B{at}"><v>{amount}</v></c>' if amount else "")
        + "</row>"
        for at, (name, amount) in enumerate(rows, start=1)
    )
    sheet = parts()["xl/worksheets/sheet2.xml"].decode()
    start, end = sheet.index("<sheetData>"), sheet.index("</sheetData>")
    return packed(
        {**parts(), "xl/worksheets/sheet2.xml": (sheet[:start] + "<sheetData>" + cells + sheet[end:]).encode()}
    )


def test_a_typed_total_is_compared_with_the_rows_above_it() -> None:
    good = typed(("Staff", "1"), ("Rent", "2"), ("Subtotal", "3"), ("Travel", "4"), ("Fees", "5"), ("Total", "12"))
    assert found(good) == []
    assert found(typed(("Staff", "1"), ("Rent", "2"), ("Total costs", "4"))) == [
        "Lists!B3 says 4, but the sum of B1:B2 is 3"
    ]
    # A measure that only begins with the word.
    assert found(typed(("Paths", "1"), ("Roads", "2"), ("Total length of roads", "9"))) == []


def test_our_own_workbook_adds_up() -> None:
    content = sample.claim()
    assert found(workbook(content, sample.draft(content))) == []


def test_the_command_lists_them_as_json(tmp_path: Path) -> None:
    path, said = tmp_path / "f.xlsx", StringIO()
    path.write_bytes(changed(b"<f>SUM(B4:B6)</f><v>10<", b"<f>SUM(B4:B6)</f><v>12.5<"))
    with pytest.raises(CommandError) as refused:
        call_command("foot_workbook", path, "--json", stdout=said)
    assert refused.value.returncode == 1
    [one] = json.loads(said.getvalue())
    assert one == {
        "sheet": "Return", "cell": "B7", "of": "=SUM(B4:B6)", "stated": "12.5", "found": "10", "difference": "2.5",
    }  # fmt: skip
    path.write_bytes(template())
    said = StringIO()
    call_command("foot_workbook", path, "--json", stdout=said)
    assert json.loads(said.getvalue()) == []


@pytest.mark.parametrize("name", ["none.xlsx", "bad.xlsx"])
def test_a_file_that_cannot_be_read_ends_with_two(tmp_path: Path, name: str) -> None:
    (tmp_path / "bad.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(CommandError) as refused:
        call_command("foot_workbook", tmp_path / name)
    assert refused.value.returncode == 2
