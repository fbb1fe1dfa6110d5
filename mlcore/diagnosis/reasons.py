"""The figures of a loss finding: what was measured, what was expected, what it costs and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mlcore.diagnosis.bands import Band
from mlcore.diagnosis.findings import finite
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.incidents import Incident
from mlcore.diagnosis.indicators import INDICATORS
from mlcore.diagnosis.severity import CRITICAL_PCT
from mlcore.diagnosis.terms import HOUR_S

TYPICAL_VALUES = {"rated_kva", "nominal_v", "no_load_loss_w", "load_loss_w", "hv_nominal_v"}
"""What the loss of a transformer is worked out from: typical values stand where the nameplate is not known."""


@dataclass(frozen=True, slots=True)
class AtPeak:
    """Means of the hour that ends at the peak."""

    measured: float
    expected: float
    low: float
    high: float
    unit: str


def at_peak(fleet: Fleet, found: dict[str, Band], substation: int, peak: int) -> dict[str, AtPeak]:
    """Every band's hour up to a step; channels without a reading there are left out."""
    window = slice(max(0, peak - fleet.steps(1.0) + 1), peak + 1)
    values = {}
    for name, band in found.items():
        measured, expected, low, high = (
            _mean(array[substation, window]) for array in (band.measured, band.expected, band.low, band.high)
        )
        if np.isfinite(measured) and np.isfinite(expected):
            values[name] = AtPeak(measured, expected, low, high, band.unit)
    return values


def figures_of(incident: Incident, values: dict[str, AtPeak], fleet: Fleet) -> dict[str, float | None]:
    """The numbers that tell an incident: its hours, each quantity at its peak with what was expected, and its cost."""
    shown = {name: value.measured for name, value in values.items()}
    usual = {f"{name}_expected": value.expected for name, value in values.items()}
    figures = {
        **incident.assessment.figures,
        **shown,
        **usual,
        "hours": hours_between(fleet, incident.onset, incident.stop),
        "hours_until_raised": hours_between(fleet, incident.onset, incident.episode.raised),
        "loss_kwh": incident.loss_kwh,
        "extra_loss_pct": incident.loss_pct,
        "critical_from_kwh": incident.worth_kwh,
    }
    known = {name: finite(value) for name, value in figures.items()}
    # A large share of a small loss is a warning all the same, and says so.
    is_too_small = not incident.critical and incident.loss_pct >= CRITICAL_PCT
    return known | {"is_open": incident.is_open, "is_too_small": is_too_small}


def evidence(incident: Incident, values: dict[str, AtPeak], scores: np.ndarray) -> dict[str, Any]:
    """JSON-able details behind the sentence; scores are those of all channels at the peak."""
    finite = np.nan_to_num(scores)
    total = float(np.maximum(finite, 0.0).sum()) or 1.0
    return {
        "at_peak": {
            name: {
                "measured": _json(value.measured),
                "expected": _json(value.expected),
                "low": _json(value.low),
                "high": _json(value.high),
                "unit": value.unit,
            }
            for name, value in values.items()
        },
        "channel": INDICATORS[incident.episode.indicator],
        "scores": {name: _json(value) for name, value in zip(INDICATORS, scores, strict=True)},
        "contributions": {
            name: round(float(max(value, 0.0)) / total, 3) for name, value in zip(INDICATORS, finite, strict=True)
        },
        "runner_up": incident.assessment.runner_up,
        "clearness": round(incident.assessment.clearness, 3),
        "severity": {
            "extra_loss_kwh": _json(incident.loss_kwh),
            "usual_local_loss_kwh": _json(incident.base_kwh),
            "extra_loss_pct": _json(incident.loss_pct),
            "critical_from_pct": CRITICAL_PCT,
            "critical_from_kwh": _json(incident.worth_kwh),
            "share_of_rows_known": _json(incident.covered),
        },
    }


def confidence(incident: Incident, has_assumptions: bool, confirmed: bool | None) -> float:
    """0 to 1 from how far the score is above its limit, how clear the cause is, and the autoencoder's opinion."""
    strength = 1.0 - 0.5 / max(incident.score, 1.0)
    found = strength * (0.75 + 0.25 * incident.assessment.clearness) * (0.9 if has_assumptions else 1.0)
    if confirmed is None:
        return round(found, 3)
    return round(1.0 - 0.5 * (1.0 - found) if confirmed else 0.7 * found, 3)


def assumptions_of(has_feeder: bool, values: dict[str, AtPeak], alone: bool) -> list[str]:
    """Codes of what the figures rest on that nobody measured or entered, beside typical values of the nameplate."""
    assumed = {
        "no_way_to_supply": not has_feeder,
        "no_distortion": "thd_current_pct" not in values,
        "no_oil_temperature": "oil_temperature_c" not in values,
        "few_neighbours": alone,
    }
    return [code for code, holds in assumed.items() if holds]


def _json(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def hours_between(fleet: Fleet, onset: int, stop: int) -> float:
    """Duration of a range of steps in hours."""
    return (stop - onset) * fleet.interval_s / HOUR_S
