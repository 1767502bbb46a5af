"""The charts: readable without colour, safe in a page, the same twice."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from defusedxml import ElementTree

from core import measure
from core.charts import COLOURS, ChartData, svg

SVG = "{http://www.w3.org/2000/svg}"


def chart(shape: str = "bar") -> ChartData:
    return ChartData(
        title="Budget & actual <by project>",
        shape=shape,
        axis=("The Change Hub", "Project PIPA: first-time entrants, prevention and intervention", "Goodman"),
        labels=("Budget", "Actual"),
        values=((Decimal("100"), Decimal("50.5"), Decimal("0")), (Decimal("-20"), None, Decimal("75"))),
        words=(("£100.00", "£50.50", "£0.00"), ("−£20.00", "[c]", "£75.00")),
        unit="money",
    )


def parsed(data: ChartData):
    return ElementTree.fromstring(svg(data))


@pytest.mark.parametrize("shape", ["bar", "line"])
def test_a_chart_is_an_image_with_its_title_first(shape):
    root = parsed(chart(shape))
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text.startswith("Budget & actual <by project>. ")


@pytest.mark.parametrize("shape", ["bar", "line"])
def test_a_chart_needs_no_style_and_no_script(shape):
    drawn = svg(chart(shape))
    assert not re.search(r"style|<script|class=\"(?!chart)|\bon\w+=|href", drawn)


@pytest.mark.parametrize("shape", ["bar", "line"])
def test_the_same_data_is_drawn_the_same(shape):
    assert svg(chart(shape)) == svg(chart(shape))


def test_each_bar_bears_the_words_of_its_value_and_a_hidden_one_has_no_bar():
    root = parsed(chart())
    words = [text.text for text in root.iter(f"{SVG}text")]
    for wanted in ("£100.00", "£50.50", "£0.00", "−£20.00", "[c]", "£75.00"):
        assert words.count(wanted) == 1
    bars = [rect for rect in root.iter(f"{SVG}rect") if rect.get("height") == "12" and rect.get("width") != "14"]
    assert len(bars) == 4, "nought and what is hidden have none"


def test_bars_are_as_long_as_their_values_and_a_negative_lies_left_of_nought():
    root = parsed(chart())
    bars = {(r.get("fill"), float(r.get("width")), float(r.get("x"))) for r in root.iter(f"{SVG}rect")}
    budget = sorted(width for colour, width, _ in bars if colour == COLOURS[0] and width != 14)
    assert budget[1] / budget[0] == pytest.approx(100 / 50.5, abs=0.02)
    nought = min(x for colour, width, x in bars if colour == COLOURS[0] and width != 14)
    negative = next((width, x) for colour, width, x in bars if colour == COLOURS[1] and width != 14 and x < nought)
    assert sum(negative) == pytest.approx(nought, abs=0.2)


def test_a_line_is_broken_where_a_value_is_hidden():
    root = parsed(chart("line"))
    assert len(list(root.iter(f"{SVG}polyline"))) == 3
    assert len({line.get("stroke-dasharray") for line in root.iter(f"{SVG}polyline")}) == 2


@pytest.mark.parametrize("shape", ["bar", "line"])
def test_nothing_is_drawn_outside_the_picture(shape):
    root = parsed(chart(shape))
    _, _, width, height = map(float, root.get("viewBox").split())
    for text in root.iter(f"{SVG}text"):
        wide = measure.ems(text.text) * 12
        left = float(text.get("x")) - {"start": 0, "middle": wide / 2, "end": wide}[text.get("text-anchor")]
        assert left >= -0.5, text.text
        assert left + wide <= width + 0.5, text.text
        assert 0 <= float(text.get("y")) <= height, text.text


def test_a_chart_of_nought_alone_can_be_drawn():
    empty = replace(chart("line"), values=((Decimal(0),) * 3, (None,) * 3))
    assert parsed(empty).get("role") == "img"


def test_too_many_series_are_refused():
    labels = tuple(str(number) for number in range(len(COLOURS) + 1))
    with pytest.raises(ValueError, match="more than 6 series"):
        svg(replace(chart(), labels=labels, values=((None,) * 3,) * 7, words=(("",) * 3,) * 7))
