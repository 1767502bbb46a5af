"""Sheets of one table each, described as plain blocks, made into the bytes of an .xlsx file.

The same book gives the same bytes. Accessible by construction: no merged cells, one header row, a title in
A1, nothing blank inside a table, no meaning in colour alone, the cursor in A1, properties filled in.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell.cell import Cell as XlsxCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.utils.indexed_list import IndexedList
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from core import measure
from core.xlsx_charts import Graph, draw, height_of, with_words, words_by_drawing

FONT = "Arial"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A cell taller than Excel's highest row (409 points) hides its end, so text is parted before that.
LONGEST_TEXT = 1500
WIDEST_TEXT = 70
WIDEST_AMONG_MANY = 38
LINE_HEIGHT = 13.5
# An em of ten-point text in the units of column widths (a digit of the same font, seven pixels).
UNIT = 1.93
SHEET_NAME_LENGTH = 31
# Points of an A4 page inside its margins, of a unit of column widths, and of a centimetre.
PAGE_LONG, PAGE_SHORT, POINTS_OF_A_UNIT, POINTS_OF_A_CENTIMETRE = 770.0, 480.0, 5.25, 28.35

Value = Decimal | int | str | date


@dataclass(frozen=True)
class Cell:
    """A value and how it is shown. `style`: text, money, count, scaled, percent or date.

    A percent is in points. `mark` is printed after a number ("[e]") and leaves it a number. `name` is the
    cell's defined name. `sum_of` lists the places of the rows (from 0) that it adds in its own column: it
    then becomes a formula with `value` as its cached result.
    """

    value: Value
    style: str = "text"
    mark: str = ""
    name: str = ""
    sum_of: tuple[int, ...] = ()


@dataclass(frozen=True)
class Line:
    """A row of cells; `kind` total and subtotal are set in bold under a rule, note in italics."""

    cells: tuple[Cell, ...]
    kind: str = "row"


@dataclass(frozen=True)
class Sheet:
    """A title, lines of introduction, and at most one table; without lines the sheet ends at `empty`.

    A `graph` of the table stands under it.
    """

    name: str
    title: str
    intro: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    empty: str = ""
    headings: int = 1
    portrait: bool = False
    graph: Graph | None = None


@dataclass(frozen=True)
class Book:
    """A workbook. `moment` (aware) is its created and modified time; `foot` is printed under every page."""

    title: str
    author: str
    subject: str
    moment: datetime
    sheets: tuple[Sheet, ...]
    head: str = ""
    foot: str = ""
    keywords: str = ""


def build(book: Book) -> bytes:
    """The bytes of the .xlsx file: the same for the same book, whenever it is made."""
    workbook = Workbook()
    # The unit of column widths is a digit of this font: the one that the cells are set in.
    workbook._fonts = IndexedList([_PLAIN])
    workbook._named_styles["Normal"].font = _PLAIN
    workbook.remove(workbook.active)
    names = sheet_names([sheet.name for sheet in book.sheets])
    cached: dict[str, dict[str, str]] = {}
    for number, (sheet, name) in enumerate(zip(book.sheets, names, strict=True), start=1):
        worksheet = workbook.create_sheet(name)
        cached[f"xl/worksheets/sheet{number}.xml"] = _fill(worksheet, sheet, number)
        _print_setup(worksheet, sheet, book)
    workbook.active = 0
    for worksheet in workbook.worksheets:
        worksheet.sheet_view.tabSelected = worksheet is workbook.worksheets[0]
    when = book.moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    about = workbook.properties
    about.title, about.subject, about.creator, about.lastModifiedBy = book.title, book.subject, book.author, book.author
    about.keywords, about.language, about.created = book.keywords or None, "en-GB", when
    raw = io.BytesIO()
    workbook.save(raw)
    graphs = {at: sheet.graph.words for at, sheet in enumerate(book.sheets, start=1) if sheet.graph and sheet.lines}
    return _settle(raw.getvalue(), when, cached, words_by_drawing(graphs))


def sheet_names(wanted: Sequence[str]) -> list[str]:
    """Names that Excel takes: none of []:*?/\\, at most 31 characters, no two alike but for case."""
    made: list[str] = []
    for name in wanted:
        plain = re.sub(r"\s+", " ", re.sub(r"[\[\]:*?/\\]", " ", name)).strip(" '") or "Sheet"
        candidate, count = plain[:SHEET_NAME_LENGTH].strip(" '"), 1
        # Excel keeps "History" for itself.
        while candidate.lower() in [taken.lower() for taken in made] or candidate.lower() == "history":
            count += 1
            tail = f" {count}"
            candidate = plain[: SHEET_NAME_LENGTH - len(tail)].strip(" '") + tail
        made.append(candidate)
    return made


def defined_name(key: str) -> str:
    """A key as a name in Excel: "claim/summary/chb-01/to-date" -> "fig.claim.summary.chb_01.to_date".

    The prefix keeps it from looking like a cell (CHB01 is one), for which Excel would repair the file.
    """
    name = f"fig.{key.replace('/', '.').replace('-', '_')}"
    if not re.fullmatch(r"fig(\.[a-z0-9_]+)+", name) or len(name) > 255:
        raise ValueError(f"“{key}” cannot be a name in a workbook")
    return name


def portions(text: str, longest: int = LONGEST_TEXT) -> list[str]:
    """Text in pieces no longer than `longest`, parted at line ends, else at sentence ends, else between words."""
    pieces: list[str] = []
    for line in [line.strip() for line in text.split("\n") if line.strip()] or [""]:
        piece = ""
        for sentence in re.split(r"(?<=[.;:!?]) +", line):
            for words in _cut(sentence, longest):
                if piece and len(piece) + 1 + len(words) > longest:
                    pieces.append(piece)
                    piece = words
                else:
                    piece = f"{piece} {words}".strip()
        pieces.append(piece)
    return pieces


def _cut(sentence: str, longest: int) -> list[str]:
    pieces = [""]
    for word in sentence.split(" "):
        for part in [word[i : i + longest] for i in range(0, len(word), longest)] or [""]:
            if pieces[-1] and len(pieces[-1]) + 1 + len(part) > longest:
                pieces.append(part)
            else:
                pieces[-1] = f"{pieces[-1]} {part}".strip()
    return pieces


# Filling a sheet

_BOLD, _PLAIN, _ITALIC = (
    Font(name=FONT, size=10, bold=True),
    Font(name=FONT, size=10),
    Font(name=FONT, size=10, italic=True),
)
_TITLE = Font(name=FONT, size=15, bold=True)
_RULE, _STRONG = Side(style="thin", color="B1B4B6"), Side(style="medium", color="0B0C0C")
_HEADER_FILL = PatternFill("solid", start_color="E8EDF2", end_color="E8EDF2")
# Text that begins with one of these is marked as text; none at all begins with the empty string.
_QUOTED = ("=", "+", "-", "@", "'")
_WORDS = ("text", "date")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def _fill(worksheet: Worksheet, sheet: Sheet, number: int) -> dict[str, str]:
    """Writes the sheet; hands back cell address → cached value of its formulas."""
    _check(sheet)
    widths = _widths(sheet)
    for at, width in enumerate(widths, start=1):
        worksheet.column_dimensions[get_column_letter(at)].width = width
    _write_text(worksheet.cell(1, 1), sheet.title, _TITLE)
    room = max(120, int(sum(widths)))
    above = [piece for line in sheet.intro for piece in portions(line, room)]
    if not sheet.lines and sheet.empty:
        above += portions(sheet.empty, room)
    for at, line in enumerate(above, start=2):
        _write_text(worksheet.cell(at, 1), line, _PLAIN)
    if not sheet.lines:
        return {}
    first = len(above) + 2
    right = [
        _right(sheet, at) or all(line.cells[at].style not in _WORDS for line in sheet.lines)
        for at in range(len(widths))
    ]
    for at, title in enumerate(sheet.header, start=1):
        cell = worksheet.cell(first, at)
        _write_text(cell, title, _BOLD)
        cell.fill, cell.border = _HEADER_FILL, Border(bottom=_STRONG)
        cell.alignment = _alignment(cell, right=_right(sheet, at - 1), wrap=True, vertical="bottom")
    worksheet.row_dimensions[first].height = _height(sheet.header, widths, bold=True)
    cached, styles, of_sheet = {}, _Styles(), quote_sheetname(worksheet.title)
    for down, line in enumerate(sheet.lines, start=first + 1):
        bold = line.kind in ("total", "subtotal")
        worksheet.row_dimensions[down].height = _height([_shown(cell) for cell in line.cells], widths, bold=bold)
        for at, given in enumerate(line.cells, start=1):
            cell = worksheet.cell(down, at)
            _write(cell, given, line.kind, first, styles, right=right[at - 1])
            if given.sum_of:
                cached[cell.coordinate] = _plain_number(given)
            if given.name:
                target = f"{of_sheet}!${cell.column_letter}${cell.row}"
                worksheet.parent.defined_names[given.name] = DefinedName(given.name, attr_text=target)
    _mark_up(worksheet, sheet, first, number)
    if sheet.graph is not None:
        _draw(worksheet, sheet, sheet.graph, first)
    return cached


def _draw(worksheet: Worksheet, sheet: Sheet, graph: Graph, header: int) -> None:
    """The sheet's chart, two rows under its table; on a printed page of its own where it would be cut."""
    above = header + len(sheet.lines) + 1
    heights = (worksheet.row_dimensions[at].height or LINE_HEIGHT for at in range(1, above + 1))
    width = sum(_widths(sheet)) * POINTS_OF_A_UNIT
    page = PAGE_LONG if sheet.portrait else PAGE_SHORT
    # A sheet wider than its page is printed smaller, and more of it stands on a page.
    room = page * max(width / (PAGE_SHORT if sheet.portrait else PAGE_LONG), 1)
    if sum(heights) + height_of(graph) * POINTS_OF_A_CENTIMETRE > room:
        worksheet.row_breaks.append(Break(id=above))
    cells = [[sheet.lines[row].cells[at] for at in graph.columns] for row in graph.rows]
    grid = [[None if isinstance(cell.value, str | date) else _stored(cell) for cell in row] for row in cells]
    first = next((cell for row in cells for cell in row if not isinstance(cell.value, str | date)), None)
    draw(
        worksheet,
        graph,
        header=header,
        grid=grid,
        names=[_shown(sheet.lines[row].cells[graph.names]) for row in graph.rows],
        titles=[sheet.header[at] for at in graph.columns],
        code=number_format(replace(first, mark="")) if first else "General",
        anchor=f"A{header + len(sheet.lines) + 2}",
    )


