"""Detections through the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from mlcore.models import Detection
from substations.models import Substation

from .test_views import START, episode, model, station

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
URL = "/api/detections/"


@pytest.fixture
def two() -> tuple[Detection, Detection]:
    a, b = station("A"), station("B")
    detector = model(a)
    later = START + timedelta(days=1)
    return (
        episode(a, end=START + timedelta(hours=3), detector=detector),
        episode(b, start=later, peak=later, cause="stuck_value", kind="meter", severity=10),
    )


def found(client: Client, **query: str) -> list[str]:
    return [each["substation"] for each in client.get(URL, query).json()["results"]]


def test_reading_needs_a_role(client: Client, signed_in: SignIn, two: tuple[Detection, Detection]) -> None:
    for url in (URL, f"{URL}{two[0].pk}/"):
        assert client.get(url).status_code in (401, 403)
    assert signed_in("outsider").get(URL).status_code == 403
    assert signed_in("viewer").get(f"{URL}{two[0].pk}/").json()["detector_version"] == 1


def test_only_the_readings_change_them(admin_client: Client, two: tuple[Detection, Detection]) -> None:
    assert admin_client.post(URL, {}).status_code == 405
    for method in ("put", "patch", "delete"):
        assert getattr(admin_client, method)(f"{URL}{two[0].pk}/").status_code == 405


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({}, ["B", "A"]),
        ({"substation": "A"}, ["A"]),
        ({"ongoing": "true"}, ["B"]),
        ({"ongoing": "false"}, ["A"]),
        ({"kind": "meter"}, ["B"]),
        ({"severity": "20"}, ["A"]),
        ({"cause": "overload"}, ["A"]),
        ({"since": "2026-03-03T00:00:00Z"}, ["B"]),
        ({"until": "2026-03-02T12:00:00+05:30"}, ["A"]),
    ],
)
def test_they_can_be_filtered_newest_first(signed_in: SignIn, query: dict[str, str], codes: list[str]) -> None:
    assert found(signed_in("viewer"), **query) == codes


@pytest.mark.parametrize("query", [{"cause": "bad luck"}, {"since": "yesterday"}, {"severity": "worst"}])
def test_a_filter_that_makes_no_sense_is_a_bad_request(signed_in: SignIn, query: dict[str, str]) -> None:
    answer = signed_in("viewer").get(URL, query)
    assert (answer.status_code, list(answer.json())) == (400, list(query))


def test_what_was_withdrawn_is_not_shown(signed_in: SignIn, two: tuple[Detection, Detection]) -> None:
    Detection.objects.filter(pk=two[0].pk).update(withdrawn_at=START)
    client = signed_in("viewer")
    assert found(client) == ["B"]
    assert client.get(f"{URL}{two[0].pk}/").status_code == 404


@pytest.mark.parametrize("count", [1, 40])
def test_the_number_of_queries_does_not_grow(signed_in: SignIn, django_assert_num_queries: Any, count: int) -> None:
    for number in range(count):
        substation: Substation = station(f"SS-{number:02d}")
        episode(substation, detector=model(substation))
    client = signed_in("viewer")
    with django_assert_num_queries(6) as captured:
        client.get(URL)
    assert not any('"arrays"' in query["sql"] for query in captured.captured_queries)
