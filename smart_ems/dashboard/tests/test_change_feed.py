"""What has changed since the last look, read from the rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts.models import Alert
from ingestion.models import Upload
from mlcore.models import Cause, Detection, TrainingAttempt
from smart_ems.dashboard import change_feed
from smart_ems.dashboard.change_feed import Watch
from substations.models import PendingRange, Substation

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def one() -> Substation:
    return Substation.objects.create(code="A")


@pytest.fixture
def watch(one: Substation) -> Watch:
    """Somebody who has looked once."""
    watch = Watch()
    assert not watch.look(NOW)
    return watch


def alert(substation: Substation) -> Alert:
    return Alert.objects.create(
        substation=substation, kind=Detection.Kind.LOSS, cause=Cause.OVERLOAD, severity_now=1, severity_peak=1,
        raised_at=NOW, detected_at=NOW, reason="",
    )  # fmt: skip


def test_where_nothing_happens_there_is_nothing_to_tell(watch: Watch) -> None:
    assert not watch.look(NOW)
    assert not watch.look(NOW + timedelta(minutes=5))


def test_readings_are_told_once_with_their_substation(watch: Watch, one: Substation) -> None:
    Substation.objects.filter(pk=one.pk).update(received_at=NOW)
    found = watch.look(NOW)
    assert found.topics == {"readings"}
    assert found.substations == frozenset({one.pk})
    assert not watch.look(NOW + timedelta(seconds=1))
    Substation.objects.filter(pk=one.pk).update(received_at=NOW + timedelta(seconds=1))
    assert watch.look(NOW + timedelta(seconds=2)).topics == {"readings"}


def test_a_row_stamped_before_the_last_look_and_committed_after_it_is_told(watch: Watch, one: Substation) -> None:
    Substation.objects.filter(pk=one.pk).update(received_at=NOW - timedelta(seconds=20))
    assert watch.look(NOW).topics == {"readings"}


def test_every_change_of_an_alert_is_told(watch: Watch, one: Substation) -> None:
    raised = alert(one)
    assert watch.look(timezone.now()).topics == {"alerts"}
    assert not watch.look(timezone.now())
    raised.acknowledged, raised.version = True, 2
    raised.save()
    found = watch.look(timezone.now())
    assert found.topics == {"alerts"}
    assert found.substations == frozenset({one.pk})


def test_scores_uploads_and_models_are_told(watch: Watch, one: Substation) -> None:
    PendingRange.objects.create(substation=one, start=NOW, end=NOW)
    assert watch.look(NOW).topics == {"scores"}
    PendingRange.objects.all().delete()
    assert watch.look(NOW).topics == {"scores"}
    upload = Upload.objects.create(original_name="a.csv", size=1, sha256="a", fingerprint="a")
    assert watch.look(NOW).topics == {"uploads"}
    Upload.objects.filter(pk=upload.pk).update(bytes_done=512)
    assert watch.look(NOW).topics == {"uploads"}
    TrainingAttempt.objects.create(substation=one, requested_at=NOW)
    assert watch.look(NOW).topics == {"models"}


def test_very_many_substations_are_not_named(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_feed, "MAX_NAMED", 3)
    Substation.objects.bulk_create(Substation(code=f"B{number}", received_at=NOW) for number in range(4))
    found = watch.look(NOW)
    assert found.topics == {"readings"}
    assert found.substations is None


def test_a_look_costs_the_same_however_much_there_is(watch: Watch, one: Substation) -> None:
    Substation.objects.bulk_create(Substation(code=f"B{number}", received_at=NOW) for number in range(40))
    alert(one)
    with CaptureQueriesContext(connection) as queries:
        watch.look(NOW)
    assert len(queries) == 9


def test_what_becomes_too_old_is_a_change_although_nothing_came(watch: Watch, one: Substation) -> None:
    Substation.objects.filter(pk=one.pk).update(received_at=NOW)
    watch.look(NOW)
    assert not watch.look(NOW + timedelta(minutes=44)).topics
    assert watch.look(NOW + timedelta(minutes=46)).topics == {"readings"}
