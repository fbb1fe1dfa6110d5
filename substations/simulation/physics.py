"""One block of steps: demand, capacitor steps, power flow, harmonics, losses and oil temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Floats, Integers
from .bank_controller import BankController
from .capacitors import switch_steps
from .clock import LocalClock
from .effects import Effects
from .equipment import Units
from .load_flow import TAP_STEP, Flow
from .oil_temperature import REFERENCE_WINDING_C, follow, loss_factor, oil_targets, winding_temperature

MOTOR_TAN_PHI = 0.75
MOTOR_DUTY = 0.45
# Only part of a transformer's harmonic voltage drop adds to the harmonics that arrive from upstream.
HARMONIC_DIVERSITY = 0.6
# Beyond this the fundamental is so small that a meter shows no THD worth the name.
MAX_HIDDEN = 8.0


@dataclass(frozen=True, slots=True)
class Demand:
    """[time, substation] at nominal voltage ahead of the bank; ``phase_share`` [time, substation, 3] sums to 1.

    power_kw: of the loads; generation_kw: what plants behind the meter feed in, alike on the three phases.
    """

    power_kw: Floats
    reactive_kvar: Floats
    phase_share: Floats
    generation_kw: Floats

    @property
    def net_kw(self) -> Floats:
        """What the transformer carries; negative while the substation feeds in."""
        return self.power_kw - self.generation_kw

    def by_phase(self) -> tuple[Floats, Floats]:
        """kW and kvar [time, substation, phase] that the transformer carries."""
        generated = self.generation_kw[..., None] / 3
        return self.power_kw[..., None] * self.phase_share - generated, self.reactive_kvar[..., None] * self.phase_share

    def current_hidden(self) -> Floats:
        """[time, substation] current of the loads over what the transformer carries: generation hides the rest."""
        loads, carried = (np.hypot(kw, self.reactive_kvar) for kw in (self.power_kw, self.net_kw))
        ratio = np.divide(loads, carried, out=np.ones_like(loads), where=(carried > 0) & (self.generation_kw > 0))
        return np.minimum(ratio, MAX_HIDDEN)


@dataclass(frozen=True, slots=True)
class Losses:
    """[time, substation] in kW: ``feeder`` is the segment into the substation."""

    transformer: Floats
    no_load: Floats
    feeder: Floats
    feeder_allocated: Floats
    avoidable: Floats


@dataclass(frozen=True, slots=True)
class Physics:
    """True quantities of one block; distortion as a share of the fundamental."""

    times_s: Integers
    flow: Flow
    thd_current: Floats  # [time, substation, 3]
    thd_voltage: Floats
    oil_c: Floats
    frequency_hz: Floats  # [time]
    ambient_c: Floats  # [time]
    bank_steps: Floats
    effects: Effects
    losses: Losses


def demand(
    base_pu: Floats,
    times_s: Integers,
    noise: dict[str, Floats],
    effects: Effects,
    units: Units,
    generation_kw: Floats,
) -> Demand:
    """Load at the terminals from the shape per unit, noise, normal motors, the events' causes, and generation."""
    floor_kw = effects.load_floor_pu * units.rated_kva * 0.95
    base_kw = units.peak_kw * base_pu * effects.load_gain
    base_kw = np.maximum(base_kw, floor_kw) * np.exp(0.018 * noise["load_fast"] + 0.025 * noise["load_slow"])
    tan_phi = units.tan_phi * (1 + 0.025 * noise["tan_phi"])
    turn = times_s[:, None] / 60 / units.motor_period_min + units.motor_phase + 0.12 * noise["duty"]
    motor_kw = units.motor_kw * base_pu * (turn % 1 < MOTOR_DUTY)
    power = base_kw + motor_kw + effects.motor_kw
    reactive = base_kw * tan_phi + motor_kw * MOTOR_TAN_PHI + effects.motor_kvar
    weights = np.maximum(0.05, units.phase_weights + 0.008 * noise["phase"] + effects.phase_shift)
    return Demand(
        power * effects.is_feeding,
        reactive * effects.is_feeding,
        weights / weights.sum(axis=-1, keepdims=True),
        generation_kw * effects.is_feeding,
    )


def connected_banks(
    before: Floats, load: Demand, effects: Effects, units: Units, step_s: int, controller: BankController
) -> tuple[Floats, Floats]:
    """Steps connected and the kvar they give at nominal voltage, [time, substation] each.

    A fault takes whole steps of an automatic bank and elements of a fixed one.
    """
    is_fixed = units.bank_steps == 1
    left = units.bank_steps * (1 - effects.bank_lost)
    available = np.where(is_fixed, 1, np.round(left)) * effects.is_feeding
    steps = switch_steps(before, load.net_kw, load.reactive_kvar, available, units, step_s, controller)
    working = np.where(is_fixed, 1 - effects.bank_lost, 1.0)
    return steps, steps * units.bank_kvar / units.bank_steps * working


