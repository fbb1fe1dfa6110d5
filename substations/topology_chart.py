"""The network as a Plotly figure: links as lines, substations as shapes by state. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .layout import Point, place

SYMBOLS = {"critical": "octagon", "warning": "triangle-up", "normal": "circle", "unknown": "square"}
# Beyond this many nodes names would cover each other: they are in the hover text and in the table.
MOST_NAMES = 60


@dataclass(frozen=True, slots=True)
class Node:
    """One substation as drawn; ``rated_kva`` sets its size, ``summary`` is the hover text."""

    code: str
    state: str
    word: str
    url: str
    summary: str
    position: Point | None = None
    rated_kva: float | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    source: str | None
    target: str
    closed: bool = True


def topology(nodes: Sequence[Node], edges: Sequence[Edge], *, supply: str = "Grid supply") -> dict[str, Any]:
    """The figure. The supply is drawn where the mean of what it feeds lies, a little outwards."""
    at = place(
        [node.code for node in nodes],
        [(edge.source, edge.target) for edge in edges],
        {node.code: node.position for node in nodes},
    )
    fed = [edge.target for edge in edges if edge.source is None and edge.target in at]
    where_supply = _supply_point(at, fed)
    known = [edge for edge in edges if edge.target in at and (edge.source is None or edge.source in at)]
    data = [
        _links([edge for edge in known if edge.closed], at, where_supply, "solid"),
        _links([edge for edge in known if not edge.closed], at, where_supply, "dot"),
        _nodes(nodes, at),
    ]
    if fed:
        data.append(_supply(where_supply, supply))
    around = [*at.values(), *([where_supply] if fed else [])]
    on_map = bool(nodes) and all(node.position for node in nodes)
    layout = {
        "xaxis": {"visible": False, "range": _range([x for x, _ in around])},
        "yaxis": {"visible": False, "range": _range([y for _, y in around])} | ({"scaleanchor": "x"} if on_map else {}),
        "margin": {"l": 20, "r": 20, "t": 10, "b": 10},
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": "pan",
        "uirevision": "keep",
    }
    return {"data": data, "layout": layout}


def _range(values: Sequence[float]) -> list[float]:
    """The extent with room for the names at its edges."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = 0.14 * (high - low) or 1.0
    return [low - room, high + room]


def _supply_point(at: Mapping[str, Point], fed: Sequence[str]) -> Point:
    if not fed:
        return 0.0, 0.0
    xs, ys = zip(*at.values(), strict=True)
    x, y = (sum(at[code][axis] for code in fed) / len(fed) for axis in (0, 1))
    height = (max(ys) - min(ys)) or (max(xs) - min(xs)) or 1.0
    return x, y + 0.18 * height


def _links(edges: Sequence[Edge], at: Mapping[str, Point], supply: Point, dash: str) -> dict[str, Any]:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for edge in edges:
        start = at[edge.source] if edge.source is not None else supply
        end = at[edge.target]
        xs += [start[0], end[0], None]
        ys += [start[1], end[1], None]
    return {
        "type": "scatter", "mode": "lines", "x": xs, "y": ys, "hoverinfo": "skip",
        "line": {"width": 2, "dash": dash}, "meta": {"role": "link"},
    }  # fmt: skip


def _nodes(nodes: Sequence[Node], at: Mapping[str, Point]) -> dict[str, Any]:
    named = len(nodes) <= MOST_NAMES
    size = 22 if named else 12
    return {
        "type": "scatter",
        "mode": "markers+text" if named else "markers",
        "x": [at[node.code][0] for node in nodes],
        "y": [at[node.code][1] for node in nodes],
        "text": [_name(node) for node in nodes] if named else None,
        "textposition": "bottom center",
        "hovertext": [node.summary for node in nodes],
        "hoverinfo": "text",
        "customdata": [node.url for node in nodes],
        "ids": [node.code for node in nodes],
        "marker": {
            "symbol": [SYMBOLS[node.state] for node in nodes],
            "size": [_size(node, size) for node in nodes],
            "opacity": 1,
        },
        "cliponaxis": False,
        "meta": {"role": "nodes", "states": [node.state for node in nodes]},
    }


def _name(node: Node) -> str:
    return node.code if node.state == "normal" else f"{node.code}<br><b>{node.word}</b>"


def _size(node: Node, base: float) -> float:
    """Area grows with the rating, between two thirds and one and a half of the base size."""
    if not node.rated_kva:
        return base
    return float(base * min(1.5, max(0.7, (node.rated_kva / 800.0) ** 0.5)))


def _supply(at: Point, name: str) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers+text", "x": [at[0]], "y": [at[1]], "text": [name], "hoverinfo": "skip",
        "textposition": "top center", "marker": {"symbol": "diamond", "size": 14}, "cliponaxis": False,
        "meta": {"role": "supply", "states": ["unknown"]},
    }  # fmt: skip
