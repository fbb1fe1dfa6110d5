"""Unusual behaviour: what only the network finds, and what it costs."""

from __future__ import annotations

import numpy as np

from mlcore.diagnosis.autoencoder_scores import AutoencoderScores
from mlcore.diagnosis.judgement import judge, parameters_of
from mlcore.diagnosis.unusual_findings import unusual_findings
from mlcore.diagnosis.whole_record import fit

from .made_fleet import Load, made_fleet, training

FIRST_H, LAST_H = 19 * 24 + 6.0, 20 * 24 + 6.0


def test_the_loss_of_steps_that_could_not_be_judged_is_not_its_own() -> None:
    """The alarm stands still while a capacitor is lost and the network says nothing."""

    def lost(load: Load) -> None:
        load.reactive[1, load.between(FIRST_H, LAST_H)] += 0.16

    fleet = made_fleet(lost)
    models = fit(fleet, training(fleet))
    found = judge(fleet, models, parameters_of(fleet, models)).departures
    hours = (fleet.at_s - fleet.at_s[0]) / 3600.0
    score = np.zeros((len(fleet.codes), len(fleet.at_s)))
    score[1, (hours >= FIRST_H - 6.0) & (hours < LAST_H + 3.0)] = 3.0
    (everything,) = unusual_findings(found, AutoencoderScores(score.copy()), [])
    score[1, (hours >= FIRST_H) & (hours < LAST_H)] = np.nan
    (without,) = unusual_findings(found, AutoencoderScores(score), [])
    assert (without.start_s, without.end_s) == (everything.start_s, everything.end_s)
    assert everything.loss_kwh > 20.0
    assert everything.severity == "critical"
    assert without.loss_kwh < 2.0
    assert without.severity == "warning"
