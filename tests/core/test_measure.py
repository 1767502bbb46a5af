"""The widths of text are those of the fonts that the documents embed."""

import pytest
from fontTools.ttLib import TTFont

from core import measure
from core.pdf import FONTS


@pytest.mark.parametrize(("name", "bold"), [("LiberationSans-Regular.ttf", False), ("LiberationSans-Bold.ttf", True)])
def test_each_character_is_as_wide_as_in_the_font(name: str, bold: bool) -> None:
    font = TTFont(FONTS / name)
    glyphs, unit = font.getBestCmap(), font["head"].unitsPerEm
    known = sorted(measure._WIDTHS)
    found = {character: measure.ems(character, bold=bold) for character in known}
    drawn = {character: font["hmtx"][glyphs[ord(character)]][0] / unit for character in known}
    assert found == pytest.approx(drawn, abs=0.001)
