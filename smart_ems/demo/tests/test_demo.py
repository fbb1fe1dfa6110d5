"""The demo: its grid, its history as an upload, and the feed that goes on from there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingestion import services as ingestion
from ingestion.models import Upload
from losses.models import CarbonFactor
from losses.tariff_store import metering_points
from mlcore.models import Detector
from smart_ems.demo import demo_history
from substations.models import Link, PendingRange, Reading, StaleRange, Substation

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 16, 10, 37, tzinfo=UTC)
END = datetime(2026, 3, 16, 10, 30, tzinfo=UTC)


@pytest.fixture
def upload(monkeypatch: pytest.MonkeyPatch) -> Upload:
    """The demo with a short history, taken in and not yet loaded."""
    monkeypatch.setattr(demo_history, "HISTORY_DAYS", 3)
    return demo_history.load(now=NOW)


@pytest.fixture
def loaded(upload: Upload) -> Upload:
    ingestion.load(upload.pk)
    upload.refresh_from_db()
    return upload


def test_it_is_wanted_on_an_empty_database_alone() -> None:
    assert demo_history.is_wanted()
    Substation.objects.create(code="A")
    assert not demo_history.is_wanted()


def test_the_grid_is_registered_and_its_history_waits_to_be_loaded(upload: Upload) -> None:
    assert Substation.objects.count() == 10
    assert set(Substation.objects.values_list("reading_interval_s", "time_zone")) == {(900, "Asia/Kolkata")}
    assert not Substation.objects.filter(rated_kva=None).exists()
    assert Link.objects.filter(source=None).count() == 3
    assert Link.objects.filter(status="open").count() == 2
    assert (upload.source, upload.state) == (Upload.Source.DEMO, Upload.State.QUEUED)
    assert not demo_history.is_loaded()
    assert demo_history.progress(upload).stage == "Loading 3 days of readings"


def test_its_sites_are_billed_by_tariffs_that_come_along(upload: Upload) -> None:
    points = metering_points(NOW.date())
    assert [(point.assignment.site, len(point.substations)) for point in points] == [
        ("Harbour Works", 4), ("Lake Waterworks", 2), ("Old Town", 4),
    ]  # fmt: skip
    assert all(point.document_on(END.date()) for point in points)
    assert CarbonFactor.objects.on(points[0].assignment.grid, NOW.date()) is not None


def test_its_history_comes_in_like_any_upload_and_without_a_bad_row(loaded: Upload) -> None:
    assert (loaded.state, loaded.rows_bad, loaded.rows_new) == (Upload.State.LOADED, 0, Reading.objects.count())
    assert Reading.objects.count() > 0.98 * 10 * 3 * 96
    newest = Reading.objects.order_by("-at")[0].at
    assert newest == END - timedelta(minutes=15)
    assert demo_history.history_end() == END


def test_progress_is_read_from_the_database(loaded: Upload) -> None:
    assert demo_history.progress(loaded).stage == "Learning what is normal (0 of 10 substations)"
    for substation in Substation.objects.all():
        Detector.objects.create(
            substation=substation, version=1, trained_from=END, trained_until=END, row_count=1, arrays=b"", sha256="",
            is_active=True,
        )  # fmt: skip
    assert demo_history.progress(loaded).stage == "Looking for losses"
    PendingRange.objects.all().delete()
    assert demo_history.progress(loaded).stage == "Accounting energy and losses"
    StaleRange.objects.all().delete()
    assert demo_history.progress(loaded) == demo_history.Progress("Ready", 1.0, is_done=True)


def test_a_failed_load_is_said(upload: Upload) -> None:
    Upload.objects.update(state=Upload.State.REJECTED, reason="disk full")
    found = demo_history.progress(upload)
    assert (found.is_done, "disk full" in found.stage) == (True, True)


def test_the_feed_goes_on_where_the_history_ends(loaded: Upload) -> None:
    source, said = demo_history.feed(), list[str]()
    assert source.next_at == END
    for _ in range(2):
        demo_history.feed_step(source, said.append)
    assert said == [f"2026-03-16 {clock} UTC: 10 readings stored, 0 refused" for clock in ("10:30", "10:45")]
    assert Reading.objects.filter(at__gte=END).count() == 20


def test_started_again_it_goes_on_and_repeats_nothing(loaded: Upload) -> None:
    first = demo_history.feed()
    for _ in range(3):
        demo_history.feed_step(first, lambda _text: None)
    again = demo_history.feed()
    assert again.next_at == first.next_at
    demo_history.feed_step(again, lambda _text: None)
    assert Reading.objects.filter(at__gte=END).count() == 40


def test_there_is_no_feed_without_a_history() -> None:
    with pytest.raises(RuntimeError, match="Load it with"):
        demo_history.feed()
