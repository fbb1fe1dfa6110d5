"""What each fault does to the readings of one substation: the same physics in the meter's own channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis.terms import HOUR_S
from mlcore.injection.bank import InferredBank
from mlcore.injection.fault_plan import InjectedFault
from substations.channels import CHANNEL_INDEX
from substations.electrical.power import FloatArray
from substations.electrical.thermal import OIL_EXPONENT, OIL_TIME_CONSTANT_MIN, first_order_lag

CURRENTS = [CHANNEL_INDEX[name] for name in ("current_l1_a", "current_l2_a", "current_l3_a")]
MEAN_CURRENT = CHANNEL_INDEX["current_avg_a"]
VOLTAGES = [CHANNEL_INDEX[name] for name in ("voltage_l12_v", "voltage_l23_v", "voltage_l31_v", "voltage_avg_v")]
CURRENT_THD = [CHANNEL_INDEX[name] for name in ("thd_current_l1_pct", "thd_current_l2_pct", "thd_current_l3_pct")]
KW, KVAR, KVA = (CHANNEL_INDEX[name] for name in ("active_power_kw", "reactive_power_kvar", "apparent_power_kva"))
POWER_FACTOR, OIL = CHANNEL_INDEX["power_factor"], CHANNEL_INDEX["oil_temperature_c"]

MOTOR_TAN_PHI, MOTOR_PERIOD_MIN, MOTOR_DUTY = (1.0, 2.2), (40.0, 300.0), (0.4, 0.95)
IDLE_KW, IDLE_KVAR = 0.2, 0.6
"""Chosen: a lightly loaded induction motor has a power factor of 0.3 to 0.7; idling, most of its kvar stay."""
LOAD_EXPONENT_KW, LOAD_EXPONENT_KVAR = 1.0, 2.5
"""How power follows voltage: constant-current loads in the mean, iron-cored ones steeper (IEEE Task Force 1993)."""


@dataclass(frozen=True)
class FaultSurroundings:
    """What a fault meets: nameplate, bank, and the modelled rise of the oil [time] in K."""

    rated_kva: float
    interval_s: int
    bank: InferredBank
    rise_k: FloatArray


def inject(values: FloatArray, at_s: np.ndarray, fault: InjectedFault, around: FaultSurroundings) -> None:
    """Change readings [time, channel] in place as the fault would; what is missing stays missing."""
    inside = (at_s >= fault.start_s) & (at_s < fault.end_s)
    if not inside.any():
        return
    hours = (at_s[inside] - fault.start_s + 1) / HOUR_S
    strength = np.clip(hours / fault.ramp_hours, 0.0, 1.0) if fault.ramp_hours else np.ones(len(hours))
    part = values[inside]
    before_kva = np.hypot(part[:, KW], part[:, KVAR])
    _EFFECTS[fault.cause](part, _Stretch(fault, strength, hours, inside, around))
    _follow(part, before_kva, around, inside)
    values[inside] = part


@dataclass(frozen=True)
class _Stretch:
    """The steps of a fault: its strength 0 to 1 and hours since it began, [step]."""

    fault: InjectedFault
    strength: FloatArray
    hours: FloatArray
    inside: np.ndarray
    around: FaultSurroundings

    @property
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(self.fault.seed)


def _capacitor(part: FloatArray, at: _Stretch) -> None:
    part[:, KVAR] += at.strength * at.around.bank.lost(at.fault.size)[at.inside]


def _motor(part: FloatArray, at: _Stretch) -> None:
    rng, bank = at.rng, at.around.bank
    tan_phi, period_min, duty = (float(rng.uniform(*each)) for each in (MOTOR_TAN_PHI, MOTOR_PERIOD_MIN, MOTOR_DUTY))
    is_on = (at.hours * 60.0) % period_min < duty * period_min
    more_kw = at.strength * at.fault.size * at.around.rated_kva * np.where(is_on, 1.0, IDLE_KW)
    kvar = at.strength * at.fault.size * at.around.rated_kva * tan_phi * np.where(is_on, 1.0, IDLE_KVAR)
    held = _held(bank, at.inside, kvar)
    part[:, KW] += more_kw
    part[:, KVAR] += kvar - held


def _held(bank: InferredBank, inside: np.ndarray, kvar: FloatArray) -> FloatArray:
    whole = np.zeros(len(inside))
    whole[inside] = kvar
    return np.asarray(bank.compensated(whole)[inside])


def _overload(part: FloatArray, at: _Stretch) -> None:
    loading = np.hypot(part[:, KW], part[:, KVAR]) / at.around.rated_kva
    wanted = np.maximum(at.strength * at.fault.size, loading)
    gain = wanted / np.maximum(loading, 0.05)
    part[:, KW] *= gain
    part[:, KVAR] *= gain


def _imbalance(part: FloatArray, at: _Stretch) -> None:
    rng = at.rng
    split = float(rng.uniform(0.3, 0.7))
    pattern = np.roll([1.0, -split, split - 1.0], int(rng.integers(3)))
    mean = part[:, CURRENTS].mean(axis=1)
    part[:, CURRENTS] = np.maximum(part[:, CURRENTS] + (at.strength * at.fault.size * mean)[:, None] * pattern, 0.0)


def _harmonics(part: FloatArray, at: _Stretch) -> None:
    loading = np.maximum(np.hypot(part[:, KW], part[:, KVAR]) / at.around.rated_kva, 0.05)
    added = 100.0 * at.strength * at.fault.size * np.sqrt(0.5 / loading)
    part[:, CURRENT_THD] = np.hypot(part[:, CURRENT_THD], added[:, None])


def _tap(part: FloatArray, at: _Stretch) -> None:
    step = 1.0 + at.fault.size * (1.0 if at.rng.random() < 0.5 else -1.0)
    part[:, VOLTAGES] *= step
    part[:, KW] *= step**LOAD_EXPONENT_KW
    part[:, KVAR] *= step**LOAD_EXPONENT_KVAR
    part[:, [*CURRENTS, MEAN_CURRENT]] /= step  # ``_follow`` multiplies by what the power has become


def _cooling(part: FloatArray, at: _Stretch) -> None:
    more = at.strength * (at.fault.size - 1.0) * at.around.rise_k[at.inside]
    part[:, OIL] += _warmed(more, at.around.interval_s)


def _warmed(more_k: FloatArray, interval_s: int) -> FloatArray:
    """How oil that was in equilibrium follows a change of its final temperature, [step] in K."""
    at_rest = np.concatenate([[0.0], more_k])
    return first_order_lag(at_rest, interval_s, OIL_TIME_CONSTANT_MIN * 60.0)[1:]


def _follow(part: FloatArray, before_kva: FloatArray, around: FaultSurroundings, inside: np.ndarray) -> None:
    """Apparent power, power factor, currents and oil as they follow from the powers that have changed."""
    after_kva = np.hypot(part[:, KW], part[:, KVAR])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(before_kva > 0, after_kva / before_kva, 1.0)
        ratio = np.where(np.isfinite(ratio), ratio, 1.0)
        part[:, KVA] *= ratio
        part[:, POWER_FACTOR] = np.where(
            np.isfinite(part[:, POWER_FACTOR]),
            np.sign(part[:, POWER_FACTOR]) * np.minimum(np.abs(part[:, KW]) / part[:, KVA], 1.0),
            np.nan,
        )
    part[:, [*CURRENTS, MEAN_CURRENT]] *= ratio[:, None]
    warmer = around.rise_k[inside] * (ratio ** (2.0 * OIL_EXPONENT) - 1.0)
    part[:, OIL] += _warmed(np.nan_to_num(warmer), around.interval_s)


_EFFECTS: dict[str, Callable[[FloatArray, _Stretch], None]] = {
    "capacitor_failure": _capacitor,
    "low_pf_motor": _motor,
    "overload": _overload,
    "phase_imbalance": _imbalance,
    "harmonic_injection": _harmonics,
    "tap_voltage": _tap,
    "cooling_failure": _cooling,
}
