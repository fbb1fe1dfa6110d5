"""Whether alarms come faster than a person can take them. Pure: times in, a flood or none out.

A flood starts when more than ten announcements fall within ten minutes and ends when fewer than five do (ISA-18.2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# given: the interval in which alarms are counted, for one operator.
INTERVAL = timedelta(minutes=10)
# chosen: a flood that began longer ago is still one shift's; older announcements are not asked for.
LOOK_BACK = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Flood:
    """since: when the rate rose above the limit. announced: how many in the last ten minutes."""

    since: datetime
    announced: int


def flood_at(now: datetime, times: Sequence[datetime], *, starts_above: int, ends_below: int) -> Flood | None:
    """The flood at ``now``, from the times of the announcements up to then, in any order; None where there is none."""
    changes: Counter[datetime] = Counter(at for at in times if at <= now)
    changes.subtract([at + INTERVAL for at in times if at + INTERVAL <= now])
    since, count = None, 0
    for at in sorted(changes):
        count += changes[at]
        if since is None and count > starts_above:
            since = at
        elif since is not None and count < ends_below:
            since = None
    return None if since is None else Flood(since, count)
