"""From an incident to what is said of it: figures at the peak, evidence, assumptions and confidence."""

from __future__ import annotations

import json
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mlcore.diagnosis.autoencoder_scores import AutoencoderScores, confirms, unexplained
from mlcore.diagnosis.bands import Band
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.indicators import INDICATORS
from mlcore.diagnosis.loss_findings import loss_findings
from mlcore.diagnosis.reasons import TYPICAL_VALUES, assumptions_of, at_peak, confidence, hours_between
from mlcore.explanations import english, entry_of

from .judged_fleet import CHANGED, FIRST_H, LAST_H, judged
from .small_fleet import empty_fleet


@lru_cache(maxsize=3)
def lost_bank(opinion: float | None = None) -> Finding:
    """What is said of two days with 0.16 of the rating more kvar. opinion: what an autoencoder scores throughout."""
    found = judged(is_changed=True)
    seen = None if opinion is None else AutoencoderScores(np.full(found.usable.reactive.shape, opinion))
    said = loss_findings(found.departures, found.parameters, found.scores, found.alarms.losses, found.bands, seen)
    (finding,) = (each for each in said if each.substation == found.fleet.codes[CHANGED])
    return finding


def test_it_is_a_loss_with_a_cause_and_a_code_of_the_same_name() -> None:
    finding = lost_bank()
    assert (finding.kind, finding.code) == ("loss", finding.cause)
    assert {finding.cause, finding.evidence["runner_up"]} == {"capacitor_failure", "low_pf_motor"}
    assert finding.evidence["channel"] == "reactive"


def test_it_tells_when_it_began_was_raised_and_ended() -> None:
    finding, start_s = lost_bank(), int(judged().fleet.at_s[0])
    assert finding.onset_s <= finding.start_s <= finding.peak_s or finding.onset_s <= finding.peak_s
    assert finding.onset_s - start_s == pytest.approx(FIRST_H * 3600, abs=3600)
    assert finding.end_s is not None
    assert finding.end_s - start_s == pytest.approx(LAST_H * 3600, abs=3600)
    assert finding.figures["hours"] == pytest.approx((finding.end_s - finding.onset_s) / 3600)
    assert finding.figures["is_open"] is False


def test_its_figures_and_its_evidence_are_known_to_json() -> None:
    finding = lost_bank()
    json.dumps([dict(finding.figures), finding.evidence], allow_nan=False)


def test_the_kvar_at_the_peak_are_above_the_expected_ones_by_what_was_lost() -> None:
    figures = lost_bank().figures
    measured, expected = figures["reactive_power_kvar"], figures["reactive_power_kvar_expected"]
    assert measured is not None
    assert expected is not None
    assert measured - expected == pytest.approx(0.16 * 630.0, rel=0.1)


def test_contributions_are_shares_of_one_and_the_largest_is_what_raised_it() -> None:
    shares = lost_bank().evidence["contributions"]
    assert set(shares) == set(INDICATORS)
    assert sum(shares.values()) == pytest.approx(1.0, abs=0.01)
    assert all(share >= 0 for share in shares.values())


def test_the_sentence_says_the_figures() -> None:
    finding = lost_bank()
    sentence = english(finding.code, finding.figures)
    assert sentence.startswith("Reactive power ")
    assert "kvar expected at" in sentence
    assert str(entry_of(finding.cause).in_sentence) in sentence


def test_what_the_figures_rest_on_is_said() -> None:
    finding = lost_bank()
    assert finding.evidence["assumed"] == ["no_way_to_supply"], "without feeders; oil, harmonics and neighbours known"
    assert finding.evidence["typical_values"] == [], "everything stands on the nameplate"


def test_an_autoencoder_that_agrees_makes_it_surer_and_one_that_does_not_less_so() -> None:
    without, confirmed, doubted = lost_bank(), lost_bank(2.0), lost_bank(0.5)
    assert (without.evidence["confirmed_by_network"], confirmed.evidence["confirmed_by_network"]) == (None, True)
    assert doubted.evidence["confirmed_by_network"] is False
    assert doubted.confidence < without.confidence < confirmed.confidence
    assert confirmed.confidence == pytest.approx(1 - 0.5 * (1 - without.confidence), abs=0.001)
    assert doubted.confidence == pytest.approx(0.7 * without.confidence, abs=0.001)


