"""Which readings can be judged at all: broken instruments and de-energised transformers come before any loss.

QualityFlags learn what is normal for a meter (its ratio errors, its noise) and mark the steps at which it departs
from that, with a hold time after the last hit.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import with_past
from mlcore.diagnosis.rolling import (
    least_so_far,
    quantile,
    shifted,
    window_any,
    window_mean,
    window_median,
    window_range,
)
from mlcore.diagnosis.signals import Signals
from substations.electrical import quality
from substations.electrical.power import BoolArray, FloatArray, triangle_side, true_power_factor

Learnt = dict[str, FloatArray]

DEAD_LOADING = 0.03
MIN_RATIO_LOADING = 0.02
FROZEN_HOURS = 1.0
FROZEN_OIL_HOURS = 4.0
FROZEN_SAMPLES = 4
FINE_STEPS = 50
"""A value of fewer steps of the meter's resolution may well stand still for a while."""

STANDBY_SHARE = 0.15
"""Share of the usual high load below which a load that stands still is standby, not a frozen register."""

STILL_BY_CHANCE = 1e-6
MAX_STILL_H = (1.0, 2.0, 4.0, 8.0, 24.0)

HIGH_LOAD_STEPS = 384
"""Where nothing was learnt, the usual high load of new readings is that of so many before them."""

POWER_HOLD_HOURS = 2.0
REACTIVE_HOLD_HOURS = 3.0
OIL_HOLD_HOURS = 12.0
RECONNECTION_HOURS = 1.0
"""After an outage a capacitor bank comes back step by step."""

MIN_VOLTAGE_SPREAD = 0.03
MIN_CURRENT_DEVIATION = 0.008
DEVIATIONS = 6.0
TRIANGLE_FACTOR = 1.5
TRIANGLE_FACTOR_ONCE = 2.0
MIN_REACTIVE_OFF = 0.03
VOLTAGE_SLACK, CURRENT_SLACK, TRIANGLE_SLACK = 0.04, 0.02, 0.10
"""Part of a real imbalance of the phase currents that shows in voltage spread, U·I over S, and the triangle."""

OIL_JUMP_K_PER_15_MIN = 5.0
POWER_FACTOR_TOLERANCE = 0.02
OIL_RANGE_C = (-45.0, 125.0)


@dataclass(frozen=True)
class QualityFlags:
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
    reversed_ct: BoolArray
    dead_phase: BoolArray
    ct_error: BoolArray
    vt_error: BoolArray
    stuck_value: BoolArray
    impossible_value: BoolArray
    reactive_meter: BoolArray
    temperature_sensor: BoolArray
    distortion_meter: BoolArray
    power_factor_meter: BoolArray

    def since(self, first: int) -> QualityFlags:
        """The masks from a step on."""
        return QualityFlags(**{f.name: getattr(self, f.name)[:, first:] for f in fields(self)})


def learn_quality(fleet: Fleet, signals: Signals, train: BoolArray) -> Learnt:
    """What the instruments of each substation normally show, from its training steps."""
    loaded = train & (signals.apparent > MIN_RATIO_LOADING)
    spread, ratio = quality.voltage_spread(signals.rows), _current_log_ratio(fleet, signals)
    learnt = {
        "gate_least_loading": np.fmin(DEAD_LOADING, 0.5 * quantile(signals.apparent, train, 0.01)),
        **_centre("gate_voltage_spread", spread, loaded),
        **_centre("gate_current_ratio", ratio, loaded),
    }
    measured = np.hypot(signals.active, signals.reactive) * _distortion_growth(signals)
    with np.errstate(divide="ignore", invalid="ignore"):
        learnt["gate_apparent_ratio"] = np.nan_to_num(quantile(signals.apparent / measured, loaded, 0.5), nan=1.0)
    learnt["gate_phase_share"] = np.stack(
        [quantile(signals.phase_share[..., phase], loaded, 0.5) for phase in range(3)], axis=-1
    )
    learnt["gate_high_loading"] = quantile(signals.apparent, train & np.isfinite(signals.apparent), 0.95)
    moves = np.abs(np.diff(signals.rows.active_kw, axis=1, prepend=np.nan))
    seen = train & np.isfinite(moves) & (signals.apparent > STANDBY_SHARE * learnt["gate_high_loading"][:, None])
    learnt["gate_still_share"] = (seen & (moves < 1e-9)).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    once, lasting = _triangle_gap(fleet, signals, learnt["gate_apparent_ratio"][:, None])
    learnt["gate_triangle_gap"] = quantile(np.abs(lasting), loaded, 0.999)
    learnt["gate_triangle_gap_once"] = quantile(np.abs(once), loaded, 0.999)
    return learnt


