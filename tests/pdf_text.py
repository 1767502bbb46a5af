"""The text of a PDF made here, read back through the fonts' own character maps; no other program is needed."""

import io
import re
from collections.abc import Iterator

import pikepdf

CharacterMap = dict[int, str]


def text_of(pdf: bytes, *, heads: bool = True) -> str:
    """All text in drawing order; a line for each run of text, a form feed after each page.

    `heads` False leaves out what is marked as no part of the content: page headers and footers.
    """
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return "".join("\n".join(_runs(page, heads=heads)) + "\f" for page in document.pages)


def _runs(page: pikepdf.Page, *, heads: bool) -> Iterator[str]:
    fonts = page.obj.Resources.get("/Font", {})
    maps = {name: _character_map(font) for name, font in fonts.items()}
    shown: CharacterMap = {}
    marks: list[str] = []
    for operands, operator in pikepdf.parse_content_stream(page):
        name = str(operator)
        if name in ("BMC", "BDC"):
            marks.append(str(operands[0]))
        elif name == "EMC":
            marks.pop()
        elif name == "Tf":
            shown = maps[str(operands[0])]
        elif name in ("TJ", "Tj") and (heads or "/Artifact" not in marks):
            parts = operands[0] if name == "TJ" else [operands[0]]
            yield "".join(_decode(part, shown) for part in parts if isinstance(part, pikepdf.String))


def _decode(text: pikepdf.String, shown: CharacterMap) -> str:
    raw = bytes(text)
    return "".join(shown.get(int.from_bytes(raw[i : i + 2]), "\ufffd") for i in range(0, len(raw), 2))


def _character_map(font: pikepdf.Object) -> CharacterMap:
    """Glyph number → what it stands for, from the font's ToUnicode stream."""
    stream = font.ToUnicode.read_bytes().decode("ascii", errors="replace")
    found: CharacterMap = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", stream, re.DOTALL):
        for code, text in re.findall(r"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]*)>", block):
            found[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", stream, re.DOTALL):
        for first, last, text in re.findall(r"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>", block):
            for offset in range(int(last, 16) - int(first, 16) + 1):
                found[int(first, 16) + offset] = chr(int(text, 16) + offset)
    return found
