"""Models survive storage exactly, and what does not fit is refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlcore.diagnosis.analysis import Analysis
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.model import IncompatibleModelError, SubstationModel, stacked
from mlcore.diagnosis.terms import CONTEXT_HOURS
from mlcore.diagnosis.whole_record import analyse, fit
from mlcore.explanations import english
from mlcore.tests.made_fleet import Load, made_fleet, training


def _lost_capacitor(load: Load) -> None:
    load.reactive[1, load.between(21 * 24 + 8, 22 * 24 + 20)] += 0.16


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return made_fleet(_lost_capacitor)


@pytest.fixture(scope="module")
def models(fleet: Fleet) -> dict[str, SubstationModel]:
    return fit(fleet, training(fleet))


@pytest.fixture(scope="module")
def analysis(fleet: Fleet, models: dict[str, SubstationModel]) -> Analysis:
    return analyse(fleet, models)


def test_a_model_comes_back_from_storage_exactly(models: dict[str, SubstationModel]) -> None:
    arrays, facts = models["T1"].to_arrays()
    back = SubstationModel.from_arrays(arrays, json.loads(json.dumps(facts)))
    again, same_facts = back.to_arrays()
    assert same_facts == facts
    assert again.keys() == arrays.keys()
    for name, value in arrays.items():
        assert np.array_equal(again[name], value, equal_nan=True)


def _older(arrays: dict[str, Any], facts: dict[str, Any]) -> None:
    facts["version"] = 0


def _fewer(arrays: dict[str, Any], facts: dict[str, Any]) -> None:
    arrays.pop("hinges")


def _infinite(arrays: dict[str, Any], facts: dict[str, Any]) -> None:
    arrays["hinges"] = arrays["hinges"] * np.inf


def _cut(arrays: dict[str, Any], facts: dict[str, Any]) -> None:
    facts.pop("trained_until_s")


@pytest.mark.parametrize(
    ("damage", "says"), [(_older, "version 0"), (_fewer, "hinges"), (_infinite, "infinite"), (_cut, "trained_until_s")]
)
def test_a_damaged_model_is_refused_with_the_reason(
    models: dict[str, SubstationModel], damage: Callable[[dict[str, Any], dict[str, Any]], None], says: str
) -> None:
    arrays, facts = models["T1"].to_arrays()
    damage(arrays, facts)
    with pytest.raises(IncompatibleModelError, match=says):
        SubstationModel.from_arrays(arrays, facts)


def test_a_model_of_another_interval_is_refused(models: dict[str, SubstationModel]) -> None:
    with pytest.raises(IncompatibleModelError, match="1800 s"):
        stacked(models, ["T1"], 900)


def test_the_same_data_give_the_same_model(fleet: Fleet, models: dict[str, SubstationModel]) -> None:
    again, arrays = (model.to_arrays()[0] for model in (fit(fleet, training(fleet))["T3"], models["T3"]))
    assert all(np.array_equal(again[name], value, equal_nan=True) for name, value in arrays.items())


def test_a_suffix_with_enough_context_gives_the_same_answer(
    fleet: Fleet, models: dict[str, SubstationModel], analysis: Analysis
) -> None:
    start_s = int(fleet.at_s[0] + 20 * 86_400)
    part = analyse(fleet.since(start_s - CONTEXT_HOURS * 3600), models, start_s=start_s)
    first = int(np.searchsorted(fleet.at_s, start_s))
    assert np.array_equal(part.at_s, fleet.at_s[first:])
    assert np.array_equal(part.status, analysis.status[:, first:])
    for name in ("score", "scores", "extra_loss_kw", "avoidable_loss_kw", "local_loss_kw", "residuals"):
        whole = getattr(analysis, name)[:, first:]
        assert np.allclose(getattr(part, name), whole, rtol=1e-4, atol=1e-4, equal_nan=True), name
    found = [(f.substation, f.cause, f.start_s, f.end_s, f.severity) for f in part.findings]
    since = [f for f in analysis.findings if f.start_s >= start_s]
    assert found == [(f.substation, f.cause, f.start_s, f.end_s, f.severity) for f in since]
    assert found


def test_what_comes_later_changes_nothing_that_was_said_before(
    fleet: Fleet, models: dict[str, SubstationModel], analysis: Analysis
) -> None:
    until = int(np.searchsorted(fleet.at_s, fleet.at_s[0] + 22 * 86_400))
    cut = replace(fleet, at_s=fleet.at_s[:until], values=fleet.values[:, :until])
    early = analyse(cut, models)
    assert np.allclose(early.scores, analysis.scores[:, :until], equal_nan=True, atol=1e-9)
    (still_open,) = early.findings
    assert still_open.end_s is None
    assert still_open.start_s == analysis.findings[0].start_s
    assert "so far" in english(still_open.code, still_open.figures)


def test_charts_get_bands_around_the_expectation(analysis: Analysis) -> None:
    quiet = np.isfinite(analysis.score[0]) & (analysis.score[0] < 0.5)
    for name, band in analysis.bands.items():
        low, high, expected = band.low[0, quiet], band.high[0, quiet], band.expected[0, quiet]
        assert (low <= expected + 1e-9).all(), name
        assert (expected <= high + 1e-9).all(), name
        inside = (band.measured[0, quiet] >= low) & (band.measured[0, quiet] <= high)
        assert inside.mean() > 0.9, name
    assert ((analysis.expected_power_factor[:, 50:] > 0.5) & (analysis.expected_power_factor[:, 50:] <= 1.0)).all()
    assert (analysis.avoidable_loss_kw[:, 50:] >= 0).all()


def test_a_train_mask_of_the_wrong_shape_is_refused(fleet: Fleet) -> None:
    with pytest.raises(ValueError, match="train must have the shape"):
        fit(fleet, np.ones(3, dtype=bool))
    with pytest.raises(ValueError, match="sensitivity"):
        fit(fleet, training(fleet), sensitivity=0.0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"at_s": np.array([0, 900, 2000])}, "step of 1100"),
        ({"codes": ("T1",)}, "shape"),
        ({"interval_s": 0}, "interval_s"),
    ],
)
def test_a_fleet_that_does_not_fit_together_is_refused(change: dict[str, Any], says: str) -> None:
    small = replace(made_fleet(days=1, interval_s=900), utc_offset_s=0)
    good = replace(small, at_s=small.at_s[:3] - small.at_s[0], values=small.values[:, :3])
    with pytest.raises(ValueError, match=says):
        replace(good, **change)
