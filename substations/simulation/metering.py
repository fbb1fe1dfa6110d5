"""The power meter and the oil thermometer: true quantities in, readings out, faults and gaps included.

Errors stay within class 0.5 (gain per current and voltage transformer, angle error, noise) and all powers come
from the same samples, as in a real meter: the power triangle holds unless a sensor fault breaks it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from substations.channels import CHANNEL_INDEX, CHANNEL_NAMES

from .arrays import Floats
from .effects import number, strength
from .equipment import Units
from .load_flow import Flow
from .physics import Physics
from .spec import EventRequest

MISSING_ROW_SHARE = 0.001
BLANK_CELL_SHARE = 0.0003
# The registers of an export are not latched at one instant: each has a little noise of its own.
REGISTER_NOISE = 0.001
_DECIMALS = {"kw": 2, "kva": 2, "kvar": 2, "factor": 3, "a": 1, "v": 1, "hz": 2, "c": 1}
DECIMALS = tuple(
    (1 if "thd_current" in name else 2) if name.endswith("pct") else _DECIMALS[name.rsplit("_", 1)[1]]
    for name in CHANNEL_NAMES
)
_CURRENTS = [CHANNEL_INDEX[f"current_l{phase}_a"] for phase in (1, 2, 3)]
_VOLTAGES = [CHANNEL_INDEX[f"voltage_l{pair}_v"] for pair in (12, 23, 31)]
_CURRENT_THD = [CHANNEL_INDEX[f"thd_current_l{phase}_pct"] for phase in (1, 2, 3)]
_OIL = CHANNEL_INDEX["oil_temperature_c"]


@dataclass(frozen=True, slots=True)
class MeterState:
    """The last readings, and what each stuck sensor has been showing since its fault began."""

    previous: Floats  # [substation, channel]
    held: dict[tuple[str, int], Floats] = field(default_factory=dict)

    @classmethod
    def fresh(cls, n: int) -> MeterState:
        return cls(np.full((n, len(CHANNEL_NAMES)), np.nan))


def read(
    physics: Physics,
    units: Units,
    rng: np.random.Generator,
    events: Iterable[EventRequest],
    codes: tuple[str, ...],
    state: MeterState,
) -> tuple[Floats, MeterState]:
    """Readings [time, substation, channel] of one block, NaN where missing, and the state of the meters."""
    values = _measure(physics, units, rng)
    missing = rng.random(values.shape[:2]) < MISSING_ROW_SHARE
    blank = rng.random(values.shape) < BLANK_CELL_SHARE
    held = dict(state.held)
    index = {code: i for i, code in enumerate(codes)}
    for event in events:
        inside = strength(event, physics.times_s) > 0
        if not inside.any() or event.kind not in ("sensor_fault", "data_gap"):
            continue
        column = index[event.substation]
        if event.kind == "data_gap":
            missing[inside, column] = True
            continue
        first = int(np.argmax(inside))
        before = values[first - 1, column] if first else state.previous[column]
        stuck = held.setdefault((event.substation, event.start_s), np.where(np.isnan(before), 0.0, before))
        values[inside, column] = _faulty(values[inside, column], event, stuck)
    for channel, decimals in enumerate(DECIMALS):
        values[..., channel] = np.round(values[..., channel], decimals)
    last = values[-1].copy()
    values[blank] = np.nan
    values[missing] = np.nan
    return values, MeterState(last, held)


def _measure(physics: Physics, units: Units, rng: np.random.Generator) -> Floats:
    """Healthy readings, unrounded."""
    flow, shape = physics.flow, physics.flow.current_a.shape
    current = flow.current_a * np.sqrt(1 + physics.thd_current**2) * units.current_gain
    current = current * (1 + rng.normal(0, 0.0005, shape))
    phase_v = flow.phase_v * units.voltage_gain
    line_v = flow.line_v * units.voltage_gain * (1 + rng.normal(0, 0.0004, shape))
    line_v = line_v * physics.effects.is_energised[..., None]
    apparent_kva = (phase_v * current).sum(axis=-1) / 1000 * (1 + rng.normal(0, REGISTER_NOISE, shape[:2]))
    power_kw, reactive_kvar = _powers(flow, units, rng)
    factor = np.divide(power_kw, apparent_kva, out=np.zeros_like(power_kw), where=apparent_kva > 0.05)
    frequency = physics.frequency_hz[:, None] * physics.effects.is_energised + rng.normal(0, 0.002, shape[:2])
    oil = physics.oil_c + rng.normal(0, 0.25, shape[:2])
    distorted = [100 * thd * (1 + rng.normal(0, 0.02, shape)) for thd in (physics.thd_current, physics.thd_voltage)]
    columns = [power_kw, apparent_kva, reactive_kvar, np.clip(factor, -1, 1)]
    columns += [*np.moveaxis(current, -1, 0), current.mean(axis=-1)]
    columns += [*np.moveaxis(line_v, -1, 0), line_v.mean(axis=-1), np.maximum(0, frequency)]
    columns += [*np.moveaxis(distorted[0], -1, 0), *np.moveaxis(distorted[1], -1, 0), oil]
    values = np.stack(columns, axis=-1)
    # An open breaker leaves no current to measure, not even noise.
    off = ~physics.effects.is_feeding
    values[off, :8] = 0.0
    values[off] = np.where(np.isin(np.arange(values.shape[-1]), _CURRENT_THD), 0.0, values[off])
    return values


def _powers(flow: Flow, units: Units, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """kW and kvar [time, substation] with the gains and the angle error of the instrument transformers."""
    gain = units.current_gain * units.voltage_gain
    power, reactive = (flow.power_kw * gain).sum(axis=-1), (flow.reactive_kvar * gain).sum(axis=-1)
    angle = units.angle_error_rad
    register = 1 + rng.normal(0, REGISTER_NOISE, (2, *power.shape))
    return (power - angle * reactive) * register[0], (reactive + angle * power) * register[1]


def _faulty(values: Floats, event: EventRequest, stuck: Floats) -> Floats:
    """What the meter shows of ``values`` [time, channel] during a fault; ``stuck`` is its last good reading."""
    mode = str(event.size.get("mode", "ct_drift"))
    phase = int(number(event, "phase", 1)) - 1
    amount = number(event, "amount", 0.5)
    shown = values.copy()
    if mode == "frozen":
        shown[:] = stuck
    elif mode == "power_register":
        shown[:, CHANNEL_INDEX["active_power_kw"]] *= amount
    elif mode == "thd_stuck_high":
        shown[:, _CURRENT_THD[phase]] = 100 * amount
    elif mode.startswith("oil"):
        shown[:, _OIL] = {"oil_zero": 0.0, "oil_stuck": stuck[_OIL]}.get(mode, values[:, _OIL] + 60 * amount)
    elif mode.startswith("ct"):
        column = _CURRENTS[phase]
        shown[:, column] = stuck[column] if mode == "ct_stuck" else values[:, column] * amount
        shown[:, CHANNEL_INDEX["current_avg_a"]] = shown[:, _CURRENTS].mean(axis=1)
    else:  # vt_low: both line voltages of the phase
        for column in (_VOLTAGES[phase], _VOLTAGES[phase - 1]):
            shown[:, column] *= 1 - 0.4 * amount
        shown[:, CHANNEL_INDEX["voltage_avg_v"]] = shown[:, _VOLTAGES].mean(axis=1)
    return shown
