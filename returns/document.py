"""A return as a tagged PDF, and as the fragment that pages show of it. A pure function of content and stamp."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from core import charts, measure
from core.pdf import Attached, render_pdf
from returns.content import (
    Chart,
    Content,
    Figure,
    Narrative,
    Row,
    Section,
    Stamp,
    Table,
    chart_data,
    check_stamp,
    figure_words,
    moment_words,
    short_hash,
)
from returns.notes import cover_facts, legend, provenance, rounding, signature_blocks

# Points of an A4 page inside its margins, as print.css sets them.
PORTRAIT, LANDSCAPE = 493.0, 742.0
PADDING = 8.0
SIZES = ((PORTRAIT, 9.5), (PORTRAIT, 8.5), (LANDSCAPE, 9.5), (LANDSCAPE, 8.5), (LANDSCAPE, 8.0))
LONGEST_KEPT_WHOLE = 10
NARROWEST_TEXT, WIDEST_TEXT = 96.0, 200.0


# A figure to the page of what it rests on; empty where there is none.
Link = Callable[[Figure], str]


def _no_link(figure: Figure) -> str:
    return ""


@dataclass(frozen=True)
class CellShown:
    """A cell as templates print it: `scope` is "row" for a heading of the row, else empty; `url` on pages alone."""

    words: str
    numeric: bool
    scope: str = ""
    url: str = ""


@dataclass(frozen=True)
class RowShown:
    kind: str
    cells: list[CellShown]


@dataclass(frozen=True)
class TableShown:
    """A table, or a part of one that is wider than its page; `widths` are points in print, at type of `size`."""

    caption: str
    head: list[CellShown]
    rows: list[RowShown]
    name: str
    keep: bool
    size: float = 0
    widths: tuple[float, ...] = ()


@dataclass(frozen=True)
class SectionShown:
    """A section as templates print it; `wide` turns its page."""

    code: str
    title: str
    paragraphs: Sequence[str]
    facts: list[tuple[str, CellShown]]
    narrative: Sequence[Narrative]
    chart: SafeString
    tables: list[TableShown]
    empty: str
    wide: bool


def document(content: Content, stamp: Stamp, workbook_bytes: bytes) -> bytes:
    """The PDF of a return with its workbook inside. Refused where the system lacks Pango.

    Refuses a stamp of another content, or a final one that lacks a signature.
    """
    check_stamp(content, stamp)
    html = render_to_string("documents/return.html", _context(content, stamp, printed=True))
    seed = f"{stamp.content_hash} {stamp.status} {stamp.generated_at.astimezone(UTC).isoformat()}"
    attached = Attached(stamp.workbook_name, workbook_bytes, "The same return as a workbook", stamp.generated_at)
    return render_pdf(html, identifier=hashlib.sha256(seed.encode()).hexdigest(), attachments=(attached,))


def preview(content: Content, stamp: Stamp, *, link: Link = _no_link) -> dict[str, Any]:
    """The context of templates/documents/_sections.html, for a page that shows what the files will say.

    `link` gives the page of what a figure rests on, or nothing.
    """
    check_stamp(content, stamp)
    return _context(content, stamp, printed=False, link=link)


def _context(content: Content, stamp: Stamp, *, printed: bool, link: Link = _no_link) -> dict[str, Any]:
    numbers = _table_numbers(content)
    sections = [
        _shown(section, numbers, printed=printed, link=link) for section in content.sections if section.in_document
    ]
    return {
        "content": content,
        "stamp": stamp,
        "sections": sections,
        "cover": [*cover_facts(content, stamp)],
        "provenance": provenance(content, stamp),
        "legend": legend(content.states_used),
        "rounding": rounding(content),
        "signatures": signature_blocks(content, stamp),
        "ink": stamp.ink and not stamp.final,
        "title": content.title if stamp.final else f"{stamp.status}: {content.title}",
        "css": mark_safe("\n".join(_page_css(content, stamp) + _table_css(sections))) if printed else "",
        "generated": stamp.generated_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _table_numbers(content: Content) -> dict[str, int]:
    """Section code → the number of its table, counting those of the document."""
    with_tables = [s.code for s in content.sections if s.in_document and s.table is not None and s.table.rows]
    return {code: number for number, code in enumerate(with_tables, start=1)}


def _shown(section: Section, numbers: dict[str, int], *, printed: bool, link: Link) -> SectionShown:
    tables: list[TableShown] = []
    wide, empty = False, ""
    if section.table is not None and section.table.rows:
        caption = f"Table {numbers[section.code]}. {section.table.caption}"
        name = f"table-{section.code}"
        tables = [_part(section.table, caption, name, range(len(section.table.columns)), link)]
        if printed:
            tables, wide = _laid_out(section.table, caption, name)
    elif section.table is not None:
        empty = section.table.empty
    return SectionShown(
        code=section.code,
        title=section.title,
        paragraphs=section.paragraphs,
        facts=[(fact.label, _cell(fact.figure, link)) for fact in section.facts],
        narrative=section.narrative,
        chart=_drawn(section, section.chart),
        tables=tables,
        empty=empty,
        wide=wide,
    )


def _drawn(section: Section, chart: Chart | None) -> SafeString:
    if chart is None or section.table is None or not section.table.rows:
        return SafeString("")
    # core.charts escapes every word that it is given.
    return mark_safe(charts.svg(chart_data(section)))


def _cell(figure: Figure, link: Link) -> CellShown:
    return CellShown(figure_words(figure), figure.is_number, url=link(figure))


# Laying tables out on paper


def _part(table: Table, caption: str, name: str, columns: Sequence[int], link: Link = _no_link) -> TableShown:
    """The table with only these columns, in order."""
    rows = []
    for row in table.rows:
        cells = [
            CellShown(
                figure_words(row.cells[at]),
                _is_numeric(table, at),
                "row" if at < table.headings else "",
                link(row.cells[at]),
            )
            for at in columns
        ]
        rows.append(RowShown(row.kind, cells))
    head = [CellShown(table.columns[at].title, _is_numeric(table, at), "col") for at in columns]
    return TableShown(caption, head, rows, name, keep=len(rows) <= LONGEST_KEPT_WHOLE)


def _is_numeric(table: Table, at: int) -> bool:
    return at >= table.headings and table.columns[at].is_numeric


def _laid_out(table: Table, caption: str, name: str) -> tuple[list[TableShown], bool]:
    """The largest type at which the table fits, upright if it can; else in parts that repeat the row's headings."""
    everything = range(len(table.columns))
    for room, size in SIZES:
        needs = _needs(table, size)
        if sum(needs) <= room:
            shown = _part(table, caption, name, everything)
            return [replace(shown, size=size, widths=_spread(table, everything, needs, size, room))], room == LANDSCAPE
    size = SIZES[-1][1]
    needs = _needs(table, size)
    parts = []
    for number, part in enumerate(_packed(needs, table.headings, LANDSCAPE), start=1):
        columns = [*range(table.headings), *part]
        first, last = (at - table.headings + 1 for at in (part[0], part[-1]))
        words = f"{caption}, columns {first} to {last} of {len(table.columns) - table.headings}"
        shown = _part(table, words, f"{name}-{number}", columns)
        parts.append(replace(shown, size=size, widths=_spread(table, columns, needs, size, LANDSCAPE)))
    return parts, True


