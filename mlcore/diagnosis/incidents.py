"""Alarm episodes as loss incidents: cause, onset, extra energy with its interval, and severity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.alarm_episodes import AlarmEpisode
from mlcore.diagnosis.causes import CAPACITOR, LOW_PF_LOAD, OVERLOAD, CauseAssessment, name_cause
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.episode_energy import RATE_OF_CAUSE, episode_energy
from mlcore.diagnosis.history import NO_PAST
from mlcore.diagnosis.indicators import INDICATORS
from mlcore.diagnosis.parameters import Parameters
from mlcore.diagnosis.presence import Spell, departure_of, spells, usual_size
from mlcore.diagnosis.rolling import window_mean
from mlcore.diagnosis.scores import Scores
from mlcore.diagnosis.severity import expected_kwh, is_critical, worth_kwh
from mlcore.diagnosis.terms import HOUR_S
from substations.electrical.nameplate import Nameplate


@dataclass(frozen=True, slots=True)
class Incident:
    """One loss with one cause on one substation; steps on the time grid, energies in kWh.

    spells: where it was there; the alarm itself stays on for as long as its windows remember.
    base_kwh: the substation's own loss (transformer and share of the feeders) without the incident.
    worth_kwh: energy below which it is not critical, whatever its share; see ``diagnosis.severity``.
    """

    episode: AlarmEpisode
    assessment: CauseAssessment
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
    spells: tuple[Spell, ...]

    @property
    def is_open(self) -> bool:
        """Whether it is still there: an alarm that its windows alone hold up is none."""
        return not self.spells[-1].is_over


def incidents(
    departures: Departures, parameters: Parameters, scores: Scores, found: list[AlarmEpisode]
) -> list[Incident]:
    """Every episode with its cause and loss; episodes of one cause that overlap are one incident."""

    def judge(episode: AlarmEpisode) -> CauseAssessment:
        until = episode.last + 1
        return name_cause(
            departures,
            scores.step_covariance,
            parameters.step_spread,
            episode.substation,
            episode.indicator,
            episode.raised,
            until,
        )

    merged = _merged(judge, [(episode, judge(episode)) for episode in found])
    return [_assess(departures, scores, episode, assessment) for episode, assessment in merged]


def _merged(
    judge: Callable[[AlarmEpisode], CauseAssessment], judged: list[tuple[AlarmEpisode, CauseAssessment]]
) -> list[tuple[AlarmEpisode, CauseAssessment]]:
    """Join overlapping episodes of one substation that have the same cause, or both show in P and Q.

    What an overload does to the kvar is part of it and no motor of its own.
    """
    overloads = [episode for episode, assessment in judged if assessment.cause == OVERLOAD]
    judged = [
        (episode, assessment)
        for episode, assessment in judged
        if INDICATORS[episode.indicator] != "motor"
        or not any(one.substation == episode.substation and _overlap(one, episode) for one in overloads)
    ]
    merged: list[tuple[AlarmEpisode, CauseAssessment]] = []
    for episode, assessment in sorted(judged, key=lambda pair: (pair[0].substation, pair[0].raised)):
        for number, (earlier, before) in enumerate(merged):
            if earlier.substation == episode.substation and _same(before, assessment) and _overlap(earlier, episode):
                joined = _join(earlier, episode)
                merged[number] = (joined, judge(joined))
                break
        else:
            merged.append((episode, assessment))
    return merged


def _same(one: CauseAssessment, other: CauseAssessment) -> bool:
    return one.cause == other.cause or {one.cause, other.cause} == {CAPACITOR, LOW_PF_LOAD}


def _overlap(one: AlarmEpisode, other: AlarmEpisode) -> bool:
    return other.raised <= one.last + 1 and one.raised <= other.last + 1


def _join(one: AlarmEpisode, other: AlarmEpisode) -> AlarmEpisode:
    indicator = one.indicator if INDICATORS[one.indicator] != "motor" else other.indicator
    cleared = None if one.cleared is None or other.cleared is None else max(one.cleared, other.cleared)
    raised, last = min(one.raised, other.raised), max(one.last, other.last)
    return replace(one, indicator=indicator, raised=raised, cleared=cleared, last=last)


def _assess(departures: Departures, scores: Scores, episode: AlarmEpisode, assessment: CauseAssessment) -> Incident:
    substation = episode.substation
    seen = spells(departures, scores, episode)
    onset, stop = _bounds(departures, episode)
    if len(seen) > 1:
        again = replace(episode, raised=seen[-1].start, last=max(episode.last, seen[-1].stop - 1))
        stop = max(stop, _bounds(departures, again)[1])
    stop = max(stop, seen[-1].stop)
    energy = episode_energy(departures, substation, assessment.cause, slice(onset, stop))
    rate = getattr(departures.rates, RATE_OF_CAUSE[assessment.cause])[substation]
    hourly = window_mean(rate, departures.fleet.steps(1.0), NO_PAST)
    plate = departures.fleet.nameplates[substation]
    low, high = plate.loss_interval()
    to_expect_kwh = expected_kwh(
        energy.loss_kwh, (stop - onset) * departures.fleet.interval_s / HOUR_S, not seen[-1].is_over
    )
    series = np.nan_to_num(scores.all_windows[substation, episode.raised : stop, episode.indicator])
    return Incident(
        episode=episode,
        assessment=assessment,
        onset=onset,
        stop=stop,
        peak=onset + int(np.nan_to_num(hourly[onset:stop]).argmax()),
        score=float(series.max()),
        loss_kwh=energy.loss_kwh,
        base_kwh=energy.base_kwh,
        loss_low_kwh=low * energy.loss_kwh,
        loss_high_kwh=high * energy.loss_kwh,
        loss_pct=energy.loss_pct,
        covered=energy.covered,
        worth_kwh=worth_kwh(plate),
        critical=is_critical(energy.loss_pct, to_expect_kwh, plate) and not _rests_on_a_guess(assessment.cause, plate),
        spells=seen,
    )


def _rests_on_a_guess(cause: str, plate: Nameplate) -> bool:
    """An overload of a rating that nobody entered: it may be the guess that is too small."""
    return cause == OVERLOAD and "rated_kva" in plate.assumed


def _bounds(departures: Departures, episode: AlarmEpisode) -> tuple[int, int]:
    """When the departure began and ended: where its sum above part of its usual height starts and stops to grow.

    Its height is that of its first stretch, or of all of it where that is more: a median over long gaps would be next
    to nothing, and the onset then any slight excess of the day before. A gap in which it hides (a capacitor bank at
    night) is bridged if enough comes after it.
    """
    fleet, first = departures.fleet, episode.raised
    series = departure_of(departures, episode)
    departure = np.nan_to_num(series)
    height = max(float(np.median(departure[first : episode.last + 1])), usual_size(fleet, series, first)[0])
    after = departure[first : episode.last + 1] - tuning.END_SHARE * height
    before = departure[max(0, first - fleet.steps(tuning.ONSET_WALK_H)) : first + 1] - tuning.ONSET_SHARE * height
    return first - int(np.cumsum(before[::-1]).argmax()), first + 1 + int(np.cumsum(after).argmax())
