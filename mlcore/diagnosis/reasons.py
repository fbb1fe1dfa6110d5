"""The words of a finding: what was measured, what was expected, why this cause, what would speak against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mlcore.diagnosis.bands import Band
from mlcore.diagnosis.causes import CAPACITOR, LOW_PF_LOAD, OVERLOAD, Verdict
from mlcore.diagnosis.fleet import HOUR_S, Fleet
from mlcore.diagnosis.incidents import Incident
from mlcore.diagnosis.meter_sentences import number
from mlcore.diagnosis.scores import CHANNELS
from mlcore.diagnosis.severity import CRITICAL_PCT

TITLES = {
    CAPACITOR: "capacitor failure",
    LOW_PF_LOAD: "load with a low power factor, such as a lightly loaded motor",
    OVERLOAD: "overload",
    "phase_imbalance": "phase imbalance",
    "harmonic_injection": "harmonic injection",
    "tap_voltage": "voltage or tap position",
    "cooling_failure": "cooling failure",
}
CHECKS = {
    CAPACITOR: "Check the capacitor bank's fuses, contactors and controller.",
    LOW_PF_LOAD: "Check which machine was started, its load and its own capacitor.",
    OVERLOAD: "Check for a load transfer; move load or limit it.",
    "phase_imbalance": "Check the phase currents at the outgoing feeders and redistribute single-phase load.",
    "harmonic_injection": "Check drives, rectifiers and filters that were switched on; do not add plain capacitors.",
    "tap_voltage": "Check the tap changer's position and the voltage setting.",
    "cooling_failure": "Check oil level, radiators, valves and fans.",
}
FALSIFIERS = {
    CAPACITOR: "Not a capacitor if the extra kvar come and go together with steps of kW, or if the bank "
    "still switches all its steps.",
    LOW_PF_LOAD: "Not a motor if the extra kvar stay when the kW fall back, or came without any step of kW.",
    OVERLOAD: "Not an overload if the neighbours' load rose alike, or if the extra kvar per kW are far from usual.",
    "phase_imbalance": "Not an imbalance if the sum of the phase currents no longer fits S (then the meter).",
    "harmonic_injection": "Not harmonics if one phase alone shows it while the voltage THD stays (then the meter).",
    "tap_voltage": "Not the tap if the neighbours' voltages moved by the same amount (then the supply).",
    "cooling_failure": "Not the cooling if the neighbours' oil warmed alike (weather), or the reading jumped "
    "(then the sensor).",
}
QUANTITY_OF_CAUSE = {
    CAPACITOR: "reactive_power_kvar",
    LOW_PF_LOAD: "reactive_power_kvar",
    OVERLOAD: "active_power_kw",
    "phase_imbalance": "imbalance_pct",
    "harmonic_injection": "thd_current_pct",
    "tap_voltage": "voltage_v",
    "cooling_failure": "oil_temperature_c",
}
NAMES = {
    "reactive_power_kvar": "Reactive power",
    "active_power_kw": "Active power",
    "imbalance_pct": "Largest phase current off its usual share by",
    "thd_current_pct": "Current THD",
    "voltage_v": "Voltage",
    "oil_temperature_c": "Oil temperature",
    "power_factor": "Power factor",
}


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


def sentence(incident: Incident, values: dict[str, AtPeak], hours: float, is_open: bool) -> str:
    """What an operator reads first: the numbers, the duration, the tell-tale, the cause and what to check."""
    cause = incident.verdict.cause
    lasting = f"for {_duration(hours)}{' so far' if is_open else ''}"
    why = _tell_tale(incident.verdict, values)
    return f"{_numbers(cause, values)}, {lasting}; {why}: {TITLES[cause]}. {CHECKS[cause]}{_too_little(incident)}"


def _too_little(incident: Incident) -> str:
    """Why a loss with a large share is a warning all the same."""
    if incident.critical or incident.loss_pct < CRITICAL_PCT:
        return ""
    return (
        f" Not critical: {incident.loss_kwh:.2g} kWh is {incident.loss_pct:.0f} % more loss, but below the "
        f"{incident.worth_kwh:.2g} kWh that are worth a visit here."
    )


def evidence(
    incident: Incident, values: dict[str, AtPeak], scores: np.ndarray, assumptions: list[str]
) -> dict[str, Any]:
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
        "channel": CHANNELS[incident.episode.channel],
        "scores": {name: _json(value) for name, value in zip(CHANNELS, scores, strict=True)},
        "contributions": {
            name: round(float(max(value, 0.0)) / total, 3) for name, value in zip(CHANNELS, finite, strict=True)
        },
        "runner_up": incident.verdict.runner_up,
        "clearness": round(incident.verdict.clearness, 3),
        "figures": {name: _json(value) for name, value in incident.verdict.figures.items()},
        "falsified_by": FALSIFIERS[incident.verdict.cause],
        "severity": {
            "extra_loss_kwh": _json(incident.loss_kwh),
            "usual_local_loss_kwh": _json(incident.base_kwh),
            "extra_loss_pct": _json(incident.loss_pct),
            "critical_from_pct": CRITICAL_PCT,
            "critical_from_kwh": _json(incident.worth_kwh),
            "share_of_rows_known": _json(incident.covered),
        },
        "assumptions": assumptions,
    }


def confidence(incident: Incident, assumptions: list[str], confirmed: bool | None) -> float:
    """0 to 1 from how far the score is above its limit, how clear the cause is, and the network's opinion."""
    strength = 1.0 - 0.5 / max(incident.score, 1.0)
    found = strength * (0.75 + 0.25 * incident.verdict.clearness) * (0.9 if assumptions else 1.0)
    if confirmed is None:
        return round(found, 3)
    return round(1.0 - 0.5 * (1.0 - found) if confirmed else 0.7 * found, 3)


