"""Which readings can be judged at all: broken instruments and de-energised transformers come before any loss.

What is normal for a meter (its ratio errors, its noise) is learned; steps at which it departs from that are flagged,
with a hold time after the last hit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import WHOLE_RECORD, History, Past
from mlcore.diagnosis.parameters import QualityParameters
from mlcore.diagnosis.rolling import (
    min_so_far,
    quantile,
    shifted,
    window_any,
    window_mean,
    window_median,
    window_range,
)
from mlcore.diagnosis.signals import Signals
from mlcore.diagnosis.wiring_flags import WiringFlags, learn_directions, wiring_flags
from substations.electrical import quality
from substations.electrical.power import BoolArray, FloatArray, triangle_side, true_power_factor

MIN_RATIO_LOADING = quality.MIN_LOADING
HIGH_LOAD_STEPS = 384
"""Where nothing was learned, the usual high load is that of so many readings before: four days of quarter hours."""

OIL_RANGE_C = (-45.0, 125.0)
"""What top oil can be: the coldest oil that still flows (IEC 60296 sets the pour point at −40 °C), and above what
IEC 60076-7 allows for a moment (115 °C), with room for the sensor's error."""


@dataclass(frozen=True)
class QualityFlags(WiringFlags):
    """[substation, time] masks; True means: do not judge this.

    The first group stops channels, the second names what was seen, for "check the meter".
    """

    absent: BoolArray
    dead: BoolArray
    power: BoolArray
    reactive: BoolArray
    imbalance: BoolArray
    oil: BoolArray
    broken_triangle: BoolArray
    dead_phase: BoolArray
    ct_error: BoolArray
    vt_error: BoolArray
    stuck_value: BoolArray
    impossible_value: BoolArray
    reactive_meter: BoolArray
    temperature_sensor: BoolArray
    distortion_meter: BoolArray
    power_factor_meter: BoolArray


def learn_quality(fleet: Fleet, signals: Signals, train: BoolArray) -> QualityParameters:
    """What the instruments of each substation normally show, from its training steps."""
    loaded = train & (signals.apparent > MIN_RATIO_LOADING)
    spread, ratio = quality.voltage_spread(signals.rows), _current_log_ratio(fleet, signals, WHOLE_RECORD)
    spread_median, spread_deviation = _centre(spread, loaded)
    ratio_median, ratio_deviation = _centre(ratio, loaded)
    measured = np.hypot(signals.active, signals.reactive) * _distortion_growth(signals)
    with np.errstate(divide="ignore", invalid="ignore"):
        apparent_ratio = np.nan_to_num(quantile(signals.apparent / measured, loaded, 0.5), nan=1.0)
    phase_shares = [quantile(signals.phase_share[..., phase], loaded, 0.5) for phase in range(3)]
    high_loading = quantile(signals.apparent, train & np.isfinite(signals.apparent), tuning.HIGH_LOAD_QUANTILE)
    once, lasting = _triangle_gap(fleet, signals, apparent_ratio[:, None], WHOLE_RECORD)
    return QualityParameters(
        min_loading=np.fmin(tuning.DEAD_LOADING, 0.5 * quantile(signals.apparent, train, 0.01)),
        voltage_spread_median=spread_median,
        voltage_spread_deviation=spread_deviation,
        current_ratio_median=ratio_median,
        current_ratio_deviation=ratio_deviation,
        apparent_ratio=apparent_ratio,
        phase_share=np.stack(phase_shares, axis=-1),
        high_loading=high_loading,
        still_share=_still_share(signals, train, high_loading),
        triangle_gap=quantile(np.abs(lasting), loaded, tuning.TRIANGLE_QUANTILE),
        triangle_gap_once=quantile(np.abs(once), loaded, tuning.TRIANGLE_QUANTILE),
        **learn_directions(signals, loaded),
    )


def _still_share(signals: Signals, train: BoolArray, high_loading: FloatArray) -> FloatArray:
    """[substation] share of the loaded readings whose active power is that of the reading before."""
    moves = np.abs(np.diff(signals.rows.active_kw, axis=1, prepend=np.nan))
    seen = train & np.isfinite(moves) & (signals.apparent > tuning.STANDBY_SHARE * high_loading[:, None])
    return np.asarray((seen & (moves < 1e-9)).sum(axis=1) / np.maximum(seen.sum(axis=1), 1))