def distortion(
    flow: Flow, clock: LocalClock, noise: dict[str, Floats], effects: Effects, units: Units, hidden: Floats
) -> tuple[Floats, Floats]:
    """THD of current [time, substation, phase] and line voltage, as shares.

    Non-linear load grows slower than the load, so THD falls with the root of the current. Voltage distortion is
    the harmonic current through the transformer's reactance on top of what comes from upstream. hidden: current of
    the loads over that of the transformer, [time, substation]: generation takes the fundamental away, no harmonics.
    """
    load = flow.current_a / units.rated_a[:, None] * hidden[..., None]
    scale = np.sqrt(0.5 / np.maximum(load, 0.1))
    wobble = np.exp(0.05 * noise["thd"][..., None] + 0.03 * noise["thd_phase"])
    usual = units.thd_ref[:, None] * units.thd_phase * scale * wobble
    current = np.hypot(usual, effects.thd[..., None] * scale) * (load > 1e-6)
    drop = HARMONIC_DIVERSITY * (units.impedance_pu * np.sqrt(units.harmonic_h2))[:, None] * current * load
    evening = 0.0015 * np.cos(2 * np.pi * (clock.hour - 20.5) / 24)
    background = (0.0095 + evening) * np.exp(0.05 * noise["background_thd"])
    phase = np.hypot(background[:, None, None], drop)
    voltage = (phase + np.roll(phase, -1, axis=-1)) / 2 * effects.is_energised[..., None]
    return current * hidden[..., None], voltage


def temperatures_and_losses(
    flow: Flow,
    thd: Floats,
    oil_before: Floats,
    ambient_c: Floats,
    taps: Integers,
    effects: Effects,
    units: Units,
    paths: Floats,
    step_s: int,
) -> tuple[Floats, Losses]:
    """Oil temperature and losses; the losses see harmonics, winding temperature and core saturation."""
    squares = flow.current_a**2
    load_squared = squares.mean(axis=-1) / units.rated_a**2
    total = np.maximum(squares.sum(axis=-1), 1e-9)
    thd_mean = np.sqrt((squares * thd**2).sum(axis=-1) / total)
    at_reference = loss_factor(np.full_like(load_squared, REFERENCE_WINDING_C), thd_mean, units)
    rise = effects.oil_rise_factor
    targets = oil_targets(ambient_c, load_squared * at_reference, effects.is_energised, rise, units)
    oil = follow(oil_before, targets, rise, units, step_s)
    factor = loss_factor(winding_temperature(oil, load_squared), thd_mean, units)
    core_pu = flow.high_voltage_pu / (1 - TAP_STEP * taps)
    saturation = 1 + 3 * np.maximum(0.0, core_pu - 1.05)
    no_load = units.no_load_w * core_pu**2 * saturation * effects.is_energised / 1000
    load_loss = units.load_w * load_squared * factor / 1000
    return oil, _losses(flow, thd_mean, no_load, load_loss, units, paths)


def _losses(flow: Flow, thd: Floats, no_load: Floats, load_loss: Floats, units: Units, paths: Floats) -> Losses:
    power, reactive = flow.power_kw.sum(axis=-1), flow.reactive_kvar.sum(axis=-1)
    segment_squared = np.maximum(flow.segment_kw**2 + flow.segment_kvar**2, 1e-9)
    harmonic_kva = (thd * np.hypot(power, reactive)) @ paths.T
    feeder = flow.segment_loss_kw * (1 + harmonic_kva**2 / segment_squared)
    # A segment's loss goes with the square of its current: each load's part is its projection on the sum.
    own_kw = power + no_load + load_loss
    own_kvar = reactive + _own_kvar(power, reactive, units)
    allocated = own_kw * ((feeder * flow.segment_kw / segment_squared) @ paths) + own_kvar * (
        (feeder * flow.segment_kvar / segment_squared) @ paths
    )
    avoidable = _avoidable(power, reactive, load_loss, flow, segment_squared, paths)
    return Losses(no_load + load_loss, no_load, feeder, allocated, avoidable)


def _own_kvar(power: Floats, reactive: Floats, units: Units) -> Floats:
    """What the transformer itself draws: the core's magnetising and the leakage reactance's part."""
    squared = power**2 + reactive**2
    leakage = np.sqrt(units.impedance_pu**2 - (units.load_w / units.rated_kva / 1000) ** 2)
    return np.asarray(units.magnetising_pu * units.rated_kva + leakage * squared / units.rated_kva)


def _avoidable(
    power: Floats,
    reactive: Floats,
    load_loss: Floats,
    flow: Flow,
    segment_squared: Floats,
    paths: Floats,
    target: float = 0.95,
) -> Floats:
    """Loss saved if this substation alone were compensated to ``target``: exact for losses that go with S^2.

    Taking Qc away from a flow (P, Q) saves the share (2 Q Qc - Qc^2) / (P^2 + Q^2) of its loss.
    """
    surplus = np.maximum(0.0, reactive - np.abs(power) * np.tan(np.arccos(target)))
    own_squared = np.maximum(power**2 + reactive**2, 1e-9)
    own = load_loss * (2 * reactive * surplus - surplus**2) / own_squared
    per_square = flow.segment_loss_kw / segment_squared
    upstream = 2 * surplus * ((per_square * flow.segment_kvar) @ paths) - surplus**2 * (per_square @ paths)
    return np.asarray(own + upstream)
