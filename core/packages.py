"""An .xlsx file as the zip that it is, checked before any parser sees it: no macros, password, bomb or DTD.

Nothing is written to disk, and no part is unpacked before the sizes that the zip states have been added up.
"""

import io
import re
import zipfile

from core.archives import DAMAGED
from core.file_kinds import FileKind, kind_of
from core.problems import Refused, refuse
from core.reading.workbooks import PARTS_MOST, SUSPECT_RATIO, SUSPECT_SIZE, UNPACKED_MOST

CODE = "W1"
_XML = (".xml", ".rels", ".vml")
_DTD = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


class Package:
    """A workbook file, checked: no macros, no password, no bomb, no DTD. Its parts by name."""

    def __init__(self, data: bytes, name: str, *, most: int = UNPACKED_MOST) -> None:
        """Refuses, in one sentence that names the file, whatever is not a plain .xlsx workbook.

        `most` is how many bytes it may unpack to.
        """
        if kind_of(io.BytesIO(data), name) is not FileKind.XLSX:
            raise refuse(CODE, f"“{name}” is no Excel workbook. Save it as .xlsx and send that file.")
        self.data, self.name, self._most = data, name, most
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
        bomb = self.unpacked > SUSPECT_SIZE and self.unpacked > SUSPECT_RATIO * len(self.data)
        if bomb or self.unpacked > self._most or len(self._infos) > PARTS_MOST:
            raise refuse(
                CODE, f"“{self.name}” unpacks to far more than such a workbook holds. Check that it is the right file."
            )

    def _check_contents(self) -> None:
        for part, content in self._contents.items():
            # Without the noughts, since UTF-16 writes every letter with one.
            if part.lower().endswith(_XML) and _DTD.search(content.replace(b"\0", b"")):
                raise refuse(
                    CODE,
                    f"“{self.name}” declares a document type or entities in {part}, which Excel never writes and which "
                    "can stop a server. Open it in Excel, save it again and send that file.",
                )

    def _damaged(self) -> Refused:
        return refuse(CODE, f"“{self.name}” is damaged. Open it in Excel, save it again and send that file.")

    @property
    def unpacked(self) -> int:
        """How many bytes its parts are, as the zip states."""
        return sum(info.file_size for info in self._infos)

    @property
    def names(self) -> list[str]:
        """The names of the parts in the order of the zip's directory."""
        return [info.filename for info in self._infos]

    def __contains__(self, part: str) -> bool:
        return part in self._contents

    def part(self, part: str) -> bytes:
        """The content of a part; KeyError if there is none of that name."""
        return self._contents[part]
