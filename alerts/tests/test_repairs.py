"""Proof of repair: since when reactive power is back after an alert, and what that saves a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts import repairs
from alerts.models import Alert, AlertRepair
from alerts.tasks import refresh_repairs
from losses.tests.stored_hours import billed, store_hours

from .alert_scenes import HOUR, START, cleared, detected, raised, resolved, reviewed, station

pytestmark = pytest.mark.django_db
QUIET_H, BAD_H = 24 * 20, 60
rng = np.random.default_rng(5)


@pytest.fixture
def operator(person: Any) -> User:
    return person("operator")  # type: ignore[no-any-return]  # the fixture says Any


def history(*, after_h: int = 24 * 8, excess: float = 80.0, growth: float = 1.0) -> None:
    """Twenty quiet days, an episode of 60 hours with so many kvar more, then as before with more load."""
    hour = np.arange(QUIET_H + BAD_H + after_h)
    bad = (hour >= QUIET_H) & (hour < QUIET_H + BAD_H)
    since = hour >= QUIET_H + BAD_H
    active = (250 + 60 * np.sin(hour / 24 * 2 * np.pi)) * np.where(since, growth, 1.0) + rng.normal(0, 4, len(hour))
    reactive = 0.4 * active + np.where(bad, excess, 0.0) + rng.normal(0, 4, len(hour))
    store_hours(station(), active, reactive, start=START - QUIET_H * HOUR)


def closed(by: User, **values: Any) -> Alert:
    return resolved(cleared(reviewed(detected(**values)), after=BAD_H * HOUR), by)


def test_it_says_since_when_and_what_it_saves(operator: User) -> None:
    history(growth=1.05)
    billed(station())
    alert = closed(operator)
    assert repairs.refresh_repairs() == 1
    found = AlertRepair.objects.get(alert=alert)
    assert found.restored_at is not None
    assert abs(found.restored_at - (START + BAD_H * HOUR)) <= 2 * HOUR
    assert found.saved_kvar == pytest.approx(80, abs=8)
    assert found.power_factor_before is not None
    assert found.power_factor_after is not None
    assert found.power_factor_before < 0.85 < 0.92 < found.power_factor_after
    # Pk/Sr²·(Q1² − Q2²): 10.5e-6 × (180² − 100²) × 24 h = 5.6 kWh.
    assert found.saved_kwh_a_day == pytest.approx(5.6, rel=0.25)
    # 0.81 for 0.93: 12 % of 250 kW × 24 h × 6.
    assert float(found.saved_amount_a_day or 0) == pytest.approx(0.12 * 250 * 24 * 6, rel=0.4)


def test_resolved_while_present_it_is_not_back_until_it_is(operator: User) -> None:
    history(after_h=0)
    alert = resolved(reviewed(detected()), operator)
    repairs.refresh_repairs()
    found = AlertRepair.objects.get(alert=alert)
    assert found.restored_at is None
    assert found.saved_kvar is None


def test_over_compensation_that_was_mended_saves_too(operator: User) -> None:
    history(excess=-200.0)
    closed(operator, cause="over_compensation")
    repairs.refresh_repairs()
    found = AlertRepair.objects.get()
    assert found.restored_at is not None
    assert found.saved_kvar == pytest.approx(-200, abs=8)


def test_what_is_not_of_reactive_power_is_back_when_the_alert_ended(operator: User) -> None:
    history(excess=0.0)
    closed(operator, cause="phase_imbalance")
    repairs.refresh_repairs()
    found = AlertRepair.objects.get()
    assert found.restored_at is not None
    assert abs(found.restored_at - (START + BAD_H * HOUR)) <= HOUR * BAD_H


def test_it_is_worked_out_when_a_day_closes_and_not_before(operator: User) -> None:
    history(after_h=48)
    closed(operator)
    assert [repairs.refresh_repairs() for _ in range(2)] == [1, 0]
    store_hours(station(), np.full(30, 250.0), np.full(30, 100.0), start=START + (BAD_H + 48) * HOUR)
    refresh_repairs()
    found = AlertRepair.objects.get()
    assert found.until > START + (BAD_H + 48) * HOUR


def test_after_four_weeks_it_stays(operator: User) -> None:
    history(after_h=24 * 30)
    closed(operator)
    repairs.refresh_repairs()
    store_hours(station(), np.full(24, 250.0), np.full(24, 200.0), start=START + BAD_H * HOUR + timedelta(days=30))
    assert repairs.refresh_repairs() == 0


def test_open_alerts_and_meters_have_none(operator: User) -> None:
    history()
    raised()
    closed(operator, kind="meter", cause="sensor_fault")
    assert repairs.refresh_repairs() == 0


def test_without_hours_there_is_none(operator: User) -> None:
    closed(operator)
    assert repairs.refresh_repairs() == 0


def test_the_page_and_the_api_show_it(operator: User, signed_in: Any) -> None:
    history()
    alert = closed(operator)
    client = signed_in("viewer")
    assert "Proof of repair" not in client.get(alert.get_absolute_url()).content.decode()
    assert client.get(f"/api/alerts/{alert.pk}/").json()["repair"] is None
    repairs.refresh_repairs()
    page = " ".join(client.get(alert.get_absolute_url()).content.decode().split())
    assert "Proof of repair" in page
    assert "Power factor back since" in page
    assert "at equal active power" in page
    answer = client.get(f"/api/alerts/{alert.pk}/").json()["repair"]
    assert answer["saved_kvar"] == pytest.approx(80, abs=8)
    assert client.get("/api/alerts/?history=true").json()["results"][0]["repair"]["restored_at"]


def test_the_page_of_an_alert_asks_no_more_for_it(operator: User, signed_in: Any) -> None:
    history()
    alert = closed(operator)
    client = signed_in("viewer")
    client.get(alert.get_absolute_url())
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            client.get(alert.get_absolute_url())
        counts.append(len(asked))
        repairs.refresh_repairs()
    assert counts[0] == counts[1]
