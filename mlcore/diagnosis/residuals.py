"""How far each reading is from what its substation normally does: measured less expected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.demand import days_of_rest, expected_demand, usual_profile
from mlcore.diagnosis.expectations import (
    Usable,
    expected_reactive_power,
    load_features,
    neighbour_expectations,
    share_departure,
)
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import History, Past
from mlcore.diagnosis.parameters import ExpectationParameters
from mlcore.diagnosis.power_flow import OperatingPoint
from mlcore.diagnosis.regression import predict
from mlcore.diagnosis.rolling import median_of_others, steps_since, window_mean, window_median
from mlcore.diagnosis.signals import Signals
from substations.electrical.power import BoolArray, FloatArray


@dataclass(frozen=True)
class Residuals:
    """Measured less expected, [substation, time]; NaN where it can't be judged.

    reactive: per unit; reactive_scaled: over its usual size at this load, the common movement taken out.
    distortion: fraction. imbalance: largest departure of a phase's share from its usual one, less the usual
    size of that. voltage: per unit. oil_k: kelvin. demand: logarithm of measured over
    expected, with and without what the neighbours do: the smaller of the two.
    reactive_of_growth: expected reactive power at this load less that at the expected load.
    expected_…: the expectations themselves, in the units of ``Signals``.
    """

    reactive: FloatArray
    reactive_scaled: FloatArray
    reactive_scale: FloatArray
    reactive_of_growth: FloatArray
    distortion: FloatArray
    distortion_scaled: FloatArray
    imbalance: FloatArray
    voltage: FloatArray
    oil_k: FloatArray
    demand: FloatArray
    expected_reactive: FloatArray
    expected_distortion: FloatArray
    expected_imbalance: FloatArray
    expected_voltage: FloatArray
    expected_oil_c: FloatArray
    expected_active: FloatArray


RESIDUAL_NAMES = ("reactive", "imbalance", "distortion", "voltage", "oil_temperature", "demand")


def stacked_residuals(residuals: Residuals) -> FloatArray:
    """[substation, time, residual channel] in the order of RESIDUAL_NAMES: the autoencoder's input."""
    return np.stack(
        [
            residuals.reactive_scaled,
            residuals.imbalance,
            residuals.distortion_scaled,
            residuals.voltage,
            residuals.oil_k,
            residuals.demand,
        ],
        axis=-1,
    )


def compare(
    fleet: Fleet,
    signals: Signals,
    operation: OperatingPoint,
    usable: Usable,
    parameters: ExpectationParameters,
    history: History,
) -> Residuals:
    """Expectations and residuals of every step, the common movement of the neighbours taken out."""
    shape = parameters.shape
    rest = days_of_rest(fleet, signals, usable.demand, shape.demand_profile, history)
    features, plain = load_features(fleet, signals.active, operation, rest, shape)
    load = _LoadExpectations.of(fleet, signals, operation, usable, parameters, (features, plain), history)
    expected_voltage, expected_ambient = neighbour_expectations(fleet, signals, operation, usable, parameters)
    expected_oil = expected_ambient + operation.rise_k
    expected_active = expected_demand(fleet, signals, usable.demand, shape.demand_profile, history)
    far = np.abs(signals.active) > tuning.FAR_BEYOND_TRAINED * shape.active_q99[:, None]
    at_expected, _ = load_features(fleet, expected_active, operation, rest, shape)
    of_growth = expected_reactive_power(signals.active, features, shape, parameters.reactive) - expected_reactive_power(
        expected_active, at_expected, shape, parameters.reactive
    )
    oil_k = signals.oil_c - expected_oil
    oil_doubted = _still_doubted(fleet, usable.oil_doubted, oil_k, history)
    expected_imbalance = np.maximum(predict(plain, parameters.imbalance), 0.0)
    imbalance = share_departure(signals, shape) - expected_imbalance
    with np.errstate(divide="ignore", invalid="ignore"):
        demand = np.log(signals.active) - np.log(expected_active)
        alone = np.log(signals.active) - usual_profile(fleet, shape.demand_profile)
    return Residuals(
        reactive=load.reactive,
        reactive_scaled=load.reactive_scaled,
        reactive_scale=load.reactive_scale,
        reactive_of_growth=of_growth,
        distortion=load.distortion,
        distortion_scaled=load.distortion_scaled,
        imbalance=np.where(usable.imbalance, imbalance, np.nan),
        voltage=np.where(usable.voltage & ~far, signals.voltage - expected_voltage, np.nan),
        oil_k=np.where(usable.oil & ~oil_doubted, oil_k, np.nan),
        demand=np.where(usable.demand, np.minimum(demand, alone), np.nan),
        expected_reactive=load.expected_reactive,
        expected_distortion=load.expected_distortion,
        expected_imbalance=expected_imbalance,
        expected_voltage=expected_voltage,
        expected_oil_c=expected_oil,
        expected_active=expected_active,
    )


