"""Alerts that come and go: how often within a short time, and how long the next clearing is held back. Pure.

A run of occurrences ends with a quiet hour. From the third within half an hour (or ten readings) on, the alert
chatters: it stands as one active alert, what would clear it waits for an off-delay that grows by half with each
occurrence, up to an hour, and its returns are not announced.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

# given: three occurrences within half an hour, or within ten readings where those are slower.
CHATTERS_FROM = 3
WITHIN = timedelta(minutes=30)
WITHIN_READINGS = 10
# given: the off-delay starts at a quarter of an hour, grows by half, ends at an hour; an hour of quiet ends it all.
FIRST_OFF_DELAY = timedelta(minutes=15)
GROWTH = 1.5
MAX_OFF_DELAY = timedelta(hours=1)
QUIET = timedelta(hours=1)


def run_of(starts: Sequence[datetime], quiet: timedelta = QUIET) -> list[datetime]:
    """The newest occurrences without a quiet time between two of them, in order."""
    found: list[datetime] = []
    for start in sorted(starts, reverse=True):
        if found and found[0] - start >= quiet:
            break
        found.insert(0, start)
    return found


def chatters(starts: Sequence[datetime], interval: timedelta) -> int:
    """How many occurrences the newest run has, if any three of it came within a short time; else 0."""
    within = max(WITHIN, WITHIN_READINGS * interval)
    run = run_of(starts, max(QUIET, within))
    stretches = zip(run, run[CHATTERS_FROM - 1 :], strict=False)
    return len(run) if any(last - first <= within for first, last in stretches) else 0


def off_delay(count: int) -> timedelta:
    """How long it must stay clear, after so many occurrences of a run."""
    if count < CHATTERS_FROM:
        return timedelta(0)
    grown = FIRST_OFF_DELAY.total_seconds() * GROWTH ** min(count - CHATTERS_FROM, 10)
    return min(timedelta(seconds=grown), MAX_OFF_DELAY)


def is_quiet(starts: Sequence[datetime], cleared_at: datetime | None, now: datetime, interval: timedelta) -> bool:
    """Whether nothing has come or gone for long enough that it no longer chatters."""
    changes = [*starts, *([cleared_at] if cleared_at else [])]
    return not changes or now - max(changes) >= max(QUIET, WITHIN_READINGS * interval)
