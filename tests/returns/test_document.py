"""The PDF of a return and its preview: every figure in the text, tags, no table past its page, the workbook inside."""

import io
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pikepdf
import pytest
from django.template.loader import render_to_string

from returns.content import Cell, Column, Content, Section, Table, content_hash, figure_words, make_row
from returns.document import LANDSCAPE, PORTRAIT, _laid_out, document, preview
from returns.workbook import workbook
from tests.pdf_text import text_of
from tests.returns.sample import claim, draft, expenditure, final, performance

CONTENTS = {"claim": claim(), "performance": performance()}


def squeezed(text: str) -> str:
    """Without spaces and line ends, since cells wrap."""
    return re.sub(r"\s+", "", text)


@pytest.fixture(scope="module", params=["claim", "performance"])
def content(request) -> Content:
    return CONTENTS[request.param]


@pytest.fixture(scope="module")
def made(content) -> bytes:
    stamp = draft(content)
    return document(content, stamp, workbook(content, stamp))


@pytest.fixture(scope="module")
def certified(content) -> bytes:
    stamp = final(content)
    return document(content, stamp, workbook(content, stamp))


def test_the_same_content_and_stamp_give_the_same_bytes(content, made):
    stamp = draft(content)
    assert document(content, stamp, workbook(content, stamp)) == made


def test_the_text_of_every_figure_is_printed(content, made):
    text = squeezed(text_of(made, heads=False))
    for figure in content.figures():
        assert squeezed(figure_words(figure)) in text, figure.key
    for section in content.sections:
        for item in section.narrative:
            assert squeezed(item.text) in text


def test_what_was_typed_stays_words(made, content):
    if content.kind == "claim":
        assert "<b>Nor is this bold</b> & it should" in text_of(made)


def test_reference_revision_hash_and_page_stand_on_every_page(content, made):
    pages = text_of(made).split("\f")[:-1]
    short = draft(content).content_hash[:4]
    for number, page in enumerate(pages, start=1):
        assert f"{content.reference} · {content.period} · revision 1" in page
        assert f"Page {number} of {len(pages)}" in page
        assert "Made 9 April 2025, 14:05 BST · content " + short in page
        assert "DRAFT – not certified" in page
        assert not content.marking or content.marking in page


def test_a_draft_bears_a_watermark_behind_its_text_and_a_final_does_not(made, certified):
    def watermarks(data: bytes) -> list[bool]:
        """Whether each page first draws something as an artifact over its whole width."""
        with pikepdf.open(io.BytesIO(data)) as pdf:
            starts = [page.obj.Contents.read_bytes()[:200] for page in pdf.pages]
        return [re.search(rb"/Artifact\s+BMC.* re\s.*\sDo\s", start, re.DOTALL) is not None for start in starts]

    assert all(watermarks(made))
    assert not any(watermarks(certified))
    assert "DRAFT" not in text_of(certified)


def test_a_final_prints_each_signature_with_its_hash(content, certified):
    text = text_of(certified)
    assert text.count(content_hash(content)) == len(content.signatures_asked) + 1
    for signature in final(content).signatures:
        assert signature.role in text
        assert squeezed(signature.statement) in squeezed(text)


def test_the_file_is_tagged_titled_and_in_english(content, made):
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.Lang == "en-GB"
        assert pdf.docinfo.Title == f"DRAFT – not certified: {content.title}, {content.period}"
        tags = [obj for obj in pdf.objects if isinstance(obj, pikepdf.Dictionary) and obj.get("/Type") == "/StructElem"]
        assert {str(tag.S) for tag in tags} >= {"/H1", "/H2", "/Table", "/TH", "/TD", "/Caption"}
        assert all("/Scope" in tag.A for tag in tags if tag.S == "/TH")
        figures = [str(tag.Alt) for tag in tags if tag.S == "/Figure"]
        assert len(figures) == sum(section.chart is not None for section in content.sections)
        assert all("stand in the table" in alt for alt in figures)


def test_the_workbook_travels_inside(content, made):
    stamp = draft(content)
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert pdf.attachments[stamp.workbook_name].get_file().read_bytes() == workbook(content, stamp)


def test_nothing_is_printed_past_the_edge_of_its_page():
    """The right end of every run of text in the widest return stays inside the margin."""
    content = CONTENTS["claim"]
    stamp = draft(content)
    with pikepdf.open(io.BytesIO(document(content, stamp, b"x"))) as pdf:
        widths = {(float(page.mediabox[2]) > 700) for page in pdf.pages}
        assert widths == {True, False}, "both upright and turned pages"
        for page in pdf.pages:
            assert furthest_right(page) <= float(page.mediabox[2]) - 40


