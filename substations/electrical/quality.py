"""Is the meter believable? Checks that need no training: a broken meter is never a technical loss.

Every check takes series with time on the last axis and answers a mask of the same shape: True where a row
contradicts itself or physics. Rows without enough current to judge are never accused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from substations.electrical.power import BoolArray, FloatArray, apparent_from_current

# chosen: far above the error of meters and their transformers (about 1 %), below what a lost phase takes (33 %).
TRIANGLE_TOLERANCE = 0.20
# chosen: as above, and wider by what unbalance does to the mean of three currents.
CURRENT_TOLERANCE = 0.25
# chosen: five times the unbalance that EN 50160 allows (2 %); a lost voltage transformer gives tens of per cent.
VOLTAGE_SPREAD_LIMIT = 0.10
MIN_LOADING = 0.02
"""Share of the rating below which ratios of small, rounded numbers say nothing."""

# chosen: of the largest of the three currents; a phase in service carries more, a dead input shows noise.
DEAD_PHASE_SHARE = 0.02
# chosen: below this an unloaded phase is nothing unusual.
DEAD_PHASE_MIN_LOADING = 0.05
REVERSED_SHARE = (0.20, 0.47)
"""√(P² + Q²) / S with one of three current transformers reversed is near 1/3."""

# chosen: far outside of EN 50160 (±10 %): beyond it an instrument is wrong and not the grid.
VOLTAGE_RANGE_PU = (0.5, 1.5)
# chosen: no transformer carries five times its rating for the length of a reading.
MAX_LOADING = 5.0
# chosen: from the coldest air to beyond the limit of IEC 60076-7 for emergency loading (115 °C top oil).
OIL_RANGE_C = (-45.0, 140.0)

MAX_CURRENT_PU, MAX_DISTORTION, MAX_POWER_FACTOR = 10.0, 50.0, 150.0
"""No load lasts that long beyond these: what does is a missing value's code, another unit or a wrong register. A
power factor in per cent is a mistake of another kind."""

GARBAGE_OIL_C = (-100.0, 300.0)
"""Below what any sensor of oil measures, and far above the flash point of mineral oil (IEC 60296: 135 °C)."""


@dataclass(frozen=True, slots=True)
class MeterRows:
    """What the checks look at: kW, kvar, kVA, A, V, distortion as a fraction; missing values are NaN.

    Shapes [..., time], currents and voltages [..., time, phase]; ``rated_kva`` and ``nominal_v`` broadcast
    against [..., time].
    """

    active_kw: FloatArray
    reactive_kvar: FloatArray
    apparent_kva: FloatArray
    power_factor: FloatArray
    currents_a: FloatArray
    voltages_v: FloatArray
    distortion: FloatArray
    oil_temperature_c: FloatArray
    rated_kva: FloatArray
    nominal_v: FloatArray


def triangle_ratio(rows: MeterRows) -> FloatArray:
    """√(P² + Q²) · √(1 + THD²) over S; about 1 for a meter that works."""
    magnitude = np.hypot(rows.active_kw, rows.reactive_kvar)
    distortion = np.nan_to_num(rows.distortion, nan=0.0)
    return _ratio(magnitude * np.sqrt(1.0 + distortion**2), rows.apparent_kva)


def current_ratio(rows: MeterRows) -> FloatArray:
    """√3 · U · I (means of the phases) over S; about 1 for a meter that works."""
    apparent = apparent_from_current(rows.voltages_v.mean(axis=-1), rows.currents_a.mean(axis=-1))
    return _ratio(apparent, rows.apparent_kva)


def voltage_spread(rows: MeterRows) -> FloatArray:
    """Largest less smallest line voltage over their median."""
    ordered = np.sort(rows.voltages_v, axis=-1)
    return _ratio(ordered[..., -1] - ordered[..., 0], ordered[..., 1])


def broken_triangle(rows: MeterRows) -> BoolArray:
    """P, Q and S that can't belong to one load: P² + Q² does not fit S², or |P| exceeds S."""
    apart = np.abs(_log(triangle_ratio(rows))) > np.log1p(TRIANGLE_TOLERANCE)
    return np.asarray(_loaded(rows) & apart)