def _stored(cell: Cell) -> Decimal | int:
    """A number as its cell holds it: a percent as a part of one."""
    return Decimal(cell.value) / 100 if cell.style == "percent" else cell.value  # type: ignore[arg-type,return-value]


def _check(sheet: Sheet) -> None:
    heads = [title.strip().lower() for title in sheet.header]
    if sheet.lines and (len(set(heads)) != len(heads) or not all(heads)):
        raise ValueError(f"Sheet “{sheet.name}”: every column needs a heading of its own")
    for line in sheet.lines:
        if len(line.cells) != len(sheet.header):
            raise ValueError(f"Sheet “{sheet.name}”: a row of {len(line.cells)} cells under {len(heads)} headings")
        if any(cell.value is None or cell.value == "" for cell in line.cells):
            raise ValueError(f"Sheet “{sheet.name}”: a blank cell; say why with a marker such as [z]")


def _right(sheet: Sheet, at: int) -> bool:
    """Whether most of a column are numbers, so that its heading stands over their right edge."""
    numbers = sum(line.cells[at].style not in _WORDS for line in sheet.lines)
    return at >= sheet.headings and numbers * 2 >= len(sheet.lines)


class _Styles:
    """The styles of a sheet's cells: each is worked out once, for the first cell that has it."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], StyleArray] = {}

    def put_on(self, cell: XlsxCell, given: Cell, kind: str, *, right: bool) -> None:
        """Font, alignment, lines and number format of a cell that holds its value already."""
        is_text = isinstance(given.value, str)
        quoted = isinstance(given.value, str) and given.value[:1] in _QUOTED
        code = "General" if is_text else number_format(given)
        key = (code, is_text, quoted, kind, right, cell.column == 1)
        if key in self._known:
            cell._style = copy(self._known[key])
            return
        cell.font = _BOLD if kind in ("total", "subtotal") else _ITALIC if kind == "note" else _PLAIN
        cell.number_format = code
        cell.alignment = _alignment(cell, right=right, wrap=is_text, vertical="top")
        above = {"total": _STRONG, "subtotal": _RULE}.get(kind)
        cell.border = Border(top=above, bottom=_STRONG if kind == "total" else _RULE)
        cell.quotePrefix = quoted
        self._known[key] = copy(cell._style)


def _write(cell: XlsxCell, given: Cell, kind: str, header: int, styles: _Styles, *, right: bool) -> None:
    if given.sum_of:
        cell.value = _sum(cell.column_letter, [header + 1 + place for place in given.sum_of])
    elif isinstance(given.value, str):
        _hold_text(cell, given.value)
    else:
        percent = given.style == "percent" and not isinstance(given.value, date)
        cell.value = Decimal(given.value) / 100 if percent else given.value  # type: ignore[arg-type]
    styles.put_on(cell, given, kind, right=right)


def _alignment(cell: XlsxCell, *, right: bool, wrap: bool, vertical: str) -> Alignment:
    """Words after the first column are set in a little, off the numbers before them."""
    side, indent = ("right", 0) if right else ("left", 0 if cell.column == 1 else 1)
    return Alignment(wrap_text=wrap, vertical=vertical, horizontal=side, indent=indent)


def _write_text(cell: XlsxCell, text: str, font: Font) -> None:
    """Text that stays text, in a font."""
    _hold_text(cell, text)
    cell.font = font
    if text[:1] in _QUOTED:
        cell.quotePrefix = True


def _hold_text(cell: XlsxCell, text: str) -> None:
    """Text that stays text: "=1+1" is no formula, "#N/A" no error, not even once somebody edits the cell."""
    cell.value = _CONTROL.sub("", unicodedata.normalize("NFC", text))
    cell.data_type = "s"


def _sum(letter: str, rows: list[int]) -> str:
    """=SUM over the rows, neighbours joined to a range."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and runs[-1][-1] == row - 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    parts = [f"{letter}{run[0]}:{letter}{run[-1]}" if len(run) > 1 else f"{letter}{run[0]}" for run in runs]
    return f"=SUM({','.join(parts)})"


