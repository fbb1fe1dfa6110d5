"""Learning again from a date through the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from mlcore.models import Detector
from substations.models import Substation
from substations.simulation import Simulation

from .grid import FAULTY, trained_and_scored

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


@pytest.fixture
def detector(grid: Simulation) -> Detector:
    trained_and_scored()
    return Detector.objects.active().get(substation__code=FAULTY)


def ask(client: Client, detector: Detector, **body: Any) -> Any:
    return client.post(f"/api/detectors/{detector.pk}/learn_again/", body, content_type="application/json")


def since(detector: Detector, days: float = 10.0) -> str:
    return str((detector.substation.readings.latest("at").at - timedelta(days=days)).isoformat())


def learned_from(detector: Detector) -> Any:
    return Substation.objects.get(pk=detector.substation_id).learn_from


def test_who_is_not_signed_in_and_a_viewer_are_refused(client: Client, signed_in: SignIn, detector: Detector) -> None:
    assert ask(client, detector, since=since(detector)).status_code in (401, 403)
    assert ask(signed_in("viewer"), detector, since=since(detector)).status_code == 403
    assert learned_from(detector) is None


def test_it_takes_a_post_alone(signed_in: SignIn, detector: Detector) -> None:
    assert signed_in("engineer").get(f"/api/detectors/{detector.pk}/learn_again/").status_code == 405


def test_it_is_accepted_and_the_second_date_counts(signed_in: SignIn, detector: Detector) -> None:
    engineer = signed_in("engineer")
    for days in (12.0, 10.0):
        assert ask(engineer, detector, since=since(detector, days)).status_code == 202
    assert learned_from(detector).isoformat() == since(detector, 10.0)


@pytest.mark.parametrize("wrong", ["", "soon", "2026-02-30T00:00:00Z", "2199-01-01T00:00:00Z"])
def test_what_is_no_date_or_not_yet_is_refused_by_name(signed_in: SignIn, detector: Detector, wrong: str) -> None:
    answer = ask(signed_in("engineer"), detector, since=wrong)
    assert answer.status_code == 400
    assert "since" in answer.json()
    assert learned_from(detector) is None
