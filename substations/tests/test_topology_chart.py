"""The network as a figure."""

from __future__ import annotations

import json
from typing import Any

import pytest

from substations.topology_chart import MOST_NAMES, SYMBOLS, Edge, Node, topology


def node(code: str, state: str = "normal", **values: Any) -> Node:
    word = {"normal": "Normal", "critical": "Critical"}.get(state, state)
    return Node(code, state, word, f"/substations/{code}/", f"<b>{code}</b>", **values)


def traces(*nodes: Node, edges: tuple[Edge, ...] = ()) -> dict[str, Any]:
    data = topology(nodes, edges)["data"]
    return {"closed": data[0], "open": data[1], "nodes": data[2], "supply": data[3] if len(data) > 3 else None}


def test_a_state_is_shape_and_word_and_not_colour_alone() -> None:
    drawn = traces(*(node(state[0], state) for state in SYMBOLS))["nodes"]
    assert drawn["marker"]["symbol"] == list(SYMBOLS.values())
    assert len(set(SYMBOLS.values())) == len(SYMBOLS)
    assert drawn["text"] == ["c<br><b>Critical</b>", "w<br><b>warning</b>", "n", "u<br><b>unknown</b>"]
    assert drawn["meta"]["states"] == list(SYMBOLS)
    assert "color" not in json.dumps(drawn), "the page paints the roles from its own tokens"


def test_a_node_leads_to_its_page() -> None:
    drawn = traces(node("A"))["nodes"]
    assert (drawn["ids"], drawn["customdata"], drawn["hovertext"]) == (["A"], ["/substations/A/"], ["<b>A</b>"])


def test_closed_and_open_links_are_told_apart() -> None:
    drawn = traces(node("A"), node("B"), node("C"), edges=(Edge("A", "B"), Edge("A", "C", closed=False)))
    assert (len(drawn["closed"]["x"]), len(drawn["open"]["x"])) == (3, 3)
    assert (drawn["closed"]["line"]["dash"], drawn["open"]["line"]["dash"]) == ("solid", "dot")


def test_the_supply_is_drawn_only_where_it_feeds_something() -> None:
    assert traces(node("A"))["supply"] is None
    drawn = traces(node("A"), node("B"), edges=(Edge(None, "A"), Edge("A", "B")))
    assert drawn["supply"]["y"][0] > max(drawn["nodes"]["y"])


@pytest.mark.parametrize("edge", [Edge("A", "elsewhere"), Edge("elsewhere", "A"), Edge(None, "elsewhere")])
def test_a_link_out_of_the_picture_is_left_out(edge: Edge) -> None:
    drawn = traces(node("A"), edges=(edge,))
    assert (drawn["closed"]["x"], drawn["supply"]) == ([], None)


def test_a_larger_rating_is_a_larger_mark_within_bounds() -> None:
    sizes = traces(*(node(str(kva), rated_kva=kva) for kva in (1.0, 400.0, 800.0, 1e6)))["nodes"]["marker"]["size"]
    assert sizes == sorted(sizes)
    assert max(sizes) / min(sizes) < 2.5


def test_many_nodes_carry_no_names() -> None:
    drawn = traces(*(node(f"N{number}") for number in range(MOST_NAMES + 1)))["nodes"]
    assert (drawn["mode"], drawn["text"]) == ("markers", None)


def test_a_map_keeps_its_proportions() -> None:
    layout = topology([node("A", position=(18.0, 73.0)), node("B", position=(18.1, 73.2))], [])["layout"]
    assert layout["yaxis"]["scaleanchor"] == "x"
    assert "scaleanchor" not in topology([node("A")], [])["layout"]["yaxis"]


def test_it_is_plain_json_even_without_a_node() -> None:
    json.dumps(topology([], []), allow_nan=False)
    json.dumps(topology([node("A")], [Edge(None, "A")]), allow_nan=False)
