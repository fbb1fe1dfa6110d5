"""Technical losses of a substation: its transformer, its share of the feeders upstream, and what is avoidable.

Powers in kW, kvar and kVA; losses in kW; voltages and loadings in per unit of the rating; harmonic distortion
as a fraction (0.05 is 5 %); temperatures in °C. Array arguments broadcast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from substations.electrical.power import FloatArray, tan_phi

EDDY_SHARE = 0.10
"""Share of eddy and stray loss in the load loss of a distribution transformer (IEEE C57.110, typical)."""

SIX_PULSE_WEIGHT = 47.0
"""Σ h²·Ih² / Σ Ih² of a six-pulse spectrum (orders 5, 7, 11, 13 in the ratio 0.78 : 0.50 : 0.28 : 0.24)."""

FEEDER_DISTORTION_WEIGHT = 1.4
"""Harmonic against fundamental resistance of a line, and what the delta winding holds back, together."""

# IEC 60076-1: load losses of oil-immersed transformers are stated at 75 °C.
REFERENCE_WINDING_C = 75.0
# IEC 60076-1, correction of losses to a temperature: −235 °C for copper (225 for aluminium).
COPPER_ZERO_RESISTANCE_C = 235.0
NO_LOAD_EXPONENT = 2.5
"""P0 grows between U² (hysteresis, eddy) and U³ (near saturation); IEC 60076-1 leaves it to the design."""

# IEC 60076-7, ONAN distribution units: a gradient near 20 K (23 K at the hot spot) that grows with I to the 1.6.
TOP_OIL_TO_WINDING_K = 20.0
WINDING_EXPONENT = 1.6


def load_loss_factor(thd: FloatArray, winding_c: FloatArray, eddy_share: float = EDDY_SHARE) -> FloatArray:
    """Load loss with distortion at a winding temperature over that of the sinusoidal fundamental at 75 °C.

    The I²R part grows with the rms current and with the resistance; the eddy part with Σ h²·Ih² and falls with
    the resistance (IEEE C57.110, six-pulse spectrum; IEC 60076-1 for the temperatures).
    """
    square = np.asarray(thd, dtype=np.float64) ** 2
    ratio = (COPPER_ZERO_RESISTANCE_C + winding_c) / (COPPER_ZERO_RESISTANCE_C + REFERENCE_WINDING_C)
    resistive = (1.0 - eddy_share) * (1.0 + square) * ratio
    return np.asarray(resistive + eddy_share * (1.0 + SIX_PULSE_WEIGHT * square) / ratio)


def thermal_harmonic_factor(thd: FloatArray, eddy_share: float = EDDY_SHARE) -> FloatArray:
    """What distortion adds to the heat of the load loss, temperature aside."""
    return load_loss_factor(thd, np.asarray(REFERENCE_WINDING_C), eddy_share)


def winding_temperature_c(top_oil_c: FloatArray, loading: FloatArray) -> FloatArray:
    """Mean winding temperature above the top oil at a loading in per unit (IEC 60076-7, without transient)."""
    return top_oil_c + TOP_OIL_TO_WINDING_K * np.abs(loading) ** WINDING_EXPONENT


def no_load_loss_kw(no_load_loss_w: FloatArray, voltage_pu: FloatArray) -> FloatArray:
    """Core loss at a voltage in per unit of the rated one."""
    return no_load_loss_w / 1000.0 * np.abs(voltage_pu) ** NO_LOAD_EXPONENT


def imbalance_factor(currents_a: FloatArray) -> FloatArray:
    """Σ I² of the three phases over that of the same total current in balance; ≥ 1. Phases on the last axis."""
    mean = currents_a.mean(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(mean > 0, (currents_a**2).mean(axis=-1) / mean**2, np.nan)


def reactive_surplus_kvar(active_kw: FloatArray, reactive_kvar: FloatArray, target: FloatArray | float) -> FloatArray:
    """Reactive power beyond what the target power factor allows; negative for over-compensation."""
    allowed = np.abs(active_kw) * tan_phi(target)
    beyond = np.maximum(np.abs(reactive_kvar) - allowed, 0.0)
    return np.sign(reactive_kvar) * beyond


@dataclass(frozen=True, slots=True)
class LossSurface:
    """How the loss around one operating point depends on the P and Q of each substation.

    The load loss is a quadratic form ``a·(P² + Q²)``; the feeder loss has the gradient ``2·g`` and a curvature ``c``
    towards the substation's own P and Q, since the neighbours' flows ride on the same segments.

    active_kw, reactive_kvar: [substation, time], the operating point.
    transformer_per_kva2: [substation, time], kW of load loss per kVA².
    feeder_active, feeder_reactive: [substation, time], Σ R'·P and Σ R'·Q of the segments above, kW per kW.
    feeder_curvature: [substation, time], Σ R' of the segments above, kW per kVA².
    reactance_per_kva: [substation, 1], short-circuit impedance over rated power: kvar per kVA² in the transformer.
    """

    active_kw: FloatArray
    reactive_kvar: FloatArray
    transformer_per_kva2: FloatArray
    feeder_active: FloatArray
    feeder_reactive: FloatArray
    feeder_curvature: FloatArray
    reactance_per_kva: FloatArray

    def change_kw(self, active_kw: FloatArray | float, reactive_kvar: FloatArray | float) -> FloatArray:
        """Loss at the operating point less the loss with this much less active and reactive power."""
        apparent_square = self._apparent_square(active_kw, reactive_kvar)
        transformer = self.transformer_per_kva2 * apparent_square
        # The feeder also carries what the change costs inside the transformer.
        d_active = active_kw + transformer
        d_reactive = reactive_kvar + self.reactance_per_kva * apparent_square
        upstream = self.feeder_active * d_active + self.feeder_reactive * d_reactive
        return np.asarray(
            transformer + 2.0 * upstream - self.feeder_curvature * (np.square(d_active) + np.square(d_reactive))
        )

    def transformer_change_kw(self, active_kw: FloatArray | float, reactive_kvar: FloatArray | float) -> FloatArray:
        """As ``change_kw``, but of the load loss of the transformer alone."""
        return np.asarray(self.transformer_per_kva2 * self._apparent_square(active_kw, reactive_kvar))

    def _apparent_square(self, active_kw: FloatArray | float, reactive_kvar: FloatArray | float) -> FloatArray:
        """S² at the operating point less that with this much less active and reactive power."""
        square = np.square(active_kw) + np.square(reactive_kvar)
        return np.asarray(2.0 * (self.active_kw * active_kw + self.reactive_kvar * reactive_kvar) - square)

    def local_change_kw(self, active_kw: FloatArray | float, reactive_kvar: FloatArray | float) -> FloatArray:
        """As ``change_kw``, but of the substation's own transformer and share of the feeders alone.

        The rest of the change falls to the shares of the neighbours on the same segments.
        """
        square = np.square(active_kw) + np.square(reactive_kvar)
        product = self.active_kw * active_kw + self.reactive_kvar * reactive_kvar
        upstream = self.feeder_active * active_kw + self.feeder_reactive * reactive_kvar
        transformer = self.transformer_per_kva2 * (2.0 * product - square)
        return np.asarray(transformer + upstream + self.feeder_curvature * (product - square))

    def feeder_share_kw(self) -> FloatArray:
        """The substation's share of the loss in the segments above it (projection; the shares add up)."""
        return np.asarray(self.active_kw * self.feeder_active + self.reactive_kvar * self.feeder_reactive)
