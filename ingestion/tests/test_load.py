from __future__ import annotations

import gzip
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from ingestion import parsing, services, storage, upload_leases
from ingestion.models import RowProblem, Upload
from ingestion.options import ImportOptions
from ingestion.services import LoadOutcome
from ingestion.tests.samples import GOOD, TIMELESS, TRANSFORMER, many_rows, upload_of
from substations.models import PendingRange, Reading, Substation

pytestmark = pytest.mark.django_db


TAKEN_AS_IS = ImportOptions(unknown="reject", time_zone="UTC")


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the program may catch it."""


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = parsing.blocks
    monkeypatch.setattr(parsing, "blocks", lambda *args, **kw: whole(*args, **{**kw, "size": 2000}))


def killed_after(blocks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next load die inside the transaction of its ``blocks``-th block."""
    store, calls = storage.store, iter(range(1_000_000))

    def dying(rows: Any) -> Any:
        if next(calls) >= blocks:
            store(rows)
            raise Killed
        return store(rows)

    monkeypatch.setattr(storage, "store", dying)


def fresh(upload: Upload) -> Upload:
    upload.refresh_from_db()
    return upload


def expire(upload: Upload) -> None:
    Upload.objects.filter(pk=upload.pk).update(claimed_until=timezone.now() - timedelta(seconds=1))


def test_good_rows_are_stored_counted_and_left_to_be_scored(station: Substation) -> None:
    upload = upload_of(GOOD)
    assert services.load(upload.pk) is LoadOutcome.LOADED
    fresh(upload)
    assert (upload.state, upload.rows_read, upload.rows_new, upload.rows_bad, upload.percent) == (
        "loaded",
        3,
        3,
        0,
        100,
    )
    assert Reading.objects.get(pk=(station.pk, "2025-02-28T18:30:00Z")).reactive_power_kvar == pytest.approx(60)
    assert PendingRange.objects.get().substation == station


def test_a_second_load_does_nothing(station: Substation) -> None:
    upload = upload_of(GOOD)
    services.load(upload.pk)
    PendingRange.objects.all().delete()
    assert services.load(upload.pk) is LoadOutcome.TAKEN
    assert fresh(upload).rows_new == 3
    assert not PendingRange.objects.exists()


def test_bad_rows_are_kept_as_problems_and_good_ones_stored(station: Substation) -> None:
    upload = upload_of(GOOD + "2025-03-01 00:45:00,SS-01,eighty,100,0.8\n2025-03-01 01:00:00,SS-01,80\n")
    services.load(upload.pk)
    assert (fresh(upload).rows_new, upload.rows_bad, upload.rows_read) == (4, 1, 5)
    problem = RowProblem.objects.get(line=5)
    assert (problem.field, problem.received, problem.expected) == (
        "Active Power Total (kW)",
        "eighty",
        "a number in kW",
    )


def test_a_file_without_any_time_that_can_be_read_asks_for_it(station: Substation) -> None:
    upload = upload_of("Timestamp,Substation,P (kW)\n99/99/2025 00:00,SS-01,1\n99/99/2025 00:15,SS-01,1\n")
    assert upload.state == Upload.State.WAITING
    assert "line 2 holds “99/99/2025 00:00”" in upload.questions[-1]["text"]


def test_a_file_of_which_no_row_belongs_anywhere_is_rejected_and_leaves_nothing(station: Substation) -> None:
    upload = upload_of("Timestamp,Substation,P (kW)\n2025-01-01 00:00,SS-77,1\n", TAKEN_AS_IS)
    assert services.load(upload.pk) is LoadOutcome.REJECTED
    fresh(upload)
    assert "line 2" in upload.reason
    assert "received “SS-77”" in upload.reason
    assert not upload.file
    assert not Reading.objects.exists()
    assert list(Substation.objects.all()) == [station]


@pytest.mark.parametrize(("body", "reason"), [("", "no row that fits"), ("2025-01-01 00:00,SS-01,\n", "holds a value")])
def test_a_file_without_readings_is_rejected(station: Substation, body: str, reason: str) -> None:
    upload = upload_of("Timestamp,Substation,P (kW)\n" + body)
    services.load(upload.pk)
    assert fresh(upload).state == Upload.State.REJECTED
    assert reason in upload.reason


