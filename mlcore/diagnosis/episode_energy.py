"""What an episode cost: its extra loss summed over its steps, the warmer winding included, and the loss without it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis.causes import CAPACITOR, LOW_PF_LOAD, OVER_COMPENSATION, OVERLOAD
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.loss_rates import OIL_TO_WINDING, WINDING_LOSS_PER_K
from mlcore.diagnosis.terms import HOUR_S
from substations.electrical.losses import TOP_OIL_TO_WINDING_K, WINDING_EXPONENT
from substations.electrical.power import FloatArray
from substations.electrical.thermal import first_order_lag, ultimate_top_oil_rise_k

RATE_OF_CAUSE = {
    CAPACITOR: "reactive",
    OVER_COMPENSATION: "reactive",
    LOW_PF_LOAD: "low_pf_load",
    OVERLOAD: "overload",
    "phase_imbalance": "imbalance",
    "harmonic_injection": "distortion",
    "tap_voltage": "voltage",
    "cooling_failure": "cooling",
}
LOCAL_RATES = ("reactive", "low_pf_load", "overload")
HEATING_RATES = ("reactive", "low_pf_load", "overload", "imbalance", "distortion")

MAX_HEATING_SHARE = 0.95
"""Chosen: a transformer that carries anything keeps some of its load loss without the fault."""


@dataclass(frozen=True, slots=True)
class EpisodeEnergy:
    """kWh of the steps of an episode; those without a reading count as the mean of the others.

    loss_kwh: extra loss in the whole network. base_kwh: the substation's own loss without it. loss_pct: the former in
    % of the latter. covered: share of the steps that are known.
    """

    loss_kwh: float
    base_kwh: float
    loss_pct: float
    covered: float


def episode_energy(departures: Departures, substation: int, cause: str, inside: slice) -> EpisodeEnergy:
    """Energy of the steps ``inside`` under a cause."""
    name = RATE_OF_CAUSE[cause]
    rate_kw, local_kw = (
        array[substation, inside] for array in (getattr(departures.rates, name), departures.operation.local_kw)
    )
    own_kw = getattr(departures.rates, f"local_{name}")[substation, inside] if name in LOCAL_RATES else rate_kw
    known = np.isfinite(rate_kw) & np.isfinite(local_kw)
    warmer_kw = np.zeros(rate_kw.shape)
    if name in HEATING_RATES:
        heating_kw = getattr(departures.rates, f"heating_{name}")[substation, inside]
        warmer_kw = warming_kw(departures, substation, inside, np.where(known, heating_kw, 0.0))
    covered = float(known.mean())
    hours = departures.fleet.interval_s / HOUR_S / max(covered, 1e-6)
    loss_kwh = max(float((rate_kw + warmer_kw)[known].sum()) * hours, 0.0)
    base_kwh = float((local_kw - own_kw - warmer_kw)[known].sum()) * hours
    return EpisodeEnergy(loss_kwh, base_kwh, 100.0 * loss_kwh / max(base_kwh, 1e-6), covered)


def warming_kw(departures: Departures, substation: int, inside: slice, heating_kw: FloatArray) -> FloatArray:
    """[time] what the load loss that was there before grows by, since the extra one warms the winding.

    heating_kw: [time] extra load loss in the transformer. The oil follows it by IEC 60076-7 from the first step on (the
    winding at once); the resistance follows the temperature.
    """
    plate, operation = departures.fleet.nameplates[substation], departures.operation
    load_kw = np.nan_to_num(operation.load_kw[substation, inside])
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.nan_to_num(np.clip(heating_kw / load_kw, -1.0, MAX_HEATING_SHARE))
    heat_now = load_kw / operation.rated_load_loss_kw[substation]
    heat_before = heat_now * (1.0 - share)
    ratio = plate.load_loss_w / plate.no_load_loss_w
    rise_k = ultimate_top_oil_rise_k(heat_now, ratio) - ultimate_top_oil_rise_k(heat_before, ratio)
    constant_s = 60.0 * plate.oil_time_constant_min
    oil_k = first_order_lag(np.concatenate([[0.0], rise_k]), departures.fleet.interval_s, constant_s)[1:]
    exponent = WINDING_EXPONENT / 2.0  # of the square of the current
    winding_k = TOP_OIL_TO_WINDING_K * (heat_now**exponent - heat_before**exponent)
    warmer_k = OIL_TO_WINDING * oil_k + winding_k
    return np.asarray(WINDING_LOSS_PER_K * warmer_k * load_kw * (1.0 - share))
