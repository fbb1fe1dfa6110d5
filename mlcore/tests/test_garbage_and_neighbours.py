"""Whatever one meter reports, its neighbours are judged as if it had reported nothing, and nobody else notices."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlcore.diagnosis.analysis import Analysis
from mlcore.diagnosis.fleet import Fleet, beside
from mlcore.diagnosis.model import SubstationModel
from mlcore.diagnosis.whole_record import analyse, fit
from mlcore.tests.made_fleet import DAYS, made_fleet, training
from substations.channels import CHANNEL_INDEX, CHANNEL_NAMES
from substations.electrical.topology import Segment

STEPS_A_DAY, JUDGED_DAYS, GROUP = 48, 6, 5
BAD = 1  # it feeds the substations after it
POWERS = ("active_power_kw", "reactive_power_kvar", "apparent_power_kva")
VOLTAGES = ("voltage_l12_v", "voltage_l23_v", "voltage_l31_v", "voltage_avg_v")
CURRENTS = ("current_l1_a", "current_l2_a", "current_l3_a", "current_avg_a")

few = settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
stretches = st.tuples(st.integers(0, 2 * STEPS_A_DAY), st.integers(1, 3 * STEPS_A_DAY))
some_channels = st.lists(st.sampled_from(CHANNEL_NAMES), min_size=1, max_size=6, unique=True)
values = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -0.0, -9999.0, 65535.0, 1e308, -1e308, 1e-308])
factors = st.sampled_from([1000.0, 3.0, -1.0, 0.001])
anything = st.one_of(st.tuples(some_channels, values, st.just(0.0)), st.tuples(some_channels, st.just(0.0), factors))
beyond_physics = st.one_of(
    st.tuples(some_channels, st.sampled_from([np.inf, -np.inf]), st.just(0.0)),
    st.tuples(
        st.lists(st.sampled_from((*POWERS, *VOLTAGES, *CURRENTS)), min_size=1, unique=True),
        st.sampled_from([-9999.0, 65535.0, 1e308]),
        st.just(0.0),
    ),
    st.tuples(st.just(["active_power_kw"]), st.just(0.0), st.just(1000.0)),
    st.tuples(st.just(list(VOLTAGES)), st.just(0.0), st.just(3.0)),
)
Garbage = tuple[list[str], float, float]


def two_groups(*, days: int) -> Fleet:
    """Two feeders of five substations that are judged at once."""
    first = made_fleet(substations=GROUP, days=DAYS)
    other = made_fleet(substations=GROUP, days=DAYS, seed=8)
    names = {code: f"U{number}" for number, code in enumerate(other.codes)}
    segments = tuple(
        Segment(names.get(each.source or ""), names[each.target], each.r_ohm, each.x_ohm, each.length_km)
        for each in other.segments
    )
    fleet = beside([first, replace(other, codes=tuple(names.values()), segments=segments)])
    return fleet.since(int(fleet.at_s[-days * STEPS_A_DAY]))


@lru_cache(maxsize=1)
def trained() -> tuple[Fleet, dict[str, SubstationModel]]:
    whole = two_groups(days=DAYS)
    return two_groups(days=JUDGED_DAYS), fit(whole, training(whole))


def with_garbage(fleet: Fleet, garbage: Garbage, stretch: tuple[int, int]) -> Fleet:
    channels, value, factor = garbage
    rows = slice(stretch[0] + STEPS_A_DAY, stretch[0] + STEPS_A_DAY + stretch[1])
    changed = fleet.values.copy()
    for name in channels:
        part = changed[BAD, rows, CHANNEL_INDEX[name]]
        changed[BAD, rows, CHANNEL_INDEX[name]] = part * factor if factor else value
    return replace(fleet, values=changed)


def silent(fleet: Fleet, stretch: tuple[int, int]) -> Fleet:
    return with_garbage(fleet, (list(CHANNEL_NAMES), np.nan, 0.0), stretch)


def said_of(analysis: Analysis, rows: list[int]) -> tuple[Any, ...]:
    """Everything that is stored of some substations, to the last bit."""
    codes = {analysis.codes[row] for row in rows}
    bands = [(name, *(array[rows].tobytes() for array in (b.measured, b.expected, b.low, b.high)))
             for name, b in analysis.bands.items()]  # fmt: skip
    arrays = (analysis.scores, analysis.status, analysis.local_loss_kw, analysis.extra_loss_kw, analysis.residuals)
    found = [repr(each) for each in analysis.findings if each.substation in codes]
    return found, bands, [array[rows].tobytes() for array in arrays]


@few
@given(garbage=anything, stretch=stretches)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_another_group_in_the_same_batch_never_notices(garbage: Garbage, stretch: tuple[int, int]) -> None:
    fleet, models = trained()
    others = list(range(GROUP, 2 * GROUP))
    clean = said_of(analyse(fleet, models), others)
    assert said_of(analyse(with_garbage(fleet, garbage, stretch), models), others) == clean


@few
@given(garbage=beyond_physics, stretch=stretches)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_to_its_neighbours_what_no_transformer_can_have_is_silence(garbage: Garbage, stretch: tuple[int, int]) -> None:
    fleet, models = trained()
    neighbours = [row for row in range(GROUP) if row != BAD]
    nothing = said_of(analyse(silent(fleet, stretch), models), neighbours)
    assert said_of(analyse(with_garbage(fleet, garbage, stretch), models), neighbours) == nothing


def test_what_the_meter_said_is_shown_as_it_said_it() -> None:
    fleet, models = trained()
    found = analyse(with_garbage(fleet, (["active_power_kw"], 0.0, 1000.0), (48, 96)), models).findings
    (finding,) = [each for each in found if each.cause == "impossible_value"]
    assert finding.substation == fleet.codes[BAD]
    assert finding.evidence["measured"]["active_power_kw"] > 100_000
