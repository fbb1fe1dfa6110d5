"""Steps become hours of the local clock: sums of what is known, and how much that is."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from losses.accounting.hourly_energy import coverage, hour_grid, max_demand, metered_energy

from .one_feeder import metered

START_S = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())


def steps(count: int, interval_s: int = 900, start_s: int = START_S) -> np.ndarray:
    return start_s + interval_s * np.arange(count, dtype=np.int64)


def offsets(at_s: np.ndarray, zone: str) -> np.ndarray:
    def offset(second: int) -> int:
        found = datetime.fromtimestamp(second, ZoneInfo(zone)).utcoffset()
        return int(found.total_seconds()) if found else 0

    return np.array([offset(second) for second in at_s.tolist()], dtype=np.int64)


def test_energy_is_mean_power_times_its_interval() -> None:
    hours = hour_grid(steps(8), 0, 900)
    assert hours.at_s.tolist() == [START_S, START_S + 3600]
    assert hours.energy(np.array([[100.0, 200.0, 300.0, 400.0, 40.0, 40.0, 40.0, 40.0]])).tolist() == [[250.0, 40.0]]


def test_a_missing_step_adds_nothing_and_an_hour_without_any_is_not_known() -> None:
    hours = hour_grid(steps(8), 0, 900)
    power = np.array([[100.0, np.nan, 100.0, 100.0, *[np.nan] * 4]])
    assert hours.energy(power)[0, 0] == 75.0
    assert np.isnan(hours.energy(power)[0, 1])
    assert coverage(hours, np.isfinite(power)).tolist() == [[0.75, 0.0]]


def test_hours_are_those_of_the_local_clock() -> None:
    """In India an hour begins at half past the hour of UTC: a day is then a sum of whole hours."""
    at_s = steps(6)
    hours = hour_grid(at_s, offsets(at_s, "Asia/Kolkata"), 900)
    assert (hours.at_s - START_S).tolist() == [-1800, 1800]


@pytest.mark.parametrize(("day", "length_h"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_of_a_clock_change_has_the_hours_that_it_has(day: str, length_h: int) -> None:
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Berlin"))
    begin, end = (int(each.timestamp()) for each in (midnight, midnight.replace(day=midnight.day + 1)))
    at_s = np.arange(begin, end, 900, dtype=np.int64)
    hours = hour_grid(at_s, offsets(at_s, "Europe/Berlin"), 900)
    assert len(hours.at_s) == length_h
    assert hours.energy(np.full((1, len(at_s)), 10.0)).sum() == 10.0 * length_h


@pytest.mark.parametrize(
    ("active_kw", "reactive_kvar", "quadrant"),
    [(10.0, 5.0, "q1"), (-10.0, 5.0, "q2"), (-10.0, -5.0, "q3"), (10.0, -5.0, "q4")],
)
def test_reactive_energy_is_counted_in_its_quadrant(active_kw: float, reactive_kvar: float, quadrant: str) -> None:
    found = metered_energy(hour_grid(steps(4), 0, 900), metered([[active_kw] * 4], [[reactive_kvar] * 4]))
    energies = {name: float(values[0, 0]) for name, values in found.items()}
    assert energies["energy_import_kwh"] == max(active_kw, 0.0)
    assert energies["energy_export_kwh"] == max(-active_kw, 0.0)
    counted = {name.split("_")[1]: value for name, value in energies.items() if name.startswith("reactive")}
    assert counted == {"q1": 0.0, "q2": 0.0, "q3": 0.0, "q4": 0.0} | {quadrant: 5.0}
    assert energies["apparent_kvah"] == pytest.approx(np.hypot(10.0, 5.0))


def test_what_is_not_believed_is_no_energy() -> None:
    valid = np.array([[True, False, True, True]])
    found = metered_energy(hour_grid(steps(4), 0, 900), metered([[100.0] * 4], [[0.0] * 4], is_valid=valid))
    assert found["energy_import_kwh"][0, 0] == 75.0


@pytest.mark.parametrize(("window_s", "highest"), [(900, 40.0), (1800, 35.0), (3600, 25.0), (7200, 25.0), (60, 40.0)])
def test_demand_is_the_highest_mean_of_a_window(window_s: int, highest: float) -> None:
    at_s = steps(4)
    found = max_demand(hour_grid(at_s, 0, 900), at_s, np.array([[10.0, 20.0, 30.0, 40.0]]), window_s)
    assert found.tolist() == [[highest]]


def test_a_window_of_which_less_than_half_is_known_is_no_demand() -> None:
    at_s = steps(12, 300)
    power = np.array([[np.nan, np.nan, 900.0, *[100.0] * 9]])
    assert max_demand(hour_grid(at_s, 0, 300), at_s, power, 900).tolist() == [[100.0]]
    assert np.isnan(max_demand(hour_grid(at_s, 0, 300), at_s, np.full((1, 12), np.nan), 900)).all()


@given(
    arrays.arrays(np.float64, (2, 40), elements=st.floats(-1e6, 1e6) | st.just(np.nan)),
    st.sampled_from(["UTC", "Asia/Kolkata", "Europe/Berlin", "Asia/Kathmandu"]),
)
def test_hours_sum_to_the_whole(power: np.ndarray, zone: str) -> None:
    at_s = steps(40, start_s=int(datetime(2026, 3, 28, 22, tzinfo=UTC).timestamp()))
    hours = hour_grid(at_s, offsets(at_s, zone), 900)
    assert np.nansum(hours.energy(power)) == pytest.approx(np.nansum(power) / 4, abs=1e-6)
    assert (np.diff(hours.at_s) == 3600)[1:-1].all()
