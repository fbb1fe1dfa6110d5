"""Which version is active: roll-back, pin, a refused artifact, a candidate that is not good enough."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from mlcore.models import Detector, DetectorEvent
from mlcore.training import fit, versions
from mlcore.training.promotion import PromotionDecision
from mlcore.training.store import load_detectors
from substations.models import PendingRange

from .grid import the_group

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("grid", "no_autoencoder")]


@pytest.fixture
def two_versions() -> tuple[Detector, Detector]:
    """The first two versions of one substation; the second is active."""
    fit.train(the_group())
    fit.train(the_group())
    older, newer = Detector.objects.filter(substation=the_group().substations[0]).order_by("version")
    versions.activate(newer)
    older.refresh_from_db()
    newer.refresh_from_db()
    assert (older.is_active, newer.is_active) == (False, True)
    return older, newer


def test_rolling_back_makes_the_older_version_judge_from_now_on(
    two_versions: tuple[Detector, Detector], person: Callable[[str], User]
) -> None:
    older, newer = two_versions
    PendingRange.objects.all().delete()
    versions.activate(newer)
    assert not PendingRange.objects.exists()
    by = person("engineer")
    first_version = Detector.objects.get(pk=older.pk)
    versions.activate(first_version, by=by)
    assert list(Detector.objects.active().filter(substation=older.substation)) == [older]
    event = DetectorEvent.objects.filter(detector=older).latest("pk")
    assert (event.action, event.actor) == (DetectorEvent.Action.ACTIVATED, by)


def test_a_pinned_version_stays_whatever_is_trained(
    two_versions: tuple[Detector, Detector], person: Callable[[str], User]
) -> None:
    _older, newer = two_versions
    assert versions.pin(newer, pinned=True, by=person("engineer"))
    fit.train(the_group())
    newer.refresh_from_db()
    assert newer.is_active
    third = Detector.objects.get(substation=newer.substation, version=3)
    assert not third.is_active
    assert third.events.filter(action=DetectorEvent.Action.KEPT_BACK).exists()


def test_only_the_active_version_can_be_pinned_once(
    two_versions: tuple[Detector, Detector], person: Callable[[str], User]
) -> None:
    older, newer = two_versions
    by = person("engineer")
    assert not versions.pin(older, pinned=True, by=by)
    assert versions.pin(newer, pinned=True, by=by)
    assert not versions.pin(newer, pinned=True, by=by)


def test_a_corrupt_artifact_is_refused_with_a_reason_and_the_older_version_serves(
    two_versions: tuple[Detector, Detector],
) -> None:
    older, newer = two_versions
    Detector.objects.filter(pk=newer.pk).update(arrays=bytes(newer.arrays)[:-7] + b"garbage")
    usable, rows = load_detectors(the_group())
    code = older.substation.code
    assert code in usable
    assert rows[code] == older
    newer.refresh_from_db()
    assert not newer.is_active
    assert newer.broken_reason
    with pytest.raises(versions.Unusable, match="cannot be used"):
        versions.activate(newer)


def test_without_a_sound_version_the_substation_is_left_out_and_the_rest_carries_on(
    two_versions: tuple[Detector, Detector],
) -> None:
    for each in two_versions:
        Detector.objects.filter(pk=each.pk).update(sha256="0" * 64)
    usable, _rows = load_detectors(the_group())
    assert two_versions[0].substation.code not in usable
    assert len(usable) == len(the_group().substations) - 1


def test_a_candidate_that_is_worse_is_kept_back(monkeypatch: pytest.MonkeyPatch) -> None:
    fit.train(the_group())
    worse = {each.code: PromotionDecision(False, "More false alarms.", {}) for each in the_group().substations}
    monkeypatch.setattr("mlcore.training.promotion.judge", lambda *args: worse)
    fit.train(the_group())
    assert set(Detector.objects.active().values_list("version", flat=True)) == {1}
    assert Detector.objects.filter(version=2, note="More false alarms.").count() == len(worse)


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 403), ("engineer", 302)])
def test_only_engineers_change_versions(
    two_versions: tuple[Detector, Detector], signed_in: Callable[[str], Client], role: str, status: int
) -> None:
    older, newer = two_versions
    client = signed_in(role)
    assert client.post(reverse("mlcore:activate", args=[older.pk])).status_code == status
    assert client.post(reverse("mlcore:pin", args=[newer.pk]), {"pinned": "1"}).status_code == status
    assert client.post(reverse("mlcore:train", args=[older.substation.code])).status_code == status
    assert client.get(reverse("mlcore:activate", args=[older.pk])).status_code == 405


def test_the_page_shows_every_version_and_what_happened(
    two_versions: tuple[Detector, Detector], signed_in: Callable[[str], Client]
) -> None:
    page = signed_in("viewer").get(reverse("mlcore:detail", args=[two_versions[0].substation.code]))
    assert page.status_code == 200
    assert [each.version for each, _card in page.context["versions"]] == [2, 1]
    assert "Made active" in page.content.decode()


def test_through_the_api_a_version_is_activated_pinned_and_refused_twice(
    two_versions: tuple[Detector, Detector], signed_in: Callable[[str], Client]
) -> None:
    older, newer = two_versions
    client = signed_in("engineer")
    assert client.post(f"/api/detectors/{older.pk}/activate/").json()["is_active"] is True
    assert client.post(f"/api/detectors/{older.pk}/pin/").json()["is_pinned"] is True
    assert client.post(f"/api/detectors/{older.pk}/pin/").status_code == 409
    assert client.post(f"/api/detectors/{newer.pk}/train/").status_code == 202
    assert signed_in("viewer").post(f"/api/detectors/{newer.pk}/activate/").status_code == 403
