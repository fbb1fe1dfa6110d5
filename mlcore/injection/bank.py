"""The capacitor bank that the readings themselves show: what it gives, and what its controller would do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from substations.electrical.power import FloatArray

NATURAL_TAN_PHI = (0.45, 0.8)
"""Chosen: kvar per kW of loads before compensation, homes to workshops (power factor 0.91 to 0.78)."""
COMPENSATED_SLOPE = 0.3
"""Chosen: kvar that rise by less than this per kW are held back by a controller."""
BANK_STEPS = (4, 8)
FULL_QUANTILE = 0.98
MIN_BANK_PU = 0.03
"""Chosen: three per cent of the rating; a smaller bank is no bank."""


@dataclass(frozen=True)
class InferredBank:
    """kvar connected at each step, kvar in all, kvar of a step, and whether a controller switches them."""

    connected_kvar: FloatArray
    size_kvar: float
    step_kvar: float
    is_automatic: bool

    def lost(self, share: float) -> FloatArray:
        """[time] kvar that are missing once a share of the bank is lost: what the rest cannot make up for."""
        if not self.is_automatic:
            return share * self.connected_kvar
        steps = max(round(self.size_kvar / self.step_kvar), 1)
        left_kvar = self.step_kvar * round(steps * (1.0 - share))
        return np.maximum(self.connected_kvar - left_kvar, 0.0)

    def compensated(self, more_kvar: FloatArray) -> FloatArray:
        """[time] kvar that the controller adds when the load draws more: whole steps, as far as there are any."""
        if not self.is_automatic:
            return np.zeros_like(more_kvar)
        spare = np.maximum(self.size_kvar - self.connected_kvar, 0.0)
        wanted = self.step_kvar * np.round(more_kvar / self.step_kvar)
        return np.minimum(wanted, self.step_kvar * np.floor(spare / self.step_kvar))


def inferred_bank(
    active_kw: FloatArray, reactive_kvar: FloatArray, rated_kva: float, rng: np.random.Generator
) -> InferredBank:
    """The bank behind readings [time]: the kvar that loads of this kind draw, less what the meter sees."""
    known = np.isfinite(active_kw) & np.isfinite(reactive_kvar)
    slope = 1.0
    if known.sum() > 2 and np.ptp(active_kw[known]) > 0:
        slope = float(np.polyfit(active_kw[known], reactive_kvar[known], 1)[0])
    natural = float(rng.uniform(*NATURAL_TAN_PHI)) + max(slope, 0.0)
    is_automatic = slope < COMPENSATED_SLOPE
    drawn = np.maximum(natural * active_kw, reactive_kvar)
    connected = np.maximum(drawn - reactive_kvar, 0.0)
    least = MIN_BANK_PU * rated_kva
    size = max(float(np.quantile(connected[known], FULL_QUANTILE)) if known.any() else least, least)
    if not is_automatic:
        size = max(float(np.median(connected[known])) if known.any() else least, least)
        connected = np.where(np.isfinite(connected), size, np.nan)
    return InferredBank(connected, size, size / int(rng.integers(*BANK_STEPS)), is_automatic)
