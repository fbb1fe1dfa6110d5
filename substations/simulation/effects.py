"""What an event does to the causes of the physics (never to the readings: those are the meter's)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from .arrays import Flags, Floats, Integers
from .spec import EVERYWHERE, EventRequest


@dataclass(slots=True)
class Effects:
    """One array [time] or [time, substation] per cause, neutral until an event changes it."""

    load_gain: Floats
    load_floor_pu: Floats
    motor_kw: Floats
    motor_kvar: Floats
    phase_shift: Floats  # [time, substation, 3], sums to 0
    thd: Floats
    tap_steps: Integers
    oil_rise_factor: Floats
    bank_lost: Floats
    is_feeding: Flags  # the low-voltage breaker is closed
    is_energised: Flags
    is_day_off: Flags
    ambient_shift_k: Floats

    @classmethod
    def neutral(cls, steps: int, n: int) -> Effects:
        return cls(
            load_gain=np.ones((steps, n)),
            load_floor_pu=np.zeros((steps, n)),
            motor_kw=np.zeros((steps, n)),
            motor_kvar=np.zeros((steps, n)),
            phase_shift=np.zeros((steps, n, 3)),
            thd=np.zeros((steps, n)),
            tap_steps=np.zeros((steps, n), dtype=int),
            oil_rise_factor=np.ones((steps, n)),
            bank_lost=np.zeros((steps, n)),
            is_feeding=np.ones((steps, n), dtype=bool),
            is_energised=np.ones((steps, n), dtype=bool),
            is_day_off=np.zeros(steps, dtype=bool),
            ambient_shift_k=np.zeros(steps),
        )


def strength(event: EventRequest, times_s: Integers) -> Floats:
    """[time] 0 outside the event, 1 inside, linear over the ramp."""
    inside = (times_s >= event.start_s) & (times_s < event.end_s)
    if event.ramp_hours == 0:
        return inside.astype(float)
    # The ramp starts one second early, or the first step of a gradual event would do nothing at all.
    return inside.astype(float) * np.clip((times_s - event.start_s + 1) / (event.ramp_hours * 3600), 0, 1)


def gather(events: Iterable[EventRequest], times_s: Integers, codes: tuple[str, ...]) -> Effects:
    """The joint effects of all events on the steps ``times_s``."""
    effects = Effects.neutral(len(times_s), len(codes))
    index = {code: i for i, code in enumerate(codes)}
    for event in events:
        handler = _HANDLERS.get(event.kind)
        if handler is None or event.end_s <= times_s[0] or event.start_s > times_s[-1]:
            continue
        column = -1 if event.substation == EVERYWHERE else index[event.substation]
        handler(effects, column, strength(event, times_s), times_s, event)
    return effects


def number(event: EventRequest, name: str, default: float) -> float:
    return float(event.size.get(name, default))


def _capacitor_failure(e: Effects, i: int, w: Floats, times_s: Integers, event: EventRequest) -> None:
    """``lost``: share of the bank that no longer works."""
    e.bank_lost[:, i] = np.maximum(e.bank_lost[:, i], w * number(event, "lost", 0.8))


def _low_pf_motor(e: Effects, i: int, w: Floats, times_s: Integers, event: EventRequest) -> None:
    """``power_kw`` at ``tan_phi``, on for ``duty`` of ``period_min``; idling it keeps most of its kvar."""
    period_s = number(event, "period_min", 150) * 60
    is_on = (times_s - event.start_s) % period_s < number(event, "duty", 0.75) * period_s
    power_kw, tan_phi = number(event, "power_kw", 60), number(event, "tan_phi", 1.5)
    e.motor_kw[:, i] += w * power_kw * np.where(is_on, 1.0, 0.25)
    e.motor_kvar[:, i] += w * power_kw * tan_phi * np.where(is_on, 1.0, 0.55)


def _overload(e: Effects, i: int, w: Floats, times_s: Integers, event: EventRequest) -> None:
    """``load_pu``: the least load during the event, per unit of the rated kVA, at the usual power factor."""
    e.load_floor_pu[:, i] = np.maximum(e.load_floor_pu[:, i], w * number(event, "load_pu", 1.15))


def _phase_imbalance(e: Effects, i: int, w: Floats, times_s: Integers, event: EventRequest) -> None:
    """``deviation`` moves to phase ``phase`` (1 to 3) from the two others, ``split`` of it from the next one."""
    deviation, split = number(event, "deviation", 0.5), number(event, "split", 0.5)
    pattern = np.roll([1.0, -split, split - 1.0], int(number(event, "phase", 1)) - 1)
    e.phase_shift[:, i] += w[:, None] * deviation * pattern


def _harmonic_injection(e: Effects, i: int, w: Floats, times_s: Integers, event: EventRequest) -> None:
    """``thd``: added current distortion as a share of the fundamental at half load."""
    e.thd[:, i] = np.hypot(e.thd[:, i], w * number(event, "thd", 0.22))


def _tap_voltage(e: Effects, i: int, w: Floats, times_s: Integers, event: EventRequest) -> None:
    """``steps`` of 2.5 %, positive raises the low voltage."""
    e.tap_steps[:, i] += np.where(w > 0, int(number(event, "steps", 2)), 0)


def _cooling_failure(e: Effects, i: int, w: Floats, times_s: Integers, event: EventRequest) -> None:
    """``factor`` on the top-oil rise."""
    e.oil_rise_factor[:, i] *= 1 + w * (number(event, "factor", 2.0) - 1)


def _maintenance_outage(e: Effects, i: int, w: Floats, times_s: Integers, event: EventRequest) -> None:
    """The breaker is open; with ``mode`` "dead" the transformer is switched off too."""
    e.is_feeding[:, i] &= w == 0
    if event.size.get("mode") == "dead":
        e.is_energised[:, i] &= w == 0


def _load_growth(e: Effects, i: int, w: Floats, times_s: Integers, event: EventRequest) -> None:
    """``load``: share added to the load."""
    e.load_gain[:, i] *= 1 + w * number(event, "load", 0.1)


def _holiday(e: Effects, i: int, w: Floats, times_s: Integers, event: EventRequest) -> None:
    e.is_day_off |= w > 0


def _cold_day(e: Effects, i: int, w: Floats, times_s: Integers, event: EventRequest) -> None:
    """``shift_k`` on the ambient temperature (negative) and ``load``, the share that heaters add to the load."""
    e.ambient_shift_k += w * number(event, "shift_k", -8.0)
    e.load_gain *= 1 + w[:, None] * number(event, "load", 0.12)


_Handler = Callable[[Effects, int, Floats, Integers, EventRequest], None]
_HANDLERS: dict[str, _Handler] = {
    "capacitor_failure": _capacitor_failure,
    "low_pf_motor": _low_pf_motor,
    "overload": _overload,
    "phase_imbalance": _phase_imbalance,
    "harmonic_injection": _harmonic_injection,
    "tap_voltage": _tap_voltage,
    "cooling_failure": _cooling_failure,
    "maintenance_outage": _maintenance_outage,
    "load_growth": _load_growth,
    "holiday": _holiday,
    "cold_day": _cold_day,
}
