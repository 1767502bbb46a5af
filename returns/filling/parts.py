"""An .xlsx file as the zip that it is: its parts under limits, and a copy in which only some parts are new.

Untouched parts are copied as they are packed, to the byte, in their order and with their stamps. Nothing here is
written to disk, and no part is unpacked before the sizes that the zip states have been added up.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from functools import cached_property

from core.archives import DAMAGED
from core.file_kinds import FileKind, kind_of
from core.problems import Refused, refuse
from core.reading.workbooks import PARTS_MOST, SUSPECT_RATIO, SUSPECT_SIZE, UNPACKED_MOST

CODE = "W1"
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_XML = (".xml", ".rels", ".vml")
_DTD = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
# What a zip writes where a size does not fit in 32 bits; no workbook under our limits needs it.
_TOO_LARGE = 0xFFFFFFFF
_HAS_DESCRIPTOR = 0x08


class Package:
    """A workbook file, checked: no macros, no password, no bomb, no DTD. Its parts by name."""

    def __init__(self, data: bytes, name: str) -> None:
        """Refuses, in one sentence that names the file, whatever is not a plain .xlsx workbook."""
        if kind_of(io.BytesIO(data), name) is not FileKind.XLSX:
            raise refuse(CODE, f"“{name}” is no Excel workbook. Save it as .xlsx and send that file.")
        self.data, self.name = data, name
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                self._infos = archive.infolist()
                self._directory = archive.start_dir
                self._check_sizes()
                self._contents = {info.filename: archive.read(info) for info in self._infos}
        except DAMAGED:
            raise self._damaged() from None
        self._check_contents()

    def _check_sizes(self) -> None:
        unpacked = sum(info.file_size for info in self._infos)
        bomb = unpacked > SUSPECT_SIZE and unpacked > SUSPECT_RATIO * len(self.data)
        if bomb or unpacked > UNPACKED_MOST or len(self._infos) > PARTS_MOST:
            raise refuse(
                CODE, f"“{self.name}” unpacks to far more than a form holds. Ask the funder for a smaller file."
            )

    def _check_contents(self) -> None:
        for part, content in self._contents.items():
            # Without the noughts, since UTF-16 writes every letter with one.
            if part.lower().endswith(_XML) and _DTD.search(content.replace(b"\0", b"")):
                raise refuse(
                    CODE,
                    f"“{self.name}” declares a document type or entities in {part}, which Excel never writes and which "
                    "can stop a server. Ask the funder for the file again.",
                )

    def _damaged(self) -> Refused:
        return refuse(CODE, f"“{self.name}” is damaged. Open it in Excel, save it again and send that file.")

    @property
    def names(self) -> list[str]:
        """The names of the parts in the order of the zip's directory."""
        return [info.filename for info in self._infos]

    def __contains__(self, part: str) -> bool:
        return part in self._contents

    def part(self, part: str) -> bytes:
        """The content of a part; KeyError if there is none of that name."""
        return self._contents[part]

    @cached_property
    def _spans(self) -> dict[str, tuple[int, int]]:
        """Where each part's record begins and ends in the file; refuses records that overlap."""
        order = sorted(self._infos, key=lambda info: info.header_offset)
        ends = [*(info.header_offset for info in order[1:]), self._directory]
        spans = {}
        for info, end in zip(order, ends, strict=True):
            start = info.header_offset
            if self.data[start : start + 4] != _LOCAL or end < start + 30 + info.compress_size:
                raise self._damaged()
            spans[info.filename] = (start, end)
        return spans

    def packed(self, part: str) -> bytes:
        """A part's record as it stands in the zip: header, packed content and what follows it."""
        start, end = self._spans[part]
        return self.data[start:end]

    def with_parts(self, new: Mapping[str, bytes]) -> bytes:
        """The same file with the content of some parts replaced; every other byte of a part is copied.

        The same input gives the same bytes: a replaced part keeps its time stamp and its way of packing.
        """
        if unknown := set(new) - set(self.names):
            raise KeyError(", ".join(sorted(unknown)))
        order = sorted(self._infos, key=lambda info: info.header_offset)
        made = bytearray(self.data[: order[0].header_offset])
        places: dict[str, int] = {}
        sizes: dict[str, tuple[int, int, int]] = {}
        for info in order:
            places[info.filename] = len(made)
            record = self.packed(info.filename)
            if info.filename in new:
                record, sizes[info.filename] = self._repacked(record, info, new[info.filename])
            made += record
        directory = len(made)
        made += self._new_directory(places, sizes)
        made += self._new_end(directory, len(made) - directory)
        return bytes(made)

    def _repacked(self, record: bytes, info: zipfile.ZipInfo, content: bytes) -> tuple[bytes, tuple[int, int, int]]:
        """A new record for a part, and its checksum, packed and unpacked size."""
        if info.compress_type == zipfile.ZIP_DEFLATED:
            packer = zlib.compressobj(6, zlib.DEFLATED, -15)
            packed = packer.compress(content) + packer.flush()
        elif info.compress_type == zipfile.ZIP_STORED:
            packed = content
        else:
            raise refuse(
                CODE, f"“{self.name}” is packed in a way that cannot be written. Save it again in Excel and send that."
            )
        size = (zlib.crc32(content), len(packed), len(content))
        flags = struct.unpack_from("<H", record, 6)[0] & ~_HAS_DESCRIPTOR
        name_length, extra_length = struct.unpack_from("<HH", record, 26)
        header = bytearray(record[: 30 + name_length + extra_length])
        struct.pack_into("<H", header, 6, flags)
        struct.pack_into("<III", header, 14, *size)
        return bytes(header) + packed, size

    def _new_directory(self, places: Mapping[str, int], sizes: Mapping[str, tuple[int, int, int]]) -> bytes:
        made, at = bytearray(), self._directory
        for info in self._infos:
            if self.data[at : at + 4] != _CENTRAL:
                raise self._damaged()
            lengths = struct.unpack_from("<HHH", self.data, at + 28)
            entry = bytearray(self.data[at : at + 46 + sum(lengths)])
            if struct.unpack_from("<I", entry, 42)[0] == _TOO_LARGE or _TOO_LARGE in struct.unpack_from(
                "<II", entry, 20
            ):
                raise refuse(
                    CODE, f"“{self.name}” is packed as a very large file. Save it again in Excel and send that."
                )
            if info.filename in sizes:
                flags = struct.unpack_from("<H", entry, 8)[0] & ~_HAS_DESCRIPTOR
                struct.pack_into("<H", entry, 8, flags)
                struct.pack_into("<III", entry, 16, *sizes[info.filename])
            struct.pack_into("<I", entry, 42, places[info.filename])
            made += entry
            at += len(entry)
        return bytes(made)

    def _new_end(self, directory: int, size: int) -> bytes:
        at = self.data.rfind(_END)
        end = bytearray(self.data[at:])
        struct.pack_into("<II", end, 12, size, directory)
        return bytes(end)
