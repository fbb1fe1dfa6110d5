"""What anybody gets without tuning: a threshold for short records and long windows, constant channels, old models."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.engine import GruAutoencoder, PrincipalComponents
from mlcore.engine.windows import without_block

tensorflow = pytest.mark.tensorflow


def rig(rows: int, channels: int = 4, substations: int = 1, seed: int = 3) -> np.ndarray:
    """Channels that follow two slow movements, with noise."""
    rng = np.random.default_rng(seed)
    slow = np.stack([np.sin(np.arange(rows) / 37), np.cos(np.arange(rows) / 23)], -1)
    return np.asarray(slow @ rng.normal(size=(2, channels)) + 0.2 * rng.normal(size=(substations, rows, channels)))


@pytest.mark.parametrize(("rows", "window"), [(40, 16), (120, 60), (400, 60), (400, 300), (2500, 16), (2500, 600)])
def test_there_is_a_threshold_however_short_the_record_and_long_the_window(rows: int, window: int) -> None:
    model = PrincipalComponents(window_steps=window).fit(rig(rows))
    assert np.isfinite(model.threshold_).all()
    assert model.threshold_[0] > 0
    faulty = rig(rows)
    faulty[:, -window:, 1] += 8.0
    assert model.score(faulty)[0, -1] > model.threshold_[0]


@pytest.mark.parametrize("window", [8, 16, 40])
def test_few_normal_rows_that_were_not_learned_rarely_exceed_the_threshold(window: int) -> None:
    """Also where the windows have more numbers than there are windows, which any linear model learns by heart."""
    values = rig(2400, channels=6)
    model = PrincipalComponents(window_steps=window).fit(values[:, :400])
    assert (model.score(values[:, 400:]) > model.threshold_[0]).mean() < 0.1


def test_a_short_record_is_learned_as_a_whole_and_a_long_one_in_part() -> None:
    short, long = (PrincipalComponents(window_steps=16).fit(rig(rows)) for rows in (400, 4000))
    assert short.windows_[0] == 400 - 15
    assert 0.7 * 4000 < long.windows_[0] < 0.81 * 4000


def test_a_record_without_a_full_window_is_refused_with_what_was_received_and_needed() -> None:
    with pytest.raises(ValueError, match=r"received 12 rows, 12 of them .* needed are 16 in a row"):
        PrincipalComponents().fit(rig(12))
    values = rig(300, substations=3)
    values[1, 10:] = np.nan
    values[2, ::3] = np.nan
    with pytest.raises(ValueError, match=r"at substation 1 and 1 more; received 300 rows, 10 of them"):
        PrincipalComponents().fit(values)
    assert PrincipalComponents().usable_windows(values).tolist() == [285, 0, 0]


def test_rows_that_may_be_learned_are_counted_and_not_those_that_are_there() -> None:
    rows = np.zeros(300, dtype=bool)
    rows[:15] = True
    with pytest.raises(ValueError, match="received 300 rows, 15 of them"):
        PrincipalComponents().fit(rig(300), rows=rows)


@pytest.mark.parametrize("level", [0.0, 230.0, -1e6])
def test_a_constant_channel_does_no_harm_and_is_unusual_once_it_moves(level: float) -> None:
    values = rig(900)
    values[..., 2] = level
    model = PrincipalComponents().fit(values[:, :400])
    scores = model.score(values)
    assert np.isfinite(scores[0, 15:]).all()
    assert (scores[0, 400:] > model.threshold_[0]).mean() < 0.15
    values[:, 700:, 2] += 20.0
    assert (model.score(values)[0, 716:] > model.threshold_[0]).all()


def test_channels_that_are_all_constant_have_a_threshold_too() -> None:
    model = PrincipalComponents().fit(np.full((1, 200, 3), 7.0))
    assert np.isfinite(model.threshold_).all()
    assert model.score(np.full((1, 20, 3), 9.0))[0, -1] > model.threshold_[0]


def test_a_channel_that_was_never_measured_is_left_out() -> None:
    values = rig(400)
    values[..., 3] = np.nan
    model = PrincipalComponents().fit(values)
    assert np.isfinite(model.threshold_).all()
    assert np.isfinite(model.score(values)[0, 15:]).all()


def test_the_score_does_not_depend_on_the_units_of_a_channel() -> None:
    values, factor = rig(600), np.array([1.0, 1000.0, 1e-3, 5.0])
    one = PrincipalComponents().fit(values[:, :400])
    other = PrincipalComponents().fit(values[:, :400] * factor + 50.0)
    assert np.allclose(one.score(values), other.score(values * factor + 50.0), equal_nan=True, rtol=2e-2)


def test_a_quiet_channel_counts_no_more_than_the_others() -> None:
    """By its usual error a channel that is met exactly would drown the others; in spreads it does not."""
    values = rig(800)
    values[..., 3] = values[..., 0]
    plain = PrincipalComponents(latent=3).fit(values[:, :400])
    parts = plain.contributions(values)[0, 400:]
    assert parts.mean(axis=0).max() < 0.8 * parts.sum(axis=1).mean()


def test_more_of_the_variance_takes_more_components() -> None:
    counts = [
        PrincipalComponents(explained=share).fit(rig(500)).to_arrays()[0]["weight.encoder"].shape[-1]
        for share in (0.5, 0.8, 1.0)
    ]
    assert counts == sorted(set(counts))


def test_models_with_different_numbers_of_components_can_be_stacked() -> None:
    values = np.concatenate([rig(400), rig(400, seed=8) + np.random.default_rng(1).normal(size=(1, 400, 4))])
    alone = [PrincipalComponents(window_steps=8).fit(values[[number]]) for number in range(2)]
    assert len({model.arrays_["weight.encoder"].shape[-1] for model in alone}) == 2
    both = PrincipalComponents.stack(alone)
    again = PrincipalComponents.from_arrays(*both.to_arrays())
    for number, model in enumerate(alone):
        assert np.allclose(again.score(values)[number], model.score(values[[number]])[0], equal_nan=True, atol=1e-5)


def test_a_model_that_was_stored_before_judges_as_it_did() -> None:
    """It has no word on the scoring and on a linear model: both came later."""
    old = PrincipalComponents(latent=3, explained=None, scoring="usual error", holdout=0.2).fit(rig(600))
    arrays, meta = old.to_arrays()
    stored = {name: value for name, value in meta["settings"].items() if name not in ("scoring", "explained")}
    again = PrincipalComponents.from_arrays(arrays, {**meta, "settings": stored})
    assert again.scoring == "usual error"
    assert np.array_equal(again.score(rig(600)), old.score(rig(600)), equal_nan=True)


@pytest.mark.parametrize(
    ("wrong", "received"),
    [({"explained": 0.0}, "received 0.0"), ({"explained": 1.2}, "received 1.2"), ({"scoring": "loud"}, "'loud'"),
     ({"latent": None, "explained": None}, "received None for both")],
)  # fmt: skip
def test_impossible_settings_say_what_was_received(wrong: dict[str, object], received: str) -> None:
    with pytest.raises(ValueError, match=received):
        PrincipalComponents(**wrong)  # type: ignore[arg-type]  # that is the point


@settings(max_examples=50)
@given(window=st.integers(1, 12), start=st.integers(0, 60), length=st.integers(1, 30))
def test_a_fold_is_judged_by_windows_that_do_not_touch_it(window: int, start: int, length: int) -> None:
    stop = min(start + length, 60)
    left = np.flatnonzero(without_block(np.ones(60, dtype=bool), start, stop, window))
    touched = [end for end in left if any(start <= row < stop for row in range(end - window + 1, end + 1))]
    assert touched == []
    assert len(left) >= 60 - (stop - start) - window + 1


def both(**changes: object) -> GruAutoencoder:
    chosen: dict[str, object] = {"window_steps": 8, "hidden": 8, "latent": 3, "fleet_updates": 80, "own_updates": 20}
    return GruAutoencoder(**{**chosen, **changes})  # type: ignore[arg-type]  # mixed settings


@tensorflow
def test_the_network_is_left_out_where_the_components_leave_nothing() -> None:
    noise = np.random.default_rng(1).normal(size=(1, 400, 3))
    model = both(explained=0.9999).fit(noise)
    assert not model.network_used_.any()
    linear = PrincipalComponents(window_steps=8, explained=0.9999).fit(noise)
    assert np.allclose(model.score(noise), linear.score(noise), equal_nan=True, atol=1e-4)
    assert np.allclose(model.threshold_, linear.threshold_, rtol=1e-4)


@tensorflow
def test_the_network_is_used_where_it_finds_what_is_not_linear() -> None:
    """The product of two movements: no component of a window holds it."""
    rng = np.random.default_rng(2)
    a, b = (rng.choice([-1.0, 1.0], size=300).repeat(8) for _ in range(2))
    values = np.stack([a, b, a * b], -1)[None] + 0.05 * rng.normal(size=(1, 2400, 3))
    settings_of = {"explained": 0.5, "fleet_updates": 600, "hidden": 16, "latent": 6}
    model = both(**settings_of).fit(values)
    assert model.network_used_.all()
    errors = [
        np.nanmean(np.abs(each.reconstruction(values) - values))
        for each in (model, PrincipalComponents(window_steps=8, explained=0.5).fit(values))
    ]
    assert errors[0] < 0.9 * errors[1]


@tensorflow
def test_both_parts_are_stored_and_judge_alike_row_by_row_and_newest_row_alone() -> None:
    values = rig(400, substations=2)
    model = both(explained=0.5).fit(values)
    again = GruAutoencoder.from_arrays(*model.to_arrays())
    assert np.array_equal(again.score(values), model.score(values), equal_nan=True)
    assert np.allclose(model.score_newest(values), model.score(values)[:, -1], atol=1e-4)


@tensorflow
@pytest.mark.parametrize(("rows", "window"), [(30, 16), (70, 60), (400, 60)])
def test_the_network_too_has_a_threshold_for_short_records_and_long_windows(rows: int, window: int) -> None:
    model = both(window_steps=window, fleet_updates=10, own_updates=2).fit(rig(rows))
    assert np.isfinite(model.threshold_).all()
    alone = both(window_steps=window, fleet_updates=10, own_updates=2, explained=None).fit(rig(rows))
    assert np.isfinite(alone.threshold_).all()
