"""Loss findings: alarms of the indicators, assessed."""

from __future__ import annotations

from mlcore.diagnosis import tuning
from mlcore.diagnosis.alarm_episodes import episodes
from mlcore.diagnosis.autoencoder_scores import AutoencoderScores, confirms
from mlcore.diagnosis.bands import Band
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.history import History
from mlcore.diagnosis.incidents import Incident, incidents
from mlcore.diagnosis.indicator_alarms import indicator_alarm_masks
from mlcore.diagnosis.parameters import Parameters
from mlcore.diagnosis.presence import spells_in_seconds
from mlcore.diagnosis.reasons import (
    TYPICAL_VALUES,
    assumptions_of,
    at_peak,
    confidence,
    evidence,
    figures_of,
)
from mlcore.diagnosis.scores import Scores
from mlcore.diagnosis.visit_worth import worth_a_visit
from substations.electrical.power import BoolArray


def loss_findings(
    found: Departures,
    parameters: Parameters,
    scores: Scores,
    states: BoolArray,
    normal: dict[str, Band],
    autoencoder: AutoencoderScores | None,
) -> list[Finding]:
    """Findings of every indicator that raised an alarm somewhere; ``states``: of ``loss_alarm_masks``."""
    alarms = episodes(states, scores.short_windows)
    return [
        _finding(found, scores, normal, autoencoder, incident)
        for incident in incidents(found, parameters, scores, alarms)
    ]


def loss_alarm_masks(found: Departures, scores: Scores, history: History) -> BoolArray:
    """[substation, time, indicator] where an alarm of an indicator stands."""
    is_worth_it = worth_a_visit(found, scores.all_windows, history)
    return indicator_alarm_masks(scores.all_windows, found.fleet.interval_s, history, is_worth_it)


def _finding(
    found: Departures,
    scores: Scores,
    normal: dict[str, Band],
    autoencoder: AutoencoderScores | None,
    incident: Incident,
) -> Finding:
    fleet, substation = found.fleet, incident.episode.substation
    values = at_peak(fleet, normal, substation, incident.peak)
    alone = bool(fleet.group_size[substation, 0] <= tuning.MIN_NEIGHBOURS)
    assumed = assumptions_of(bool(found.operation.has_feeder[substation, 0]), values, alone)
    typical = fleet.nameplates[substation].assumed & TYPICAL_VALUES
    is_open = incident.is_open
    details = evidence(incident, values, scores.all_windows[substation, incident.peak])
    details |= {"assumed": assumed, "typical_values": sorted(typical)}
    confirmed = confirms(autoencoder, incident, fleet.steps(tuning.CONFIRMING_HOURS))
    details["confirmed_by_network"] = confirmed
    return Finding(
        substation=fleet.codes[substation],
        kind="loss",
        cause=incident.assessment.cause,
        start_s=int(fleet.at_s[incident.episode.raised]),
        onset_s=int(fleet.at_s[incident.onset]),
        end_s=None if is_open else int(fleet.at_s[incident.stop - 1]) + fleet.interval_s,
        peak_s=int(fleet.at_s[incident.peak]),
        severity="critical" if incident.critical else "warning",
        loss_kwh=incident.loss_kwh,
        loss_low_kwh=incident.loss_low_kwh,
        loss_high_kwh=incident.loss_high_kwh,
        loss_pct=incident.loss_pct,
        score=incident.score,
        confidence=confidence(incident, bool(typical or assumed), confirmed),
        code=incident.assessment.cause,
        figures=figures_of(incident, values, fleet),
        evidence=details,
        spells=spells_in_seconds(fleet, incident.spells),
    )
