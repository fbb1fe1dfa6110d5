from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client

from ingestion import services
from ingestion.models import ColumnMapping, Upload
from ingestion.tests.samples import GOOD, TIMELESS, TRANSFORMER, upload_of
from smart_ems import pipeline
from substations.models import Reading, Substation

pytestmark = pytest.mark.django_db
Capture = Callable[..., AbstractContextManager[Any]]


def filled(client: Client, upload: Upload, **changes: str) -> dict[str, str]:
    """The form as the page offers it, with changes."""
    form = client.get(f"/uploads/{upload.pk}/answer/").context["form"]
    values = {name: form[name].value() for name in form.fields}
    data = {name: "on" if value is True else str(value) for name, value in values.items() if value not in (None, False)}
    return data | changes


def post(client: Client, upload: Upload, data: dict[str, str]) -> Any:
    answer = client.post(f"/uploads/{upload.pk}/answer/", data)
    upload.refresh_from_db()
    return answer


def test_the_page_shows_the_first_rows_and_asks_what_is_open(as_operator: Client) -> None:
    page = as_operator.get(f"/uploads/{upload_of(TIMELESS).pk}/answer/").content.decode()
    assert "First row measured at" in page
    assert "A, B" in page
    assert '<td class="mono">13</td>' in page


def test_start_and_interval_make_a_timeless_file_loadable(
    as_operator: Client, dispatched: list[str], django_capture_on_commit_callbacks: Capture
) -> None:
    upload = upload_of(TIMELESS)
    with django_capture_on_commit_callbacks(execute=True):
        data = filled(as_operator, upload, start="2025-01-01T00:00", interval_s="300", time_zone="Asia/Kolkata")
        assert post(as_operator, upload, data).status_code == 302
    assert upload.state == Upload.State.QUEUED
    assert dispatched == [pipeline.LOAD]
    services.load(upload.pk)
    assert Reading.objects.filter(substation__code="B").order_by("at").last().at.minute == 45  # type: ignore[union-attr]  # there is one


def test_a_missing_start_is_asked_again_with_the_input_kept(as_operator: Client) -> None:
    upload = upload_of(TIMELESS)
    answer = post(as_operator, upload, filled(as_operator, upload, interval_s="600"))
    assert answer.status_code == 422
    assert "When was the first row measured?" in answer.content.decode()
    assert answer.context["form"]["interval_s"].value() == "600"
    assert upload.state == Upload.State.WAITING


def test_the_users_choice_of_columns_is_loaded_and_remembered(as_operator: Client) -> None:
    upload = upload_of(TRANSFORMER)
    data = filled(as_operator, upload, substation="T1", target_1="", target_5="active_power_kw", unit_5="MW")
    assert post(as_operator, upload, data).status_code == 302
    services.load(upload.pk)
    assert list(Reading.objects.values_list("active_power_kw", flat=True)) == [4200, 4100]
    assert ColumnMapping.objects.get().mapping["LUFL"] == {"target": "active_power_kw", "unit": "MW", "negate": False}


def test_two_columns_for_one_quantity_are_refused_with_the_reason(as_operator: Client) -> None:
    upload = upload_of(TRANSFORMER)
    answer = post(as_operator, upload, filled(as_operator, upload, substation="T1", target_3="active_power_kw"))
    assert answer.status_code == 422
    assert "HUFL and MUFL are both" in answer.content.decode()


def test_a_unit_that_does_not_fit_is_refused(as_operator: Client) -> None:
    upload = upload_of(TRANSFORMER)
    answer = post(as_operator, upload, filled(as_operator, upload, substation="T1", unit_1="V"))
    assert "takes one of: kW" in answer.content.decode()


def test_a_reversed_sign_is_loaded_reversed(as_operator: Client) -> None:
    upload = upload_of(TRANSFORMER)
    post(as_operator, upload, filled(as_operator, upload, substation="T1", negate_2="on"))
    services.load(upload.pk)
    assert list(Reading.objects.values_list("reactive_power_kvar", flat=True)) == [-2.0, -2.1]


def test_a_second_answer_is_told_that_none_is_needed(as_operator: Client, station: Substation) -> None:
    upload = upload_of(GOOD)
    assert "no more input" in as_operator.get(f"/uploads/{upload.pk}/answer/", follow=True).content.decode()


def test_a_waiting_upload_can_be_discarded_once(as_operator: Client) -> None:
    upload = upload_of(TIMELESS)
    as_operator.post(f"/uploads/{upload.pk}/discard/")
    upload.refresh_from_db()
    assert upload.state == Upload.State.REJECTED
    assert "can be discarded" in as_operator.post(f"/uploads/{upload.pk}/discard/", follow=True).content.decode()
