"""The made-up water loop, and what the engine's defaults find in it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.water_loop import CHANNELS, FAULTS, NORMAL_ROWS, water_recordings
from benchmarks.water_loop_score import judged
from mlcore.engine import PrincipalComponents


def test_the_same_seed_gives_the_same_recordings() -> None:
    one, again, other = water_recordings(4, 3), water_recordings(4, 3), water_recordings(5, 3)
    assert all(np.array_equal(a.values, b.values) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one[0].values[:900], other[0].values[:900])


def test_a_recording_is_normal_at_first_and_faulty_for_a_while() -> None:
    recordings = water_recordings(4, 20)
    for recording in recordings:
        assert recording.values.shape == (len(recording.abnormal), len(CHANNELS))
        assert np.isfinite(recording.values).all()
        assert not recording.abnormal[:NORMAL_ROWS].any()
        assert np.abs(np.diff(recording.abnormal.astype(int))).sum() == 2
    assert len({recording.fault for recording in recordings}) > len(FAULTS) // 2


@pytest.mark.parametrize(
    ("fault", "channel", "direction"),
    [("outlet_valve_closing", "flow_l_min", -1), ("inlet_valve_closing", "flow_l_min", -1), ("leak", "flow_l_min", -1),
     ("rotor_imbalance", "vibration_1_g", 1), ("air_in_water", "vibration_2_g", 1),
     ("bearing_wear", "motor_current_a", 1), ("coolant_loss", "water_c", 1)],
)  # fmt: skip
def test_a_fault_moves_what_it_should(fault: str, channel: str, direction: int) -> None:
    place = CHANNELS.index(channel)
    moved = [
        direction * (r.values[r.abnormal, place].mean() - r.values[:NORMAL_ROWS, place].mean())
        for r in water_recordings(4, 80)
        if r.fault == fault
    ]
    assert len(moved) > 2
    assert np.median(moved) > 0


@pytest.mark.parametrize("window", [16, 32, 60])
def test_one_setting_finds_four_fifths_whatever_the_window(window: int) -> None:
    found, used = judged(water_recordings(1, 34), lambda: PrincipalComponents(window_steps=window))
    assert found.f1 > 0.78
    assert used == 0
