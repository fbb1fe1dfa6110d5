"""How many messages a channel may get, and what becomes of those that are too many: bundled, never dropped. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
# Design of notifications: 1 in 3 minutes, 3 in 20, 8 in 2 hours; how it went on may wait, an alarm may not.
UPDATE_CAPS = (
    (timedelta(minutes=3), 1),
    (timedelta(minutes=20), 3),
    (timedelta(hours=2), 8),
)
WIDEST_WINDOW = max(window for window, _count in UPDATE_CAPS)


def budget(sent: Sequence[datetime], per_minute: int, now: datetime) -> int | None:
    """How many messages may go now; None: any number. ``sent``: when messages were made, in any order."""
    if per_minute == 0:
        return None
    return max(0, per_minute - sum(now - at < MINUTE for at in sent))


def update_may_go(updates: Sequence[datetime], now: datetime) -> bool:
    """Whether a message with updates alone may go, by when earlier ones did."""
    return all(sum(now - at < window for at in updates) < count for window, count in UPDATE_CAPS)
