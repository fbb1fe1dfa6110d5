from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from substations.channels import CHANNEL_NAMES
from substations.simulation import EventRequest, LiveFeed, SimulationSpec, SpecError, simulate
from substations.tests.simulated import DAY, HOUR, SMALL, clean, column

BEGIN = datetime.fromtimestamp(SMALL.end_s, UTC)


def take(feed: LiveFeed, steps: int) -> np.ndarray:
    """[substation, time, channel]"""
    return np.stack([feed.next_step().values for _ in range(steps)], axis=1)


def test_the_feed_is_what_a_longer_history_would_have_been() -> None:
    longer = simulate(replace(SMALL, days=5))
    np.testing.assert_array_equal(take(LiveFeed(clean()), 192), longer.values[:, 288:])


def test_a_feed_from_the_spec_equals_the_feed_of_the_simulation() -> None:
    np.testing.assert_array_equal(take(LiveFeed(SMALL), 100), take(LiveFeed(clean()), 100))


def test_a_feed_resumes_after_the_last_reading() -> None:
    first = LiveFeed(clean(), faults_per_week=10)
    take(first, 130)
    last = first.next_at - timedelta(minutes=15)
    resumed = LiveFeed(SMALL, resume_at=last, faults_per_week=10)
    assert resumed.next_at == first.next_at
    np.testing.assert_array_equal(take(resumed, 50), take(first, 50))
    assert resumed.events == first.events


def test_a_moment_before_the_end_of_the_history_is_refused() -> None:
    with pytest.raises(SpecError, match="the history ends"):
        LiveFeed(clean(), resume_at=BEGIN - timedelta(days=1))


def test_rows_have_a_code_a_utc_time_and_the_channels() -> None:
    feed = LiveFeed(clean())
    rows = feed.next_rows()
    assert [row["substation"] for row in rows] == list(clean().grid.codes)
    assert all(row["at"] == BEGIN for row in rows)
    assert list(rows[0])[2:] == list(CHANNEL_NAMES)
    assert feed.next_rows()[0]["at"] == BEGIN + timedelta(minutes=15)


def test_a_week_of_clean_feed_looks_like_the_history() -> None:
    spec = SimulationSpec(substations=6, days=21, seed=9, annual_growth=0.0)
    history = simulate(spec).values
    week = take(LiveFeed(spec), 7 * 96)
    low, high = np.nanquantile(history, [0.001, 0.999], axis=1)
    extent = high - low
    outside = (week < (low - 0.1 * extent)[:, None]) | (week > (high + 0.1 * extent)[:, None])
    assert outside.mean() < 0.01
    middle = np.abs(np.nanmedian(week, axis=1) - np.nanmedian(history, axis=1))
    assert (middle < 0.25 * extent).all()


def test_a_fault_goes_on_into_the_feed_and_ends_as_requested() -> None:
    code = clean().grid.codes[0]
    event = EventRequest("harmonic_injection", code, SMALL.end_s - DAY, SMALL.end_s + 6 * HOUR, 0.0, {"thd": 0.4})
    feed = LiveFeed(replace(SMALL, events=(event,)))
    distorted = take(feed, 48)[0, :, CHANNEL_NAMES.index("thd_current_l1_pct")]
    usual = take(LiveFeed(clean()), 48)[0, :, CHANNEL_NAMES.index("thd_current_l1_pct")]
    assert np.nanmin(distorted[:24] / usual[:24]) > 1.5
    np.testing.assert_allclose(distorted[24:], usual[24:], atol=0.11)


def test_an_injected_fault_changes_what_comes_and_not_what_was() -> None:
    feed, usual = LiveFeed(clean()), LiveFeed(clean())
    np.testing.assert_array_equal(take(feed, 10), take(usual, 10))
    start = int(feed.next_at.timestamp())
    feed.inject(EventRequest("overload", clean().grid.codes[1], start, start + 4 * HOUR, 0.0, {"load_pu": 1.4}))
    power = CHANNEL_NAMES.index("active_power_kw")
    assert np.nanmin((take(feed, 16) - take(usual, 16))[1, :, power]) > 20
    with pytest.raises(SpecError, match="start it later"):
        feed.inject(EventRequest("overload", clean().grid.codes[1], start, start + HOUR))


def test_the_feed_joins_the_history_without_a_jump() -> None:
    history = column(clean(), "oil_temperature_c")
    first = take(LiveFeed(clean()), 1)[:, 0, CHANNEL_NAMES.index("oil_temperature_c")]
    step = np.nanmax(np.abs(np.diff(history, axis=1)), axis=1)
    assert (np.abs(first - history[:, -1]) <= 1.5 * step)[~np.isnan(first - history[:, -1])].all()


def test_new_faults_come_at_the_rate_asked_for_and_on_idle_substations() -> None:
    feed = LiveFeed(clean(), faults_per_week=20)
    take(feed, 96 * 7)
    assert 5 <= len(feed.events) <= 60
    for a in feed.events:
        for b in feed.events:
            together = a.start_s < b.end_s and b.start_s < a.end_s
            assert a is b or a.substation != b.substation or not together
    with pytest.raises(SpecError, match="faults_per_week"):
        LiveFeed(clean(), faults_per_week=-1)
