"""Losses of distribution transformers from what their meters measured and their nameplates say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from losses.accounting.metered_power import MeteredPower, Plates
from substations.electrical import losses as formulas
from substations.electrical.power import FloatArray

NO_LOAD_EXPONENT = 3.0
"""P0 ∝ U³: cores of today work at 1.6 to 1.75 T, where the loss of grain-oriented steel grows with the cube of the
flux or faster. Chosen at the upper end of the customary U² to U³, since most of the year the voltage is near rated."""

MEAN_WINDING_ABOVE_TOP_OIL_K = 5.0
"""IEC 60076-2, rated load: the windings may rise by 65 K on average, the top oil by 60 K."""

WINDING_EXPONENT = 1.6
"""IEC 60076-7: the gradient from winding to oil grows with the current to this power (ONAN)."""


@dataclass(frozen=True)
class TransformerLosses:
    """kW, [substation, time]; NaN where the meter is missing or not believed.

    load_kw holds harmonic_kw and imbalance_kw: what distortion and unequal phase currents add to the loss that the same
    P and Q would cause as a balanced sine. winding_c: mean temperature of the windings.
    """

    no_load_kw: FloatArray
    load_kw: FloatArray
    harmonic_kw: FloatArray
    imbalance_kw: FloatArray
    winding_c: FloatArray

    @property
    def total_kw(self) -> FloatArray:
        return np.asarray(self.no_load_kw + self.load_kw)


def transformer_losses(metered: MeteredPower, plates: Plates) -> TransformerLosses:
    """No-load loss at the voltage, and load loss at the current, distortion, imbalance and winding temperature.

    P0·U³; Pk·(I/Ir)² with I from P, Q and U, times the factors of IEEE C57.110 (harmonics) and IEC 60076-1
    (temperature), times Σ I² of the phases over that in balance.
    """
    energised = metered.voltage_pu > 0
    no_load_kw = plates.no_load_loss_kw * metered.voltage_pu**NO_LOAD_EXPONENT
    loading_squared = current_squared(metered, plates)
    winding_c = metered.top_oil_c + winding_above_top_oil_k(loading_squared)
    rated_kw = plates.load_loss_kw * loading_squared
    sine_kw = rated_kw * formulas.load_loss_factor(np.zeros(1), winding_c)
    balanced_kw = rated_kw * formulas.load_loss_factor(metered.distortion, winding_c)
    load_kw = balanced_kw * metered.imbalance
    known = metered.is_valid & np.isfinite(loading_squared)
    no_load_kw, load_kw, harmonic_kw, imbalance_kw = (
        np.where(known, np.where(energised, kw, 0.0), np.nan)
        for kw in (no_load_kw, load_kw, balanced_kw - sine_kw, load_kw - balanced_kw)
    )
    return TransformerLosses(no_load_kw, load_kw, harmonic_kw, imbalance_kw, winding_c)


def winding_above_top_oil_k(loading_squared: FloatArray) -> FloatArray:
    """By how much the windings are on average warmer than the top oil, without transient, from (I/Ir)²."""
    return np.asarray(MEAN_WINDING_ABOVE_TOP_OIL_K * loading_squared ** (WINDING_EXPONENT / 2))


def current_squared(metered: MeteredPower, plates: Plates) -> FloatArray:
    """(I/Ir)² of the fundamental from P, Q and U, in per unit; 0 without voltage."""
    squared = (metered.active_kw**2 + metered.reactive_kvar**2) / plates.rated_kva**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(metered.voltage_pu > 0, squared / metered.voltage_pu**2, 0.0 * squared)
