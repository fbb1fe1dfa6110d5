"""Judged steps of one substation, cut and joined along time, say what the whole record says of it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from mlcore.diagnosis.array_trees import map_arrays
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.judgement import Judgement, judge, parameters_of
from mlcore.diagnosis.tracked_history import arrays_of, followed, of_substation, restored, shortened

from .judged_fleet import CHANGED, calm, judged

TOGETHER = 100


@lru_cache(maxsize=1)
def in_two() -> tuple[Judgement, Judgement]:
    """The first steps of the fleet, and those after them, each judged as a record of its own."""
    fleet, models = calm()
    parts = fleet.until(TOGETHER), fleet.since(int(fleet.at_s[TOGETHER])).until(40)
    before, after = (judge(part, models, parameters_of(part, models)) for part in parts)
    return before, after


def test_one_substation_keeps_its_axis_and_its_own_rows() -> None:
    whole, alone = judged(), of_substation(judged(), CHANGED)
    assert alone.fleet.codes == (whole.fleet.codes[CHANGED],)
    np.testing.assert_array_equal(alone.scores.all_windows, whole.scores.all_windows[[CHANGED]])
    np.testing.assert_array_equal(alone.parameters.step_spread, whole.parameters.step_spread[[CHANGED]])
    np.testing.assert_array_equal(alone.bands["voltage_v"].high, whole.bands["voltage_v"].high[[CHANGED]])


def test_it_still_knows_how_many_neighbours_it_has() -> None:
    assert judged().fleet.group_size[CHANGED, 0] == of_substation(judged(), CHANGED).fleet.group_size[0, 0] == 6


def test_it_holds_on_to_nothing_of_the_others() -> None:
    alone = of_substation(judged(), CHANGED)
    assert alone.scores.all_windows.base is None
    assert not np.shares_memory(alone.scores.all_windows, judged().scores.all_windows)


def test_newer_steps_come_behind_the_older_ones() -> None:
    before, after = in_two()
    joined = followed(of_substation(before, CHANGED), after, CHANGED)
    np.testing.assert_array_equal(joined.fleet.at_s, [*before.fleet.at_s, *after.fleet.at_s])
    expected = np.concatenate([before.departures.operation.local_kw, after.departures.operation.local_kw], axis=1)
    np.testing.assert_array_equal(joined.departures.operation.local_kw, expected[[CHANGED]])
    expected = np.concatenate([before.alarms.losses, after.alarms.losses], axis=1)
    np.testing.assert_array_equal(joined.alarms.losses, expected[[CHANGED]])


def test_what_is_no_matter_of_time_stays_as_it_was() -> None:
    before, after = in_two()
    history = of_substation(before, CHANGED)
    joined = followed(history, after, CHANGED)
    assert joined.parameters is history.parameters
    np.testing.assert_array_equal(joined.signals.rated_kva, history.signals.rated_kva)


def test_newer_steps_can_be_taken_back() -> None:
    before, after = in_two()
    history = of_substation(before, CHANGED)
    again = shortened(followed(history, after, CHANGED), len(after.fleet.at_s))
    np.testing.assert_array_equal(again.fleet.at_s, history.fleet.at_s)
    np.testing.assert_array_equal(again.scores.all_windows, history.scores.all_windows)
    np.testing.assert_array_equal(again.bands["power_factor"].low, history.bands["power_factor"].low)


def test_taking_nothing_back_changes_nothing() -> None:
    history = of_substation(judged(), CHANGED)
    assert shortened(history, 0) is history


def assert_same(one: Judgement, other: Judgement) -> None:
    def compare(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)
        return left

    def compare_fleets(left: Fleet, right: Fleet) -> Fleet:
        for name in ("at_s", "values", "local_s", "group_size"):
            compare(getattr(left, name), getattr(right, name))
        assert (left.codes, left.nameplates, left.segments) == (right.codes, right.nameplates, right.segments)
        return left

    map_arrays(compare, one, other, special={Fleet: compare_fleets})


def test_what_was_taken_apart_is_put_together_by_any_other_steps() -> None:
    before, after = in_two()
    history = of_substation(before, CHANGED)
    again = restored(of_substation(after, CHANGED), arrays_of(history))
    assert again is not None
    assert_same(again, history)
    assert_same(followed(again, after, CHANGED), followed(history, after, CHANGED))


def test_what_is_of_another_form_is_not_put_together() -> None:
    before, after = in_two()
    like, arrays = of_substation(after, CHANGED), arrays_of(of_substation(before, CHANGED))
    assert restored(like, arrays[1:]) is None
    assert restored(like, [arrays[0].astype(np.float32), *arrays[1:]]) is None
    assert restored(like, [arrays[0][None], *arrays[1:]]) is None