@dataclass(frozen=True)
class _LoadExpectations:
    """Reactive power and distortion, expected at this load and less what most neighbours do at once."""

    reactive: FloatArray
    reactive_scaled: FloatArray
    reactive_scale: FloatArray
    distortion: FloatArray
    distortion_scaled: FloatArray
    expected_reactive: FloatArray
    expected_distortion: FloatArray

    @classmethod
    def of(
        cls,
        fleet: Fleet,
        signals: Signals,
        operation: OperatingPoint,
        usable: Usable,
        parameters: ExpectationParameters,
        features: tuple[FloatArray, FloatArray],
        history: History,
    ) -> _LoadExpectations:
        by_hour, plain = features
        reactive = operation.surface.reactive_kvar / signals.rated_kva
        expected_reactive = expected_reactive_power(signals.active, by_hour, parameters.shape, parameters.reactive)
        scale = np.exp(predict(plain, parameters.reactive_scale))
        scaled = np.where(usable.reactive, (reactive - expected_reactive) / scale, np.nan)
        common = common_movement(fleet, scaled, tuning.COMMON_DEAD_BAND, history.of("common_reactive"))
        expected_reactive = expected_reactive + common * scale
        expected = np.maximum(predict(by_hour, parameters.distortion), 0.0)
        distortion_scale = np.exp(predict(plain, parameters.distortion_scale))
        harmonic = np.where(usable.distortion, (signals.distortion - expected) / distortion_scale, np.nan)
        dead_band = tuning.COMMON_DEAD_BAND_DISTORTION
        common_harmonic = common_movement(fleet, harmonic, dead_band, history.of("common_distortion"))
        expected = expected + common_harmonic * distortion_scale
        return cls(
            reactive=np.where(usable.reactive, reactive - expected_reactive, np.nan),
            reactive_scaled=scaled - common,
            reactive_scale=scale,
            distortion=np.where(usable.distortion, signals.distortion - expected, np.nan),
            distortion_scaled=harmonic - common_harmonic,
            expected_reactive=expected_reactive,
            expected_distortion=expected,
        )


def _still_doubted(fleet: Fleet, doubted: BoolArray, oil_k: FloatArray, history: History) -> BoolArray:
    """From a step that no oil can make until the sensor has agreed with load and weather again for a while."""
    mean_k = window_mean(oil_k, fleet.steps(tuning.OIL_AGREES_H), history.of("oil_mean"))
    agrees = np.abs(mean_k) < tuning.OIL_AGREES_K
    since_doubted = steps_since(doubted, history.of("oil_doubted"))
    since_agreed = steps_since(agrees & ~doubted, history.of("oil_agreed"))
    return np.asarray((since_doubted < since_agreed) & (since_doubted < fleet.steps(tuning.OIL_DOUBT_H)))


def common_movement(fleet: Fleet, scaled: FloatArray, dead_band: float, past: Past) -> FloatArray:
    """What most neighbours do at the same time (a holiday, a cold day): 2 h median beyond a dead band."""
    others = window_median(median_of_others(scaled, fleet.groups), fleet.steps(tuning.COMMON_HOURS), past)
    others = np.where(fleet.group_size > tuning.MIN_NEIGHBOURS, np.nan_to_num(others), 0.0)
    return np.asarray(np.sign(others) * np.maximum(np.abs(others) - dead_band, 0.0))
