"""Windows, scaling, thresholds, episodes and metrics of the engine."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mlcore.engine.episodes import find_episodes
from mlcore.engine.metrics import confusion, ranking_quality
from mlcore.engine.scaling import RobustScaler
from mlcore.engine.thresholds import exceeded_share, extreme_threshold, quantile_threshold
from mlcore.engine.windows import filled_windows, kept_back, pure_windows, window_starts

MODULES = (
    *("windows", "scaling", "thresholds", "episodes", "metrics", "baseline"),
    pytest.param("gru_autoencoder", marks=pytest.mark.tensorflow),
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_run(name: str) -> None:
    module = import_module(f"mlcore.engine.{name}")
    result = doctest.testmod(module, extraglobs={"np": np})
    assert result.attempted > 0
    assert result.failed == 0


@given(length=st.integers(1, 500), batch=st.integers(1, 40), share=st.floats(0.0, 0.5))
def test_whole_blocks_are_kept_back_at_about_the_wanted_share(length: int, batch: int, share: float) -> None:
    kept = kept_back(length, batch, share)
    whole = kept[: length // batch * batch].reshape(-1, batch)
    assert (whole.all(axis=1) == whole.any(axis=1)).all()
    assert abs(kept.sum() - share * length) <= batch


@given(rows=arrays(bool, st.integers(1, 60)), window=st.integers(1, 12))
def test_a_pure_window_has_no_unmarked_row(rows: np.ndarray, window: int) -> None:
    found = pure_windows(rows, window)
    expected = [end + 1 >= window and rows[end + 1 - window : end + 1].all() for end in range(len(rows))]
    assert found.tolist() == expected


@given(rows=arrays(bool, st.integers(1, 60)), window=st.integers(1, 12))
def test_a_filled_window_ends_in_a_present_row_and_misses_at_most_a_quarter(rows: np.ndarray, window: int) -> None:
    found = filled_windows(rows, window)
    for end in range(len(rows)):
        part = rows[max(0, end + 1 - window) : end + 1]
        assert found[end] == (end + 1 >= window and rows[end] and part.sum() >= 0.75 * window)


def test_window_starts_are_the_first_rows_of_every_second_window() -> None:
    starts = window_starts(np.array([[False, False, True, True, True], [False] * 5]), window=3, stride=2)
    assert [each.tolist() for each in starts] == [[0, 2], []]


def test_the_scaler_is_not_moved_by_a_quarter_of_wild_values_or_by_missing_ones() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(5.0, 2.0, (1, 4000, 1))
    clean = RobustScaler.fit(values)
    values[0, :400] = 1e6
    values[0, 400:600] = np.nan
    dirty = RobustScaler.fit(values)
    assert np.isclose(dirty.centre[0, 0], clean.centre[0, 0], atol=0.4)
    assert np.isclose(dirty.spread[0, 0], clean.spread[0, 0], rtol=0.25)
    assert np.isclose(clean.spread[0, 0], 2.0, rtol=0.05)


@given(arrays(np.float64, (2, 30, 3), elements=st.floats(-1e6, 1e6)))
def test_scaling_and_back_gives_the_same_values_where_nothing_is_clipped(values: np.ndarray) -> None:
    scaler = RobustScaler.fit(values)
    scaled = scaler.scale(values)
    assert np.abs(scaled).max() <= scaler.clip
    inside = np.abs(scaled) < scaler.clip
    tolerance = 1e-4 * (np.abs(values) + scaler.spread[:, None] * 10)
    assert (np.abs(scaler.restore(scaled) - values) <= tolerance)[inside].all()


def test_a_constant_or_absent_channel_is_scaled_to_zero_and_missing() -> None:
    values = np.stack([np.full((1, 50), 7.0), np.full((1, 50), np.nan)], axis=-1)
    scaled = RobustScaler.fit(values).scale(values)
    assert (scaled[..., 0] == 0).all()
    assert np.isnan(scaled[..., 1]).all()


def test_the_extreme_threshold_finds_the_quantile_of_a_known_tail() -> None:
    scores = np.random.default_rng(3).exponential(1.0, (4, 20_000))
    found = extreme_threshold(scores, risk=1e-3)
    assert np.allclose(found, -np.log(1e-3), rtol=0.12)


def test_thresholds_ignore_missing_scores_and_know_when_there_are_none() -> None:
    scores = np.full((2, 200), np.nan)
    scores[0, ::2] = np.linspace(0.0, 1.0, 100)
    assert np.isclose(quantile_threshold(scores, 0.9, 1.0)[0], 0.9)
    assert np.isnan(quantile_threshold(scores)[1])
    assert np.isnan(extreme_threshold(scores)[1])
    assert np.isclose(exceeded_share(scores, np.array([0.9, 1.0]))[0], 0.1, atol=0.011)


def test_thresholds_refuse_impossible_settings_and_name_them() -> None:
    with pytest.raises(ValueError, match=r"share 1\.5"):
        quantile_threshold(np.zeros((1, 5)), share=1.5)
    with pytest.raises(ValueError, match=r"risk 0\.2"):
        extreme_threshold(np.zeros((1, 5)), risk=0.2)
    with pytest.raises(ValueError, match=r"received \(5,\)"):
        quantile_threshold(np.zeros(5))


def _stepwise(row: np.ndarray, on_delay: int, off_delay: int, off_share: float) -> list[tuple[int, int | None]]:
    """The state machine, one row at a time."""
    found: list[tuple[int, int | None]] = []
    above = below = 0
    is_on = False
    for step, value in enumerate(row):
        if np.isnan(value):
            continue
        above = above + 1 if value > 1.0 else 0
        below = below + 1 if value < off_share else 0
        if not is_on and above >= on_delay:
            found.append((step, None))
            is_on = True
        elif is_on and below >= off_delay:
            found[-1] = (found[-1][0], step)
            is_on = False
    return found


@given(
    row=arrays(np.float64, st.integers(1, 60), elements=st.sampled_from([0.0, 0.5, 0.8, 1.2, 3.0, np.nan])),
    on_delay=st.integers(1, 4),
    off_delay=st.integers(1, 4),
)
def test_episodes_are_those_of_the_stepwise_state_machine(row: np.ndarray, on_delay: int, off_delay: int) -> None:
    found = find_episodes(row[None], on_delay=on_delay, off_delay=off_delay, off_share=0.6)
    assert [(each.start, each.stop) for each in found] == _stepwise(row, on_delay, off_delay, 0.6)


def test_an_episode_names_its_substation_and_peak() -> None:
    scores = np.array([[0.0] * 6, [0.0, 4.0, 9.0, 4.0, 0.0, 0.0]])
    (episode,) = find_episodes(scores, np.array([1.0, 2.0]), on_delay=2, off_delay=1)
    assert (episode.substation, episode.start, episode.stop, episode.peak, episode.score) == (1, 2, 4, 2, 9.0)


def test_episodes_refuse_delays_of_no_row() -> None:
    with pytest.raises(ValueError, match="on_delay 0"):
        find_episodes(np.zeros((1, 3)), on_delay=0)


@given(arrays(bool, 40), arrays(bool, 40))
def test_f1_is_the_harmonic_mean_of_precision_and_recall(flagged: np.ndarray, abnormal: np.ndarray) -> None:
    found = confusion(flagged, abnormal)
    total = found.precision + found.recall
    assert np.isclose(found.f1, 2 * found.precision * found.recall / total if total else 0.0)


def test_ranking_quality_is_one_half_for_equal_scores_and_needs_both_kinds() -> None:
    truth = np.array([True, False, True])
    assert ranking_quality(np.ones(3), truth) == 0.5
    with pytest.raises(ValueError, match="3 abnormal and 0 normal"):
        ranking_quality(np.ones(3), np.ones(3, dtype=bool))


@pytest.mark.tensorflow
def test_the_example_of_the_documentation_finds_its_fault(capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "engine.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(text.split("```python\n")[1].split("```")[0], names)  # noqa: S102  # our own document
    assert "substation=2" in capsys.readouterr().out
    assert len(names["again"]) == 1
