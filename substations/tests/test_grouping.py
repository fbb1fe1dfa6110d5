"""Many substations as few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from substations.grouping import collapse, feeders
from substations.topology_chart import Edge, Node


def node(code: str, state: str = "normal", **values: object) -> Node:
    return Node(code, state, state, f"/{code}/", code, **values)  # type: ignore[arg-type]  # fields by name


def named(name: str, members: Sequence[Node], states: Counter[str]) -> Node:
    return node(name)


def test_a_feeder_is_named_after_its_first_substation() -> None:
    edges = [Edge(None, "A"), Edge("A", "B"), Edge("B", "C"), Edge(None, "D"), Edge("C", "D", closed=False)]
    assert feeders("ABCDE", edges) == {"A": "A", "B": "A", "C": "A", "D": "D", "E": "E"}


def test_what_is_fed_from_elsewhere_begins_a_feeder() -> None:
    assert feeders(["B", "C"], [Edge("A", "B"), Edge("B", "C")]) == {"B": "B", "C": "B"}


@given(
    st.lists(
        st.builds(Edge, st.none() | st.sampled_from("ABCDEF"), st.sampled_from("ABCDEF"), st.booleans()), max_size=20
    )
)
@settings(max_examples=200)
def test_every_substation_belongs_to_one_feeder_that_is_one_of_them(edges: list[Edge]) -> None:
    found = feeders("ABCDEF", edges)
    assert set(found) == set("ABCDEF")
    assert all(found[head] == head for head in found.values())


def test_a_group_is_as_bad_as_its_worst_and_counts_what_waits() -> None:
    nodes = [
        node("A", "unknown", unacknowledged=1, rated_kva=400.0),
        node("B", "critical", unacknowledged=2),
        node("C"),
    ]
    (first, second), _ = collapse(nodes, [], {"A": "x", "B": "x", "C": "y"}, named)
    assert (first.code, first.state, first.unacknowledged, first.count, first.rated_kva) == (
        "x",
        "critical",
        3,
        2,
        400.0,
    )
    assert (second.code, second.state, second.unacknowledged, second.count) == ("y", "normal", 0, 1)


def test_a_group_stands_in_the_middle_of_its_members_once_all_are_known() -> None:
    nodes = [node("A", position=(1.0, 2.0)), node("B", position=(3.0, 4.0)), node("C", position=(9.0, 9.0)), node("D")]
    (first, second), _ = collapse(nodes, [], {"A": "x", "B": "x", "C": "y", "D": "y"}, named)
    assert (first.position, second.position) == ((2.0, 3.0), None)


def test_lines_between_groups_are_joined_and_those_inside_are_not_drawn() -> None:
    nodes = [node(code) for code in "ABCD"]
    edges = [
        Edge("A", "B"), Edge("A", "C", closed=False), Edge("B", "D"), Edge(None, "A"), Edge(None, "B", is_dead=True),
        Edge("elsewhere", "A"),
    ]  # fmt: skip
    _, joined = collapse(nodes, edges, {"A": "x", "B": "x", "C": "y", "D": "y"}, named)
    assert joined == [Edge("x", "y"), Edge(None, "x")]
