"""The seam between the diagnosis and the autoencoders over its residuals."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from mlcore import autoencoders
from mlcore.detector import TrainedDetector, analyse_fleet, score_by_autoencoder, train_fleet
from mlcore.diagnosis.autoencoder_scores import AutoencoderScores
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.incremental import IncrementalScorer
from mlcore.diagnosis.judgement import judge, parameters_of
from mlcore.diagnosis.model import IncompatibleModelError
from mlcore.diagnosis.terms import CONTEXT_HOURS
from mlcore.engine.cause_network import CauseNetwork
from mlcore.engine.gru_graph import training_graph
from mlcore.training import artifacts
from substations.channels import CHANNEL_INDEX
from substations.electrical.nameplate import complete
from substations.simulation.demo_scenario import demo_grid

tensorflow = pytest.mark.tensorflow
END = datetime(2026, 3, 2, tzinfo=UTC)


DAYS, TRAIN_DAYS = 20, 15


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    """Five substations of the demo grid on its first, calm days."""
    made = demo_grid(END)
    rows = slice(0, DAYS * 96)
    plates = tuple(
        complete(
            each.code,
            rated_kva=each.rated_kva,
            nominal_v=each.nominal_v,
            hv_nominal_v=each.hv_nominal_v,
            no_load_loss_w=each.no_load_loss_w,
            load_loss_w=each.load_loss_w,
            impedance_pct=each.impedance_pct,
        )
        for each in made.substations[:5]
    )
    codes = tuple(each.code for each in made.substations[:5])
    return Fleet(codes, made.times_s[rows], 900, made.values[:5, rows], plates)


@pytest.fixture(scope="module")
def train(fleet: Fleet) -> np.ndarray:
    return np.asarray(fleet.at_s < fleet.at_s[0] + TRAIN_DAYS * 86_400)


@pytest.fixture(scope="module")
def detectors(fleet: Fleet, train: np.ndarray) -> dict[str, TrainedDetector]:
    return train_fleet(fleet, train)


def without_capacitors(fleet: Fleet, number: int, since: int) -> Fleet:
    """The same readings with 0.25 kvar per rated kVA more, as when a bank has failed, and what follows from it."""
    values = fleet.values.copy()
    part = values[number, since:]
    kw, kvar = part[:, CHANNEL_INDEX["active_power_kw"]], part[:, CHANNEL_INDEX["reactive_power_kvar"]]
    before = np.hypot(kw, kvar)
    kvar += 0.25 * fleet.nameplates[number].rated_kva
    after = np.hypot(kw, kvar)
    part[:, CHANNEL_INDEX["apparent_power_kva"]] *= after / before
    part[:, CHANNEL_INDEX["power_factor"]] *= before / after
    for name in ("current_l1_a", "current_l2_a", "current_l3_a", "current_avg_a"):
        part[:, CHANNEL_INDEX[name]] *= after / before
    return replace(fleet, values=values)


@tensorflow
def test_a_detector_with_a_network_says_what_it_is_worth(detectors: dict[str, TrainedDetector]) -> None:
    assert len(detectors) == 5
    for detector in detectors.values():
        assert detector.tier in {"own", "backbone"}
        assert detector.threshold is not None
        assert detector.threshold > 0
        assert detector.metrics["network_windows"] > 300
        assert 0 < detector.metrics["network_heldout_error"] < 1
        assert 0 <= detector.metrics["network_unusual_slots_per_month"] < 60
        json.dumps(detector.metrics, allow_nan=False)
    known = [each.metrics.get("network_information_pct") for each in detectors.values()]
    assert any(known), "of one or the other substation faults were kept back"
    assert all(each is None or 0 < each <= 100 for each in known)


@tensorflow
def test_a_network_that_tells_nothing_of_causes_has_no_say(detectors: dict[str, TrainedDetector]) -> None:
    one = next(iter(detectors.values()))
    assert one.autoencoder is not None
    clueless = CauseNetwork.from_arrays(*one.autoencoder.to_arrays())
    clueless.arrays_["entropy"] = clueless.prior_entropy_
    judged = TrainedDetector.of(one.model, clueless)
    assert (judged.autoencoder, judged.threshold, judged.tier) == (None, None, "regression")
    assert judged.metrics["network_information_pct"] == 0.0
    clueless.arrays_["entropy"] = np.full(1, np.nan)
    assert TrainedDetector.of(one.model, clueless).tier == one.tier, "nothing was kept back to tell by"


@tensorflow
def test_a_detector_survives_being_stored(fleet: Fleet, detectors: dict[str, TrainedDetector]) -> None:
    stored = {}
    for code, detector in detectors.items():
        arrays, meta = detector.to_arrays()
        artifact = artifacts.pack(arrays, meta)
        again = artifacts.unpack(artifact.data, artifact.meta, artifact.sha256)
        stored[code] = TrainedDetector.from_arrays(again, artifact.meta)
        assert (stored[code].tier, stored[code].threshold) == (detector.tier, detector.threshold)
        assert stored[code].metrics == detector.metrics
    before, after = (scores(fleet, each) for each in (detectors, stored))
    assert np.array_equal(before, after, equal_nan=True)


def said(fleet: Fleet, detectors: dict[str, TrainedDetector]) -> AutoencoderScores:
    """What the networks say of every step."""
    models = {code: each.model for code, each in detectors.items()}
    found = judge(fleet, models, parameters_of(fleet, models), score_by_autoencoder(fleet.codes, detectors)).autoencoder
    assert found is not None
    return found


def scores(fleet: Fleet, detectors: dict[str, TrainedDetector]) -> np.ndarray:
    """The networks' scores of every step."""
    return said(fleet, detectors).score


