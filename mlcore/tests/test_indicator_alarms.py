"""Alarms of the indicators: each with the on-delay that suits its windows. And what a judged step is worth."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.diagnosis import tuning
from mlcore.diagnosis.analysis import StepStatus, summary
from mlcore.diagnosis.history import WHOLE_RECORD
from mlcore.diagnosis.indicator_alarms import CLEAR_SCORES, indicator_alarm_masks
from mlcore.diagnosis.indicators import INDICATORS
from mlcore.diagnosis.judgement import judge, parameters_of

from .judged_fleet import CHANGED, calm, judged
from .made_fleet import made_fleet


def alarms(name: str, series: list[float], interval_s: int = 1800) -> np.ndarray:
    scores = np.zeros((1, len(series), len(INDICATORS)))
    scores[0, :, INDICATORS.index(name)] = series
    masks = indicator_alarm_masks(scores, interval_s, WHOLE_RECORD)
    assert not np.delete(masks, INDICATORS.index(name), axis=-1).any(), "the others are calm"
    return np.asarray(masks[0, :, INDICATORS.index(name)])


@pytest.mark.parametrize("name", ["reactive", "distortion", "imbalance", "voltage", "overload"])
def test_one_clear_reading_raises_an_indicator_with_a_short_window(name: str) -> None:
    assert alarms(name, [0, 0, 3.0, 3.0])[2]


@pytest.mark.parametrize("name", ["motor", "oil_temperature"])
def test_what_shows_hours_later_needs_a_second_reading(name: str) -> None:
    assert not alarms(name, [0, 0, 3.0, 0])[2]
    assert alarms(name, [0, 0, 3.0, 3.0])[3]


def test_clear_scores_are_those_of_the_indicators_in_their_order() -> None:
    limited = {name for name, limit in zip(INDICATORS, CLEAR_SCORES, strict=True) if np.isinf(limit)}
    assert limited == {"motor", "oil_temperature"}
    assert set(CLEAR_SCORES[np.isfinite(CLEAR_SCORES)]) == {tuning.CLEAR_SCORE}


@pytest.mark.parametrize("score", [0.99, 1.0])
def test_what_stays_at_the_threshold_raises_nothing(score: float) -> None:
    assert not alarms("reactive", [score] * 50).any()


def test_the_worst_indicator_of_a_step_is_the_one_with_the_highest_score() -> None:
    analysis = summary(judged(is_changed=True), [], calm()[1])
    known = analysis.worst_indicator >= 0
    highest = np.nanmax(np.where(np.isfinite(analysis.scores), analysis.scores, -np.inf), axis=-1)
    np.testing.assert_array_equal(analysis.score[known], highest[known])
    at = np.take_along_axis(analysis.scores, np.maximum(analysis.worst_indicator, 0)[..., None].astype(int), -1)[..., 0]
    np.testing.assert_array_equal(at[known], analysis.score[known])


def test_a_step_without_any_score_has_no_worst_indicator() -> None:
    analysis = summary(judged(), [], calm()[1])
    assert np.isnan(analysis.score[analysis.worst_indicator == -1]).all()
    assert (analysis.worst_indicator[:, :10] == -1).all(), "nothing is said of the first hours of a record"


def test_a_summary_from_a_step_on_is_the_end_of_the_whole() -> None:
    whole, part = (summary(judged(), [], calm()[1], first) for first in (0, 100))
    np.testing.assert_array_equal(part.score, whole.score[:, 100:])
    np.testing.assert_array_equal(part.at_s, whole.at_s[100:])
    np.testing.assert_array_equal(part.expected_reactive_kvar, whole.expected_reactive_kvar[:, 100:])
    np.testing.assert_array_equal(part.residuals, whole.residuals[:, 100:])


def test_a_step_is_judged_absent_dead_or_without_a_model() -> None:
    fleet, models = calm()
    values = made_fleet(wired=False).values.copy()
    values[CHANGED, 500] = np.nan
    values[CHANGED, 600:620, :] *= 0.0  # nothing flows
    from dataclasses import replace

    changed = replace(fleet, values=values)
    known = {code: model for code, model in models.items() if code != fleet.codes[0]}
    status = summary(judge(changed, known, parameters_of(changed, known)), [], known).status
    assert status[CHANGED, 499] == StepStatus.OK
    assert status[CHANGED, 500] == StepStatus.ABSENT
    assert status[CHANGED, 610] in (StepStatus.DE_ENERGISED, StepStatus.BAD_DATA)
    assert status[0, 499] == StepStatus.WARMING


def test_a_substation_without_a_model_says_how_far_it_is() -> None:
    fleet, models = calm()
    known = {code: model for code, model in models.items() if code != fleet.codes[0]}
    analysis = summary(judge(fleet, known, parameters_of(fleet, known)), [], known)
    assert set(analysis.warming) == {fleet.codes[0]}
    assert analysis.warming[fleet.codes[0]].have == analysis.warming[fleet.codes[0]].need == 168
