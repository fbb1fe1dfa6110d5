"""Which cause explains an episode best: the channel that moved, and for reactive power how it moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis.data_quality_flags import Learnt
from mlcore.diagnosis.rolling import shifted
from mlcore.diagnosis.scores import CHANNELS, Evidence
from substations.electrical.power import FloatArray

CAPACITOR, LOW_PF_LOAD, OVERLOAD = "capacitor_failure", "low_pf_motor", "overload"
LOSS_CAUSES = (
    CAPACITOR, LOW_PF_LOAD, OVERLOAD, "phase_imbalance", "harmonic_injection", "tap_voltage", "cooling_failure",
)  # fmt: skip
CAUSE_OF_INDICATOR = {
    "reactive": CAPACITOR,
    "motor": LOW_PF_LOAD,
    "distortion": "harmonic_injection",
    "imbalance": "phase_imbalance",
    "voltage": "tap_voltage",
    "oil_temperature": "cooling_failure",
    "overload": OVERLOAD,
}

LOOK_BACK_H = 24.0
LARGE_STEP = 2.5
COVARIANCE_UNIT = 0.8
GROWTH_UNIT_PU, GROWTH_POINTS = 0.06, (-1.0, 1.5)
STEPS_UNIT, STEPS_POINTS = 0.10, (0.0, 1.0)
LOW_PF_LOAD_LIMIT = 2.0
"""Motor against capacitor, in points: the logarithm of how far kvar follow kW beyond the usual, growth of the
load, and the share of large load steps; each clipped so that none decides alone but the first."""

OVERLOAD_TAN_PHI = 0.30
MIN_GROWTH = 0.03


@dataclass(frozen=True, slots=True)
class Verdict:
    """A cause, the next best one, how clear the decision is (0 to 1), and the figures it was made from."""

    cause: str
    runner_up: str
    clearness: float
    figures: dict[str, float]


def step_spread(evidence: Evidence, normal: np.ndarray) -> np.ndarray:
    """[substation] standard deviation of the load's steps on normal rows."""
    steps = evidence.signals.active - shifted(evidence.signals.active, 1)
    usable = np.where(normal & np.isfinite(steps), steps, 0.0)
    count = np.maximum((normal & np.isfinite(steps)).sum(axis=1), 1)
    return np.asarray(np.sqrt((usable**2).sum(axis=1) / count))


def name_cause(
    evidence: Evidence, together: FloatArray, learnt: Learnt, substation: int, channel: int, start: int, stop: int
) -> Verdict:
    """The cause of an episode on a channel between two steps (at most its first 24 h are looked at)."""
    stop = min(stop, start + evidence.fleet.steps(LOOK_BACK_H))
    name = CHANNELS[channel]
    figures = _low_pf_load_figures(evidence, learnt, substation, max(start - 1, 0), stop)
    figures["kvar_follow_kw"] = float(np.nan_to_num(together[substation, start:stop]).max(initial=0.0))
    if name in ("reactive", "motor"):
        return _low_pf_load_or_capacitor(figures)
    if name == "overload":
        return _overload(figures)
    runner_up = {"imbalance": "harmonic_injection", "distortion": "phase_imbalance", "voltage": CAPACITOR}
    return Verdict(CAUSE_OF_INDICATOR[name], runner_up.get(name, OVERLOAD), 0.9, figures)


def _low_pf_load_or_capacitor(figures: dict[str, float]) -> Verdict:
    points = (
        np.log(max(figures["kvar_follow_kw"], 0.3)) / COVARIANCE_UNIT
        + np.clip(figures["mean_growth_pu"] / GROWTH_UNIT_PU, *GROWTH_POINTS)
        + np.clip(figures["share_of_large_steps"] / STEPS_UNIT, *STEPS_POINTS)
    )
    clearness = float(min(abs(points - LOW_PF_LOAD_LIMIT) / LOW_PF_LOAD_LIMIT, 1.0))
    figures = {**figures, "motor_points": float(points), "motor_limit": LOW_PF_LOAD_LIMIT}
    if points > LOW_PF_LOAD_LIMIT:
        return Verdict(LOW_PF_LOAD, CAPACITOR, clearness, figures)
    return Verdict(CAPACITOR, LOW_PF_LOAD, clearness, figures)


def _overload(figures: dict[str, float]) -> Verdict:
    growth = figures["mean_growth_pu"]
    slope = figures["mean_reactive_excess_pu"] / growth if growth > 1e-6 else np.inf
    figures = {**figures, "reactive_per_growth": float(min(slope, 99.0))}
    if slope <= OVERLOAD_TAN_PHI:
        return Verdict(OVERLOAD, LOW_PF_LOAD, float(min(1.0, 1.0 - slope / OVERLOAD_TAN_PHI)), figures)
    return Verdict(LOW_PF_LOAD if growth > MIN_GROWTH else CAPACITOR, OVERLOAD, 0.3, figures)


def _low_pf_load_figures(
    evidence: Evidence, learnt: Learnt, substation: int, start: int, stop: int
) -> dict[str, float]:
    """Slope of kvar on kW over the large load steps, their share, and the mean growth and excess."""
    active = evidence.signals.active[substation, start:stop]
    excess = evidence.residuals.reactive[substation, start:stop]
    growth = active - evidence.residuals.expected_active[substation, start:stop]
    d_active, d_reactive = np.diff(active), np.diff(excess)
    large = np.isfinite(d_reactive) & (np.abs(d_active) > LARGE_STEP * learnt["step_spread"][substation])
    energy = float((d_active[large] ** 2).sum())
    slope = float((d_active[large] * d_reactive[large]).sum() / energy) if energy > 0 else 0.0
    return {
        "kvar_per_kw_in_steps": slope,
        "share_of_large_steps": float(large.mean()) if large.size else 0.0,
        "mean_growth_pu": _mean(growth),
        "mean_reactive_excess_pu": _mean(excess),
    }


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else 0.0