def reversed_current_transformer(rows: MeterRows) -> BoolArray:
    """A triangle that is broken the way one reversed current transformer breaks it."""
    ratio = triangle_ratio(rows)
    spread = rows.currents_a.max(axis=-1) < 1.5 * rows.currents_a.min(axis=-1)
    return np.asarray(_loaded(rows) & (ratio > REVERSED_SHARE[0]) & (ratio < REVERSED_SHARE[1]) & spread)


def current_mismatch(rows: MeterRows) -> BoolArray:
    """Phase currents that do not fit S: a wrong current-transformer ratio or a shorted secondary."""
    apart = np.abs(_log(current_ratio(rows))) > np.log1p(CURRENT_TOLERANCE)
    return np.asarray(_loaded(rows) & apart & ~dead_phase(rows).any(axis=-1))


def dead_phase(rows: MeterRows) -> BoolArray:
    """[..., time, phase]: a phase without current while another one carries some."""
    largest = rows.currents_a.max(axis=-1)
    rated = rows.rated_kva * 1000.0 / (np.sqrt(3.0) * rows.nominal_v)
    carrying = largest > DEAD_PHASE_MIN_LOADING * rated
    return np.asarray(carrying[..., None] & (rows.currents_a <= DEAD_PHASE_SHARE * largest[..., None]))


def voltage_mismatch(rows: MeterRows) -> BoolArray:
    """One line voltage far from the others: a blown voltage-transformer fuse."""
    return np.asarray(voltage_spread(rows) > VOLTAGE_SPREAD_LIMIT)


def impossible_value(rows: MeterRows) -> BoolArray:
    """Values that no working meter at this transformer can report."""
    voltage = np.nanmax(_with_floor(rows.voltages_v), axis=-1) / rows.nominal_v
    high = voltage > VOLTAGE_RANGE_PU[1]
    low = (voltage > 0) & (voltage < VOLTAGE_RANGE_PU[0]) & _loaded(rows)
    power = np.fmax(np.abs(rows.active_kw), rows.apparent_kva) > MAX_LOADING * rows.rated_kva
    factor = np.abs(rows.power_factor) > 1.0 + 1e-3
    oil = (rows.oil_temperature_c < OIL_RANGE_C[0]) | (rows.oil_temperature_c > OIL_RANGE_C[1])
    return np.asarray(high | low | power | factor | oil)


def beyond_physics(rows: MeterRows) -> BoolArray:
    """Rows with an infinite value, or one that no transformer and no instrument transformer has: nothing in them holds.

    Unlike ``impossible_value``, which also knows sensors that are merely off.
    """
    rated_a = (rows.rated_kva * 1000.0 / (np.sqrt(3.0) * rows.nominal_v))[..., None]
    single = (
        _outside(rows.active_kw, MAX_LOADING * rows.rated_kva),
        _outside(rows.reactive_kvar, MAX_LOADING * rows.rated_kva),
        _outside(rows.apparent_kva, MAX_LOADING * rows.rated_kva),
        _outside(rows.power_factor, MAX_POWER_FACTOR),
        _outside(rows.distortion, MAX_DISTORTION),
        (rows.oil_temperature_c < GARBAGE_OIL_C[0]) | (rows.oil_temperature_c > GARBAGE_OIL_C[1]),
    )
    phases = (
        _outside(rows.voltages_v, VOLTAGE_RANGE_PU[1] * rows.nominal_v[..., None]) | (rows.voltages_v < 0),
        _outside(rows.currents_a, MAX_CURRENT_PU * rated_a),
    )
    return np.asarray(np.any(single, axis=0) | np.any(phases, axis=(0, -1)))


def _outside(values: FloatArray, limit: FloatArray | float) -> BoolArray:
    return np.asarray(np.abs(values) > limit)


def _loaded(rows: MeterRows) -> BoolArray:
    return np.asarray(rows.apparent_kva > MIN_LOADING * rows.rated_kva)


def _with_floor(values: FloatArray) -> FloatArray:
    """Replace an all-missing row by zeros, so that its maximum is defined."""
    return np.where(np.isnan(values).all(axis=-1, keepdims=True), 0.0, values)


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


def _log(ratio: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(ratio)
