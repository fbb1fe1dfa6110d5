from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from ingestion import services
from ingestion.models import Upload
from ingestion.options import ImportOptions
from ingestion.tests.samples import GOOD, TIMELESS, TRANSFORMER, file_of, upload_of
from smart_ems import pipeline
from substations.models import Reading, Substation

pytestmark = pytest.mark.django_db
URL = "/api/uploads/"
Capture = Callable[..., AbstractContextManager[Any]]


def test_anonymous_and_viewers_may_not_send_files(client: Client, as_viewer: Client) -> None:
    assert client.post(URL, {"file": file_of(GOOD)}).status_code in (401, 403)
    assert as_viewer.post(URL, {"file": file_of(GOOD)}).status_code == 403
    assert as_viewer.get(URL).status_code == 200
    assert not Upload.objects.exists()


def test_a_file_is_taken_in_and_the_same_again_is_said_to_be_there(
    as_operator: Client, station: Substation, dispatched: list[str], django_capture_on_commit_callbacks: Capture
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = as_operator.post(URL, {"file": file_of(GOOD)})
        second = as_operator.post(URL, {"file": file_of(GOOD)})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["state"] == "queued"
    assert second.json()["already_imported"]
    assert second.json()["id"] == first.json()["id"]
    assert dispatched == [pipeline.LOAD]


def test_options_come_with_the_file(as_operator: Client) -> None:
    Substation.objects.create(code="T1")
    profile = {"columns": {"LUFL": {"quantity": "active_power_kw", "unit": "MW"}}}
    data = {"file": file_of(TRANSFORMER), "profile": json.dumps(profile), "substation": "T1"}
    upload = Upload.objects.get(pk=as_operator.post(URL, data).json()["id"])
    services.load(upload.pk)
    assert list(Reading.objects.values_list("active_power_kw", flat=True)) == [4200, 4100]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Nowhere"),
        ("start", "soon"),
        ("interval_s", "-1"),
        ("profile", '{"columns": {"P": 1}}'),
        ("profile", "{"),
        ("profile", "[]"),
        ("energy", "daily"),
        ("day_first", "true"),
        ("unknown", "maybe"),
    ],
)
def test_an_option_that_cannot_be_used_is_answered_by_its_name(as_operator: Client, field: str, value: str) -> None:
    answer = as_operator.post(URL, {"file": file_of(GOOD), field: value})
    assert answer.status_code == 400
    assert field in answer.json()


def test_a_file_over_the_limit_is_refused(as_operator: Client, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 10
    assert as_operator.post(URL, {"file": file_of(GOOD)}).status_code == 413


def test_open_questions_can_be_answered(as_operator: Client) -> None:
    sent = as_operator.post(URL, {"file": file_of(TIMELESS)}).json()
    assert [question["about"] for question in sent["questions"]] == ["time"]
    answers = {"start": "2025-01-01T00:00", "interval_s": 900, "time_zone": "UTC"}
    url = f"{URL}{sent['id']}/answers/"
    assert as_operator.post(url, answers, content_type="application/json").json()["state"] == "queued"
    assert as_operator.post(url, answers, content_type="application/json").status_code == 400


def test_a_waiting_upload_shows_what_it_was_read_as(as_operator: Client) -> None:
    shown = as_operator.get(f"{URL}{upload_of(TRANSFORMER).pk}/").json()
    assert (shown["state"], shown["format"]["kind"], shown["format"]["layout"]) == ("waiting", "csv", "wide")
    by_header = {column["header"]: column for column in shown["columns"]}
    assert by_header["date"]["quantity"] == "timestamp"
    assert by_header["OT"]["quantity"] == "oil_temperature_c"
    assert {"unit", "factor", "sureness", "why"} <= set(by_header["OT"])
    assert {question["about"] for question in shown["questions"]} == {"substation", "time_zone"}
    assert {"column", "text", "choices"} <= set(shown["questions"][0])


def test_an_answer_with_an_unknown_name_is_refused_by_it(as_operator: Client) -> None:
    url = f"{URL}{upload_of(TIMELESS).pk}/answers/"
    assert "mapping" in as_operator.post(url, {"mapping": {}}, content_type="application/json").json()
    refused = as_operator.post(url, {"columns": {"P (kW)": {"unit": "V?"}}}, content_type="application/json")
    assert (refused.status_code, "V?" in refused.json()["detail"][0]) == (400, True)


def test_to_create_substations_takes_the_right_to_add_them(as_operator: Client, operator: User) -> None:
    data = {"file": file_of(GOOD), "unknown": "create", "time_zone": "UTC"}
    assert "right to add" in as_operator.post(URL, data).json()["unknown"][0]
    operator.user_permissions.add(Permission.objects.get(codename="add_substation"))
    sent = as_operator.post(URL, {**data, "file": file_of(GOOD)})
    services.load(sent.json()["id"])
    assert Substation.objects.get().code == "SS-01"


def test_the_right_of_an_engineer_is_not_inherited_with_the_upload(as_operator: Client, operator: User) -> None:
    engineers = upload_of(GOOD, ImportOptions(unknown="create", time_zone="UTC", review=True))
    assert engineers.parsed_options.unknown == "create"
    again = services.load_again(engineers, by=operator)
    for upload in (engineers, again):
        answer = as_operator.post(f"{URL}{upload.pk}/answers/", {}, content_type="application/json")
        assert (answer.status_code, answer.json()["state"]) == (200, "waiting"), answer.json()
    as_operator.post(f"{URL}{again.pk}/answers/", {"unknown": "reject"}, content_type="application/json")
    services.load(again.pk)
    assert not Substation.objects.exists()


def test_a_code_with_control_characters_is_refused(as_operator: Client) -> None:
    answer = as_operator.post(URL, {"file": file_of(TIMELESS), "substation": "SS\x0701"})
    assert "control characters" in answer.json()["substation"][0]


def test_rejected_rows_are_listed(as_viewer: Client, station: Substation) -> None:
    upload = upload_of(GOOD + "never,SS-01,1,1,1\n")
    services.load(upload.pk)
    (problem,) = as_viewer.get(f"{URL}{upload.pk}/problems/").json()
    assert (problem["line"], problem["field"], problem["received"]) == (5, "timestamp", "never")


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_history_cannot_be_changed(as_operator: Client, station: Substation, method: str) -> None:
    assert getattr(as_operator, method)(f"{URL}{upload_of(GOOD).pk}/").status_code in (403, 405)
