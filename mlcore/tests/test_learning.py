"""How a fleet is learned: folds that nothing is judged by that it taught, and what lasts is left out."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.diagnosis import tuning
from mlcore.diagnosis.learning import (
    MIN_TRAINING_H,
    _any_ahead,
    _around_training,
    _folds,
    learn,
    nothing_learned,
    usable_hours,
)
from mlcore.diagnosis.terms import CONTEXT_HOURS

from .judged_fleet import CHANGED, calm, judged, more_kvar
from .made_fleet import made_fleet, training
from .small_fleet import empty_fleet


def test_blocks_follow_one_another_and_hold_as_many_normal_steps_each() -> None:
    normal = np.ones((1, 400), dtype=bool)
    folds = _folds(normal)[0]
    assert (np.diff(folds) >= 0).all()
    np.testing.assert_allclose(np.bincount(folds), 400 / tuning.FOLDS, atol=1)


def test_blocks_are_counted_in_normal_steps_and_not_in_time() -> None:
    normal = np.ones((1, 400), dtype=bool)
    normal[0, :200] = False
    folds = _folds(normal)[0]
    assert (folds[:200] == 0).all()
    np.testing.assert_allclose(np.bincount(folds[200:]), 200 / tuning.FOLDS, atol=1)


def test_without_normal_steps_there_is_one_block() -> None:
    assert (_folds(np.zeros((2, 10), dtype=bool)) == 0).all()


def test_what_lies_ahead_is_looked_for_this_step_included() -> None:
    mask = np.zeros((1, 8), dtype=bool)
    mask[0, 5] = True
    np.testing.assert_array_equal(np.flatnonzero(_any_ahead(mask, 3)[0]), [3, 4, 5])


def test_a_training_rests_on_its_range_and_the_memory_before_it() -> None:
    fleet = empty_fleet(2, 400)
    train = np.zeros((2, 400), dtype=bool)
    train[0, 200:300] = True
    part, marked = _around_training(fleet, train)
    assert (part.at_s[0], part.at_s[-1]) == (fleet.at_s[200 - CONTEXT_HOURS], fleet.at_s[299])
    assert marked.sum() == 100
    assert marked.shape == part.values.shape[:2]


def test_without_a_marked_step_nothing_is_cut() -> None:
    fleet = empty_fleet(1, 10)
    part, _marked = _around_training(fleet, np.zeros((1, 10), dtype=bool))
    assert part is fleet


def test_usable_hours_are_believable_steps_times_their_length() -> None:
    found = judged()
    train = training(found.fleet)[None] & np.ones_like(found.usable.reactive)
    by_hand = (found.usable.reactive & train).sum(axis=1) * 0.5
    np.testing.assert_array_equal(usable_hours(found.fleet, found.usable, train), by_hand)


@pytest.mark.parametrize(("days", "has_model"), [(6, False), (8, True)])
def test_a_model_needs_a_week_of_believable_hours(days: int, has_model: bool) -> None:
    fleet = made_fleet(substations=2, wired=False)
    models, warming = learn(fleet, training(fleet, days), 1.0)
    assert bool(models) is has_model
    if not has_model:
        assert warming["T1"].need == MIN_TRAINING_H
        assert 0 < warming["T1"].have < MIN_TRAINING_H


def test_a_fault_in_the_training_range_is_left_out_and_moves_little() -> None:
    """Two of the 24 days that it learns from are without capacitors."""
    fleet = made_fleet(more_kvar, wired=False)
    models, _warming = learn(fleet, np.ones(len(fleet.at_s), dtype=bool), 1.0)
    excluded = [models[code].excluded_share for code in fleet.codes]
    assert 2 / 24 <= excluded[CHANGED] < 3.2 / 24, "the days themselves, a day of the longest window, hours around"
    assert max(np.delete(excluded, CHANGED)) < 0.02
    clean = calm()[1][fleet.codes[CHANGED]].parameters.thresholds.windowed["reactive", 24.0]
    hidden = models[fleet.codes[CHANGED]].parameters.thresholds.windowed["reactive", 24.0]
    assert hidden < 2 * clean + 0.5


def test_a_model_knows_its_range() -> None:
    fleet, models = calm()
    model = models[fleet.codes[0]]
    trained = fleet.at_s[training(fleet)]
    assert (model.trained_from_s, model.trained_until_s) == (trained[0], trained[-1] + fleet.interval_s)
    assert model.interval_s == fleet.interval_s


def test_of_nothing_learned_every_parameter_is_unknown_and_has_its_shape() -> None:
    fleet, models = calm()
    nothing = nothing_learned(fleet).to_arrays()
    for name, value in models[fleet.codes[0]].parameters.to_arrays().items():
        assert nothing[name].shape == (len(fleet.codes), *value.shape), name
        assert np.isnan(nothing[name]).all()
