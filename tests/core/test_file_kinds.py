"""What may be kept is told by its content; everything else is refused in words."""

import io

import pytest

from core.file_kinds import FileKind, kind_of
from core.problems import Refused
from tests import evidence_files as made


def told(content: bytes, name: str) -> FileKind:
    return kind_of(io.BytesIO(content), name)


def refusal(content: bytes, name: str) -> str:
    with pytest.raises(Refused) as refused:
        told(content, name)
    [problem] = refused.value.problems
    assert name in problem.message
    return problem.message


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.pdf", made.PDF, FileKind.PDF),
        ("A.PDF", made.PDF, FileKind.PDF),
        ("a.png", made.PNG, FileKind.PNG),
        ("a.jpg", made.JPEG, FileKind.JPEG),
        ("a.jpeg", made.JPEG, FileKind.JPEG),
        ("a.tif", made.TIFF, FileKind.TIFF),
        ("a.xlsx", made.XLSX, FileKind.XLSX),
        ("a.docx", made.DOCX, FileKind.DOCX),
        ("a.ods", made.ODS, FileKind.ODS),
        ("a.csv", made.CSV, FileKind.CSV),
        ("a.csv", b"\xef\xbb\xbf" + made.TEXT, FileKind.CSV),
        ("a.txt", made.TEXT, FileKind.TEXT),
        ("a.eml", made.EML, FileKind.EML),
        ("a.msg", made.MSG, FileKind.MSG),
    ],
)
def test_these_are_kept(name: str, content: bytes, kind: FileKind) -> None:
    assert told(content, name) == kind


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pdf", b"MZ\x90\0\x03\0\0\0", "a program"),
        ("a.pdf", b"\x7fELF\x02\x01", "a program"),
        ("a.txt", b"#!/bin/sh\nrm -rf /\n", "a script"),
        ("a.txt", b"\xef\xbb\xbf#!/bin/sh\n", "a script"),
        ("a.js", b"alert(1)\n", "text with the ending .js"),
        ("a.bat", b"@echo off\r\n", "text with the ending .bat"),
        ("a.txt", b"<!DOCTYPE html><p>Hello</p>", "a web page, SVG or XML"),
        ("a.csv", b"  <html><body>1,2</body></html>", "a web page, SVG or XML"),
        ("a.png", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "a web page, SVG or XML"),
        ("a.zip", made.packed({"invoice.pdf": made.PDF}), "a packed archive"),
        ("a.xlsx", made.packed({"invoice.pdf": made.PDF}), "a packed archive"),
        ("a.pdf", b"Rar!\x1a\x07\x00", "a packed archive"),
        ("a.pdf", b"\x1f\x8b\x08\x00", "a packed archive"),
        ("a.gif", b"GIF89a\x01\x00", "a picture (GIF)"),
        ("a.csv", b"Date,Amount\n\0\0\0", "of a kind that is not known"),
        ("a.csv", b"Amount\n\x81\x8d\n", "of a kind that is not known"),
        ("a.xlsm", made.office("xl/workbook.xml", xl__vbaProject_dot_bin=b"x"), "holds macros"),
        ("a.xlsx", made.office("xl/workbook.xml", b"<x T='sheet.macroEnabled.main+xml'/>"), "macros"),
        ("a.xlsx", made.office("xl/workbook.xml", xl__macrosheets__sheet1_dot_xml=b"x"), "holds macros"),
        ("a.ods", made.packed({"mimetype": made.ODS_TYPE, "content.xml": b"x", "Basic/S/M.xml": b"x"}), "macros"),
        ("a.xlsx", made.compound("EncryptedPackage", "EncryptionInfo"), "protected by a password"),
        (
            "a.ods",
            made.packed(
                {"mimetype": made.ODS_TYPE, "content.xml": b"x", "META-INF/manifest.xml": b"<encryption-data/>"}
            ),
            "protected by a password",
        ),
        ("a.xls", made.compound("Workbook"), "an old Office document"),
        ("a.docx", made.DOCX[:60], "damaged"),
        ("a.pdf", b"", "is empty"),
        ("a.txt", b"\n \n", "is empty"),
    ],
)  # fmt: skip
def test_these_are_refused_in_words(name: str, content: bytes, words: str) -> None:
    assert words in refusal(content, name)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", made.PDF, "ends in .txt, but is a PDF. If that is right, let its name end in .pdf"),
        ("a.pdf", made.PNG, "ends in .pdf, but is a picture (PNG)"),
        ("a.xlsx", made.DOCX, "ends in .xlsx, but is a Word document"),
        ("a.docx", made.XLSX, "but is an Excel workbook"),
        ("a.pdf", made.TEXT, "ends in .pdf, but is a text file"),
        ("a.eml", made.TEXT, "ends in .eml, but is a text file"),
        ("invoice", made.PDF, "has no ending, but is a PDF"),
    ],
)
def test_a_name_that_contradicts_its_content_is_refused(name: str, content: bytes, words: str) -> None:
    assert words in refusal(content, name)


def test_a_packed_document_is_not_unpacked() -> None:
    """A part that grows a thousandfold is never read, so a bomb costs nothing."""
    bomb = made.office("xl/workbook.xml", xl__worksheets__sheet1_dot_xml=b"\0" * 50_000_000)
    assert len(bomb) < 100_000
    assert told(bomb, "a.xlsx") == FileKind.XLSX