def incident(score: float = 2.0, clearness: float = 1.0, **steps: int) -> Any:
    return SimpleNamespace(
        score=score,
        assessment=SimpleNamespace(clearness=clearness),
        episode=SimpleNamespace(substation=0, raised=steps.get("raised", 4)),
        onset=steps.get("onset", 2),
        stop=steps.get("stop", 6),
    )


@pytest.mark.parametrize(
    ("score", "clearness", "has_assumptions", "expected"),
    [
        (1.0, 1.0, False, 0.5),
        (2.0, 1.0, False, 0.75),
        (2.0, 0.0, False, 0.75 * 0.75),
        (2.0, 1.0, True, 0.75 * 0.9),
        (0.5, 1.0, False, 0.5),
    ],
)
def test_confidence_grows_with_the_score_and_the_clearness_of_the_cause(
    score: float, clearness: float, has_assumptions: bool, expected: float
) -> None:
    assert confidence(incident(score, clearness), has_assumptions, None) == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize(("score", "clearness"), [(1e9, 1.0), (1.0, 0.0)])
@pytest.mark.parametrize("confirmed", [None, True, False])
def test_confidence_stays_between_nothing_and_one(score: float, clearness: float, confirmed: bool | None) -> None:
    assert 0.0 < confidence(incident(score, clearness), True, confirmed) <= 1.0


def test_an_autoencoder_confirms_by_one_unusual_step_from_the_onset_to_shortly_after_the_alarm() -> None:
    series = np.zeros((1, 20))
    assert confirms(AutoencoderScores(series), incident(), 4) is False
    for step, expected in ((1, False), (2, True), (7, True), (8, False)):
        marked = series.copy()
        marked[0, step] = 1.5
        assert confirms(AutoencoderScores(marked), incident(), 4) is expected, step


def test_an_autoencoder_that_saw_nothing_has_no_opinion() -> None:
    assert confirms(None, incident(), 4) is None
    assert confirms(AutoencoderScores(np.full((1, 20), np.nan)), incident(), 4) is None


def test_what_something_else_explains_is_nothing_unusual() -> None:
    scores = AutoencoderScores(np.array([[0.5, 2.0, 3.0]]))
    np.testing.assert_array_equal(unexplained(scores, np.array([[False, True, False]])), [[0.5, np.nan, 3.0]])


def band(measured: Any, expected: Any) -> Band:
    both = np.atleast_2d(np.asarray(measured, float)), np.atleast_2d(np.asarray(expected, float))
    return Band("kvar", both[0], both[1], both[1] - 1.0, both[1] + 1.0)


def test_values_at_the_peak_are_means_of_the_hour_that_ends_there() -> None:
    fleet = empty_fleet(1, 8, interval_s=900)
    values = at_peak(fleet, {"reactive_power_kvar": band(np.arange(8.0), np.zeros(8))}, 0, 6)
    assert values["reactive_power_kvar"].measured == pytest.approx(np.mean([3, 4, 5, 6]))
    assert (values["reactive_power_kvar"].low, values["reactive_power_kvar"].high) == (-1.0, 1.0)
    assert (
        at_peak(fleet, {"reactive_power_kvar": band(np.arange(8.0), np.zeros(8))}, 0, 0)["reactive_power_kvar"].measured
        == 0.0
    )


def test_a_channel_without_a_reading_at_the_peak_is_left_out() -> None:
    fleet = empty_fleet(1, 8, interval_s=900)
    assert at_peak(fleet, {"reactive_power_kvar": band(np.full(8, np.nan), np.zeros(8))}, 0, 6) == {}


def test_every_assumption_has_a_code_and_none_is_made_where_all_is_known() -> None:
    known: Any = {"thd_current_pct": 1, "oil_temperature_c": 1}
    assert assumptions_of(True, known, alone=False) == []
    assert assumptions_of(False, {}, alone=True) == [
        "no_way_to_supply", "no_distortion", "no_oil_temperature", "few_neighbours",
    ]  # fmt: skip
    assert "rated_kva" in TYPICAL_VALUES


def test_hours_are_steps_times_the_interval() -> None:
    assert hours_between(empty_fleet(1, 8, interval_s=900), 2, 8) == 1.5