def assumptions_of(
    fleet: Fleet, substation: int, has_feeder: bool, values: dict[str, AtPeak], alone: bool
) -> list[str]:
    """What the figures rest on that nobody measured or entered."""
    plate = fleet.nameplates[substation]
    found = []
    guessed = sorted(plate.assumed & {"rated_kva", "nominal_v", "no_load_loss_w", "load_loss_w", "hv_nominal_v"})
    if guessed:
        found.append(f"Typical values for {', '.join(guessed)}: the loss is an interval.")
    if not has_feeder:
        found.append("No way to the supply is known: only the transformer's loss is counted, a lower bound.")
    if "thd_current_pct" not in values:
        found.append("No harmonic distortion measured: taken as none.")
    if "oil_temperature_c" not in values:
        found.append("No usable oil temperature: worked out from the load.")
    if alone:
        found.append("Too few neighbours to tell a common cause (weather, supply voltage) from a local one.")
    return found


def _numbers(cause: str, values: dict[str, AtPeak]) -> str:
    channel = QUANTITY_OF_CAUSE[cause]
    value = values.get(channel)
    if value is None:
        return f"{NAMES[channel]} departed from what is expected"
    measured, expected = _figure(value.measured), _figure(value.expected)
    text = f"{NAMES[channel]} {measured} {value.unit} against {expected} {value.unit} expected"
    active, factor = values.get("active_power_kw"), values.get("power_factor")
    if channel == "reactive_power_kvar" and active is not None:
        text += f" at {_figure(active.measured)} kW"
    if channel == "reactive_power_kvar" and factor is not None:
        text += f" (power factor {factor.measured:.2f} instead of {factor.expected:.2f})"
    return text


def _tell_tale(verdict: Verdict, values: dict[str, AtPeak]) -> str:
    figures = verdict.figures
    if verdict.cause == CAPACITOR:
        return "the extra kvar do not follow steps of kW"
    if verdict.cause == LOW_PF_LOAD:
        return f"kvar and kW move together ({figures['kvar_per_kw_in_steps']:.1f} kvar per kW in large steps)"
    if verdict.cause == OVERLOAD:
        return "kW and kvar grew together, the neighbours' load did not"
    if verdict.cause == "phase_imbalance":
        return "the phase currents moved apart while their sum still fits S"
    if verdict.cause == "harmonic_injection":
        return "all phases show it and the power factor of the fundamental stays"
    if verdict.cause == "tap_voltage":
        value = values.get("voltage_v")
        if value is None or not value.expected:
            return "it is away from what supply and neighbours give"
        return f"{100.0 * (value.measured / value.expected - 1.0):+.1f} % against what supply and neighbours give"
    return "load and weather do not explain it"


def _duration(hours: float) -> str:
    if hours < 1.5:
        return f"{max(round(hours * 60), 1)} min"
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.1f} days"


def _figure(value: float) -> str:
    return number(value, ".0f" if abs(value) >= 100 else ".3g")


def _json(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def hours_between(fleet: Fleet, onset: int, stop: int) -> float:
    """Duration of a range of steps in hours."""
    return (stop - onset) * fleet.interval_s / HOUR_S
