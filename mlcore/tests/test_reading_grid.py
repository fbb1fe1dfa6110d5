"""Readings of a group on one regular grid."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from mlcore.diagnosis.fleet import Fleet
from mlcore.fleet import reading_grid
from mlcore.fleet.groups import NeighbourGroup
from substations.models import Link, Reading, Substation

from .grid import moment

pytestmark = pytest.mark.django_db
START = 1_772_409_600
STEP = 900


def station(code: str = "A", **values: Any) -> Substation:
    return Substation.objects.create(code=code, **values)


def read(substation: Substation, *at_s: float, **values: float) -> None:
    Reading.objects.bulk_create(Reading(substation=substation, at=moment(each), **values) for each in at_s)


def loaded(*substations: Substation, plates: dict[int, dict[str, Any]] | None = None) -> Fleet:
    found = reading_grid.load(NeighbourGroup(substations), moment(0), moment(4e9), plates)
    assert found is not None
    return found


def test_no_readings_are_no_fleet() -> None:
    assert reading_grid.load(NeighbourGroup((station(),)), moment(0), moment(4e9)) is None


def test_a_gap_is_nan_and_the_grid_goes_on() -> None:
    a, b = station("A"), station("B")
    read(a, START, START + STEP, START + 4 * STEP, active_power_kw=5.0)
    read(b, START + 2 * STEP, active_power_kw=7.0)
    fleet = loaded(a, b)
    assert fleet.at_s.tolist() == [START + n * STEP for n in range(5)]
    np.testing.assert_array_equal(
        fleet.channel("active_power_kw"), [[5, 5, np.nan, np.nan, 5], [np.nan, np.nan, 7, np.nan, np.nan]]
    )
    assert (fleet.codes, fleet.interval_s) == (("A", "B"), STEP)


@pytest.mark.parametrize("shift", [-449, -60, 0, 1, 449])
def test_a_clock_that_is_off_is_put_on_the_nearest_step(shift: int) -> None:
    a = station()
    read(a, *(START + n * STEP + shift for n in range(6)), active_power_kw=5.0)
    fleet = loaded(a)
    assert fleet.at_s[0] == START
    assert np.isfinite(fleet.channel("active_power_kw")).all()


def test_a_clock_that_is_off_by_half_a_step_loses_no_reading() -> None:
    a = station()
    for n in range(6):
        read(a, START + n * STEP + STEP // 2, active_power_kw=float(n))
    assert loaded(a).channel("active_power_kw").tolist() == [[0, 1, 2, 3, 4, 5]]


def test_of_two_readings_on_one_step_the_later_counts() -> None:
    a = station()
    read(a, START - 100, active_power_kw=1.0)
    read(a, START + 100, active_power_kw=2.0)
    assert loaded(a).channel("active_power_kw").tolist() == [[2.0]]


@pytest.mark.parametrize("day", [datetime(2026, 3, 29), datetime(2026, 10, 25), datetime(2026, 7, 1)])  # noqa: DTZ001  # local
def test_the_local_clock_follows_summer_time(day: datetime) -> None:
    zone = ZoneInfo("Europe/Berlin")
    a = station(time_zone=zone.key)
    start = int(day.replace(tzinfo=zone).timestamp())
    read(a, *(start + n * STEP for n in range(30 * 4)), active_power_kw=1.0)
    fleet = loaded(a)
    for at_s, hour in zip(fleet.at_s, fleet.hour, strict=True):
        local = datetime.fromtimestamp(int(at_s), zone)
        assert hour == local.hour + local.minute / 60


def test_a_zone_with_half_an_hour_is_no_exception() -> None:
    a = station(time_zone="Asia/Kolkata")
    read(a, START, active_power_kw=1.0)
    assert loaded(a).hour.tolist() == [5.5]


def test_a_full_nameplate_is_taken_as_it_is() -> None:
    a = station(
        rated_kva=630, nominal_v=400, hv_nominal_v=11_000, no_load_loss_w=900, load_loss_w=6000, impedance_pct=4,
        target_power_factor=0.98,
    )  # fmt: skip
    read(a, START, apparent_power_kva=100.0, voltage_avg_v=230.0)
    plate = loaded(a).nameplates[0]
    assert (plate.rated_kva, plate.nominal_v, plate.load_loss_w, plate.target_power_factor) == (630, 400, 6000, 0.98)
    assert reading_grid.guesses(plate) == {}


def test_what_is_not_known_is_guessed_from_the_readings_and_named() -> None:
    a = station()
    read(a, START, active_power_kw=300.0, reactive_power_kvar=400.0, voltage_avg_v=431.0)
    plate = loaded(a).nameplates[0]
    assert (plate.rated_kva, plate.nominal_v) == (630.0, 433.0)
    assert {"rated_kva", "load_loss_w"} <= reading_grid.guesses(plate).keys()
    assert "target_power_factor" not in reading_grid.guesses(plate)


def test_without_any_power_something_is_assumed_rather_than_failing() -> None:
    a = station()
    read(a, START, frequency_hz=50.0)
    assert loaded(a).nameplates[0].rated_kva == pytest.approx(1000.0)


def test_what_was_guessed_at_training_is_kept_whatever_a_short_stretch_says() -> None:
    a = station()
    read(a, START, apparent_power_kva=20.0)
    kept = loaded(a, plates={a.pk: {"rated_kva": 800.0, "load_loss_w": 7777.0}}).nameplates[0]
    assert (kept.rated_kva, kept.load_loss_w) == (800.0, 7777.0)
    assert {"rated_kva", "load_loss_w"} <= kept.assumed


def test_what_became_known_since_replaces_the_guess() -> None:
    a = station(rated_kva=1000)
    read(a, START, apparent_power_kva=20.0)
    plate = loaded(a, plates={a.pk: {"rated_kva": 800.0, "nominal_v": 433.0}}).nameplates[0]
    assert (plate.rated_kva, plate.nominal_v) == (1000.0, 433.0)
    assert "rated_kva" not in plate.assumed


def test_what_was_known_at_training_and_is_blank_now_is_guessed() -> None:
    a = station()
    read(a, START, apparent_power_kva=20.0)
    plate = loaded(a, plates={a.pk: {"impedance_pct": 4.5}}).nameplates[0]
    assert plate.rated_kva == 25.0
    assert "rated_kva" in plate.assumed


def test_links_with_a_resistance_are_segments_and_a_source_elsewhere_is_the_supply() -> None:
    a, b, far = station("A"), station("B"), station("FAR")
    read(a, START, apparent_power_kva=20.0)
    Link.objects.create(source=far, target=a, r_ohm=0.1, x_ohm=0.2, length_km=1.5)
    Link.objects.create(source=a, target=b, r_ohm=0.3, status="open")
    Link.objects.create(source=None, target=b)
    first, second = sorted(loaded(a, b).segments, key=lambda each: each.target)
    assert (first.source, first.target, first.r_ohm, first.length_km, first.closed) == (None, "A", 0.1, 1.5, True)
    assert (second.source, second.target, second.x_ohm, second.closed) == ("A", "B", 0.0, False)
    assert np.isnan(second.length_km)
