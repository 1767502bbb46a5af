"""Bar and line charts as SVG text: presentation attributes only, so that it stands under a strict CSP and in a PDF.

The words at each point are given by the caller, formatted by the same function as the table beneath.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from core import measure

SHAPES = ("bar", "line")
# The Analysis Function's palette: neighbours differ in lightness, so that a grey print can be read too.
COLOURS = ("#12436d", "#28a197", "#801650", "#f46a25", "#3d3d3d", "#a285d1")
DASHES = ("none", "7 4", "2 3", "9 3 2 3", "4 4", "12 4")
INK = "#0b0c0c"
RULE = "#b1b4b6"
WIDTH = 720
SIZE = 12


@dataclass(frozen=True)
class ChartData:
    """Series of a chart: `values[i][j]` and `words[i][j]` are series i at place j of the axis; None is a gap."""

    title: str
    shape: str
    axis: tuple[str, ...]
    labels: tuple[str, ...]
    values: tuple[tuple[Decimal | None, ...], ...]
    words: tuple[tuple[str, ...], ...]
    unit: str = "count"


def svg(chart: ChartData) -> str:
    """The chart as one <svg> element with its title as the text alternative; the same text for the same data."""
    if chart.shape not in SHAPES:
        raise ValueError(f"No chart of shape “{chart.shape}”")
    if len(chart.labels) > len(COLOURS):
        raise ValueError(f"A chart of more than {len(COLOURS)} series cannot be read")
    height, body = _bars(chart) if chart.shape == "bar" else _lines(chart)
    title = f"{chart.title}. The same figures stand in the table."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="Liberation Sans, arial, sans-serif" font-size="{SIZE}" '
        f'fill="{INK}"><title>{escape(title)}</title>{"".join(body)}</svg>'
    )


def _bars(chart: ChartData) -> tuple[int, list[str]]:
    """Bars lie, so that long names stand in full; each bears its value, so that no colour is needed to read it."""
    bar, gap, left = 14, 9, 230
    group = bar * len(chart.labels) + gap
    top = 26 * -(-len(chart.labels) // 3) + 8
    low = min([Decimal(0), *_known(chart)])
    high = max([Decimal(0), *_known(chart)])
    widest = max([_width(word) for line in chart.words for word in line] or [0])
    room = WIDTH - left - widest * (2 if low < 0 else 1) - 16
    scale = room / float(high - low or 1)
    nought = left + (widest + 8 if low < 0 else 0) + float(-low) * scale
    body = list(_legend(chart))
    for place, name in enumerate(chart.axis):
        y = top + place * group
        lines = _wrap(name, left - 16)[:3]
        first = y + (bar * len(chart.labels)) / 2 + 4 - (len(lines) - 1) * 7
        body += [_text(left - 10, first + at * 14, line, "end") for at, line in enumerate(lines)]
        for series in range(len(chart.labels)):
            value, word = chart.values[series][place], chart.words[series][place]
            y_bar = y + series * bar
            length = abs(float(value or 0)) * scale
            x = nought - length if value is not None and value < 0 else nought
            if value:
                body.append(
                    f'<rect x="{x:.1f}" y="{y_bar + 1:.1f}" width="{length:.1f}" height="{bar - 2}" '
                    f'fill="{COLOURS[series]}"/>'
                )
            if value is not None and value < 0:
                body.append(_text(x - 5, y_bar + 11, word, "end"))
            else:
                body.append(_text(nought + length + 5, y_bar + 11, word))
    height = top + len(chart.axis) * group + 4
    body.append(_line(nought, top - 4, nought, height - gap, INK))
    return height, body


def _lines(chart: ChartData) -> tuple[int, list[str]]:
    """A line for each series, told apart by dash, point and its name at the end as well as by colour."""
    top, plot = 26 * -(-len(chart.labels) // 3) + 12, 220
    ticks = _ticks(min([Decimal(0), *_known(chart)]), max([Decimal(0), *_known(chart)]))
    marks = [_tick_words(tick, chart.unit) for tick in ticks]
    left = max(_width(mark) for mark in marks) + 16
    inset = min(max([_width(name) for name in chart.axis] or [0]), 90) / 2 + 4
    step = (WIDTH - left - 2 * inset) / max(len(chart.axis) - 1, 1)
    span = float(ticks[-1] - ticks[0]) or 1.0

    def at(place: int, value: Decimal) -> tuple[float, float]:
        return left + inset + place * step, top + plot - float(value - ticks[0]) / span * plot

    body = list(_legend(chart))
    for tick, mark in zip(ticks, marks, strict=True):
        y = at(0, tick)[1]
        body += [_line(left, y, WIDTH - 8, y, INK if tick == 0 else RULE), _text(left - 8, y + 4, mark, "end")]
    deepest = 1
    for place, name in enumerate(chart.axis):
        lines = _wrap(name, max(step - 6, 40))[:4]
        deepest = max(deepest, len(lines))
        body += [
            _text(at(place, ticks[0])[0], top + plot + 18 + 14 * i, line, "middle") for i, line in enumerate(lines)
        ]
    for series in range(len(chart.labels)):
        for run in _runs(chart.values[series]):
            points = [at(place, value) for place, value in run]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            body.append(
                f'<polyline points="{path}" fill="none" stroke="{COLOURS[series]}" stroke-width="2.5" '
                f'stroke-dasharray="{DASHES[series]}"/>'
            )
            body += [_point(series, x, y) for x, y in points]
    return top + plot + 14 * deepest + 14, body


def _known(chart: ChartData) -> list[Decimal]:
    return [value for line in chart.values for value in line if value is not None]


def _runs(values: Sequence[Decimal | None]) -> Iterator[list[tuple[int, Decimal]]]:
    """The unbroken stretches: a hidden value leaves a gap, it is not drawn as nought."""
    run: list[tuple[int, Decimal]] = []
    for place, value in enumerate(values):
        if value is not None:
            run.append((place, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _ticks(low: Decimal, high: Decimal) -> list[Decimal]:
    """Three to seven round numbers that enclose both ends."""
    span = high - low or Decimal(1)
    power = Decimal(1).scaleb(span.adjusted() - 1)
    step = next(power * by for by in (1, 2, 5, 10, 20, 50, 100) if span / (power * by) <= 5)
    first, last = (low / step).to_integral_value("ROUND_FLOOR"), (high / step).to_integral_value("ROUND_CEILING")
    return [step * number for number in range(int(first), int(max(last, first + 1)) + 1)]


def _tick_words(value: Decimal, unit: str) -> str:
    whole = value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
    sign, amount = "−" if value < 0 else "", f"{abs(whole):,f}"
    return f"{sign}£{amount}" if unit == "money" else f"{sign}{amount}{'%' if unit == 'percent' else ''}"


def _legend(chart: ChartData) -> Iterator[str]:
    """Three names a row, in the order in which bars stand from the top."""
    wide = WIDTH / 3
    for series, label in enumerate(chart.labels):
        x, y = (series % 3) * wide, (series // 3) * 26 + 16
        if chart.shape == "bar":
            yield f'<rect x="{x + 4:.1f}" y="{y - 10}" width="14" height="12" fill="{COLOURS[series]}"/>'
        else:
            yield _line(x, y - 4, x + 24, y - 4, COLOURS[series], 2.5, DASHES[series]) + _point(series, x + 12, y - 4)
        yield _text(x + 30, y, _wrap(label, wide - 34)[0])


def _point(series: int, x: float, y: float) -> str:
    colour, r = COLOURS[series], 4
    if series % 3 == 0:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{colour}"/>'
    if series % 3 == 1:
        return f'<rect x="{x - r:.1f}" y="{y - r:.1f}" width="{2 * r}" height="{2 * r}" fill="{colour}"/>'
    points = f"{x:.1f},{y - 5:.1f} {x + 5:.1f},{y + 4:.1f} {x - 5:.1f},{y + 4:.1f}"
    return f'<polygon points="{points}" fill="{colour}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, wide: float = 1, dash: str = "none") -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{wide}" stroke-dasharray="{dash}"/>'
    )


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _width(words: str) -> float:
    return measure.ems(words) * SIZE


def _wrap(words: str, room: float) -> list[str]:
    return measure.wrapped(words, room / SIZE)