def _spread(
    table: Table, columns: Sequence[int], needs: Sequence[float], size: float, room: float
) -> tuple[float, ...]:
    """The widths of the columns: what each needs, and what is left over given to text until it is on one line."""
    widths = [needs[at] for at in columns]
    wishes = [
        max(0.0, max(_widths(row, row.cells[at], whole=True) for row in table.rows)[0] * size + PADDING - width)
        if not _is_numeric(table, at)
        else 0.0
        for at, width in zip(columns, widths, strict=True)
    ]
    spare = max(room - sum(widths), 0.0)
    share = min(1.0, spare / sum(wishes)) if sum(wishes) else 0.0
    widths = [width + wish * share for width, wish in zip(widths, wishes, strict=True)]
    rest = max(room - sum(widths), 0.0) / len(widths)
    return tuple(round(width + rest, 1) for width in widths)


def _packed(needs: list[float], headings: int, room: float) -> list[list[int]]:
    """The columns after the headings in as few parts as fit, of about the same number of columns."""
    left = room - sum(needs[:headings])
    columns = list(range(headings, len(needs)))
    for count in range(2, len(columns) + 1):
        least, more = divmod(len(columns), count)
        parts, start = [], 0
        for at in range(count):
            end = start + least + (at < more)
            parts.append(columns[start:end])
            start = end
        if all(sum(needs[at] for at in part) <= left for part in parts):
            return parts
    return [[at] for at in columns]


