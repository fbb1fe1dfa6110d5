"""What an event does to the grid. Readings are the meter's business: see ``field_meters``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from substations.simulation.arrays import Flags, Floats, Integers

from .recipe import hour_of_day, weekday

ALL = "ALL"
LOSS_KINDS = (
    "capacitor_failure", "low_pf_motor", "overload", "phase_imbalance", "harmonic_injection", "tap_voltage",
    "cooling_failure",
)  # fmt: skip
READING_KINDS = ("sensor_fault", "data_gap")
TARGET_TAN_PHI = float(np.tan(np.arccos(0.95)))


@dataclass(frozen=True, slots=True)
class SimulatedIncident:
    """Something that happens at one substation, or at all of them; its form and figures vary by kind."""

    kind: str
    substation: int  # -1: all
    start_s: int
    end_s: int
    form: str
    ramp_hours: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def is_loss(self) -> bool:
        return self.kind in LOSS_KINDS


@dataclass(slots=True)
class Causes:
    """Neutral until an incident changes it: [step, substation], some with a third axis, some [step]."""

    motor_gain: Floats
    other_gain: Floats
    extra_kw: Floats
    extra_kvar: Floats
    phase_kw: Floats  # [step, substation, 3], of a single-phase load that moved; adds up to 0
    injected_pu: Floats  # harmonic current of a drive, per unit of rated
    is_resonant: Flags
    tap: Integers
    hindrance: Floats
    dead_units: Integers
    health: Floats
    open_phase: Integers  # 1 to 3: the bank's fuse of this phase is blown
    is_energised: Flags
    ambient_k: Floats  # [step]

    @classmethod
    def neutral(cls, steps: int, n: int) -> Causes:
        zero, one = np.zeros((steps, n)), np.ones((steps, n))
        whole = np.zeros((steps, n), dtype=int)
        return cls(
            one.copy(), one.copy(), zero.copy(), zero.copy(), np.zeros((steps, n, 3)), zero.copy(),
            np.zeros((steps, n), dtype=bool), whole.copy(), one.copy(), whole.copy(), one.copy(), whole.copy(),
            np.ones((steps, n), dtype=bool), np.zeros(steps),
        )  # fmt: skip


def strength_of(incident: SimulatedIncident, times_s: Integers) -> Floats:
    """[step] 0 outside, 1 inside; a gradual one grows along a smooth S over its ramp."""
    inside = (times_s >= incident.start_s) & (times_s < incident.end_s)
    if not incident.ramp_hours:
        return inside.astype(float)
    x = np.clip((times_s - incident.start_s + 1) / (incident.ramp_hours * 3600), 0, 1)
    return np.asarray(inside * x * x * (3 - 2 * x))


def causes_of(incidents: Iterable[SimulatedIncident], times_s: Integers, n: int) -> Causes:
    """The joint effect of incidents on these steps."""
    causes = Causes.neutral(len(times_s), n)
    for incident in incidents:
        act = _ACTS.get(incident.kind)
        if act is not None and incident.end_s > times_s[0] and incident.start_s <= times_s[-1]:
            act(causes, incident, strength_of(incident, times_s), times_s)
    return causes


def _capacitor(c: Causes, i: SimulatedIncident, w: Floats, times_s: Integers) -> None:
    """``units_lost``, ``fuse`` of one phase, or ``drift``: the capacitance fades."""
    at = i.substation
    if i.form == "units_lost":
        c.dead_units[w > 0, at] = int(i.figures["units"])
    elif i.form == "fuse":
        c.open_phase[w > 0, at] = int(i.figures["phase"])
    else:
        c.health[:, at] *= 1 - w * i.figures["share"]


def running(incident: SimulatedIncident, times_s: Integers) -> Floats:
    """[step] 0 to 1, whether the machine of an incident runs: by duty cycle, with soft starts, or in a shift."""
    since = times_s - incident.start_s
    hour, f = hour_of_day(times_s), incident.figures
    if incident.form == "shift":
        return ((hour >= f["first"]) & (hour < f["last"]) & (weekday(times_s) < 6)).astype(float)
    cycle = f["cycle_min"] * 60
    # Cycles drift against the clock: each is a little longer than the last.
    turn = (since / cycle) * (1 + 0.07 * np.sin(since / cycle / 3))
    part = turn % 1
    if incident.form == "soft_start":
        return np.asarray(np.clip(part / f["start_share"], 0.3, 1) * (part < f["duty"]))
    return (part < f["duty"]).astype(float)


def _machine(c: Causes, i: SimulatedIncident, w: Floats, times_s: Integers) -> None:
    """kW while it runs, and kvar that hardly depend on how loaded it is."""
    run, f = running(i, times_s), i.figures
    soft = 1.25 if i.form == "soft_start" else 1.0
    magnetising = np.where(run > 0, 0.6 * soft + (1 - 0.6 * soft) * run, f["idle"])
    kw = f["kw"] * np.where(run > 0, run, 0.15 * f["idle"])
    kvar = kw * TARGET_TAN_PHI if "corrected" in f else f["kw"] * f["tan_phi"] * magnetising
    c.extra_kw[:, i.substation] += w * kw
    c.extra_kvar[:, i.substation] += w * kvar


def _overload(c: Causes, i: SimulatedIncident, w: Floats, times_s: Integers) -> None:
    """A block of load beside the usual: ``ramp`` grows by itself, ``sudden`` does not."""
    f = i.figures
    wave = 1 + f["wave"] * np.sin(2 * np.pi * (times_s - i.start_s) / 3600 / f["wave_h"])
    c.extra_kw[:, i.substation] += w * f["kw"] * wave
    c.extra_kvar[:, i.substation] += w * f["kw"] * wave * f["tan_phi"]


def _imbalance(c: Causes, i: SimulatedIncident, w: Floats, times_s: Integers) -> None:
    """A single-phase load: on one phase for good, or ``moving`` on to the next one every few hours."""
    f = i.figures
    hours = (times_s - i.start_s) // 3600
    phase = (int(f["phase"]) + (hours // f["hours"] if i.form == "moving" else np.zeros_like(hours))).astype(int) % 3
    pattern = np.full((len(times_s), 3), -0.5)
    pattern[np.arange(len(times_s)), phase] = 1.0
    c.phase_kw[:, i.substation] += (w * f["kw"])[:, None] * pattern


def _harmonics(c: Causes, i: SimulatedIncident, w: Floats, times_s: Integers) -> None:
    """A drive without filter; with ``resonance`` the bank has lost its detuning and amplifies it."""
    run = 0.25 + 0.75 * running(i, times_s) if "cycle_min" in i.figures else 1.0
    c.injected_pu[:, i.substation] += w * i.figures["amps_pu"] * run
    if i.form == "resonance":
        c.is_resonant[:, i.substation] |= w > 0


def _tap(c: Causes, i: SimulatedIncident, w: Floats, times_s: Integers) -> None:
    c.tap[:, i.substation] += np.where(w > 0, int(i.figures["steps"]), 0)


def _cooling(c: Causes, i: SimulatedIncident, w: Floats, times_s: Integers) -> None:
    """``fans_off`` at once, ``fouled`` over a day."""
    c.hindrance[:, i.substation] *= 1 + w * (i.figures["factor"] - 1)


def _outage(c: Causes, i: SimulatedIncident, w: Floats, times_s: Integers) -> None:
    """``dead``: nothing energised; ``half``: one busbar section is off."""
    left = i.figures.get("left", 0.0)
    c.motor_gain[:, i.substation] *= 1 - w * (1 - left)
    c.other_gain[:, i.substation] *= 1 - w * (1 - left)
    if i.form == "dead":
        c.is_energised[:, i.substation] &= w == 0


def _growth(c: Causes, i: SimulatedIncident, w: Floats, times_s: Integers) -> None:
    c.motor_gain[:, i.substation] *= 1 + w * i.figures["share"]
    c.other_gain[:, i.substation] *= 1 + w * i.figures["share"]


def _holiday(c: Causes, i: SimulatedIncident, w: Floats, times_s: Integers) -> None:
    """Work stands still; what is left depends on the substation, drawn from one figure."""
    n = c.motor_gain.shape[1]
    spread = np.random.default_rng(int(i.figures["draw"]))
    c.motor_gain *= 1 - w[:, None] * spread.uniform(0.2, 0.85, n)
    c.other_gain *= 1 - w[:, None] * spread.uniform(0.05, 0.6, n)


def _cold(c: Causes, i: SimulatedIncident, w: Floats, times_s: Integers) -> None:
    """Colder air and resistive heaters everywhere, more in some places."""
    n = c.motor_gain.shape[1]
    spread = np.random.default_rng(int(i.figures["draw"]))
    c.ambient_k += w * i.figures["kelvin"]
    c.other_gain *= 1 + w[:, None] * i.figures["share"] * spread.uniform(0.5, 1.6, n)


_ACTS: dict[str, Callable[[Causes, SimulatedIncident, Floats, Integers], None]] = {
    "capacitor_failure": _capacitor,
    "low_pf_motor": _machine,
    "overload": _overload,
    "phase_imbalance": _imbalance,
    "harmonic_injection": _harmonics,
    "tap_voltage": _tap,
    "cooling_failure": _cooling,
    "maintenance_outage": _outage,
    "load_growth": _growth,
    "holiday": _holiday,
    "cold_day": _cold,
}
