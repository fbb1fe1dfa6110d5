from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import File

from ingestion import services
from ingestion.models import Upload
from ingestion.options import ImportOptions, OptionError
from ingestion.tests.samples import GOOD, TIMELESS, file_of, received, upload_of
from substations.models import Substation

pytestmark = pytest.mark.django_db


def test_a_clear_file_is_queued_with_its_mapping_settled(station: Substation) -> None:
    upload = upload_of(GOOD)
    assert upload.state == Upload.State.QUEUED
    assert upload.load_plan["choices"]["Active Power Total (kW)"]["target"] == "active_power_kw"
    assert Path(upload.file.path).read_text() == GOOD
    assert upload.size == len(GOOD)


def test_the_same_file_again_is_the_upload_that_exists(station: Substation, media: Path) -> None:
    first = upload_of(GOOD)
    again = received(GOOD, name="renamed.csv")
    assert again.already_imported
    assert again.upload == first
    assert len(list(media.rglob("*.csv"))) == 1


def test_the_same_file_with_other_answers_is_another_upload(station: Substation) -> None:
    first = upload_of(GOOD)
    assert not received(GOOD, ImportOptions(time_zone="Asia/Tokyo")).already_imported
    assert received(GOOD, ImportOptions(time_zone="Asia/Tokyo")).already_imported
    assert not services.receive(file_of(GOOD), again=True).already_imported
    assert Upload.objects.exclude(pk=first.pk).count() == 2


def test_a_rejected_file_may_come_again() -> None:
    assert upload_of(b"").state == Upload.State.REJECTED
    assert not received(b"").already_imported


def test_two_copies_at_the_same_moment_become_one_upload(station: Substation, monkeypatch: pytest.MonkeyPatch) -> None:
    first = upload_of(GOOD)
    look_up = services.receive.__globals__["_earlier"]
    seen: list[int] = []

    def blind_once(upload: Upload, *, any_options: bool) -> Upload | None:
        seen.append(1)
        return look_up(upload, any_options=any_options) if len(seen) > 1 else None

    monkeypatch.setitem(services.receive.__globals__, "_earlier", blind_once)
    second = received(GOOD)
    assert second.already_imported
    assert second.upload == first


def test_what_is_no_table_is_rejected_with_the_reason_and_not_kept(media: Path) -> None:
    upload = upload_of(b"PK\x03\x04 a workbook")
    assert upload.state == Upload.State.REJECTED
    assert "damaged" in upload.reason
    assert not upload.file
    assert not [path for path in media.rglob("*") if path.is_file()]


def test_a_file_over_the_limit_is_refused_before_it_is_kept(settings: Any, media: Path) -> None:
    settings.UPLOAD_MAX_BYTES = 100
    with pytest.raises(services.TooLarge, match="at most 100"):
        upload_of(GOOD)

    class Unsized(File[bytes]):
        size = None  # type: ignore[assignment]  # as of a stream

    with pytest.raises(services.TooLarge):
        services.receive(Unsized(io.BytesIO(GOOD.encode()), name="stream.csv"))
    assert not Upload.objects.exists()


def test_a_file_without_time_and_with_new_substations_asks_for_both() -> None:
    upload = upload_of(TIMELESS)
    assert upload.state == Upload.State.WAITING
    assert [question["about"] for question in upload.questions] == ["time", "substation"]


def test_an_answer_that_leaves_a_question_open_keeps_the_upload_waiting(station: Substation) -> None:
    upload = upload_of(TIMELESS)
    services.answer(upload, ImportOptions(unknown="create"))
    assert (upload.state, [q["about"] for q in upload.questions]) == (Upload.State.WAITING, ["time"])


def test_review_is_asked_for_once(station: Substation) -> None:
    upload = upload_of(GOOD, ImportOptions(review=True))
    assert [question["text"] for question in upload.questions] == ["Check the columns before loading."]
    services.answer(upload, upload.parsed_options)
    assert upload.state == Upload.State.QUEUED


def test_a_discarded_upload_leaves_no_file(media: Path) -> None:
    upload = upload_of(TIMELESS)
    assert services.discard(upload)
    assert not services.discard(upload)
    assert not [path for path in media.rglob("*") if path.is_file()]


def test_a_loaded_file_can_be_asked_about_again(station: Substation) -> None:
    upload = upload_of(GOOD)
    again = services.load_again(upload, by=None)
    assert again.pk != upload.pk
    assert again.state == Upload.State.WAITING


def test_a_power_factor_in_percent_and_powers_in_watts_are_noticed(station: Substation) -> None:
    rows = "".join(f"2025-01-01 0{n}:00,SS-01,400,100,{55000 + n},69282,79\n" for n in range(5))
    choices = upload_of("Timestamp,Substation,V,I,P,S,PF\n" + rows).load_plan["choices"]
    assert {header: choices[header]["scale"] for header in ("P", "S", "PF")} == {"P": 0.001, "S": 0.001, "PF": 0.01}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time_zone", "Mars/Base"),
        ("time_zone", "../etc"),
        ("start", "soon"),
        ("start", "1825-01-01T00:00"),
        ("substation", "S\n1"),
        ("profile", {"energy": "daily"}),
        ("interval_s", -5),
        ("unknown", "maybe"),
    ],
)
def test_an_option_that_cannot_be_used_says_which_and_why(name: str, value: object) -> None:
    with pytest.raises(OptionError, match="expected") as caught:
        ImportOptions().updated(**{name: value})
    assert caught.value.field == name