def flag_data_quality(fleet: Fleet, signals: Signals, parameters: QualityParameters, history: History) -> QualityFlags:
    """Judge every step; where nothing was learned, only what is wrong beyond doubt is flagged."""
    rows = signals.rows
    absent = ~np.isfinite(signals.active) | ~np.isfinite(signals.reactive)
    dead = np.nan_to_num(signals.apparent, nan=np.inf) < _known(parameters.min_loading, tuning.DEAD_LOADING)
    frozen, oil_frozen, phase_frozen = _frozen(fleet, signals, parameters, history.within("frozen"))
    dead_phases = quality.dead_phase(rows)
    triangle = quality.broken_triangle(rows)
    impossible = quality.impossible_value(rows)
    slack = _departed_share(signals, parameters)
    log_ratio = _current_log_ratio(fleet, signals, history)
    vt_error = quality.voltage_mismatch(rows) | _voltage_departed(signals, parameters, slack)
    ct_error = quality.current_mismatch(rows) | _current_departed(log_ratio, parameters, slack)
    ct_error = (ct_error | phase_frozen) & ~dead
    reactive_meter = _reactive_departed(fleet, signals, parameters, slack, history.within("reactive"))
    oil_jump = _oil_departed(fleet, signals, history.of("oil_before")) | oil_frozen
    power_hold = fleet.steps(tuning.POWER_HOLD_HOURS)
    power = window_any(vt_error | frozen, power_hold, history.of("vt_or_frozen")) | window_any(
        triangle | impossible, power_hold, history.of("triangle_or_impossible")
    )
    wiring = wiring_flags(fleet, signals, parameters, history.within("wiring"))
    power |= signals.beyond_physics | window_any(wiring.not_believed, power_hold, history.of("wiring_fault"))
    currents = window_any(ct_error | dead_phases.any(axis=-1), power_hold, history.of("currents"))
    return QualityFlags(
        **vars(wiring),
        absent=absent,
        dead=dead,
        power=power,
        reactive=power | wiring.reactive_sign | _reactive_held(fleet, reactive_meter, dead, history),
        imbalance=power | currents,
        oil=_oil_held(fleet, oil_jump, absent, history),
        broken_triangle=triangle,
        dead_phase=np.asarray(dead_phases.any(axis=-1)),
        ct_error=ct_error,
        vt_error=vt_error,
        stuck_value=frozen & ~dead,
        impossible_value=impossible | signals.beyond_physics,
        reactive_meter=reactive_meter,
        temperature_sensor=oil_jump,
        distortion_meter=_stuck_distortion(fleet, signals, history.within("stuck_distortion")) & ~dead,
        power_factor_meter=_power_factor_departed(fleet, signals, history.within("power_factor")) & ~triangle,
    )


def _reactive_held(fleet: Fleet, reactive_meter: BoolArray, dead: BoolArray, history: History) -> BoolArray:
    """Steps soon after the reactive channel was wrong, or after an outage."""
    wrong = window_any(reactive_meter, fleet.steps(tuning.REACTIVE_HOLD_HOURS), history.of("reactive_meter"))
    return wrong | window_any(dead, fleet.steps(tuning.RECONNECTION_HOURS) + 1, history.of("dead"))


def _oil_held(fleet: Fleet, oil_jump: BoolArray, absent: BoolArray, history: History) -> BoolArray:
    """Steps soon after the oil did what no oil can do, or after a gap."""
    hold = fleet.steps(tuning.OIL_HOLD_HOURS)
    after_gap = window_any(_after_gap(fleet, absent, history.of("absent")), hold, history.of("after_gap"))
    return window_any(oil_jump, hold, history.of("oil_jump")) | after_gap


def usable_reactive(signals: Signals, flags: QualityFlags) -> FloatArray:
    """Reactive power in per unit; where its meter is broken, what S and P leave for it."""
    return np.where(flags.reactive & ~flags.power, signals.reactive_from_apparent, signals.reactive)


def _centre(values: FloatArray, mask: BoolArray) -> tuple[FloatArray, FloatArray]:
    """[substation] median and median deviation from it."""
    median = quantile(values, mask, 0.5)
    return median, quantile(np.abs(values - median[:, None]), mask, 0.5)


def _known(learned: FloatArray, otherwise: float) -> FloatArray:
    """[substation, 1] what was learned, or what holds for everybody where nothing was."""
    return np.where(np.isfinite(learned), learned, otherwise)[:, None]


def _current_log_ratio(fleet: Fleet, signals: Signals, history: History) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(quality.current_ratio(signals.rows))
    usable = np.where(np.isfinite(ratio) & (signals.apparent > MIN_RATIO_LOADING), ratio, np.nan)
    return window_median(usable, fleet.steps(0.5), history.of("current_log_ratio"))


