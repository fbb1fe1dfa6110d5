"""A long record for a figure: the lowest and the highest of each of some hundred slots of time, found in the database.

Two years of one-minute readings are a million rows, and a figure is a thousand points wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Max, Min, QuerySet

from .querysets import EpochSeconds, ReadingArrays, ReadingQuerySet

MAX_WHOLE = 100_000
"""Chosen: so many readings are read whole, in tenths of a second; figures of a year at fifteen minutes stay exact."""
SLOTS = 700
"""Chosen: of each a lowest and a highest value, which is about a point for each pixel of a wide screen."""


def slot_length_s(readings: ReadingQuerySet, interval_s: int) -> int | None:
    """How long the slots of a record are; None where it is short enough to be read whole."""
    times = readings.values_list("at", flat=True)
    first: datetime | None = times.order_by("at").first()
    last: datetime | None = times.order_by("-at").first()
    if first is None or last is None or (last - first).total_seconds() <= MAX_WHOLE * interval_s:
        return None
    return int((last - first).total_seconds() // SLOTS) + 1


def in_slots(rows: QuerySet[Any], slot_s: int) -> QuerySet[Any, dict[str, Any]]:
    """Rows with a time ``at``, grouped by ``slot``, to be annotated with aggregates; in the order of time."""
    slots: QuerySet[Any, dict[str, Any]] = rows.annotate(slot=EpochSeconds("at") / slot_s)
    return slots.order_by("slot").values("slot")


def extremes(readings: ReadingQuerySet, channels: Sequence[str], slot_s: int) -> ReadingArrays:
    """Two rows for each slot that has readings, half a slot apart: the lowest of each channel, then the highest."""
    aggregates = {f"{each.__name__}_{name}": each(name) for each in (Min, Max) for name in channels}
    rows = in_slots(readings, slot_s).annotate(**aggregates).values_list("slot", *aggregates)
    table = np.array(list(rows), dtype=np.float64).reshape(-1, 1 + 2 * len(channels))
    starts_s = table[:, 0].astype(np.int64) * slot_s
    at_s = np.stack([starts_s + slot_s // 4, starts_s + slot_s // 4 + slot_s // 2], axis=1).ravel()
    values = table[:, 1:].reshape(-1, len(channels))
    return ReadingArrays(np.zeros(len(at_s), dtype=np.int64), at_s, values)


def for_figure(readings: ReadingQuerySet, channels: Sequence[str], interval_s: int) -> tuple[ReadingArrays, int]:
    """One substation's record to be drawn, and the interval of its rows: whole, or the extremes of its slots."""
    slot_s = slot_length_s(readings, interval_s)
    if slot_s is None:
        return readings.as_arrays(channels), interval_s
    return extremes(readings, channels, slot_s), slot_s // 2
