"""Values to the path of a small line chart, drawn by the server as SVG. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Units of the drawing; the style sheet gives its size on the page.
WIDTH, HEIGHT, MARGIN = 120.0, 24.0, 2.0


@dataclass(frozen=True, slots=True)
class Sparkline:
    """``line`` and ``band`` are SVG paths in a box of WIDTH by HEIGHT; ``end`` is the last known point."""

    line: str
    band: str
    end: tuple[str, str] | None

    @classmethod
    def of(cls, values: Sequence[float | None], *, low: float | None = None, high: float | None = None) -> Sparkline:
        """``values`` evenly spaced, oldest first; None and NaN are gaps. The scale covers the values and the band."""
        known = [value for value in values if value is not None and math.isfinite(value)]
        if not known:
            return cls("", "", None)
        limits = [each for each in (low, high) if each is not None and math.isfinite(each)]
        bottom, top = min(known + limits), max(known + limits)
        points = [None if value is None or not math.isfinite(value) else _y(value, bottom, top) for value in values]
        step = WIDTH / max(1, len(points) - 1)
        last = max(index for index, point in enumerate(points) if point is not None)
        end = (f"{last * step:.1f}", points[last] or "")
        return cls(_line(points, step), _band(low, high, bottom, top), end)


def _y(value: float, bottom: float, top: float) -> str:
    """Pixels from the top; a flat line runs through the middle."""
    share = 0.5 if top <= bottom else (value - bottom) / (top - bottom)
    return f"{HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN):.1f}"


def _line(points: Sequence[str | None], step: float) -> str:
    parts, pen_down = [], False
    for index, y in enumerate(points):
        if y is not None:
            parts.append(f"{'L' if pen_down else 'M'}{index * step:.1f} {y}")
        pen_down = y is not None
    return "".join(parts)


def _band(low: float | None, high: float | None, bottom: float, top: float) -> str:
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    upper, lower = _y(high, bottom, top), _y(low, bottom, top)
    return f"M0 {upper}H{WIDTH:.0f}V{lower}H0Z"
