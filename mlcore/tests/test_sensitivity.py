"""What would be found: which faults count, when one counts as found, and what is told of few."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.diagnosis.autoencoder_scores import AutoencoderScores
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.judgement import judge, parameters_of
from mlcore.diagnosis.model import SubstationModel
from mlcore.diagnosis.network_say import NETWORK_CAUSES
from mlcore.injection.fault_plan import SIZES, InjectedFault
from mlcore.injection.sensitivity import (
    MIN_FAULTS,
    SIZE_CLASSES,
    FaultTrial,
    FoundShare,
    NetworkContribution,
    SubstationSensitivity,
    counted,
    delay_h,
    sensitivity,
    size_class,
)
from mlcore.network_training import calm_steps

from .judged_fleet import calm as calm_fleet

HOUR_S = 3600
START_S, END_S = 100 * HOUR_S, 130 * HOUR_S
causes = st.sampled_from(NETWORK_CAUSES)


def fault(ramp_hours: float = 0.0) -> InjectedFault:
    return InjectedFault(0, "overload", START_S, END_S, 1.0, ramp_hours, 1)


def alarm(from_h: float, until_h: float | None) -> Finding:
    """A loss raised so many hours after the fault began."""
    end_s = None if until_h is None else int(START_S + until_h * HOUR_S)
    return Finding(
        "A", "loss", "overload", int(START_S + from_h * HOUR_S), end_s, START_S, "warning", 1.0, 0.5, 2.0, 5.0, 2.0,
        0.9, "overload", START_S,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("from_h", "until_h", "ramp_hours", "expected_h"),
    [
        (2.0, 20.0, 0.0, 2.0),
        (2.0, None, 0.0, 2.0),  # it lasts
        (12.0, 20.0, 0.0, 12.0),
        (12.5, 20.0, 0.0, None),  # too late
        (12.5, 20.0, 6.0, 12.5),  # it grew slowly
        (18.5, 20.0, 6.0, None),
        (-0.5, 3.0, 0.0, 0.0),  # within the tolerance
        (-2.0, 3.0, 0.0, None),  # was there before
        (-1.0, 0.0, 0.0, None),  # over when it begins
    ],
)
def test_a_fault_is_found_by_a_loss_that_overlaps_it_and_comes_in_time(
    from_h: float, until_h: float | None, ramp_hours: float, expected_h: float | None
) -> None:
    assert delay_h(fault(ramp_hours), [alarm(from_h, until_h)]) == expected_h


def test_an_alarm_after_the_fault_is_none_and_of_several_the_first_counts() -> None:
    short = replace(fault(), end_s=START_S + 2 * HOUR_S)
    assert delay_h(short, [alarm(3.0, 9.0)]) is None
    assert delay_h(short, []) is None
    assert delay_h(fault(), [alarm(5.0, 9.0), alarm(1.5, 3.0)]) == 1.5


@given(causes, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_larger_fault_is_never_in_a_smaller_class(cause: str, one: float, other: float) -> None:
    low, high = SIZES[cause]
    classes = [SIZE_CLASSES.index(size_class(cause, low + share * (high - low))) for share in sorted((one, other))]
    assert classes == sorted(classes)


@pytest.mark.parametrize(("share", "expected"), [(0.0, "small"), (0.3, "small"), (0.5, "medium"), (1.0, "large")])
def test_the_classes_are_thirds_of_the_sizes(share: float, expected: str) -> None:
    low, high = SIZES["tap_voltage"]
    assert size_class("tap_voltage", low + share * (high - low)) == expected


def test_of_few_faults_nothing_is_said() -> None:
    few = counted([FaultTrial("overload", "large", 1.0)] * (MIN_FAULTS - 1))[2]
    assert (few.all_sizes.share, few.median_delay_h) == (None, None)
    enough = counted([FaultTrial("overload", "large", 1.0)] * MIN_FAULTS + [FaultTrial("overload", "small", None)])[2]
    assert (enough.cause, enough.by_size[2].share, enough.median_delay_h) == ("overload", 1.0, 1.0)
    assert enough.by_size[0].is_too_few
    assert enough.all_sizes == FoundShare(6, 5)


@given(st.lists(st.builds(FaultTrial, causes, st.sampled_from(SIZE_CLASSES), st.none() | st.floats(0.0, 30.0))))
def test_every_trial_is_counted_once_and_comes_back_from_json(trials: list[FaultTrial]) -> None:
    rows = counted(trials)
    assert [row.cause for row in rows] == list(NETWORK_CAUSES)
    assert sum(row.all_sizes.injected for row in rows) == len(trials)
    assert sum(row.all_sizes.found for row in rows) == sum(trial.delay_h is not None for trial in trials)
    for network in (None, NetworkContribution(3, 2, 1, 0)):
        one = SubstationSensitivity(8, 60.0, 0.1, rows, network)
        assert SubstationSensitivity.from_json(json.loads(json.dumps(one.to_json()))) == one
    before = {name: value for name, value in one.to_json().items() if name != "network"}
    assert SubstationSensitivity.from_json(before).network is None, "as earlier versions stored it"


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"copies": 1, "days": 1.0, "causes": None},
        {"causes": [{"cause": "overload"}]},
        {"copies": 1, "days": 1.0, "expected_false_alarms_per_month": 1, "causes": [], "network": {"x": 1}},
    ],
)
def test_what_is_no_sensitivity_is_refused_by_name(stored: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Expected what a sensitivity was stored as"):
        SubstationSensitivity.from_json(stored)


@lru_cache(maxsize=1)
def untrained() -> dict[str, SubstationModel]:
    _, models = calm_fleet()
    return {code: replace(model, trained_from_s=0, trained_until_s=0) for code, model in models.items()}


def found_by(models: dict[str, SubstationModel], copies: int = 3) -> tuple[dict[str, SubstationSensitivity], list[int]]:
    fleet, _ = calm_fleet()
    clean = judge(fleet, models, parameters_of(fleet, models))
    progress: list[int] = []
    return sensitivity(clean, calm_steps(clean, models), models, None, copies, progress.append), progress


def test_on_a_made_up_fleet_most_large_faults_are_found_and_hardly_any_by_a_model_that_is_numb() -> None:
    result, progress = found_by(untrained())
    assert progress == [1, 2, 3]
    assert set(result) == set(calm_fleet()[0].codes)
    numb, _ = found_by({code: replace(model, sensitivity=0.1) for code, model in untrained().items()})

    def large(of: dict[str, SubstationSensitivity]) -> tuple[int, int]:
        rows = [cause.by_size[-1] for each in of.values() for cause in each.causes]
        return sum(row.found for row in rows), sum(row.injected for row in rows)

    found, injected = large(result)
    assert injected >= 15
    assert found >= 0.8 * injected
    assert large(numb)[0] < 0.5 * found
    every_cause = {cause.cause for each in result.values() for cause in each.causes if cause.all_sizes.injected}
    assert every_cause == set(NETWORK_CAUSES)
    one = next(iter(result.values()))
    assert one.days == 24.0
    assert one.expected_false_alarms_per_month == next(iter(untrained().values())).expected_false_alarms
    assert [row.cause for row in one.causes] == list(NETWORK_CAUSES)


def test_what_a_network_adds_is_counted_beside_physics_alone_where_it_says_something() -> None:
    fleet = calm_fleet()[0]
    models = {code: replace(model, sensitivity=0.4) for code, model in untrained().items()}

    def heard(log_odds: float) -> dict[str, SubstationSensitivity]:
        def networks(departures: Departures, *_: object) -> AutoencoderScores:
            odds = np.full((*departures.residuals.reactive.shape, len(NETWORK_CAUSES)), log_odds)
            odds[0] = np.nan
            return AutoencoderScores(np.zeros(odds.shape[:2]), odds)

        clean = judge(fleet, models, parameters_of(fleet, models), networks)
        return sensitivity(clean, calm_steps(clean, models), models, networks, 2)

    neutral, doubting, eager = heard(2.5), heard(-9.0), heard(20.0)
    silent = fleet.codes[0]
    assert {code for code, each in neutral.items() if each.network is None} == {silent}
    for one in (neutral, doubting, eager):
        for code, each in one.items():
            if each.network:
                assert each.network.found == sum(cause.all_sizes.found for cause in each.causes)
                assert each.network.found_by_physics == sum(cause.all_sizes.found for cause in neutral[code].causes)
    sums = [sum(each.network.found for each in one.values() if each.network) for one in (doubting, neutral, eager)]
    assert sums[0] < sums[1] < sums[2]
    alarms = [sum(each.network.alarms for each in one.values() if each.network) for one in (doubting, neutral, eager)]
    assert alarms[0] <= alarms[1] <= alarms[2]


def test_a_substation_without_a_model_is_left_out_and_without_calm_nothing_is_injected() -> None:
    fleet, _ = calm_fleet()
    models = {code: model for code, model in untrained().items() if code != "T1"}
    clean = judge(fleet, models, parameters_of(fleet, models))
    result = sensitivity(clean, np.zeros(fleet.values.shape[:2], dtype=bool), models, None, 1)
    assert set(result) == set(fleet.codes) - {"T1"}
    assert all(cause.all_sizes.injected == 0 for each in result.values() for cause in each.causes)
