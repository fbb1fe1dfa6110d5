"""Alarm episodes as loss incidents: cause, onset, extra energy with its interval, and severity."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mlcore.diagnosis.causes import CAPACITOR, CHANNEL_CAUSE, MOTOR, OVERLOAD, Verdict, name_cause
from mlcore.diagnosis.episodes import Episode
from mlcore.diagnosis.fleet import HOUR_S
from mlcore.diagnosis.gates import Learnt
from mlcore.diagnosis.rolling import window_mean
from mlcore.diagnosis.statistics import CHANNELS, Evidence
from substations.electrical.power import FloatArray

CRITICAL_PCT = 15.0
ONSET_WALK_H = 12.0
ONSET_SHARE_PCT = 0.8

RATE_OF_CAUSE = {
    CAPACITOR: "reactive",
    MOTOR: "motor",
    OVERLOAD: "overload",
    "phase_imbalance": "imbalance",
    "harmonic_injection": "distortion",
    "tap_voltage": "voltage",
    "cooling_failure": "cooling",
}


@dataclass(frozen=True, slots=True)
class Incident:
    """One loss with one cause on one substation; steps on the time grid, energies in kWh."""

    episode: Episode
    verdict: Verdict
    onset: int
    stop: int
    peak: int
    score: float
    loss_kwh: float
    local_kwh: float
    loss_low_kwh: float
    loss_high_kwh: float
    loss_pct: float
    covered: float

    @property
    def critical(self) -> bool:
        """True from 15 % extra loss over the local loss without it."""
        return self.loss_pct >= CRITICAL_PCT


def incidents(evidence: Evidence, learnt: Learnt, scores: FloatArray, found: list[Episode]) -> list[Incident]:
    """Every episode with its cause and loss; episodes of one cause that overlap are one incident."""
    judged = [(episode, _judge(evidence, learnt, episode)) for episode in found]
    return [_assess(evidence, scores, episode, verdict) for episode, verdict in _merged(evidence, learnt, judged)]


def _judge(evidence: Evidence, learnt: Learnt, episode: Episode) -> Verdict:
    return name_cause(evidence, learnt, episode.substation, episode.channel, episode.raised, episode.last + 1)


def _merged(evidence: Evidence, learnt: Learnt, judged: list[tuple[Episode, Verdict]]) -> list[tuple[Episode, Verdict]]:
    """Join overlapping episodes of one substation that have the same cause, or both show in P and Q."""
    merged: list[tuple[Episode, Verdict]] = []
    for episode, verdict in sorted(judged, key=lambda pair: (pair[0].substation, pair[0].raised)):
        for number, (earlier, before) in enumerate(merged):
            if earlier.substation == episode.substation and _same(before, verdict) and _overlap(earlier, episode):
                joined = _join(earlier, episode)
                merged[number] = (joined, _judge(evidence, learnt, joined))
                break
        else:
            merged.append((episode, verdict))
    return merged


def _same(one: Verdict, other: Verdict) -> bool:
    return one.cause == other.cause or {one.cause, other.cause} == {CAPACITOR, MOTOR}


def _overlap(one: Episode, other: Episode) -> bool:
    return other.raised <= one.last + 1 and one.raised <= other.last + 1


def _join(one: Episode, other: Episode) -> Episode:
    channel = one.channel if CHANNELS[one.channel] != "motor" else other.channel
    cleared = None if one.cleared is None or other.cleared is None else max(one.cleared, other.cleared)
    raised, last = min(one.raised, other.raised), max(one.last, other.last)
    return replace(one, channel=channel, raised=raised, cleared=cleared, last=last)


def _assess(evidence: Evidence, scores: FloatArray, episode: Episode, verdict: Verdict) -> Incident:
    rate = getattr(evidence.rates, RATE_OF_CAUSE[verdict.cause])[episode.substation]
    local = evidence.operation.local_kw[episode.substation]
    onset = _onset(evidence, rate, local, episode)
    stop = episode.last + 1
    inside = slice(onset, stop)
    known = np.isfinite(rate[inside]) & np.isfinite(local[inside])
    covered = float(known.mean()) if known.size else 0.0
    hours = evidence.fleet.interval_s / HOUR_S / max(covered, 1e-6)
    loss_kwh = max(float(rate[inside][known].sum()) * hours, 0.0)
    local_kwh = float(local[inside][known].sum()) * hours
    low, high = evidence.fleet.nameplates[episode.substation].loss_interval()
    series = np.nan_to_num(scores[episode.substation, episode.raised : stop, episode.channel])
    return Incident(
        episode=episode,
        verdict=verdict,
        onset=onset,
        stop=stop,
        peak=episode.raised + int(series.argmax()),
        score=float(series.max()),
        loss_kwh=loss_kwh,
        local_kwh=local_kwh,
        loss_low_kwh=low * loss_kwh,
        loss_high_kwh=high * loss_kwh,
        loss_pct=100.0 * loss_kwh / max(local_kwh - loss_kwh, 1e-6),
        covered=covered,
    )


def _onset(evidence: Evidence, rate: FloatArray, local: FloatArray, episode: Episode) -> int:
    """First step of the run before the alarm in which the 1 h share of extra loss was already notable."""
    first = max(0, episode.raised - evidence.fleet.steps(ONSET_WALK_H))
    hour = evidence.fleet.steps(1.0)
    before = slice(max(0, first - hour), episode.raised + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 100.0 * window_mean(rate[before], hour) / window_mean(local[before], hour)
    quiet = np.nonzero(~(share > ONSET_SHARE_PCT))[0]
    walked = before.start + int(quiet[-1]) + 1 if quiet.size else first
    return int(np.clip(walked, first, episode.raised))


def cause_of_channel(channel: int) -> str:
    """The loss that a statistic channel stands for, before reactive power is looked at closely."""
    return CHANNEL_CAUSE[CHANNELS[channel]]
