"""What contributed to an episode."""

from __future__ import annotations

from typing import Any

import pytest

from mlcore.models import Detection, Score
from substations.models import Substation
from substations.tests.readings_pages import AT, STEP, SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db
URL = "/models/SS-01/why/"


@pytest.fixture
def station() -> Substation:
    return Substation.objects.create(code="SS-01")


def episode(substation: Substation, number: int = 0, **values: Any) -> Detection:
    start = AT + number * STEP
    given = {"kind": "loss", "cause": "overload", "severity": 20, "start": start, "peak": start, "score": 2.0}
    return Detection.objects.create(substation=substation, reason="because", **given | values)


def test_those_without_a_role_see_nothing(signed_in: SignIn, station: Substation) -> None:
    assert_guarded(signed_in, URL)
    assert signed_in("operator").get("/models/SS-99/why/").status_code == 404


def test_nothing_found_is_said(signed_in: SignIn, station: Substation) -> None:
    episode(station, withdrawn_at=AT)
    assert "No episodes were found here." in text(signed_in("viewer").get(URL))


def test_the_newest_is_shown_unless_another_is_asked_for(signed_in: SignIn, station: Substation) -> None:
    older = episode(
        station, evidence={"contributions": {"reactive": 0.9, "motor": 0.001, "voltage": 0.1}}, loss_kwh=12.5
    )
    episode(station, 9, cause="tap_voltage", evidence={"contributions": {"voltage": 1.0}})
    client = signed_in("viewer")
    newest, asked = text(client.get(URL)), text(client.get(URL, {"episode": older.pk}))
    assert "<strong>Voltage or tap position</strong>" in newest
    assert "100 %" in newest
    assert "<strong>Overload</strong>" in asked
    assert asked.index("90 %") < asked.index("10 %")
    assert "kvar that follow kW" not in asked, "less than one per cent"
    assert f'href="/episodes/{older.pk}/"' in newest
    assert "12.5 kWh" in newest


@pytest.mark.parametrize("asked", ["4711", "other"])
def test_an_episode_of_elsewhere_is_not_shown(signed_in: SignIn, station: Substation, asked: str) -> None:
    other = episode(Substation.objects.create(code="B"))
    pk = other.pk if asked == "other" else asked
    assert signed_in("viewer").get(URL, {"episode": pk}).status_code == 404


def test_what_is_no_number_is_ignored(signed_in: SignIn, station: Substation) -> None:
    assert signed_in("viewer").get(URL, {"episode": "x"}).status_code == 200


def test_the_newest_reading_says_what_is_furthest(signed_in: SignIn, station: Substation) -> None:
    Score.objects.create(substation=station, at=AT, score=0.43, channel="oil_temperature")
    page = text(signed_in("viewer").get(URL))
    assert "Largest deviation of the latest reading: Oil temperature, 0.430 times the threshold" in page


@pytest.mark.parametrize("count", [1, 20])
def test_the_number_of_queries_does_not_grow(
    signed_in: SignIn, station: Substation, django_assert_num_queries: Any, count: int
) -> None:
    for number in range(count):
        episode(station, number)
    client = signed_in("viewer")
    with django_assert_num_queries(7):
        client.get(URL)
