"""A broken meter is recognised without any training, and a healthy one is not accused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from substations.electrical import quality


def _healthy(loading: float = 0.5, power_factor: float = 0.9, steps: int = 4) -> quality.MeterRows:
    apparent = np.full(steps, loading * 630.0)
    active = power_factor * apparent
    current = apparent * 1000.0 / (np.sqrt(3.0) * 400.0)
    return quality.MeterRows(
        active_kw=active,
        reactive_kvar=np.sqrt(apparent**2 - active**2),
        apparent_kva=apparent,
        power_factor=active / apparent,
        currents_a=np.repeat(current[:, None], 3, axis=1),
        voltages_v=np.full((steps, 3), 400.0),
        distortion=np.zeros(steps),
        oil_temperature_c=np.full(steps, 55.0),
        rated_kva=np.array(630.0),
        nominal_v=np.array(400.0),
    )


CHECKS = (
    quality.broken_triangle, quality.reversed_current_transformer, quality.current_mismatch, quality.voltage_mismatch,
    quality.impossible_value, quality.dead_phase,
)  # fmt: skip


@given(loading=st.floats(0.001, 1.5), power_factor=st.floats(0.3, 1.0))
def test_a_healthy_meter_is_never_accused(loading: float, power_factor: float) -> None:
    rows = _healthy(loading, power_factor)
    assert not any(check(rows).any() for check in CHECKS)


def test_a_broken_power_triangle_is_seen() -> None:
    rows = _healthy()
    assert quality.broken_triangle(replace(rows, active_kw=rows.active_kw * 0.2)).all()
    assert quality.broken_triangle(replace(rows, active_kw=rows.active_kw * 1.5)).all()


def test_one_reversed_current_transformer_leaves_a_third() -> None:
    rows = _healthy()
    third = replace(rows, active_kw=rows.active_kw / 3, reactive_kvar=rows.reactive_kvar / 3)
    assert quality.reversed_current_transformer(third).all()


def test_a_dead_phase_is_named() -> None:
    rows = _healthy()
    currents = rows.currents_a.copy()
    currents[:, 1] = 0.0
    assert (quality.dead_phase(replace(rows, currents_a=currents)).all(axis=0) == [False, True, False]).all()


def test_a_blown_voltage_fuse_and_a_wrong_ratio_are_seen() -> None:
    rows = _healthy()
    voltages = rows.voltages_v * [1.0, 0.6, 0.6]
    assert quality.voltage_mismatch(replace(rows, voltages_v=voltages)).all()
    assert quality.current_mismatch(replace(rows, currents_a=rows.currents_a * 2.0)).all()


@pytest.mark.parametrize(
    "change",
    [
        {"oil_temperature_c": np.full(4, 180.0)},
        {"power_factor": np.full(4, 1.4)},
        {"voltages_v": np.full((4, 3), 900.0)},
        {"apparent_kva": np.full(4, 9000.0)},
    ],
)
def test_impossible_values_are_seen(change: dict[str, np.ndarray]) -> None:
    assert quality.impossible_value(replace(_healthy(), **change)).all()


def test_missing_values_accuse_nobody() -> None:
    rows = _healthy()
    nothing = {name: np.full_like(getattr(rows, name), np.nan) for name in ("active_kw", "currents_a", "voltages_v")}
    assert not any(check(replace(rows, **nothing)).any() for check in CHECKS)
