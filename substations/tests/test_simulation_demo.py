from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from substations.simulation import LOSS_KINDS, SOURCE, LiveFeed, demo_feed, demo_grid, demo_plan, demo_spec

END = datetime(2026, 3, 19, 8, 7, tzinfo=UTC)


def test_ten_substations_and_forty_five_days_up_to_the_end() -> None:
    s = demo_grid(END)
    assert s.values.shape == (10, 45 * 96, 20)
    assert s.end_s == int(END.timestamp()) - 7 * 60
    assert s.times_s[-1] == s.end_s - 900
    assert len({p.name for p in s.substations}) == 10
    assert len({p.site for p in s.substations}) == 3


def test_every_node_is_reached_from_the_source_and_the_ties_are_open() -> None:
    grid = demo_plan()
    assert {link.to_node for link in grid.links if link.is_closed} == set(grid.codes)
    assert sum(link.from_node == SOURCE for link in grid.links) == 3
    assert sum(not link.is_closed for link in grid.links) == 2


@pytest.mark.parametrize("days_later", range(7))
def test_the_losses_are_all_there_whatever_the_weekday(days_later: int) -> None:
    s = demo_grid(END + timedelta(days=days_later, hours=5 * days_later), interval_min=30)
    events = s.events
    assert {event.kind for event in events if event.is_loss} == set(LOSS_KINDS)
    assert {event.kind for event in events if not event.is_loss} == {"sensor_fault", "holiday"}
    assert all(event.start_s >= s.train_end_s for event in events)
    going_on = [event for event in events if event.end_s == s.end_s]
    assert {event.kind for event in going_on} == {"capacitor_failure", "phase_imbalance", "harmonic_injection"}
    worst = next(event for event in going_on if event.kind == "capacitor_failure")
    assert worst.severity == "critical"
    assert worst.extra_loss_pct > 20
    substations = [event.substation for event in events]
    assert len(substations) == len(set(substations))


def test_only_the_calendar_moves_with_the_end() -> None:
    a, b = demo_grid(END), demo_grid(END + timedelta(days=7))
    assert a.substations == b.substations
    thd = [np.nanmedian(s.values[..., 13], axis=1) for s in (a, b)]
    np.testing.assert_allclose(thd[0], thd[1], rtol=0.02)
    assert [e.kind for e in a.events] == [e.kind for e in b.events]


def test_the_feed_follows_the_demo() -> None:
    s, feed = demo_grid(END), demo_feed(END)
    np.testing.assert_array_equal(LiveFeed(s).next_step().values, feed.next_step().values)
    assert feed.next_at == datetime(2026, 3, 19, 8, 15, tzinfo=UTC)


def test_a_naive_end_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        demo_spec(datetime(2026, 3, 19))  # noqa: DTZ001  (that is what is refused)


def test_a_first_start_is_quick() -> None:
    began = time.process_time()
    s = demo_grid(END)
    assert len(s.events) == 11
    assert time.process_time() - began < 10
