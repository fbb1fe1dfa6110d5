"""Expected values and normal bands in the units of the readings, for charts and explanations."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.parameters import Thresholds
from substations.electrical.power import FloatArray, displacement_power_factor


@dataclass(frozen=True)
class Band:
    """A measured quantity with its expectation and the limits of an hour's mean, [substation, time]."""

    unit: str
    measured: FloatArray
    expected: FloatArray
    low: FloatArray
    high: FloatArray

    def since(self, first: int) -> Band:
        """The same band from a step on."""
        return Band(self.unit, *(a[:, first:] for a in (self.measured, self.expected, self.low, self.high)))


def bands(evidence: Departures, thresholds: Thresholds) -> dict[str, Band]:
    """Bands of reactive power, power factor, distortion, imbalance, voltage, oil temperature and load."""
    found = {"reactive_power_kvar": _reactive(evidence, thresholds)}
    found["power_factor"] = _power_factor(evidence, found["reactive_power_kvar"])
    signals, residuals = evidence.signals, evidence.residuals
    nominal = signals.rows.nominal_v
    volts = thresholds.of("voltage", 1.0, tuning.MIN_VOLTAGE) * nominal
    kelvin = thresholds.of("oil_temperature", 3.0, tuning.MIN_OIL_K)
    percent = 100.0 * thresholds.of("imbalance", 1.0, tuning.MIN_IMBALANCE)
    found["voltage_v"] = _around("V", signals.voltage * nominal, residuals.expected_voltage * nominal, volts)
    found["oil_temperature_c"] = _around("°C", signals.oil_c, residuals.expected_oil_c, kelvin)
    imbalance = 100.0 * (residuals.imbalance + residuals.expected_imbalance)
    usual = _around("%", imbalance, 100.0 * residuals.expected_imbalance, percent)
    found["imbalance_pct"] = replace(usual, low=np.maximum(usual.low, 0.0))
    found["thd_current_pct"] = _distortion(evidence, thresholds)
    expected_kw = residuals.expected_active * signals.rated_kva
    growth = np.fmax(tuning.OVERLOAD_GROWTH, tuning.OVERLOAD_BEYOND_GROWTH * thresholds.growth_extreme)[:, None]
    found["active_power_kw"] = Band(
        "kW",
        signals.active * signals.rated_kva,
        expected_kw,
        expected_kw * np.exp(-growth),
        expected_kw * np.exp(growth),
    )
    return found


def _around(unit: str, measured: FloatArray, expected: FloatArray, width: FloatArray) -> Band:
    return Band(unit, measured, expected, expected - width, expected + width)


def _reactive(evidence: Departures, thresholds: Thresholds) -> Band:
    """An hour's mean must be unusual and cost loss; the upper limit is where both are true."""
    residuals, surface, rated = evidence.residuals, evidence.operation.surface, evidence.signals.rated_kva
    limit = thresholds.of("reactive", 1.0, tuning.MIN_REACTIVE_SCALED)
    unusual = limit * residuals.reactive_scale * rated
    expected = residuals.expected_reactive * rated
    per_kvar2 = surface.transformer_per_kva2 + surface.feeder_curvature
    allowed_kw = tuning.MIN_REACTIVE_LOSS_PCT * tuning.WINDOW_STRICTNESS[1.0] / 100.0 * evidence.operation.local_kw
    lever = np.maximum(expected, 0.0)
    costly = np.sqrt(lever**2 + allowed_kw / per_kvar2) - lever
    return Band("kvar", surface.reactive_kvar, expected, expected - unusual, expected + np.fmax(unusual, costly))


def _power_factor(evidence: Departures, reactive: Band) -> Band:
    active = evidence.operation.surface.active_kw
    ends = [displacement_power_factor(active, kvar) for kvar in (reactive.low, reactive.high)]
    through_one = (reactive.low < 0) & (reactive.high > 0)
    high = np.where(through_one, 1.0, np.maximum(*ends))
    return Band(
        "",
        displacement_power_factor(active, reactive.measured),
        displacement_power_factor(active, reactive.expected),
        np.minimum(*ends),
        high,
    )


def _distortion(evidence: Departures, thresholds: Thresholds) -> Band:
    """Limits from the loss that the threshold allows: extra loss grows with the square of the distortion."""
    residuals = evidence.residuals
    expected = residuals.expected_distortion
    limit_pct = thresholds.of("distortion", 1.0, 2.0)
    growth = np.maximum(evidence.signals.distortion**2 - expected**2, 1e-6)
    share = np.maximum(100.0 * evidence.rates.distortion / evidence.operation.local_kw, 1e-3)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_square = np.where(growth > 1e-5, share / growth, 100.0)
    high = np.sqrt(expected**2 + limit_pct / np.clip(per_square, 100.0, 2000.0))
    return Band("%", 100.0 * evidence.signals.distortion, 100.0 * expected, np.zeros_like(high), 100.0 * high)
