"""Solar plants behind the meters of the simulator, and meters that are wired wrongly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from substations.channels import CHANNEL_INDEX
from substations.electrical.wiring import connection_factor
from substations.simulation import SimulationSpec, random_grid, simulate
from substations.simulation.clock import LocalClock, local_clock
from substations.simulation.miswiring import miswired
from substations.simulation.solar import SolarPlant, clear_sky, cloud_transmission, solar_kw

from .simulated import DAY, SMALL, clean, column

CODE, PEAK_KW = "SS-02", 150.0
PUNE = 18.5


def clock_of(day: int = 0, time_zone: str = "Asia/Kolkata") -> LocalClock:
    return local_clock(np.asarray(SMALL.start_s + day * DAY + np.arange(96) * 900, dtype=np.int64), time_zone)


def with_solar(from_day: int = 0) -> SimulationSpec:
    return replace(SMALL, solar=(SolarPlant(CODE, PEAK_KW, SMALL.start_s + from_day * DAY),))


def test_the_sun_shines_by_day_and_is_highest_around_noon() -> None:
    clock = clock_of()
    sky = clear_sky(clock, PUNE)
    hour = clock.hour
    assert (sky[(hour < 5) | (hour > 20)] == 0).all()
    assert 11.5 < hour[sky.argmax()] < 13.5
    assert 0.85 < sky.max() <= 1.0


def test_clouds_let_a_share_through_and_are_mostly_common_to_neighbours() -> None:
    rng, clock = np.random.default_rng(1), clock_of()
    days = [cloud_transmission(clock, 2, rng) for _ in range(60)]
    assert all(((day >= 0) & (day <= 1)).all() for day in days)
    broken = [day for day in days if day[:, 0].std() > 0.05]
    assert np.mean([np.corrcoef(day[:, 0], day[:, 1]).flat[1] for day in broken]) > 0.5


def test_a_plant_feeds_in_from_its_first_day_on_and_nowhere_else() -> None:
    clock = clock_of(day=1)
    plants = [SolarPlant("B", 100.0, SMALL.start_s + 2 * DAY), SolarPlant("C", 50.0)]
    kw = solar_kw(plants, ("A", "B", "C"), clock, PUNE, np.random.default_rng(0))
    assert not kw[:, :2].any()
    assert 0 < kw[:, 2].max() <= 50.0


def test_import_falls_while_the_kvar_of_the_load_stay() -> None:
    grid = random_grid(SMALL)
    made, plain = simulate(with_solar(), grid), clean()
    noon = made.times_s % DAY == 7 * 3600  # 12:30 in Pune
    row = made.grid.codes.index(CODE)
    fell = column(plain, "active_power_kw", CODE) - column(made, "active_power_kw", CODE)
    assert (fell[noon] > 0.1 * PEAK_KW).all()
    others = [k for k in range(len(made.grid.codes)) if k != row]
    alike = np.isclose(
        column(made, "active_power_kw")[others], column(plain, "active_power_kw")[others], rtol=0.02, equal_nan=True
    )
    assert alike.mean() > 0.99
    night = made.times_s % DAY == 20 * 3600
    assert column(made, "active_power_kw", CODE)[night] == pytest.approx(
        column(plain, "active_power_kw", CODE)[night], rel=0.02
    )


@pytest.mark.parametrize(
    ("order", "signs"),
    [((0, 1, 2), (-1, -1, -1)), ((0, 1, 2), (1, -1, 1)), ((1, 0, 2), (1, 1, 1)), ((1, 2, 0), (1, 1, 1))],
)
def test_a_miswired_meter_shows_the_factor_of_the_formulas(order: tuple[int, ...], signs: tuple[int, ...]) -> None:
    values = clean().values[0, :20]
    shown = miswired(values, order, signs)
    p, q = CHANNEL_INDEX["active_power_kw"], CHANNEL_INDEX["reactive_power_kvar"]
    currents = values[:, [CHANNEL_INDEX[f"current_l{k}_a"] for k in (1, 2, 3)]]
    for before, after, amperes in zip(values, shown, currents, strict=True):
        right = complex(before[p], before[q])
        assert complex(after[p], after[q]) == pytest.approx(right * connection_factor(order, signs, amperes), rel=1e-6)
