from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from substations.simulation import SHAPES, EventRequest, LiveFeed, SimulationSpec, SpecError, simulate


@settings(max_examples=15)
@given(
    substations=st.integers(1, 25),
    interval_min=st.sampled_from([5, 10, 15, 20, 30, 60]),
    seed=st.integers(0, 2**32 - 1),
    hv=st.floats(3_300, 36_000),
    lv=st.floats(200, 1_000),
    is_meshed=st.booleans(),
    shapes=st.lists(st.sampled_from(SHAPES), min_size=1, max_size=6).map(tuple),
    latitude=st.floats(-60, 60),
    time_zone=st.sampled_from(["UTC", "Asia/Kolkata", "Asia/Kathmandu", "Europe/Berlin", "America/St_Johns"]),
)
def test_any_grid_within_the_limits_runs_at_sensible_voltage(
    substations: int,
    interval_min: int,
    seed: int,
    hv: float,
    lv: float,
    is_meshed: bool,
    shapes: tuple[str, ...],
    latitude: float,
    time_zone: str,
) -> None:
    spec = SimulationSpec(
        substations=substations,
        days=1,
        interval_min=interval_min,
        seed=seed,
        hv_nominal_v=hv,
        lv_nominal_v=lv,
        is_meshed=is_meshed,
        shapes=shapes,
        latitude=latitude,
        time_zone=time_zone,
    )
    s = simulate(spec)
    assert s.values.shape == (substations, 1440 // interval_min, 20)
    assert (np.diff(s.times_s) == interval_min * 60).all()
    voltage = s.values[..., 11] / lv
    assert np.nanmin(voltage) > 0.88
    assert np.nanmax(voltage) < 1.12
    assert (s.losses.transformer > 0).all()
    assert LiveFeed(s).next_at.timestamp() == spec.end_s


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("substations", 0),
        ("substations", 201),
        ("days", 0),
        ("interval_min", 7),
        ("interval_min", 90),
        ("seed", -1),
        ("hv_nominal_v", 100),
        ("lv_nominal_v", 50_000),
        ("nominal_hz", 400),
        ("train_share", 1.5),
        ("shapes", ("casino",)),
        ("shapes", ()),
        ("events", "some"),
        ("time_zone", "Mars/Olympus"),
    ],
)
def test_what_is_outside_the_limits_is_refused_with_what_was_received(field: str, value: Any) -> None:
    with pytest.raises(SpecError, match=r"expected") as refusal:
        SimulationSpec(**{field: value})
    shown = value if not isinstance(value, tuple) else (value or ("",))[0]
    assert str(shown) in str(refusal.value)


@pytest.mark.parametrize(
    "arguments",
    [
        ("meteor", "SS-01", 0, 900),
        ("overload", "SS-01", 900, 900),
        ("overload", "ALL", 0, 900),
        ("overload", "SS-01", 0, 900, -1.0),
        ("sensor_fault", "SS-01", 0, 900, 0.0, {"mode": "haunted"}),
    ],
)
def test_an_impossible_event_is_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(SpecError):
        EventRequest(*arguments)


def test_the_start_is_local_and_comes_down_to_the_grid_of_the_interval() -> None:
    spec = SimulationSpec(start=datetime(2025, 9, 1, 0, 7), interval_min=60)  # noqa: DTZ001  (local to its zone)
    assert spec.start_s == int(datetime.fromisoformat("2025-08-31T18:30:00+00:00").timestamp())


@pytest.mark.parametrize("density", ["normal", "dense"])
def test_random_events_stay_after_training_and_alone_on_their_substation(density: str) -> None:
    s = simulate(SimulationSpec(substations=6, days=40, seed=11, interval_min=60, events=density))
    assert s.requests
    local = [r for r in s.requests if r.substation != "ALL" and r.kind != "load_growth"]
    for request in s.requests:
        assert request.start_s >= s.train_end_s
        assert request.start_s < s.end_s
    for a, b in ((a, b) for a in local for b in local if a is not b and a.substation == b.substation):
        assert a.end_s <= b.start_s or b.end_s <= a.start_s


def test_a_load_that_the_lines_cannot_carry_is_explained() -> None:
    size: dict[str, float | str] = {"power_kw": 1e6}
    start = SimulationSpec().start_s
    motor = EventRequest("low_pf_motor", "SS-01", start, start + 86_400, 0.0, size)
    with pytest.raises(SpecError, match="more than the lines can carry"):
        simulate(SimulationSpec(substations=2, days=1, events=(motor,)))


def test_the_simulator_needs_no_django() -> None:
    code = "import sys, substations.simulation; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
