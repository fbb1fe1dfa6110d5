"""What each substation normally does at this load, hour, day and voltage, and how far it is from that now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis.data_quality_flags import Learnt, QualityFlags
from mlcore.diagnosis.demand import MIN_NEIGHBOURS, days_of_rest, expected_demand, learn_demand, usual_profile
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.power_flow import Operation
from mlcore.diagnosis.regression import fit_robust, predict
from mlcore.diagnosis.rolling import median_of_others, quantile, steps_since, window_mean, window_median
from mlcore.diagnosis.signals import Signals
from substations.electrical.power import BoolArray, FloatArray

HINGES = (0.10, 0.25, 0.40, 0.55, 0.70, 0.85, 0.95)
UNCOMPENSATED_TAN_PHI = 0.75
"""kvar per kW of load beyond the trained range: banks are exhausted there, the load itself remains."""

COMMON_HOURS = 2.0
COMMON_DEAD_BAND = 0.5
COMMON_DEAD_BAND_DISTORTION = 0.3
OIL_AGREES_H, OIL_AGREES_K, OIL_DOUBT_H = 3.0, 3.0, 72.0
MIN_SCALE = 1e-4
FAR_BEYOND_TRAINED = 2.0


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
    """[substation, time, residual channel] in the order of RESIDUAL_NAMES: the network's input."""
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
    fleet: Fleet, signals: Signals, operation: Operation, usable: Usable, train: BoolArray
) -> Learnt:
    """Fit every expectation on the training steps; returns named quantities with a leading substation axis."""
    reactive = operation.surface.reactive_kvar / signals.rated_kva
    powered = train & usable.reactive
    learnt: Learnt = {
        "hinges": np.stack([quantile(signals.active, powered, share) for share in HINGES], axis=1),
        "active_q99": quantile(signals.active, powered, 0.99),
        "active_q01": quantile(signals.active, powered, 0.01),
        "reactive_slope": _slope(signals.active, reactive, powered),
        "phase_share": np.stack(
            [quantile(signals.phase_share[..., k], train & usable.imbalance, 0.5) for k in range(3)], axis=1
        ),
        **learn_demand(fleet, signals, train & usable.demand),
    }
    learnt = {name: np.nan_to_num(value) for name, value in learnt.items()}
    calendar = fleet.weekend.astype(np.float64)
    shape, plain = _load_features(fleet, signals.active, operation, calendar, learnt)
    learnt["reactive"] = fit_robust(shape, reactive, powered)
    error = reactive - _expected_reactive(signals.active, shape, learnt)
    learnt["reactive_scale"] = fit_robust(plain, np.log(np.maximum(np.abs(error), MIN_SCALE)), powered)
    learnt["distortion"] = fit_robust(shape, signals.distortion, train & usable.distortion)
    error = signals.distortion - predict(shape, learnt["distortion"])
    learnt["distortion_scale"] = fit_robust(
        plain, np.log(np.maximum(np.abs(error), MIN_SCALE)), train & usable.distortion
    )
    learnt["imbalance"] = fit_robust(plain, _share_departure(signals, learnt), train & usable.imbalance)
    for name, features, target, mask in _neighbour_models(fleet, signals, operation, usable):
        learnt[name] = fit_robust(features, target, train & mask)
    return learnt


def compare(fleet: Fleet, signals: Signals, operation: Operation, usable: Usable, learnt: Learnt) -> Residuals:
    """Expectations and residuals of every step, the common movement of the neighbours taken out."""
    reactive = operation.surface.reactive_kvar / signals.rated_kva
    rest = days_of_rest(fleet, signals, usable.demand, learnt)
    shape, plain = _load_features(fleet, signals.active, operation, rest, learnt)
    expected_reactive = _expected_reactive(signals.active, shape, learnt)
    expected_distortion = np.maximum(predict(shape, learnt["distortion"]), 0.0)
    expected_imbalance = np.maximum(predict(plain, learnt["imbalance"]), 0.0)
    scale = np.exp(predict(plain, learnt["reactive_scale"]))
    distortion_scale = np.exp(predict(plain, learnt["distortion_scale"]))
    scaled = np.where(usable.reactive, (reactive - expected_reactive) / scale, np.nan)
    common = common_movement(fleet, scaled, COMMON_DEAD_BAND)
    harmonic = np.where(usable.distortion, (signals.distortion - expected_distortion) / distortion_scale, np.nan)
    common_harmonic = common_movement(fleet, harmonic, COMMON_DEAD_BAND_DISTORTION)
    expected_reactive = expected_reactive + common * scale
    expected_distortion = expected_distortion + common_harmonic * distortion_scale
    expected_voltage, expected_ambient = _neighbour_expectations(fleet, signals, operation, usable, learnt)
    expected_oil = expected_ambient + operation.rise_k
    expected_active = expected_demand(fleet, signals, usable.demand, learnt)
    departure = _share_departure(signals, learnt)
    far = np.abs(signals.active) > FAR_BEYOND_TRAINED * learnt["active_q99"][:, None]
    at_expected, _ = _load_features(fleet, expected_active, operation, rest, learnt)
    reactive_of_growth = _expected_reactive(signals.active, shape, learnt) - _expected_reactive(
        expected_active, at_expected, learnt
    )
    oil_k = signals.oil_c - expected_oil
    with np.errstate(divide="ignore", invalid="ignore"):
        demand = np.log(signals.active) - np.log(expected_active)
        alone = np.log(signals.active) - usual_profile(fleet, learnt)
    return Residuals(
        reactive=np.where(usable.reactive, reactive - expected_reactive, np.nan),
        reactive_scaled=scaled - common,
        reactive_scale=scale,
        reactive_of_growth=reactive_of_growth,
        distortion=np.where(usable.distortion, signals.distortion - expected_distortion, np.nan),
        distortion_scaled=harmonic - common_harmonic,
        imbalance=np.where(usable.imbalance, departure - expected_imbalance, np.nan),
        voltage=np.where(usable.voltage & ~far, signals.voltage - expected_voltage, np.nan),
        oil_k=np.where(usable.oil & ~_still_doubted(fleet, usable.oil_doubted, oil_k), oil_k, np.nan),
        demand=np.where(usable.demand, np.minimum(demand, alone), np.nan),
        expected_reactive=expected_reactive,
        expected_distortion=expected_distortion,
        expected_imbalance=expected_imbalance,
        expected_voltage=expected_voltage,
        expected_oil_c=expected_oil,
        expected_active=expected_active,
    )


