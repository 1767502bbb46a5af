"""How wide text is in Liberation Sans (and Arial, which has the same widths), without opening a font."""

import string

# Thousandths of an em, from the font's own table; anything else counts as wide as a digit.
_WIDTHS: dict[str, int] = {
    **dict.fromkeys(string.digits, 556),
    **dict(zip(string.ascii_uppercase, (667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667,
                                        778, 722, 667, 611, 722, 667, 944, 667, 667, 611), strict=True)),
    **dict(zip(string.ascii_lowercase, (556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556,
                                        556, 333, 500, 278, 556, 500, 722, 500, 500, 500), strict=True)),
    **dict.fromkeys(" !,./:;[]\\\u00a0", 278), "’": 222, "‘": 222, "'": 191, '"': 355, "-": 333, "(": 333, ")": 333,
    **dict.fromkeys("+=<>−~", 584), "^": 469, "%": 889, "&": 667, "@": 1015, "–": 556, "—": 1000, "…": 1000,
    "“": 333, "”": 333, "·": 333,
}  # fmt: skip
_BOLD_WIDTHS: dict[str, int] = {
    **_WIDTHS,
    **dict(zip(string.ascii_uppercase, (722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667,
                                        778, 722, 667, 611, 722, 667, 944, 667, 667, 611), strict=True)),
    **dict(zip(string.ascii_lowercase, (556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611,
                                        611, 389, 556, 333, 611, 556, 778, 556, 556, 500), strict=True)),
    **dict.fromkeys("!:;[]", 333), "?": 611, "^": 584,
    "’": 278, "‘": 278, "'": 238, '"': 474, "&": 722, "@": 975, "“": 500, "”": 500,
}  # fmt: skip


def ems(text: str, *, bold: bool = False) -> float:
    """The width of a line of text in ems."""
    widths = _BOLD_WIDTHS if bold else _WIDTHS
    return sum(widths.get(character, 556) for character in text) / 1000


def wrapped(text: str, room: float, *, bold: bool = False) -> list[str]:
    """The lines into which words fall in `room` ems; a longer word stands alone in its line."""
    lines = []
    for given in text.split("\n"):
        line = ""
        for word in given.split(" "):
            longer = f"{line} {word}" if line else word
            if line and ems(longer, bold=bold) > room:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines
