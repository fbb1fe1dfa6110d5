"""The network as a figure."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.tests.desk import CRITICAL
from substations.models import Link

from .scene import Doors, alerted, assert_guarded, station

pytestmark = pytest.mark.django_db
URL = "/dashboard/topology/"


def figure(signed_in: Doors, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = signed_in("viewer").get(URL + query).json()
    return found


def nodes(found: dict[str, Any]) -> dict[str, Any]:
    return next(trace for trace in found["data"] if trace["meta"]["role"] == "nodes")


def test_those_without_a_role_see_nothing(signed_in: Doors) -> None:
    assert_guarded(signed_in, URL)


def test_an_empty_grid_says_so(signed_in: Doors) -> None:
    assert "once it has a substation" in figure(signed_in)["empty"]


def test_nodes_links_and_supply_are_drawn_with_state_and_address(signed_in: Doors) -> None:
    a, b = station("A", latitude=18.5, longitude=73.8), station("B", latitude=0.0, longitude=0.0)
    alerted(b, severity=CRITICAL)
    Link.objects.create(source=None, target=a)
    Link.objects.create(source=a, target=b, status="open")
    found = figure(signed_in)
    drawn = nodes(found)
    assert (drawn["ids"], drawn["meta"]["states"]) == (["A", "B"], ["normal", "critical"])
    assert drawn["customdata"] == ["/substations/A/", "/substations/B/"]
    assert [len(trace["x"]) for trace in found["data"][:2]] == [3, 3]
    assert found["data"][3]["text"] == ["Grid supply"]
    assert drawn["y"] == [18.5, 0.0], "zero is a position"


def test_it_can_be_that_of_one_site(signed_in: Doors) -> None:
    a, b = station("A", site="North"), station("B", site="South")
    Link.objects.create(source=a, target=b)
    assert nodes(figure(signed_in, "?site=North"))["ids"] == ["A"]


@pytest.mark.parametrize("count", [1, 20])
def test_the_number_of_queries_does_not_grow(signed_in: Doors, django_assert_num_queries: Any, count: int) -> None:
    first = station("A")
    for number in range(count):
        Link.objects.create(source=first, target=station(f"B{number}"))
    client = signed_in("viewer")
    with django_assert_num_queries(10):
        client.get(URL)
