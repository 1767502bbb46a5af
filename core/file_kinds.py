"""What a file is, told by its content. The kinds that may be kept are few; everything else is refused in words.

Nothing is unpacked or run here: of a packed document only its list of parts and its small declarations are read.
What is attached to an e-mail is not opened.
"""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import BinaryIO

from core.archives import DAMAGED
from core.problems import Refused, refuse
from core.reading.workbooks import OLE2, PARTS_MOST


class FileKind(StrEnum):
    """A kind of file that may be kept."""

    PDF = "pdf"
    PNG = "png"
    JPEG = "jpeg"
    TIFF = "tiff"
    XLSX = "xlsx"
    DOCX = "docx"
    ODS = "ods"
    CSV = "csv"
    TEXT = "txt"
    EML = "eml"
    MSG = "msg"


@dataclass(frozen=True)
class _Known:
    words: str
    endings: tuple[str, ...]
    content_type: str


_OFFICE = "application/vnd.openxmlformats-officedocument"
KNOWN: Mapping[FileKind, _Known] = {
    FileKind.PDF: _Known("PDF", (".pdf",), "application/pdf"),
    FileKind.PNG: _Known("picture (PNG)", (".png",), "image/png"),
    FileKind.JPEG: _Known("picture (JPEG)", (".jpg", ".jpeg"), "image/jpeg"),
    FileKind.TIFF: _Known("scan (TIFF)", (".tif", ".tiff"), "image/tiff"),
    FileKind.XLSX: _Known("Excel workbook", (".xlsx",), f"{_OFFICE}.spreadsheetml.sheet"),
    FileKind.DOCX: _Known("Word document", (".docx",), f"{_OFFICE}.wordprocessingml.document"),
    FileKind.ODS: _Known("spreadsheet (ODS)", (".ods",), "application/vnd.oasis.opendocument.spreadsheet"),
    FileKind.CSV: _Known("table (CSV)", (".csv",), "text/csv"),
    FileKind.TEXT: _Known("text file", (".txt",), "text/plain"),
    FileKind.EML: _Known("e-mail (EML)", (".eml",), "message/rfc822"),
    FileKind.MSG: _Known("e-mail (Outlook)", (".msg",), "application/vnd.ms-outlook"),
}
ENDINGS = tuple(ending for known in KNOWN.values() for ending in known.endings)
TAKEN = "PDF, PNG, JPEG, TIFF, XLSX, DOCX, ODS, CSV, TXT, EML and MSG"

_MARKED: tuple[tuple[bytes, FileKind], ...] = (
    (b"%PDF-", FileKind.PDF),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"II*\0", FileKind.TIFF),
    (b"MM\0*", FileKind.TIFF),
    (b"II+\0", FileKind.TIFF),
    (b"MM\0+", FileKind.TIFF),
)
# What is named in a refusal, so that the person knows what was sent. Two letters alone may begin a text.
_NAMED: tuple[tuple[bytes, str], ...] = (
    (b"\x7fELF", "a program"),
    (b"\xfe\xed\xfa\xce", "a program"),
    (b"\xfe\xed\xfa\xcf", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xce\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"#!", "a script"),
    (b"Rar!", "a packed archive"),
    (b"7z\xbc\xaf\x27\x1c", "a packed archive"),
    (b"\x1f\x8b", "a packed archive"),
    (b"BZh", "a packed archive"),
    (b"\xfd7zXZ", "a packed archive"),
    (b"MSCF", "a packed archive"),
    (b"{\\rtf", "an RTF document"),
    (b"GIF8", "a picture (GIF)"),
)
_MARKUP = re.compile(
    rb"\s*<(!doctype|!--|\?xml|html|head|body|svg|script|iframe|table|style|meta|\?php)", re.IGNORECASE
)
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_MAIL_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]*:[ \t]")
_MAIL_SENDER = re.compile(rb"^(from|received|return-path|date):", re.IGNORECASE | re.MULTILINE)
# Of the declarations inside a packed document no more is read than an honest one holds.
_DECLARATION_MOST = 1024 * 1024


def kind_of(file: BinaryIO, name: str) -> FileKind:
    """The kind of a file by its content, or core.problems.Refused with one sentence.

    `name` is the file's own: its ending must be one of the content's kind, and tells CSV from plain text.
    """
    ending = PurePath(name).suffix.lower()
    file.seek(0)
    head = file.read(4096)
    if not head.strip():
        raise refuse("F22", f"“{name}” is empty. Check that the right file was chosen.")
    found = _by_content(file, head, name, ending)
    if ending not in KNOWN[found].endings:
        right = KNOWN[found].endings[0]
        says = f"ends in {ending}" if ending else "has no ending"
        raise refuse(
            "F22", f"“{name}” {says}, but is {_a(KNOWN[found].words)}. If that is right, let its name end in {right}."
        )
    return found


