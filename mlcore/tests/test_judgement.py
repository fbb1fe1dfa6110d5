"""The stages of a judgement together: sensitivity, the settling of a record, and what the alarms say."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from mlcore.diagnosis import tuning
from mlcore.diagnosis.history import WHOLE_RECORD
from mlcore.diagnosis.judgement import findings, judge, parameters_of
from mlcore.diagnosis.scores import score

from .judged_fleet import CHANGED, calm, judged
from .made_fleet import TRAIN_DAYS


def test_a_score_is_multiplied_by_the_sensitivity_of_its_model() -> None:
    fleet, models = calm()
    code = fleet.codes[CHANGED]
    sharper = models | {code: replace(models[code], sensitivity=2 * models[code].sensitivity)}
    changed = judge(fleet, sharper, parameters_of(fleet, sharper)).scores.all_windows
    usual = judged().scores.all_windows
    np.testing.assert_allclose(changed[CHANGED], 2 * usual[CHANGED])
    np.testing.assert_array_equal(np.delete(changed, CHANGED, 0), np.delete(usual, CHANGED, 0))


def test_within_the_training_range_only_what_stands_out_counts() -> None:
    found = judged()
    plain = score(found.departures, found.parameters.thresholds, WHOLE_RECORD).all_windows
    ratio = found.scores.all_windows / np.where(plain == 0, np.nan, plain)
    inside, outside = 5 * 48, (TRAIN_DAYS + 1) * 48
    np.testing.assert_allclose(np.nanmedian(ratio[:, inside]), tuning.WITHIN_TRAINING)
    np.testing.assert_allclose(np.nanmedian(ratio[:, outside]), 1.0)


def test_nothing_is_scored_while_a_record_settles() -> None:
    steps = judged().fleet.steps(tuning.SETTLING_H)
    assert np.isnan(judged().scores.all_windows[:, :steps]).all()
    assert np.isfinite(judged().scores.all_windows[:, steps + 5]).any()


def test_where_no_alarm_is_on_there_is_nothing_to_say() -> None:
    calm_alarms = judged().alarms
    assert bool(findings(judged(), calm()[1])) is bool(calm_alarms.anything.any())


def test_an_alarm_of_any_kind_is_an_alarm() -> None:
    alarms = judged(is_changed=True).alarms
    anything = alarms.losses.any(axis=-1) | alarms.meters.any(axis=-1)
    assert (alarms.anything >= anything).all()
    assert alarms.anything[CHANGED].any()


def test_findings_come_in_order_of_time_each_with_a_cause_of_its_substation() -> None:
    said = findings(judged(is_changed=True), calm()[1])
    assert calm()[0].codes[CHANGED] in {finding.substation for finding in said}
    assert all(first.start_s <= second.start_s for first, second in pairwise(said))


@pytest.mark.parametrize("is_changed", [False, True])
def test_a_judgement_of_some_of_the_steps_is_that_of_the_first_steps_of_all(is_changed: bool) -> None:
    """Nothing looks ahead."""
    whole = judged(is_changed=is_changed)
    part = judge(whole.fleet.until(1000), calm()[1], whole.parameters)
    np.testing.assert_array_equal(part.scores.all_windows, whole.scores.all_windows[:, :1000])
    np.testing.assert_array_equal(part.alarms.anything, whole.alarms.anything[:, :1000])


def test_without_any_model_nothing_is_scored_and_meters_are_looked_at_all_the_same() -> None:
    fleet = calm()[0]
    cold = judge(fleet, {}, parameters_of(fleet, {}))
    assert np.isnan(cold.scores.all_windows).all()
    assert not cold.alarms.losses.any()
    assert cold.alarms.meters.shape[:2] == fleet.values.shape[:2]
