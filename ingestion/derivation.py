"""What a meter left out and physics gives: filled in, and marked as derived so that nobody takes it for measured."""

from __future__ import annotations

import numpy as np

from ingestion.problems import FloatArray, IntArray
from substations.channels import CHANNEL_INDEX, CHANNELS
from substations.electrical import power

_P, _Q = CHANNEL_INDEX["active_power_kw"], CHANNEL_INDEX["reactive_power_kvar"]
_S, _PF = CHANNEL_INDEX["apparent_power_kva"], CHANNEL_INDEX["power_factor"]
_I, _U = CHANNEL_INDEX["current_avg_a"], CHANNEL_INDEX["voltage_avg_v"]
# The channels of the three phases.
_PHASES_I = [CHANNEL_INDEX[f"current_l{n}_a"] for n in (1, 2, 3)]
_PHASES_U = [CHANNEL_INDEX[f"voltage_l{pair}_v"] for pair in (12, 23, 31)]
_LOW, _HIGH = np.array([[c.low, c.high] for c in CHANNELS], dtype=np.float64).T
# Rounding of a meter's last digit; a P further above S is a broken triangle, from which nothing may be derived.
_SLACK = 1.02


def complete(values: FloatArray, station: IntArray | None = None) -> tuple[FloatArray, IntArray]:
    """Fill NaN cells of ``values`` [row, channel] where other channels of the row determine them.

    1. means of three phases; 2. S, P, Q from any two of P, Q, S and power factor, or from U and I;
    3. power factor from P and S; 4. mean current from S and U. Returns the completed copy and, per row, a bit mask:
    bit i is set when channel i was derived. Measured values are never changed. ``station`` [row] numbers the
    substations: where one measures P of both signs, or any Q, a missing one stays missing, for its sign is not known.
    """
    full = values.copy()
    with np.errstate(over="ignore", invalid="ignore"):
        for mean, phases in ((_I, _PHASES_I), (_U, _PHASES_U)):
            full[:, mean] = _filled(full[:, mean], full[:, phases].mean(axis=1))
        _complete_powers(full)
        factor = power.true_power_factor(full[:, _P], full[:, _S])
        factor = np.where(factor <= _SLACK, np.minimum(factor, 1.0), np.nan)
        full[:, _PF] = _filled(full[:, _PF], factor)
        full[:, _I] = _filled(full[:, _I], power.current_from_apparent(full[:, _S], full[:, _U]))
        # A derived value is held to the same bounds as a measured one.
        full[np.isnan(values) & ((full < _LOW) | (full > _HIGH))] = np.nan
    if station is not None:
        _leave_signs_open(full, values, station)
    bits = np.int64(1) << np.arange(values.shape[1], dtype=np.int64)
    derived = (np.isnan(values) & ~np.isnan(full)) @ bits
    return full, derived


def _leave_signs_open(full: FloatArray, measured: FloatArray, station: IntArray) -> None:
    # The one row that leads may be the one that is missing: kvar that is measured at all is not computed elsewhere.
    signed = measured[:, _P] < 0, np.isfinite(measured[:, _Q])
    for channel, where, follows in ((_P, signed[0], (_P, _PF)), (_Q, signed[1], (_Q,))):
        either = np.unique(station[where])
        rows = np.isnan(measured[:, channel]) & np.isin(station, either)
        for each in follows:
            full[rows & np.isnan(measured[:, each]), each] = np.nan


def _complete_powers(full: FloatArray) -> None:
    powers = power.complete_powers(
        full[:, _P], full[:, _Q], full[:, _S], full[:, _PF], voltage_v=full[:, _U], current_a=full[:, _I]
    )
    longest = powers.apparent_kva * _SLACK
    broken = (np.abs(powers.active_kw) > longest) | (np.abs(powers.reactive_kvar) > longest)
    for channel, computed in ((_P, powers.active_kw), (_Q, powers.reactive_kvar), (_S, powers.apparent_kva)):
        full[:, channel] = _filled(full[:, channel], np.where(broken, np.nan, computed))


def _filled(measured: FloatArray, computed: FloatArray) -> FloatArray:
    return np.where(np.isnan(measured) & np.isfinite(computed), computed, measured)