def flag_data_quality(fleet: Fleet, signals: Signals, learnt: Learnt | None) -> QualityFlags:
    """Judge every step; without learnt flags only what is wrong beyond doubt is marked."""
    rows = signals.rows
    absent = ~np.isfinite(signals.active) | ~np.isfinite(signals.reactive)
    least = _column(learnt, "gate_least_loading", DEAD_LOADING, len(fleet.codes))
    dead = np.nan_to_num(signals.apparent, nan=np.inf) < least
    frozen, oil_frozen, phase_frozen = _frozen(fleet, signals, learnt)
    dead_phases = quality.dead_phase(rows)
    triangle = quality.broken_triangle(rows)
    reversed_ct = quality.reversed_current_transformer(rows)
    impossible = quality.impossible_value(rows)
    vt_error = quality.voltage_mismatch(rows)
    ct_error = quality.current_mismatch(rows)
    reactive_meter = np.zeros_like(dead)
    if learnt is not None:
        slack = _departed_share(signals, learnt)
        vt_error = vt_error | _voltage_departed(signals, learnt, slack)
        ct_error = ct_error | _current_departed(fleet, signals, learnt, slack)
        reactive_meter = _reactive_departed(fleet, signals, learnt, slack)
    ct_error = (ct_error | phase_frozen) & ~dead
    hold = fleet.steps(POWER_HOLD_HOURS)
    oil_jump = _oil_departed(fleet, signals) | oil_frozen
    power = window_any(vt_error | frozen, hold) | window_any(triangle | impossible, hold) | signals.beyond_physics
    after_gap = window_any(_after_gap(fleet, absent), fleet.steps(OIL_HOLD_HOURS))
    return QualityFlags(
        absent=absent,
        dead=dead,
        power=power,
        reactive=power
        | window_any(reactive_meter, fleet.steps(REACTIVE_HOLD_HOURS))
        | window_any(dead, fleet.steps(RECONNECTION_HOURS) + 1),
        imbalance=power | window_any(ct_error | dead_phases.any(axis=-1), fleet.steps(POWER_HOLD_HOURS)),
        oil=window_any(oil_jump, fleet.steps(OIL_HOLD_HOURS)) | after_gap,
        broken_triangle=triangle,
        reversed_ct=reversed_ct,
        dead_phase=np.asarray(dead_phases.any(axis=-1)),
        ct_error=ct_error,
        vt_error=vt_error,
        stuck_value=frozen & ~dead,
        impossible_value=impossible | signals.beyond_physics,
        reactive_meter=reactive_meter,
        temperature_sensor=oil_jump,
        distortion_meter=_stuck_distortion(fleet, signals) & ~dead,
        power_factor_meter=_power_factor_departed(fleet, signals) & ~triangle,
    )


def usable_reactive(signals: Signals, flags: QualityFlags) -> FloatArray:
    """Reactive power in per unit; where its meter is broken, what S and P leave for it."""
    return np.where(flags.reactive & ~flags.power, signals.reactive_from_apparent, signals.reactive)


def _centre(name: str, values: FloatArray, mask: BoolArray) -> Learnt:
    median = quantile(values, mask, 0.5)
    deviation = quantile(np.abs(values - median[:, None]), mask, 0.5)
    return {f"{name}_median": median, f"{name}_deviation": deviation}


def _column(learnt: Learnt | None, name: str, otherwise: float, count: int) -> FloatArray:
    if learnt is None:
        return np.full((count, 1), otherwise)
    return np.where(np.isfinite(learnt[name]), learnt[name], otherwise)[:, None]


