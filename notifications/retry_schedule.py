"""When a message that could not be sent is tried again. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

# Design of notifications: 30 s, 2 m, 10 m, 30 m, 2 h, 6 h; then it is given up.
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 1800, 7200, 21600))
JITTER = 0.1
"""chosen: a tenth either way, so that what failed together does not come back together."""
MAX_RETRY_AFTER = timedelta(hours=6)
"""chosen: a receiver may ask for no more than the schedule itself would wait."""


def next_attempt(
    attempts: int, now: datetime, *, chance: float, retry_after: timedelta | None = None
) -> datetime | None:
    """When to try again after so many attempts; None: no more.

    chance: a number of 0 to 1 that decides the jitter. retry_after: what the receiver asked for; it is never tried
    sooner than that.
    """
    if not 1 <= attempts <= len(DELAYS):
        return None
    wait = DELAYS[attempts - 1] * (1 + JITTER * (2 * chance - 1))
    if retry_after is not None:
        wait = max(wait, min(retry_after, MAX_RETRY_AFTER))
    return now + wait
