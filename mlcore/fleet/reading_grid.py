"""From the database to a ``Fleet``: readings of a group on one regular grid, nameplates and topology."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mlcore.diagnosis.fleet import Fleet
from substations.channels import CHANNEL_INDEX, CHANNEL_NAMES
from substations.electrical.nameplate import Nameplate, complete
from substations.electrical.topology import Segment
from substations.models import Link, Reading, Substation

from .groups import NeighbourGroup

# Guessed values of an incomplete nameplate need some rows to be guessed from; without any, this much is assumed.
DEFAULT_RATED_KVA = 1000.0
Seconds = TypeVar("Seconds", int, NDArray[np.int64])


def load(
    group: NeighbourGroup,
    start: datetime,
    end: datetime | None,
    plates: dict[int, dict[str, Any]] | None = None,
    *,
    until_s: int | None = None,
) -> Fleet | None:
    """The readings of a group between two times (inclusive; None: to the newest), or None when there are none.

    ``plates`` holds nameplate values by substation id that were guessed at training, so that scoring a short stretch
    uses the same ones. Readings are put on the nearest step of the grid; of two on one step the later counts.
    ``until_s``: the grid goes on to there, with or without readings.
    """
    at_s, values = readings(group, start, end, until_s=until_s)
    if not len(at_s):
        return None
    return Fleet(
        codes=tuple(substation.code for substation in group.substations),
        at_s=at_s,
        interval_s=group.substations[0].reading_interval_s,
        values=values,
        nameplates=tuple(
            nameplate(substation, values[index], (plates or {}).get(substation.pk, {}))
            for index, substation in enumerate(group.substations)
        ),
        segments=segments(group),
        utc_offset_s=utc_offsets(group.substations[0], at_s),
    )


def readings(
    group: NeighbourGroup,
    start: datetime,
    end: datetime | None,
    *,
    since_s: int | None = None,
    until_s: int | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Grid times [time] and values [substation, time, channel] of the readings between two times (inclusive).

    From the first step with a reading to the last one, or from ``since_s`` to ``until_s`` where given: the steps
    without a reading are there too. Empty without any reading.
    """
    rows = Reading.objects.filter(substation__in=group.ids).between(start, end).as_arrays()
    if not len(rows):
        return np.empty(0, dtype=np.int64), np.empty((len(group.ids), 0, len(CHANNEL_NAMES)))
    interval_s = group.substations[0].reading_interval_s
    step = nearest_step(rows.at_s, interval_s)
    first, last = int(step.min()), int(step.max())
    if since_s is not None:
        first = min(first, nearest_step(since_s, interval_s))
    if until_s is not None:
        last = max(last, nearest_step(until_s, interval_s))
    values = np.full((len(group.substations), last + 1 - first, len(CHANNEL_NAMES)), np.nan)
    position = {pk: index for index, pk in enumerate(group.ids)}
    owner = np.array([position[pk] for pk in rows.substation_id.tolist()])
    values[owner, step - first] = rows.values
    return np.arange(first, last + 1, dtype=np.int64) * interval_s, values


def nearest_step(at_s: Seconds, interval_s: int) -> Seconds:
    """The number of the grid's step that a time is put on.

    Half a step goes up: rounding to even would put every second reading of a shifted clock on its neighbour.
    """
    return (2 * at_s + interval_s) // (2 * interval_s)


def nameplate(substation: Substation, values: NDArray[np.float64], guessed: dict[str, Any]) -> Nameplate:
    """The nameplate with what is not known guessed from [time, channel] readings, or taken from an earlier guess."""
    apparent = values[:, CHANNEL_INDEX["apparent_power_kva"]]
    if not np.isfinite(apparent).any():
        apparent = np.hypot(*(values[:, CHANNEL_INDEX[name]] for name in ("active_power_kw", "reactive_power_kvar")))
    known: dict[str, Any] = {field: getattr(substation, field) for field in PLATE_FIELDS}
    if known["rated_kva"] is None and not np.isfinite(apparent).any():
        apparent = np.array([DEFAULT_RATED_KVA * 0.8])
    measured: dict[str, Any] = {"apparent_kva": apparent, "voltage_v": values[:, CHANNEL_INDEX["voltage_avg_v"]]}
    plate = replace(complete(substation.code, **known, **measured), feeds_in=substation.feeds_in)
    if not guessed:
        return plate
    given = {field: value for field, value in known.items() if value is not None}
    again = complete(substation.code, **(guessed | given), **measured)
    return replace(again, assumed=plate.assumed, feeds_in=plate.feeds_in)


PLATE_FIELDS = (
    "rated_kva", "nominal_v", "hv_nominal_v", "no_load_loss_w", "load_loss_w", "impedance_pct", "target_power_factor",
)  # fmt: skip


def guesses(plate: Nameplate) -> dict[str, float]:
    """What a nameplate had to guess, to be stored with the model."""
    return {field: getattr(plate, field) for field in PLATE_FIELDS if field in plate.assumed}


def segments(group: NeighbourGroup) -> tuple[Segment, ...]:
    """The links of a group with a known resistance; a source outside the group counts as the supply."""
    codes = {substation.pk: substation.code for substation in group.substations}
    links = Link.objects.filter(target__in=group.ids, r_ohm__isnull=False)
    return tuple(
        Segment(
            source=codes.get(link.source_id) if link.source_id else None,
            target=codes[link.target_id],
            r_ohm=link.r_ohm or 0.0,
            x_ohm=link.x_ohm or 0.0,
            length_km=link.length_km if link.length_km is not None else float("nan"),
            closed=link.status == Link.Status.CLOSED,
        )
        for link in links
    )


def utc_offsets(substation: Substation, at_s: NDArray[np.int64]) -> NDArray[np.int64]:
    """[time] what the local clock is ahead of UTC, in seconds; worked out once an hour."""
    hours, inverse = np.unique(at_s // 3600, return_inverse=True)
    zone = substation.zone
    hourly = [datetime.fromtimestamp(int(hour) * 3600, UTC).astimezone(zone).utcoffset() for hour in hours]
    seconds = np.array([offset.total_seconds() if offset else 0 for offset in hourly], dtype=np.int64)
    return seconds[inverse]