def test_an_overlapping_file_replaces_equal_keys_and_says_how_many(station: Substation) -> None:
    services.load(upload_of(GOOD).pk)
    changed = GOOD.replace("81.5", "91.5") + "2025-03-01 00:45:00,SS-01,80,100,0.8\n"
    upload = upload_of(changed)
    services.load(upload.pk)
    fresh(upload)
    assert (upload.rows_new, upload.rows_replaced, upload.rows_unchanged) == (1, 1, 2)
    assert Reading.objects.count() == 4


def test_a_timeless_file_is_loaded_from_its_start_with_its_substations_created() -> None:
    upload = upload_of(TIMELESS)
    services.answer(
        upload, ImportOptions(start="2025-01-01T00:00", interval_s=900, unknown="create", time_zone="Asia/Kolkata")
    )
    assert services.load(upload.pk) is LoadOutcome.LOADED
    created = Substation.objects.get(code="A")
    assert (created.time_zone, created.reading_interval_s) == ("Asia/Kolkata", 900)
    assert [str(at)[:16] for at in Reading.objects.filter(substation=created).values_list("at", flat=True)] == [
        "2024-12-31 18:30",
        "2024-12-31 18:45",
        "2024-12-31 19:00",
        "2024-12-31 19:15",
    ]


def test_a_file_of_the_transformer_datasets_shape_loads_with_the_users_mapping() -> None:
    upload = upload_of(TRANSFORMER)
    profile = {"columns": {"LUFL": {"quantity": "active_power_kw", "unit": "MW"}}}
    services.answer(upload, ImportOptions(profile=profile, substation="T 1", unknown="create", time_zone="UTC"))
    assert services.load(upload.pk) is LoadOutcome.LOADED
    created = Substation.objects.get()
    assert (created.code, created.name, created.reading_interval_s) == ("T-1", "T 1", 3600)
    assert list(Reading.objects.values_list("active_power_kw", flat=True)) == [4200, 4100]


def test_substations_that_come_up_later_in_the_file_are_asked_about(station: Substation) -> None:
    lines = many_rows(9000).splitlines()
    lines.insert(8000, "2025-04-01 00:00:00,NEW,1,1")  # beyond what is looked at before
    upload = upload_of("\n".join(lines) + "\n")
    assert upload.state == Upload.State.QUEUED
    assert services.load(upload.pk) is LoadOutcome.WAITING
    assert "do not exist yet: NEW" in fresh(upload).questions[0]["text"]
    assert not Reading.objects.exists()
    services.answer(upload, upload.parsed_options.updated(unknown="reject"))
    assert services.load(upload.pk) is LoadOutcome.LOADED
    assert (fresh(upload).rows_new, upload.rows_bad) == (9000, 1)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("blocks", [0, 1, 4])
def test_a_killed_workers_upload_is_carried_on_without_loss_or_doubling(
    station: Substation, monkeypatch: pytest.MonkeyPatch, blocks: int, packed: bool
) -> None:
    text = (many_rows(400) + "broken\n").encode()
    upload = upload_of(gzip.compress(text) if packed else text)
    with monkeypatch.context() as patch:
        killed_after(blocks, patch)
        with pytest.raises(Killed):
            services.load(upload.pk)
    before = fresh(upload).rows_read
    assert Reading.objects.count() == upload.rows_new == before
    assert (before > 0) == (blocks > 0)
    assert services.load(upload.pk) is LoadOutcome.TAKEN  # the lease still runs
    assert services.unfinished_uploads() == []
    expire(upload)
    assert services.unfinished_uploads() == [upload.pk]
    assert services.load(upload.pk) is LoadOutcome.LOADED
    fresh(upload)
    assert (upload.rows_read, upload.rows_new, upload.rows_unchanged, upload.rows_bad) == (401, 400, 0, 1)
    assert Reading.objects.count() == 400
    assert RowProblem.objects.count() == 1


