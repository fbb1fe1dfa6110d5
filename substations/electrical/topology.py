"""Which segment of the network carries whom: radial feeders, loops, meshes, open links and islands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from substations.electrical.power import FloatArray

# chosen: a metre of line; keeps a section without a length from dividing by zero.
_MIN_OHM = 1e-4


@dataclass(frozen=True, slots=True)
class Segment:
    """A line section from ``source`` (None is the grid supply) to ``target``; ``closed`` False carries nothing."""

    source: str | None
    target: str
    r_ohm: float
    x_ohm: float
    length_km: float = float("nan")
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Feeder:
    """One supplied part of the network: its members, its segments, and who rides on which segment.

    members: indices of the substations in the fleet.
    carries: [segment, member], share of a member's power that flows through a segment in its direction: 0 or 1
    in a radial feeder, between −1 and 1 in a mesh.
    drop_share: [segment, segment], how much of a segment's voltage drop lies between the supply and a segment's end.
    r_ohm, x_ohm: [segment]. codes, segments: what members and rows stand for.
    """

    members: tuple[int, ...]
    carries: FloatArray
    drop_share: FloatArray
    r_ohm: FloatArray
    x_ohm: FloatArray
    codes: tuple[str, ...]
    segments: tuple[Segment, ...]


def feeders(codes: Sequence[str], segments: Iterable[Segment]) -> list[Feeder]:
    """The supplied parts of a network; a substation without a closed way to the supply is in none of them.

    Segments to nodes that are not in ``codes`` (a junction without a meter) still carry whoever lies behind.
    In a mesh the shares are those of a linear power flow with the impedances as weights; in a tree this is
    exactly 0 or 1.
    """
    closed = [s for s in segments if s.closed and s.source != s.target]
    neighbours: dict[str, list[Segment]] = defaultdict(list)
    for segment in closed:
        neighbours[segment.target].append(segment)
        if segment.source is not None:
            neighbours[segment.source].append(segment)
    index = {code: number for number, code in enumerate(codes)}
    seen: set[str] = set()
    found = []
    for start in [s.target for s in closed if s.source is None]:
        if start not in seen:
            nodes = _reachable(start, neighbours)
            seen |= nodes
            found.append(_feeder(nodes, [s for s in closed if s.target in nodes], index))
    return [feeder for feeder in found if feeder.members]


def _reachable(start: str, neighbours: dict[str, list[Segment]]) -> set[str]:
    """Nodes connected to ``start`` without passing through the supply."""
    nodes, waiting = {start}, [start]
    while waiting:
        for segment in neighbours[waiting.pop()]:
            for node in (segment.source, segment.target):
                if node is not None and node not in nodes:
                    nodes.add(node)
                    waiting.append(node)
    return nodes


def _feeder(nodes: set[str], segments: list[Segment], index: dict[str, int]) -> Feeder:
    order = {node: number for number, node in enumerate(sorted(nodes))}
    r_ohm = np.array([_usable(s.r_ohm) for s in segments])
    x_ohm = np.array([_usable(s.x_ohm) for s in segments])
    admittance = 1.0 / np.maximum(np.hypot(r_ohm, x_ohm), _MIN_OHM)
    incidence = np.zeros((len(segments), len(order)))
    for row, segment in enumerate(segments):
        incidence[row, order[segment.target]] = 1.0
        if segment.source is not None:
            incidence[row, order[segment.source]] = -1.0
    laplacian = incidence.T @ (admittance[:, None] * incidence)
    members = [node for node in order if node in index]
    shares = admittance[:, None] * (incidence @ np.linalg.inv(laplacian))
    shares = np.where(np.abs(shares - np.round(shares)) < 1e-6, np.round(shares), shares)
    ends = [order[segment.target] for segment in segments]
    carries = shares[:, [order[node] for node in members]]
    return Feeder(
        members=tuple(index[node] for node in members),
        carries=carries,
        drop_share=shares[:, ends].T,
        r_ohm=r_ohm,
        x_ohm=x_ohm,
        codes=tuple(members),
        segments=tuple(segments),
    )


def _usable(ohm: float) -> float:
    return float(ohm) if np.isfinite(ohm) and ohm > 0 else 0.0
