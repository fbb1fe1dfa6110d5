"""Top-oil temperature of an oil-immersed transformer (IEC 60076-7, exponential form, no forced cooling)."""

from __future__ import annotations

import numpy as np

from substations.electrical.power import FloatArray

# IEC 60076-7, ONAN distribution units: rise 55 to 60 K, time constant 180 min, exponent x = 0.8.
RATED_TOP_OIL_RISE_K = 55.0
OIL_TIME_CONSTANT_MIN = 180.0
OIL_EXPONENT = 0.8
TYPICAL_AMBIENT_C = 20.0
"""Yearly mean that IEC 60076-2 rates transformers for."""

# IEC 60076-7, equation for non-thermally-upgraded paper: 1 at a hot spot of 98 °C, twice as much for every 6 K.
REFERENCE_HOT_SPOT_C = 98.0
KELVIN_PER_DOUBLING = 6.0

# chosen: an impulse that has decayed to this share is no longer seen in a temperature.
_FORGOTTEN = 1e-9


def ultimate_top_oil_rise_k(
    loading_squared: FloatArray,
    loss_ratio: FloatArray | float,
    *,
    rated_rise_k: FloatArray | float = RATED_TOP_OIL_RISE_K,
    exponent: float = OIL_EXPONENT,
) -> FloatArray:
    """Top-oil rise over ambient that a constant loading ends at; ``loss_ratio`` is load over no-load loss."""
    return rated_rise_k * ((1.0 + loss_ratio * loading_squared) / (1.0 + loss_ratio)) ** exponent


def relative_ageing(hot_spot_c: FloatArray) -> FloatArray:
    """Hours of insulation life that an hour at this hot spot costs (IEC 60076-7, paper not thermally upgraded)."""
    return np.asarray(2.0 ** ((hot_spot_c - REFERENCE_HOT_SPOT_C) / KELVIN_PER_DOUBLING))


def first_order_lag(values: FloatArray, interval_s: float, time_constant_s: FloatArray | float) -> FloatArray:
    """Response of a first-order system that starts in equilibrium; time is the last axis, no NaN.

    Solved by doubling the reach of the impulse response, so the cost is log2 of the memory and not a
    loop over the steps.
    """
    decay = np.exp(-interval_s / np.asarray(time_constant_s, dtype=np.float64))
    decay = decay[..., None] if decay.ndim else decay
    response = (1.0 - decay) * values
    response[..., :1] = values[..., :1]
    reach = 1
    while reach < values.shape[-1] and np.max(decay**reach) > _FORGOTTEN:
        earlier = response[..., :-reach] * decay**reach
        response = np.concatenate([response[..., :reach], response[..., reach:] + earlier], axis=-1)
        reach *= 2
    return response


def top_oil_rise_k(
    loading_squared: FloatArray,
    loss_ratio: FloatArray | float,
    *,
    interval_s: float,
    rated_rise_k: FloatArray | float = RATED_TOP_OIL_RISE_K,
    time_constant_min: FloatArray | float = OIL_TIME_CONSTANT_MIN,
) -> FloatArray:
    """Top-oil rise over ambient along a load history (time on the last axis, no NaN)."""
    ultimate = ultimate_top_oil_rise_k(loading_squared, loss_ratio, rated_rise_k=rated_rise_k)
    return first_order_lag(ultimate, interval_s, np.asarray(time_constant_min) * 60.0)
