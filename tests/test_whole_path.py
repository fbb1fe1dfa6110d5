"""From an uploaded file to the history, inside one process: every stage reads the rows of the one before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from alerts import review
from alerts.models import Alert, Resolution
from ingestion import services as ingestion
from ingestion.models import Upload
from mlcore import services as mlcore
from mlcore.models import Score
from substations.models import PendingRange, Reading

from .exports import export_with_a_failed_bank

pytestmark = [pytest.mark.django_db, pytest.mark.tensorflow]

RESOLUTION = {
    "classification": "capacitor_failure",
    "root_cause": "Blown fuse of step 3",
    "corrective_action": "Fuse replaced",
    "preventive_strategy": "Yearly thermography",
    "outcome": Resolution.Outcome.RESOLVED,
}


def test_an_upload_becomes_an_alert_that_is_acknowledged_resolved_and_found_in_the_history(
    tmp_path: Path, signed_in: Callable[[str], Client]
) -> None:
    operator = signed_in("operator")
    upload = _upload(signed_in("engineer"), export_with_a_failed_bank(tmp_path / "sim"))
    assert ingestion.load(upload.pk).name == "LOADED"
    assert Reading.objects.count() > 5 * 27 * 48

    mlcore.train_due()
    mlcore.score_pending()
    assert not PendingRange.objects.exists()
    review.review_changed()

    assert Score.objects.filter(network_score__gt=1, substation__detections__cause="capacitor_failure").exists()

    alert = Alert.objects.unresolved().get(cause="capacitor_failure", condition="active")
    assert alert.kind == "loss"
    assert "kvar" in alert.reason
    assert alert.loss_kwh is not None
    assert alert.loss_kwh > 0

    page = operator.get(reverse("alerts:list")).content.decode()
    assert "Capacitor bank failure" in page
    operator.post(reverse("alerts:acknowledge", args=[alert.pk]), {"note": "Crew sent"})
    answer = operator.post(reverse("alerts:resolve", args=[alert.pk]), RESOLUTION)
    assert answer.status_code == 302

    alert.refresh_from_db()
    assert alert.closure == Alert.Closure.RESOLVED
    history = operator.get(reverse("alerts:history"), {"cause": "capacitor_failure"}).content.decode()
    assert "Fully resolved" in history
    assert [event.action for event in alert.events.order_by("seq")] == ["raise", "acknowledge", "resolve"]


def test_scoring_and_reviewing_again_changes_nothing(tmp_path: Path, signed_in: Callable[[str], Client]) -> None:
    upload = _upload(signed_in("engineer"), export_with_a_failed_bank(tmp_path / "sim"))
    ingestion.load(upload.pk)
    mlcore.train_due()
    mlcore.score_pending()
    review.review_changed()
    before = list(Alert.objects.order_by("pk").values())

    for substation in {reading.substation for reading in Reading.objects.select_related("substation")[:1]}:
        first = substation.readings.earliest("at").at
        PendingRange.objects.create(substation=substation, start=first, end=substation.readings.latest("at").at)
    mlcore.score_pending()
    review.review_changed()

    assert list(Alert.objects.order_by("pk").values()) == before


def _upload(client: Client, export: Path) -> Upload:
    file = SimpleUploadedFile("export.csv", export.read_bytes(), content_type="text/csv")
    answer = client.post(
        reverse("ingestion:create"), {"file": file, "unknown": "create", "time_zone": "UTC"}, follow=True
    )
    assert answer.status_code == 200
    upload = Upload.objects.get()
    if upload.state == Upload.State.WAITING:
        url = reverse("ingestion:answer", args=[upload.pk])
        shown = client.get(url).context["form"]
        guessed = {field.html_name: field.value() for field in shown if field.value() not in (None, False)}
        client.post(url, guessed | {"unknown": "create", "time_zone": "UTC"})
        upload.refresh_from_db()
    assert upload.state == Upload.State.QUEUED, upload.questions
    return upload
