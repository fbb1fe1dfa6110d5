"""Information about generation behind the meter: since when, how much, and what it does to the power factor."""

from __future__ import annotations

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.alarm_episodes import AlarmEpisode, alarm_states, episodes
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.findings import Finding, finite
from mlcore.diagnosis.history import WHOLE_RECORD, History
from mlcore.diagnosis.rolling import window_mean
from mlcore.diagnosis.terms import DAY_S, HOUR_S
from substations.electrical.power import BoolArray, FloatArray

MONTH_S = 30 * DAY_S
"""Chosen: the power factor that a bill speaks of is that of a month; the newest thirty days of the episode are told."""


def generation_masks(departures: Departures, history: History) -> tuple[BoolArray, FloatArray]:
    """[substation, time] where generation is seen that the model does not know, and a score: 1 at two hours a day."""
    fleet = departures.fleet
    share = window_mean(departures.residuals.is_generating, fleet.steps(24.0), history.of("share"))
    score = 24.0 * share / tuning.GENERATION_HOURS
    return alarm_states(
        score, fleet.interval_s, history, tuning.GENERATION_ON_DELAY_H, tuning.GENERATION_KNOWN_H
    ), score


def generation_findings(departures: Departures) -> list[Finding]:
    """One finding per stretch of days with generation that the model has not learned."""
    states, score = generation_masks(departures, WHOLE_RECORD)
    return [
        _finding(departures, score[each.substation], each) for each in episodes(states[..., None], score[..., None])
    ]


def _finding(departures: Departures, score: FloatArray, episode: AlarmEpisode) -> Finding:
    fleet, row = departures.fleet, episode.substation
    window = fleet.steps(24.0)
    first = max(0, episode.raised - window + 1)
    seen = np.flatnonzero(departures.residuals.generation[row, first : episode.last + 1] > 0)
    onset = first + int(seen[0]) if seen.size else episode.raised
    figures = effect(departures, row, slice(onset, episode.last + 1))
    peak = onset + int(departures.residuals.generation[row, onset : episode.last + 1].argmax())
    return Finding(
        substation=fleet.codes[row],
        kind="info",
        cause="generation",
        start_s=int(fleet.at_s[episode.raised]),
        onset_s=int(fleet.at_s[onset]),
        end_s=None if episode.cleared is None else int(fleet.at_s[episode.last]) + fleet.interval_s,
        peak_s=int(fleet.at_s[peak]),
        severity="warning",
        loss_kwh=0.0,
        loss_low_kwh=0.0,
        loss_high_kwh=0.0,
        loss_pct=0.0,
        score=float(np.nan_to_num(score[episode.raised : episode.last + 1]).max()),
        confidence=0.9 if episode.last - onset >= 2 * window else 0.6,
        code="generation",
        figures=figures,
        evidence={"measured": figures},
    )


def effect(departures: Departures, row: int, inside: slice) -> dict[str, float | None]:
    """The power factor of the energies with and without generation, over the newest thirty days of a stretch.

    kWh / √(kWh² + kvarh²) of imported active and drawn reactive energy, as a bill has it; without generation the hidden
    load is imported as well.
    """
    fleet, signals, residuals = departures.fleet, departures.signals, departures.residuals
    first = max(inside.start, inside.stop - MONTH_S // fleet.interval_s)
    window = slice(first, inside.stop)
    active, reactive = signals.active[row, window], signals.reactive[row, window]
    generated = residuals.generation[row, window]
    known = np.isfinite(active) & np.isfinite(reactive)
    kwh = float(signals.rated_kva[row, 0]) * fleet.interval_s / HOUR_S
    imported, drawn = np.maximum(active[known], 0.0).sum() * kwh, np.maximum(reactive[known], 0.0).sum() * kwh
    load = (active + np.nan_to_num(generated))[known].sum() * kwh
    return {
        "power_factor": _factor(imported, drawn),
        "power_factor_expected": _factor(load, drawn),
        "hidden_kwh": finite(float(np.nansum(generated)) * kwh),
        "largest_kw": finite(float(np.nanmax(generated, initial=0.0)) * float(signals.rated_kva[row, 0])),
        "exported_kwh": finite(float(np.maximum(-active[known], 0.0).sum()) * kwh),
        "days": (inside.stop - first) * fleet.interval_s / DAY_S,
    }


def _factor(kwh: float, kvarh: float) -> float | None:
    size = float(np.hypot(kwh, kvarh))
    return float(kwh) / size if size > 0 else None
