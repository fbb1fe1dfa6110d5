"""Unusual behaviour: what an autoencoder finds abnormal and no cause and no instrument fault explains."""

from __future__ import annotations

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.alarm_episodes import AlarmEpisode, alarm_states, episodes
from mlcore.diagnosis.autoencoder_scores import AutoencoderScores, unexplained
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.findings import Finding, finite
from mlcore.diagnosis.history import WHOLE_RECORD, History
from mlcore.diagnosis.presence import Spell, spells_in_seconds
from mlcore.diagnosis.rolling import window_mean
from mlcore.diagnosis.severity import expected_kwh, is_critical
from mlcore.diagnosis.terms import HOUR_S
from substations.electrical.power import BoolArray


def unusual_findings(found: Departures, autoencoder: AutoencoderScores, others: list[Finding]) -> list[Finding]:
    """Episodes of the autoencoder's score away from all other findings."""
    fleet = found.fleet
    series = unexplained(autoencoder, _explained(found, others))
    states = alarm_states(series, fleet.interval_s, WHOLE_RECORD, on_delay_h=tuning.UNUSUAL_ON_DELAY_H)
    alarms = episodes(states[..., None], series[..., None])
    return [_finding(found, series[alarm.substation], alarm) for alarm in alarms]


def unusual_alarm_masks(found: Departures, autoencoder: AutoencoderScores, history: History) -> BoolArray:
    """[substation, time] where the autoencoder's alarm stands and the readings cost enough for somebody to say so."""
    fleet = found.fleet
    states = alarm_states(autoencoder.score, fleet.interval_s, history, on_delay_h=tuning.UNUSUAL_ON_DELAY_H)
    steps = fleet.steps(tuning.UNUSUAL_ON_DELAY_H)
    extra_kw = window_mean(found.rates.total(), steps, history.of("extra"))
    share = extra_kw / window_mean(found.operation.local_kw, steps, history.of("local"))
    return np.asarray(states & (np.nan_to_num(share) > tuning.UNUSUAL_MIN_SHARE))


def _explained(found: Departures, others: list[Finding]) -> BoolArray:
    fleet = found.fleet
    mask = np.zeros(found.operation.local_kw.shape, dtype=bool)
    margin = int(tuning.UNUSUAL_AROUND_H * HOUR_S)
    for other in others:
        until = other.end_s if other.end_s is not None else int(fleet.at_s[-1]) + fleet.interval_s
        inside = (fleet.at_s >= other.onset_s - margin) & (fleet.at_s < until + margin)
        mask[fleet.codes.index(other.substation), inside] = True
    return mask


def _finding(found: Departures, series: np.ndarray, alarm: AlarmEpisode) -> Finding:
    fleet, stop = found.fleet, alarm.last + 1
    plate = fleet.nameplates[alarm.substation]
    inside = slice(alarm.raised, stop)
    # An alarm stands still while there is nothing to judge, or another finding explains it: that is not its loss.
    judged = np.isfinite(series[inside])
    extra, local = (rate[alarm.substation, inside][judged] for rate in (found.rates.total(), found.operation.local_kw))
    hours = fleet.interval_s / HOUR_S
    loss_kwh, local_kwh = max(float(np.nansum(extra)) * hours, 0.0), float(np.nansum(local)) * hours
    percent = 100.0 * loss_kwh / max(local_kwh - loss_kwh, 1e-6)
    low, high = plate.loss_interval()
    energy_kwh = expected_kwh(loss_kwh, float(judged.sum()) * hours, alarm.cleared is None)
    peak = alarm.raised + int(np.nan_to_num(series[inside]).argmax())
    return Finding(
        substation=fleet.codes[alarm.substation],
        kind="unusual",
        cause="unusual_behaviour",
        start_s=int(fleet.at_s[alarm.raised]),
        onset_s=int(fleet.at_s[alarm.raised]),
        end_s=None if alarm.cleared is None else int(fleet.at_s[alarm.last]) + fleet.interval_s,
        peak_s=int(fleet.at_s[peak]),
        severity="critical" if is_critical(percent, energy_kwh, plate) else "warning",
        loss_kwh=loss_kwh,
        loss_low_kwh=low * loss_kwh,
        loss_high_kwh=high * loss_kwh,
        loss_pct=percent,
        score=float(np.nan_to_num(series[inside]).max()),
        confidence=0.5,
        code="unusual_behaviour",
        figures={"loss_kwh": finite(loss_kwh), "extra_loss_pct": finite(percent)},
        evidence={"network_score": finite(series[peak]), "extra_loss_pct": finite(percent)},
        spells=spells_in_seconds(fleet, (Spell(alarm.raised, stop, alarm.cleared is not None),)),
    )
