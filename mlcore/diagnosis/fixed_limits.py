"""The first tier: wide fixed limits for substations that have no model yet.

Only what is far beyond any usual practice, for hours, at a notable load; every finding says that nothing was learned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.alarm_episodes import AlarmEpisode, alarm_states, episodes
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.expectations import Usable
from mlcore.diagnosis.findings import Finding, Kind, finite
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import WHOLE_RECORD, History
from mlcore.diagnosis.model import SubstationModel
from mlcore.diagnosis.power_flow import current_square_ratio
from mlcore.diagnosis.presence import Spell, after, quiet_steps, spells_in_seconds, spells_of_marks
from mlcore.diagnosis.rolling import window_mean
from mlcore.diagnosis.severity import expected_kwh, is_critical
from mlcore.diagnosis.terms import HOUR_S
from substations.electrical.losses import load_loss_factor
from substations.electrical.power import BoolArray, FloatArray, displacement_power_factor

MAX_DEMAND_DISTORTION = 0.15
"""Harmonic current over the rated current; IEEE 519 allows 5 to 20 % depending on the supply."""

MAX_LOADING = 1.10
"""Above its rating a transformer ages faster than it is built for (IEC 60076-7), less a meter's error."""

MAX_OIL_C = 95.0
"""IEC 60076-2: 40 °C ambient and 60 K of top-oil rise, less a margin for the sensor."""


@dataclass(frozen=True)
class FixedLimit:
    """One fixed limit: the quantity and its extra loss, [substation, time]. score: 1 at the limit."""

    kind: Kind
    cause: str
    code: str
    value: FloatArray
    allowed: FloatArray
    score: FloatArray
    extra_kw: FloatArray


def limit_findings(found: Departures, usable: Usable, models: Mapping[str, SubstationModel]) -> list[Finding]:
    """Findings of the fixed limits on every substation without a model."""
    findings = []
    for limit, score, states in _judged(found, usable, models, WHOLE_RECORD):
        # A long mean of the score: it is over when it is back within the limit, not below half of it.
        alarms = episodes(states[..., None], np.where(score > 1.0, score, 0.0)[..., None])
        findings += [_finding(found, limit, score[alarm.substation], alarm) for alarm in alarms]
    return findings


def limit_alarm_masks(
    found: Departures, usable: Usable, models: Mapping[str, SubstationModel], history: History
) -> BoolArray:
    """[substation, time] where the alarm of any limit stands."""
    standing = np.zeros(found.operation.local_kw.shape, dtype=bool)
    for _, _, states in _judged(found, usable, models, history):
        standing |= states
    return standing


def _judged(
    found: Departures, usable: Usable, models: Mapping[str, SubstationModel], history: History
) -> Iterator[tuple[FixedLimit, FloatArray, BoolArray]]:
    """Every limit with its score and the state of its alarm, on substations without a model alone."""
    fleet = found.fleet
    warm = np.array([code in models for code in fleet.codes])
    if warm.all():
        return
    for limit in _limits(found, usable):
        of_limit = history.within(limit.cause)
        score = window_mean(limit.score, fleet.steps(tuning.LIMIT_WINDOW_H), of_limit.of("score"))
        score = np.where(np.isfinite(limit.score) & ~warm[:, None], score, np.nan)
        yield limit, score, alarm_states(score, fleet.interval_s, of_limit, on_delay_h=tuning.LIMIT_ON_DELAY_H)


