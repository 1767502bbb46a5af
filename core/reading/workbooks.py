"""Workbook bytes -> sheets of cells, after every check that must come before a parser sees them."""

import io
import os
import pickle
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from core.archives import DAMAGED
from core.problems import Problem, refuse
from core.reading.cells import Sheet

UNPACKED_MOST = 200 * 1024 * 1024
# Real workbooks pack 5 to 20 times; only above this size does a high ratio mean a bomb.
SUSPECT_RATIO, SUSPECT_SIZE = 100, 10 * 1024 * 1024
PARTS_MOST = 5_000
READING_SECONDS = 60
# Days from the first day of 1900 counting to that of 1904 counting.
DAYS_TO_1904 = 1462

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The parser of strangers' files gets no secret of ours, and does not spell out its own crash.
_CHILD_ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "RUST_BACKTRACE": "0"}
_CHILD = Path(__file__).with_name("workbook_child.py")
# No closing tag is looked for here: where many are missing, that would be done anew to the end for each.
_COVERED = re.compile(rb"<(?P<tag>(?:\w+:)?covered-table-cell)\b(?P<attributes>[^<>]*)>")
_REPEATED = re.compile(rb'\b[\w]*:?number-columns-repeated="\d+"')


def damaged(name: str) -> Exception:
    return refuse(
        "R4",
        f"“{name}” is damaged or not a whole workbook. Open it in Excel, save it again as .xlsx and send that file.",
    )


def password_protected(name: str) -> Exception:
    return refuse("R5", f"“{name}” is password-protected. Open it, save it without a password, and send that file.")


def unpacked_too_large(name: str) -> Exception:
    return refuse(
        "R6",
        f"“{name}” unpacks to far more than a ledger holds. Copy the ledger’s rows into a new workbook and send that.",
    )


def sheets_of_zip(data: bytes, name: str) -> tuple[list[Sheet], list[Problem]]:
    """The sheets of an .xlsx or .ods file. Refuses macros, passwords, bombs and other kinds of zip."""
    parts = _parts(data, name)
    _require_spreadsheet(parts, name)
    problems = []
    shift = 0
    for part, content in parts.items():
        if re.search(r"(^|/)workbook\d*\.xml$", part) and re.search(rb'\bdate1904\s*=\s*"(1|true)"', content):
            shift = DAYS_TO_1904
    if "content.xml" in parts:
        parts["content.xml"], stale = _without_covered(parts["content.xml"])
        if stale:
            problems.append(
                Problem("L13", f"{stale} merged cells held hidden values; they were not read.", blocking=False)
            )
    return _read(_repacked(parts), name, shift), problems


def sheets_of_ole2(data: bytes, name: str) -> tuple[list[Sheet], list[Problem]]:
    """The sheets of an old .xls file, or the refusal of what else comes in the same wrapping."""
    if "EncryptedPackage".encode("utf-16-le") in data or "EncryptionInfo".encode("utf-16-le") in data:
        raise password_protected(name)
    if "WordDocument".encode("utf-16-le") in data or "PowerPoint Document".encode("utf-16-le") in data:
        raise refuse("R2", f"“{name}” is not a spreadsheet. Send the ledger as .csv, .xlsx, .xls or .ods.")
    problems = []
    if "_VBA_PROJECT".encode("utf-16-le") in data:
        problems.append(Problem("L14", "The workbook holds macros; they were not run.", blocking=False))
    return _read(data, name, 0), problems


