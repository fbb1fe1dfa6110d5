"""Whether somebody wants no message now. Pure.

Asked of the wall clock at each moment and never counted ahead, so that a night with 23 or 25 hours ends when the clock
on the wall says so: the doubled hour of autumn is quiet twice, the missing one of spring never.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

# chosen: quiet hours are set by the quarter of an hour at the finest.
LOOK_STEP = timedelta(minutes=1)
MAX_LOOK = timedelta(hours=26)
"""Longer than any night, also one with an hour more."""


@dataclass(frozen=True, slots=True)
class QuietTime:
    """From ``start`` up to ``end`` by the wall clock of ``zone``; over midnight where the end comes first."""

    start: time
    end: time
    zone: tzinfo

    def holds(self, now: datetime) -> bool:
        """Whether it is quiet now. The same start and end: never."""
        clock = now.astimezone(self.zone).time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def ends_at(self, now: datetime) -> datetime:
        """The first minute at which it is not quiet any more; now where it is not."""
        if not self.holds(now):
            return now
        at = now.replace(second=0, microsecond=0) + LOOK_STEP
        while self.holds(at) and at - now < MAX_LOOK:
            at += LOOK_STEP
        return at
