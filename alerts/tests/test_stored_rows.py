"""Rows of earlier versions: resolutions say a cause of the detector, events say whether they were announced."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from alerts import services
from alerts.models import AlertEvent, Resolution

from .alert_scenes import Cast, raised, resolved

pytestmark = pytest.mark.django_db


def run(migration: str, step: str) -> None:
    """A step of a migration again, with the models of that time, on the rows of now."""
    apps: Any = MigrationExecutor(connection).loader.project_state(("alerts", migration)).apps
    getattr(import_module(f"alerts.migrations.{migration}"), step)(apps, None)


@pytest.mark.parametrize(
    ("kind", "cause", "stored", "said"),
    [
        ("loss", "overload", "capacitor_bank_failure", "capacitor_failure"),
        ("loss", "overload", "voltage_imbalance", "phase_imbalance"),
        ("loss", "overload", "harmonics", "harmonic_injection"),
        ("loss", "capacitor_failure", "overload", "overload"),
        ("loss", "over_compensation", "power_factor_deviation", "over_compensation"),
        ("loss", "overload", "power_factor_deviation", "low_pf_motor"),
        ("loss", "overload", "sensor_fault", "sensor_fault"),
        ("meter", "ct_error", "sensor_fault", "ct_error"),
        ("loss", "overload", "false_positive", "overload"),
    ],
)
def test_a_stored_resolution_says_a_cause_of_the_detector(
    person: Cast, kind: str, cause: str, stored: str, said: str
) -> None:
    resolved(raised(kind=kind, cause=cause), person("operator"))
    Resolution.objects.update(classification=stored, outcome="temporary_fix")
    run("0015_resolutions_say_causes", "say_causes")
    found = Resolution.objects.get()
    assert found.classification == said
    assert found.outcome == ("false_alarm" if stored == "false_positive" else "temporary_fix")
    found.full_clean()


def test_a_stored_event_says_whether_it_was_announced(person: Cast) -> None:
    services.acknowledge(raised(), by=person("operator"))
    with connection.cursor() as cursor:  # the model refuses to change an event
        cursor.execute("UPDATE alerts_alertevent SET announces = %s", [False])
    run("0012_announcements", "mark_announcements")
    assert list(AlertEvent.objects.order_by("seq").values_list("action", "announces")) == [
        ("raise", True), ("acknowledge", False),
    ]  # fmt: skip
