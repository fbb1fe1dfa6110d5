"""How well the alarms serve those who answer them: figures of ISA-18.2 and EEMUA 191. Pure: arrays in, values out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ALARM = np.dtype(
    [
        ("at_s", "<i8"),
        ("alert", "<i8"),
        ("substation", "<i8"),
        ("interval_s", "<i4"),
        ("kind", "u1"),
        ("cause", "u1"),
        ("severity", "u1"),
        ("step", "u1"),
        ("acknowledged_after_s", "<f4"),
        ("closed_after_s", "<f4"),
        ("active_for_s", "<f4"),
        ("is_false", "u1"),
    ]
)
"""One row per time an alert came: when (server's clock, seconds since 1970), of what, and how it went on.

``acknowledged_after_s``: until somebody took it on, before it was announced again. ``closed_after_s``, ``active_for_s``
(clock of the readings): of a raise alone. NaN: it has not happened. ``is_false``: resolved as a false alarm. ``kind``,
``cause``: numbers that the caller gives to names.
"""
Alarms = NDArray[np.void]
RAISED, ANNOUNCED_AGAIN, REOPENED, HELD, FLEETING = range(5)
"""Steps: the first three were announced; held: it was back while chattering; fleeting: over before it was shown."""

CRITICAL = 20
BUCKET_S = 600
DAY_S = 86_400
FLOOD_ABOVE, FLOOD_UNTIL = 10, 5
"""ISA-18.2: a flood begins with more than ten alarms in ten minutes, and is over with fewer than five."""

CHATTERS_FROM, CHATTER_WITHIN_S, CHATTER_READINGS = 3, 1800, 10
"""As ``chattering`` has it: three times within half an hour, or within ten readings where those are slower."""

STALE_S = DAY_S
"""ISA-18.2: active for more than a day."""

WORST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Median and 95th percentile in seconds of ``count`` durations; None where there is none."""

    count: int
    p50_s: float | None
    p95_s: float | None


@dataclass(frozen=True, slots=True)
class BadActor:
    """One source of alarms: a substation (id) and a cause. cumulative: the share of it and all before it."""

    substation: int
    cause: int
    count: int
    cumulative: float


@dataclass(frozen=True, slots=True)
class AlarmFigures:
    """Of a period of ``days``: ``count`` announced alarms, of which ``raised`` began an alert. Shares are of one; None
    where there is nothing to divide by."""

    days: float
    count: int
    raised: int
    per_day: float
    peak_day: int
    per_10_minutes: float
    peak_10_minutes: int
    floods: int
    flood_share: float
    chattering: int
    fleeting: int
    stale: int
    critical_share: float | None
    nuisance_share: float | None
    reopen_share: float | None
    worst_fifth_share: float | None
    bad_actors: tuple[BadActor, ...]
    acknowledge_critical: Percentiles
    acknowledge_warning: Percentiles
    close: Percentiles
    clear: Percentiles


def figures(alarms: Alarms, start_s: float, end_s: float) -> AlarmFigures:
    """The figures of ``alarms`` (dtype ``ALARM``, any order) with ``start_s <= at_s < end_s``.

    Raises:
        ValueError: the period has no length.
    """
    if end_s <= start_s:
        raise ValueError(f"A period ends after it starts; received {start_s} to {end_s}.")
    inside = alarms[(alarms["at_s"] >= start_s) & (alarms["at_s"] < end_s)]
    # What came at the same time may chatter or not by its place: the order of the rows must not say which does.
    inside = inside[np.lexsort([inside[name] for name in ("is_false", "step", "interval_s", "at_s")])]
    announced = inside[inside["step"] <= REOPENED]
    raised = announced[announced["step"] == RAISED]
    places, buckets = occupied(announced["at_s"], start_s, BUCKET_S)
    chatters = chattering(inside)
    flooded_buckets, floods = flooded(places, buckets)
    stood = np.fmin(np.fmin(raised["active_for_s"], raised["closed_after_s"]), end_s - raised["at_s"])
    is_nuisance = chatters[inside["step"] <= REOPENED] | (announced["is_false"] > 0)
    fleeting = int(np.sum(inside["step"] == FLEETING))
    actors = bad_actors(announced)
    is_critical = announced["severity"] >= CRITICAL
    return AlarmFigures(
        days=(end_s - start_s) / DAY_S,
        count=len(announced),
        raised=len(raised),
        per_day=len(announced) / ((end_s - start_s) / DAY_S),
        peak_day=int(occupied(announced["at_s"], start_s, DAY_S)[1].max(initial=0)),
        per_10_minutes=len(announced) / ((end_s - start_s) / BUCKET_S),
        peak_10_minutes=int(buckets.max(initial=0)),
        floods=floods,
        flood_share=flooded_buckets / np.ceil((end_s - start_s) / BUCKET_S),
        chattering=sources(inside[chatters]),
        fleeting=fleeting,
        stale=int(np.sum(stood > STALE_S)),
        critical_share=share(int(np.sum(is_critical)), len(announced)),
        nuisance_share=share(int(np.sum(is_nuisance)), len(announced)),
        reopen_share=share(int(np.sum(announced["step"] == REOPENED)), len(raised)),
        worst_fifth_share=worst_fifth(actors, len(announced)),
        bad_actors=actors,
        acknowledge_critical=percentiles(announced["acknowledged_after_s"][is_critical]),
        acknowledge_warning=percentiles(announced["acknowledged_after_s"][~is_critical]),
        close=percentiles(raised["closed_after_s"]),
        clear=percentiles(raised["active_for_s"]),
    )


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def occupied(at_s: NDArray[np.int64], start_s: float, length_s: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The stretches of ``length_s``, counted from the start, in which anything is, and how much."""
    places, counts = np.unique(((at_s - start_s) // length_s).astype(np.int64), return_counts=True)
    return places, counts


def flooded(places: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[int, int]:
    """How many stretches of ten minutes are part of a flood, and how many floods there are."""
    # An empty stretch ends a flood: one after each occupied one that has none beside it.
    empty = np.setdiff1d(places + 1, places)
    at = np.concatenate([places, empty])
    order = np.argsort(at)
    number = np.concatenate([counts, np.zeros_like(empty)])[order]
    begins, ends = number > FLOOD_ABOVE, number < FLOOD_UNTIL
    # The newest stretch that began or ended one decides; before the first there is none.
    deciding = np.maximum.accumulate(np.where(begins | ends, np.arange(len(number)), -1))
    inside = (deciding >= 0) & begins[deciding] if len(number) else begins
    return int(np.sum(inside)), int(np.sum(inside & ~np.concatenate([[False], inside[:-1]])))


def chattering(alarms: Alarms) -> NDArray[np.bool_]:
    """Which rows, in order of time, are part of three comings of one key (substation, kind) within a short time."""
    found = np.zeros(len(alarms), dtype=bool)
    comings = np.flatnonzero(alarms["step"] != FLEETING)
    order = comings[np.argsort(keys(alarms[comings], "kind"), kind="stable")]
    rows, last = alarms[order], CHATTERS_FROM - 1
    if len(rows) <= last:
        return found
    first, third = rows[:-last], rows[last:]
    is_same = (first["substation"] == third["substation"]) & (first["kind"] == third["kind"])
    within_s = np.maximum(CHATTER_WITHIN_S, CHATTER_READINGS * third["interval_s"].astype(np.int64))
    begins = np.flatnonzero(is_same & (third["at_s"] - first["at_s"] <= within_s))
    for offset in range(CHATTERS_FROM):
        found[order[begins + offset]] = True
    return found


def keys(alarms: Alarms, name: str) -> NDArray[np.int64]:
    """One number for each substation and kind, or cause."""
    both: NDArray[np.int64] = alarms["substation"] * 256 + alarms[name]
    return both


def sources(alarms: Alarms) -> int:
    """How many different keys (substation, kind) there are."""
    return len(np.unique(keys(alarms, "kind")))


def bad_actors(announced: Alarms) -> tuple[BadActor, ...]:
    """Every source (substation, cause), the one with most alarms first."""
    if not len(announced):
        return ()
    found, counts = np.unique(keys(announced, "cause"), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    shares = np.cumsum(counts[order]) / len(announced)
    return tuple(
        BadActor(int(found[at]) // 256, int(found[at]) % 256, int(counts[at]), float(cumulative))
        for at, cumulative in zip(order, shares, strict=True)
    )


def worst_fifth(actors: tuple[BadActor, ...], count: int) -> float | None:
    """The share of alarms that the worst fifth of the sources has; at least one source."""
    if not actors:
        return None
    return actors[max(1, round(WORST_SHARE * len(actors))) - 1].cumulative


def percentiles(durations_s: NDArray[np.float32]) -> Percentiles:
    known = durations_s[np.isfinite(durations_s)].astype(np.float64)
    if not len(known):
        return Percentiles(0, None, None)
    p50, p95 = np.percentile(known, [50, 95])
    return Percentiles(len(known), float(p50), float(p95))
