"""The network as a figure."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.models import Alert
from alerts.tests.alert_scenes import CRITICAL
from smart_ems.dashboard import topology_page as network
from substations.models import Link, Reading

from .scene import SignIn, alerted, assert_guarded, scored, station

pytestmark = pytest.mark.django_db
URL = "/dashboard/topology/"


def figure(signed_in: SignIn, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = signed_in("viewer").get(URL + query).json()
    return found


def nodes(found: dict[str, Any]) -> dict[str, Any]:
    return next(trace for trace in found["data"] if trace["meta"]["role"] == "nodes")


def test_those_without_a_role_see_nothing(signed_in: SignIn) -> None:
    assert_guarded(signed_in, URL)


def test_an_empty_grid_says_so(signed_in: SignIn) -> None:
    assert "once it has a substation" in figure(signed_in)["empty"]


def test_nodes_links_and_supply_are_drawn_with_state_and_address(signed_in: SignIn) -> None:
    a, b = station("A", latitude=18.5, longitude=73.8), station("B", latitude=0.0, longitude=0.0)
    alerted(b, severity=CRITICAL)
    Link.objects.create(source=None, target=a)
    Link.objects.create(source=a, target=b, status="open")
    found = figure(signed_in)
    drawn = nodes(found)
    assert (drawn["ids"], drawn["meta"]["states"]) == (["A", "B"], ["normal", "critical"])
    assert drawn["customdata"] == ["/substations/A/", "/substations/B/"]
    assert [len(trace["x"]) for trace in found["data"][:3]] == [4, 4, 0]
    assert found["data"][4]["text"] == ["Grid supply"]
    assert drawn["y"] == [18.5, 0.0], "zero is a position"


def test_lines_to_what_another_alert_silences_are_marked(signed_in: SignIn) -> None:
    a, b, c = station("A"), station("B"), station("C")
    for target in (b, c):
        Link.objects.create(source=a, target=target)
    cause = alerted(a, severity=CRITICAL)
    silent = alerted(b)
    Alert.objects.filter(pk=silent.pk).update(suppression="by_design", suppressed_by=cause, suppression_reason="outage")
    client = signed_in("viewer")
    traces = {trace["name"]: trace for trace in client.get(URL).json()["data"]}
    assert (len(traces["silenced"]["x"]), len(traces["closed"]["x"])) == (4, 4)
    assert traces["silenced"]["hovertext"][1].startswith("B: ")
    assert "silenced by: A " in traces["silenced"]["hovertext"][1]
    Alert.objects.filter(pk=silent.pk).update(closed_at=silent.raised_at, closure="cleared")
    assert "silenced" not in {trace["name"] for trace in client.get(URL).json()["data"]}


def test_it_can_be_that_of_one_site(signed_in: SignIn) -> None:
    a, b = station("A", site="North"), station("B", site="South")
    Link.objects.create(source=a, target=b)
    assert nodes(figure(signed_in, "?site=North"))["ids"] == ["A"]


def test_the_list_and_the_sentence_say_the_same_without_the_picture(signed_in: SignIn) -> None:
    station("A")
    alerted(station("B"), severity=CRITICAL)
    found = figure(signed_in)
    assert found["summary"] == "2 substations: 1 critical, 1 normal."
    assert 'data-node="B" data-panel="/dashboard/topology/B/"' in " ".join(found["html"].split())
    assert "Critical" in found["html"]
    assert found["layout"]["annotations"][0]["text"] == "<b>1</b>"


def test_a_line_to_what_is_de_energised_is_dead_and_one_that_feeds_back_is_turned(signed_in: SignIn) -> None:
    a, b, c = station("A"), station("B"), station("C")
    scored(b, status=2)
    Reading.objects.filter(substation=c).update(active_power_kw=-40.0)
    Link.objects.create(source=a, target=b)
    Link.objects.create(source=a, target=c)
    drawn = {trace["name"]: trace for trace in figure(signed_in)["data"]}
    assert len(drawn["dead"]["x"]) == len(drawn["closed"]["x"]) == 4
    assert drawn["closed"]["y"][0] < drawn["closed"]["y"][2], "from C up to A"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "MAX_NODES", 3)


def test_many_are_drawn_as_sites_with_what_needs_somebody_rolled_up(signed_in: SignIn, few: None) -> None:
    north, south = [station(f"N{n}", site="North") for n in range(3)], station("S", site="South")
    alerted(north[2], severity=CRITICAL)
    Link.objects.create(source=north[0], target=north[1])
    Link.objects.create(source=north[0], target=south)
    found = figure(signed_in)
    drawn = nodes(found)
    assert drawn["ids"] == ["North", "South"]
    assert drawn["meta"]["states"] == ["critical", "normal"]
    assert drawn["meta"]["names"] == ["North (3)<br><b>1 critical</b>", "South (1)"]
    assert drawn["customdata"][0] == "/?site=North"
    assert found["layout"]["annotations"][0]["text"] == "<b>1</b>"
    assert len(found["data"][0]["x"]) == 4, "one line between the sites, none inside"


def test_a_large_site_is_drawn_as_feeders_and_a_feeder_as_substations(signed_in: SignIn, few: None) -> None:
    heads = [station(name, site="North") for name in ("F1", "F2")]
    for head in heads:
        Link.objects.create(source=None, target=head)
        Link.objects.create(source=head, target=station(f"{head.code}-1", site="North"))
    client = signed_in("viewer")
    assert nodes(client.get(URL + "?site=North").json())["customdata"] == [
        "/?site=North&feeder=F1",
        "/?site=North&feeder=F2",
    ]
    assert nodes(client.get(URL + "?site=North&feeder=F2").json())["ids"] == ["F2", "F2-1"]


def test_a_site_that_nothing_belongs_to_says_so(signed_in: SignIn) -> None:
    station("A")
    assert "No substation belongs" in figure(signed_in, "?site=Nowhere")["empty"]


@pytest.mark.parametrize("count", [1, 20])
def test_the_number_of_queries_does_not_grow(signed_in: SignIn, django_assert_num_queries: Any, count: int) -> None:
    first = station("A")
    for number in range(count):
        Link.objects.create(source=first, target=station(f"B{number}"))
    client = signed_in("viewer")
    with django_assert_num_queries(11):
        client.get(URL)