def _limits(found: Departures, usable: Usable) -> list[FixedLimit]:
    signals, operation, surface = found.signals, found.operation, found.operation.surface
    target = np.array([[plate.target_power_factor] for plate in found.fleet.nameplates])
    loaded = usable.reactive & (signals.apparent > tuning.LIMIT_MIN_LOADING)
    factor = displacement_power_factor(surface.active_kw, surface.reactive_kvar)
    shares = np.where(usable.imbalance, np.abs(signals.phase_share - 1.0).max(axis=-1), np.nan)
    demand_distortion = signals.distortion * np.sqrt(operation.loading_squared)
    ones = np.ones_like(factor)
    unbalanced = operation.load_kw * (current_square_ratio(signals, operation) - 1.0)
    clean = load_loss_factor(np.zeros_like(factor), operation.winding_c)
    distorted = operation.load_kw * (1.0 - clean / load_loss_factor(operation.distortion, operation.winding_c))
    above = operation.load_kw * (1.0 - 1.0 / np.maximum(operation.loading_squared, 1.0))

    def limit(cause: str, code: str, value: FloatArray, top: float, kw: FloatArray) -> FixedLimit:
        return FixedLimit("loss", cause, code, value, top * ones, np.where(loaded, value / top, np.nan), kw)

    # What is fed in has no power factor of a load, and its sign may be the wiring's.
    shortfall = np.where(loaded & (signals.active > 0), (target - factor) / tuning.POWER_FACTOR_SHORTFALL, np.nan)
    allowed = (target - tuning.POWER_FACTOR_SHORTFALL) * ones
    # Above the rating hot oil is what to expect.
    oil = np.where(usable.oil & (signals.apparent < 1.0), signals.oil_c / MAX_OIL_C, np.nan)
    return [
        FixedLimit(
            "unusual", "unusual_behaviour", "limit_power_factor", factor, allowed, shortfall, found.rates.avoidable
        ),
        limit("phase_imbalance", "limit_imbalance", shares, tuning.MAX_IMBALANCE, unbalanced),
        limit("harmonic_injection", "limit_distortion", demand_distortion, MAX_DEMAND_DISTORTION, distorted),
        limit("overload", "limit_loading", signals.apparent, MAX_LOADING, above),
        FixedLimit("loss", "cooling_failure", "limit_oil_temperature", signals.oil_c, MAX_OIL_C * ones, oil,
              np.zeros_like(oil)),
    ]  # fmt: skip


def _finding(found: Departures, limit: FixedLimit, score: FloatArray, alarm: AlarmEpisode) -> Finding:
    fleet, row = found.fleet, alarm.substation
    first = max(0, alarm.raised - fleet.steps(tuning.LIMIT_WINDOW_H) + 1)
    inside = slice(first, alarm.last + 1)
    hours = fleet.interval_s / HOUR_S
    loss_kwh = max(float(np.nansum(limit.extra_kw[row, inside])) * hours, 0.0)
    local_kwh = float(np.nansum(found.operation.local_kw[row, inside])) * hours
    percent = 100.0 * loss_kwh / max(local_kwh - loss_kwh, 1e-6)
    seen = _spells(fleet, limit.score[row], score, alarm)
    plate, is_open = fleet.nameplates[row], not seen[-1].is_over
    low, high = plate.loss_interval()
    value, allowed = (_mean(one[row, inside]) for one in (limit.value, limit.allowed))
    lasting = (alarm.last + 1 - first) * hours
    critical = limit.cause == "overload" and is_critical(percent, expected_kwh(loss_kwh, lasting, is_open), plate)
    return Finding(
        substation=fleet.codes[row],
        kind=limit.kind,
        cause=limit.cause,
        start_s=int(fleet.at_s[alarm.raised]),
        onset_s=int(fleet.at_s[first]),
        end_s=None if is_open else int(fleet.at_s[alarm.last]) + fleet.interval_s,
        peak_s=int(fleet.at_s[first + int(np.nan_to_num(score[inside]).argmax())]),
        severity="critical" if critical else "warning",
        loss_kwh=loss_kwh,
        loss_low_kwh=low * loss_kwh,
        loss_high_kwh=high * loss_kwh,
        loss_pct=percent,
        score=float(np.nan_to_num(score[alarm.raised : alarm.last + 1]).max()),
        confidence=tuning.LIMIT_CONFIDENCE,
        code=limit.code,
        figures={"measured": value, "limit": allowed, "hours": lasting},
        evidence={
            "rung": "limits",
            "measured": value,
            "limit": allowed,
            "extra_loss_pct": finite(percent),
        },
        spells=spells_in_seconds(fleet, seen),
    )


def _spells(fleet: Fleet, now: FloatArray, score: FloatArray, alarm: AlarmEpisode) -> tuple[Spell, ...]:
    """Where the limit was exceeded: an alarm of a long mean that stays above half of the limit would never go off."""
    inside = slice(alarm.raised, alarm.cleared)
    marks = spells_of_marks(now[inside] > 1.0, score[inside] > 1.0, np.isfinite(now[inside]), quiet_steps(fleet))
    return after(marks, alarm)


def _mean(values: FloatArray) -> float | None:
    return finite(float(np.nanmean(values))) if np.isfinite(values).any() else None
