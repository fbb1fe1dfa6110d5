"""The arrays of the engine: inputs that are checked, weights with their shapes, and a window rebuilt by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlcore.engine.baseline import PrincipalComponents
from mlcore.engine.fitted import IncompatibleWeightsError
from mlcore.engine.frames import as_frame, checked_rows
from mlcore.engine.gru_newest import decode_newest
from mlcore.engine.gru_weights import Architecture, first_weights, repeated
from mlcore.engine.scaling import RobustScaler

SMALL = Architecture(channels=2, context=1, hidden=3, latent=1, layers=1, window=4)
RNG = np.random.default_rng(5)


def scaler(channels: int = 2) -> RobustScaler:
    return RobustScaler(np.zeros((1, channels), np.float32), np.full((1, channels), 2.0, np.float32), clip=3.0)


def test_a_frame_is_scaled_turned_and_zero_where_nothing_was_measured() -> None:
    values = np.array([[[2.0, np.nan], [100.0, -4.0]]])
    frame = as_frame(values, None, scaler())
    np.testing.assert_array_equal(frame.inputs[0], [[1.0, 3.0], [0.0, -2.0]])  # clipped at 3
    np.testing.assert_array_equal(frame.present[0], [[1.0, 1.0], [0.0, 1.0]])
    np.testing.assert_array_equal(frame.any_present, [[True, True]])
    assert frame.channels == 2


def test_context_stands_behind_the_channels_and_may_be_the_same_for_all() -> None:
    frame = as_frame(np.ones((2, 3, 1)), np.arange(3.0)[:, None], RobustScaler(np.zeros((2, 1)), np.ones((2, 1))))
    np.testing.assert_array_equal(frame.inputs[:, 1], [[0.0, 1.0, 2.0]] * 2)
    assert frame.channels == 1


def test_rows_and_parts_of_a_frame() -> None:
    frame = as_frame(np.arange(8.0).reshape(1, 4, 2), None, scaler())
    only = frame.only(np.array([True, False, True, False]))
    np.testing.assert_array_equal(only.inputs, frame.inputs[:, :, [0, 2]])
    part = frame.part(slice(0, 1), 1, 3)
    assert part.first == 1
    np.testing.assert_array_equal(part.inputs, frame.inputs[:, :, 1:3])


@pytest.mark.parametrize(
    ("values", "context", "complaint"),
    [
        (np.zeros((2, 3)), None, r"shape \[substation, time, channel\]; received \(2, 3\)"),
        (np.array([[["a", "b"]]]), None, "must be numbers"),
        (np.full((1, 2, 2), np.inf), None, "must be finite or NaN"),
        (np.zeros((1, 4, 3)), None, "learned 2 channels; received 3"),
        (np.zeros((1, 4, 2)), np.zeros((5, 1)), "context must have the shape"),
        (np.zeros((1, 4, 2)), np.full((4, 1), np.nan), "must be known for every row"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(values: Any, context: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        as_frame(values, context, scaler())


def test_rows_to_learn_from_are_all_or_those_marked_for_each_or_for_everybody() -> None:
    values = np.zeros((2, 3, 1))
    assert checked_rows(values, None).all()
    marked = checked_rows(values, np.array([True, False, True]))
    np.testing.assert_array_equal(marked, [[True, False, True]] * 2)
    with pytest.raises(ValueError, match="rows must be booleans"):
        checked_rows(values, np.zeros(3))  # type: ignore[arg-type]  # refused for that


def test_weights_have_the_shapes_that_their_layers_need() -> None:
    shapes = SMALL.shapes()
    assert shapes["encoder_0_kernel"] == (3, 9)  # two channels and one context into three gates of three
    assert shapes["decoder_0_kernel"] == (2, 9)  # one latent and one context
    assert (shapes["latent_kernel"], shapes["output_kernel"]) == ((3, 1), (3, 2))
    deeper = Architecture(2, 1, 3, 1, layers=2, window=4)
    assert deeper.inputs_of("encoder", 1) == deeper.inputs_of("decoder", 1) == 3


def test_first_weights_are_repeatable_bounded_and_recurrent_ones_orthogonal() -> None:
    weights, again = first_weights(SMALL, 7), first_weights(SMALL, 7)
    for name, value in weights.items():
        np.testing.assert_array_equal(value, again[name])
    recurrent = weights["encoder_0_recurrent"][0]
    for gate in np.split(recurrent, 3, axis=1):
        np.testing.assert_allclose(gate.T @ gate, np.eye(3), atol=1e-6)
    limit = np.sqrt(6.0 / (3 + 9))
    assert np.abs(weights["encoder_0_kernel"]).max() <= limit
    assert not weights["encoder_0_bias"].any()
    assert repeated(weights, 4)["latent_bias"].shape == (4, 1)


def sigmoid(value: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-value))


def gru(inputs: np.ndarray, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """States [step, hidden] of one layer, as ``keras.layers.GRU`` describes it, with reset after the product."""
    state, states = np.zeros(recurrent.shape[0]), []
    for row in inputs:
        update, reset, candidate = np.split(row @ kernel + bias[0], 3)
        inner_update, inner_reset, inner_candidate = np.split(state @ recurrent + bias[1], 3)
        z, r = sigmoid(update + inner_update), sigmoid(reset + inner_reset)
        state = z * state + (1.0 - z) * np.tanh(candidate + r * inner_candidate)
        states.append(state)
    return np.array(states)


def test_a_window_is_rebuilt_as_a_plain_loop_rebuilds_it() -> None:
    shapes = SMALL.shapes()
    weights = {name: RNG.normal(size=(1, *shape)).astype(np.float32) for name, shape in shapes.items()}
    inputs = RNG.normal(size=(1, 3, 4)).astype(np.float32)
    w = {name: value[0].astype(np.float64) for name, value in weights.items()}
    rows = inputs[0].T.astype(np.float64)
    states = gru(rows, w["encoder_0_kernel"], w["encoder_0_recurrent"], w["encoder_0_bias"])
    latent = states[-1] @ w["latent_kernel"] + w["latent_bias"]
    entering = np.column_stack([np.repeat(latent[None], 4, axis=0), rows[:, 2:]])
    decoded = gru(entering, w["decoder_0_kernel"], w["decoder_0_recurrent"], w["decoder_0_bias"])
    by_hand = decoded @ w["output_kernel"] + w["output_bias"]
    np.testing.assert_allclose(decode_newest(weights, inputs, SMALL)[0].T, by_hand, atol=1e-5)


@pytest.fixture(scope="module")
def fitted() -> PrincipalComponents:
    hours = np.arange(400)[None, :, None]
    values = np.sin(hours / 24 * 2 * np.pi + np.arange(2)) + 0.05 * RNG.normal(size=(2, 400, 2))
    return PrincipalComponents(window_steps=6, latent=2).fit(values)


def test_some_of_the_substations_in_another_order_and_back_in_one(fitted: PrincipalComponents) -> None:
    turned = fitted.only([1, 0])
    np.testing.assert_array_equal(turned.threshold_, fitted.threshold_[[1, 0]])
    again = PrincipalComponents.stack([fitted.only([0]), fitted.only([1])])
    np.testing.assert_array_equal(again.threshold_, fitted.threshold_)
    assert len(again) == 2


def test_models_of_other_settings_cannot_be_stacked(fitted: PrincipalComponents) -> None:
    other = PrincipalComponents(window_steps=6, latent=1).fit(RNG.normal(size=(1, 400, 2)))
    with pytest.raises(IncompatibleWeightsError, match="different settings"):
        PrincipalComponents.stack([fitted, other])
    with pytest.raises(ValueError, match="received none"):
        PrincipalComponents.stack([])


def test_what_was_taken_apart_judges_as_before(fitted: PrincipalComponents) -> None:
    again = PrincipalComponents.from_arrays(*fitted.to_arrays())
    values = RNG.normal(size=(2, 50, 2))
    np.testing.assert_array_equal(again.score(values), fitted.score(values))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"kind": "other"}, "Expected a principal_components of version 1; received 'other'"),
        ({"version": 9}, "of version 9. Train it again"),
        ({"settings": {"colour": 1}}, "cannot be used"),
        ({"channels": 3}, "do not fit the description"),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    fitted: PrincipalComponents, changes: dict[str, Any], complaint: str
) -> None:
    arrays, meta = fitted.to_arrays()
    with pytest.raises(IncompatibleWeightsError, match=complaint):
        PrincipalComponents.from_arrays(arrays, meta | changes)


def test_weights_that_are_no_numbers_are_refused(fitted: PrincipalComponents) -> None:
    arrays, meta = fitted.to_arrays()
    broken = arrays | {"weight.middle": np.full_like(arrays["weight.middle"], np.nan)}
    with pytest.raises(IncompatibleWeightsError, match=r"\['middle'\] hold values that are not numbers"):
        PrincipalComponents.from_arrays(broken, meta)
