"""How good the data were, day by day."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from mlcore.models import Score
from mlcore.web.data_quality import MAX_BARS, data_quality
from substations.models import Reading, Substation
from substations.tests.readings_pages import AT, STEP, SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db
URL = "/models/SS-01/quality/"
DAY = 96


@pytest.fixture
def station() -> Substation:
    return Substation.objects.create(code="SS-01")


def fill(station: Substation, numbers: range, *, derived: int = 0, status: int | None = None) -> None:
    Reading.objects.bulk_create(Reading(substation=station, at=AT + n * STEP, derived=derived) for n in numbers)
    if status is not None:
        Score.objects.bulk_create(Score(substation=station, at=AT + n * STEP, status=status) for n in numbers)


def test_those_without_a_role_see_nothing(signed_in: SignIn, station: Substation) -> None:
    assert_guarded(signed_in, URL)
    viewer: Client = signed_in("operator")
    assert viewer.get("/models/SS-99/quality/").status_code == 404
    assert viewer.get(URL, {"range": "century"}).status_code == 400


def test_what_came_was_derived_and_was_not_believed_is_counted_by_day(station: Substation) -> None:
    fill(station, range(DAY), status=0)
    fill(station, range(DAY, 2 * DAY - 24), derived=1, status=3)
    fill(station, range(2 * DAY, 3 * DAY), status=0)
    found = data_quality(station, None, None)
    assert [(day.expected, day.present, day.derived, day.refused) for day in found.stretches] == [
        (96, 96, 0, 0), (96, 72, 72, 72), (96, 96, 0, 0),
    ]  # fmt: skip
    assert found.present_share == pytest.approx(264 / 288)
    assert found.derived_share == found.refused_share == pytest.approx(72 / 264)


def test_a_day_is_one_of_local_time_and_its_ends_are_those_of_the_readings(station: Substation) -> None:
    fill(station, range(DAY))
    found = data_quality(station, None, None, utc_offset_s=19_800)
    assert [(day.expected, day.present) for day in found.stretches] == [(74, 74), (22, 22)]


def test_a_day_without_a_reading_is_missing_and_not_left_out(station: Substation) -> None:
    fill(station, range(DAY))
    fill(station, range(3 * DAY, 4 * DAY))
    assert [day.present for day in data_quality(station, None, None).stretches] == [96, 0, 0, 96]


def test_many_days_are_joined(station: Substation) -> None:
    Reading.objects.bulk_create(Reading(substation=station, at=AT + n * DAY * STEP) for n in range(2 * MAX_BARS))
    found = data_quality(station, None, None)
    assert (len(found.stretches), found.days_each) == (MAX_BARS, 2)
    assert sum(each.present for each in found.stretches) == 2 * MAX_BARS


def test_the_panel_draws_and_says_it(signed_in: SignIn, station: Substation) -> None:
    client = signed_in("viewer")
    assert "No readings in this range." in text(client.get(URL))
    fill(station, range(DAY), status=3)
    page = text(client.get(URL))
    assert "<dt>Bad quality</dt><dd>100 %</dd>" in page
    assert 'class="refused" x="0.06" width="0.88" y="0.0" height="40.0"' in page


@pytest.mark.parametrize("days", [1, 9])
def test_the_number_of_queries_does_not_grow(
    signed_in: SignIn, station: Substation, django_assert_num_queries: Any, days: int
) -> None:
    fill(station, range(days * DAY))
    client = signed_in("viewer")
    with django_assert_num_queries(9):
        client.get(URL, {"range": "all"})
