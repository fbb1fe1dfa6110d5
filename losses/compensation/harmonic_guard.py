"""Whether capacitors may stand at a busbar: short-circuit power, resonance, voltage rise, distortion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from losses.compensation.capacitor_bank import CapacitorBank

CHARACTERISTIC_ORDERS = (5, 7, 11, 13)
"""Orders of a six-pulse rectifier, 6k ± 1 (IEC 61000-3-6): those that drives and chargers feed in."""

NEAR_RESONANCE = 0.1
"""Chosen: within a tenth of the order, 1/(1 − (h/h_r)²) amplifies the current about five times or more."""

# Schneider Electric, Electrical installation guide, chapter L (harmonics): limits of THDi·S/Sr in per cent for
# standard capacitors, for capacitors with detuning reactors, and beyond which filters are needed.
PLAIN_PCT, DETUNED_FROM_PCT, FILTER_FROM_PCT = 5.0, 10.0, 20.0

WEAK_SUPPLY_MVA = 50.0
"""Chosen: short-circuit power at the far end of a weak 11 kV line; nothing that feeds a bank has much less."""

TYPICAL_IMPEDANCE_PCT = (4.0, 6.0)
"""EN 50464-1: short-circuit impedance of distribution transformers up to 630 kVA, and above."""

IMPEDANCE_TOLERANCE = 0.1
"""IEC 60076-1: the impedance may be 10 % off its nameplate."""

MAX_STEP_RISE_PCT = 3.0
"""IEC 61000-3-3: a single voltage change of more than about 3 % is seen as flicker."""


class Interval(NamedTuple):
    """What a figure may be where an input is not known; both ends alike where it is."""

    low: float
    high: float


class Guard(StrEnum):
    PLAIN = "plain"
    DETUNED = "detuned"
    FILTER_STUDY = "filter_study_first"


@dataclass(frozen=True, slots=True)
class HarmonicCheck:
    """order: resonance with the whole bank in. near_orders: harmonics that some number of steps comes near to.

    voltage_rise_pct: of the whole bank; step_rise_pct: of its largest switching, a step or the fixed part.
    distortion_pct: THDi·S/Sr; None is not measured. assumptions: codes of what was not known.
    """

    guard: Guard
    short_circuit_kva: Interval
    order: Interval
    near_orders: tuple[int, ...]
    voltage_rise_pct: Interval
    step_rise_pct: Interval
    distortion_pct: float | None
    assumptions: tuple[str, ...]


def short_circuit_kva(
    rated_kva: float, impedance_pct: float | None = None, supply_mva: float | None = None
) -> Interval:
    """At the low-voltage busbar: 1 / (uk/Sr + 1/Sk of the supply), kVA (IEC 60909, resistances left out).

    impedance_pct: of the nameplate, None where not known. supply_mva: at the high-voltage side; without it between a
    weak supply and one that never gives way.
    """
    nearest = (impedance_pct, impedance_pct) if impedance_pct else TYPICAL_IMPEDANCE_PCT
    tolerance = IMPEDANCE_TOLERANCE if impedance_pct else 0.0
    stiff, soft = nearest[0] / 100 * (1 - tolerance) / rated_kva, nearest[1] / 100 * (1 + tolerance) / rated_kva
    if supply_mva:
        return Interval(1 / (soft + 1 / (1000 * supply_mva)), 1 / (stiff + 1 / (1000 * supply_mva)))
    return Interval(1 / (soft + 1 / (1000 * WEAK_SUPPLY_MVA)), 1 / stiff)


def resonance_order(short_circuit: float, bank_kvar: float) -> float:
    """√(Sk/Qc): order of the parallel resonance of a bank with the network behind it (IEEE 519, IEC 61642)."""
    return float(np.sqrt(short_circuit / bank_kvar)) if bank_kvar > 0 else float("inf")


def voltage_rise_pct(short_circuit: float, bank_kvar: float) -> float:
    """100·Qc/Sk, per cent: what a bank adds to the voltage where it stands (IEEE 1036)."""
    return 100.0 * bank_kvar / short_circuit


def check_harmonics(
    bank: CapacitorBank,
    rated_kva: float,
    *,
    impedance_pct: float | None = None,
    supply_mva: float | None = None,
    distortion_pct: float | None = None,
) -> HarmonicCheck:
    """Plain, detuned, or a filter study before anything is bought."""
    power = short_circuit_kva(rated_kva, impedance_pct, supply_mva)
    near = tuple(order for order in CHARACTERISTIC_ORDERS if any(_is_near(order, power, q) for q in _states(bank)))
    largest = max(bank.fixed_kvar, bank.step_kvar if bank.step_count else 0.0)
    missing = {
        "impedance_unknown": impedance_pct is None,
        "supply_unknown": supply_mva is None,
        "distortion_unknown": distortion_pct is None,
    }
    return HarmonicCheck(
        guard=_guard(distortion_pct, is_near=bool(near)),
        short_circuit_kva=power,
        order=Interval(*(resonance_order(each, bank.total_kvar) for each in power)),
        near_orders=near,
        voltage_rise_pct=_rise(power, bank.total_kvar),
        step_rise_pct=_rise(power, largest),
        distortion_pct=distortion_pct,
        assumptions=tuple(code for code, is_missing in missing.items() if is_missing),
    )


def _guard(distortion_pct: float | None, *, is_near: bool) -> Guard:
    """Without a measurement the safe choice: reactors cost less than capacitors that burst."""
    if distortion_pct is None:
        return Guard.DETUNED
    if distortion_pct > FILTER_FROM_PCT:
        return Guard.FILTER_STUDY
    if distortion_pct > DETUNED_FROM_PCT or (is_near and distortion_pct > PLAIN_PCT):
        return Guard.DETUNED
    return Guard.PLAIN


def _states(bank: CapacitorBank) -> Iterator[float]:
    """kvar of every number of steps that may be in."""
    for steps in range(bank.step_count + 1):
        if (kvar := bank.fixed_kvar + steps * bank.step_kvar) > 0:
            yield kvar


def _is_near(order: int, power: Interval, kvar: float) -> bool:
    low, high = (resonance_order(each, kvar) for each in power)
    return low <= order * (1 + NEAR_RESONANCE) and high >= order * (1 - NEAR_RESONANCE)


def _rise(power: Interval, kvar: float) -> Interval:
    return Interval(voltage_rise_pct(power.high, kvar), voltage_rise_pct(power.low, kvar))
