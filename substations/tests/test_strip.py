"""The whole record at a glance, to pick a range from."""

from __future__ import annotations

from typing import Any

import pytest

from substations.models import Reading, Substation
from substations.strip import STRETCHES, strip_of

from .readings_pages import AT, STEP, SignIn, assert_guarded, read, text

pytestmark = pytest.mark.django_db
URL = "/substations/SS-01/strip/"


@pytest.fixture
def station() -> Substation:
    return Substation.objects.create(code="SS-01", time_zone="Asia/Kolkata")


def fill(station: Substation, count: int, gap: range = range(0)) -> None:
    Reading.objects.bulk_create(
        Reading(substation=station, at=AT + n * STEP, power_factor=-0.9 if n % 2 else 0.95)
        for n in range(count)
        if n not in gap
    )


def test_those_without_a_role_see_nothing(signed_in: SignIn, station: Substation) -> None:
    assert_guarded(signed_in, URL)
    assert signed_in("operator").get("/substations/SS-99/strip/").status_code == 404


def test_a_record_of_one_reading_gives_no_range_to_pick(signed_in: SignIn, station: Substation) -> None:
    read(station, 1, power_factor=0.9)
    assert strip_of(station) is None
    assert "data-brush" not in text(signed_in("viewer").get(URL))


def test_it_covers_the_record_and_the_size_of_the_power_factor(station: Substation) -> None:
    fill(station, 2000)
    found = strip_of(station)
    assert found is not None
    assert (found.first, found.last) == (AT, AT + 1999 * STEP)
    assert (found.low, found.high) == (0.9, 0.95), "signed by some meters: its size counts"
    assert STRETCHES / 2 < found.path.count("M") <= STRETCHES


def test_a_gap_is_left_out(station: Substation) -> None:
    fill(station, 2000, gap=range(1000, 1500))
    found = strip_of(station)
    assert found is not None
    lefts = [float(part.split()[0]) for part in found.path.split("M")[1:]]
    assert not [left for left in lefts if 505 < left < 745]


def test_the_range_of_the_url_lies_on_it(signed_in: SignIn, station: Substation) -> None:
    fill(station, 2000)
    page = text(signed_in("viewer").get(URL, {"range": "24h"}))
    last = int((AT + 1999 * STEP).timestamp())
    assert f'data-last="{last}" data-from="{last - 86400}"' in page
    assert "data-to" not in page
    exact = text(signed_in("operator").get(URL, {"from": "2026-03-03", "to": "2026-03-04T00:00"}))
    assert 'data-zone="Asia/Kolkata"' in exact
    assert 'data-to="1772562600"' in exact


@pytest.mark.parametrize("count", [2, 900])
def test_the_number_of_queries_does_not_grow(
    signed_in: SignIn, station: Substation, django_assert_num_queries: Any, count: int
) -> None:
    fill(station, count)
    client = signed_in("viewer")
    with django_assert_num_queries(7):
        client.get(URL)
