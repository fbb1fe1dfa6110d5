"""Top-oil temperature by the exponential equations of IEC 60076-7 (ONAN distribution transformer)."""

from __future__ import annotations

import numpy as np

from .arrays import Flags, Floats
from .equipment import Units

OIL_EXPONENT = 0.8
WINDING_EXPONENT = 1.6
WINDING_GRADIENT_K = 16.0  # mean winding above mean oil at rated load
REFERENCE_WINDING_C = 75.0
COPPER_CONSTANT_C = 235.0


def oil_targets(
    ambient_c: Floats, load_squared: Floats, is_energised: Flags, rise_factor: Floats, units: Units
) -> Floats:
    """[time, substation] top-oil temperature that a steady load would reach, °C; load as (I/Ir)^2."""
    ratio = units.load_w / units.no_load_w
    per_unit = (is_energised + ratio * load_squared) / (1 + ratio)
    return ambient_c[:, None] + units.ambient_offset_k + units.oil_rise_k * rise_factor * per_unit**OIL_EXPONENT


def follow(oil_c: Floats, targets: Floats, rise_factor: Floats, units: Units, step_s: int) -> Floats:
    """[time, substation] oil temperature from ``oil_c`` [substation] before the first step.

    Worse cooling slows the oil as well: the time constant is heat capacity over cooling power.
    """
    share = 1 - np.exp(-step_s / 60 / (units.oil_tau_min * np.sqrt(rise_factor)))
    result = np.empty_like(targets)
    for t in range(len(targets)):
        oil_c = oil_c + share[t] * (targets[t] - oil_c)
        result[t] = oil_c
    return result


def winding_temperature(oil_c: Floats, load_squared: Floats) -> Floats:
    """Mean winding temperature: mean oil (some kelvin below the top) plus the gradient at this load."""
    load = np.sqrt(load_squared)
    return oil_c - 6.0 * load + WINDING_GRADIENT_K * load**WINDING_EXPONENT


def loss_factor(winding_c: Floats, thd: Floats, units: Units) -> Floats:
    """Load loss at this temperature and distortion over I1^2 R at 75 °C: ohmic part grows, eddy part falls.

    ``thd`` is the current distortion as a share; eddy losses go with the square of the harmonic order.
    """
    copper = (COPPER_CONSTANT_C + winding_c) / (COPPER_CONSTANT_C + REFERENCE_WINDING_C)
    ohmic = (1 - units.eddy_share) * (1 + thd**2) * copper
    eddy = units.eddy_share * (1 + units.harmonic_h2 * thd**2) / copper
    return np.asarray(ohmic + eddy)