def furthest_right(page: pikepdf.Page) -> float:
    """The greatest x in points at which a run of text ends, from the glyph widths in the file."""
    fonts = {name: widths_of(font) for name, font in page.obj.Resources.Font.items()}
    stack, now, text, font, size, found = [], (1.0, 0.0), (1.0, 0.0), {}, 1.0, 0.0
    for operands, operator in pikepdf.parse_content_stream(page):
        name = str(operator)
        if name == "q":
            stack.append(now)
        elif name == "Q":
            now = stack.pop()
        elif name == "cm":
            a, _, _, _, e, _ = map(float, operands)
            now = (now[0] * a, now[0] * e + now[1])
        elif name == "Tm":
            a, _, _, _, e, _ = map(float, operands)
            text = (a, e)
        elif name == "Tf":
            font, size = fonts[str(operands[0])], float(operands[1])
        elif name == "TJ":
            wide = 0.0
            for part in operands[0]:
                if isinstance(part, pikepdf.String):
                    raw = bytes(part)
                    wide += sum(font.get(int.from_bytes(raw[i : i + 2]), 0) for i in range(0, len(raw), 2))
                else:
                    wide -= float(part)
            found = max(found, now[0] * (text[1] + text[0] * size * wide / 1000) + now[1])
    assert found > 300, "the measure finds text"
    return found


def widths_of(font: pikepdf.Object) -> dict[int, float]:
    found: dict[int, float] = {}
    given = list(font.DescendantFonts[0].W)
    for first, widths in zip(given[::2], given[1::2], strict=True):
        found |= {int(first) + at: float(width) for at, width in enumerate(widths)}
    return found


# Laying out


def wide_table(columns: int) -> Table:
    shown = (Column("name", "Project"), *(Column(f"c{n}", f"Amount {n}", "money") for n in range(columns)))
    amounts = [Decimal("1234567.89")] * columns
    return Table("T", shown, (make_row("claim", "s", "a", shown, ["Specialist Intervention Service", *amounts]),))


@pytest.mark.parametrize(("columns", "parts", "turned"), [(3, 1, False), (8, 1, True), (14, 2, True), (30, 3, True)])
def test_a_table_is_turned_and_then_parted_only_as_far_as_it_needs(columns, parts, turned):
    shown, wide = _laid_out(wide_table(columns), "Table 1. T", "t")
    assert (len(shown), wide) == (parts, turned)
    room = LANDSCAPE if turned else PORTRAIT
    assert all(sum(part.widths) == pytest.approx(room, abs=1.5) for part in shown)
    assert all(part.head[0].words == "Project" for part in shown)
    told = [cell.words for part in shown for cell in part.head[1:]]
    assert told == [f"Amount {n}" for n in range(columns)]


def test_parts_say_which_columns_they_hold():
    shown, _ = _laid_out(expenditure().table, "Table 3. Spend", "t")
    assert [part.caption for part in shown] == [
        "Table 3. Spend, columns 1 to 7 of 14", "Table 3. Spend, columns 8 to 14 of 14",
    ]  # fmt: skip


def test_a_word_without_end_is_broken_rather_than_pushed_off_the_page():
    columns = (Column("a", "A"), Column("b", "B", "money"))
    row = make_row("claim", "s", "a", columns, ["x" * 400, Cell(Decimal(1))])
    shown, wide = _laid_out(Table("T", columns, (row,)), "T", "t")
    assert not wide
    assert sum(shown[0].widths) <= PORTRAIT + 1


def test_a_reference_cannot_break_out_of_the_style_sheet():
    content = replace(CONTENTS["performance"], reference='R"; } </style><img src="file:///etc/passwd"> \\')
    stamp = draft(content)
    assert '</style><img src="file:///etc/passwd"> \\' in text_of(document(content, stamp, b"x"))


def test_an_empty_return_can_be_printed():
    bare = Content("claim", "T", "R", "P", "Rec", "Q1", 1, (Section("s", "S"),))
    assert "No signature is asked for." in text_of(document(bare, draft(bare), b"x"))


# Preview


class Tags(HTMLParser):
    """Collects what a page under a strict content security policy may not have, and headers without scope."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("style", "script") or "style" in given or any(name.startswith("on") for name in given):
            self.bad.append(tag)
        if tag == "th" and "scope" not in given:
            self.bad.append("th without scope")
        if given.get("id"):
            self.ids.append(given["id"])


def test_the_preview_says_what_the_files_say_and_needs_no_inline_style(content):
    shown = render_to_string("documents/_sections.html", preview(content, draft(content)))
    tags = Tags()
    tags.feed(shown)
    assert tags.bad == []
    assert len(tags.ids) == len(set(tags.ids))
    text = squeezed(re.sub(r"<[^>]+>", "", shown).replace("&#x27;", "'").replace("&amp;", "&"))
    for figure in content.figures():
        if figure.is_number or figure.state:
            assert squeezed(figure_words(figure)) in text, figure.key
    assert "<b>Nor" not in shown