def number_format(cell: Cell) -> str:
    """Excel's format code: a negative has its minus as well as its red; the mark follows the number."""
    if cell.style == "date":
        return "d mmmm yyyy"
    places = max(-Decimal(cell.value).as_tuple().exponent, 0) if isinstance(cell.value, Decimal) else 0  # type: ignore[operator]
    code = {
        "money": '"£"#,##0.00',
        "percent": f"0.{'0' * places}%" if places else "0%",
    }.get(cell.style, f"#,##0.{'0' * places}" if places else "#,##0")
    mark = f'" {cell.mark}"' if cell.mark else ""
    return f"{code}{mark};[Red]-{code}{mark}"


def _plain_number(cell: Cell) -> str:
    return format(Decimal(cell.value), "f")  # type: ignore[arg-type]


def _widths(sheet: Sheet) -> list[float]:
    """Wide enough for every number and every word, text wrapped at a readable length."""
    if not sheet.lines:
        return [90.0]
    widths = []
    most = WIDEST_TEXT if len(sheet.header) < 5 else WIDEST_AMONG_MANY
    for at, title in enumerate(sheet.header):
        shown = [(_shown(line.cells[at]), line.kind in ("total", "subtotal")) for line in sheet.lines]
        words = [measure.ems(word, bold=bold) for text, bold in [(title, True), *shown] for word in text.split(" ")]
        whole = [measure.ems(text, bold=bold) for text, bold in shown]
        # A heading may take two lines or three, but no more.
        room = max(max(words) * UNIT, min(max(whole) * UNIT, most), min(measure.ems(title, bold=True) * UNIT / 2.2, 24))
        widths.append(round(max(min(room, WIDEST_TEXT), 8) + (3.0 if at else 2.0), 1))
    return widths