def _departed_share(signals: Signals, parameters: QualityParameters) -> FloatArray:
    """How far the phase currents are from their usual shares: a real imbalance strains every ratio a little."""
    apart = np.abs(signals.phase_share - parameters.phase_share[:, None, :]).max(axis=-1)
    return np.asarray(np.nan_to_num(apart))


def _voltage_departed(signals: Signals, parameters: QualityParameters, slack: FloatArray) -> BoolArray:
    beyond = quality.voltage_spread(signals.rows) - parameters.voltage_spread_median[:, None]
    limit = np.fmax(tuning.MIN_VOLTAGE_SPREAD, tuning.DEVIATIONS * parameters.voltage_spread_deviation)[:, None]
    return np.asarray(beyond > limit + tuning.VOLTAGE_SLACK * slack)


def _current_departed(log_ratio: FloatArray, parameters: QualityParameters, slack: FloatArray) -> BoolArray:
    apart = np.abs(log_ratio - parameters.current_ratio_median[:, None])
    limit = np.fmax(tuning.MIN_CURRENT_DEVIATION, tuning.DEVIATIONS * parameters.current_ratio_deviation)[:, None]
    return np.asarray(apart > limit + tuning.CURRENT_SLACK * slack)


def _distortion_growth(signals: Signals) -> FloatArray:
    return np.sqrt(1.0 + np.nan_to_num(signals.distortion) ** 2)


def _triangle_gap(
    fleet: Fleet, signals: Signals, apparent_ratio: FloatArray, history: History
) -> tuple[FloatArray, FloatArray]:
    """Q² that S and P leave, less the measured Q²: at each step, and the 1 h median of it."""
    fundamental = signals.apparent / (apparent_ratio * _distortion_growth(signals))
    gap = triangle_side(fundamental, signals.active) ** 2 - signals.reactive**2
    gap = np.where(signals.sign_assumed, np.nan, gap)
    return gap, window_median(gap, fleet.steps(1.0), history.of("triangle_gap"))


def _reactive_departed(
    fleet: Fleet, signals: Signals, parameters: QualityParameters, slack: FloatArray, history: History
) -> BoolArray:
    """The reactive channel is further from what S and P leave than ever in training, and by a notable part of S."""
    once, lasting = _triangle_gap(fleet, signals, parameters.apparent_ratio[:, None], history)
    off = np.abs(np.abs(signals.reactive) - signals.reactive_from_apparent)
    off_share = off / np.fmax(signals.apparent, MIN_RATIO_LOADING)
    notable = window_median(off_share, fleet.steps(1.0), history.of("off_share")) > tuning.MIN_REACTIVE_OFF
    strain = 2.0 * tuning.TRIANGLE_SLACK * slack * signals.apparent**2
    lasting_off = np.abs(lasting) > tuning.TRIANGLE_FACTOR * parameters.triangle_gap[:, None] + strain
    once_off = np.abs(once) > tuning.TRIANGLE_FACTOR_ONCE * parameters.triangle_gap_once[:, None] + strain
    return np.asarray((notable & lasting_off) | ((off > tuning.MIN_REACTIVE_OFF * signals.apparent) & once_off))


def _frozen(
    fleet: Fleet, signals: Signals, parameters: QualityParameters, history: History
) -> tuple[BoolArray, BoolArray, BoolArray]:
    """Steps at which power, oil temperature, or one phase current has not moved at all for too long."""
    high = _high_load(signals, parameters, history)
    loaded = signals.apparent > np.fmax(MIN_RATIO_LOADING, tuning.STANDBY_SHARE * high)
    power, phase = np.zeros_like(loaded), np.zeros_like(loaded)
    standby = tuning.STANDBY_SHARE * high * signals.rated_kva
    rows, currents = signals.rows, np.moveaxis(signals.rows.currents_a, -1, 0)
    share = _known(parameters.still_share, 0.0)[:, 0]
    for hours, of_these in _still_hours(share, fleet.interval_s):
        steps, at = max(fleet.steps(hours), tuning.FROZEN_SAMPLES), history.within(f"{hours:g}h")
        active = _still(rows.active_kw, steps, at.within("active")) & (np.abs(rows.active_kw) > standby)
        power |= of_these & (active | _still(rows.apparent_kva, steps, at.within("apparent")))
        still = [_still(current, steps, at.within(f"current_l{k}")) for k, current in enumerate(currents, 1)]
        phase |= of_these & np.any(still, axis=0)
    oil_steps = max(fleet.steps(tuning.FROZEN_OIL_HOURS), tuning.FROZEN_SAMPLES + 2)
    oil = window_range(signals.oil_c, oil_steps, history.of("oil")) == 0
    return power & loaded, oil, phase & loaded


