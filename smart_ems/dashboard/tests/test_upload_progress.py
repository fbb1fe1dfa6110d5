"""What the page of an upload shows after loading: learning, judging, then the alerts, and not “nothing” meanwhile."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from ingestion.models import Upload
from mlcore.models import Detector
from smart_ems.dashboard.learning_progress import learning_progress
from substations.models import PendingRange, Substation

from .scene import SignIn, alerted, assert_guarded, station, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def upload() -> Upload:
    """A loaded file of two substations, of which one has a model, and whose readings wait."""
    stations = [station("A", trained=False), station("B")]
    for one in stations:
        PendingRange.objects.create(substation=one, start=timezone.now(), end=timezone.now())
    return Upload.objects.create(
        original_name="a.csv", size=1, sha256="0" * 64, fingerprint="0" * 64, state=Upload.State.LOADED,
        checkpoint={"substations": [one.pk for one in stations]},
    )  # fmt: skip


def url(upload: Upload) -> str:
    return f"/uploads/{upload.pk}/progress/"


def page(client: Client, upload: Upload) -> str:
    return text(client.get(url(upload)))


def test_it_follows_learning_judging_and_raising_until_the_alerts(signed_in: SignIn, upload: Upload) -> None:
    client = signed_in("operator")
    assert "Learning what is normal for 1 substation, about " in page(client, upload)
    assert "upload-found" not in page(client, upload), "nothing is said of alerts before they are looked for"
    Detector.objects.filter(substation__code="B").update(substation=Substation.objects.get(code="A"))
    PendingRange.objects.filter(substation__code="B").delete()
    assert "Looking for losses in the readings of 1 substation, about " in page(client, upload)
    PendingRange.objects.all().delete()
    assert "live:" not in page(client, upload), "nothing more is waited for"
    alerted(Substation.objects.get(code="A"))
    found = page(client, upload).split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert "Capacitor bank failure" in text(client.get(found))


def test_other_uploads_do_not_count(upload: Upload) -> None:
    other = station("C", trained=False)
    assert learning_progress([other.pk]).stage == "done"
    assert learning_progress().waiting == 2


def test_the_time_grows_with_what_waits(upload: Upload) -> None:
    before = learning_progress().seconds
    for number in range(20):
        one = station(f"S{number}", trained=False)
        PendingRange.objects.create(substation=one, start=timezone.now(), end=timezone.now())
    assert learning_progress().seconds > before + 40


def test_who_may_see_it(signed_in: SignIn, upload: Upload) -> None:
    assert_guarded(signed_in, url(upload))
    assert signed_in("viewer").get("/uploads/404/progress/").status_code == 404
