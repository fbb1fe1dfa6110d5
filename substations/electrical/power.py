"""Power relations of a three-phase feeder: P, Q, S, the two power factors, and what follows from any two.

Active power in kW, reactive power in kvar (+ lagging, − leading), apparent power in kVA, line-to-line volts,
amperes. Definitions follow IEEE 1459. All functions work on arrays of any equal shape; NaN means missing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# Three-phase power is √3 · U (line to line) · I.
SQRT3 = float(np.sqrt(3.0))


class Powers(NamedTuple):
    """Active, reactive and apparent power, and where the sign of the reactive power is only assumed."""

    active_kw: FloatArray
    reactive_kvar: FloatArray
    apparent_kva: FloatArray
    sign_assumed: BoolArray


def apparent_from_current(voltage_v: FloatArray, current_a: FloatArray) -> FloatArray:
    """Apparent power in kVA of a three-phase load: √3 · U (line to line) · I."""
    return SQRT3 * voltage_v * current_a / 1000.0


def current_from_apparent(apparent_kva: FloatArray, voltage_v: FloatArray) -> FloatArray:
    """Mean phase current in A that carries an apparent power at a line-to-line voltage."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(voltage_v > 0, apparent_kva * 1000.0 / (SQRT3 * voltage_v), np.nan)


def displacement_power_factor(active_kw: FloatArray, reactive_kvar: FloatArray) -> FloatArray:
    """|P| / √(P² + Q²) of the fundamental: the part of the power factor that capacitors can change."""
    with np.errstate(divide="ignore", invalid="ignore"):
        magnitude = np.hypot(active_kw, reactive_kvar)
        return np.where(magnitude > 0, np.abs(active_kw) / magnitude, np.nan)


def true_power_factor(active_kw: FloatArray, apparent_kva: FloatArray) -> FloatArray:
    """|P| / S: what loads the conductors, distortion and imbalance included."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(apparent_kva > 0, np.abs(active_kw) / apparent_kva, np.nan)


def tan_phi(power_factor: FloatArray | float) -> FloatArray:
    """Reactive per active power at a displacement power factor in (0, 1]."""
    factor = np.asarray(power_factor, dtype=np.float64)
    if np.any((factor <= 0) | (factor > 1)):
        worst = factor[(factor <= 0) | (factor > 1)].flat[0]
        raise ValueError(f"A power factor must be above 0 and at most 1; received {worst}.")
    return np.sqrt(1.0 - factor**2) / factor


def triangle_side(hypotenuse: FloatArray, other: FloatArray) -> FloatArray:
    """The missing side √(S² − x²) of a power triangle; 0 where rounding makes it slightly negative."""
    return np.sqrt(np.maximum(hypotenuse**2 - other**2, 0.0))


def complete_powers(
    active_kw: FloatArray,
    reactive_kvar: FloatArray,
    apparent_kva: FloatArray,
    power_factor: FloatArray,
    *,
    voltage_v: FloatArray | None = None,
    current_a: FloatArray | None = None,
) -> Powers:
    """Fill what any two of P, Q, S and the power factor (or U and I) give; measured values are kept.

    1. S from √3·U·I, from P and Q, or from P and the power factor; 2. P from S and the power factor, or
    from S and Q; 3. Q from S and P. A derived Q takes the sign of a signed power factor; otherwise, and where P is
    negative, whose sign it may be, it is taken as lagging and marked in ``sign_assumed``.
    """
    active, reactive, apparent = (np.array(x, dtype=np.float64) for x in (active_kw, reactive_kvar, apparent_kva))
    if voltage_v is not None and current_a is not None:
        apparent = _filled(apparent, apparent_from_current(voltage_v, current_a))
    with np.errstate(divide="ignore", invalid="ignore"):
        magnitude = np.abs(power_factor)
        apparent = _filled(apparent, np.hypot(active, reactive))
        apparent = _filled(apparent, np.where(magnitude > 0, np.abs(active) / magnitude, np.nan))
        active = _filled(active, apparent * magnitude)
        active = _filled(active, triangle_side(apparent, reactive))
        derived = np.isnan(reactive) & np.isfinite(apparent) & np.isfinite(active)
        is_leading = (power_factor < 0) & ~(active < 0)
        sign = np.where(is_leading, -1.0, 1.0)
        reactive = np.where(derived, sign * triangle_side(apparent, active), reactive)
    return Powers(active, reactive, apparent, derived & ~is_leading)


def _filled(values: FloatArray, substitute: FloatArray) -> FloatArray:
    return np.where(np.isnan(values), substitute, values)