def _a(words: str) -> str:
    return f"{'an' if words[0] in 'Ee' else 'a'} {words}"


def _by_content(file: BinaryIO, head: bytes, name: str, ending: str) -> FileKind:
    for mark, kind in _MARKED:
        if head.startswith(mark):
            return kind
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _packed(file, name)
    if head.startswith(OLE2):
        return _compound(file, name)
    for mark, words in _NAMED:
        if head.startswith(mark):
            raise _not_taken(name, words)
    if head.startswith(b"MZ") and not _is_text(head):
        raise _not_taken(name, "a program")
    return _text(file, head, name, ending)


def _not_taken(name: str, words: str) -> Refused:
    return refuse("F22", f"“{name}” is {words}, which is not taken here. Send one of {TAKEN}.")


def _protected(name: str) -> Refused:
    return refuse("F22", f"“{name}” is protected by a password. Save it without one and send that file.")


def _with_macros(name: str) -> Refused:
    return refuse("F22", f"“{name}” holds macros. Save it without them, or as a PDF, and send that file.")


def _packed(file: BinaryIO, name: str) -> FileKind:
    """An Office document that is a zip. Refuses macros, passwords and every other zip."""
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            parts = {info.filename.replace("\\", "/") for info in infos}
            if len(infos) > PARTS_MOST or len(parts) != len(infos):
                raise _not_taken(name, "a packed archive")
            if any(info.flag_bits & 1 for info in infos):
                raise _protected(name)
            types = _declaration(archive, parts, "[Content_Types].xml")
            kind_told = _declaration(archive, parts, "mimetype").strip()
            manifest = _declaration(archive, parts, "META-INF/manifest.xml")
    except DAMAGED:
        raise refuse("F22", f"“{name}” is damaged. Open it, save it again and send that file.") from None
    if _holds_macros(parts, types):
        raise _with_macros(name)
    if b"encryption-data" in manifest:
        raise _protected(name)
    if types and "xl/workbook.xml" in parts:
        return FileKind.XLSX
    if types and "word/document.xml" in parts:
        return FileKind.DOCX
    if kind_told.decode("latin-1") == KNOWN[FileKind.ODS].content_type and "content.xml" in parts:
        return FileKind.ODS
    raise _not_taken(name, "a packed archive, or a document of another kind")


def _declaration(archive: zipfile.ZipFile, parts: set[str], part: str) -> bytes:
    if part not in parts:
        return b""
    with archive.open(part) as opened:
        return opened.read(_DECLARATION_MOST)


def _holds_macros(parts: set[str], types: bytes) -> bool:
    return (
        b"macroenabled" in types.lower()
        or any(part.lower().endswith(("vbaproject.bin", "vbadata.xml")) for part in parts)
        or any(part.startswith(("xl/macrosheets/", "Basic/", "Scripts/")) for part in parts)
    )


def _compound(file: BinaryIO, name: str) -> FileKind:
    """An Outlook message; an old or a locked Office document in the same wrapping is refused."""
    file.seek(0)
    data = file.read()
    if any(words.encode("utf-16-le") in data for words in ("EncryptedPackage", "EncryptionInfo")):
        raise _protected(name)
    if "__properties_version1.0".encode("utf-16-le") in data and "__substg1.0_".encode("utf-16-le") in data:
        return FileKind.MSG
    raise refuse(
        "F22",
        f"“{name}” is an old Office document, in which macros can hide. Save it as .xlsx, .docx or PDF and send that.",
    )


def _text(file: BinaryIO, head: bytes, name: str, ending: str) -> FileKind:
    file.seek(0)
    data = file.read().removeprefix(b"\xef\xbb\xbf")
    if not _is_text(data):
        raise _not_taken(name, "of a kind that is not known")
    if _MARKUP.match(data):
        raise _not_taken(name, "a web page, SVG or XML")
    if data.startswith(b"#!"):
        raise _not_taken(name, "a script")
    if ending == ".eml" and _MAIL_HEADER.match(data) and _MAIL_SENDER.search(data[:65536]):
        return FileKind.EML
    if ending and ending not in ENDINGS:
        # A script is text like any other: only its name tells what would be done with it.
        raise _not_taken(name, f"text with the ending {ending}")
    return FileKind.CSV if ending == ".csv" else FileKind.TEXT


def _is_text(data: bytes) -> bool:
    """Whether it is UTF-8 or Windows text without control characters."""
    if _NOT_TEXT.search(data):
        return False
    for encoding in ("utf-8", "cp1252"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