def _still_doubted(fleet: Fleet, doubted: BoolArray, oil_k: FloatArray) -> BoolArray:
    """From a step that no oil can make until the sensor has agreed with load and weather again for a while."""
    agrees = np.abs(window_mean(oil_k, fleet.steps(OIL_AGREES_H))) < OIL_AGREES_K
    since_doubted, since_agreed = steps_since(doubted), steps_since(agrees & ~doubted)
    return np.asarray((since_doubted < since_agreed) & (since_doubted < fleet.steps(OIL_DOUBT_H)))


def common_movement(fleet: Fleet, scaled: FloatArray, dead_band: float) -> FloatArray:
    """What most neighbours do at the same time (a holiday, a cold day): 2 h median beyond a dead band."""
    others = window_median(median_of_others(scaled, fleet.groups), fleet.steps(COMMON_HOURS))
    others = np.where(fleet.group_size > MIN_NEIGHBOURS, np.nan_to_num(others), 0.0)
    return np.asarray(np.sign(others) * np.maximum(np.abs(others) - dead_band, 0.0))


def _slope(load: FloatArray, reactive: FloatArray, mask: BoolArray) -> FloatArray:
    """[substation] kvar per kW over the whole trained range, for loads below it."""
    one = np.stack([np.ones_like(load), load], axis=-1)
    return fit_robust(one, reactive, mask)[:, 1]


def _load_features(
    fleet: Fleet, load: FloatArray, operation: Operation, rest: FloatArray, learnt: Learnt
) -> tuple[FloatArray, FloatArray]:
    """Features of load, voltage, hour and weekend; and those of load and voltage alone."""
    active = np.clip(load, learnt["active_q01"][:, None], learnt["active_q99"][:, None])
    one = np.ones_like(active)
    hinges = [np.maximum(active - learnt["hinges"][:, k, None], 0.0) for k in range(len(HINGES))]
    plain = [one, active, operation.voltage - 1.0, *hinges]
    angle = 2.0 * np.pi * fleet.hour / 24.0
    waves = [wave(k * angle) * one for k in (1, 2, 3) for wave in (np.sin, np.cos)]
    weekend = rest * one
    daily = [*waves, *(wave * active for wave in waves[:4]), weekend, weekend * active]
    return np.stack([*plain, *daily], axis=-1), np.stack(plain, axis=-1)


def _expected_reactive(load: FloatArray, features: FloatArray, learnt: Learnt) -> FloatArray:
    beyond = np.maximum(load - learnt["active_q99"][:, None], 0.0)
    below = np.minimum(load - learnt["active_q01"][:, None], 0.0)
    inside = predict(features, learnt["reactive"])
    return inside + UNCOMPENSATED_TAN_PHI * beyond + learnt["reactive_slope"][:, None] * below


def _share_departure(signals: Signals, learnt: Learnt) -> FloatArray:
    return np.asarray(np.abs(signals.phase_share - learnt["phase_share"][:, None, :]).max(axis=-1))


def _neighbour_models(
    fleet: Fleet, signals: Signals, operation: Operation, usable: Usable
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


def _neighbour_expectations(
    fleet: Fleet, signals: Signals, operation: Operation, usable: Usable, learnt: Learnt
) -> tuple[FloatArray, FloatArray]:
    """Expected voltage and ambient temperature; where no neighbour reports, those without neighbours."""
    found = {
        name: predict(features, learnt[name])
        for name, features, _, _ in _neighbour_models(fleet, signals, operation, usable)
    }
    voltage = np.where(np.isfinite(found["voltage"]), found["voltage"], found["voltage_alone"])
    ambient = np.where(np.isfinite(found["ambient"]), found["ambient"], found["ambient_alone"])
    return voltage, ambient
