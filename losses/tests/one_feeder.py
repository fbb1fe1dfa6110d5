"""A small network with loads that are known exactly."""

from __future__ import annotations

from typing import Any

import numpy as np

from losses.accounting.metered_power import MeteredPower, Plates, plates_of
from substations.electrical.nameplate import Nameplate
from substations.electrical.power import FloatArray
from substations.electrical.topology import Feeder, Segment, feeders

NOMINAL_V = 11_000.0
# Two behind one another, the third on a branch of its own.
SEGMENTS = (
    Segment(None, "A", r_ohm=0.6, x_ohm=0.7),
    Segment("A", "B", r_ohm=0.4, x_ohm=0.5),
    Segment("A", "C", r_ohm=0.3, x_ohm=0.2),
)
CODES = ("A", "B", "C")


def nameplate(code: str = "A", **values: Any) -> Nameplate:
    fields: dict[str, Any] = {
        "rated_kva": 1000.0, "nominal_v": 400.0, "hv_nominal_v": NOMINAL_V, "no_load_loss_w": 1400.0,
        "load_loss_w": 10_500.0, "impedance_pct": 6.0,
    }  # fmt: skip
    return Nameplate(code, **(fields | values))


def plates(count: int = 1, **values: Any) -> Plates:
    return plates_of(tuple(nameplate(CODES[number], **values) for number in range(count)))


def metered(active_kw: Any, reactive_kvar: Any, **values: Any) -> MeteredPower:
    """[substation, time] readings at nominal voltage, balanced, without harmonics, with warm oil."""
    active, reactive = np.atleast_2d(np.asarray(active_kw, float)), np.atleast_2d(np.asarray(reactive_kvar, float))
    one = np.ones(np.broadcast_shapes(active.shape, reactive.shape))
    fields: dict[str, Any] = {
        "active_kw": active * one,
        "reactive_kvar": reactive * one,
        "apparent_kva": np.hypot(active, reactive) * one,
        "voltage_pu": one,
        "distortion": 0.0 * one,
        "imbalance": one,
        "top_oil_c": 70.0 * one,
        "is_valid": np.isfinite(active * reactive * one),
    }
    return MeteredPower(**(fields | {name: np.broadcast_to(value, one.shape) for name, value in values.items()}))


def feeder(segments: tuple[Segment, ...] = SEGMENTS) -> Feeder:
    (only,) = feeders(CODES, segments)
    return only


def at_power_factor(active_kw: Any, power_factor: float) -> FloatArray:
    return np.asarray(np.asarray(active_kw, dtype=np.float64) * np.tan(np.arccos(power_factor)))
