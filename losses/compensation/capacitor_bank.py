"""A capacitor bank, and how much of it is in service from hour to hour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from substations.electrical.losses import reactive_surplus_kvar
from substations.electrical.power import FloatArray

ROUNDING = 1e-9
"""Chosen: far below a step, far above what floating point leaves of a whole number of steps."""


@dataclass(frozen=True, slots=True)
class CapacitorBank:
    """kvar at nominal voltage: a part that is always in, and equal steps that a controller switches."""

    fixed_kvar: float = 0.0
    step_kvar: float = 0.0
    step_count: int = 0

    @property
    def automatic_kvar(self) -> float:
        return self.step_kvar * self.step_count

    @property
    def total_kvar(self) -> float:
        return self.fixed_kvar + self.automatic_kvar

    def in_service(
        self, active_kw: FloatArray, reactive_kvar: FloatArray, target_power_factor: FloatArray | float
    ) -> FloatArray:
        """kvar that the bank supplies, [time], to a load with this P and Q (+ lagging).

        The controller switches in as many steps as the target asks for, and none that would make the load lead
        (IEC 61921 calls this a reactive-power controller). NaN, a load that is not known, gets the fixed part.
        """
        fixed = np.full_like(reactive_kvar, self.fixed_kvar)
        if not self.automatic_kvar:
            return fixed
        rest = reactive_kvar - fixed
        wanted = np.ceil(missing_kvar(active_kw, rest, target_power_factor) / self.step_kvar - ROUNDING)
        without_lead = np.floor(np.maximum(rest, 0.0) / self.step_kvar + ROUNDING)
        steps = np.minimum(np.minimum(wanted, without_lead), self.step_count)
        return np.asarray(fixed + self.step_kvar * np.nan_to_num(steps))


def missing_kvar(
    active_kw: FloatArray, reactive_kvar: FloatArray, target_power_factor: FloatArray | float
) -> FloatArray:
    """max(0, Q − |P|·tan φ*): what a lagging load draws beyond the target, kvar. A leading load misses nothing."""
    return np.asarray(np.maximum(reactive_surplus_kvar(active_kw, reactive_kvar, target_power_factor), 0.0))


def correcting_kvar(active_kw: float, power_factor: float, target_power_factor: float) -> float:
    """P·(tan φ1 − tan φ2), kvar: the textbook size of a bank for one load (IEEE 1036)."""
    before, after = (np.tan(np.arccos(each)) for each in (power_factor, target_power_factor))
    return float(active_kw * (before - after))
