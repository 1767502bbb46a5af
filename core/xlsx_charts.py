"""Charts that Excel draws itself, under the table that they show: with cached figures, and words for who sees none.

Made of openpyxl's chart classes; no picture. What is hidden or missing in the table is a gap in the chart.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import quoteattr

from openpyxl.chart import BarChart, LineChart
from openpyxl.chart.data_source import AxDataSource, NumData, NumDataSource, NumRef, NumVal, StrData, StrRef, StrVal
from openpyxl.chart.layout import Layout, ManualLayout
from openpyxl.chart.series import Series, SeriesLabel
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.worksheet import Worksheet

from core.charts import COLOURS

# Centimetres: of the whole, and of one place on the axis of lying bars.
WIDTH, LEAST_HEIGHT, HEIGHT_OF_A_PLACE = 24.0, 8.5, 0.95
_FRAME = re.compile(r'<((?:\w+:)?cNvPr) id="(\d+)" name="Chart \d+" ?/>')


@dataclass(frozen=True)
class Graph:
    """A chart of a sheet's own table. `rows` and `columns` are places from 0.

    `shape` is "bar" or "line". `names` is the column that names the rows. `by_columns`: each column is a series and
    the rows lie along the axis; else each row is one. `words` says what the chart shows, for who does not see it.
    """

    title: str
    shape: str
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    names: int
    by_columns: bool = True
    words: str = ""


Number = Decimal | int | None


def height_of(graph: Graph) -> float:
    """How tall a chart is, in centimetres."""
    places = len(graph.rows if graph.by_columns else graph.columns)
    return max(LEAST_HEIGHT, 3 + places * HEIGHT_OF_A_PLACE) if graph.shape == "bar" else LEAST_HEIGHT


def draw(
    worksheet: Worksheet, graph: Graph, *, header: int, grid: Sequence[Sequence[Number]], names: Sequence[str],
    titles: Sequence[str], code: str, anchor: str,
) -> None:  # fmt: skip
    """Put a chart on a sheet whose table has its header in row `header` (from 1).

    `grid` holds the numbers by row and column of the graph, `names` and `titles` their words; `code` is Excel's
    format of the numbers.
    """
    chart = BarChart() if graph.shape == "bar" else LineChart()
    chart.title, chart.width, chart.height, chart.style = graph.title, WIDTH, height_of(graph), 2
    chart.title.overlay = False
    left, tall = (0.30, 0.70) if graph.shape == "bar" else (0.09, 0.64)
    inner = ManualLayout(layoutTarget="inner", xMode="edge", yMode="edge", x=left, y=0.14, w=0.97 - left, h=tall)
    chart.layout = Layout(inner)
    if graph.shape == "bar":
        # Bars lie, so that long names stand in full, the first one at the top.
        chart.type, chart.x_axis.scaling.orientation, chart.y_axis.crosses = "bar", "maxMin", "max"
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.y_axis.number_format, chart.y_axis.majorGridlines.spPr = code, None
    chart.legend.position = "b"
    sheet = quote_sheetname(worksheet.title)
    columns = [at + 1 for at in graph.columns]
    rows = [header + 1 + at for at in graph.rows]

    def span(across: Sequence[int], down: Sequence[int]) -> str:
        """The cells of some columns and rows, neighbours joined to a range."""
        parts = [
            f"{sheet}!${get_column_letter(left)}${top}"
            + (f":${get_column_letter(right)}${bottom}" if (left, top) != (right, bottom) else "")
            for left, right in _runs(across)
            for top, bottom in _runs(down)
        ]
        return parts[0] if len(parts) == 1 else f"({','.join(parts)})"

    if graph.by_columns:
        axis, axis_words = span([graph.names + 1], rows), names
        lines = [
            (span([at], [header]), title, span([at], rows), [row[place] for row in grid])
            for place, (at, title) in enumerate(zip(columns, titles, strict=True))
        ]
    else:
        axis, axis_words = span(columns, [header]), titles
        lines = [
            (span([graph.names + 1], [at]), name, span(columns, [at]), list(row))
            for at, name, row in zip(rows, names, grid, strict=True)
        ]
    for place, (named, title, where, numbers) in enumerate(lines):
        series = Series(idx=place, order=place)
        series.tx = SeriesLabel(strRef=StrRef(f=named, strCache=_words([title])))
        series.cat = AxDataSource(strRef=StrRef(f=axis, strCache=_words(axis_words)))
        series.val = NumDataSource(numRef=NumRef(f=where, numCache=_numbers(numbers, code)))
        colour = COLOURS[place].lstrip("#")
        series.graphicalProperties.line.solidFill = colour
        if graph.shape == "bar":
            series.graphicalProperties.solidFill = colour
            series.invertIfNegative = False
        else:
            series.smooth = False
        chart.series.append(series)
    worksheet.add_chart(chart, anchor)


def _runs(places: Sequence[int]) -> list[tuple[int, int]]:
    """Places as runs of neighbours, each by its first and last."""
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and runs[-1][1] == place - 1:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return runs


def _words(texts: Sequence[str]) -> StrData:
    return StrData(ptCount=len(texts), pt=[StrVal(idx=at, v=text) for at, text in enumerate(texts)])


def _numbers(numbers: Sequence[Number], code: str) -> NumData:
    points = [NumVal(idx=at, v=format(number, "f")) for at, number in enumerate(numbers) if number is not None]
    return NumData(formatCode=code, ptCount=len(numbers), pt=points)


def with_words(drawing: str, words: Sequence[str]) -> str:
    """A drawing's XML in which each chart, in order, bears its text for who does not see it."""
    told = iter(words)

    def named(found: re.Match[str]) -> str:
        text = next(told)
        return f'<{found[1]} id="{found[2]}" name="Chart {found[2]}" descr={quoteattr(text)}/>'

    made = _FRAME.sub(named, drawing)
    if next(told, None) is not None:
        raise RuntimeError("A chart was left without its words")
    return made


def words_by_drawing(sheets: Mapping[int, str]) -> dict[str, list[str]]:
    """Sheet's number → its chart's words, as part of the zip → words: drawings are numbered in the order of sheets."""
    return {f"xl/drawings/drawing{at}.xml": [sheets[number]] for at, number in enumerate(sorted(sheets), start=1)}
