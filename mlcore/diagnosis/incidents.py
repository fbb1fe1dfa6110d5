"""Alarm episodes as loss incidents: cause, onset, extra energy with its interval, and severity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mlcore.diagnosis.alarm_episodes import Episode
from mlcore.diagnosis.causes import CAPACITOR, LOW_PF_LOAD, OVERLOAD, Verdict, name_cause
from mlcore.diagnosis.data_quality_flags import Learnt
from mlcore.diagnosis.fleet import HOUR_S
from mlcore.diagnosis.rolling import window_mean
from mlcore.diagnosis.scores import CHANNELS, Evidence, Scores
from mlcore.diagnosis.severity import expected_kwh, is_critical, worth_kwh
from substations.electrical.power import FloatArray

ONSET_WALK_H = 24.0
END_SHARE, ONSET_SHARE = 0.4, 0.2

RATE_OF_CAUSE = {
    CAPACITOR: "reactive",
    LOW_PF_LOAD: "low_pf_load",
    OVERLOAD: "overload",
    "phase_imbalance": "imbalance",
    "harmonic_injection": "distortion",
    "tap_voltage": "voltage",
    "cooling_failure": "cooling",
}
LOCAL_RATES = ("reactive", "low_pf_load", "overload")


@dataclass(frozen=True, slots=True)
class Incident:
    """One loss with one cause on one substation; steps on the time grid, energies in kWh.

    base_kwh: the substation's own loss (transformer and share of the feeders) without the incident.
    worth_kwh: energy below which it is not critical, whatever its share; see ``diagnosis.severity``.
    """

    episode: Episode
    verdict: Verdict
    onset: int
    stop: int
    peak: int
    score: float
    loss_kwh: float
    base_kwh: float
    loss_low_kwh: float
    loss_high_kwh: float
    loss_pct: float
    covered: float
    worth_kwh: float
    critical: bool


def incidents(evidence: Evidence, learnt: Learnt, scores: Scores, found: list[Episode]) -> list[Incident]:
    """Every episode with its cause and loss; episodes of one cause that overlap are one incident."""

    def judge(episode: Episode) -> Verdict:
        until = episode.last + 1
        return name_cause(evidence, scores.together, learnt, episode.substation, episode.channel, episode.raised, until)

    merged = _merged(judge, [(episode, judge(episode)) for episode in found])
    return [_assess(evidence, scores, episode, verdict) for episode, verdict in merged]


def _merged(
    judge: Callable[[Episode], Verdict], judged: list[tuple[Episode, Verdict]]
) -> list[tuple[Episode, Verdict]]:
    """Join overlapping episodes of one substation that have the same cause, or both show in P and Q.

    What an overload does to the kvar is part of it and no motor of its own.
    """
    overloads = [episode for episode, verdict in judged if verdict.cause == OVERLOAD]
    judged = [
        (episode, verdict)
        for episode, verdict in judged
        if CHANNELS[episode.channel] != "motor"
        or not any(one.substation == episode.substation and _overlap(one, episode) for one in overloads)
    ]
    merged: list[tuple[Episode, Verdict]] = []
    for episode, verdict in sorted(judged, key=lambda pair: (pair[0].substation, pair[0].raised)):
        for number, (earlier, before) in enumerate(merged):
            if earlier.substation == episode.substation and _same(before, verdict) and _overlap(earlier, episode):
                joined = _join(earlier, episode)
                merged[number] = (joined, judge(joined))
                break
        else:
            merged.append((episode, verdict))
    return merged


def _same(one: Verdict, other: Verdict) -> bool:
    return one.cause == other.cause or {one.cause, other.cause} == {CAPACITOR, LOW_PF_LOAD}


def _overlap(one: Episode, other: Episode) -> bool:
    return other.raised <= one.last + 1 and one.raised <= other.last + 1


def _join(one: Episode, other: Episode) -> Episode:
    channel = one.channel if CHANNELS[one.channel] != "motor" else other.channel
    cleared = None if one.cleared is None or other.cleared is None else max(one.cleared, other.cleared)
    raised, last = min(one.raised, other.raised), max(one.last, other.last)
    return replace(one, channel=channel, raised=raised, cleared=cleared, last=last)


def _assess(evidence: Evidence, scores: Scores, episode: Episode, verdict: Verdict) -> Incident:
    substation, name = episode.substation, RATE_OF_CAUSE[verdict.cause]
    rate = getattr(evidence.rates, name)[substation]
    own = getattr(evidence.rates, f"local_{name}")[substation] if name in LOCAL_RATES else rate
    local = evidence.operation.local_kw[substation]
    onset, stop = _bounds(evidence, episode)
    inside = slice(onset, stop)
    known = np.isfinite(rate[inside]) & np.isfinite(local[inside])
    covered = float(known.mean())
    hours = evidence.fleet.interval_s / HOUR_S / max(covered, 1e-6)
    loss_kwh = max(float(rate[inside][known].sum()) * hours, 0.0)
    base_kwh = float((local - own)[inside][known].sum()) * hours
    hourly = window_mean(rate, evidence.fleet.steps(1.0))
    plate = evidence.fleet.nameplates[substation]
    low, high = plate.loss_interval()
    loss_pct = 100.0 * loss_kwh / max(base_kwh, 1e-6)
    energy_kwh = expected_kwh(loss_kwh, (stop - onset) * evidence.fleet.interval_s / HOUR_S, episode.cleared is None)
    series = np.nan_to_num(scores.all_windows[substation, episode.raised : stop, episode.channel])
    return Incident(
        episode=episode,
        verdict=verdict,
        onset=onset,
        stop=stop,
        peak=onset + int(np.nan_to_num(hourly[onset:stop]).argmax()),
        score=float(series.max()),
        loss_kwh=loss_kwh,
        base_kwh=base_kwh,
        loss_low_kwh=low * loss_kwh,
        loss_high_kwh=high * loss_kwh,
        loss_pct=loss_pct,
        covered=covered,
        worth_kwh=worth_kwh(plate),
        critical=is_critical(loss_pct, energy_kwh, plate),
    )


def _bounds(evidence: Evidence, episode: Episode) -> tuple[int, int]:
    """When the departure began and ended: where its sum above part of its usual height starts and stops to grow.

    A gap in which it hides (a capacitor bank at night) is bridged if enough comes after it.
    """
    fleet, first = evidence.fleet, episode.raised
    departure = _departure(evidence, episode)
    height = max(float(np.median(departure[first : episode.last + 1])), 0.0)
    after = departure[first : episode.last + 1] - END_SHARE * height
    before = departure[max(0, first - fleet.steps(ONSET_WALK_H)) : first + 1] - ONSET_SHARE * height
    return first - int(np.cumsum(before[::-1]).argmax()), first + 1 + int(np.cumsum(after).argmax())


def _departure(evidence: Evidence, episode: Episode) -> FloatArray:
    """The residual behind an episode's channel, positive where it departs; 0 where it is not known."""
    residuals, name = evidence.residuals, CHANNELS[episode.channel]
    sources = {
        "reactive": residuals.reactive,
        "motor": residuals.reactive,
        "distortion": residuals.distortion,
        "imbalance": residuals.imbalance,
        "voltage": residuals.voltage,
        "oil_temperature": residuals.oil_k,
        "overload": residuals.demand,
    }
    series: FloatArray = np.nan_to_num(np.asarray(sources[name][episode.substation], dtype=np.float64))
    if name != "voltage":
        return series
    return np.asarray(series * np.sign(np.median(series[episode.raised : episode.last + 1]) or 1.0))
