"""What is learned, by name: taken apart for storing, put together again, of one substation or of many."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from mlcore.diagnosis.indicators import WITH_THRESHOLD
from mlcore.diagnosis.parameters import (
    ExpectationParameters,
    LoadShape,
    Parameters,
    QualityParameters,
    Thresholds,
)

COUNT = 3


def filled(kind: Any, rng: np.random.Generator, **known: Any) -> Any:
    """A dataclass of random arrays, [substation, 2]."""
    names = [field.name for field in fields(kind) if field.name not in known]
    return kind(**known, **{name: rng.normal(size=(COUNT, 2)) for name in names})


@pytest.fixture
def parameters() -> Parameters:
    rng = np.random.default_rng(3)
    made: Parameters = filled(
        Parameters,
        rng,
        quality=filled(QualityParameters, rng),
        expectations=filled(ExpectationParameters, rng, shape=filled(LoadShape, rng)),
        thresholds=filled(Thresholds, rng, windowed={key: rng.normal(size=COUNT) for key in WITH_THRESHOLD}),
    )
    return made


def assert_same(one: Parameters, other: Parameters) -> None:
    mine, theirs = one.to_arrays(), other.to_arrays()
    assert mine.keys() == theirs.keys()
    for name, value in mine.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)


def test_what_was_taken_apart_is_put_together_again(parameters: Parameters) -> None:
    again = Parameters.from_arrays(parameters.to_arrays())
    assert_same(again, parameters)
    np.testing.assert_array_equal(again.expectations.shape.hinges, parameters.expectations.shape.hinges)
    np.testing.assert_array_equal(again.quality.phase_share, parameters.quality.phase_share)


def test_no_two_arrays_share_a_name(parameters: Parameters) -> None:
    """Quality and load shape both have a phase_share: each has its own place."""
    parts = (parameters.quality, parameters.expectations, parameters.expectations.shape, parameters.thresholds)
    count = sum(len(fields(part)) for part in parts) + len(fields(parameters)) - 3  # the parts themselves
    count += len(WITH_THRESHOLD) - 1 - 1  # windowed and shape are no arrays
    assert len(parameters.to_arrays()) == count


def test_stored_names_stay_those_of_models_that_are_stored_already(parameters: Parameters) -> None:
    names = parameters.to_arrays().keys()
    assert {
        "gate_least_loading",
        "threshold_together@3",
        "threshold_together_root@8",
        "threshold_reactive@0.5",
    } <= names
    assert not any("min_loading" in name or "step_covariance" in name for name in names)


def test_an_array_that_is_missing_is_named(parameters: Parameters) -> None:
    arrays = parameters.to_arrays()
    del arrays["demand_profile"]
    with pytest.raises(KeyError, match="demand_profile"):
        Parameters.from_arrays(arrays)


def test_the_rows_of_a_fleet_are_its_substations(parameters: Parameters) -> None:
    parts = [parameters.of_substation(row) for row in range(COUNT)]
    np.testing.assert_array_equal(parts[1].step_spread, parameters.step_spread[1])
    assert_same(Parameters.stacked(parts), parameters)


def test_of_nothing_learned_every_figure_is_unknown(parameters: Parameters) -> None:
    for name, value in parameters.nowhere().to_arrays().items():
        assert np.isnan(value).all(), name
        assert value.shape == parameters.to_arrays()[name].shape


def test_models_of_other_shapes_cannot_be_stacked(parameters: Parameters) -> None:
    part = parameters.of_substation(0)
    arrays = part.to_arrays()
    arrays["hinges"] = np.zeros(9)
    with pytest.raises(ValueError, match="same shape"):
        Parameters.stacked([part, Parameters.from_arrays(arrays)])


def test_a_threshold_is_never_below_the_least_that_is_worth_an_alarm() -> None:
    one = np.array([0.1, 0.5, np.nan])
    thresholds = Thresholds({("voltage", 1.0): one}, *(np.zeros(3) for _ in range(5)))
    np.testing.assert_array_equal(thresholds.of("voltage", 1.0, 0.3), [[0.3], [0.5], [0.3]])
    np.testing.assert_array_equal(thresholds.of("voltage", 1.0)[:2], [[0.1], [0.5]])
