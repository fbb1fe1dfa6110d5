"""The network as a Plotly figure: links as lines, substations as shapes by state. Pure.

Names are not placed here: which of them find room depends on the screen and the zoom, so the page does it
(``static/js/topology.js``) from ``meta.names``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from .layout import MIN_DISTANCE, Point, place

SYMBOLS = {"critical": "octagon", "warning": "triangle-up", "normal": "circle", "unknown": "square"}
ORDER = ("critical", "warning", "unknown", "normal")
# Pixels of a node of 800 kVA; with more nodes than FEW they are smaller.
FEW, LARGE, SMALL = 24, 22.0, 17.0
# chosen: twice the distance of single nodes, since a group is drawn larger.
GROUPS_APART = 0.16
DASHES = {"closed": "solid", "open": "dot", "dead": "longdash", "silenced": "dashdot"}


@dataclass(frozen=True, slots=True)
class Node:
    """One substation as drawn, or a group of ``count`` of them.

    ``rated_kva`` sets its size, ``summary`` is the hover text, ``url`` its page, ``panel`` what the side panel shows
    (empty for a group), ``unacknowledged`` the count on its badge.
    """

    code: str
    state: str
    word: str
    url: str
    summary: str
    position: Point | None = None
    rated_kva: float | None = None
    panel: str = ""
    name: str = ""
    unacknowledged: int = 0
    is_dead: bool = False
    count: int = 1

    @property
    def label(self) -> str:
        return self.name or self.code


@dataclass(frozen=True, slots=True)
class Edge:
    """One line. Power flows from source to target unless ``is_reversed``; a dead one is closed and carries nothing; a
    silenced one leads to a substation whose alert another one explains.

    ``width_px``: 0 is as usual. ``summary``: hover text in the middle of the line.
    """

    source: str | None
    target: str
    closed: bool = True
    is_dead: bool = False
    is_reversed: bool = False
    is_silenced: bool = False
    width_px: float = 0.0
    summary: str = ""


def topology(
    nodes: Sequence[Node], edges: Sequence[Edge], *, supply: str = "Grid supply", revision: str = "keep"
) -> dict[str, Any]:
    """The figure. The supply is drawn where the mean of what it feeds lies, a little outwards.

    Zoom and position are kept from one figure to the next as long as ``revision`` stays the same.
    """
    at = place(
        [node.code for node in nodes],
        [(edge.source, edge.target) for edge in edges],
        {node.code: node.position for node in nodes},
        least=GROUPS_APART if any(node.count > 1 for node in nodes) else MIN_DISTANCE,
    )
    fed = [edge.target for edge in edges if edge.source is None and edge.target in at]
    where_supply = _supply_point(at, fed)
    known = [edge for edge in edges if edge.target in at and (edge.source is None or edge.source in at)]
    data = [_links(kind, known, at, where_supply) for kind in ("closed", "open", "dead")]
    if any(_kind(edge) == "silenced" for edge in known):
        data.append(_links("silenced", known, at, where_supply))
    data += [
        _links("closed", known, at, where_supply, width_px)
        for width_px in sorted({edge.width_px for edge in known if edge.width_px})
    ]
    data.append(_nodes(nodes, at))
    if fed:
        data.append(_supply(where_supply, supply))
    around = [*at.values(), *([where_supply] if fed else [])]
    on_map = bool(nodes) and all(node.position for node in nodes)
    layout = {
        "xaxis": {"visible": False, "range": _range([x for x, _ in around])},
        "yaxis": {"visible": False, "range": _range([y for _, y in around])} | ({"scaleanchor": "x"} if on_map else {}),
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": "pan",
        "uirevision": revision,
        "annotations": [_badge(node, at[node.code], _size(node, len(nodes))) for node in nodes if node.unacknowledged],
    }
    return {"data": data, "layout": layout}


def _range(values: Sequence[float]) -> list[float]:
    """The extent with room for the names at its edges."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    margin = 0.14 * (high - low) or 1.0
    return [low - margin, high + margin]


def _supply_point(at: Mapping[str, Point], fed: Sequence[str]) -> Point:
    if not fed:
        return 0.0, 0.0
    xs, ys = zip(*at.values(), strict=True)
    x = sum(at[code][0] for code in fed) / len(fed)
    top = max(at[code][1] for code in fed)
    height = (max(ys) - min(ys)) or (max(xs) - min(xs)) or 1.0
    return x, top + 0.2 * height


