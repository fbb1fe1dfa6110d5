"""A few substations with a few readings, made of the channels that a test names: everything else is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlcore.diagnosis.fleet import Fleet
from substations.channels import CHANNEL_INDEX, CHANNEL_NAMES
from substations.electrical.nameplate import Nameplate
from substations.electrical.topology import Segment

MONDAY_S = 1_735_516_800  # Monday, 30 December 2024, 00:00 UTC
PLATE = Nameplate("T", 500.0, 400.0, 10_000.0, 1000.0, 5000.0, 4.0)


def small_fleet(
    channels: dict[str, Any],
    *,
    interval_s: int = 3600,
    start_s: int = MONDAY_S,
    segments: Sequence[Segment] = (),
    **more: Any,
) -> Fleet:
    """A fleet of channels [substation, time]; substations are called A, B, C …, each of 500 kVA and 400 V."""
    tables = {name: np.atleast_2d(np.asarray(values, dtype=np.float64)) for name, values in channels.items()}
    count, length = next(iter(tables.values())).shape
    values = np.full((count, length, len(CHANNEL_NAMES)), np.nan)
    for name, table in tables.items():
        values[:, :, CHANNEL_INDEX[name]] = table
    codes = tuple("ABCDEFGH"[:count])
    at_s = start_s + interval_s * np.arange(length, dtype=np.int64)
    return Fleet(codes, at_s, interval_s, values, (PLATE,) * count, tuple(segments), **more)


def empty_fleet(count: int, length: int, **more: Any) -> Fleet:
    """The same without a single reading."""
    return small_fleet({"active_power_kw": np.full((count, length), np.nan)}, **more)
