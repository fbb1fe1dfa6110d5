"""Steps → hours: sums of energy, the highest demand, and how much of each hour is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from losses.accounting.metered_power import MeteredPower
from substations.electrical.power import BoolArray, FloatArray

HOUR_S = 3600
IntArray = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True)
class HourGrid:
    """Which step belongs to which hour of the local clock.

    at_s: [hour], UTC epoch seconds of each hour's start. first: [hour], its first step. interval_s: of the steps.
    """

    at_s: IntArray
    first: IntArray
    interval_s: int

    def sums(self, values: FloatArray) -> FloatArray:
        """[substation, time] → [substation, hour], missing values left out."""
        return np.asarray(np.add.reduceat(np.nan_to_num(values), self.first, axis=1))

    def energy(self, power: FloatArray) -> FloatArray:
        """kW → kWh (kvar → kvarh, kVA → kVAh) of each hour: Σ P·Δt over the known steps; NaN where none is known."""
        total = self.sums(power) * self.interval_s / HOUR_S
        return np.where(self.known(power) > 0, total, np.nan)

    def known(self, values: FloatArray) -> FloatArray:
        """How many steps of each hour are known."""
        return np.asarray(np.add.reduceat(np.isfinite(values).astype(np.float64), self.first, axis=1))


def hour_grid(at_s: IntArray, utc_offset_s: IntArray | int, interval_s: int) -> HourGrid:
    """Hours of the local clock over steps that rise by ``interval_s``: days and months are then sums of whole hours."""
    offset = np.broadcast_to(utc_offset_s, at_s.shape)
    start = (at_s + offset) // HOUR_S * HOUR_S - offset
    first = np.concatenate([[0], np.nonzero(np.diff(start))[0] + 1]).astype(np.int64)
    return HourGrid(start[first], first, interval_s)


def coverage(hours: HourGrid, is_valid: BoolArray) -> FloatArray:
    """Share of each hour that is known and believed, 0 to 1."""
    counted = np.where(is_valid, 1.0, np.nan)
    return np.minimum(hours.known(counted) * hours.interval_s / HOUR_S, 1.0)


def metered_energy(hours: HourGrid, metered: MeteredPower) -> dict[str, FloatArray]:
    """Energy drawn and fed in, reactive energy per quadrant and apparent energy, [substation, hour].

    Quadrants of IEC 62053-23: I draws P and Q, II feeds P in and draws Q, III feeds both in, IV draws P and feeds Q in.
    """
    active, reactive = (
        np.where(metered.is_valid, values, np.nan) for values in (metered.active_kw, metered.reactive_kvar)
    )
    draws, lags = active >= 0, reactive >= 0
    apparent = np.where(metered.is_valid, metered.apparent_kva, np.nan)
    return {
        "energy_import_kwh": hours.energy(np.maximum(active, 0.0)),
        "energy_export_kwh": hours.energy(np.maximum(-active, 0.0)),
        "reactive_q1_kvarh": hours.energy(_only(draws & lags, reactive)),
        "reactive_q2_kvarh": hours.energy(_only(~draws & lags, reactive)),
        "reactive_q3_kvarh": hours.energy(_only(~draws & ~lags, -reactive)),
        "reactive_q4_kvarh": hours.energy(_only(draws & ~lags, -reactive)),
        "apparent_kvah": hours.energy(apparent),
        "fundamental_kvah": hours.energy(np.hypot(active, reactive)),
    }


def max_demand(hours: HourGrid, at_s: IntArray, power: FloatArray, window_s: int) -> FloatArray:
    """Highest mean of a demand window in each hour, [substation, hour]; windows begin with the hour, as meters do.

    A window counts when half of it is known. One longer than an hour, or shorter than a step, is taken as that.
    """
    steps = max(1, min(window_s, HOUR_S) // hours.interval_s)
    position = np.arange(len(at_s)) - np.repeat(hours.first, np.diff(np.append(hours.first, len(at_s))))
    begins = np.nonzero(position % steps == 0)[0]
    known = np.add.reduceat(np.isfinite(power).astype(np.float64), begins, axis=1)
    total = np.add.reduceat(np.nan_to_num(power), begins, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.where(known >= np.maximum(1, steps / 2), total / known, -np.inf)
    highest = np.maximum.reduceat(means, np.searchsorted(begins, hours.first), axis=1)
    return np.where(np.isfinite(highest), highest, np.nan)


def _only(where: BoolArray, values: FloatArray) -> FloatArray:
    """The values there, 0 elsewhere; missing stays missing."""
    return np.where(np.isfinite(values), np.where(where, values, 0.0), np.nan)