def _kind(edge: Edge) -> str:
    if not edge.closed:
        return "open"
    if edge.is_dead:
        return "dead"
    return "silenced" if edge.is_silenced else "closed"


def _links(
    kind: str, edges: Sequence[Edge], at: Mapping[str, Point], supply: Point, width_px: float = 0.0
) -> dict[str, Any]:
    """Lines of one kind and width; in the middle of each an arrow with the power, or a ring where the line is open."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    texts: list[str] = []
    for edge in edges:
        if _kind(edge) != kind or (edge.width_px if kind == "closed" else 0.0) != width_px:
            continue
        texts += ["", edge.summary, "", ""]
        start, end = (at[edge.source] if edge.source is not None else supply), at[edge.target]
        if edge.is_reversed:
            start, end = end, start
        xs += [start[0], (start[0] + 1.2 * end[0]) / 2.2, end[0], None]
        ys += [start[1], (start[1] + 1.2 * end[1]) / 2.2, end[1], None]
    mark = {"closed": 11, "silenced": 11, "open": 8, "dead": 0}[kind]
    is_closed = kind in ("closed", "silenced")
    return {
        "type": "scatter", "mode": "lines+markers", "name": kind, "x": xs, "y": ys,
        **({"hoverinfo": "text", "hovertext": texts} if any(texts) else {"hoverinfo": "skip"}),
        "line": {"width": width_px or (2 if is_closed else 1.5), "dash": DASHES[kind]},
        "marker": {
            "size": [0, mark + width_px, 0, 0] * (len(xs) // 4), "opacity": 1,
            "symbol": "arrow" if is_closed else "circle-open", "angleref": "previous" if is_closed else "up",
        },
        "meta": {"role": "dead" if kind == "dead" else "link"},
    }  # fmt: skip


def _nodes(nodes: Sequence[Node], at: Mapping[str, Point]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "nodes",
        "x": [at[node.code][0] for node in nodes],
        "y": [at[node.code][1] for node in nodes],
        "text": [" " for _ in nodes],
        "textposition": ["bottom center" for _ in nodes],
        "hovertext": [node.summary for node in nodes],
        "hoverinfo": "text",
        "customdata": [node.url for node in nodes],
        "ids": [node.code for node in nodes],
        "marker": {
            "symbol": [SYMBOLS[node.state] for node in nodes],
            "size": [_size(node, len(nodes)) for node in nodes],
            "opacity": 1,
        },
        "cliponaxis": False,
        "meta": {
            "role": "nodes",
            "states": [node.state for node in nodes],
            "panels": [node.panel for node in nodes],
            "names": [_name(node) for node in nodes],
        },
    }


def _name(node: Node) -> str:
    if node.state == "normal":
        return escape(node.label)
    return f"{escape(node.label)}<br><b>{escape(node.word)}</b>"


def _size(node: Node, count: int) -> float:
    """Area grows with the rating (of a group: with its members' mean), between two thirds and one and a half."""
    base = LARGE if count <= FEW else SMALL
    if node.count > 1:
        return round(base * min(2.0, 1.1 + 0.1 * math.sqrt(node.count)), 1)
    if not node.rated_kva:
        return base
    return round(base * min(1.5, max(0.7, math.sqrt(node.rated_kva / 800.0))), 1)


def _badge(node: Node, at: Point, size: float) -> dict[str, Any]:
    """How many alerts nobody has acknowledged, at the shoulder of the node."""
    return {
        "x": at[0], "y": at[1], "text": f"<b>{node.unacknowledged}</b>", "showarrow": False,
        "name": f"badge:{node.state}",
        "xanchor": "left", "yanchor": "bottom", "xshift": round(size * 0.28), "yshift": round(size * 0.22),
        "borderpad": 1, "borderwidth": 1,
    }  # fmt: skip


def _supply(at: Point, name: str) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers+text", "name": "supply", "x": [at[0]], "y": [at[1]], "text": [escape(name)],
        "hoverinfo": "skip", "textposition": "middle right", "marker": {"symbol": "diamond", "size": 14},
        "cliponaxis": False, "meta": {"role": "supply", "states": ["unknown"]},
    }  # fmt: skip
