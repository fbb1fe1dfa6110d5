"""Why, in an alert: from code and figures, in the reader's language, and still the same when it is closed."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from alerts import review
from alerts.models import Alert

from .alert_scenes import detected, resolved, reviewed, revised

pytestmark = pytest.mark.django_db
FIGURES = {"voltage_v": 11_612.5, "voltage_v_expected": 11_000.0, "hours": 3.0}
EVIDENCE = {"code": "tap_voltage", "figures": FIGURES, "at_peak": {}}


@pytest.fixture
def alert() -> Alert:
    return reviewed(detected(cause="tap_voltage", evidence=EVIDENCE, reason="Voltage, as it was stored."))


def test_a_page_says_it_with_its_own_figures_and_programs_get_plain_ones(alert: Alert, admin_client: Client) -> None:
    page = admin_client.get(alert.get_absolute_url()).content.decode()
    assert "Voltage 11,612 V against 11,000 V expected, for 3 h; +5.57 % against what supply" in page
    assert "Not the tap if the neighbours&#x27; voltages moved" in page
    assert "as it was stored" not in page
    answer = admin_client.get(f"/api/alerts/{alert.pk}/").json()
    assert answer["reason"].startswith("Voltage 11612 V against 11000 V expected, for 3 h; +5.6 % against what supply")
    episode = admin_client.get(f"/api/detections/{alert.detection_id}/").json()
    assert episode["reason"] == answer["reason"]
    assert episode["evidence"]["falsified_by"].startswith("Not the tap if")
    assert episode["evidence"]["figures"] == FIGURES


def test_an_alert_from_before_the_codes_says_what_it_said(admin_client: Client) -> None:
    old = reviewed(detected(reason="As it was stored.", evidence={"figures": {"mean_growth_pu": 0.1}}))
    assert old.explanation == {"figures": {"mean_growth_pu": 0.1}}
    assert "As it was stored." in admin_client.get(old.get_absolute_url()).content.decode()
    assert admin_client.get(f"/api/alerts/{old.pk}/").json()["reason"] == "As it was stored."


def test_a_closed_alert_keeps_what_it_said(alert: Alert, person: Any) -> None:
    operator: User = person("operator")
    resolved(alert, operator)
    said = Alert.objects.get().plain_sentence
    changed = {**EVIDENCE, "figures": FIGURES | {"voltage_v": 11_900.0}}
    detection = alert.detection
    assert detection is not None
    review.review(revised(detection, evidence=changed), now=alert.detected_at)
    assert Alert.objects.get().plain_sentence == said
