"""A small made-up fleet with known faults, for the tests of the diagnosis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from mlcore.diagnosis.fleet import Fleet
from substations.channels import CHANNEL_INDEX, CHANNEL_NAMES
from substations.electrical.nameplate import Nameplate
from substations.electrical.power import BoolArray, FloatArray
from substations.electrical.thermal import top_oil_rise_k
from substations.electrical.topology import Segment

START_S = 1_735_689_600  # Wednesday, 1 January 2025, 00:00 UTC
DAYS, TRAIN_DAYS = 24, 17
RATED_KVA, NOMINAL_V, HIGH_V = 630.0, 400.0, 11_000.0
NO_LOAD_W, LOAD_W = 1030.0, 6500.0


@dataclass
class Load:
    """What happens on the low-voltage side, [substation, time]; faults change it before it is metered."""

    active: FloatArray
    reactive: FloatArray
    voltage: FloatArray
    distortion: FloatArray
    shares: FloatArray
    oil_extra_k: FloatArray
    hours: FloatArray = field(default_factory=lambda: np.zeros(0))

    def between(self, first_h: float, last_h: float) -> BoolArray:
        """[time] mask of hours since the start."""
        return (self.hours >= first_h) & (self.hours < last_h)


def made_fleet(
    change: Callable[[Load], None] | None = None,
    *,
    substations: int = 6,
    interval_s: int = 1800,
    days: int = DAYS,
    seed: int = 7,
    wired: bool = True,
) -> Fleet:
    """Readings of ``substations`` equal transformers with daily and weekly load; ``change`` injects faults."""
    rng = np.random.default_rng(seed)
    at_s = START_S + interval_s * np.arange(days * 86_400 // interval_s, dtype=np.int64)
    load = _load(rng, substations, at_s)
    if change is not None:
        change(load)
    codes = tuple(f"T{number + 1}" for number in range(substations))
    plates = tuple(Nameplate(code, RATED_KVA, NOMINAL_V, HIGH_V, NO_LOAD_W, LOAD_W) for code in codes)
    chain = (None, *codes[:-1])
    segments = tuple(Segment(a, b, 0.4, 0.4, 1.0) for a, b in zip(chain, codes, strict=True))
    values = _metered(rng, load, interval_s)
    return Fleet(codes, at_s, interval_s, values, plates, segments if wired else ())


def training(fleet: Fleet, days: int = TRAIN_DAYS) -> BoolArray:
    """[time] the first days of the record."""
    return np.asarray(fleet.at_s < fleet.at_s[0] + days * 86_400)


def _load(rng: np.random.Generator, substations: int, at_s: np.ndarray) -> Load:
    hours = (at_s - at_s[0]) / 3600.0
    shape = (substations, len(at_s))
    weekend = (at_s // 86_400 + 3) % 7 >= 5
    daily = 0.45 + 0.18 * np.sin(2 * np.pi * (hours - 9.0) / 24.0)
    level = rng.uniform(0.8, 1.1, (substations, 1))
    active = daily * np.where(weekend, 0.8, 1.0) * level * np.exp(0.02 * rng.standard_normal(shape))
    reactive = 0.7 * active - 0.15 + 0.006 * rng.standard_normal(shape)
    supply = 1.0 + 0.004 * np.sin(2 * np.pi * hours / 31.0) + 0.001 * rng.standard_normal(len(at_s))
    return Load(
        active=active,
        reactive=reactive,
        voltage=supply - 0.02 * active,
        distortion=0.05 + 0.003 * rng.standard_normal(shape),
        shares=np.broadcast_to([1.02, 0.99, 0.99], (*shape, 3)).copy(),
        oil_extra_k=np.zeros(shape),
        hours=hours,
    )


def _metered(rng: np.random.Generator, load: Load, interval_s: int) -> FloatArray:
    """The load as a class-0.5 meter shows it."""
    shape = load.active.shape
    fundamental = np.hypot(load.active, load.reactive)
    apparent = fundamental * np.sqrt(1.0 + load.distortion**2)
    current = apparent * RATED_KVA * 1000.0 / (np.sqrt(3.0) * NOMINAL_V * load.voltage)
    rise = top_oil_rise_k((fundamental / load.voltage) ** 2, LOAD_W / NO_LOAD_W, interval_s=interval_s)
    ambient = 15.0 + 5.0 * np.sin(2 * np.pi * (load.hours - 10.0) / 24.0)

    def noisy(values: FloatArray, error: float = 0.001) -> FloatArray:
        return np.asarray(values * (1.0 + error * rng.standard_normal(shape)))

    measured = {
        "active_power_kw": noisy(load.active * RATED_KVA),
        "apparent_power_kva": noisy(apparent * RATED_KVA),
        "reactive_power_kvar": noisy(load.reactive * RATED_KVA),
        "power_factor": load.active / apparent,
        "current_avg_a": noisy(current),
        "voltage_avg_v": noisy(load.voltage * NOMINAL_V, 0.0005),
        "frequency_hz": np.full(shape, 50.0),
        "oil_temperature_c": ambient + rise + load.oil_extra_k + 0.2 * rng.standard_normal(shape),
    }
    for number, pair in enumerate(("l12", "l23", "l31")):
        measured[f"current_l{number + 1}_a"] = noisy(current * load.shares[..., number])
        measured[f"voltage_{pair}_v"] = noisy(load.voltage * NOMINAL_V, 0.0005)
        measured[f"thd_current_l{number + 1}_pct"] = noisy(100.0 * load.distortion, 0.01)
        measured[f"thd_voltage_{pair}_pct"] = noisy(np.full(shape, 1.5), 0.02)
    values = np.full((*shape, len(CHANNEL_NAMES)), np.nan)
    for name, series in measured.items():
        values[:, :, CHANNEL_INDEX[name]] = series
    return values
