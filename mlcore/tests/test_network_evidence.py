"""What the network sees beside the residuals: bounded, known everywhere, in units that substations share."""

from __future__ import annotations

import numpy as np

from mlcore.diagnosis.history import WHOLE_RECORD
from mlcore.diagnosis.network_evidence import EVIDENCE_NAMES, HIGHEST_LOG, LOWEST_LOG, QUANTITIES, WIDEST, evidence
from mlcore.diagnosis.scores import Scores

from .judged_fleet import CHANGED, FIRST_H, judged


def seen(slot_steps: int = 1, *, is_changed: bool = True) -> np.ndarray:
    found = judged(is_changed=is_changed)
    usual_kw = found.parameters.thresholds.usual_loss_kw
    return evidence(found.departures, found.scores, usual_kw, slot_steps, WHOLE_RECORD)


def column(name: str) -> int:
    return EVIDENCE_NAMES.index(name)


def test_every_feature_is_known_and_bounded_at_every_step() -> None:
    found = seen()
    assert found.shape == (6, len(EVIDENCE_NAMES), len(judged().fleet.at_s))
    assert np.isfinite(found).all()
    assert np.abs(found[:, : len(QUANTITIES)]).max() <= WIDEST
    assert found[:, len(QUANTITIES) :].min() >= LOWEST_LOG
    assert found[:, len(QUANTITIES) :].max() <= HIGHEST_LOG


def test_a_lost_bank_shows_in_its_score_and_in_the_steps_of_a_bank() -> None:
    at = judged().fleet.steps(FIRST_H + 12)
    before, after = seen(is_changed=False), seen()
    for name in ("reactive_in_bank_steps", "reactive_cost", "reactive_score"):
        assert after[CHANGED, column(name), at] > before[CHANGED, column(name), at] + 0.5, name


def test_a_score_at_its_threshold_is_nought_and_an_unknown_one_too() -> None:
    found = judged()
    ones = np.ones_like(found.scores.all_windows)
    at_threshold = Scores(ones, np.full_like(ones, np.nan), ones[..., 0])
    usual_kw = found.parameters.thresholds.usual_loss_kw
    logs = evidence(found.departures, at_threshold, usual_kw, 1, WHOLE_RECORD)[:, len(QUANTITIES) :]
    assert (logs == 0.0).all()


def test_quick_readings_are_averaged_over_a_slot() -> None:
    one, three = seen(1), seen(3)
    name = column("active")
    np.testing.assert_allclose(three[0, name, 50], one[0, name, 48:51].mean(), rtol=1e-5)
    np.testing.assert_array_equal(three[:, len(QUANTITIES) :], one[:, len(QUANTITIES) :])