@pytest.mark.usefixtures("small_blocks")
def test_a_timeless_file_is_carried_on_at_the_right_times(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "P (kW),Substation\n" + "".join(f"{row},{station}\n" for station in ("A", "B") for row in range(1, 500))
    upload = upload_of(text, ImportOptions(start="2025-01-01T00:00", interval_s=60, unknown="create", time_zone="UTC"))
    with monkeypatch.context() as patch:
        killed_after(2, patch)
        with pytest.raises(Killed):
            services.load(upload.pk)
    expire(upload)
    services.load(upload.pk)
    for code in ("A", "B"):
        readings = Reading.objects.filter(substation__code=code).order_by("at").values_list("at", "active_power_kw")
        assert [power for _at, power in readings] == list(range(1, 500))
        assert str(readings[498][0]) == "2025-01-01 08:18:00+00:00"


@pytest.mark.usefixtures("small_blocks")
def test_a_worker_that_lost_its_lease_stores_nothing_more(station: Substation, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = upload_of(many_rows(400))
    store = storage.store

    def overtaken(rows: Any) -> Any:
        Upload.objects.filter(pk=upload.pk).update(claimed_by=uuid4())
        return store(rows)

    monkeypatch.setattr(storage, "store", overtaken)
    assert services.load(upload.pk) is LoadOutcome.TAKEN
    assert Reading.objects.count() == fresh(upload).rows_new < 400


def test_of_two_workers_one_gets_the_upload(station: Substation) -> None:
    upload = upload_of(GOOD)
    assert upload_leases.claim(upload.pk)
    assert not upload_leases.claim(upload.pk)


def test_an_unexpected_failure_is_tried_again_and_at_last_told(
    station: Substation, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = upload_of(GOOD)
    with monkeypatch.context() as patch:
        patch.setattr(storage, "store", lambda rows: 1 / 0)
        outcomes = [services.load(upload.pk) for _ in range(upload_leases.MAX_ATTEMPTS)]
    assert set(outcomes) == {LoadOutcome.FAILED}
    assert fresh(upload).state == Upload.State.FAILED
    assert "Try again" in upload.reason
    assert services.queue_again(upload)
    assert not services.queue_again(upload)
    assert services.load(upload.pk) is LoadOutcome.LOADED


def test_a_file_that_kills_its_worker_every_time_is_given_up(
    station: Substation, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = upload_of(GOOD)
    killed_after(0, monkeypatch)
    for _ in range(upload_leases.MAX_ATTEMPTS):
        with pytest.raises(Killed):
            services.load(upload.pk)
        expire(upload)
    assert services.load(upload.pk) is LoadOutcome.TAKEN
    assert fresh(upload).state == Upload.State.FAILED


def test_a_file_over_the_row_limit_is_rejected_before_anything_is_stored(station: Substation, settings: Any) -> None:
    settings.UPLOAD_MAX_ROWS = 100
    upload = upload_of(many_rows(101))
    assert services.load(upload.pk) is LoadOutcome.REJECTED
    assert "100 rows" in fresh(upload).reason
    assert not Reading.objects.exists()


def test_a_file_that_unpacks_to_too_much_is_rejected(station: Substation, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 40_000
    upload = upload_of(gzip.compress(many_rows(5000).replace("SS-01", "SS-01 " * 9).encode()), TAKEN_AS_IS)
    assert services.load(upload.pk) is LoadOutcome.REJECTED
    assert "unpacks" in fresh(upload).reason


def test_only_so_many_problems_are_kept_but_all_are_counted(station: Substation, settings: Any) -> None:
    settings.UPLOAD_MAX_PROBLEMS = 10
    upload = upload_of(GOOD + "never,SS-01,1,1,1\n" * 50, ImportOptions(profile={"accept": ["rejected_share"]}))
    services.load(upload.pk)
    assert fresh(upload).rows_bad == 50
    assert upload.problems.count() == 10


def test_queued_uploads_are_sent_again_only_after_a_while(station: Substation) -> None:
    upload = upload_of(GOOD)
    assert services.unfinished_uploads() == []
    Upload.objects.filter(pk=upload.pk).update(queued_at=timezone.now() - timedelta(minutes=1))
    assert services.unfinished_uploads() == [upload.pk]
    assert services.unfinished_uploads() == []
