"""The names that stored scores and models know, and the windows of each."""

from __future__ import annotations

from mlcore.diagnosis import tuning
from mlcore.diagnosis.causes import CAUSE_OF_INDICATOR, LOSS_CAUSES
from mlcore.diagnosis.indicators import INDICATORS, STEP_COVARIANCE, STEP_COVARIANCE_ROOT, WINDOWS_H, WITH_THRESHOLD
from mlcore.models import Cause
from mlcore.web.indicator_labels import INDICATOR_LABELS


def test_the_names_are_those_of_stored_scores_in_their_order() -> None:
    assert INDICATORS == ("reactive", "motor", "distortion", "imbalance", "voltage", "oil_temperature", "overload")


def test_every_indicator_but_the_overload_is_looked_at_through_windows_from_short_to_long() -> None:
    assert set(INDICATORS) - set(WINDOWS_H) == {"overload"}
    for windows in WINDOWS_H.values():
        assert list(windows) == sorted(windows)


def test_every_windowed_quantity_has_one_threshold_and_the_step_covariance_two_per_window() -> None:
    assert len(set(WITH_THRESHOLD)) == len(WITH_THRESHOLD)
    names = [name for name, _hours in WITH_THRESHOLD]
    assert names.count("reactive") == len(WINDOWS_H["reactive"])
    assert names.count(STEP_COVARIANCE) == names.count(STEP_COVARIANCE_ROOT) == len(WINDOWS_H["motor"])
    assert "motor" not in names


def test_every_indicator_has_a_cause_a_label_and_only_known_causes_are_named() -> None:
    assert set(CAUSE_OF_INDICATOR) == set(INDICATORS) == set(INDICATOR_LABELS)
    # Over-compensation is what the reactive indicator names where the departure is leading.
    assert {*CAUSE_OF_INDICATOR.values(), "over_compensation"} == set(LOSS_CAUSES) <= set(Cause.values)


def test_every_window_with_a_cost_has_its_strictness_and_longer_ones_are_never_stricter() -> None:
    for name in ("reactive", "motor", "distortion"):
        assert set(WINDOWS_H[name]) <= set(tuning.WINDOW_STRICTNESS)
    factors = [tuning.WINDOW_STRICTNESS[hours] for hours in sorted(tuning.WINDOW_STRICTNESS)]
    assert factors == sorted(factors, reverse=True)
    assert factors[-1] == 1.0
