"""One substation beside the network, and the way from an episode to its alert."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.tests.alert_scenes import detected
from substations.models import Link

from .scene import SignIn, alerted, assert_guarded, scored, station, text

pytestmark = pytest.mark.django_db
URL = "/dashboard/topology/A/"


def test_those_without_a_role_see_nothing(signed_in: SignIn) -> None:
    station("A")
    assert_guarded(signed_in, URL)


def test_an_unknown_one_is_not_found(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    assert [client.get(url).status_code for url in (URL, "/episodes/4711/")] == [404, 404]


def test_it_shows_state_values_alerts_and_lines(signed_in: SignIn) -> None:
    a, b = station("A", site="North", rated_kva=630), station("B")
    scored(a)
    alerted(a)
    Link.objects.create(source=None, target=a, length_km=1.5)
    Link.objects.create(source=a, target=b, status="open")
    page = text(signed_in("viewer").get(URL))
    for said in ("Warning", "630 kVA", "120 kW", "3.50 kW", "grid supply", "1.50 km", "/alerts/panel/?substation=A",
                 '<a href="/substations/B/">B</a>', "open"):  # fmt: skip
        assert said in page
    assert "<html" not in page


def test_nothing_open_is_said(signed_in: SignIn) -> None:
    station("A")
    assert "No open alerts." in text(signed_in("viewer").get(URL))


@pytest.mark.parametrize("count", [1, 20])
def test_the_number_of_queries_does_not_grow(signed_in: SignIn, django_assert_num_queries: Any, count: int) -> None:
    first = station("A")
    for number in range(count):
        Link.objects.create(source=first, target=station(f"B{number}"))
    client = signed_in("viewer")
    with django_assert_num_queries(12):
        client.get(URL)


def test_the_state_of_a_substation_stands_beside_its_title(signed_in: SignIn) -> None:
    station("A")
    url = "/substations/A/state/"
    assert_guarded(signed_in, url)
    client = signed_in("operator")
    assert "is-normal" in text(client.get(url))
    assert client.get("/substations/B/state/").status_code == 404


def test_an_episode_leads_to_its_alert_and_without_one_to_its_time(signed_in: SignIn) -> None:
    alert = alerted(station("A"))
    client = signed_in("viewer")
    assert client.get(f"/episodes/{alert.detection_id}/").headers["Location"] == f"/alerts/{alert.pk}/"
    other = detected(station("B"))
    answer = client.get(f"/episodes/{other.pk}/")
    assert answer.headers["Location"].startswith("/substations/B/?from=")
    assert client.get(answer.headers["Location"]).status_code == 200


def test_an_episode_is_only_for_those_with_a_role(signed_in: SignIn) -> None:
    assert_guarded(signed_in, f"/episodes/{detected(station('A')).pk}/")
