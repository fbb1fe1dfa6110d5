"""Readings as electrical quantities in per unit of each substation's own rating."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.rolling import nan_median
from substations.electrical.power import BoolArray, FloatArray, complete_powers, triangle_side
from substations.electrical.quality import MeterRows, beyond_physics

DISTORTIONS = ("thd_current_l1_pct", "thd_current_l2_pct", "thd_current_l3_pct")


@dataclass(frozen=True)
class Signals:
    """Measured quantities, [substation, time] unless said otherwise; NaN is missing.

    active, reactive, apparent: per unit of the rated power.
    voltage: mean line voltage in per unit of the nominal one.
    distortion: harmonic current over the current that S needs in balance as a fraction, the median of the phases:
    neither one broken phase nor an imbalance can move it.
    phase_share: [substation, time, phase], phase currents over their mean.
    oil_c: top-oil temperature.
    reactive_from_apparent: what S, P and THD leave for Q, without its sign.
    beyond_physics: readings with a value that no transformer has; all their other values are missing here.
    rows: the same readings as the meter checks want them.
    rated_kva: [substation, 1].
    """

    active: FloatArray
    reactive: FloatArray
    apparent: FloatArray
    voltage: FloatArray
    distortion: FloatArray
    phase_share: FloatArray
    oil_c: FloatArray
    reactive_from_apparent: FloatArray
    sign_assumed: BoolArray
    beyond_physics: BoolArray
    rows: MeterRows
    rated_kva: FloatArray


def measure(fleet: Fleet) -> Signals:
    """Electrical quantities of every reading; what is missing but follows from the rest is derived.

    A reading beyond physics counts as none: its neighbours and the windows after it never see it.
    """
    garbage = _beyond_physics(fleet)
    clean = replace(fleet, values=np.where(garbage[..., None], np.nan, fleet.values)) if garbage.any() else fleet
    return replace(as_reported(clean), beyond_physics=garbage)


def as_reported(fleet: Fleet) -> Signals:
    """The same of whatever the meters say, garbage included: for showing it."""
    rated, nominal = _plates(fleet)
    currents = fleet.channels("current_l1_a", "current_l2_a", "current_l3_a")
    voltages = fleet.channels("voltage_l12_v", "voltage_l23_v", "voltage_l31_v")
    distortions = fleet.channels(*DISTORTIONS) / 100.0
    voltage_v = _first_known(nan_median(voltages), fleet.channel("voltage_avg_v"))
    current_a = _first_known(_mean(currents), fleet.channel("current_avg_a"))
    powers = complete_powers(
        fleet.channel("active_power_kw"),
        fleet.channel("reactive_power_kvar"),
        fleet.channel("apparent_power_kva"),
        fleet.channel("power_factor"),
        voltage_v=voltage_v,
        current_a=current_a,
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        phase_share = np.where(current_a[..., None] > 0, currents / _mean(currents)[..., None], np.nan)
        of_apparent = currents * (np.sqrt(3.0) * voltage_v / 1000.0 / powers.apparent_kva)[..., None]
    distortion = nan_median(distortions * np.where(np.isfinite(of_apparent), of_apparent, 1.0))
    fundamental = powers.apparent_kva / np.sqrt(1.0 + np.nan_to_num(distortion) ** 2)
    return Signals(
        active=powers.active_kw / rated,
        reactive=powers.reactive_kvar / rated,
        apparent=powers.apparent_kva / rated,
        voltage=voltage_v / nominal,
        distortion=distortion,
        phase_share=phase_share,
        oil_c=fleet.channel("oil_temperature_c"),
        reactive_from_apparent=triangle_side(fundamental, powers.active_kw) / rated,
        sign_assumed=powers.sign_assumed,
        beyond_physics=np.zeros(fleet.values.shape[:2], dtype=bool),
        rows=_rows(fleet, currents, voltages, distortion),
        rated_kva=rated,
    )


def _rows(fleet: Fleet, currents: FloatArray, voltages: FloatArray, distortion: FloatArray) -> MeterRows:
    rated, nominal = _plates(fleet)
    return MeterRows(
        active_kw=fleet.channel("active_power_kw"),
        reactive_kvar=fleet.channel("reactive_power_kvar"),
        apparent_kva=fleet.channel("apparent_power_kva"),
        power_factor=fleet.channel("power_factor"),
        currents_a=currents,
        voltages_v=voltages,
        distortion=distortion,
        oil_temperature_c=fleet.channel("oil_temperature_c"),
        rated_kva=rated,
        nominal_v=nominal,
    )


def _plates(fleet: Fleet) -> tuple[FloatArray, FloatArray]:
    rated = np.array([[plate.rated_kva] for plate in fleet.nameplates])
    return rated, np.array([[plate.nominal_v] for plate in fleet.nameplates])


def _beyond_physics(fleet: Fleet) -> BoolArray:
    """[substation, time] readings that are worth nothing as a whole, by any of their channels."""
    currents = fleet.channels("current_l1_a", "current_l2_a", "current_l3_a", "current_avg_a")
    voltages = fleet.channels("voltage_l12_v", "voltage_l23_v", "voltage_l31_v", "voltage_avg_v")
    # The largest of the three says it; fmax passes over missing ones.
    distortion = np.fmax.reduce(np.abs(fleet.channels(*DISTORTIONS)), axis=-1) / 100.0
    return beyond_physics(_rows(fleet, currents, voltages, distortion)) | np.isinf(fleet.values).any(axis=-1)


def _first_known(first: FloatArray, second: FloatArray) -> FloatArray:
    return np.where(np.isfinite(first), first, second)


def _mean(phases: FloatArray) -> FloatArray:
    return np.asarray(phases.mean(axis=-1))
