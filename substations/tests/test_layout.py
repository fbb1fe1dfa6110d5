"""Where the nodes of a network are drawn."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from substations.layout import MIN_DISTANCE, Point, place, spread

NOWHERE: dict[str, Point | None] = {}


def names(count: int) -> list[str]:
    return [f"N{number}" for number in range(count)]


def assert_apart(placed: dict[str, Point], nodes: list[str]) -> None:
    assert set(placed) == set(nodes)
    assert len(set(placed.values())) == len(nodes), "two nodes lie on one another"


def test_nothing_is_placed_nowhere() -> None:
    assert place([], [], NOWHERE) == {}


def test_known_positions_are_a_map_with_east_to_the_right_and_north_up() -> None:
    placed = place(["A", "B"], [], {"A": (60.0, 10.0), "B": (60.0, 11.0)})
    assert placed["B"][0] - placed["A"][0] == pytest.approx(0.5), "a degree of longitude is half as long at 60°"
    assert placed["A"][1] == 60.0


def test_one_unknown_position_makes_it_a_tree() -> None:
    placed = place(["A", "B"], [("A", "B")], {"A": (60.0, 10.0), "B": None})
    assert placed["A"] == (0.0, 0.0)
    assert placed["B"] == (0.0, -1.0)


def test_a_source_stands_above_the_middle_of_what_it_feeds() -> None:
    placed = place(["A", "B", "C", "D"], [(None, "A"), ("A", "B"), ("A", "C"), ("A", "D")], NOWHERE)
    assert placed["A"] == (1.0, 0.0)
    assert [placed[node] for node in "BCD"] == [(0.0, -1.0), (1.0, -1.0), (2.0, -1.0)]


def test_islands_stand_side_by_side() -> None:
    placed = place(["A", "B", "C", "D"], [("A", "B")], NOWHERE)
    assert_apart(placed, ["A", "B", "C", "D"])
    assert placed["C"][1] == placed["D"][1] == placed["A"][1]


@pytest.mark.parametrize(
    "links",
    [
        [("A", "B"), ("B", "A")],
        [("A", "B"), ("B", "C"), ("C", "A")],
        [("A", "B"), ("B", "A"), ("C", "D"), ("D", "C")],
        [("A", "A"), ("B", "B")],
        [("A", "B"), ("A", "B"), ("C", "B")],
        [(None, "A"), ("A", "B"), ("B", "C"), ("C", "D"), ("D", "B")],
        [("elsewhere", "A"), ("A", "nowhere")],
    ],
)
def test_loops_and_strange_links_put_no_node_on_another(links: list[tuple[str | None, str]]) -> None:
    assert_apart(place(["A", "B", "C", "D"], links, NOWHERE), ["A", "B", "C", "D"])


@given(st.lists(st.tuples(st.none() | st.integers(0, 14), st.integers(0, 14)), max_size=40))
@settings(max_examples=200)
def test_no_network_puts_a_node_on_another(links: list[tuple[int | None, int]]) -> None:
    nodes = names(15)
    named = [(None if source is None else f"N{source}", f"N{target}") for source, target in links]
    assert_apart(place(nodes, named, NOWHERE), nodes)


def test_a_chain_of_500_is_drawn_without_recursion() -> None:
    nodes = names(500)
    assert_apart(place(nodes, list(pairwise(nodes)), NOWHERE), nodes)


def test_500_nodes_of_a_tree_keep_their_distance() -> None:
    nodes = names(500)
    links = [(f"N{(number - 1) // 4}", f"N{number}") for number in range(1, 500)]
    placed = place(nodes, links, NOWHERE)
    assert_apart(placed, nodes)
    for depth in {y for _x, y in placed.values()}:
        row = sorted(x for x, y in placed.values() if y == depth)
        assert all(right - left >= 1 - 1e-9 for left, right in pairwise(row))


DEGREES = st.integers(-10_000, 10_000).map(lambda value: value / 10_000)


@given(st.lists(st.tuples(DEGREES, DEGREES), min_size=2, max_size=30))
@settings(max_examples=60)
def test_nodes_of_a_map_do_not_cover_each_other(points: list[Point]) -> None:
    placed = list(spread({f"N{n}": point for n, point in enumerate(points)}).values())
    extent = max(max(axis) - min(axis) for axis in zip(*points, strict=True)) or 1.0
    nearest = min(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5 for n, a in enumerate(placed) for b in placed[:n])
    assert nearest > 0.5 * MIN_DISTANCE * extent


def test_nodes_with_room_stay_where_they_are() -> None:
    points = {"A": (0.0, 0.0), "B": (1.0, 0.0), "C": (0.5, 1.0)}
    assert spread(points) == points
