"""The network as a figure."""

from __future__ import annotations

import json
from typing import Any

import pytest

from substations.topology_chart import FEW, SYMBOLS, Edge, Node, topology


def node(code: str, state: str = "normal", **values: Any) -> Node:
    word = {"normal": "Normal", "critical": "Critical"}.get(state, state)
    return Node(code, state, word, f"/substations/{code}/", f"<b>{code}</b>", **values)


def traces(*nodes: Node, edges: tuple[Edge, ...] = ()) -> dict[str, Any]:
    found = {trace["name"]: trace for trace in topology(nodes, edges)["data"]}
    return {"supply": None} | found


def test_a_state_is_shape_and_word_and_not_colour_alone() -> None:
    drawn = traces(*(node(state[0], state) for state in SYMBOLS))["nodes"]
    assert drawn["marker"]["symbol"] == list(SYMBOLS.values())
    assert len(set(SYMBOLS.values())) == len(SYMBOLS)
    assert drawn["meta"]["names"] == ["c<br><b>Critical</b>", "w<br><b>warning</b>", "n", "u<br><b>unknown</b>"]
    assert drawn["meta"]["states"] == list(SYMBOLS)
    assert "color" not in json.dumps(drawn), "the page paints the roles from its own tokens"


def test_a_node_leads_to_its_page() -> None:
    drawn = traces(node("A"))["nodes"]
    assert (drawn["ids"], drawn["customdata"], drawn["hovertext"]) == (["A"], ["/substations/A/"], ["<b>A</b>"])


def test_closed_and_open_links_are_told_apart() -> None:
    edges = (Edge("A", "B"), Edge("A", "C", closed=False), Edge("B", "C", is_dead=True))
    drawn = traces(node("A"), node("B"), node("C"), edges=edges)
    assert [len(drawn[kind]["x"]) for kind in ("closed", "open", "dead")] == [4, 4, 4]
    assert [drawn[kind]["line"]["dash"] for kind in ("closed", "open", "dead")] == ["solid", "dot", "longdash"]
    assert [drawn[kind]["meta"]["role"] for kind in ("closed", "open", "dead")] == ["link", "link", "dead"]


def test_a_line_to_a_silenced_alert_has_a_dash_of_its_own_and_says_why() -> None:
    edges = (Edge("A", "B"), Edge("A", "C", is_silenced=True, summary="C is silenced by A"))
    drawn = traces(node("A"), node("B"), node("C"), edges=edges)
    assert drawn["silenced"]["line"]["dash"] not in {drawn[kind]["line"]["dash"] for kind in ("closed", "open", "dead")}
    assert drawn["silenced"]["hovertext"][1] == "C is silenced by A"
    assert drawn["silenced"]["marker"]["symbol"] == "arrow", "power flows there all the same"
    assert "silenced" not in traces(node("A"), node("B"), edges=(Edge("A", "B"),))


@pytest.mark.parametrize(("values", "kind"), [({"closed": False}, "open"), ({"is_dead": True}, "dead")])
def test_a_line_that_is_open_or_dead_is_drawn_as_that(values: dict[str, Any], kind: str) -> None:
    drawn = traces(node("A"), node("B"), edges=(Edge("A", "B", is_silenced=True, **values),))
    assert len(drawn[kind]["x"]) == 4
    assert "silenced" not in drawn


def test_an_arrow_in_the_middle_points_where_the_power_goes() -> None:
    ahead = traces(node("A"), node("B"), edges=(Edge("A", "B"),))["closed"]
    back = traces(node("A"), node("B"), edges=(Edge("A", "B", is_reversed=True),))["closed"]
    assert ahead["marker"]["symbol"] == "arrow"
    assert ahead["marker"]["angleref"] == "previous"
    assert [size > 0 for size in ahead["marker"]["size"]] == [False, True, False, False]
    assert (ahead["y"][0], ahead["y"][2]) == (back["y"][2], back["y"][0])


def test_an_open_line_carries_no_arrow_and_a_dead_one_no_mark() -> None:
    drawn = traces(node("A"), node("B"), node("C"), edges=(Edge("A", "B", closed=False), Edge("B", "C", is_dead=True)))
    assert drawn["open"]["marker"]["symbol"] != "arrow"
    assert max(drawn["dead"]["marker"]["size"]) == 0


def test_what_nobody_has_acknowledged_is_counted_on_a_badge() -> None:
    notes = topology([node("A", "warning", unacknowledged=2), node("B")], [])["layout"]["annotations"]
    assert [(note["text"], note["name"]) for note in notes] == [("<b>2</b>", "badge:warning")]


def test_zoom_is_kept_while_the_same_part_is_shown() -> None:
    assert topology([node("A")], [], revision="North")["layout"]["uirevision"] == "North"


def test_a_name_is_shown_as_it_is_written() -> None:
    assert traces(node("A<b>"))["nodes"]["meta"]["names"] == ["A&lt;b&gt;"]


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


def test_names_wait_for_the_page_to_find_room_and_many_nodes_are_smaller() -> None:
    drawn = traces(*(node(f"N{number}") for number in range(FEW + 1)))["nodes"]
    assert set(drawn["text"]) == {" "}
    assert len(drawn["meta"]["names"]) == FEW + 1
    assert drawn["marker"]["size"][0] < traces(node("A"))["nodes"]["marker"]["size"][0]


def test_a_map_keeps_its_proportions() -> None:
    layout = topology([node("A", position=(18.0, 73.0)), node("B", position=(18.1, 73.2))], [])["layout"]
    assert layout["yaxis"]["scaleanchor"] == "x"
    assert "scaleanchor" not in topology([node("A")], [])["layout"]["yaxis"]


def test_it_is_plain_json_even_without_a_node() -> None:
    json.dumps(topology([], []), allow_nan=False)
    json.dumps(topology([node("A")], [Edge(None, "A")]), allow_nan=False)
