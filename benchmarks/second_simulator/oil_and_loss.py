"""Oil temperature and losses: IEC 60076-7 with exponents of its own for each unit, IEEE C57.110 by harmonic order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from substations.simulation.arrays import Flags, Floats

from .feeder_sweep import SweepResult
from .plants import Plants
from .recipe import Recipe

ORDERS = np.array([3.0, 5.0, 7.0, 11.0, 13.0])
# Harmonic currents of many loads do not add up in phase; the third stays in the delta.
DIVERSITY = 0.85
ALUMINIUM_C, COPPER_C = 225.0, 235.0
REFERENCE_C = 75.0


@dataclass(frozen=True, slots=True)
class ThermalUnits:
    """[substation] each, drawn from the seed."""

    top_oil_rise_k: Floats
    oil_exponent: Floats
    winding_gradient_k: Floats
    winding_exponent: Floats
    tau_s: Floats
    sun_k: Floats
    eddy_share: Floats
    stray_share: Floats
    zero_resistance_c: Floats
    core_exponent: Floats


def draw_thermal(recipe: Recipe, plants: Plants) -> ThermalUnits:
    """Windings of copper or aluminium, oil that is quick or slow."""
    rng, n = recipe.rng(5), len(plants.units)
    fans = plants.array("has_fans") > 0
    return ThermalUnits(
        top_oil_rise_k=rng.uniform(42, 60, n),
        oil_exponent=np.where(fans, rng.uniform(0.85, 0.95, n), rng.uniform(0.7, 0.85, n)),
        winding_gradient_k=rng.uniform(12, 22, n),
        winding_exponent=rng.uniform(1.3, 1.7, n),
        tau_s=np.where(fans, rng.uniform(110, 160, n), rng.uniform(140, 260, n)) * 60,
        sun_k=rng.uniform(0, 4, n),
        eddy_share=rng.uniform(0.03, 0.11, n),
        stray_share=rng.uniform(0.02, 0.08, n),
        zero_resistance_c=np.where(rng.random(n) < 0.5, COPPER_C, ALUMINIUM_C),
        core_exponent=rng.uniform(2.0, 3.2, n),
    )


@dataclass(frozen=True, slots=True)
class LossPowers:
    """[step, substation] in kW; ``feeder`` is the segment into the substation, ``allocated`` its part of the path."""

    transformer: Floats
    no_load: Floats
    feeder: Floats
    allocated: Floats
    avoidable: Floats


def top_oil(
    before_c: Floats, per_unit_square: Floats, surroundings_c: Floats, hindrance: Floats, is_energised: Flags,
    plants: Plants, thermal: ThermalUnits, step_s: int,
) -> Floats:  # fmt: skip
    """[step, substation] top oil, °C, from ``before_c`` [substation].

    hindrance: factor on the rise at rated load. Less heat away, the oil slower: the time constant grows as well.
    """
    ratio = plants.array("load_w") / plants.array("no_load_w")
    heat = (is_energised + ratio * per_unit_square) / (1 + ratio)
    rise = thermal.top_oil_rise_k * hindrance * heat**thermal.oil_exponent
    share = -np.expm1(-step_s / (thermal.tau_s * hindrance**0.7))
    result, now = np.empty_like(rise), before_c
    for step, target in enumerate(surroundings_c + rise):
        now = now + share[step] * (target - now)
        result[step] = now
    return result


def heating_square(current_square: Floats, harmonics: Floats, thermal: ThermalUnits) -> Floats:
    """[step, substation] load loss at the reference temperature over the rated one: what heats the oil."""
    eddy = current_square + (harmonics**2 * ORDERS**2).sum(axis=-1)
    stray = current_square + (harmonics**2 * ORDERS**0.8).sum(axis=-1)
    ohmic = current_square + (harmonics**2).sum(axis=-1)
    rest = 1 - thermal.eddy_share - thermal.stray_share
    return np.asarray(rest * ohmic + thermal.eddy_share * eddy + thermal.stray_share * stray)


def losses_of(
    swept: SweepResult, harmonics: Floats, oil_c: Floats, is_energised: Flags, plants: Plants, thermal: ThermalUnits,
    carries: Floats, base_kva: float,
) -> LossPowers:  # fmt: skip
    """Losses of transformers and segments.

    harmonics: [step, substation, order] currents per unit of the rated one, the same in all phases.
    """
    rated = plants.array("rated_kva")
    square = (np.abs(swept.low_a_pu) ** 2).mean(axis=-1) * (base_kva / rated) ** 2
    winding_c = oil_c - 5.0 * np.sqrt(square) + thermal.winding_gradient_k * square ** (thermal.winding_exponent / 2)
    hot = (thermal.zero_resistance_c + winding_c) / (thermal.zero_resistance_c + REFERENCE_C)
    ohmic = (1 - thermal.eddy_share - thermal.stray_share) * (square + (harmonics**2).sum(axis=-1)) * hot
    eddy = thermal.eddy_share * (square + (harmonics**2 * ORDERS**2).sum(axis=-1)) / hot
    stray = thermal.stray_share * (square + (harmonics**2 * ORDERS**0.8).sum(axis=-1)) / hot
    load_kw = plants.array("load_w") / 1000 * (ohmic + eddy + stray)
    core = swept.core_pu**thermal.core_exponent * (1 + 4 * np.maximum(0, swept.core_pu - 1.06))
    no_load = plants.array("no_load_w") / 1000 * core * is_energised
    through = np.sqrt((harmonics[..., 1:] ** 2).sum(axis=-1)) * rated * DIVERSITY
    through_a = through @ carries * 1000 / (np.sqrt(3) * plants.hv_v)
    # 1.3: resistance of a line at these orders over that at the fundamental.
    feeder = plants.array("r_ohm") * (swept.segment_a2 + 3 * 1.3 * through_a**2) / 1000
    return _shared(swept, load_kw, no_load, feeder, plants, carries)


def _shared(
    swept: SweepResult, load_kw: Floats, no_load: Floats, feeder: Floats, plants: Plants, carries: Floats
) -> LossPowers:
    """Parts of the path by projection on the flow of each segment; what a better power factor would save."""
    kw, kvar = swept.kw.sum(axis=-1) + load_kw + no_load, swept.kvar.sum(axis=-1)
    square = np.maximum(swept.segment_kw**2 + swept.segment_kvar**2, 1e-9)
    along, across = (feeder * part / square @ carries.T for part in (swept.segment_kw, swept.segment_kvar))
    drawn_kw = swept.kw.sum(axis=-1)
    surplus = np.maximum(0.0, kvar - np.abs(drawn_kw) * np.tan(np.arccos(0.95)))
    own = load_kw * surplus * (2 * kvar - surplus) / np.maximum(drawn_kw**2 + kvar**2, 1e-9)
    upstream = 2 * surplus * across - surplus**2 * (feeder / square @ carries.T)
    return LossPowers(load_kw + no_load, no_load, feeder, kw * along + kvar * across, own + upstream)
