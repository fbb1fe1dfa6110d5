"""Charts on paper, drawn as vectors: bars of a ranking, columns over time."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.lib.colors import HexColor
from reportlab.pdfbase.pdfmetrics import stringWidth

from core.formatting import figure
from reports.content.blocks import Chart

from .paper_fonts import REGULAR, drawable, font_for

INK, MUTED, EDGE = HexColor("#1b2430"), HexColor("#5b6675"), HexColor("#d5dae1")
SERIES = (HexColor("#9fb2c8"), HexColor("#1f5f99"))
"""The first pale, the second dark: they differ in grey print as well."""

SIZE_PT = 7.5
BAR_PT, COLUMN_CHART_PT = 15.0, 120.0
"""Chosen: height of a bar with its gap, and of a chart over time; legible at arm's length."""

TICKS = 4
MAX_LABELS = 12
"""Chosen: labels of the time axis that don't touch on a page's width."""

MAX_HOURS = 48
"""Chosen: of so many hours the time alone says which one is meant."""


def drawing(chart: Chart, width_pt: float) -> Drawing:
    """The chart as a drawing of a width; a gap where a value is not known."""
    return _bars(chart, width_pt) if chart.is_ranking else _columns(chart, width_pt)


def nice_top(largest: float) -> float:
    """The end of an axis: 1, 2 or 5 times a power of ten, not below the largest value."""
    if not largest > 0 or not math.isfinite(largest):
        return 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= largest * (1 - 1e-9))


def _text(x: float, y: float, text: str, anchor: str = "start", color: HexColor = MUTED) -> String:
    shown = drawable(text)
    font = REGULAR if all(font_for(each) == REGULAR for each in shown) else font_for("\ufffd")
    return String(x, y, shown, fontName=font, fontSize=SIZE_PT, fillColor=color, textAnchor=anchor)


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


def _bars(chart: Chart, width_pt: float) -> Drawing:
    values = chart.series[0][1]
    height = BAR_PT * len(values) + 4
    found = Drawing(width_pt, height)
    label_width = 6 + max((stringWidth(drawable(label), REGULAR, SIZE_PT) for label in chart.labels), default=0)
    left = min(label_width, width_pt / 3)
    scale = (width_pt - left - 70) / (max(_known(values), default=0) or 1.0)
    for number, (label, value) in enumerate(zip(chart.labels, values, strict=True)):
        y = height - BAR_PT * (number + 1)
        found.add(_text(left - 6, y + 4, label, "end", INK))
        length = max((value or 0.0) * scale, 0.0)
        found.add(Rect(left, y + 2, length, BAR_PT - 5, fillColor=SERIES[1], strokeColor=None))
        found.add(_text(left + length + 4, y + 4, figure(value, chart.unit)))
    return found


def _columns(chart: Chart, width_pt: float) -> Drawing:
    found = Drawing(width_pt, COLUMN_CHART_PT)
    left, bottom, top = 46.0, 16.0, COLUMN_CHART_PT - 18.0
    peak = nice_top(max((value for _name, values in chart.series for value in _known(values)), default=0.0))
    for tick in range(TICKS + 1):
        y = bottom + (top - bottom) * tick / TICKS
        found.add(Line(left, y, width_pt, y, strokeColor=EDGE, strokeWidth=0.5))
        found.add(_text(left - 4, y - 2.5, figure(peak * tick / TICKS), "end"))
    found.add(_text(0, COLUMN_CHART_PT - 8, chart.unit))
    _legend(found, chart, left)
    if not chart.labels:
        return found
    step = (width_pt - left) / len(chart.labels)
    thick = 0.8 * step / len(chart.series)
    for place, (_name, values) in enumerate(chart.series):
        for number, value in enumerate(values):
            height = (top - bottom) * min(max(value or 0.0, 0.0) / peak, 1.0)
            x = left + number * step + 0.1 * step + place * thick
            if height > 0:
                found.add(Rect(x, bottom, thick, height, fillColor=SERIES[place % 2], strokeColor=None))
    is_within_days = len(chart.labels) <= MAX_HOURS
    most = MAX_LABELS if is_within_days or len(chart.labels[0]) <= len("2026-03-02") else MAX_LABELS // 2
    every = math.ceil(len(chart.labels) / most) or 1
    for number in range(0, len(chart.labels), every):
        found.add(
            _text(
                left + (number + 0.5) * step, 4, _short(chart.labels[number], is_within_days=is_within_days), "middle"
            )
        )
    return found


def _short(label: str, *, is_within_days: bool) -> str:
    """A time without its year, of few hours without its day."""
    if is_within_days and len(label) > len("2026-03-02"):
        return label[11:]
    return label[5:] if len(label) > len("2026-03") else label


def _legend(found: Drawing, chart: Chart, left: float) -> None:
    x = left
    for place, (name, _values) in enumerate(chart.series):
        found.add(Rect(x, COLUMN_CHART_PT - 9, 7, 7, fillColor=SERIES[place % 2], strokeColor=None))
        found.add(_text(x + 10, COLUMN_CHART_PT - 8, name))
        x += 24 + stringWidth(drawable(name), REGULAR, SIZE_PT)
