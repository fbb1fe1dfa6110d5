"""How long a power factor was held, before and after, as a Plotly figure. Pure."""

from __future__ import annotations

import numpy as np

from substations.charts import Figure
from substations.duration import exceeded
from substations.electrical.power import FloatArray


def power_factor(active_kw: FloatArray, reactive_kvar: FloatArray) -> FloatArray:
    """[hour] |P|/√(P² + Q²) of the hour's means; NaN where nothing flows."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.abs(active_kw) / np.hypot(active_kw, reactive_kvar))


def power_factor_duration(
    before: FloatArray, after: FloatArray, *, target: float, names: tuple[str, str], axis: str, unit: str
) -> Figure:
    """Two curves, [hour], and the target as a line across."""
    traces = []
    for name, values, role, dash in zip(
        names, (before, after), ("measured-2", "measured"), ("dot", "solid"), strict=True
    ):
        part_pct, held = exceeded(values)
        traces.append({
            "type": "scatter", "mode": "lines", "name": name, "x": np.round(part_pct, 3).tolist(),
            "y": np.round(held, 4).tolist(), "line": {"width": 1.8, "dash": dash}, "meta": {"role": role},
            "hovertemplate": "%{x:.1f} %: %{y:.3f}<extra></extra>",
        })  # fmt: skip
    layout: Figure = {
        "hovermode": "x",
        "margin": {"l": 58, "r": 12, "t": 12, "b": 44},
        "showlegend": True,
        "legend": {"orientation": "h", "y": 1.08},
        "xaxis": {"title": {"text": axis, "font": {"size": 12}, "standoff": 4}, "range": [0, 100], "ticksuffix": " %"},
        "yaxis": {"title": {"text": unit, "font": {"size": 12}}},
        "uirevision": "keep",
        "shapes": [
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": target, "y1": target,
             "line": {"width": 1.5, "dash": "dash"}, "name": "limit:rating"}
        ],
    }  # fmt: skip
    return {"data": traces, "layout": layout}
