"""Learn again from a date: what changes is shown, then done, and training respects it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from mlcore.models import Detection, Detector, DetectorEvent, RaisedLimit
from mlcore.services import score_pending, train_due
from mlcore.training import relearning
from mlcore.training.relearning import BadDateError
from substations.models import Substation
from substations.simulation import Simulation

from .grid import FAULTY, trained_and_scored

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


@pytest.fixture
def site(grid: Simulation) -> Substation:
    trained_and_scored()
    return Substation.objects.get(code=FAULTY)


def since_of(site: Substation, days: float = 10.0) -> Any:
    return site.readings.latest("at").at - timedelta(days=days)


def test_nothing_changes_while_it_is_looked_at(site: Substation, signed_in: SignIn) -> None:
    engineer, since = signed_in("engineer"), since_of(site)
    page = engineer.get(f"/models/{FAULTY}/learn-again/", {"since": since.isoformat()})
    assert page.status_code == 200
    preview = page.context["preview"]
    assert preview.used + preview.forgotten == site.readings.count()
    assert preview.ready_at is None
    site.refresh_from_db()
    assert site.learn_from is None


def test_it_learns_from_the_date_on_and_the_page_of_the_model_says_so(site: Substation, signed_in: SignIn) -> None:
    RaisedLimit.objects.create(substation=site, cause="overload", factor=1.4)
    engineer, since = signed_in("engineer"), since_of(site)
    answer = engineer.post(f"/models/{FAULTY}/learn-again/", {"since": since.isoformat()})
    assert answer.status_code == 302
    site.refresh_from_db()
    assert site.learn_from == since
    assert not site.raised_limits.exists()
    train_due()
    active = Detector.objects.active().get(substation=site)
    assert active.version == 2
    assert active.trained_from >= since
    assert DetectorEvent.objects.filter(detector__substation=site, action="learn_again").exists()
    assert "Learns from readings since" in engineer.get(f"/models/{FAULTY}/").content.decode()
    others = Detector.objects.active().exclude(substation=site)
    assert set(others.values_list("version", flat=True)) == {1}


def test_open_episodes_that_the_change_raised_become_usual(site: Substation) -> None:
    newest = site.readings.latest("at").at
    Detection.objects.not_withdrawn().filter(substation=site).delete()
    opened = Detection.objects.create(
        substation=site, kind="loss", cause="capacitor_failure", severity=10, start=newest - timedelta(days=9),
        peak=newest, score=2.0, reason="",
    )  # fmt: skip
    found = relearning.learn_again(site, since_of(site, 9.5))
    assert found.new_normal == [opened]
    train_due()
    while score_pending():
        pass
    opened.refresh_from_db()
    assert not opened.is_open


def test_too_little_since_the_date_keeps_the_present_version(site: Substation) -> None:
    found = relearning.learn_again(site, since_of(site, 2.0))
    assert found.ready_at is not None
    train_due()
    assert Detector.objects.active().get(substation=site).version == 1


@pytest.mark.parametrize("text", ["yesterday", "2999-01-01", "0001-01-01T00:00:00+23:59x", ""])
def test_a_date_that_cannot_be_is_named(site: Substation, signed_in: SignIn, text: str) -> None:
    answer = signed_in("engineer").post(f"/models/{FAULTY}/learn-again/", {"since": text})
    assert answer.status_code == 400
    assert "eceived" in answer.content.decode()


def test_nobody_learns_without_the_right_to_train(site: Substation, signed_in: SignIn, client: Client) -> None:
    url = f"/models/{FAULTY}/learn-again/"
    assert client.get(url).headers["Location"].startswith("/sign-in/")
    for role in ("outsider", "viewer", "operator"):
        assert signed_in(role).post(url, {"since": "2025-01-01"}).status_code == 403
    assert signed_in("engineer").get("/models/NOT-THERE/learn-again/").status_code == 404


def test_a_substation_without_readings_has_nothing_to_learn_from() -> None:
    empty = Substation.objects.create(code="EMPTY")
    with pytest.raises(BadDateError, match="no readings"):
        relearning.preview(empty, empty.created_at)
