"""A long record is drawn from the lowest and highest of its slots, found in the database: no peak is lost."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from substations import long_records
from substations.charts import MAX_POINTS
from substations.long_records import extremes, for_figure, slot_length_s
from substations.models import Reading, Substation

AT = datetime.fromisoformat("2025-01-01T00:00:00+00:00")
MINUTE = timedelta(minutes=1)
READINGS = 3000


@pytest.fixture
def long_record(db: None, monkeypatch: pytest.MonkeyPatch) -> Substation:
    """Minute by minute, a peak and a trough of one reading each, an hour missing; and long is what has 100 readings."""
    monkeypatch.setattr(long_records, "MAX_WHOLE", 100)
    monkeypatch.setattr(long_records, "SLOTS", 50)
    station = Substation.objects.create(code="SS-01", reading_interval_s=60)
    rows = [
        Reading(substation=station, at=AT + n * MINUTE, active_power_kw=200 + 50 * math.sin(n / 200))
        for n in range(READINGS)
        if not 1500 <= n < 1740
    ]
    rows[777].active_power_kw, rows[2222].active_power_kw = 900.0, -40.0
    Reading.objects.bulk_create(rows)
    return station


def test_a_short_record_is_read_whole(long_record: Substation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_records, "MAX_WHOLE", READINGS)
    drawn, interval_s = for_figure(Reading.objects.all(), ["active_power_kw"], 60)
    assert (len(drawn), interval_s) == (READINGS - 240, 60)


def test_without_readings_nothing_is_long(long_record: Substation) -> None:
    assert slot_length_s(Reading.objects.none(), 60) is None


def test_each_slot_has_its_lowest_and_its_highest(long_record: Substation) -> None:
    slot_s = slot_length_s(Reading.objects.all(), 60)
    assert slot_s
    drawn = extremes(Reading.objects.all(), ["active_power_kw"], slot_s)
    whole = Reading.objects.as_arrays(["active_power_kw"])
    slots = whole.at_s // slot_s
    expected = [f(whole.values[slots == slot, 0]) for slot in np.unique(slots) for f in (np.min, np.max)]
    np.testing.assert_allclose(drawn.values[:, 0], expected)
    assert (np.diff(drawn.at_s) > 0).all()
    np.testing.assert_array_equal(drawn.at_s // slot_s, np.repeat(np.unique(slots), 2))


def test_the_figure_keeps_peak_trough_and_gap_and_fetches_few_rows(
    long_record: Substation, signed_in: Callable[[str], Client]
) -> None:
    figure = signed_in("viewer").get("/substations/SS-01/channels/power/?range=all").json()
    (trace,) = figure["data"]
    known = [value for value in trace["y"] if value is not None]
    assert (max(known), min(known)) == (900.0, -40.0)
    assert len(known) < len(trace["y"]), "the line is broken where an hour is missing"
    assert len(trace["y"]) < 110 < MAX_POINTS
    assert "-40" in figure["summary"].replace("−", "-")
    assert "900" in figure["summary"]


def test_a_channel_that_was_never_measured_stays_empty(long_record: Substation) -> None:
    drawn, _interval_s = for_figure(Reading.objects.all(), ["active_power_kw", "frequency_hz"], 60)
    assert np.isnan(drawn.values[:, 1]).all()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.sets(st.integers(0, 20_000), min_size=2, max_size=60), data=st.data())
def test_whatever_the_times_the_extremes_are_there(long_record: Substation, minutes: set[int], data: Any) -> None:
    Reading.objects.all().delete()
    values = {minute: data.draw(st.floats(-1e6, 1e6, width=32)) for minute in minutes}
    Reading.objects.bulk_create(
        Reading(substation=long_record, at=AT + minute * MINUTE, active_power_kw=value)
        for minute, value in values.items()
    )
    drawn, _interval_s = for_figure(Reading.objects.all(), ["active_power_kw"], 60)
    assert np.nanmax(drawn.values) == pytest.approx(max(values.values()))
    assert np.nanmin(drawn.values) == pytest.approx(min(values.values()))
    assert len(drawn) <= 2 * (long_records.SLOTS + 1) or len(drawn) == len(values)
