"""PDFs: tagged to the last header cell, closed to the outside, the same bytes twice."""

import builtins
import io
from datetime import UTC, datetime

import pikepdf
import pytest

from core.pdf import Attached, ForbiddenAddress, render_pdf
from core.problems import Refused
from tests.pdf_text import text_of

PAGE = """<!DOCTYPE html><html lang="en-GB"><head><title>Return &amp; claim</title>
<meta name="dcterms.created" content="2025-04-09T13:05:00Z">
<meta name="dcterms.modified" content="2025-04-09T13:05:00Z">
<style>@font-face {{ font-family: "Liberation Sans"; src: url(font:LiberationSans-Regular.ttf) }}
@font-face {{ font-family: "Liberation Sans"; src: url(font:LiberationSans-Bold.ttf); font-weight: bold }}
@page {{ size: A5; @top-left {{ content: "Running head" }} @bottom-right {{ content: "Page " counter(page) }} }}
html {{ font-family: "Liberation Sans" }}</style></head><body><h1>Return</h1>{body}</body></html>"""
TABLE = (
    '<table><caption>Spend</caption><thead><tr><th scope="col">Project</th><th scope="col">Actual</th></tr></thead>'
    "<tbody>" + '<tr><th scope="row">The Change Hub</th><td>−£1,234.50</td></tr>' * 40 + "</tbody></table>"
)
CHART = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="50" height="50">'
    "<title>A chart</title>"
    '<rect width="9" height="9"/></svg>'
)
LINK = '<p><a href="https://www.gov.uk/">guidance</a></p>'
MOMENT = datetime(2025, 4, 9, 13, 5, tzinfo=UTC)


def render(body: str = TABLE + CHART + LINK) -> bytes:
    return render_pdf(
        PAGE.format(body=body),
        identifier="0123456789abcdef" * 4,
        attachments=(Attached("claim.xlsx", b"PK workbook", "The same as a workbook", MOMENT),),
    )


@pytest.fixture(scope="module")
def made() -> bytes:
    return render()


@pytest.fixture
def opened(made: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(made))


def elements(pdf: pikepdf.Pdf) -> list[pikepdf.Object]:
    """Every element of the tree of tags, from the root down."""
    found, waiting = [], [pdf.Root.StructTreeRoot.K[0]]
    while waiting:
        element = waiting.pop()
        if isinstance(element, pikepdf.Dictionary) and element.get("/Type") == "/StructElem":
            found.append(element)
            waiting += list(element.get("/K", []))
    return found


def test_the_same_page_gives_the_same_bytes(made, time_machine):
    time_machine.move_to("2031-05-06T07:08:09Z")
    assert render() == made


def test_the_file_says_what_it_is(opened):
    assert opened.Root.MarkInfo.Marked
    assert opened.Root.Lang == "en-GB"
    assert opened.Root.ViewerPreferences.DisplayDocTitle
    assert opened.docinfo.Title == "Return & claim"
    assert opened.docinfo.CreationDate == "D:20250409130500Z"


def test_every_header_cell_has_its_scope_and_every_figure_its_words(opened):
    scopes = [str(element.A.Scope) for element in elements(opened) if element.S == "/TH"]
    assert scopes.count("/Row") == 40
    assert scopes.count("/Column") >= 2
    assert [str(element.Alt) for element in elements(opened) if element.S == "/Figure"] == ["A chart"]


def test_page_headers_are_no_part_of_what_is_read_aloud(opened):
    """Every marked text belongs to an element of the tree; running heads are marked as pagination."""
    in_tree = {element.objgen for element in elements(opened)}
    parents = list(opened.Root.StructTreeRoot.ParentTree.Nums)
    for page in opened.pages:
        owners = parents[parents.index(page.obj.StructParents) + 1]
        assert all(owner is None or owner.objgen in in_tree for owner in owners)
        paginated = 0
        for operands, operator in pikepdf.parse_content_stream(page):
            if str(operator) != "BDC":
                continue
            if "/MCID" in operands[1]:
                assert owners[int(operands[1].MCID)].objgen in in_tree
            else:
                assert (operands[0], operands[1].Type) == ("/Artifact", "/Pagination")
                paginated += 1
        assert paginated >= 2
    held = {obj.objgen for obj in opened.objects if isinstance(obj, pikepdf.Dictionary) and "/S" in obj and "/P" in obj}
    assert held <= in_tree


def test_links_are_printed(opened):
    notes = [note for page in opened.pages for note in page.obj.get("/Annots", [])]
    assert [int(note.F) for note in notes] == [4]


def test_all_fonts_are_embedded_and_are_those_carried_here(opened):
    fonts = [font for page in opened.pages for font in page.obj.Resources.Font.values()]
    assert fonts
    for font in fonts:
        descriptor = font.DescendantFonts[0].FontDescriptor
        assert "LiberationSans" in str(descriptor.FontName).replace("-", "")
        assert "/FontFile2" in descriptor or "/FontFile3" in descriptor


def test_a_file_travels_inside(opened):
    assert opened.attachments["claim.xlsx"].get_file().read_bytes() == b"PK workbook"
    assert opened.attachments["claim.xlsx"].get_file().creation_date == MOMENT


def test_the_text_can_be_read_back(made):
    text = text_of(made)
    assert text.count("−£1,234.50") == 40
    assert "Running head" in text
    assert "\ufffd" not in text


@pytest.mark.parametrize(
    "body",
    [
        '<link rel="attachment" href="file:///etc/passwd">',
        '<img alt="x" src="file:///etc/passwd">',
        '<img alt="x" src="http://localhost:9/x.png">',
        '<img alt="x" src="https://localhost:9/x.png">',
        '<link rel="stylesheet" href="http://localhost:9/x.css">',
        '<style>@import url("file:///etc/passwd");</style>',
        "<style>p { background: url(ftp://localhost/x) }</style><p>x</p>",
        '<img alt="x" src="font:../../config/settings.py">',
        '<img alt="x" src="data:text/html;base64,PGI+">',
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><title>t</title>'
        '<image href="file:///etc/passwd" width="9" height="9"/></svg>',
    ],
)
def test_nothing_is_fetched_from_outside(body):
    with pytest.raises(ForbiddenAddress, match="fetches nothing from outside"):
        render(body)


def test_a_drawing_that_fails_is_not_left_out_in_silence():
    broken = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><title>t</title><rect width="x%%"/></svg>'
    with pytest.raises(RuntimeError, match="could not be drawn whole"):
        render(broken)


def test_where_pango_is_missing_the_person_is_told_what_to_install(monkeypatch):
    real = builtins.__import__

    def without_pango(name: str, *args, **kwargs):
        if name == "weasyprint":
            raise OSError("cannot load library 'libgobject-2.0-0'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_pango)
    with pytest.raises(Refused, match="PDF needs: apt-get install libpango"):
        render()