def _current_log_ratio(fleet: Fleet, signals: Signals) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(quality.current_ratio(signals.rows))
    usable = np.where(np.isfinite(ratio) & (signals.apparent > MIN_RATIO_LOADING), ratio, np.nan)
    return window_median(usable, fleet.steps(0.5))


def _departed_share(signals: Signals, learnt: Learnt) -> FloatArray:
    """How far the phase currents are from their usual shares: a real imbalance strains every ratio a little."""
    apart = np.abs(signals.phase_share - learnt["gate_phase_share"][:, None, :]).max(axis=-1)
    return np.asarray(np.nan_to_num(apart))


def _voltage_departed(signals: Signals, learnt: Learnt, slack: FloatArray) -> BoolArray:
    beyond = quality.voltage_spread(signals.rows) - learnt["gate_voltage_spread_median"][:, None]
    limit = np.fmax(MIN_VOLTAGE_SPREAD, DEVIATIONS * learnt["gate_voltage_spread_deviation"])[:, None]
    return np.asarray(beyond > limit + VOLTAGE_SLACK * slack)


def _current_departed(fleet: Fleet, signals: Signals, learnt: Learnt, slack: FloatArray) -> BoolArray:
    apart = np.abs(_current_log_ratio(fleet, signals) - learnt["gate_current_ratio_median"][:, None])
    limit = np.fmax(MIN_CURRENT_DEVIATION, DEVIATIONS * learnt["gate_current_ratio_deviation"])[:, None]
    return np.asarray(apart > limit + CURRENT_SLACK * slack)


def _distortion_growth(signals: Signals) -> FloatArray:
    return np.sqrt(1.0 + np.nan_to_num(signals.distortion) ** 2)


