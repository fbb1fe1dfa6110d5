"""Arrays to Plotly figures. Pure. Colours are roles (``meta.role``): the page paints them from its own tokens.

A figure is a plain dict ``{"data": [...], "layout": {...}}``; gaps in the readings stay gaps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tsdownsample import MinMaxDownsampler

# chosen: about one point a pixel of a wide screen.
MAX_POINTS = 1500
# A step longer than this many intervals is a gap: the line is broken there.
GAP_STEPS = 1.5

Figure = dict[str, Any]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ShadedInterval:
    """A stretch to be shaded. ``end_s`` None means that it goes on; ``url`` is what its label opens."""

    start_s: int
    end_s: int | None
    severity: str
    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One trace: ``role`` picks the colour; ``panel`` counts from 0 at the top; ``fill_to_previous`` makes a band."""

    name: str
    values: FloatArray
    role: str
    unit: str = ""
    panel: int = 0
    dash: str = "solid"
    fill_to_previous: bool = False


def thin(at_s: NDArray[np.int64], values: FloatArray, most: int = MAX_POINTS) -> NDArray[np.int64]:
    """Indices of at most ``most`` points that keep the extremes of one series, and its first and last time.

    The record is cut into stretches of equal count: of each the lowest and the highest value stay. A NaN is neither.
    """
    if len(at_s) <= most:
        return np.arange(len(at_s))
    known = np.nonzero(np.isfinite(values))[0]
    points_left = max(2, (most - 2) // 2 * 2)
    if len(known) > points_left:
        known = known[MinMaxDownsampler().downsample(values[known], n_out=points_left)]
    return np.unique(np.concatenate([[0], known, [len(at_s) - 1]]))


def time_series(
    at_s: NDArray[np.int64],
    lines: Sequence[ChartLine],
    *,
    panels: Sequence[str],
    interval_s: int,
    utc_offset_s: int = 0,
    episodes: Sequence[ShadedInterval] = (),
    guides: Mapping[int, Sequence[tuple[str, float]]] | None = None,
) -> Figure:
    """Stacked panels over one time axis in local time.

    at_s: [time], UTC epoch seconds, rising. panels: the title of each y axis. guides: horizontal lines per panel.
    ``layout.meta.episodes`` names what each episode opens, in the order of the labels.
    """
    keep = _shared_points(at_s, lines)
    at = _with_gaps(at_s, keep, interval_s)
    stamps = _stamps(at.at_s, utc_offset_s)
    newest_s = int(at_s[-1]) if len(at_s) else 0
    layout = _layout(panels, utc_offset_s)
    shaded = [_shade(episode, newest_s, utc_offset_s) for episode in episodes]
    levels = [(panel, label, level) for panel, each in (guides or {}).items() for label, level in each]
    layout["shapes"] = [shape for shape, _ in shaded] + [_guide(*each) for each in levels]
    layout["annotations"] = [label for _, label in shaded] + [_guide_label(*each) for each in levels]
    if stamps:  # a label at the edge would widen the axis otherwise
        layout["xaxis"]["range"] = [stamps[0], stamps[-1]]
    layout["meta"] = {"episodes": [{"url": each.url, "label": each.label} for each in episodes]}
    data = [_scatter(line, stamps, at.insert(line.values[keep])) for line in lines]
    return {"data": data, "layout": layout}


def _shared_points(at_s: NDArray[np.int64], lines: Sequence[ChartLine]) -> NDArray[np.int64]:
    """Points kept for any of the measured lines, so that every trace shares one time axis."""
    measured = [line for line in lines if line.role.startswith("measured")] or list(lines)
    if len(at_s) <= MAX_POINTS or not measured:
        return np.arange(len(at_s))
    share = MAX_POINTS // len(measured)
    return np.unique(np.concatenate([thin(at_s, line.values, share) for line in measured]))


@dataclass(frozen=True, slots=True)
class _Gaps:
    at_s: NDArray[np.int64]
    before: NDArray[np.int64]

    def insert(self, values: FloatArray) -> FloatArray:
        return np.insert(np.asarray(values, dtype=np.float64), self.before, np.nan)


def _with_gaps(at_s: NDArray[np.int64], keep: NDArray[np.int64], interval_s: int) -> _Gaps:
    """The kept times with one more inside each gap of the record, where every series is NaN."""
    stretch = np.concatenate([[0], np.cumsum(np.diff(at_s) > GAP_STEPS * interval_s)])
    kept = at_s[keep]
    jumps = np.nonzero(np.diff(stretch[keep]))[0] + 1
    return _Gaps(np.insert(kept, jumps, (kept[jumps - 1] + kept[jumps]) // 2), jumps)


def _stamps(at_s: NDArray[np.int64], utc_offset_s: int) -> list[str]:
    return np.datetime_as_string((at_s + utc_offset_s).astype("datetime64[s]")).tolist()  # type: ignore[no-any-return]  # numpy says Any


def _scatter(line: ChartLine, stamps: list[str], values: FloatArray) -> Figure:
    unit = f" {line.unit}" if line.unit else ""
    is_band = line.role == "band"
    rounded = np.round(values, 4).tolist()
    trace: Figure = {
        "type": "scatter",
        "mode": "lines",
        "name": line.name,
        "x": stamps,
        "y": [None if value != value else value for value in rounded],  # NaN alone differs from itself
        "line": {"dash": line.dash, "width": 0 if is_band else 1.6},
        "yaxis": _axis(line.panel),
        "meta": {"role": line.role},
        "showlegend": not is_band or line.fill_to_previous,
        "hovertemplate": "%{y}" if is_band else f"%{{y}}{unit}",
        "connectgaps": False,
    }
    return trace | ({"fill": "tonexty"} if line.fill_to_previous else {})


def _axis(panel: int) -> str:
    return "y" if panel == 0 else f"y{panel + 1}"


def _layout(panels: Sequence[str], utc_offset_s: int) -> Figure:
    count = len(panels)
    gap = 0.07 if count > 1 else 0.0
    height = (1 - gap * (count - 1)) / count
    layout: Figure = {
        "hovermode": "x unified",
        "margin": {"l": 58, "r": 12, "t": 34, "b": 50},
        "legend": {"orientation": "h", "yref": "container", "y": 1, "yanchor": "top", "x": 0, "traceorder": "normal"},
        "xaxis": {
            "type": "date",
            "anchor": _axis(count - 1),
            "showspikes": True,
            "spikemode": "across",
            "spikethickness": 1,
            "title": {"text": zone_label(utc_offset_s), "standoff": 2, "font": {"size": 11}},
        },
        "uirevision": "keep",
    }
    for panel, title in enumerate(panels):
        top = 1 - panel * (height + gap)
        key = "yaxis" if panel == 0 else f"yaxis{panel + 1}"
        layout[key] = {
            "title": {"text": title, "font": {"size": 12}},
            "domain": [max(0.0, top - height), top],
            "zeroline": False,
        }
    return layout


def zone_label(utc_offset_s: int) -> str:
    """``UTC``, or ``UTC+05:30``: which clock a time axis shows."""
    if not utc_offset_s:
        return "UTC"
    minutes = abs(utc_offset_s) // 60
    return f"UTC{'+' if utc_offset_s > 0 else '−'}{minutes // 60:02d}:{minutes % 60:02d}"


def _shade(episode: ShadedInterval, newest_s: int, utc_offset_s: int) -> tuple[Figure, Figure]:
    """The stretch of an episode, and its label, which can be clicked where it opens something."""
    end_s = episode.end_s if episode.end_s is not None else max(newest_s, episode.start_s)
    start, end = _stamps(np.array([episode.start_s, end_s]), utc_offset_s)
    name = f"episode:{episode.severity}"
    shape = {
        "type": "rect", "xref": "x", "yref": "paper", "x0": start, "x1": end, "y0": 0, "y1": 1,
        "line": {"width": 0}, "layer": "below", "name": name,
    }  # fmt: skip
    label = {
        "x": start, "y": 1, "xref": "x", "yref": "paper", "text": escape(episode.label), "showarrow": False,
        "xanchor": "left", "yanchor": "bottom", "name": name, "captureevents": bool(episode.url),
    }  # fmt: skip
    return shape, label


def _guide(panel: int, label: str, level: float) -> Figure:
    return {
        "type": "line", "xref": "paper", "yref": _axis(panel), "x0": 0, "x1": 1, "y0": level, "y1": level,
        "line": {"dash": "dot", "width": 1}, "name": f"guide:{label}",
    }  # fmt: skip


def _guide_label(panel: int, label: str, level: float) -> Figure:
    return {
        "xref": "paper", "x": 1, "xanchor": "right", "yref": _axis(panel), "y": level, "yanchor": "bottom",
        "text": escape(label), "showarrow": False, "name": f"guide:{label}",
    }  # fmt: skip