def _high_load(signals: Signals, parameters: QualityParameters, history: History) -> FloatArray:
    """[substation, 1] apparent power per unit that is rarely exceeded: as learned, or as seen where nothing was."""
    learned = parameters.high_loading[:, None]
    if np.isfinite(learned).all():
        return learned
    recent, _ = history.of("apparent").before(signals.apparent, HIGH_LOAD_STEPS)
    seen = np.nan_to_num(quantile(recent, np.isfinite(recent), tuning.HIGH_LOAD_QUANTILE))[:, None]
    return np.where(np.isfinite(learned), learned, seen)


def _still_hours(share: FloatArray, interval_s: int) -> list[tuple[float, BoolArray]]:
    """(hours without a move that are no chance, substations it holds for) by how often a reading repeats itself."""
    samples = np.log(tuning.STILL_BY_CHANCE) / np.log(np.clip(share, 1e-6, 0.9))
    wanted = samples * interval_s / 3600.0
    number = np.minimum(np.searchsorted(tuning.STILL_HOURS, wanted), len(tuning.STILL_HOURS) - 1)
    return [(tuning.STILL_HOURS[one], (number == one)[:, None]) for one in np.unique(number)]


def _still(values: FloatArray, steps: int, history: History) -> BoolArray:
    """No movement over a window, of a value that is large enough against the meter's resolution to move."""
    size = np.abs(values)
    fine = size > tuning.FINE_STEPS * _resolution(values, history)
    return np.asarray((window_range(values, steps, history.of("range")) == 0) & fine & (size > 0))


def _resolution(values: FloatArray, history: History) -> FloatArray:
    """[substation, time] smallest move of a reading so far, 0 while it has never moved."""
    moves = np.abs(values - shifted(values, 1, history.of("before")))
    least = min_so_far(np.where(moves > 1e-9, moves, np.inf), history.of("least_move"))
    return np.where(np.isfinite(least), least, 0.0)


def _oil_departed(fleet: Fleet, signals: Signals, past: Past) -> BoolArray:
    """Jumps that no oil can make, and values out of range."""
    quarters = max(fleet.interval_s / 900.0, 1.0)
    jump = np.abs(signals.oil_c - shifted(signals.oil_c, max(1, round(900 / fleet.interval_s)), past))
    low, high = OIL_RANGE_C
    return (jump > tuning.OIL_JUMP_K_PER_15_MIN * quarters) | (signals.oil_c > high) | (signals.oil_c < low)


def _after_gap(fleet: Fleet, absent: BoolArray, past: Past) -> BoolArray:
    """Steps at the end of an hour or more without readings: the thermal model has lost its history."""
    return np.asarray(window_mean(absent.astype(np.float64), max(fleet.steps(1.0), 2), past) > 0.99)


def _power_factor_departed(fleet: Fleet, signals: Signals, history: History) -> BoolArray:
    """The power factor channel does not say what P over S says."""
    true = true_power_factor(signals.rows.active_kw, signals.rows.apparent_kva)
    apart = window_median(np.abs(signals.rows.power_factor) - true, fleet.steps(1.0), history.of("apart"))
    rounding = _resolution(signals.rows.active_kw, history.within("active")) + _resolution(
        signals.rows.apparent_kva, history.within("apparent")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        tolerance = tuning.POWER_FACTOR_TOLERANCE + rounding / signals.rows.apparent_kva
    return np.asarray((np.abs(apart) > tolerance) & (signals.apparent > MIN_RATIO_LOADING))


def _stuck_distortion(fleet: Fleet, signals: Signals, history: History) -> BoolArray:
    """One phase's THD stands still while another one moves."""
    steps = max(fleet.steps(3.0), 6)
    phases = np.moveaxis(fleet.channels("thd_current_l1_pct", "thd_current_l2_pct", "thd_current_l3_pct"), -1, 0)
    still = np.any([_still(phase, steps, history.within(f"thd_l{k}")) for k, phase in enumerate(phases, 1)], axis=0)
    moving = np.any(
        [window_range(phase, steps, history.of(f"moving_l{k}")) > 0 for k, phase in enumerate(phases, 1)], axis=0
    )
    return np.asarray(still & moving & (signals.apparent > MIN_RATIO_LOADING))
