from __future__ import annotations

from typing import Any

import pytest

from ingestion import services
from ingestion.models import Upload
from ingestion.tasks import load_upload
from ingestion.tests.samples import GOOD, upload_of
from smart_ems import pipeline
from substations.models import Reading, Substation

pytestmark = pytest.mark.django_db


def test_the_task_loads_and_starts_scoring(
    station: Substation, dispatched: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    upload = upload_of(GOOD)
    with django_capture_on_commit_callbacks(execute=True):
        assert load_upload(upload.pk) == "loaded"
    assert dispatched == [pipeline.SCORE, pipeline.REVIEW, pipeline.NOTIFY, pipeline.ACCOUNT]
    assert Reading.objects.count() == 3


def test_the_task_twice_does_nothing_twice(station: Substation, dispatched: list[str]) -> None:
    upload = upload_of(GOOD)
    load_upload(upload.pk)
    assert load_upload(upload.pk) == "taken"


@pytest.mark.parametrize("pk", [0, 10**9])
def test_an_upload_that_is_gone_is_no_error(pk: int) -> None:
    assert load_upload(pk) == "taken"


def test_the_sweep_starts_what_a_killed_worker_left(
    station: Substation, dispatched: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    upload = upload_of(GOOD)
    Upload.objects.filter(pk=upload.pk).update(queued_at="2025-01-01T00:00Z")
    with django_capture_on_commit_callbacks(execute=True):
        for upload_id in services.unfinished_uploads():
            pipeline.upload_received(upload_id)
    assert dispatched == [pipeline.LOAD]
