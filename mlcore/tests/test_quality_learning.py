"""What the instruments of a substation normally show, and what is a departure from that."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from mlcore.diagnosis.data_quality_flags import QualityFlags, flag_data_quality, learn_quality, usable_reactive
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import WHOLE_RECORD
from mlcore.diagnosis.parameters import QualityParameters
from mlcore.diagnosis.signals import measure
from substations.channels import CHANNEL_INDEX

from .made_fleet import made_fleet, training

BROKEN = slice(900, 960)
ROW = 2


@lru_cache(maxsize=1)
def calm() -> Fleet:
    return made_fleet(wired=False)


@lru_cache(maxsize=1)
def learned() -> QualityParameters:
    fleet = calm()
    return learn_quality(fleet, measure(fleet), training(fleet)[None] & np.ones(fleet.values.shape[:2], dtype=bool))


def flags(**changed: float) -> QualityFlags:
    """Flags of the fleet in which some channels of one substation are multiplied for thirty hours."""
    values = calm().values.copy()
    for name, factor in changed.items():
        values[ROW, BROKEN, CHANNEL_INDEX[name]] *= factor
    fleet = replace(calm(), values=values)
    return flag_data_quality(fleet, measure(fleet), learned(), WHOLE_RECORD)


def share(of: np.ndarray) -> float:
    """Of the steps that are broken, without the first hours in which windows fill."""
    return float(of[ROW, BROKEN][6:].mean())


def test_a_meter_s_usual_ratio_of_current_and_power_is_its_own() -> None:
    """The made-up meters are true: √3·U·I is S, so that the logarithm of their ratio is 0."""
    np.testing.assert_allclose(learned().current_ratio_median, 0.0, atol=1e-3)
    assert (learned().current_ratio_deviation < 0.002).all()
    np.testing.assert_allclose(learned().apparent_ratio, 1.0, atol=2e-3)


def test_the_usual_share_of_each_phase_is_learned() -> None:
    np.testing.assert_allclose(learned().phase_share, np.tile([1.02, 0.99, 0.99], (6, 1)), atol=2e-3)


def test_the_usual_high_load_is_that_of_the_training_steps() -> None:
    fleet = calm()
    apparent = measure(fleet).apparent[:, training(fleet)]
    np.testing.assert_allclose(learned().high_loading, np.quantile(apparent, 0.95, axis=1), rtol=1e-6)


def test_a_load_that_hardly_ever_repeats_itself_may_not_stand_still() -> None:
    assert (learned().still_share < 0.01).all()


def test_calm_meters_are_believed() -> None:
    calm_flags = flags()
    for name in ("power", "imbalance", "broken_triangle", "ct_error", "vt_error", "stuck_value", "impossible_value"):
        assert getattr(calm_flags, name).mean() < 0.002, name


@pytest.mark.parametrize(
    ("changed", "flag"),
    [
        ({"current_l1_a": 0.0}, "dead_phase"),
        ({"voltage_l12_v": 0.6}, "vt_error"),
        ({"current_l1_a": 0.7, "current_l2_a": 0.7, "current_l3_a": 0.7, "current_avg_a": 0.7}, "ct_error"),
        ({"reactive_power_kvar": 4.0}, "reactive_meter"),
        ({"power_factor": 0.8}, "power_factor_meter"),
        ({"active_power_kw": 1e6}, "impossible_value"),
    ],
)
def test_a_channel_that_goes_wrong_is_flagged_on_its_own_substation(changed: dict[str, float], flag: str) -> None:
    of = getattr(flags(**changed), flag)
    assert share(of) > 0.9
    assert np.delete(of, ROW, axis=0).mean() < 0.01


def test_a_broken_reactive_channel_stops_the_kvar_and_nothing_else() -> None:
    of = flags(reactive_power_kvar=0.5)
    assert share(of.reactive) > 0.8
    assert share(of.power) == share(of.oil) == 0.0


def test_kvar_of_a_broken_channel_are_taken_from_s_and_p() -> None:
    values = calm().values.copy()
    values[ROW, BROKEN, CHANNEL_INDEX["reactive_power_kvar"]] *= 0.5
    fleet = replace(calm(), values=values)
    signals = measure(fleet)
    of = flag_data_quality(fleet, signals, learned(), WHOLE_RECORD)
    taken, true = usable_reactive(signals, of), measure(calm()).reactive
    flagged = of.reactive[ROW, BROKEN]
    np.testing.assert_allclose(taken[ROW, BROKEN][flagged], true[ROW, BROKEN][flagged], atol=0.01)
    np.testing.assert_array_equal(taken[0, :800], true[0, :800])


def test_a_register_that_freezes_is_flagged_after_an_hour_or_more() -> None:
    values = calm().values.copy()
    for name in ("active_power_kw", "apparent_power_kva"):
        values[ROW, BROKEN, CHANNEL_INDEX[name]] = values[ROW, BROKEN.start, CHANNEL_INDEX[name]]
    fleet = replace(calm(), values=values)
    of = flag_data_quality(fleet, measure(fleet), learned(), WHOLE_RECORD)
    assert not of.stuck_value[ROW, BROKEN.start : BROKEN.start + 2].any()
    assert of.stuck_value[ROW, BROKEN][10:].all()


def test_a_reading_that_never_came_is_absent() -> None:
    values = calm().values.copy()
    values[ROW, BROKEN] = np.nan
    fleet = replace(calm(), values=values)
    of = flag_data_quality(fleet, measure(fleet), learned(), WHOLE_RECORD)
    assert of.absent[ROW, BROKEN].all()
    assert not np.delete(of.absent, ROW, axis=0).any()


@pytest.mark.parametrize(("jump_k", "is_flagged"), [(4.0, False), (30.0, True)])
def test_oil_that_jumps_further_than_oil_can_is_a_sensor(jump_k: float, is_flagged: bool) -> None:
    values = calm().values.copy()
    values[ROW, BROKEN, CHANNEL_INDEX["oil_temperature_c"]] += jump_k
    fleet = replace(calm(), values=values)
    of = flag_data_quality(fleet, measure(fleet), learned(), WHOLE_RECORD)
    assert bool(of.temperature_sensor[ROW, BROKEN.start]) is is_flagged
    assert bool(of.oil[ROW, BROKEN.start + 10]) is is_flagged, "and is not believed for some hours"
