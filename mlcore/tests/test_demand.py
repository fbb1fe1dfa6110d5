"""The usual load of a day, and what the neighbours say about today."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlcore.diagnosis import tuning
from mlcore.diagnosis.demand import days_of_rest, expected_demand, learn_demand, usual_profile
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import WHOLE_RECORD
from mlcore.diagnosis.signals import Signals, measure
from substations.electrical.power import BoolArray

from .made_fleet import Load, made_fleet

DAYS = 15
HOLIDAY_H = 13 * 24.0  # Tuesday, 14 January 2025


def measured(change: object = None, *, substations: int = 6) -> tuple[Fleet, Signals, BoolArray]:
    fleet = made_fleet(change, substations=substations, days=DAYS)  # type: ignore[arg-type]  # any change of a load
    signals = measure(fleet)
    return fleet, signals, np.isfinite(signals.active)


def hour_of(fleet: Fleet) -> np.ndarray:
    return np.asarray((fleet.at_s - fleet.at_s[0]) / 3600.0)


def everywhere(factor: float) -> object:
    def change(load: Load) -> None:
        load.active[:, load.between(HOLIDAY_H, HOLIDAY_H + 24.0)] *= factor

    return change


def test_working_days_and_weekends_have_profiles_of_their_own() -> None:
    fleet, signals, usable = measured()
    usual = usual_profile(fleet, learn_demand(fleet, signals, usable))
    noon = fleet.hour == 12.0
    work, rest = (usual[:, noon & chosen].mean(axis=1) for chosen in (~fleet.weekend, fleet.weekend))
    np.testing.assert_allclose(rest - work, np.log(0.8), atol=0.03)


def test_it_is_the_median_of_its_time_of_day() -> None:
    fleet, signals, usable = measured()
    usual = usual_profile(fleet, learn_demand(fleet, signals, usable))
    rows = (fleet.hour == 6.0) & ~fleet.weekend
    np.testing.assert_allclose(usual[:, rows][:, 0], np.median(np.log(signals.active[:, rows]), axis=1))


def test_a_single_wild_day_is_not_usual() -> None:
    fleet, signals, usable = measured()
    profile = learn_demand(fleet, signals, usable)
    wild = replace(signals, active=np.where(hour_of(fleet) < 24.0, 9.0, signals.active))
    np.testing.assert_allclose(learn_demand(fleet, wild, usable), profile, atol=0.06)


def test_weekends_that_nobody_saw_are_taken_as_working_days() -> None:
    fleet, signals, usable = measured()
    profile = learn_demand(fleet, signals, usable & ~fleet.weekend)
    half = profile.shape[1] // 2
    np.testing.assert_array_equal(profile[:, :half], profile[:, half:])


def test_neighbours_that_behave_as_at_weekends_make_a_day_of_rest() -> None:
    fleet, signals, usable = measured(everywhere(0.8))
    profile = learn_demand(fleet, signals, usable & (hour_of(fleet) < HOLIDAY_H))
    rest = days_of_rest(fleet, signals, usable, profile, WHOLE_RECORD)
    hours = hour_of(fleet)
    assert rest[:, fleet.weekend].all()
    assert rest[:, (hours >= HOLIDAY_H + 4.0) & (hours < HOLIDAY_H + 24.0)].all()
    assert not rest[:, (hours < HOLIDAY_H) & ~fleet.weekend].any()


@pytest.mark.parametrize(("substations", "share"), [(6, 1.2), (tuning.MIN_NEIGHBOURS, 1.0)])
def test_what_most_neighbours_do_is_expected_where_there_are_enough_of_them(substations: int, share: float) -> None:
    fleet, signals, usable = measured(everywhere(1.2), substations=substations)
    profile = learn_demand(fleet, signals, usable & (hour_of(fleet) < HOLIDAY_H))
    expected = expected_demand(fleet, signals, usable, profile, WHOLE_RECORD)
    hours = hour_of(fleet)
    inside = (hours >= HOLIDAY_H + 2.0) & (hours < HOLIDAY_H + 24.0)
    ratio = expected[:, inside] / np.exp(usual_profile(fleet, profile)[:, inside])
    np.testing.assert_allclose(ratio.mean(axis=1), share, rtol=0.03)
