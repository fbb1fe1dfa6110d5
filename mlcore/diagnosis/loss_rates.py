"""Extra loss in kW that each kind of departure from the expectation causes, at every step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.parameters import ExpectationParameters
from mlcore.diagnosis.power_flow import OperatingPoint, current_square_ratio
from mlcore.diagnosis.residuals import Residuals
from mlcore.diagnosis.signals import Signals
from substations.electrical import losses
from substations.electrical.power import FloatArray, tan_phi

NEGATIVE_SEQUENCE_SHARE = 0.5
"""Only the negative sequence of an imbalance passes a delta winding; the other half stays in the transformer."""

WINDING_LOSS_PER_K = 0.0026
"""Slope at 75 °C of the temperature factor 0.9·a + 0.1/a, a = (235 + θ)/310, of ``losses.load_loss_factor``."""

OIL_TO_WINDING = 0.75
"""Assumed: the oil is not as warm along the whole winding as at its top, where it is measured."""

LOAD_VOLTAGE_EXPONENT = 0.7
"""Active load changes with U^0.7 (customary conservation-voltage factor). The net kvar are taken to stay: what machines
draw more at a higher voltage, their bank gives more (measured: docs/accuracy.md, energy of episodes)."""


@dataclass(frozen=True)
class LossRates:
    """kW against the expectation, [substation, time]; negative where the departure saves loss.

    overload and low_pf_load take the growth of the load itself as the departure, so they only mean something
    while such a cause is diagnosed. local_…: the part of it in the substation's own transformer and share.
    heating_…: the part of it that is load loss of the transformer, at the measured temperature.
    """

    reactive: FloatArray
    low_pf_load: FloatArray
    overload: FloatArray
    imbalance: FloatArray
    distortion: FloatArray
    voltage: FloatArray
    cooling: FloatArray
    avoidable: FloatArray
    local_reactive: FloatArray
    local_low_pf_load: FloatArray
    local_overload: FloatArray
    heating_reactive: FloatArray
    heating_low_pf_load: FloatArray
    heating_overload: FloatArray
    heating_imbalance: FloatArray
    heating_distortion: FloatArray

    def total(self) -> FloatArray:
        """Extra loss at this load: reactive power, imbalance, distortion and oil temperature together."""
        parts = (self.reactive, self.imbalance, self.distortion, self.cooling)
        return np.where(np.isfinite(self.reactive), np.nansum(parts, axis=0), np.nan)


def loss_rates(
    fleet: Fleet, signals: Signals, operation: OperatingPoint, residuals: Residuals, parameters: ExpectationParameters
) -> LossRates:
    """Loss of each departure: the loss surface at the operating point less that without the departure."""
    surface, rated = operation.surface, signals.rated_kva
    reactive_kvar = residuals.reactive * rated
    growth_kw = np.maximum(signals.active - residuals.expected_active, 0.0) * rated
    target = np.array([[plate.target_power_factor] for plate in fleet.nameplates])
    beyond_target = (1.0 - tan_phi(target) / tuning.UNCOMPENSATED_TAN_PHI) * residuals.reactive_of_growth * rated
    with np.errstate(divide="ignore", invalid="ignore"):
        grown_share = np.where(signals.active > 0, growth_kw / (signals.active * rated), 0.0)
    low_pf_load_kvar = reactive_kvar + np.where(growth_kw > 0, beyond_target, 0.0)
    overload_kvar = surface.reactive_kvar * grown_share
    surplus = losses.reactive_surplus_kvar(surface.active_kw, surface.reactive_kvar, target)
    imbalance, heating_imbalance = _imbalance(signals, operation, residuals, parameters)
    distortion, heating_distortion = _distortion(operation, residuals)
    return LossRates(
        reactive=surface.change_kw(0.0, reactive_kvar),
        low_pf_load=surface.change_kw(0.0, low_pf_load_kvar),
        overload=surface.change_kw(growth_kw, overload_kvar),
        imbalance=imbalance,
        distortion=distortion,
        voltage=_voltage(operation, residuals),
        cooling=operation.load_kw * WINDING_LOSS_PER_K * OIL_TO_WINDING * residuals.oil_k,
        local_reactive=surface.local_change_kw(0.0, reactive_kvar),
        local_low_pf_load=surface.local_change_kw(0.0, low_pf_load_kvar),
        local_overload=surface.local_change_kw(growth_kw, overload_kvar),
        heating_reactive=surface.transformer_change_kw(0.0, reactive_kvar),
        heating_low_pf_load=surface.transformer_change_kw(0.0, low_pf_load_kvar),
        heating_overload=surface.transformer_change_kw(growth_kw, overload_kvar),
        heating_imbalance=heating_imbalance,
        heating_distortion=heating_distortion,
        avoidable=np.maximum(surface.change_kw(0.0, surplus), 0.0),
    )


def _imbalance(
    signals: Signals, operation: OperatingPoint, residuals: Residuals, parameters: ExpectationParameters
) -> tuple[FloatArray, FloatArray]:
    """Extra loss, and the part of it in the transformer."""
    measured = current_square_ratio(signals, operation)
    usual = parameters.current_square_ratio[:, None]
    feeder = operation.surface.feeder_curvature * _apparent_squared(operation)
    grown = np.where(np.isfinite(residuals.imbalance), measured - usual, np.nan)
    return (operation.load_kw + NEGATIVE_SEQUENCE_SHARE * feeder) * grown, operation.load_kw * grown


def _distortion(operation: OperatingPoint, residuals: Residuals) -> tuple[FloatArray, FloatArray]:
    """Extra loss, and the part of it in the transformer."""
    expected = residuals.expected_distortion
    transformer = (
        operation.rated_load_loss_kw
        * operation.loading_squared
        * (
            losses.load_loss_factor(operation.distortion, operation.winding_c)
            - losses.load_loss_factor(expected, operation.winding_c)
        )
    )
    feeder = operation.surface.feeder_curvature * _apparent_squared(operation)
    extra = transformer + losses.FEEDER_DISTORTION_WEIGHT * feeder * (operation.distortion**2 - expected**2)
    is_judged = np.isfinite(residuals.distortion)
    return np.where(is_judged, extra, np.nan), np.where(is_judged, transformer, np.nan)


def _voltage(operation: OperatingPoint, residuals: Residuals) -> FloatArray:
    """Loss now less the loss at the expected voltage, where the load itself would be another one."""
    expected = operation.voltage - residuals.voltage
    surface = operation.surface
    no_load = operation.no_load_kw - losses.no_load_loss_kw(operation.no_load_w, expected)
    active = surface.active_kw * (1.0 - (expected / operation.voltage) ** LOAD_VOLTAGE_EXPONENT)
    now = operation.load_kw
    moved = ((surface.active_kw - active) ** 2 + surface.reactive_kvar**2) / np.maximum(
        surface.active_kw**2 + surface.reactive_kvar**2, 1e-9
    )
    load = now - now * moved * (operation.voltage / expected) ** 2
    feeder = 2.0 * surface.feeder_active * active
    return np.asarray(no_load + load + feeder)


def _apparent_squared(operation: OperatingPoint) -> FloatArray:
    return operation.surface.active_kw**2 + operation.surface.reactive_kvar**2
