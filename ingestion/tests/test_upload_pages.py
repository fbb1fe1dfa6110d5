from __future__ import annotations

import gzip
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client

from ingestion import services
from ingestion.models import Upload
from ingestion.options import ImportOptions
from ingestion.tests.samples import GOOD, TIMELESS, file_of, many_rows, upload_of
from smart_ems import pipeline
from substations.models import Substation

pytestmark = pytest.mark.django_db
NEW = "/uploads/new/"
HTMX = {"HX-Request": "true"}
Capture = Callable[..., AbstractContextManager[Any]]


def test_who_is_not_signed_in_is_sent_to_sign_in_and_a_viewer_is_refused(client: Client, as_viewer: Client) -> None:
    assert client.get(NEW).status_code == client.post(NEW).status_code == 302
    assert as_viewer.get(NEW).status_code == as_viewer.post(NEW, {"file": file_of(GOOD)}).status_code == 403
    assert not Upload.objects.exists()


@pytest.mark.parametrize("path", ["", "1/", "1/problems/", "1/problems.csv"])
def test_only_those_who_may_see_uploads_see_them(client: Client, path: str) -> None:
    assert client.get(f"/uploads/{path}").status_code == 302


WRONG = [
    ("", "post"),
    ("new/", "delete"),
    ("{}/", "post"),
    *((f"{{}}/{name}/", "get") for name in ("retry", "discard", "again")),
]


@pytest.mark.parametrize(("path", "method"), WRONG)
def test_a_wrong_method_is_refused(as_operator: Client, station: Substation, path: str, method: str) -> None:
    upload = upload_of(GOOD)
    assert getattr(as_operator, method)(f"/uploads/{path.format(upload.pk)}").status_code == 405


@pytest.mark.parametrize("action", ["retry", "discard", "again"])
def test_a_viewer_changes_nothing(as_viewer: Client, station: Substation, action: str) -> None:
    upload = upload_of(TIMELESS)
    assert as_viewer.post(f"/uploads/{upload.pk}/{action}/").status_code == 403
    assert as_viewer.get(f"/uploads/{upload.pk}/answer/").status_code == 403
    upload.refresh_from_db()
    assert upload.state == Upload.State.WAITING


