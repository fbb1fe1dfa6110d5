"""What is expected of a substation at this load, hour and voltage, and where it can be compared at all."""

from __future__ import annotations

from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.diagnosis import tuning
from mlcore.diagnosis.data_quality_flags import QualityFlags
from mlcore.diagnosis.expectations import (
    MAX_HIDDEN_BY_DROP,
    beyond_own_drop,
    expected_reactive_power,
    load_features,
    share_departure,
    usable_steps,
)
from mlcore.diagnosis.parameters import LoadShape
from mlcore.diagnosis.power_flow import OperatingPoint
from mlcore.diagnosis.signals import Signals, measure

from .judged_fleet import calm, judged
from .small_fleet import MONDAY_S, empty_fleet, small_fleet


def shape(q01: float = 0.2, q99: float = 0.8, slope: float = 0.5) -> LoadShape:
    hinges = np.linspace(q01, q99, len(tuning.HINGES))[None]
    one = np.ones(1)
    return LoadShape(hinges, q99 * one, q01 * one, slope * one, np.ones((1, 3)), np.zeros((1, 4)), np.zeros(1))


def signals(**channels: Any) -> Signals:
    usual = {
        "active_power_kw": 100.0, "apparent_power_kva": 125.0, "voltage_avg_v": 400.0, "oil_temperature_c": 40.0,
    } | channels  # fmt: skip
    return measure(small_fleet({name: [[value]] for name, value in usual.items()}))


def flags(**marked: bool) -> QualityFlags:
    return QualityFlags(**{field.name: np.array([[marked.get(field.name, False)]]) for field in fields(QualityFlags)})


def usable(of: Signals, **marked: bool) -> dict[str, bool]:
    masks = usable_steps(of, flags(**marked))
    return {field.name: bool(getattr(masks, field.name)[0, 0]) for field in fields(masks)}


def test_a_believable_reading_is_compared_in_all_that_it_holds() -> None:
    assert usable(signals()) == {
        "reactive": True, "distortion": False, "imbalance": False, "voltage": True, "oil": True, "demand": True,
        "oil_doubted": False,
    }  # fmt: skip


@pytest.mark.parametrize("flag", ["dead", "power", "absent"])
def test_of_a_transformer_without_power_or_without_believable_power_nothing_is_compared(flag: str) -> None:
    assert not any(usable(signals(), **{flag: True}).values())


@pytest.mark.parametrize(("flag", "quantity"), [("reactive", "reactive"), ("oil", "oil")])
def test_a_flag_of_one_quantity_stops_it_alone(flag: str, quantity: str) -> None:
    before, after = usable(signals()), usable(signals(), **{flag: True})
    assert {name for name in before if before[name] != after[name]} == {quantity}


def test_a_voltage_of_next_to_nothing_and_a_load_that_flows_back_are_not_compared() -> None:
    assert not usable(signals(voltage_avg_v=100.0))["voltage"]
    assert not usable(signals(active_power_kw=-100.0))["demand"]


