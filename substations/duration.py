"""The load-duration curve as a Plotly figure. Pure."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from .charts import Figure

# chosen: a monotonous curve needs no more to look smooth.
MAX_POINTS = 400


def exceeded(load: NDArray[np.float64], most: int = MAX_POINTS) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(share of the time in %, load that was reached for at least that share), highest load first.

    load: [time], evenly spaced; NaN is not known and counts as no time. At most ``most`` points, both extremes kept.
    """
    known = np.sort(load[np.isfinite(load)])[::-1]
    if not len(known):
        return np.empty(0), np.empty(0)
    picked = np.unique(np.linspace(0, len(known) - 1, min(most, len(known))).round().astype(np.int64))
    return 100.0 * (picked + 1) / len(known), known[picked]


def duration_curve(
    load: NDArray[np.float64], *, name: str, unit: str, limit: float | None, limit_label: str, axis: str
) -> Figure:
    """The curve with ``limit`` as a line across it."""
    part_pct, values = exceeded(load)
    layout: Figure = {
        "hovermode": "x",
        "margin": {"l": 58, "r": 12, "t": 12, "b": 44},
        "showlegend": False,
        "xaxis": {"title": {"text": axis, "font": {"size": 12}, "standoff": 4}, "range": [0, 100], "ticksuffix": " %"},
        "yaxis": {"title": {"text": unit, "font": {"size": 12}}, "rangemode": "tozero"},
        "uirevision": "keep",
        "shapes": [],
        "annotations": [],
    }
    if limit:
        layout["shapes"] = [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": limit, "y1": limit,
             "line": {"width": 1.5, "dash": "dash"}, "name": "limit:rating"}
        ]  # fmt: skip
        layout["annotations"] = [
            {"xref": "paper", "x": 1, "xanchor": "right", "y": limit, "yanchor": "bottom", "showarrow": False,
             "text": escape(limit_label), "name": "limit:rating"}
        ]  # fmt: skip
    trace = {
        "type": "scatter", "mode": "lines", "name": name, "x": np.round(part_pct, 3).tolist(),
        "y": np.round(values, 3).tolist(), "line": {"width": 1.8}, "meta": {"role": "measured"},
        "hovertemplate": f"%{{x:.1f}} %: %{{y:.4~g}} {unit}<extra></extra>",
    }  # fmt: skip
    return {"data": [trace], "layout": layout}
