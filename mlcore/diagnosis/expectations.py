"""What each substation normally does at this load, hour, day and voltage, and how far it is from that now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.array_trees import map_arrays
from mlcore.diagnosis.data_quality_flags import QualityFlags
from mlcore.diagnosis.demand import learn_demand, usual_profile
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.generation import learn_sun
from mlcore.diagnosis.parameters import ExpectationParameters, LoadShape
from mlcore.diagnosis.power_flow import OperatingPoint, current_square_ratio
from mlcore.diagnosis.regression import fit_robust, predict
from mlcore.diagnosis.rolling import median_of_others, quantile
from mlcore.diagnosis.signals import Signals
from substations.electrical.power import BoolArray, FloatArray

MIN_SCALE = 1e-4
"""Keeps the logarithm of an error finite."""


VOLTAGE_FEATURE = 2
"""Place of the voltage among the features of ``load_features``."""

MAX_HIDDEN_BY_DROP = 0.3
"""Chosen: 4 kvar per unit of voltage through a drop of 7 % is more than any load and bank have."""


@dataclass(frozen=True)
class Usable:
    """[substation, time] masks: where each quantity can be compared with its expectation.

    oil_doubted: steps at which the oil sensor did what no oil can do.
    """

    reactive: BoolArray
    distortion: BoolArray
    imbalance: BoolArray
    voltage: BoolArray
    oil: BoolArray
    demand: BoolArray
    oil_doubted: BoolArray


def usable_steps(signals: Signals, flags: QualityFlags) -> Usable:
    """Where each quantity is measured, believable and the transformer is energised."""
    powered = ~flags.dead & ~flags.power & ~flags.absent
    return Usable(
        reactive=powered & ~flags.reactive,
        distortion=powered & np.isfinite(signals.distortion),
        imbalance=powered & ~flags.imbalance & np.isfinite(signals.phase_share).all(axis=-1),
        voltage=powered & (signals.voltage > 0.3),
        oil=powered & ~flags.oil & np.isfinite(signals.oil_c),
        demand=powered & (signals.active > 0),
        oil_doubted=flags.temperature_sensor,
    )


def learn_expectations(
    fleet: Fleet, signals: Signals, operation: OperatingPoint, usable: Usable, train: BoolArray
) -> ExpectationParameters:
    """Fit every expectation on the training steps."""
    reactive = operation.surface.reactive_kvar / signals.rated_kva
    powered, harmonic = train & usable.reactive, train & usable.distortion
    shape = _learn_shape(fleet, signals, reactive, usable, train)
    features, plain = load_features(fleet, signals.active, operation, fleet.weekend.astype(np.float64), shape)
    of_reactive = fit_robust(features, reactive, powered)
    reactive_error = reactive - expected_reactive_power(signals.active, features, shape, of_reactive)
    of_distortion = fit_robust(features, signals.distortion, harmonic)
    distortion_error = signals.distortion - predict(features, of_distortion)
    ratio = current_square_ratio(signals, operation)
    of_neighbours = {
        name: fit_robust(own, target, train & mask)
        for name, own, target, mask in _neighbour_models(fleet, signals, operation, usable)
    }
    return ExpectationParameters(
        shape=shape,
        reactive=of_reactive,
        reactive_scale=fit_robust(plain, _log_size(reactive_error), powered),
        distortion=of_distortion,
        distortion_scale=fit_robust(plain, _log_size(distortion_error), harmonic),
        imbalance=fit_robust(plain, share_departure(signals, shape), train & usable.imbalance),
        current_square_ratio=quantile(ratio, train & usable.imbalance, 0.5),
        **of_neighbours,
    )


def _learn_shape(fleet: Fleet, signals: Signals, reactive: FloatArray, usable: Usable, train: BoolArray) -> LoadShape:
    """Range and rhythm of the load on the training steps."""
    powered = train & usable.reactive
    shares = [quantile(signals.phase_share[..., phase], train & usable.imbalance, 0.5) for phase in range(3)]
    profile = learn_demand(fleet, signals, train & usable.demand)
    usual = np.exp(usual_profile(fleet, profile))
    shape = LoadShape(
        hinges=np.stack([quantile(signals.active, powered, share) for share in tuning.HINGES], axis=1),
        active_q99=quantile(signals.active, powered, 0.99),
        active_q01=quantile(signals.active, powered, 0.01),
        reactive_slope=_slope(signals.active, reactive, powered),
        phase_share=np.stack(shares, axis=1),
        demand_profile=profile,
        sun_share=learn_sun(fleet, signals.active, usual, powered),
    )
    return map_arrays(np.nan_to_num, shape)


def _log_size(error: FloatArray) -> FloatArray:
    return np.asarray(np.log(np.maximum(np.abs(error), MIN_SCALE)))


def _slope(load: FloatArray, reactive: FloatArray, mask: BoolArray) -> FloatArray:
    """[substation] kvar per kW over the whole trained range, for loads below it."""
    one = np.stack([np.ones_like(load), load], axis=-1)
    return fit_robust(one, reactive, mask)[:, 1]


def load_features(
    fleet: Fleet, load: FloatArray, operation: OperatingPoint, rest: FloatArray, shape: LoadShape
) -> tuple[FloatArray, FloatArray]:
    """Features of load, voltage, hour and weekend; and those of load and voltage alone."""
    active = np.clip(load, shape.active_q01[:, None], shape.active_q99[:, None])
    one = np.ones_like(active)
    hinges = [np.maximum(active - shape.hinges[:, k, None], 0.0) for k in range(len(tuning.HINGES))]
    plain = [one, active, operation.voltage - 1.0, *hinges]
    angle = 2.0 * np.pi * fleet.hour / 24.0
    waves = [wave(k * angle) * one for k in (1, 2, 3) for wave in (np.sin, np.cos)]
    weekend = rest * one
    daily = [*waves, *(wave * active for wave in waves[:4]), weekend, weekend * active]
    return np.stack([*plain, *daily], axis=-1), np.stack(plain, axis=-1)


def expected_reactive_power(
    load: FloatArray, features: FloatArray, shape: LoadShape, coefficients: FloatArray
) -> FloatArray:
    beyond = np.maximum(load - shape.active_q99[:, None], 0.0)
    below = np.minimum(load - shape.active_q01[:, None], 0.0)
    inside = predict(features, coefficients)
    return inside + tuning.UNCOMPENSATED_TAN_PHI * beyond + shape.reactive_slope[:, None] * below


def beyond_own_drop(operation: OperatingPoint, coefficients: FloatArray) -> FloatArray:
    """[substation, 1] factor on Q less its expectation: the voltage taken to be what it would be without the excess.

    Kvar that nobody expects lower the voltage, and at a lower voltage more of them are expected: with c kvar per unit
    of voltage and a drop of x per kvar, an excess e shows as e·(1 + c·x).
    """
    shown = coefficients[:, VOLTAGE_FEATURE, None] * operation.drop_of_own_kvar
    return np.asarray(1.0 / (1.0 + np.clip(shown, -MAX_HIDDEN_BY_DROP, MAX_HIDDEN_BY_DROP)))


def share_departure(signals: Signals, shape: LoadShape) -> FloatArray:
    return np.asarray(np.abs(signals.phase_share - shape.phase_share[:, None, :]).max(axis=-1))


def _neighbour_models(
    fleet: Fleet, signals: Signals, operation: OperatingPoint, usable: Usable
) -> list[tuple[str, FloatArray, FloatArray, BoolArray]]:
    """(name, features, target, mask) of the voltage and the ambient expectation, with and without neighbours."""
    voltage = np.where(usable.voltage, signals.voltage, np.nan)
    ambient = np.where(usable.oil, signals.oil_c - operation.rise_k, np.nan)
    others_voltage = median_of_others(voltage + operation.voltage_drop, fleet.groups)
    others_ambient = median_of_others(ambient, fleet.groups)
    one = np.ones_like(voltage)
    reactive = operation.surface.reactive_kvar / signals.rated_kva
    own = [signals.active, reactive, operation.voltage_drop]
    rise = operation.rise_k
    return [
        ("voltage", np.stack([one, others_voltage, *own], axis=-1), voltage, usable.voltage),
        ("voltage_alone", np.stack([one, *own], axis=-1), voltage, usable.voltage),
        ("ambient", np.stack([one, others_ambient, rise], axis=-1), ambient, usable.oil),
        ("ambient_alone", np.stack([one, rise], axis=-1), ambient, usable.oil),
    ]


def neighbour_expectations(
    fleet: Fleet, signals: Signals, operation: OperatingPoint, usable: Usable, parameters: ExpectationParameters
) -> tuple[FloatArray, FloatArray]:
    """Expected voltage and ambient temperature; where no neighbour reports, those without neighbours."""
    found = {
        name: predict(features, getattr(parameters, name))
        for name, features, _, _ in _neighbour_models(fleet, signals, operation, usable)
    }
    voltage = np.where(np.isfinite(found["voltage"]), found["voltage"], found["voltage_alone"])
    ambient = np.where(np.isfinite(found["ambient"]), found["ambient"], found["ambient_alone"])
    return voltage, ambient
