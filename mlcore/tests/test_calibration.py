"""Sensitivity in false alarms per month, thresholds from held-out steps, and what a training range may hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.diagnosis.calibration import expected_alarms, sensitivity_for
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.model import SubstationModel
from mlcore.diagnosis.tuning import SENSITIVITY_RANGE
from mlcore.diagnosis.whole_record import analyse, fit
from mlcore.tests.made_fleet import Load, made_fleet, training

RATES = st.floats(0.01, 10.0)


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return made_fleet()


@pytest.fixture(scope="module")
def models(fleet: Fleet) -> dict[str, SubstationModel]:
    return fit(fleet, training(fleet))


@given(RATES, RATES, RATES)
def test_who_wants_fewer_false_alarms_gets_a_lower_sensitivity(rate: float, one: float, other: float) -> None:
    few, many = sorted((one, other))
    assert sensitivity_for(rate, few) <= sensitivity_for(rate, many)


@given(RATES, st.floats(*SENSITIVITY_RANGE))
def test_a_sensitivity_gives_the_alarms_it_was_chosen_for(rate: float, sensitivity: float) -> None:
    wanted = expected_alarms(rate, sensitivity)
    assert sensitivity_for(rate, wanted) == pytest.approx(sensitivity)


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="received 0"):
        sensitivity_for(0.1, 0.0)


def test_the_wish_sets_the_sensitivity_and_the_expectation_of_a_model(
    fleet: Fleet, models: dict[str, SubstationModel]
) -> None:
    wanted = 0.5 * models["T1"].expected_false_alarms
    calmer = fit(fleet, training(fleet), false_alarms_per_month=wanted)["T1"]
    assert calmer.sensitivity < 1.0 == models["T1"].sensitivity
    assert calmer.expected_false_alarms == pytest.approx(wanted)


def test_a_quiet_fleet_expects_few_false_alarms_and_warns_of_nothing(models: dict[str, SubstationModel]) -> None:
    assert all(0.0 < model.expected_false_alarms < 0.5 for model in models.values())
    assert all(model.warning == "" for model in models.values())


def test_much_that_was_left_out_is_said(models: dict[str, SubstationModel]) -> None:
    assert "30 %" in replace(models["T1"], excluded_share=0.3).warning


def test_a_short_excursion_in_the_training_range_is_usual_and_a_long_one_is_left_out() -> None:
    def excursions(load: Load) -> None:
        load.reactive[0, load.between(100.0, 101.5)] += 0.03
        load.reactive[1, load.between(100.0, 140.0)] += 0.16

    fleet = made_fleet(excursions)
    models = fit(fleet, training(fleet))
    assert models["T1"].excluded_share < 0.005
    assert 0.08 < models["T2"].excluded_share < 0.20


def test_a_bank_that_rests_for_a_night_is_usual_and_one_that_is_gone_for_a_day_is_left_out() -> None:
    """Both are just as far from the expectation; only the second costs a notable part of a day's loss."""

    def resting(load: Load) -> None:
        load.reactive[0, load.between(96.0, 102.0)] += 0.10
        load.reactive[1, load.between(96.0, 120.0)] += 0.10

    fleet = made_fleet(resting)
    models = fit(fleet, training(fleet))
    assert models["T1"].excluded_share < 0.005
    assert models["T2"].excluded_share > 0.05


def test_nothing_is_raised_from_the_first_hours_of_a_record(models: dict[str, SubstationModel]) -> None:
    def at_once(load: Load) -> None:
        load.reactive[1, load.between(0.0, 30.0)] += 0.16

    fleet = made_fleet(at_once)
    (found,) = [one for one in analyse(fleet, models).findings if one.substation == "T2"]
    assert found.start_s - fleet.at_s[0] >= 6 * 3600
    assert np.isnan(analyse(fleet, models).scores[:, :12]).all()