def test_a_file_is_taken_in_and_its_loading_starts(
    as_operator: Client, station: Substation, dispatched: list[str], django_capture_on_commit_callbacks: Capture
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_operator.post(NEW, {"file": file_of(GOOD)})
    upload = Upload.objects.get()
    assert answer.headers["Location"] == upload.get_absolute_url()
    assert dispatched == [pipeline.LOAD]
    assert upload.uploaded_by is not None


def test_several_files_at_once_lead_to_the_list(as_operator: Client, station: Substation) -> None:
    answer = as_operator.post(NEW, {"file": [file_of(GOOD), file_of(gzip.compress(many_rows(3).encode()), "b.csv.gz")]})
    assert answer.headers["Location"] == "/uploads/"
    assert Upload.objects.filter(state="queued").count() == 2


def test_the_same_file_again_adds_nothing_and_says_so(
    as_operator: Client, station: Substation, dispatched: list[str]
) -> None:
    as_operator.post(NEW, {"file": file_of(GOOD)})
    answer = as_operator.post(NEW, {"file": file_of(GOOD)}, follow=True)
    assert "nothing was added" in answer.content.decode()
    assert Upload.objects.count() == 1


def test_a_script_is_told_the_address_instead_of_being_sent_there(as_operator: Client, station: Substation) -> None:
    answer = as_operator.post(NEW, {"file": file_of(GOOD)}, headers={"X-Requested-With": "XMLHttpRequest"})
    assert answer.json() == {"url": Upload.objects.get().get_absolute_url()}


def test_no_file_and_a_file_too_large_are_answered_on_the_form(as_operator: Client, settings: Any) -> None:
    assert as_operator.post(NEW, {}).status_code == 422
    settings.UPLOAD_MAX_BYTES = 10
    answer = as_operator.post(NEW, {"file": file_of(GOOD)})
    assert answer.status_code == 413
    assert "at most 10 are accepted" in answer.content.decode()


def test_an_empty_file_gets_a_row_with_the_reason(as_operator: Client) -> None:
    answer = as_operator.post(NEW, {"file": file_of(b"")}, follow=True)
    assert "The file is empty" in answer.content.decode()


def test_the_page_asks_for_its_fragment_until_the_upload_is_final(as_viewer: Client, station: Substation) -> None:
    upload = upload_of(GOOD)
    page = as_viewer.get(upload.get_absolute_url()).content.decode()
    fragment = as_viewer.get(upload.get_absolute_url(), headers=HTMX).content.decode()
    assert "live:uploads from:body" in page
    assert "live:uploads from:body" in fragment
    assert "<html" not in fragment
    services.load(upload.pk)
    finished = as_viewer.get(upload.get_absolute_url(), headers=HTMX).content.decode()
    assert "live:uploads from:body" not in finished
    assert "loaded" in finished


def test_the_list_follows_what_comes_in(as_viewer: Client, station: Substation) -> None:
    assert "No uploads yet" in as_viewer.get("/uploads/").content.decode()
    upload_of(GOOD)
    fragment = as_viewer.get("/uploads/?page=1", headers=HTMX).content.decode()
    assert 'hx-get="/uploads/?page=1"' in fragment
    assert "live:uploads from:body" in fragment


def test_the_list_takes_the_same_number_of_queries_for_any_length(
    as_viewer: Client, station: Substation, django_assert_max_num_queries: Any
) -> None:
    for rows in range(1, 9):
        upload_of(many_rows(rows))
    with django_assert_max_num_queries(8):
        as_viewer.get("/uploads/")


def test_rejected_rows_are_shown_in_pages_and_can_be_downloaded(as_viewer: Client, station: Substation) -> None:
    upload = upload_of(GOOD + "=never(),SS-01,1,1,1\n" * 60, ImportOptions(profile={"accept": ["rejected_share"]}))
    services.load(upload.pk)
    page = as_viewer.get(upload.get_absolute_url()).content.decode()
    assert "=never()" in page
    assert "All 60" in page
    second = as_viewer.get(f"/uploads/{upload.pk}/problems/?page=2").content.decode()
    assert "Page 2 of 2" in second
    answer = as_viewer.get(f"/uploads/{upload.pk}/problems.csv")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]  # it streams
    assert lines[0] == "line,field,received,expected"
    assert lines[1].startswith("5,timestamp,'=never(),")  # a spreadsheet must not run it
    assert len(lines) == 61


def test_a_failed_upload_can_be_tried_again_and_only_that(
    as_operator: Client, station: Substation, dispatched: list[str], django_capture_on_commit_callbacks: Capture
) -> None:
    upload = upload_of(GOOD)
    url = f"/uploads/{upload.pk}/retry/"
    assert "Only a failed upload" in as_operator.post(url, follow=True).content.decode()
    Upload.objects.filter(pk=upload.pk).update(state="failed")
    with django_capture_on_commit_callbacks(execute=True):
        as_operator.post(url)
    assert dispatched == [pipeline.LOAD]


def test_a_loaded_file_can_be_loaded_again_with_other_settings(as_operator: Client, station: Substation) -> None:
    upload = upload_of(GOOD)
    url = f"/uploads/{upload.pk}/again/"
    assert "Only a loaded file" in as_operator.post(url, follow=True).content.decode()
    services.load(upload.pk)
    answer = as_operator.post(url)
    assert answer.headers["Location"] == f"/uploads/{Upload.objects.latest('pk').pk}/answer/"


def test_an_upload_that_is_not_there_is_not_found(as_operator: Client) -> None:
    for path in ("", "answer/", "problems/", "problems.csv"):
        assert as_operator.get(f"/uploads/999/{path}").status_code == 404
