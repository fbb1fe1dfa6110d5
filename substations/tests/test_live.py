"""The newest reading of a substation, value by value."""

from __future__ import annotations

from typing import Any

import pytest

from substations.channels import CHANNEL_INDEX
from substations.models import Reading, Substation

from .readings_pages import AT, SignIn, assert_guarded, read, text

pytestmark = pytest.mark.django_db
URL = "/substations/SS-01/live/"
QUERIES = 6


@pytest.fixture
def station() -> Substation:
    return Substation.objects.create(code="SS-01", time_zone="Asia/Kolkata")


def test_those_without_a_role_see_nothing(signed_in: SignIn, station: Substation) -> None:
    assert_guarded(signed_in, URL)


def test_an_unknown_substation_is_not_found(signed_in: SignIn) -> None:
    assert signed_in("viewer").get(URL).status_code == 404


def test_it_is_a_fragment_that_asks_for_itself(signed_in: SignIn, station: Substation) -> None:
    page = text(signed_in("viewer").get(URL))
    assert "<html" not in page
    assert f'hx-get="{URL}"' in page
    assert "No readings yet." in page


def test_it_shows_the_newest_values_in_the_time_of_the_place(signed_in: SignIn, station: Substation) -> None:
    bit = 1 << CHANNEL_INDEX["power_factor"]
    Reading.objects.create(substation=station, at=AT, active_power_kw=123.4, power_factor=0.8, derived=bit)
    Reading.objects.create(substation=station, at=AT.replace(year=2020), active_power_kw=777)
    page = text(signed_in("viewer").get(URL))
    assert "2026-03-02 05:30 +05:30" in page
    assert "<dt>Active power</dt><dd>123 kW</dd>" in page
    assert "777" not in page
    assert page.count(">derived<") == 1
    assert "Frequency" not in page, "what was not measured is not shown"


@pytest.mark.parametrize("count", [1, 200])
def test_the_number_of_queries_does_not_grow(
    signed_in: SignIn, station: Substation, django_assert_num_queries: Any, count: int
) -> None:
    read(station, count, active_power_kw=1.0)
    client = signed_in("viewer")
    with django_assert_num_queries(QUERIES):
        client.get(URL)
