"""The head on the autoencoder: log-odds of causes, learned from labels, calibrated on what was kept back."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.engine.cause_network import CauseNetwork
from mlcore.engine.fitted import IncompatibleWeightsError

tensorflow = pytest.mark.tensorflow
ROWS, WINDOW = 1200, 8


def record(seed: int = 3, substations: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values of two channels, evidence that both share, labels of two causes: each shows in one channel."""
    rng = np.random.default_rng(seed)
    values = 0.1 * rng.normal(size=(substations, ROWS, 2))
    labels = np.zeros((substations, ROWS, 2))
    for number, at in enumerate(range(60, ROWS - 60, 75)):
        cause = number % 2
        values[:, at : at + 25, cause] += 1.0
        labels[:, at : at + 25, cause] = 1.0
    evidence = np.stack([values[..., 0] - values[..., 1], np.ones((substations, ROWS))], axis=-1)
    return values, evidence, labels


def network(**settings: object) -> CauseNetwork:
    chosen = {"window_steps": WINDOW, "hidden": 10, "latent": 2, "evidence": 2, "causes": 2, "fleet_updates": 200}
    return CauseNetwork(**{**chosen, "own_updates": 20, **settings})  # type: ignore[arg-type]  # mixed settings


@pytest.fixture(scope="module")
def fitted() -> CauseNetwork:
    values, evidence, labels = record()
    calm = labels.max(axis=-1) == 0
    return network().fit(values, context=evidence, rows=calm, labels=labels)


@tensorflow
def test_each_cause_has_higher_odds_where_it_is_than_anywhere_else(fitted: CauseNetwork) -> None:
    values, evidence, labels = record(seed=4)
    odds = fitted.log_odds(values, context=evidence)
    assert odds.shape == labels.shape
    assert np.isnan(odds[:, : WINDOW - 1]).all()
    for cause in range(2):
        there, elsewhere = labels[:, WINDOW:, cause] > 0, labels[:, WINDOW:, cause] == 0
        assert np.median(odds[:, WINDOW:, cause][there]) > 1.0
        assert np.median(odds[:, WINDOW:, cause][elsewhere]) < -1.0


@tensorflow
def test_one_window_alone_has_the_odds_that_it_has_in_the_record(fitted: CauseNetwork) -> None:
    values, evidence, _ = record(seed=4)
    whole = fitted.log_odds(values, context=evidence)
    alone = fitted.log_odds(values[:, 300 : 300 + WINDOW], context=evidence[:, 300 : 300 + WINDOW])
    np.testing.assert_allclose(alone[:, -1], whole[:, 299 + WINDOW], atol=1e-4)


@tensorflow
def test_it_says_the_same_as_its_keras_model(fitted: CauseNetwork) -> None:
    values, evidence, _ = record(seed=4)
    odds = fitted.log_odds(values, context=evidence)[1, 299 + WINDOW] + fitted.odds_shift_[1]
    rows = slice(300, 300 + WINDOW)
    scaled = np.concatenate([fitted.scaler_.scale(values)[1, rows], evidence[1, rows]], axis=-1)
    rebuilt, said = fitted.keras_model(1).predict(scaled[None].astype(np.float32), verbose=0)
    assert rebuilt.shape == (1, WINDOW, 2)
    np.testing.assert_allclose(said[0], odds, atol=1e-4)


@tensorflow
def test_the_decoder_never_sees_the_evidence(fitted: CauseNetwork) -> None:
    assert fitted.architecture.inputs_of("encoder", 0) == 4
    assert fitted.architecture.inputs_of("decoder", 0) == 2


@tensorflow
def test_odds_that_calm_windows_reach_count_as_no_suspicion() -> None:
    values, evidence, labels = record()
    calm = labels.max(axis=-1) == 0
    trained = network(own_updates=0).fit(values, context=evidence, rows=calm, labels=labels)
    moody = values.copy()
    moody[0, np.arange(ROWS) % 100 < 12, 0] += 1.0
    seen = np.stack([moody[..., 0] - moody[..., 1], np.ones((3, ROWS))], axis=-1)
    again = network(own_updates=0).start_from(trained.backbone_).fit(moody, context=seen, rows=calm)
    assert (again.odds_shift_ >= 0).all()
    assert again.odds_shift_[0].max() > again.odds_shift_[1].max()
    quiet = again.log_odds(moody, context=seen)[0][calm[0]]
    assert np.nanmean(quiet > 0) < 0.05


@tensorflow
def test_what_it_knows_of_causes_is_measured_against_their_shares_alone(fitted: CauseNetwork) -> None:
    assert (fitted.information_pct_ > 50.0).all()
    values, evidence, labels = record()
    wrong = labels[..., ::-1].copy()
    wrong[2] = 0.0
    fooled = network(own_updates=0).start_from(fitted.backbone_)
    fooled.fit(values, context=evidence, rows=labels.max(axis=-1) == 0, labels=wrong)
    assert (fooled.information_pct_[:2] < 0.0).all()
    assert np.isnan(fooled.information_pct_[2]), "without any cause kept back there is nothing to tell by"
    shares = labels[0].mean(axis=0)
    at_most = -(shares * np.log(shares) + (1 - shares) * np.log(1 - shares)).sum()
    assert fitted.prior_entropy_[0] == pytest.approx(at_most, rel=0.1)


@tensorflow
def test_a_backbone_serves_without_labels_and_without_training(fitted: CauseNetwork) -> None:
    values, evidence, labels = record(seed=9)
    other = network(own_updates=0).start_from(fitted.backbone_)
    odds = other.fit(values, context=evidence, rows=labels.max(axis=-1) == 0).log_odds(values, context=evidence)
    assert not other.own_.any()
    assert np.isnan(other.entropy_).all()
    assert np.isnan(other.information_pct_).all()
    assert np.median(odds[..., 0][labels[..., 0] > 0]) > 0.0


@tensorflow
def test_it_survives_being_taken_apart_and_a_broken_head_is_refused(fitted: CauseNetwork) -> None:
    values, evidence, _ = record(seed=4)
    arrays, meta = fitted.only([2]).to_arrays()
    again = CauseNetwork.from_arrays(arrays, meta)
    before = fitted.log_odds(values, context=evidence)[2:]
    np.testing.assert_array_equal(again.log_odds(values[2:], context=evidence[2:]), before)
    with pytest.raises(IncompatibleWeightsError, match="head_kernel"):
        CauseNetwork.from_arrays({**arrays, "weight.head_kernel": arrays["weight.head_kernel"][:, :, :1]}, meta)


@pytest.mark.parametrize("chosen", [{"evidence": -1}, {"causes": 0}, {"cause_share": 0.0}, {"cause_share": 1.0}])
def test_settings_that_make_no_sense_are_refused(chosen: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="evidence"):
        network(**chosen)


def test_labels_and_evidence_have_to_fit() -> None:
    values, evidence, labels = record()
    with pytest.raises(ValueError, match="no backbone"):
        network().fit(values, context=evidence)
    with pytest.raises(ValueError, match="labels must have the shape"):
        network().fit(values, context=evidence, labels=labels[:, :-1])
    with pytest.raises(ValueError, match="2 features of evidence"):
        network().fit(values, labels=labels)
