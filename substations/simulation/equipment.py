"""The real units behind the nameplates: what a detector can't know and the simulation uses as truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Floats, Integers
from .simulated_grid import NATURAL_TAN_PHI, SimulatedGrid

HARMONIC_ORDERS = np.array([5.0, 7.0, 11.0, 13.0])
_THD_BY_SHAPE = {
    "industrial": 0.085,
    "office": 0.11,
    "residential": 0.095,
    "mixed": 0.09,
    "hospital": 0.085,
    "pumping": 0.065,
}


@dataclass(frozen=True, slots=True)
class Units:
    """One array [substation] per property, SI or per unit, drawn once from the seed."""

    rated_kva: Floats
    rated_a: Floats
    no_load_w: Floats
    load_w: Floats
    impedance_pu: Floats
    magnetising_pu: Floats
    peak_kw: Floats
    tan_phi: Floats
    impedance_share: Floats
    phase_weights: Floats  # [substation, 3], sums to 3
    eddy_share: Floats
    thd_ref: Floats
    thd_phase: Floats  # [substation, 3]
    harmonic_h2: Floats  # sum of h^2 (Ih/IH)^2
    oil_rise_k: Floats
    oil_tau_min: Floats
    ambient_offset_k: Floats
    bank_kvar: Floats
    bank_steps: Integers
    motor_kw: Floats
    motor_period_min: Floats
    motor_phase: Floats
    weather_scale: Floats
    current_gain: Floats  # [substation, 3]
    voltage_gain: Floats  # [substation, 3]
    angle_error_rad: Floats

    @property
    def count(self) -> int:
        return len(self.rated_kva)


def draw_units(grid: SimulatedGrid, seed: int) -> Units:
    """Real units: losses, impedance and banks within 3 % of the plate, meters within class 0.5."""
    rng = np.random.default_rng([seed, 101])
    plates, n = grid.substations, len(grid.substations)
    rated = np.array([p.rated_kva for p in plates])
    shapes = [p.load_shape for p in plates]
    weights = 1 + rng.normal(0, 0.035, (n, 3)).clip(-0.08, 0.08)
    motors = np.array([{"industrial": 0.05, "pumping": 0.07}.get(shape, 0.015) for shape in shapes])
    return Units(
        rated_kva=rated,
        rated_a=rated * 1000 / (np.sqrt(3) * np.array([p.nominal_v for p in plates])),
        no_load_w=np.array([p.no_load_loss_w for p in plates]) * rng.uniform(0.97, 1.03, n),
        load_w=np.array([p.load_loss_w for p in plates]) * rng.uniform(0.97, 1.03, n),
        impedance_pu=np.array([p.impedance_pct for p in plates]) / 100 * rng.uniform(0.97, 1.03, n),
        magnetising_pu=rng.uniform(0.010, 0.016, n),
        peak_kw=np.array([p.peak_load_pu for p in plates]) * rated * 0.9,
        tan_phi=np.array([NATURAL_TAN_PHI[shape] for shape in shapes]) * rng.uniform(0.9, 1.1, n),
        impedance_share=rng.uniform(0.25, 0.5, n),
        phase_weights=weights * 3 / weights.sum(axis=1, keepdims=True),
        eddy_share=rng.uniform(0.07, 0.13, n),
        thd_ref=np.array([_THD_BY_SHAPE[shape] for shape in shapes]) * rng.uniform(0.8, 1.2, n),
        thd_phase=rng.uniform(0.9, 1.1, (n, 3)),
        harmonic_h2=_squared_orders(rng.uniform(0.95, 1.5, n)),
        oil_rise_k=rng.uniform(52, 58, n),
        oil_tau_min=rng.uniform(150, 210, n),
        ambient_offset_k=rng.normal(1.0, 0.8, n),
        bank_kvar=np.array([p.capacitor_bank_kvar for p in plates]) * rng.uniform(0.97, 1.0, n),
        bank_steps=np.array([p.capacitor_steps for p in plates]),
        motor_kw=motors * rated * rng.uniform(0.7, 1.3, n),
        motor_period_min=rng.uniform(70, 200, n),
        motor_phase=rng.uniform(0, 1, n),
        weather_scale=rng.uniform(0.8, 1.2, n),
        current_gain=1 + rng.normal(0, 0.0012, (n, 3)).clip(-0.003, 0.003),
        voltage_gain=1 + rng.normal(0, 0.0012, (n, 3)).clip(-0.003, 0.003),
        angle_error_rad=rng.normal(0, 0.0012, n).clip(-0.003, 0.003),
    )


def _squared_orders(decay: Floats) -> Floats:
    """Sum of h^2 (Ih/IH)^2 for harmonic currents that fall as h^-decay: about 35 to 50."""
    squares = HARMONIC_ORDERS[None, :] ** (-2 * decay[:, None])
    return np.asarray((squares * HARMONIC_ORDERS**2).sum(axis=1) / squares.sum(axis=1))