@tensorflow
def test_calm_days_are_below_one_and_a_lost_bank_is_above(
    fleet: Fleet, train: np.ndarray, detectors: dict[str, TrainedDetector]
) -> None:
    calm = scores(fleet, detectors)[:, ~train]
    assert np.nanmean(calm > 1.0) < 0.05
    since = int(np.flatnonzero(~train)[100])
    faulty = scores(without_capacitors(fleet, 2, since), detectors)
    assert np.nanmean(faulty[2, since + 8 :] > 1.0) > 0.8
    assert np.nanmean(faulty[[0, 1, 3, 4], since:] > 1.0) < 0.1


@tensorflow
def test_the_network_confirms_the_alarm_of_a_lost_bank(
    fleet: Fleet, train: np.ndarray, detectors: dict[str, TrainedDetector]
) -> None:
    since = int(np.flatnonzero(~train)[100])
    analysis = analyse_fleet(without_capacitors(fleet, 2, since), detectors, start_s=int(fleet.at_s[since]))
    losses = [each for each in analysis.findings if each.kind == "loss"]
    assert [each.substation for each in losses] == [fleet.codes[2]]
    assert losses[0].evidence["confirmed_by_network"] is True


@tensorflow
def test_the_last_days_score_alike_without_the_days_before_their_context(
    fleet: Fleet, detectors: dict[str, TrainedDetector]
) -> None:
    whole = scores(fleet, detectors)[:, -96:]
    recent = fleet.since(int(fleet.at_s[-1]) - (CONTEXT_HOURS + 48) * 3600)
    assert np.allclose(scores(recent, detectors)[:, -96:], whole, rtol=0.02, equal_nan=True)


@tensorflow
def test_a_spoilt_network_is_refused_as_incompatible(detectors: dict[str, TrainedDetector]) -> None:
    arrays, meta = next(iter(detectors.values())).to_arrays()
    name = "network.weight.output_kernel"
    with pytest.raises(IncompatibleModelError, match="output_kernel"):
        TrainedDetector.from_arrays({**arrays, name: arrays[name][:, :2]}, meta)


def test_without_tensorflow_the_network_that_comes_with_the_product_is_used(
    fleet: Fleet, train: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    training_graph.cache_clear()
    trained = train_fleet(fleet, train)
    assert {each.tier for each in trained.values()} == {"backbone"}
    again = {code: TrainedDetector.from_arrays(*each.to_arrays()) for code, each in trained.items()}
    assert np.isfinite(analyse_fleet(fleet, again).score).mean() > 0.9


def finding(kind: str, start_s: int, end_s: int | None, loss_pct: float) -> Finding:
    return Finding("A", kind, "x", start_s, end_s, start_s, "warning", 1, 1, 1, loss_pct, 2, 0.5, "", start_s)  # type: ignore[arg-type]


def test_unusual_behaviour_is_said_only_where_it_costs_and_nothing_else_explains_it() -> None:
    loss, costly = finding("loss", 100, 200, 1.0), finding("unusual", 300, None, 6.0)
    cheap, explained = finding("unusual", 300, 400, 1.0), finding("unusual", 150, 250, 30.0)
    assert autoencoders.worth_saying([loss, cheap, explained, costly]) == [loss, costly]


def test_quick_readings_are_averaged_to_slots_that_do_not_move_with_the_start_of_the_record(fleet: Fleet) -> None:
    at_s = fleet.at_s[0] + 300 * np.arange(60)
    quick = replace(fleet, at_s=at_s, interval_s=300, values=fleet.values[:, :60])
    slots = autoencoders.slots_of(quick)
    assert (slots.steps_each, slots.interval_s) == (3, 900)
    later = quick.since(int(at_s[7]))
    assert np.isin(later.at_s[autoencoders.slots_of(later).steps], at_s[slots.steps]).all()


def test_a_score_is_held_until_the_next_slot_is_complete() -> None:
    slots = autoencoders.Slots(np.array([2, 5]), 3, 900)
    held = autoencoders._on_every_step(np.array([[[4.0, 7.0]]]), slots, np.full((1, 1, 8), np.nan))
    assert np.isnan(held[0, 0, :2]).all()
    assert held[0, 0, 2:].tolist() == [4.0, 4.0, 4.0, 7.0, 7.0, 7.0]


@tensorflow
@pytest.mark.parametrize("slot_s", [900, 2700])
def test_readings_judged_as_they_come_in_get_the_networks_scores_of_the_whole_record(
    fleet: Fleet, detectors: dict[str, TrainedDetector], monkeypatch: pytest.MonkeyPatch, slot_s: int
) -> None:
    monkeypatch.setattr(autoencoders, "SLOT_S", slot_s)
    models = {code: each.model for code, each in detectors.items()}
    trained = {code: each.autoencoder for code, each in detectors.items() if each.autoencoder is not None}
    panel = autoencoders.AutoencoderStack.of(fleet.codes, trained)
    wanted = said(fleet, detectors)
    assert wanted.log_odds is not None
    stream, at = IncrementalScorer(models, panel.score), len(fleet.at_s) - 100
    stream.advance(fleet.until(at))
    while at < len(fleet.at_s):
        stop = min(at + (1, 1, 2, 7)[at % 4], len(fleet.at_s))
        first = at - 2 if at % 5 == 0 else at
        found = stream.advance(fleet.since(int(fleet.at_s[first])).until(stop - first)).autoencoder
        assert found is not None
        assert found.log_odds is not None
        np.testing.assert_allclose(found.score, wanted.score[:, first:stop], rtol=1e-4)
        np.testing.assert_allclose(found.log_odds, wanted.log_odds[:, first:stop], rtol=1e-3, atol=1e-3)
        at = stop
