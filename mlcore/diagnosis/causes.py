"""Which cause explains an episode best: the indicator that moved, and for reactive power how it moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.history import NO_PAST
from mlcore.diagnosis.indicators import INDICATORS
from mlcore.diagnosis.rolling import shifted
from substations.electrical.power import FloatArray

CAPACITOR, LOW_PF_LOAD, OVERLOAD = "capacitor_failure", "low_pf_motor", "overload"
OVER_COMPENSATION = "over_compensation"
LOSS_CAUSES = (
    CAPACITOR, OVER_COMPENSATION, LOW_PF_LOAD, OVERLOAD, "phase_imbalance", "harmonic_injection", "tap_voltage",
    "cooling_failure",
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
"""A cause shows in how an episode begins; a day later other loads have come and gone."""


@dataclass(frozen=True, slots=True)
class CauseAssessment:
    """A cause, the next best one, how clear the decision is (0 to 1), and the figures it was made from."""

    cause: str
    runner_up: str
    clearness: float
    figures: dict[str, float]


def step_spread(departures: Departures, normal: np.ndarray) -> np.ndarray:
    """[substation] standard deviation of the load's steps on normal rows."""
    steps = departures.signals.active - shifted(departures.signals.active, 1, NO_PAST)
    usable = np.where(normal & np.isfinite(steps), steps, 0.0)
    count = np.maximum((normal & np.isfinite(steps)).sum(axis=1), 1)
    return np.asarray(np.sqrt((usable**2).sum(axis=1) / count))


def name_cause(
    departures: Departures,
    covariance: FloatArray,
    step_spread: FloatArray,
    substation: int,
    indicator: int,
    start: int,
    stop: int,
) -> CauseAssessment:
    """The cause of an episode of an indicator between two steps (at most its first 24 h are looked at)."""
    stop = min(stop, start + departures.fleet.steps(LOOK_BACK_H))
    name = INDICATORS[indicator]
    figures = _low_pf_load_figures(departures, step_spread, substation, max(start - 1, 0), stop)
    figures["kvar_follow_kw"] = float(np.nan_to_num(covariance[substation, start:stop]).max(initial=0.0))
    if name == "reactive" and figures["mean_reactive_excess_pu"] < 0 and figures["mean_reactive_pu"] < 0:
        return CauseAssessment(OVER_COMPENSATION, CAPACITOR, 0.9, figures)
    if name in ("reactive", "motor"):
        return _low_pf_load_or_capacitor(figures)
    if name == "overload" and _mean(departures.signals.active[substation, start:stop]) < 0:
        return CauseAssessment(OVERLOAD, CAPACITOR, 0.9, figures)  # what is fed in is more than it is rated for
    if name == "overload":
        return _overload(figures)
    runner_up = {"imbalance": "harmonic_injection", "distortion": "phase_imbalance", "voltage": CAPACITOR}
    return CauseAssessment(CAUSE_OF_INDICATOR[name], runner_up.get(name, OVERLOAD), 0.9, figures)


def _low_pf_load_or_capacitor(figures: dict[str, float]) -> CauseAssessment:
    points = (
        np.log(max(figures["kvar_follow_kw"], 0.3)) / tuning.COVARIANCE_UNIT
        + np.clip(figures["mean_growth_pu"] / tuning.GROWTH_UNIT_PU, *tuning.GROWTH_POINTS)
        + np.clip(figures["share_of_large_steps"] / tuning.STEPS_UNIT, *tuning.STEPS_POINTS)
    )
    clearness = float(min(abs(points - tuning.LOW_PF_LOAD_LIMIT) / tuning.LOW_PF_LOAD_LIMIT, 1.0))
    figures = {**figures, "motor_points": float(points), "motor_limit": tuning.LOW_PF_LOAD_LIMIT}
    if points > tuning.LOW_PF_LOAD_LIMIT:
        return CauseAssessment(LOW_PF_LOAD, CAPACITOR, clearness, figures)
    return CauseAssessment(CAPACITOR, LOW_PF_LOAD, clearness, figures)


def _overload(figures: dict[str, float]) -> CauseAssessment:
    growth = figures["mean_growth_pu"]
    slope = figures["mean_reactive_excess_pu"] / growth if growth > 1e-6 else np.inf
    figures = {**figures, "reactive_per_growth": float(min(slope, 99.0))}
    if slope <= tuning.OVERLOAD_TAN_PHI:
        return CauseAssessment(OVERLOAD, LOW_PF_LOAD, float(min(1.0, 1.0 - slope / tuning.OVERLOAD_TAN_PHI)), figures)
    return CauseAssessment(LOW_PF_LOAD if growth > tuning.MIN_GROWTH else CAPACITOR, OVERLOAD, 0.3, figures)


def _low_pf_load_figures(
    departures: Departures, step_spread: FloatArray, substation: int, start: int, stop: int
) -> dict[str, float]:
    """Slope of kvar on kW over the large load steps, their share, and the mean growth and excess."""
    # Of the load: what the sun does to the import switches no machine.
    active = (departures.signals.active + departures.residuals.generation)[substation, start:stop]
    excess = departures.residuals.reactive[substation, start:stop]
    growth = active - departures.residuals.expected_active[substation, start:stop]
    d_active, d_reactive = np.diff(active), np.diff(excess)
    large = np.isfinite(d_reactive) & (np.abs(d_active) > tuning.LARGE_STEP * step_spread[substation])
    energy = float((d_active[large] ** 2).sum())
    slope = float((d_active[large] * d_reactive[large]).sum() / energy) if energy > 0 else 0.0
    return {
        "kvar_per_kw_in_steps": slope,
        "share_of_large_steps": float(large.mean()) if large.size else 0.0,
        "mean_growth_pu": _mean(growth),
        "mean_reactive_excess_pu": _mean(excess),
        "mean_reactive_pu": _mean(excess + departures.residuals.expected_reactive[substation, start:stop]),
    }


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else 0.0
