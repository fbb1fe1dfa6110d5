"""The contract that every model of the engine keeps, and what the GRU autoencoder adds to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from typing import Any

import numpy as np
import pytest

from mlcore.engine import GruAutoencoder, IncompatibleWeightsError, NotFittedError, PrincipalComponents, Reconstruction
from mlcore.engine.gru_keras import build_keras, from_keras

tensorflow = pytest.mark.tensorflow
ROWS, WINDOW = 900, 8
CONTEXT = np.stack([np.sin(np.arange(ROWS) / 48 * 2 * np.pi), np.cos(np.arange(ROWS) / 48 * 2 * np.pi)], -1)


def record(seed: int = 5, substations: int = 3) -> np.ndarray:
    """Four channels that follow two hidden movements, of another size and level on every substation."""
    rng = np.random.default_rng(seed)
    hidden = np.stack([np.sin(np.arange(ROWS) / 48 * 2 * np.pi), rng.normal(size=ROWS).cumsum() / 20], -1)
    mixing = rng.normal(size=(substations, 2, 4))
    level, size = rng.uniform(-50, 50, (substations, 1, 4)), rng.uniform(0.1, 30, (substations, 1, 4))
    return np.asarray(level + size * (hidden @ mixing + 0.15 * rng.normal(size=(substations, ROWS, 4))))


NETWORK_ALONE: dict[str, object] = {
    "explained": None, "scoring": "usual error", "holdout": 0.2, "epochs": None, "threshold_share": 0.97,
    "threshold_factor": 1.5,
}  # fmt: skip


def small_gru(**settings: object) -> GruAutoencoder:
    """A network without a linear model before it, unless ``explained`` is given."""
    chosen = {"window_steps": WINDOW, "hidden": 12, "latent": 4, "fleet_updates": 120, "fleet_batch": 64}
    return GruAutoencoder(**{**NETWORK_ALONE, **chosen, "own_updates": 30, **settings})  # type: ignore[arg-type]


KINDS = [
    "components",
    "counted components",
    pytest.param("gru", marks=tensorflow),
    pytest.param("both", marks=tensorflow),
]


@pytest.fixture(scope="module", params=KINDS)
def fitted(request: pytest.FixtureRequest) -> Reconstruction:
    models: dict[str, Reconstruction] = {
        "components": PrincipalComponents(window_steps=WINDOW, explained=0.8),
        "counted components": PrincipalComponents(
            window_steps=WINDOW, latent=4, scoring="usual error", holdout=0.2, threshold_factor=1.5
        ),
        "gru": small_gru(),
        "both": small_gru(explained=0.8, scoring="spread", holdout=None, threshold_share=0.99, threshold_factor=1.2),
    }
    return models[request.param].fit(record(), context=CONTEXT)


def test_a_score_per_row_and_none_before_the_first_full_window(fitted: Reconstruction) -> None:
    scores = fitted.score(record(), context=CONTEXT)
    assert scores.shape == (3, ROWS)
    assert np.isnan(scores[:, : WINDOW - 1]).all()
    assert np.isfinite(scores[:, WINDOW - 1 :]).all()


def test_normal_rows_score_about_one_and_rarely_above_the_threshold(fitted: Reconstruction) -> None:
    scores = fitted.score(record(), context=CONTEXT)[:, WINDOW:]
    assert 0.7 < np.median(scores) < 1.3
    assert ((scores > fitted.threshold_[:, None]).mean(axis=1) < 0.05).all()


def test_a_fault_scores_higher_on_its_own_substation_alone_and_its_channel_contributes_more_than_its_part(
    fitted: Reconstruction,
) -> None:
    values = record()
    values[1, 500:540, 2] += 6.0 * fitted.scaler_.spread[1, 2]
    scores = fitted.score(values, context=CONTEXT)
    assert (scores[1, 510:540] > fitted.threshold_[1]).mean() > 0.8
    assert np.allclose(scores[[0, 2]], fitted.score(record(), context=CONTEXT)[[0, 2]], equal_nan=True)
    parts = fitted.contributions(values, context=CONTEXT)[1, 510:540]
    # Components smear a fault over all channels that usually move together: with them it is less than a hint.
    assert (parts[:, 2] > (1.0 if fitted.scoring == "spread" else 1.2) * parts.mean(axis=-1)).all()


def test_a_score_does_not_look_ahead(fitted: Reconstruction) -> None:
    changed = record()
    changed[:, 400:] *= -3.0
    before, after = (fitted.score(each, context=CONTEXT)[:, :400] for each in (record(), changed))
    assert np.allclose(before, after, equal_nan=True, atol=1e-5)


def test_a_row_scores_alike_in_a_short_and_in_a_long_record(fitted: Reconstruction) -> None:
    whole = fitted.score(record(), context=CONTEXT)
    part = fitted.score(record()[:, 300 : 300 + WINDOW], context=CONTEXT[300 : 300 + WINDOW])
    assert np.allclose(part[:, -1], whole[:, 299 + WINDOW], atol=1e-4)


def test_the_newest_row_alone_scores_as_in_the_whole_record(fitted: Reconstruction) -> None:
    whole, newest = record(), record()[:, -3 * WINDOW :]
    scores = fitted.score_newest(newest, context=CONTEXT[-3 * WINDOW :])
    assert scores.shape == (3,)
    assert np.allclose(scores, fitted.score(whole, context=CONTEXT)[:, -1], atol=1e-4)
    assert np.isnan(fitted.score_newest(whole[:, : WINDOW - 1], context=CONTEXT[: WINDOW - 1])).all()
    with pytest.raises(ValueError, match="must have the 24 rows"):
        fitted.score_newest(newest, context=CONTEXT)


def test_contributions_add_up_to_the_score(fitted: Reconstruction) -> None:
    scores = fitted.score(record(), context=CONTEXT)
    parts = fitted.contributions(record(), context=CONTEXT)
    assert parts.shape == (3, ROWS, 4)
    assert np.allclose(parts.sum(axis=-1), scores, atol=1e-4, equal_nan=True)


def test_the_reconstruction_is_near_the_values_in_their_own_units(fitted: Reconstruction) -> None:
    rebuilt = fitted.reconstruction(record(), context=CONTEXT)
    spread = fitted.scaler_.spread[:, None]
    gap = np.abs(rebuilt - record())[:, WINDOW:] / spread
    assert np.isnan(rebuilt[:, : WINDOW - 1]).all()
    assert np.median(gap) < 0.6


def test_a_model_that_judges_one_step_scores_the_newest_row_alone() -> None:
    model = PrincipalComponents(window_steps=WINDOW, latent=3, judged_steps=1, scoring="usual error").fit(record())
    scores, rebuilt = model.score_and_reconstruction(record())
    error = np.abs(record() - rebuilt) / model.scaler_.spread[:, None] / model.arrays_["error_scale"][:, None]
    expected = np.sqrt((error**2).mean(axis=-1))
    assert np.allclose(scores[:, WINDOW:], expected[:, WINDOW:], rtol=1e-3)


def test_missing_rows_have_no_score_and_missing_cells_do_no_harm(fitted: Reconstruction) -> None:
    values = record()
    values[0, 200] = np.nan
    values[0, 300:302, 1] = np.nan
    scores = fitted.score(values, context=CONTEXT)
    assert np.isnan(scores[0, 200])
    assert np.isfinite(scores[0, 201:]).all()
    assert scores[0, 302] < 1.5 * fitted.threshold_[0]


def test_a_gap_longer_than_a_window_is_followed_by_silence_until_a_window_is_full(fitted: Reconstruction) -> None:
    values = record()
    values[:, 200:240] = np.nan
    scores = fitted.score(values, context=CONTEXT)
    assert np.isnan(scores[:, 200:244]).all()
    assert np.isfinite(scores[:, 247:]).all()


def test_arrays_and_back_substation_by_substation_gives_the_same_scores(fitted: Reconstruction) -> None:
    parts = []
    for number in range(3):
        arrays, meta = fitted.only([number]).to_arrays()
        parts.append(type(fitted).from_arrays(arrays, json.loads(json.dumps(meta))))
    again = type(fitted).stack([parts[2], parts[0], parts[1]])
    order = [2, 0, 1]
    expected = fitted.score(record(), context=CONTEXT)[order]
    assert np.array_equal(again.score(record()[order], context=CONTEXT), expected, equal_nan=True)


def test_one_substation_can_be_replaced_in_the_stack(fitted: Reconstruction) -> None:
    other = fitted.only([0])
    mixed = type(fitted).stack([other, fitted.only([1]), other])
    scores = mixed.score(record()[[0, 1, 0]], context=CONTEXT)
    assert np.array_equal(scores[0], scores[2], equal_nan=True)


def test_damaged_arrays_are_refused_by_name(fitted: Reconstruction) -> None:
    arrays, meta = fitted.to_arrays()
    name = next(name for name in arrays if name.startswith("weight."))
    for broken in ({**arrays, name: arrays[name][:, :1]}, {k: v for k, v in arrays.items() if k != name}):
        with pytest.raises(IncompatibleWeightsError, match=name.replace(".", r"\.")):
            type(fitted).from_arrays(broken, meta)
    with pytest.raises(IncompatibleWeightsError, match="not numbers"):
        type(fitted).from_arrays({**arrays, name: np.full_like(arrays[name], np.nan)}, meta)
    with pytest.raises(IncompatibleWeightsError, match="'word2vec'"):
        type(fitted).from_arrays(arrays, {**meta, "kind": "word2vec"})


def test_input_that_does_not_fit_what_was_learnt_is_refused_with_what_was_received(fitted: Reconstruction) -> None:
    values = record()
    with pytest.raises(ValueError, match=r"received \(3, 900\)"):
        fitted.score(values[..., 0], context=CONTEXT)
    with pytest.raises(ValueError, match="learned 4 channels; received 3"):
        fitted.score(values[..., :3], context=CONTEXT)
    with pytest.raises(ValueError, match="4 channels and 2 context features; received 4 and 0"):
        fitted.score(values)
    with pytest.raises(ValueError, match="knows 3 substations; received values of 2"):
        fitted.score(values[:2], context=CONTEXT)
    with pytest.raises(ValueError, match=r"received \(5, 2\)"):
        fitted.score(values, context=CONTEXT[:5])
    with pytest.raises(ValueError, match="infinite"):
        fitted.score(np.where(values > 0, np.inf, values), context=CONTEXT)


def test_a_model_that_learnt_nothing_refuses_to_judge() -> None:
    with pytest.raises(NotFittedError, match="call fit first"):
        PrincipalComponents().score(record())


def test_rows_that_are_not_to_be_learnt_change_nothing() -> None:
    rows = np.ones((3, ROWS), dtype=bool)
    rows[:, 100:160] = False
    spoilt = record()
    spoilt[:, 100:160] = 1e5
    models = [PrincipalComponents(window_steps=WINDOW).fit(each, rows=rows) for each in (record(), spoilt)]
    assert np.allclose(models[0].score(record()), models[1].score(record()), equal_nan=True, atol=1e-5)


def test_the_threshold_comes_from_rows_that_were_kept_back() -> None:
    values = record()
    model = PrincipalComponents(window_steps=WINDOW, holdout=0.2, holdout_block=60)
    calm = model.fit(values).threshold_.copy()
    values[:, 240:300] += 40 * np.random.default_rng(0).normal(size=(3, 60, 4)) * model.scaler_.spread[:, None]
    assert (model.fit(values).threshold_ > 1.5 * calm).all()


def test_a_record_without_one_full_window_is_refused() -> None:
    with pytest.raises(ValueError, match="No window of 24 usable rows"):
        PrincipalComponents(window_steps=24).fit(record()[:, :20])


@pytest.mark.parametrize("wrong", [{"window_steps": 1}, {"judged_steps": 99}, {"latent": 0}])
def test_impossible_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"received {next(iter(wrong.values()))}"):
        PrincipalComponents(**wrong)


@tensorflow
@pytest.mark.parametrize(("window", "layers", "context"), [(4, 1, 0), (12, 2, 2)])
def test_the_scores_are_those_of_the_equivalent_keras_model(window: int, layers: int, context: int) -> None:
    known = CONTEXT[:, :context] if context else None
    model = small_gru(window_steps=window, layers=layers, fleet_updates=20, own_updates=10).fit(record(), context=known)
    frame = model._frame(record(), known)
    windows = np.lib.stride_tricks.sliding_window_view(frame.inputs[1], window, axis=-1).transpose(1, 2, 0)
    rebuilt = model.keras_model(1).predict(windows, verbose=0)
    error = np.abs(windows[..., :4] - rebuilt).mean(axis=1) / model.arrays_["error_scale"][1]
    expected = np.sqrt((error**2).mean(axis=-1))
    assert np.allclose(model.score(record(), context=known)[1, window - 1 :], expected, atol=1e-4)
    newest = model.scaler_.restore(np.repeat(rebuilt[None, :, -1], 3, axis=0))[1]
    found = model.reconstruction(record(), context=known)[1, window - 1 :]
    assert np.allclose(found, newest, atol=1e-3 * model.scaler_.spread[1])


@tensorflow
def test_weights_of_a_keras_model_can_be_taken_over() -> None:
    model = small_gru(fleet_updates=2, own_updates=0).fit(record())
    keras_model = build_keras(model.architecture)
    weights = from_keras(keras_model, model.architecture)
    model = small_gru(fleet_updates=2, own_updates=0).start_from(weights).fit(record())
    for mine, theirs in zip(model.keras_model(0).get_weights(), keras_model.get_weights(), strict=True):
        assert np.array_equal(mine, theirs)


@tensorflow
def test_the_backward_pass_is_that_of_automatic_differentiation() -> None:
    import tensorflow as tf

    from mlcore.engine.gru_graph import recurrence

    rng = np.random.default_rng(2)
    projected, recurrent, inner = (
        tf.constant(rng.normal(size=shape), tf.float32) for shape in ((2, 5, 6, 9), (2, 3, 9), (2, 9))
    )
    weight = tf.constant(rng.normal(size=(2, 5, 6, 3)), tf.float32)

    def plain(projected: tf.Tensor, recurrent: tf.Tensor, inner: tf.Tensor) -> tf.Tensor:
        state, states = tf.zeros((2, 5, 3)), []
        for step in range(6):
            flags, given = tf.matmul(state, recurrent) + inner[:, None], projected[:, :, step]
            update, reset = (tf.sigmoid(given[..., k : k + 3] + flags[..., k : k + 3]) for k in (0, 3))
            candidate = tf.tanh(given[..., 6:] + reset * flags[..., 6:])
            state = update * state + (1 - update) * candidate
            states.append(state)
        return tf.stack(states, axis=2)

    found = []
    for run in (plain, partial(recurrence, steps=6)):
        with tf.GradientTape() as tape:
            tape.watch((projected, recurrent, inner))
            value = tf.reduce_sum(weight * run(projected, recurrent, inner))
        found.append([value, *tape.gradient(value, (projected, recurrent, inner))])
    for expected, mine in zip(*found, strict=True):
        assert np.allclose(expected, mine, atol=1e-4)


@tensorflow
def test_the_same_seed_and_data_give_the_same_model_and_another_seed_another() -> None:
    settings = {"fleet_updates": 30, "own_updates": 10}
    first, second, other = (small_gru(**settings, seed=seed).fit(record()) for seed in (1, 1, 2))
    assert all(np.array_equal(first.arrays_[name], second.arrays_[name]) for name in first.arrays_)
    assert not np.array_equal(first.arrays_["weight.output_kernel"], other.arrays_["weight.output_kernel"])


@tensorflow
def test_substations_of_one_fleet_do_not_disturb_each_others_fine_tuning() -> None:
    backbone = small_gru(own_updates=0, fleet_updates=40).fit(record()).backbone_
    spoilt = record()
    spoilt[2] = 0.0
    both = [small_gru().start_from(backbone).fit(each) for each in (record(), spoilt)]
    for name, value in both[0].arrays_.items():
        assert np.allclose(value[:2], both[1].arrays_[name][:2], atol=1e-5), name


@tensorflow
def test_a_substation_with_too_few_windows_stays_on_the_backbone() -> None:
    values = record()
    values[0, 60:] = np.nan
    model = small_gru().fit(values)
    assert not model.own_[0]
    assert model.own_[1:].all()
    assert np.array_equal(model.arrays_["weight.output_kernel"][0], model.backbone_["output_kernel"][0])


def test_importing_and_scoring_never_load_tensorflow() -> None:
    code = (
        "import sys, numpy as np, mlcore.engine, mlcore.autoencoders, mlcore.detector\n"
        "from mlcore.engine import GruAutoencoder\n"
        "from mlcore.engine.gru_weights import Architecture, first_weights\n"
        "weights = first_weights(Architecture(2, 0, 32, 8, 1, 24), 0)\n"
        "arrays = {'weight.' + name: value for name, value in weights.items()}\n"
        "arrays |= {name: np.ones((1, 2)) for name in ('scaler_centre', 'scaler_spread', 'error_scale')}\n"
        "arrays |= {n: np.ones(1) for n in ('windows', 'heldout_error', 'threshold', 'exceeded_share', 'own')}\n"
        "meta = {**GruAutoencoder(window_steps=24, explained=None).settings(), 'channels': 2}\n"
        "scores = GruAutoencoder.from_arrays(arrays, meta).score(np.zeros((1, 30, 2)))\n"
        "assert np.isfinite(scores[0, 23:]).all()\n"
        "loaded = sorted({name.split('.')[0] for name in sys.modules} & {'tensorflow', 'keras', 'django'})\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


LEARN = """
import hashlib, sys
from mlcore.engine import GruAutoencoder
from benchmarks.engine_speed import hours_of_day, made_up_record
model = GruAutoencoder(window_steps=12, fleet_updates=60, own_updates=10)
arrays, _meta = model.fit(made_up_record(8, 900, 6), context=hours_of_day(900)).to_arrays()
print(hashlib.sha256(b"".join(arrays[name].tobytes() for name in sorted(arrays))).hexdigest())
"""


@tensorflow
def test_fresh_processes_with_one_and_two_threads_learn_the_same_model_and_say_nothing() -> None:
    digests = set()
    for threads in ("1", "2"):
        limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), threads)
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("TF_")} | limits
        found = subprocess.run(
            [sys.executable, "-c", LEARN], capture_output=True, text=True, env=surroundings, check=True
        )
        assert found.stderr == ""
        digests.add(found.stdout)
    assert len(digests) == 1
