"""Harmonic currents by order: of the usual loads, of a drive without filter, and what a bank makes of them."""

from __future__ import annotations

import numpy as np

from substations.simulation.arrays import Floats

from .fault_forms import Causes
from .oil_and_loss import ORDERS
from .plants import Plants
from .process_loads import BaseLoad
from .recipe import Recipe, wander

# Third harmonic prevails where single-phase electronics do, fifth and seventh where rectifiers do.
_OFFICE, _DRIVES = np.array([1.0, 0.6, 0.35, 0.12, 0.08]), np.array([0.15, 1.0, 0.55, 0.32, 0.22])
_MIX = {"housing": 0.2, "shops": 0.3, "offices": 0.15}
_SIX_PULSE = np.array([0.02, 1.0, 0.6, 0.3, 0.2])
_DAMPING = 0.12  # of the loads, which keeps a resonance from growing beyond eightfold
_MAX_GAIN = 5.0


def usual_harmonics(recipe: Recipe, plants: Plants, load: BaseLoad) -> Floats:
    """[step, substation] rms harmonic current of the usual loads, per unit of the rated one."""
    rng, n = recipe.rng(7), len(plants.units)
    level = rng.uniform(0.035, 0.085, n) * np.exp(0.08 * wander(rng, recipe.steps, n, recipe.step_s, 2))
    # Electronics run on when motors stop: distortion rises at light load, though slower than the load falls.
    return np.asarray(level * load.loading ** rng.uniform(0.7, 0.95, n) * np.exp(0.03 * rng.normal(size=level.shape)))


def mixes(plants: Plants) -> Floats:
    """[substation, order] spectrum of the usual loads with an rms of 1."""
    parts = np.array([_MIX.get(unit.kind, 0.8) for unit in plants.units])[:, None]
    spectrum = parts * _DRIVES + (1 - parts) * _OFFICE
    return np.asarray(spectrum / np.sqrt((spectrum**2).sum(axis=1, keepdims=True)))


def harmonic_currents(usual: Floats, mix: Floats, causes: Causes, bank_kvar: Floats, plants: Plants) -> Floats:
    """[step, substation, order] in the transformer, per unit of rated.

    With its detuning reactor lost a bank and the transformer are a parallel resonance at sqrt(short-circuit power over
    bank kvar): which orders it amplifies depends on how many steps are connected.
    """
    living = (causes.motor_gain * causes.other_gain)[..., None] > 0
    drive = _SIX_PULSE / np.sqrt((_SIX_PULSE**2).sum())
    currents = np.hypot(usual[..., None] * mix, causes.injected_pu[..., None] * drive)
    fault_kva = plants.array("rated_kva") / (plants.array("impedance_pct") / 100)
    order_squared = (ORDERS**2)[None, None] * (np.maximum(bank_kvar, 1e-3) / fault_kva)[..., None]
    gain = 1 / np.abs(1 - order_squared + 1j * _DAMPING * np.sqrt(order_squared))
    gain = np.minimum(gain, _MAX_GAIN)
    return np.asarray(currents * np.where(causes.is_resonant[..., None], gain, 1.0) * living)