def _parts(data: bytes, name: str) -> dict[str, bytes]:
    """The XML parts by name, unpacked under the limits; pictures and the like are left out."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if any(info.flag_bits & 1 for info in infos):
                raise password_protected(name)
            unpacked = sum(info.file_size for info in infos)
            bomb = unpacked > SUSPECT_SIZE and unpacked > SUSPECT_RATIO * len(data)
            if bomb or unpacked > UNPACKED_MOST or len(infos) > PARTS_MOST:
                raise unpacked_too_large(name)
            if len({info.filename for info in infos}) != len(infos):
                raise damaged(name)
            # A part is never read past the size that its header states, which is what was added up.
            return {info.filename: _part(archive, info) for info in infos}
    except DAMAGED:
        raise damaged(name) from None


def _part(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    wanted = info.filename == "mimetype" or info.filename.endswith((".xml", ".rels"))
    return archive.read(info) if wanted else b""


def _require_spreadsheet(parts: dict[str, bytes], name: str) -> None:
    names = {part.replace("\\", "/") for part in parts}
    types = parts.get("[Content_Types].xml", b"")
    if any(part.endswith("vbaProject.bin") for part in names) or b"macroEnabled" in types:
        raise refuse("R7", f"“{name}” is a macro workbook. Save it as .xlsx, without macros, and send that file.")
    if any(part.endswith("workbook.bin") for part in names):
        raise refuse("R2", f"“{name}” is a binary workbook (.xlsb). Save it as .xlsx and send that file.")
    if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
        raise password_protected(name)
    excel = any(re.search(r"(^|/)workbook\d*\.xml$", part) for part in names)
    open_document = "content.xml" in names and b"spreadsheet" in parts.get("mimetype", b"")
    if not (excel or open_document):
        raise refuse("R2", f"“{name}” is not a spreadsheet. Send the ledger as .csv, .xlsx, .xls or .ods.")
    for part, content in parts.items():
        # Old OpenOffice files name a DTD in their manifest, which nobody reads here.
        plain = content.replace(b"\0", b"")
        if b"<!ENTITY" in plain or (b"<!DOCTYPE" in plain and not part.startswith("META-INF/")):
            raise refuse(
                "R8",
                f"“{name}” holds XML entities, which no ledger needs and which can stop a server. "
                "Copy its rows into a new workbook and send that.",
            )


def _without_covered(content: bytes) -> tuple[bytes, int]:
    """An .ods sheet without what stands hidden under merged cells, and how many cells held something."""
    stale, end, kept, unclosed = 0, 0, [], set()
    for match in _COVERED.finditer(content):
        tag, attributes = match["tag"], match["attributes"]
        if match.start() < end:
            continue
        inside, after = b"", match.end()
        if not attributes.endswith(b"/"):
            closing = b"</" + tag + b">"
            place = -1 if tag in unclosed else content.find(closing, after)
            if place < 0:
                unclosed.add(tag)
                continue
            inside, after = content[after:place], place + len(closing)
        stale += b"value" in attributes or b"<" in inside
        repeated = _REPEATED.search(attributes)
        kept += [content[end : match.start()], b"<" + tag + (b" " + repeated[0] if repeated else b"") + b"/>"]
        end = after
    return b"".join([*kept, content[end:]]), stale


def _repacked(parts: dict[str, bytes]) -> bytes:
    """A new archive of what was checked, so that the parser sees nothing that the checks did not."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for part, content in parts.items():
            archive.writestr(zipfile.ZipInfo(part), content)
    return packed.getvalue()


def _read(data: bytes, name: str, shift: int) -> list[Sheet]:
    try:
        # No part of the command comes from outside; the file goes to standard input.
        child = subprocess.run(  # noqa: S603
            [sys.executable, "-I", str(_CHILD)],
            input=data,
            capture_output=True,
            timeout=READING_SECONDS,
            check=False,
            env=_CHILD_ENVIRONMENT,
        )
    except subprocess.TimeoutExpired:
        raise _sheet_too_large(name) from None
    if child.returncode:
        raise _sheet_too_large(name)
    # Written by our own program above, never by the file.
    outcome, sheets = pickle.loads(child.stdout)  # noqa: S301
    if outcome == "password":
        raise password_protected(name)
    if outcome == "too large":
        raise _sheet_too_large(name)
    if outcome == "damaged":
        raise damaged(name)
    if not sheets:
        raise refuse(
            "R9",
            f"No sheet could be found in “{name}”. Open it in Excel, save it as “Excel Workbook (.xlsx)”, "
            "not “Strict Open XML”, and send that file.",
        )
    return [Sheet(**sheet, from_workbook=True, serial_shift=shift) for sheet in sheets]


def _sheet_too_large(name: str) -> Exception:
    return refuse(
        "R6",
        f"A sheet of “{name}” reaches far beyond its data, and cannot be read in the memory allowed. "
        "Copy the ledger’s rows into a new workbook and send that.",
    )
