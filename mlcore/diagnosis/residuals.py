"""How far each reading is from what its substation normally does: measured less expected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.demand import days_of_rest, expected_demand, usual_profile
from mlcore.diagnosis.expectations import (
    Usable,
    beyond_own_drop,
    expected_reactive_power,
    load_features,
    neighbour_expectations,
    share_departure,
)
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.generation import LoadAndKvar, between, generation_seen
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
    generation: load that generation behind the meter hides, per unit; 0 where none is seen. Where it was learned: more
    of it than usual. is_generating: 1.0 where
    that is beyond doubt.
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
    generation: FloatArray
    is_generating: FloatArray


RESIDUAL_NAMES = ("reactive", "imbalance", "distortion", "voltage", "oil_temperature", "demand")


def by_indicator(residuals: Residuals) -> dict[str, FloatArray]:
    """The residual that each indicator of a loss is about, [substation, time]."""
    return {
        "reactive": residuals.reactive,
        "motor": residuals.reactive,
        "distortion": residuals.distortion,
        "imbalance": residuals.imbalance,
        "voltage": residuals.voltage,
        "oil_temperature": residuals.oil_k,
        "overload": residuals.demand,
    }


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
    # Neighbours that all feed in look like a day of rest to each other.
    fed_in = _share_of_group(fleet, (shape.sun_share > 0.0)[:, None]) >= 0.5
    rest = np.where(fed_in, fleet.weekend, rest)
    features, plain = load_features(fleet, signals.active, operation, rest, shape)
    expected_active = expected_demand(fleet, signals, usable.demand, shape.demand_profile, history)
    # Neighbours that feed in as well say nothing about a load.
    usual = np.maximum(expected_active, np.exp(usual_profile(fleet, shape.demand_profile)))
    hidden = _Hidden(usual, *load_features(fleet, usual, operation, rest, shape))
    load = _LoadExpectations.of(fleet, signals, operation, usable, parameters, (features, plain), hidden, history)
    expected_voltage, expected_ambient = neighbour_expectations(fleet, signals, operation, usable, parameters)
    expected_oil = expected_ambient + operation.rise_k
    far = np.abs(signals.active) > tuning.FAR_BEYOND_TRAINED * shape.active_q99[:, None]
    at_expected, _ = load_features(fleet, expected_active, operation, rest, shape)
    of_expected = expected_reactive_power(expected_active, at_expected, shape, parameters.reactive)
    # Where the sun hides load, here or at most neighbours, these say nothing about it.
    sunny = load.may_generate | (_share_of_group(fleet, load.may_generate) >= 0.5)
    expected_active = np.where(sunny, usual, expected_active)
    of_growth = load.of_import - np.where(sunny, load.of_load, of_expected)
    oil_k = signals.oil_c - expected_oil
    oil_doubted = _still_doubted(fleet, usable.oil_doubted, oil_k, history)
    expected_imbalance = np.maximum(predict(plain, parameters.imbalance), 0.0)
    # What generation takes away in balance leaves the imbalance of the load on a smaller mean.
    uneven = np.abs(shape.phase_share - 1.0).max(axis=-1)[:, None]
    expected_imbalance = expected_imbalance + (load.current_hidden - 1.0) * (uneven + expected_imbalance)
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
        generation=load.generation,
        is_generating=load.is_generating,
    )


@dataclass(frozen=True)
class _Hidden:
    """The load that generation may hide, per unit, with its features."""

    active: FloatArray
    features: FloatArray
    plain: FloatArray


@dataclass(frozen=True)
class _LoadExpectations:
    """Reactive power and distortion, expected at this load and less what most neighbours do at once.

    current_hidden: current of the load over the measured one, 1 where no generation is seen. of_import, of_load:
    expected reactive power at the measured load and at the usual one.
    """

    reactive: FloatArray
    reactive_scaled: FloatArray
    reactive_scale: FloatArray
    distortion: FloatArray
    distortion_scaled: FloatArray
    expected_reactive: FloatArray
    expected_distortion: FloatArray
    generation: FloatArray
    is_generating: FloatArray
    current_hidden: FloatArray
    may_generate: BoolArray
    of_import: FloatArray
    of_load: FloatArray

    @classmethod
    def of(
        cls,
        fleet: Fleet,
        signals: Signals,
        operation: OperatingPoint,
        usable: Usable,
        parameters: ExpectationParameters,
        features: tuple[FloatArray, FloatArray],
        hidden: _Hidden,
        history: History,
    ) -> _LoadExpectations:
        by_hour, plain = features
        shape, reactive = parameters.shape, operation.surface.reactive_kvar / signals.rated_kva
        of_import = expected_reactive_power(signals.active, by_hour, shape, parameters.reactive)
        of_load = expected_reactive_power(hidden.active, hidden.features, shape, parameters.reactive)
        seen = LoadAndKvar(signals.active, hidden.active, reactive, of_import, of_load)
        is_clear, may_be = generation_seen(fleet, seen, usable.reactive, shape, history.within("generation"))
        # Where plants were learned, the usual load is that of a usual sky: under clouds less is fed in than then.
        hides = may_be & ((seen.shortfall > 0.0) | (shape.sun_share > 0.0)[:, None])
        generation = np.where(hides, seen.shortfall, 0.0)
        of_loads, carried = np.hypot(hidden.active, reactive), np.hypot(signals.active, reactive)
        current_hidden = np.where(may_be, of_loads / np.maximum(carried, tuning.DEAD_LOADING), 1.0)
        current_hidden = np.maximum(current_hidden, 1.0)
        scale = np.exp(predict(plain, parameters.reactive_scale))
        scale = np.where(may_be, np.fmax(scale, np.exp(predict(hidden.plain, parameters.reactive_scale))), scale)
        expected_reactive = between(reactive, of_import, of_load, may_be, scale + seen.error_of_load())
        scaled = np.where(usable.reactive, (reactive - expected_reactive) / scale, np.nan)
        common = common_movement(fleet, scaled, tuning.COMMON_DEAD_BAND, history.of("common_reactive"))
        # Neighbours under the same sky that fall short of what is expected under it accuse nobody else.
        common = np.where(may_be, np.maximum(common, 0.0), common)
        expected_reactive = expected_reactive + common * scale
        factor = beyond_own_drop(operation, parameters.reactive)
        expected_reactive = reactive - factor * (reactive - expected_reactive)
        expected = np.maximum(predict(by_hour, parameters.distortion), 0.0)
        # The harmonics of the load stay while its fundamental is hidden.
        harmonic_load = np.maximum(predict(hidden.features, parameters.distortion), 0.0) * current_hidden
        distortion_scale = np.exp(predict(plain, parameters.distortion_scale))
        expected = between(signals.distortion, expected, harmonic_load, may_be, current_hidden * distortion_scale)
        # A per cent of next to nothing: while hardly anything is imported, THD says nothing.
        judged = usable.distortion & (current_hidden < tuning.MAX_CURRENT_HIDDEN)
        harmonic = np.where(judged, (signals.distortion - expected) / distortion_scale, np.nan)
        dead_band = tuning.COMMON_DEAD_BAND_DISTORTION
        common_harmonic = common_movement(fleet, harmonic, dead_band, history.of("common_distortion"))
        expected = expected + common_harmonic * distortion_scale
        return cls(
            reactive=np.where(usable.reactive, reactive - expected_reactive, np.nan),
            reactive_scaled=scaled - common,
            reactive_scale=factor * scale,
            distortion=np.where(judged, signals.distortion - expected, np.nan),
            distortion_scaled=harmonic - common_harmonic,
            expected_reactive=expected_reactive,
            expected_distortion=expected,
            generation=generation,
            is_generating=is_clear.astype(np.float64),
            current_hidden=current_hidden,
            may_generate=may_be,
            of_import=of_import,
            of_load=of_load,
        )


def _share_of_group(fleet: Fleet, mask: BoolArray) -> FloatArray:
    """[substation, time] share of a group's substations where the mask holds."""
    if fleet.groups is None:
        return np.broadcast_to(mask.mean(axis=0), mask.shape)
    if not mask.any():
        return np.zeros(mask.shape)
    sums = np.zeros((int(fleet.groups.max()) + 1, mask.shape[1]))
    np.add.at(sums, fleet.groups, mask)
    return np.asarray(sums[fleet.groups] / fleet.group_size)


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