def _needs(table: Table, size: float) -> list[float]:
    """Points that each column needs: numbers on one line, words whole, prose at a readable width."""
    needs = []
    for at, column in enumerate(table.columns):
        numeric = _is_numeric(table, at)
        words = [measure.ems(word, bold=True) for word in column.title.split()]
        words += [width for row in table.rows for width in _widths(row, row.cells[at], whole=numeric)]
        prose = max(measure.ems(figure_words(row.cells[at])) for row in table.rows) * size
        # A word longer than the narrowest column of text, such as an address, is broken rather than obeyed.
        longest = max(words) * size if numeric else min(max(words) * size, 1.5 * NARROWEST_TEXT)
        # Long prose asks for more, so that a row stays within about six lines.
        least = 0.0 if numeric else min(prose, max(NARROWEST_TEXT, min(prose / 6, WIDEST_TEXT)))
        needs.append(max(longest, least) + PADDING)
    return needs


def _widths(row: Row, figure: Figure, *, whole: bool) -> list[float]:
    """Ems of the figure's words, or of them all on one line."""
    text = figure_words(figure)
    bold = row.kind in ("total", "subtotal")
    return [measure.ems(part, bold=bold) for part in ([text] if whole else text.split())]


# What stands on every page


def _table_css(sections: Sequence[SectionShown]) -> list[str]:
    rules = []
    for table in (table for section in sections for table in section.tables):
        rules.append(f"#{table.name} {{ font-size: {table.size}pt }}")
        rules += [f"#{table.name} thead th:nth-child({n}) {{ width: {w}pt }}" for n, w in enumerate(table.widths, 1)]
    return rules


def _page_css(content: Content, stamp: Stamp) -> list[str]:
    """The rules of the page margins, whose words come from the return, and the watermark of a draft."""
    draft = "" if stamp.final else stamp.status
    top_right = " · ".join(part for part in (content.marking, draft) if part)
    left = f"{content.reference} · {content.period} · revision {content.revision}"
    foot = f"Made {moment_words(stamp.generated_at)} · content {short_hash(stamp.content_hash)}"
    rules = [
        f"@page {{ @top-left {{ content: {_css_string(left)} }} @top-right {{ content: {_css_string(top_right)} }}"
        f" @bottom-left {{ content: {_css_string(foot)} }} }}"
    ]
    if not stamp.final:
        image = base64.b64encode(_watermark().encode()).decode()
        rules.append(f"@page {{ background: url(data:image/svg+xml;base64,{image}) no-repeat center center }}")
    return rules


def _css_string(text: str) -> str:
    """Text as a CSS string that nothing in it can end."""
    return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\{ord(c):06x}" for c in text) + '"'


# Letters a hundred wide, drawn and not written: text of a watermark would turn up in every search and copy.
_DRAFT = (
    "M0 0 H45 Q95 0 95 70 Q95 140 45 140 H0 Z",
    "M0 140 V0 H55 Q90 0 90 38 Q90 76 55 76 H0 M50 76 L92 140",
    "M0 140 L48 0 L96 140 M18 92 H78",
    "M0 140 V0 H88 M0 66 H70",
    "M0 0 H100 M50 0 V140",
)


def _watermark() -> str:
    letters = "".join(f'<path d="{path}" transform="translate({at * 125} 0)"/>' for at, path in enumerate(_DRAFT))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="640" viewBox="0 0 640 640">'
        '<g fill="none" stroke="#ececec" stroke-width="24" transform="rotate(-40 320 320) translate(20 250)">'
        f"{letters}</g></svg>"
    )
