"""The figure of a substation in parts: scores on the times of readings, episodes as stretches, a summary in words."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from mlcore.models import Detection, Score
from mlcore.web.substation_chart import SCORE_FIELDS, aligned_scores, shaded, substation_figure, utc_offset_s
from substations import long_records
from substations.models import Reading, Substation

START = datetime.fromisoformat("2026-03-28T12:00:00+00:00")
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
AT_S = int(START.timestamp()) + 900 * np.arange(4, dtype=np.int64)


@pytest.fixture
def substation(db: None) -> Substation:
    return Substation.objects.create(code="A", reading_interval_s=900, time_zone="Europe/Berlin")


def scored(substation: Substation, number: int, off: timedelta = timedelta(0), **values: Any) -> None:
    Score.objects.create(substation=substation, at=START + number * QUARTER + off, **values)


def episode(substation: Substation, **more: Any) -> Detection:
    fields = {"kind": "loss", "cause": "overload", "severity": 10, "start": START, "peak": START, "score": 2.0} | more
    return Detection.objects.create(substation=substation, reason="", **fields)


def test_each_score_stands_on_the_time_of_its_reading(substation: Substation) -> None:
    for number in (0, 1, 3):
        scored(substation, number, loss_kw=float(number))
    scores = aligned_scores(substation, AT_S)
    assert set(scores) == set(SCORE_FIELDS)
    np.testing.assert_array_equal(scores["loss_kw"], [0.0, 1.0, np.nan, 3.0])
    assert np.isnan(scores["extra_loss_kw"]).all()


@pytest.mark.parametrize(("off_s", "is_shown"), [(0, True), (-450, True), (-451, False)])
def test_a_meter_whose_clock_is_off_by_up_to_half_a_step_has_its_score(
    substation: Substation, off_s: int, is_shown: bool
) -> None:
    scored(substation, 0, loss_kw=9.0)
    scored(substation, 3, timedelta(seconds=off_s), loss_kw=1.0)
    assert np.isfinite(aligned_scores(substation, AT_S)["loss_kw"][3]) == is_shown


def test_without_scores_nothing_is_drawn_of_them(substation: Substation) -> None:
    assert all(np.isnan(values).all() for values in aligned_scores(substation, AT_S).values())


@pytest.mark.parametrize(("severity", "name"), [(10, "warning"), (20, "critical")])
def test_an_episode_is_a_stretch_that_opens_its_alert(substation: Substation, severity: int, name: str) -> None:
    stretch = shaded(episode(substation, severity=severity, end=START + DAY))
    assert (stretch.start_s, stretch.end_s) == (START.timestamp(), (START + DAY).timestamp())
    assert (stretch.severity, stretch.label) == (name, "Overload")
    assert shaded(episode(substation, start=START + DAY, peak=START + DAY)).end_s is None


def test_the_clock_is_that_of_the_newest_reading() -> None:
    """In Berlin the clock goes from one to two hours ahead on 29 March 2026."""
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    assert utc_offset_s(zone, AT_S) == 3600
    assert utc_offset_s(zone, np.append(AT_S, AT_S[-1] + 86_400)) == 7200


def measured(substation: Substation, *factors: float) -> None:
    Reading.objects.bulk_create(
        Reading(substation=substation, at=START + number * QUARTER, power_factor=factor, active_power_kw=100.0)
        for number, factor in enumerate(factors)
    )


def test_the_figure_in_words_says_power_factor_energy_and_episodes(substation: Substation) -> None:
    measured(substation, 0.9, -0.8, 0.95, 0.86)
    for number in range(4):
        scored(substation, number, loss_kw=8.0, extra_loss_kw=2.0)
    episode(substation)
    summary = substation_figure(substation, None, None)["summary"]
    assert "half of the time above 0.88, lowest 0.80" in summary, "a sign tells the way of the meter and no size"
    assert "Lost 8.00 kWh, of which 2.00 kWh more than usual at this load." in summary
    assert summary.endswith("1 episode in this range.")


def test_a_loss_below_the_usual_one_is_said_as_less(substation: Substation) -> None:
    measured(substation, 0.9)
    scored(substation, 0, loss_kw=8.0, extra_loss_kw=-2.0)
    assert "0.500 kWh less than usual" in substation_figure(substation, None, None)["summary"]


def test_readings_that_nobody_judged_yet_have_no_energy(substation: Substation) -> None:
    measured(substation, 0.9)
    summary = substation_figure(substation, None, None)["summary"]
    assert "kWh" not in summary
    assert "0 episodes" in summary


def test_only_episodes_of_the_range_are_counted(substation: Substation) -> None:
    measured(substation, 0.9, 0.9)
    episode(substation, start=START - 3 * DAY, end=START - 2 * DAY)
    episode(substation, start=START - DAY, peak=START - DAY, cause="tap_voltage", withdrawn_at=START)
    assert "0 episodes" in substation_figure(substation, START, None)["summary"]


def test_a_long_record_has_the_same_peaks_energies_and_band_as_a_short_one(
    substation: Substation, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(substation, *(0.9 if number != 123 else 0.4 for number in range(300)))
    for number in range(300):
        scored(substation, number, loss_kw=8.0, extra_loss_kw=2.0 if number != 50 else 80.0, power_factor_low=0.85)
    whole = substation_figure(substation, START, None)
    monkeypatch.setattr(long_records, "MAX_WHOLE", 100)
    monkeypatch.setattr(long_records, "SLOTS", 20)
    slots = substation_figure(substation, START, None)

    def extremes(figure: dict[str, Any], name: str) -> tuple[float, float]:
        (trace,) = [each for each in figure["data"] if each["name"] == name]
        known = [value for value in trace["y"] if value is not None]
        return min(known), max(known)

    for name in ("Power factor", "Extra loss", "Lowest expected", "Loss"):
        assert extremes(slots, name) == pytest.approx(extremes(whole, name))
    assert len(slots["data"][0]["x"]) < 50 < len(whole["data"][0]["x"])
    energy = "Lost 600 kWh, of which 170 kWh more than usual at this load."
    assert energy in whole["summary"]
    assert energy in slots["summary"]
    assert slots["summary"].startswith("Power factor: lowest 0.40.")


def test_a_long_record_that_nobody_judged_is_drawn_without_scores(
    substation: Substation, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(substation, *[0.9] * 300)
    monkeypatch.setattr(long_records, "MAX_WHOLE", 100)
    figure = substation_figure(substation, None, None)
    assert "kWh" not in figure["summary"]
    assert len(figure["data"]) == 7