def _shown(cell: Cell) -> str:
    """About what Excel will show, for measuring."""
    if isinstance(cell.value, str):
        return cell.value
    if isinstance(cell.value, date):
        return "30 September 2025"
    text = f"{cell.value:,}" if cell.style != "money" else f"£{cell.value:,.2f}"
    return f"{text}{' ' if cell.mark else ''}{cell.mark}".replace(" ", "\u00a0")


def _height(texts: Sequence[str], widths: Sequence[float], *, bold: bool = False) -> float:
    """Points for the tallest cell of a row: not every program makes room for wrapped text by itself."""
    lines = max(
        len(measure.wrapped(text, (width - 1.5) / UNIT, bold=bold)) for text, width in zip(texts, widths, strict=True)
    )
    return round(lines * LINE_HEIGHT + 3, 1)


def _mark_up(worksheet: Worksheet, sheet: Sheet, header: int, number: int) -> None:
    """A real Excel table, which screen readers announce with its headings; without filter buttons."""
    last = f"{get_column_letter(len(sheet.header))}{header + len(sheet.lines)}"
    table = Table(displayName=f"table_{number}", ref=f"A{header}:{last}")
    table._initialise_columns()
    for column, title in zip(table.tableColumns, sheet.header, strict=True):
        column.name = _CONTROL.sub("", unicodedata.normalize("NFC", title))
    table.autoFilter = None
    table.tableStyleInfo = TableStyleInfo(name=None, showRowStripes=False)
    worksheet.add_table(table)
    worksheet.print_title_rows = f"{header}:{header}"


