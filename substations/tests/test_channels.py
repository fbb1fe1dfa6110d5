"""The channels of a substation by group, as figures."""

from __future__ import annotations

from typing import Any

import pytest

from substations.channel_charts import GROUPS
from substations.charts import MAX_POINTS
from substations.models import Reading, Substation

from .readings_pages import AT, STEP, SignIn, assert_guarded, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> Substation:
    return Substation.objects.create(code="SS-01", time_zone="Asia/Kolkata")


def url(group: str = "current", query: str = "") -> str:
    return f"/substations/SS-01/channels/{group}/{query}"


def test_those_without_a_role_see_nothing(signed_in: SignIn, station: Substation) -> None:
    assert_guarded(signed_in, url())


@pytest.mark.parametrize("path", ["/substations/SS-99/channels/power/", "/substations/SS-01/channels/colour/"])
def test_what_is_not_there_is_not_found(signed_in: SignIn, station: Substation, path: str) -> None:
    assert signed_in("viewer").get(path).status_code == 404


def test_every_channel_of_the_groups_is_a_channel_and_in_one_group() -> None:
    names = [name for group in GROUPS.values() for name in group.channels]
    fields = {field.name for field in Reading._meta.fields}
    assert len(names) == len(set(names)) == 17
    assert set(names) <= fields


def test_phases_differ_by_more_than_colour_and_times_are_local(signed_in: SignIn, station: Substation) -> None:
    read(station, current_l1_a=10.0, current_l2_a=11.0, current_l3_a=12.5)
    figure = signed_in("viewer").get(url()).json()
    assert [trace["name"] for trace in figure["data"]] == ["Current L1", "Current L2", "Current L3"]
    assert len({trace["line"]["dash"] for trace in figure["data"]}) == 3
    assert figure["data"][0]["x"][0] == "2026-03-02T05:30:00"
    assert figure["layout"]["xaxis"]["title"]["text"] == "UTC+05:30"
    assert "Current L3 12.5 to 12.5 A." in figure["summary"]


def test_channels_without_a_value_are_left_out_and_so_is_their_axis(signed_in: SignIn, station: Substation) -> None:
    read(station, frequency_hz=50.0)
    figure = signed_in("viewer").get(url("voltage")).json()
    assert [trace["name"] for trace in figure["data"]] == ["Frequency"]
    assert [key for key in figure["layout"] if key.startswith("yaxis")] == ["yaxis"]


def test_nothing_measured_is_said(signed_in: SignIn, station: Substation) -> None:
    read(station, frequency_hz=50.0)
    assert "None of these was measured" in signed_in("viewer").get(url("temperature")).json()["empty"]


def test_a_range_that_cannot_be_read_is_said(signed_in: SignIn, station: Substation) -> None:
    answer = signed_in("viewer").get(url(query="?range=century"))
    assert (answer.status_code, "century" in answer.content.decode()) == (400, True)


def test_a_long_record_is_thinned_and_keeps_its_extremes(signed_in: SignIn, station: Substation) -> None:
    rows = [Reading(substation=station, at=AT + n * STEP, oil_temperature_c=40.0 + n % 7) for n in range(4000)]
    rows[1234].oil_temperature_c = 91.5
    Reading.objects.bulk_create(rows)
    trace = signed_in("viewer").get(url("temperature", "?range=all")).json()["data"][0]
    assert len(trace["x"]) <= MAX_POINTS
    assert max(trace["y"]) == 91.5


@pytest.mark.parametrize("count", [1, 300])
def test_the_number_of_queries_does_not_grow(
    signed_in: SignIn, station: Substation, django_assert_num_queries: Any, count: int
) -> None:
    read(station, count, current_l1_a=10.0)
    client = signed_in("viewer")
    with django_assert_num_queries(9):
        client.get(url())
