"""Thresholds: what normal steps rarely exceed, times a factor; a few hidden faults cannot widen them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from mlcore.diagnosis import threshold_learning, tuning
from mlcore.diagnosis.departures import Departures, windowed_quantities
from mlcore.diagnosis.history import NO_PAST, WHOLE_RECORD
from mlcore.diagnosis.parameters import Thresholds
from mlcore.diagnosis.rolling import window_mean
from mlcore.diagnosis.threshold_learning import first_thresholds, learn_thresholds

from .judged_fleet import CHANGED, judged

KEY = ("reactive", 3.0)


def rows(found: Departures) -> np.ndarray:
    return np.isfinite(found.residuals.reactive)


@lru_cache(maxsize=1)
def learned() -> Thresholds:
    return learn_thresholds(judged().departures, rows(judged().departures))


def of_normal(values: np.ndarray, mask: np.ndarray, share: float) -> float:
    return float(np.quantile(values[mask & np.isfinite(values)], share))


def test_a_threshold_is_a_multiple_of_a_high_quantile_and_not_below_the_far_tail() -> None:
    found = judged().departures
    values, mask = windowed_quantities(found, WHOLE_RECORD)[KEY][0], rows(found)[0]
    high = tuning.QUANTILE_FACTOR * of_normal(values, mask, tuning.QUANTILE)
    tail = tuning.TAIL_FACTOR * of_normal(values, mask, tuning.TAIL_QUANTILE)
    assert learned().windowed[KEY][0] == pytest.approx(max(high, tail))


def test_every_windowed_quantity_has_one() -> None:
    assert learned().windowed.keys() == windowed_quantities(judged().departures, WHOLE_RECORD).keys()
    assert all(np.isfinite(value).all() for value in learned().windowed.values())


def test_the_usual_loss_is_the_mean_of_normal_steps() -> None:
    found = judged().departures
    mask = rows(found).copy()
    mask[:, 200:] = False
    local = found.operation.local_kw[0, :200]
    expected = local[mask[0, :200] & np.isfinite(local)].mean()
    assert learn_thresholds(found, mask).usual_loss_kw[0] == pytest.approx(expected)


def test_the_largest_load_is_that_of_a_half_hour_and_its_extreme_is_below_it() -> None:
    found = judged().departures
    steps = found.fleet.steps(tuning.OVERLOAD_WINDOW_H)
    loading = window_mean(found.signals.apparent, steps, NO_PAST)
    assert learned().loading_largest[0] == pytest.approx(np.nanmax(np.where(rows(found), loading, np.nan)[0]))
    assert (learned().loading_extreme <= learned().loading_largest).all()
    assert learned().active_largest[0] == pytest.approx(found.signals.active[0][rows(found)[0]].max())


def test_without_normal_steps_nothing_is_learned_and_nothing_is_missing() -> None:
    found = judged().departures
    nothing = learn_thresholds(found, np.zeros_like(rows(found)))
    assert all((value == 0.0).all() for value in nothing.windowed.values())
    assert (nothing.usual_loss_kw == 0.0).all()


def test_a_fault_in_the_training_range_widens_the_first_thresholds_little() -> None:
    """Two of 24 days without capacitors: more than the high quantile of ordinary thresholds can bear."""
    calm, lost = judged().departures, judged(is_changed=True).departures
    first = [first_thresholds(found, rows(found)).windowed[KEY][CHANGED] for found in (calm, lost)]
    usual = [learn_thresholds(found, rows(found)).windowed[KEY][CHANGED] for found in (calm, lost)]
    assert first[1] < 2 * first[0]
    assert usual[1] > 2 * usual[0]


def test_the_first_thresholds_are_taken_from_the_lower_half(monkeypatch: pytest.MonkeyPatch) -> None:
    """Median 0, lower 10 % at −1: 5 times the distance; of a one-sided quantity 12 times its median."""
    ramp = np.linspace(-1.25, 1.25, 501)[None]
    quantities: dict[Any, np.ndarray] = {("reactive", 1.0): ramp, ("voltage", 1.0): ramp + 1.35}
    wide = replace(learned(), windowed=dict.fromkeys(quantities, np.array([1e9])))
    monkeypatch.setattr(threshold_learning, "windowed_quantities", lambda *_: quantities)
    monkeypatch.setattr(threshold_learning, "learn_thresholds", lambda *_, **__: wide)
    first = first_thresholds(judged().departures, np.ones_like(ramp, dtype=bool)).windowed
    assert first["reactive", 1.0][0] == pytest.approx(5.0 * 1.0)
    assert first["voltage", 1.0][0] == pytest.approx(12.0 * 1.35)
