"""The alarm state: on-delay, off-delay, hysteresis, frozen without data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.diagnosis import tuning
from mlcore.diagnosis.alarm_episodes import alarm_states, episodes
from mlcore.diagnosis.history import WHOLE_RECORD
from mlcore.diagnosis.indicator_alarms import indicator_alarm_masks
from mlcore.diagnosis.indicators import INDICATORS

SCORES = st.lists(st.one_of(st.floats(0, 6), st.just(float("nan"))), min_size=1, max_size=80)


def _states(scores: list[float], interval_s: float = 900.0) -> list[bool]:
    return list(alarm_states(np.array(scores), interval_s, WHOLE_RECORD))


def _slow(scores: list[float], hours: float) -> list[bool]:
    """The state machine as a plain loop."""
    state, urgency, quiet, found = False, 0.0, 0.0, []
    for score in scores:
        if np.isfinite(score):
            urgency = urgency + _counted(score, hours) if score > 1 else 0.0
            quiet = quiet + hours if score < tuning.OFF_SCORE else 0.0
            if urgency >= tuning.ON_DELAY_H - 1e-9 and score > 1:
                state = True
            if quiet >= tuning.OFF_DELAY_H - 1e-9:
                state = False
        found.append(state)
    return found


def _counted(score: float, hours: float) -> float:
    """Hours of the on-delay that one high reading counts for."""
    most = tuning.MAX_SHARE_OF_DELAY * tuning.ON_DELAY_H
    counted = min(hours, most) * min(tuning.SLOWEST_PACE + tuning.PACE_PER_SCORE * (score - 1.0), tuning.FASTEST_PACE)
    return counted if score >= tuning.CLEAR_SCORE else min(counted, most)


@given(SCORES, st.sampled_from([60.0, 300.0, 900.0, 1800.0, 3600.0]))
def test_it_is_the_plain_state_machine(scores: list[float], interval_s: float) -> None:
    assert _states(scores, interval_s) == _slow(scores, interval_s / 3600.0)


def test_a_barely_high_score_needs_hours_and_a_clear_one_a_step() -> None:
    assert _states([1.01] * 8) == [False] * 7 + [True]
    assert _states([1.1] * 3) == [False, True, True]
    assert _states([1.6]) == [True]


@pytest.mark.parametrize("interval_s", [900.0, 1800.0, 3600.0])
def test_one_slow_reading_that_is_not_clear_raises_nothing(interval_s: float) -> None:
    assert _states([1.45, 0.5, 0.5], interval_s) == [False] * 3
    assert _states([1.45, 1.45], interval_s) == [False, True]


def test_a_slow_indicator_never_alarms_from_one_reading() -> None:
    scores = np.zeros((1, 10, len(INDICATORS)))
    scores[0, 5] = 4.0
    raised = indicator_alarm_masks(scores, 1800.0, WHOLE_RECORD)[0].any(axis=0)
    assert [name for name, on in zip(INDICATORS, raised, strict=True) if not on] == ["motor", "oil_temperature"]
    scores[0, 6] = 4.0
    assert indicator_alarm_masks(scores, 1800.0, WHOLE_RECORD)[0].any(axis=0).all()


def test_between_the_limits_nothing_changes() -> None:
    assert _states([5.0, 0.7, 0.7] + [0.7] * 40)[-1]
    assert not any(_states([0.9] * 40))


def test_it_goes_off_after_two_hours_of_quiet_and_not_for_one_quiet_step() -> None:
    found = _states([5.0] + [0.1] * 7 + [0.6] + [0.1] * 8)
    assert found[:-1] == [True] * 16
    assert not found[-1]


def test_missing_scores_freeze_state_and_delays() -> None:
    nan = float("nan")
    assert _states([5.0, *[nan] * 50]) == [True] * 51
    assert _states([1.2, nan, nan, 1.2]) == [False, False, False, True]


def test_an_episode_ends_where_its_short_score_was_last_present() -> None:
    scores = np.zeros((1, 40, 1))
    scores[0, 5:20, 0] = 5.0
    states = np.moveaxis(alarm_states(np.moveaxis(scores, 1, 2), 900.0, WHOLE_RECORD), 2, 1)
    (episode,) = episodes(states, scores)
    assert (episode.raised, episode.last, episode.cleared) == (5, 19, 27)
    (open_episode,) = episodes(states[:, :25], scores[:, :25])
    assert open_episode.cleared is None


@pytest.mark.parametrize("shape", [(1, 10, 1), (3, 10, 2)])
def test_no_alarm_gives_no_episode(shape: tuple[int, ...]) -> None:
    assert episodes(np.zeros(shape, dtype=bool), np.zeros(shape)) == []
