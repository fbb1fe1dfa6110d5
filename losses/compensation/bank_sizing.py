"""From a year of hours to a bank: total, standard steps, what of it may stay in for ever."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from losses.compensation.capacitor_bank import CapacitorBank, missing_kvar
from substations.electrical.power import BoolArray, FloatArray

SIZING_QUANTILE = 0.95
"""Chosen: the hours above it are few, and a bank for the highest of them would mostly stand idle."""

STANDARD_STEPS_KVAR = (
    2.5, 5.0, 6.25, 7.5, 10.0, 12.5, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 75.0, 100.0, 120.0, 150.0, 200.0,
)  # fmt: skip
"""Three-phase capacitors as they are sold; IEC 60831 leaves the ratings to the makers."""

MIN_STEPS, MAX_STEPS = 4, 7
"""Chosen: fewer are too coarse to follow a load, more cost contactors and gain little."""

FIXED_MARGIN = 0.8
"""Chosen: within an hour the load falls below the hour's mean; the fixed part keeps this share of the least one."""

MIN_HOURS = 7 * 24
"""Chosen: each weekday once; below that the curve says nothing of a year."""


@dataclass(frozen=True, slots=True)
class BankSize:
    """The bank, and what it was sized by.

    wanted_kvar: the 95th percentile of missing kvar over the hours. light_load_kvar: the least lagging kvar of an
    energised hour, below 0 where it leads. peak_kvar: the most that was ever missing. missing_h: hours that missed any.
    """

    bank: CapacitorBank
    wanted_kvar: float
    light_load_kvar: float
    peak_kvar: float
    missing_h: int
    known_h: int


def recommended_bank(
    active_kw: FloatArray, reactive_kvar: FloatArray, is_energised: BoolArray, target_power_factor: float
) -> BankSize | None:
    """The bank for a load, [hour], P < 0 where it feeds in; None where too few hours are known.

    Hours with export count like the others: solar takes the active power away and leaves the reactive, so the load that
    the fixed part must not overtake may come at noon. A transformer without voltage has no bank in service.
    """
    known = np.isfinite(active_kw) & np.isfinite(reactive_kvar) & is_energised
    if np.count_nonzero(known) < MIN_HOURS:
        return None
    active, reactive = active_kw[known], reactive_kvar[known]
    missing = missing_kvar(active, reactive, target_power_factor)
    wanted, light = float(np.quantile(missing, SIZING_QUANTILE)), float(reactive.min())
    return BankSize(
        bank=standard_bank(wanted, light),
        wanted_kvar=wanted,
        light_load_kvar=light,
        peak_kvar=float(missing.max()),
        missing_h=int(np.count_nonzero(missing > 0)),
        known_h=int(np.count_nonzero(known)),
    )


def standard_bank(wanted_kvar: float, light_load_kvar: float) -> CapacitorBank:
    """Standard steps that reach ``wanted_kvar``; as many of them fixed as even the lightest load takes up.

    Less than half of the smallest step is no bank.
    """
    if wanted_kvar < STANDARD_STEPS_KVAR[0] / 2:
        return CapacitorBank()
    step = _step(wanted_kvar)
    count = max(1, int(np.ceil(wanted_kvar / step)))
    fixed = min(count, int(max(light_load_kvar, 0.0) * FIXED_MARGIN // step))
    return CapacitorBank(step * fixed, step, count - fixed)


def _step(wanted_kvar: float) -> float:
    """The largest standard step of which 4 to 7 make the bank; the nearest above where the smallest is too large."""
    coarse = [step for step in STANDARD_STEPS_KVAR if step <= wanted_kvar / MIN_STEPS]
    if not coarse:
        return STANDARD_STEPS_KVAR[0]
    fine = [step for step in coarse if step >= wanted_kvar / MAX_STEPS]
    return max(fine or coarse)
