"""A funder's file as a zip: what is refused before it is read, and what is copied byte for byte."""

import io
import zipfile

import pytest

from core.problems import Refused
from returns.filling import cells
from returns.filling.book import Book
from returns.filling.formulas import Graph
from returns.filling.mapping import why_not
from returns.filling.parts import Package
from tests.returns.template_files import packed, parts, template


def refusal(data: bytes, name: str = "funder.xlsx") -> str:
    with pytest.raises(Refused) as refused:
        Book.open(data, name)
    return str(refused.value)


def changed(part: str, old: bytes, new: bytes) -> bytes:
    found = parts()
    assert old in found[part]
    return packed({**found, part: found[part].replace(old, new, 1)})


def test_nothing_replaced_gives_the_file_itself() -> None:
    data = template()
    assert Package(data, "f.xlsx").with_parts({}) == data


def test_a_replaced_part_keeps_its_place_stamp_and_packing_and_the_others_their_bytes() -> None:
    old = Package(template(), "f.xlsx")
    new = Package(old.with_parts({"xl/styles.xml": b"<a/>", "xl/media/image1.png": b"picture"}), "f.xlsx")
    assert new.names == old.names
    assert new.part("xl/styles.xml") == b"<a/>"
    for part in set(old.names) - {"xl/styles.xml", "xl/media/image1.png"}:
        assert new.packed(part) == old.packed(part)
    with zipfile.ZipFile(io.BytesIO(new.data)) as archive:
        assert archive.testzip() is None
        assert archive.getinfo("xl/media/image1.png").compress_type == zipfile.ZIP_STORED
        assert archive.getinfo("xl/styles.xml").date_time == (2024, 4, 8, 10, 30, 0)


def test_parts_whose_sizes_follow_their_content_are_copied_too() -> None:
    """A zip written to a stream gives each part's size after it."""

    class Stream(io.RawIOBase):
        def __init__(self) -> None:
            self.made = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.made += bytes(data)
            return len(data)

    stream = Stream()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts().items():
            archive.writestr(name, data)
    old = Package(bytes(stream.made), "f.xlsx")
    made = old.with_parts({"xl/calcChain.xml": b"<a/>"})
    new = Package(made, "f.xlsx")
    assert new.part("xl/calcChain.xml") == b"<a/>"
    assert new.packed("xl/styles.xml") == old.packed("xl/styles.xml")


def test_the_comment_of_a_zip_stays() -> None:
    found = io.BytesIO(template())
    with zipfile.ZipFile(found, "a") as archive:
        archive.comment = b"from the funder"
    made = Package(found.getvalue(), "f.xlsx").with_parts({"xl/styles.xml": b"<a/>"})
    assert zipfile.ZipFile(io.BytesIO(made)).comment == b"from the funder"


def test_macros_are_refused() -> None:
    assert "holds macros" in refusal(packed({**parts(), "xl/vbaProject.bin": b"x"}))


def test_a_file_with_a_password_is_refused() -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + b"\0" * 512
    assert "protected by a password" in refusal(data)


def test_what_is_no_workbook_is_refused() -> None:
    assert "is no Excel workbook" in refusal(b"a,b\n1,2\n", "funder.csv")
    assert "is damaged" in refusal(template()[:400])


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/drawings/drawing1.xml"])
def test_a_document_type_or_an_entity_is_refused_in_any_part(part: str) -> None:
    bomb = b'?>\n<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
    assert "declares a document type" in refusal(changed(part, b"?>", bomb))


def test_a_document_type_does_not_hide_in_another_encoding() -> None:
    text = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16")
    assert "declares a document type" in refusal(packed({**parts(), "xl/theme.xml": text}))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    assert "unpacks to far more" in refusal(packed({**parts(), "xl/media/x.xml": b" " * (40 * 1024 * 1024)}))


def test_a_sheet_that_is_damaged_is_named() -> None:
    said = refusal(changed("xl/worksheets/sheet2.xml", b"</sheetData>", b""))
    assert "in its sheet “Lists” its XML is damaged" in said
    found = parts()
    del found["xl/worksheets/sheet2.xml"]
    assert "its parts do not fit together" in refusal(packed(found))


def test_an_encoding_that_nobody_knows_and_a_cell_out_of_place_are_refused_in_words() -> None:
    assert "do not fit together" in refusal(changed("xl/styles.xml", b'encoding="UTF-8"', b'encoding="nonsense"'))
    assert "cell B5 stands in it out of place" in refusal(changed("xl/worksheets/sheet1.xml", b'r="B4"', b'r="B5"'))


def test_a_form_with_more_cells_than_any_form_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "CELLS_MOST", 10)
    assert "there are more than 10 cells" in refusal(template())


def test_an_array_over_a_whole_sheet_is_read_in_a_moment() -> None:
    array = b'<f t="array" ref="A1:XFD1048576">SUM(B4:B6)</f>'
    book = Book.open(changed("xl/worksheets/sheet1.xml", b"<f>SUM(B4:B6)</f>", array), "f.xlsx")
    assert len(Graph(book).spilled) > 20
    assert why_not(book, "Return", (14, 2)).startswith("a formula of the funder’s fills it with others")