def _triangle_gap(fleet: Fleet, signals: Signals, apparent_ratio: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Q² that S and P leave, less the measured Q²: at each step, and the 1 h median of it."""
    fundamental = signals.apparent / (apparent_ratio * _distortion_growth(signals))
    gap = triangle_side(fundamental, signals.active) ** 2 - signals.reactive**2
    gap = np.where(signals.sign_assumed, np.nan, gap)
    return gap, window_median(gap, fleet.steps(1.0))


def _reactive_departed(fleet: Fleet, signals: Signals, learnt: Learnt, slack: FloatArray) -> BoolArray:
    """The reactive channel is further from what S and P leave than ever in training, and by a notable part of S."""
    once, lasting = _triangle_gap(fleet, signals, learnt["gate_apparent_ratio"][:, None])
    off = np.abs(np.abs(signals.reactive) - signals.reactive_from_apparent)
    notable = window_median(off / np.fmax(signals.apparent, MIN_RATIO_LOADING), fleet.steps(1.0)) > MIN_REACTIVE_OFF
    strain = 2.0 * TRIANGLE_SLACK * slack * signals.apparent**2
    lasting_off = np.abs(lasting) > TRIANGLE_FACTOR * learnt["gate_triangle_gap"][:, None] + strain
    once_off = np.abs(once) > TRIANGLE_FACTOR_ONCE * learnt["gate_triangle_gap_once"][:, None] + strain
    return np.asarray((notable & lasting_off) | ((off > MIN_REACTIVE_OFF * signals.apparent) & once_off))


def _frozen(fleet: Fleet, signals: Signals, learnt: Learnt | None) -> tuple[BoolArray, BoolArray, BoolArray]:
    """Steps at which power, oil temperature, or one phase current has not moved at all for too long."""
    high = _high_load(signals, learnt)
    loaded = signals.apparent > np.fmax(MIN_RATIO_LOADING, STANDBY_SHARE * high)
    share = _column(learnt, "gate_still_share", 0.0, len(fleet.codes))[:, 0]
    power = np.zeros_like(loaded)
    phase = np.zeros_like(loaded)
    standby = STANDBY_SHARE * high * signals.rated_kva
    phases = np.moveaxis(signals.rows.currents_a, -1, 0)
    for hours, rows in _still_hours(share, fleet.interval_s):
        steps = max(fleet.steps(hours), FROZEN_SAMPLES)
        still = _still(signals.rows.active_kw, steps) & (np.abs(signals.rows.active_kw) > standby)
        power |= rows & (still | _still(signals.rows.apparent_kva, steps))
        phase |= rows & np.any([_still(one, steps) for one in phases], axis=0)
    oil = window_range(signals.oil_c, max(fleet.steps(FROZEN_OIL_HOURS), FROZEN_SAMPLES + 2)) == 0
    return power & loaded, oil, phase & loaded


def _high_load(signals: Signals, learnt: Learnt | None) -> FloatArray:
    """[substation, 1] apparent power per unit that is rarely exceeded: as learnt, or as seen where nothing was."""
    if learnt is not None and np.isfinite(learnt["gate_high_loading"]).all():
        return learnt["gate_high_loading"][:, None]
    whole, _ = with_past(signals.apparent, HIGH_LOAD_STEPS)
    seen = np.nan_to_num(quantile(whole, np.isfinite(whole), 0.95))[:, None]
    if learnt is None:
        return seen
    return np.where(np.isfinite(learnt["gate_high_loading"][:, None]), learnt["gate_high_loading"][:, None], seen)


def _still_hours(share: FloatArray, interval_s: int) -> list[tuple[float, BoolArray]]:
    """(hours without a move that are no chance, substations it holds for) by how often a reading repeats itself."""
    samples = np.log(STILL_BY_CHANCE) / np.log(np.clip(share, 1e-6, 0.9))
    wanted = samples * interval_s / 3600.0
    number = np.minimum(np.searchsorted(MAX_STILL_H, wanted), len(MAX_STILL_H) - 1)
    return [(MAX_STILL_H[one], (number == one)[:, None]) for one in np.unique(number)]


def _still(values: FloatArray, steps: int) -> BoolArray:
    """No movement over a window, of a value that is large enough against the meter's resolution to move."""
    size = np.abs(values)
    fine = size > FINE_STEPS * _resolution(values)
    return np.asarray((window_range(values, steps) == 0) & fine & (size > 0))


def _resolution(values: FloatArray) -> FloatArray:
    """[substation, time] smallest move of a reading so far, 0 while it has never moved."""
    moves = np.abs(values - shifted(values, 1))
    least = least_so_far(np.where(moves > 1e-9, moves, np.inf))
    return np.where(np.isfinite(least), least, 0.0)


def _oil_departed(fleet: Fleet, signals: Signals) -> BoolArray:
    """Jumps that no oil can make, and values out of range."""
    quarters = max(fleet.interval_s / 900.0, 1.0)
    jump = np.abs(signals.oil_c - shifted(signals.oil_c, max(1, round(900 / fleet.interval_s))))
    low, high = OIL_RANGE_C
    return (jump > OIL_JUMP_K_PER_15_MIN * quarters) | (signals.oil_c > high) | (signals.oil_c < low)


def _after_gap(fleet: Fleet, absent: BoolArray) -> BoolArray:
    """Steps at the end of an hour or more without readings: the thermal model has lost its history."""
    return np.asarray(window_mean(absent.astype(np.float64), max(fleet.steps(1.0), 2)) > 0.99)


def _power_factor_departed(fleet: Fleet, signals: Signals) -> BoolArray:
    """The power factor channel does not say what P over S says."""
    true = true_power_factor(signals.rows.active_kw, signals.rows.apparent_kva)
    apart = window_median(np.abs(signals.rows.power_factor) - true, fleet.steps(1.0))
    rounding = _resolution(signals.rows.active_kw) + _resolution(signals.rows.apparent_kva)
    with np.errstate(divide="ignore", invalid="ignore"):
        tolerance = POWER_FACTOR_TOLERANCE + rounding / signals.rows.apparent_kva
    return np.asarray((np.abs(apart) > tolerance) & (signals.apparent > MIN_RATIO_LOADING))


def _stuck_distortion(fleet: Fleet, signals: Signals) -> BoolArray:
    """One phase's THD stands still while another one moves."""
    steps = max(fleet.steps(3.0), 6)
    phases = np.moveaxis(fleet.channels("thd_current_l1_pct", "thd_current_l2_pct", "thd_current_l3_pct"), -1, 0)
    still = np.any([_still(one, steps) for one in phases], axis=0)
    moving = np.any([window_range(one, steps) > 0 for one in phases], axis=0)
    return np.asarray(still & moving & (signals.apparent > MIN_RATIO_LOADING))
