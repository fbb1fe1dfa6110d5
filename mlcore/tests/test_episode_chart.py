"""The figure of one episode: the quantity that gave it away comes first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlcore.models import Cause, Detection
from mlcore.web.episode_chart import episode_figure
from substations.models import Reading, Substation

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, tzinfo=UTC)
STEP = timedelta(minutes=15)


def drawn(cause: str, evidence: dict[str, Any] | None = None, rows: int = 8) -> dict[str, Any]:
    substation = Substation.objects.create(code="A")
    Reading.objects.bulk_create(
        Reading(
            substation=substation, at=START + step * STEP, power_factor=-0.9, reactive_power_kvar=50.0,
            active_power_kw=100.0, voltage_avg_v=400.0, oil_temperature_c=60.0 + step,
            current_l1_a=100.0, current_l2_a=101.0, thd_current_l1_pct=4.0, thd_current_l2_pct=8.0,
        )
        for step in range(rows)
    )  # fmt: skip
    detection = Detection.objects.create(
        substation=substation, kind="loss", cause=cause, severity=10, start=START, peak=START, score=2.0,
        reason="x", evidence=evidence or {},
    )  # fmt: skip
    return episode_figure(detection, START, START + rows * STEP)


def lines(figure: dict[str, Any]) -> dict[str, list[float | None]]:
    return {trace["name"]: trace["y"] for trace in figure["data"]}


def title(figure: dict[str, Any]) -> str:
    return str(figure["layout"]["yaxis"]["title"]["text"])


def test_a_failed_bank_shows_reactive_power_against_what_was_expected() -> None:
    figure = drawn("capacitor_failure")
    assert title(figure) == "kvar"
    assert set(lines(figure)) >= {"Reactive power", "Expected kvar", "Power factor", "Loss", "Extra loss"}
    assert lines(figure)["Power factor"][0] == 0.9, "its size, however the meter signs it"


def test_a_failed_cooling_shows_the_oil_and_the_limit_that_it_passed_at_the_peak() -> None:
    normal = {"at_peak": {"oil_temperature_c": {"measured": 88.0, "low": 49.0, "high": 57.0}}}
    figure = drawn("cooling_failure", normal)
    assert title(figure) == "°C"
    assert lines(figure)["Oil temperature"][:2] == [60.0, 61.0]
    guides = [shape for shape in figure["layout"]["shapes"] if shape["name"].startswith("guide:")]
    assert sorted(shape["y0"] for shape in guides if shape["yref"] == "y") == [57.0]


def test_harmonics_are_the_mean_of_the_phases_that_are_known() -> None:
    assert lines(drawn("harmonic_injection"))["Current THD"][0] == 6.0


def test_an_imbalance_shows_each_phase_and_a_missing_one_as_nothing() -> None:
    found = lines(drawn("phase_imbalance"))
    assert (found["L1"][0], found["L2"][0], found["L3"][0]) == (100.0, 101.0, None)


@pytest.mark.parametrize("cause", Cause.values)
def test_every_cause_can_be_drawn(cause: str) -> None:
    assert len(drawn(cause)["data"]) >= 6


def test_without_readings_it_says_so() -> None:
    assert "no longer stored" in drawn("overload", rows=0)["empty"]
