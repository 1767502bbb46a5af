"""A workbook file in which only some parts are new.

Untouched parts are copied as they are packed, to the byte, in their order and with their stamps.
"""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from functools import cached_property

from core import packages
from core.packages import CODE
from core.problems import refuse

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
# What a zip writes where a size does not fit in 32 bits; no workbook under our limits needs it.
_TOO_LARGE = 0xFFFFFFFF
_HAS_DESCRIPTOR = 0x08


class Package(packages.Package):
    """A workbook file, checked, of which a copy with some new parts can be made."""

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
