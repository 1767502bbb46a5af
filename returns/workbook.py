"""A return as a workbook: cover, notes, one sheet a section, signatures last. A pure function of content and stamp."""

from core.workbook import Book, Cell, Line, Sheet, build, defined_name, portions
from core.xlsx_charts import Graph
from returns.content import (
    STATES,
    Content,
    Figure,
    Section,
    Stamp,
    Table,
    check_stamp,
    figure_words,
    moment_words,
    short_hash,
    state_words,
)
from returns.notes import cover_facts, legend, provenance, rounding, signature_blocks


def workbook(content: Content, stamp: Stamp) -> bytes:
    """The .xlsx of a return. Refuses a stamp of another content, or a final one that lacks a signature."""
    check_stamp(content, stamp)
    strap = _strap(content, stamp)
    sheets = [_cover(content, stamp), _notes(content, strap)]
    sheets += [_section(content, section, strap) for section in content.sections if section.in_workbook]
    sheets.append(_certification(content, stamp, strap))
    return build(
        Book(
            title=_title(content, stamp),
            subject=f"{content.programme}, {content.period}, revision {content.revision}",
            author=content.recipient,
            keywords=f"content hash {stamp.content_hash}",
            moment=stamp.generated_at,
            sheets=tuple(sheets),
            head=" · ".join(part for part in (content.marking, "" if stamp.final else stamp.status) if part),
            foot=f"{content.reference} · revision {content.revision} · {short_hash(stamp.content_hash)}",
        )
    )


def _title(content: Content, stamp: Stamp) -> str:
    name = f"{content.title}, {content.period}"
    return name if stamp.final else f"{stamp.status}: {name}"


def _strap(content: Content, stamp: Stamp) -> str:
    """The line under every sheet's title, which says of which return and state a printed page is."""
    parts = (
        "" if stamp.final else stamp.status,
        content.marking,
        content.reference,
        content.period,
        f"revision {content.revision}",
        "Illustrative figures, not the real award" if content.illustrative else "",
    )
    return " · ".join(part for part in parts if part)


def _pairs(pairs: list[tuple[str, str]]) -> tuple[Line, ...]:
    return tuple(Line((Cell(label), Cell(piece))) for label, words in pairs for piece in portions(words))


def _cover(content: Content, stamp: Stamp) -> Sheet:
    intro = [part for part in (content.marking, content.template_note, stamp.status) if part]
    if content.illustrative:
        intro.append("Illustrative figures, not the real award.")
    intro.append(
        "Every sheet after this one has its title in the first row and at most one table. "
        "Markers in square brackets are explained on the sheet “Notes”."
    )
    facts = [*cover_facts(content, stamp), *provenance(content, stamp)]
    contents = [(f"Sheet {at}", title) for at, title in enumerate(_sheet_titles(content), start=1)]
    return Sheet("Cover", content.title, tuple(intro), ("Item", "Detail"), _pairs([*facts, *contents]), portrait=True)


def _sheet_titles(content: Content) -> list[str]:
    shown = [section.title for section in content.sections if section.in_workbook]
    return ["Cover", "Notes and definitions", *shown, "Certification"]


def _notes(content: Content, strap: str) -> Sheet:
    rows = [("Rounding and signs", words) for words in rounding(content)]
    rows += [("Marker", f"{shown}: {meaning}") for shown, meaning in legend(list(STATES))]
    rows += [("Note", note) for note in content.notes]
    lines = [("Note", kind, words) for kind, words in rows]
    for definition in content.definitions:
        version = f" (version {definition.version})" if definition.version else ""
        lines.append(("Definition", f"{definition.term}{version}", definition.words))
    lines += [("Setting used", used.name, used.value) for used in content.thresholds]
    made = tuple(
        Line((Cell(kind), Cell(term), Cell(piece))) for kind, term, words in lines for piece in portions(words)
    )
    return Sheet(
        "Notes", "Notes and definitions", (strap,), ("Kind", "Term", "Meaning"), made, headings=2, portrait=True
    )


def _section(content: Content, section: Section, strap: str) -> Sheet:
    name, intro = section.sheet or section.title, (strap, *section.paragraphs)
    if section.facts:
        facts = tuple(Line((Cell(fact.label), _cell(fact.figure))) for fact in section.facts)
        return Sheet(name, section.title, intro, ("Item", "Detail"), facts, portrait=True)
    if section.narrative:
        lines = []
        for item in section.narrative:
            pieces = [piece for paragraph in item.paragraphs for piece in portions(paragraph)]
            names = [defined_name(f"{content.kind}/{section.code}/{item.code}/text"), *[""] * (len(pieces) - 1)]
            lines += [Line((Cell(item.title), Cell(p, name=n))) for p, n in zip(pieces, names, strict=True)]
        return Sheet(name, section.title, intro, ("Subject", "Text"), tuple(lines), portrait=True)
    table = section.table
    if table is None:
        return Sheet(
            name, section.title, intro, empty="" if section.paragraphs else "Nothing to report.", portrait=True
        )
    lines = []
    for index, row in enumerate(table.rows):
        adds = tuple(table.adds(index)) if row.kind in ("subtotal", "total") else ()
        cells = []
        for column, figure in zip(table.columns, row.cells, strict=True):
            at = len(cells)
            summed = column.total and figure.is_number and not any(table.rows[i].cells[at].state == "c" for i in adds)
            named = section.in_document or row.kind != "row"
            cells.append(_cell(figure, adds if summed else (), named=named))
        lines.append(Line(tuple(cells), row.kind))
    header = tuple(column.title for column in table.columns)
    return Sheet(
        name, section.title, (*intro, *([table.caption] if table.rows else [])), header, tuple(lines), table.empty,
        table.headings, graph=_graph(section, table),
    )  # fmt: skip


def _graph(section: Section, table: Table) -> Graph | None:
    """The section's chart as Excel draws it; its words are those of the picture in the PDF."""
    chart = section.chart
    if chart is None or not table.rows:
        return None
    wanted = chart.rows or tuple(row.code for row in table.rows if row.kind == "row")
    return Graph(
        title=chart.title,
        shape=chart.shape,
        rows=tuple(at for at, row in enumerate(table.rows) if row.code in wanted),
        columns=tuple(table.column(code) for code in chart.columns),
        names=table.headings - 1,
        by_columns=chart.series == "columns",
        words=f"{chart.title}. The same figures stand in the table above it.",
    )


def _cell(figure: Figure, sum_of: tuple[int, ...] = (), *, named: bool = True) -> Cell:
    """A figure's cell. The rows of a list too long for paper have no names: nobody could find one among so many."""
    name = defined_name(figure.key) if named else ""
    if figure.value is None or isinstance(figure.value, str):
        return Cell(figure_words(figure), name=name)
    return Cell(figure.value, figure.unit, state_words(figure), name, sum_of)


def _certification(content: Content, stamp: Stamp, strap: str) -> Sheet:
    lines = []
    for block in signature_blocks(content, stamp):
        pairs = [("Statement", block.statement), *block.details]
        lines += [Line((Cell(block.capacity), Cell(label), Cell(words))) for label, words in pairs]
    intro = (
        strap,
        f"Content hash {stamp.content_hash}",
        f"File made {moment_words(stamp.generated_at)}; the same content is in {stamp.document_name}.",
    )
    return Sheet(
        "Certification", "Certification", intro, ("Signature", "Item", "Detail"), tuple(lines),
        "No signature is asked for.", headings=2, portrait=True,
    )  # fmt: skip