def _print_setup(worksheet: Worksheet, sheet: Sheet, book: Book) -> None:
    page = worksheet.page_setup
    page.paperSize, page.orientation = 9, "portrait" if sheet.portrait else "landscape"
    page.fitToWidth, page.fitToHeight = 1, 0
    worksheet.sheet_properties.pageSetUpPr.fitToPage = True
    worksheet.page_margins.left = worksheet.page_margins.right = 0.5
    # In headers & begins a code; && prints one.
    worksheet.oddHeader.right.text = book.head.replace("&", "&&") or None
    worksheet.oddFooter.left.text = book.foot.replace("&", "&&") or None
    worksheet.oddFooter.right.text = "Page &P of &N"
    worksheet.sheet_view.showGridLines = False
    for selection in worksheet.sheet_view.selection:
        selection.activeCell = selection.sqref = "A1"


# Same bytes, and values that readers without a calculator see

_FORMULA = re.compile(r'(<c r="([A-Z]+[0-9]+)"[^>]*><f>[^<]*</f>)<v ?(?:/>|></v>)')
_MODIFIED = re.compile(r"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


def _settle(raw: bytes, when: datetime, cached: dict[str, dict[str, str]], described: dict[str, list[str]]) -> bytes:
    """Writes the cached values and a fixed modified time, and zips anew with sorted names and one date."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as given, zipfile.ZipFile(out, "w") as made:
        for name in sorted(given.namelist()):
            data = given.read(name)
            if name in cached:
                data = _with_values(data.decode(), dict(cached[name])).encode()
            elif name in described:
                data = with_words(data.decode(), described[name]).encode()
            elif name == "docProps/core.xml":
                data = _MODIFIED.sub(rf"\g<1>{when.isoformat()}Z\g<2>", data.decode()).encode()
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 0, 0
            made.writestr(info, data, compresslevel=6)
    return out.getvalue()


def _with_values(xml: str, values: dict[str, str]) -> str:
    made = _FORMULA.sub(lambda found: f"{found[1]}<v>{values.pop(found[2])}</v>", xml)
    if values:
        raise RuntimeError(f"No formula found to keep the value of: {', '.join(sorted(values))}")
    return made
