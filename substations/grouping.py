"""Many substations as few: those of one site or one feeder as one node, with what needs somebody rolled up. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence

from .topology_chart import ORDER, Edge, Node


def feeders(codes: Sequence[str], edges: Sequence[Edge]) -> dict[str, str]:
    """For every substation the first one of its feeder: the one that its closed links lead back to.

    A feeder begins where the supply feeds in, or where nothing of ``codes`` does. In a loop without a beginning the
    first in the order of ``codes`` is taken.
    """
    known = set(codes)
    children: dict[str, list[str]] = defaultdict(list)
    fed, begins = set(), set()
    for edge in edges:
        if not edge.closed or edge.target not in known:
            continue
        if edge.source in known and edge.source is not None:
            children[edge.source].append(edge.target)
            fed.add(edge.target)
        else:
            begins.add(edge.target)
    heads = [code for code in codes if code in begins or code not in fed]
    found: dict[str, str] = {}
    for head in [*heads, *codes]:
        _walk(head, children, found)
    return found


def _walk(head: str, children: Mapping[str, list[str]], found: dict[str, str]) -> None:
    if head in found:
        return
    found[head] = head
    waiting = deque([head])
    while waiting:
        for child in children.get(waiting.popleft(), []):
            if child not in found:
                found[child] = head
                waiting.append(child)


def collapse(
    nodes: Sequence[Node],
    edges: Sequence[Edge],
    group_of: Mapping[str, str],
    describe: Callable[[str, Sequence[Node], Counter[str]], Node],
) -> tuple[list[Node], list[Edge]]:
    """One node per group, in the order of their first members, and one edge per pair of groups that is linked.

    ``describe(name, members, states)`` makes the node of a group; its state, rating, position, badge and count are set
    here. A link between groups is closed when any of its lines is, dead or silenced
    when all closed ones are.
    """
    members: dict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        members[group_of[node.code]].append(node)
    groups = [_group(describe, name, each) for name, each in members.items()]
    joined: dict[tuple[str | None, str], list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.target not in group_of or (edge.source is not None and edge.source not in group_of):
            continue
        source = None if edge.source is None else group_of[edge.source]
        if source != group_of[edge.target]:
            joined[source, group_of[edge.target]].append(edge)
    return groups, [_join(source, target, lines) for (source, target), lines in joined.items()]


def _group(describe: Callable[[str, Sequence[Node], Counter[str]], Node], name: str, members: Sequence[Node]) -> Node:
    states = Counter(node.state for node in members)
    places = [node.position for node in members if node.position]
    middle = None
    if len(places) == len(members):
        middle = (sum(at[0] for at in places) / len(places), sum(at[1] for at in places) / len(places))
    ratings = [node.rated_kva for node in members if node.rated_kva]
    drawn = describe(name, members, states)
    return Node(
        code=drawn.code, word=drawn.word, url=drawn.url, summary=drawn.summary, panel=drawn.panel, name=drawn.name,
        state=min(states, key=ORDER.index), position=middle, rated_kva=sum(ratings) or None, count=len(members),
        unacknowledged=sum(node.unacknowledged for node in members),
    )  # fmt: skip


def _join(source: str | None, target: str, lines: Sequence[Edge]) -> Edge:
    closed = [line for line in lines if line.closed]
    return Edge(
        source,
        target,
        closed=bool(closed),
        is_dead=bool(closed) and all(line.is_dead for line in closed),
        is_silenced=bool(closed) and all(line.is_silenced for line in closed),
    )
