"""All figures of an hour, from what was metered and what was lost at every step."""

from __future__ import annotations

import numpy as np

from losses.accounting.hourly_energy import HourGrid, IntArray, coverage, max_demand, metered_energy
from losses.accounting.metered_network import SubstationLosses
from losses.accounting.metered_power import MeteredPower, Plates
from substations.electrical.power import FloatArray


def hourly_figures(
    hours: HourGrid,
    at_s: IntArray,
    metered: MeteredPower,
    plates: Plates,
    losses: SubstationLosses,
    *,
    demand_window_s: int,
) -> dict[str, FloatArray]:
    """[substation, hour] by the names of ``losses.models.Rollup``; NaN is not known.

    loss_low_kwh, loss_high_kwh: what the transformer loses within the tolerance of its nameplate, or within what a size
    that was only assumed may lose.
    """
    transformer = losses.transformer
    total_kwh = hours.energy(transformer.total_kw)
    return {
        **metered_energy(hours, metered),
        "max_demand_kva": max_demand(hours, at_s, _valid(metered, metered.apparent_kva), demand_window_s),
        "max_demand_kw": max_demand(hours, at_s, _valid(metered, metered.active_kw), demand_window_s),
        "no_load_loss_kwh": hours.energy(transformer.no_load_kw),
        "load_loss_kwh": hours.energy(transformer.load_kw),
        "harmonic_loss_kwh": hours.energy(transformer.harmonic_kw),
        "imbalance_loss_kwh": hours.energy(transformer.imbalance_kw),
        "loss_low_kwh": total_kwh * plates.low_factor,
        "loss_high_kwh": total_kwh * plates.high_factor,
        "feeder_loss_kwh": hours.energy(losses.feeder_kw),
        "avoidable_loss_kwh": hours.energy(losses.avoidable_kw),
        "covered_h": coverage(hours, metered.is_valid),
    }


def _valid(metered: MeteredPower, values: FloatArray) -> FloatArray:
    return np.where(metered.is_valid, values, np.nan)