def features_at(load: float, hour: int = 0, rest: float = 0.0, voltage: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    fleet = empty_fleet(1, 1, start_s=MONDAY_S + hour * 3600)
    operation: Any = SimpleNamespace(voltage=np.array([[voltage]]))
    whole, plain = load_features(fleet, np.array([[load]]), operation, np.array([[rest]]), shape())
    return whole[0, 0], plain[0, 0]


def test_features_of_load_and_voltage_bend_at_the_hinges() -> None:
    _whole, plain = features_at(0.5, voltage=1.02)
    assert plain[:3] == pytest.approx([1.0, 0.5, 0.02])
    assert plain[3:] == pytest.approx([0.3, 0.2, 0.1, 0.0, 0.0, 0.0, 0.0])  # 0.5 less 0.2, 0.3, 0.4 …


@pytest.mark.parametrize(("load", "counts_as"), [(0.05, 0.2), (2.0, 0.8), (0.5, 0.5)])
def test_beyond_the_trained_range_the_features_stay_at_its_end(load: float, counts_as: float) -> None:
    assert features_at(load)[1][1] == counts_as


def test_the_hour_of_the_day_turns_once_twice_and_three_times() -> None:
    whole, plain = features_at(0.5, hour=6)
    waves = whole[len(plain) : len(plain) + 6]
    assert waves == pytest.approx([1.0, 0.0, 0.0, -1.0, -1.0, 0.0], abs=1e-12)  # sin and cos of 90°, 180°, 270°


def test_a_day_of_rest_has_a_level_and_a_slope_of_its_own() -> None:
    assert features_at(0.5, rest=0.0)[0][-2:] == pytest.approx([0.0, 0.0])
    assert features_at(0.5, rest=1.0)[0][-2:] == pytest.approx([1.0, 0.5])


@pytest.mark.parametrize(
    ("load", "beyond"), [(0.5, 0.0), (1.0, tuning.UNCOMPENSATED_TAN_PHI * 0.2), (0.1, 0.5 * -0.1)]
)  # fmt: skip
def test_beyond_the_trained_range_kvar_follow_the_bare_load_and_below_it_the_usual_slope(
    load: float, beyond: float
) -> None:
    """Above, the banks are exhausted: 0.75 kvar per kW; below, as over the whole range."""
    features = np.zeros((1, 1, 2))
    expected = expected_reactive_power(np.array([[load]]), features, shape(), np.zeros((1, 2)))
    assert expected[0, 0] == pytest.approx(beyond)


def test_the_departure_of_shares_is_that_of_the_furthest_phase() -> None:
    currents = {"current_l1_a": 88.0, "current_l2_a": 100.0, "current_l3_a": 112.0}
    assert share_departure(signals(**currents), shape())[0, 0] == pytest.approx(0.12)


def test_learned_expectations_meet_the_readings_they_were_learned_from() -> None:
    """The made-up fleet needs 0.7 kvar per kW less 0.15 of its rating, with noise of 0.6 %."""
    found = judged()
    known = np.isfinite(found.departures.residuals.reactive)
    by_hand = 0.7 * found.signals.active - 0.15
    apart = (found.departures.residuals.expected_reactive - by_hand)[known]
    assert np.abs(np.median(apart)) < 0.003
    assert np.quantile(np.abs(apart), 0.9) < 0.01


def test_the_learned_range_is_that_of_the_load_on_the_training_days() -> None:
    fleet, models = calm()
    learned = models[fleet.codes[0]].parameters.expectations.shape
    load = judged().signals.active[0, : 17 * 48]
    assert learned.active_q01 == pytest.approx(np.quantile(load, 0.01), rel=0.02)
    assert learned.active_q99 == pytest.approx(np.quantile(load, 0.99), rel=0.02)
    assert (np.diff(learned.hinges) > 0).all()
    np.testing.assert_allclose(learned.phase_share, [1.02, 0.99, 0.99], atol=0.005)


def test_a_substation_without_neighbours_is_expected_from_its_own_readings() -> None:
    fleet, models = calm()
    from mlcore.diagnosis.judgement import judge, parameters_of

    alone = fleet.only([fleet.codes[0]])
    found = judge(alone, models, parameters_of(alone, models)).departures.residuals
    assert np.isfinite(found.expected_voltage[0, 200:]).mean() > 0.9
    together = replace(judged().departures.residuals).expected_voltage[0]
    measured = judged().signals.voltage[0]
    apart = [np.nanstd((measured - expected)[200:]) for expected in (together, found.expected_voltage[0])]
    assert apart[0] < apart[1], "neighbours tell the supply from the own drop"


@given(
    kvar_per_voltage=st.floats(-3.0, 1.0), drop=st.floats(0.0, 0.08), excess=st.floats(-0.5, 0.5),
)  # fmt: skip
def test_an_excess_is_not_hidden_by_the_voltage_that_it_takes_away(
    kvar_per_voltage: float, drop: float, excess: float
) -> None:
    """The measured voltage is lower by the drop of the excess, and the expectation at that voltage is another one."""
    coefficients = np.array([[0.1, 0.3, kvar_per_voltage]])
    operation = cast(OperatingPoint, SimpleNamespace(drop_of_own_kvar=np.array([[drop]])))
    usual = 0.2
    expected_at_measured = usual + kvar_per_voltage * (-drop * excess)
    shown = usual + excess - expected_at_measured
    found = shown * beyond_own_drop(operation, coefficients)[0, 0]
    assert found == pytest.approx(excess, abs=1e-9)


def test_a_relation_that_no_load_has_is_not_believed() -> None:
    operation = cast(OperatingPoint, SimpleNamespace(drop_of_own_kvar=np.array([[0.08]])))
    factor = beyond_own_drop(operation, np.array([[0.0, 0.0, -50.0]]))
    assert factor[0, 0] == pytest.approx(1.0 / (1.0 - MAX_HIDDEN_BY_DROP))
