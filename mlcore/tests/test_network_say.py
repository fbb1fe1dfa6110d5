"""The rule that joins the network and the physics: a factor of 1.41 either way, silent where it knows nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.diagnosis.indicators import INDICATORS
from mlcore.diagnosis.network_say import CAUSES_OF_INDICATOR, NETWORK_CAUSES, say, weighed
from substations.simulation import LOSS_KINDS

from .judged_fleet import judged


def odds(cause: str, value: float, otherwise: float = -20.0) -> np.ndarray:
    """[substation, time, cause] the same everywhere."""
    shape = judged().usable.reactive.shape
    found = np.full((*shape, len(NETWORK_CAUSES)), otherwise)
    found[..., NETWORK_CAUSES.index(cause)] = value
    return found


def test_every_indicator_listens_to_a_cause_and_every_cause_is_heard() -> None:
    assert set(CAUSES_OF_INDICATOR) == set(INDICATORS)
    assert {cause for causes in CAUSES_OF_INDICATOR.values() for cause in causes} == set(NETWORK_CAUSES)
    assert set(NETWORK_CAUSES) == set(LOSS_KINDS)


@given(st.floats(-1e6, 1e6))
def test_a_score_is_multiplied_and_divided_by_1_41_at_most(value: float) -> None:
    factor = say(odds("phase_imbalance", value), judged().departures)
    assert factor.min() >= 0.5**0.5
    assert factor.max() <= 2.0**0.5


@pytest.mark.parametrize(("value", "factor"), [(2.5, 1.0), (4.25, 2.0**0.5), (0.75, 0.5**0.5)])
def test_neutral_odds_change_nothing_and_three_and_a_half_more_would_double(value: float, factor: float) -> None:
    column = INDICATORS.index("imbalance")
    assert say(odds("phase_imbalance", value), judged().departures)[..., column] == pytest.approx(factor)


def test_where_the_network_is_silent_the_physics_stands() -> None:
    found = judged()
    silent = np.full((*found.usable.reactive.shape, len(NETWORK_CAUSES)), np.nan)
    after = weighed(found.scores, silent, found.departures)
    np.testing.assert_array_equal(after.all_windows, found.scores.all_windows)


def test_it_raises_from_seven_tenths_of_the_threshold_on_and_never_below() -> None:
    found = judged()
    sure = weighed(found.scores, odds("phase_imbalance", 50.0), found.departures)
    column = INDICATORS.index("imbalance")
    before, after = found.scores.all_windows[..., column], sure.all_windows[..., column]
    assert (np.nan_to_num(after) > 1.0).sum() == (np.nan_to_num(before) > 0.5**0.5).sum()


def test_it_vetoes_what_scores_little_more_than_the_threshold_and_nothing_beyond() -> None:
    found = judged(is_changed=True)
    doubtful = weighed(found.scores, odds("overload", -50.0, otherwise=-50.0), found.departures)
    before, after = (each.all_windows[..., 0] for each in (found.scores, doubtful))
    lagging = found.departures.residuals.reactive > 0
    assert ((before > 1.0) & (before < 1.4) & lagging & (after > 1.0)).sum() == 0
    assert (after[before > 1.42] > 1.0).all()


def test_kvar_that_flow_back_are_nothing_that_it_was_shown_so_it_vetoes_none() -> None:
    found = judged()
    back = replace(
        found.departures,
        residuals=replace(found.departures.residuals, reactive=-np.ones_like(found.departures.residuals.reactive)),
    )
    assert (say(odds("overload", -50.0), back)[..., INDICATORS.index("reactive")] == 1.0).all()


def test_short_windows_and_with_them_the_end_of_an_episode_stay_physical() -> None:
    found = judged(is_changed=True)
    after = weighed(found.scores, odds("overload", 50.0), found.departures)
    assert after.short_windows is found.scores.short_windows
    assert after.step_covariance is found.scores.step_covariance
