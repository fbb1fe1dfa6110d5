"""Where to draw the nodes of a network: from their positions, or computed from the links. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

# Nodes on a map keep this share of its extent between them, as far as they all fit.
MIN_DISTANCE = 0.075
# chosen: nothing moves visibly after that.
ROUNDS = 80

Point = tuple[float, float]


def place(
    nodes: Sequence[str],
    links: Iterable[tuple[str | None, str]],
    positions: Mapping[str, Point | None],
    *,
    least: float = MIN_DISTANCE,
) -> dict[str, Point]:
    """A point for every node: (x, y) with y upwards.

    ``positions`` are (latitude, longitude). They are used when every node has one, and those that would cover each
    other are pushed apart to ``least`` of the extent; otherwise the network is drawn as a
    tree, sources above what they feed, so that nothing with an unknown place looks as if it had one.
    """
    if nodes and all(positions.get(node) for node in nodes):
        return spread(_on_map({node: positions[node] for node in nodes}), least=least)  # type: ignore[misc]  # none is None here
    return _as_tree(nodes, list(links))


def _on_map(positions: Mapping[str, Point]) -> dict[str, Point]:
    """Equirectangular: a degree of longitude shrinks with the cosine of the mean latitude."""
    middle = sum(latitude for latitude, _ in positions.values()) / len(positions)
    shrink = math.cos(math.radians(middle))
    return {node: (longitude * shrink, latitude) for node, (latitude, longitude) in positions.items()}


def spread(points: Mapping[str, Point], *, least: float = MIN_DISTANCE) -> dict[str, Point]:
    """The same points, moved as little as is needed to keep ``least`` of the extent between any two.

    Each pair that is too near pushes itself apart along its own line, again and again; points that coincide leave in
    directions of their own.
    """
    at = np.array(list(points.values()), dtype=np.float64)
    extent = float(np.ptp(at, axis=0).max()) if len(at) else 0.0
    if len(at) < 2:
        return dict(points)
    least = min(least, 0.6 / len(at) ** 0.5) * (extent if extent > 1e-9 else 1.0)
    turns = 2.4 * np.arange(len(at))
    ways = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    for _ in range(ROUNDS):
        apart = at[:, None] - at[None]
        distance = np.linalg.norm(apart, axis=2)
        np.fill_diagonal(distance, np.inf)
        if (distance < 1e-9 * least).any():
            at = at + 1e-6 * least * ways
            continue
        lack = np.maximum(least - distance, 0.0)
        if lack.max() < 1e-3 * least:
            break
        at = at + 0.5 * (apart / distance[..., None] * lack[..., None]).sum(axis=1)
    return {node: (float(x), float(y)) for node, (x, y) in zip(points, at, strict=True)}


def _as_tree(nodes: Sequence[str], links: Sequence[tuple[str | None, str]]) -> dict[str, Point]:
    children: dict[str | None, list[str]] = defaultdict(list)
    known, fed = set(nodes), set()
    for source, target in links:
        if target in known and target not in fed and source != target:
            children[source if source in known else None].append(target)
            fed.add(target)
    roots = [node for node in nodes if node not in fed] + children.pop(None, [])
    placed: dict[str, Point] = {}
    column = 0.0
    for root in roots:
        column = _subtree(root, children, placed, column)
    # A loop has no root: what is left stands in a row below.
    for node in nodes:
        if node not in placed:
            column = _subtree(node, children, placed, column)
    return placed


def _subtree(root: str, children: Mapping[str | None, list[str]], placed: dict[str, Point], column: float) -> float:
    """Place a node above the middle of its leaves, without recursion; the next free column.

    A node belongs to the first that reaches it, so that every loop is cut somewhere.
    """
    order: list[tuple[str, int]] = []
    own: dict[str, list[str]] = defaultdict(list)
    stack: list[tuple[str, int, str | None]] = [(root, 0, None)]
    seen = set(placed)
    while stack:
        node, depth, above = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        order.append((node, depth))
        if above is not None:
            own[above].append(node)
        stack.extend((child, depth + 1, node) for child in reversed(children.get(node, [])))
    for node, depth in order:
        if not own[node]:
            placed[node] = (column, -float(depth))
            column += 1
    for node, depth in reversed(order):
        if own[node]:
            placed[node] = (sum(placed[child][0] for child in own[node]) / len(own[node]), -float(depth))
    return column
