"""The page of questions: what the file was read as, what is open, and what becomes of the answers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from ingestion import services
from ingestion.models import SourceProfile, Upload
from ingestion.options import ImportOptions
from ingestion.tests.samples import GOOD, TIMELESS, TRANSFORMER, upload_of
from smart_ems import pipeline
from substations.models import Reading, Substation

pytestmark = pytest.mark.django_db
Capture = Callable[..., AbstractContextManager[Any]]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def may_create(operator: User) -> None:
    operator.user_permissions.add(Permission.objects.get(codename="add_substation"))


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


def column(client: Client, upload: Upload, header: str) -> int:
    form = client.get(f"/uploads/{upload.pk}/answer/").context["form"]
    return next(n for n, plan in enumerate(form.columns_read) if plan.header == header)


def test_the_page_asks_what_is_open_and_shows_what_each_column_is_read_as(as_operator: Client) -> None:
    page = as_operator.get(f"/uploads/{upload_of(TIMELESS).pk}/answer/").content.decode()
    assert "When was it measured?" in page
    assert "These substations do not exist yet: A, B." in page
    assert page.index("Questions") < page.index("First rows as they would be stored") < page.index("How sure")
    assert "by its name" in page


@pytest.mark.usefixtures("may_create")
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


def test_a_missing_answer_is_asked_again_with_the_input_kept(as_operator: Client) -> None:
    upload = upload_of(TIMELESS)
    answer = post(as_operator, upload, filled(as_operator, upload, interval_s="600", time_zone="UTC"))
    assert (answer.status_code, upload.state) == (302, Upload.State.WAITING)
    page = as_operator.get(answer.headers["Location"])
    assert "When was it measured?" in page.content.decode()
    assert page.context["form"]["interval_s"].value() == 600


@pytest.mark.usefixtures("may_create")
def test_what_a_column_is_chosen_to_be_is_loaded(as_operator: Client) -> None:
    upload = upload_of(TRANSFORMER)
    number = column(as_operator, upload, "LUFL")
    chosen = {f"quantity_{number}": "active_power_kw", f"unit_{number}": "MW", f"sign_{number}": "leading_positive"}
    data = filled(as_operator, upload, substation="T1", time_zone="UTC", **chosen)
    assert post(as_operator, upload, data).status_code == 302
    services.load(upload.pk)
    assert list(Reading.objects.order_by("at").values_list("active_power_kw", flat=True)) == [-4200, -4100]


def test_a_change_is_shown_at_once_and_takes_nothing_in(as_operator: Client, station: Substation) -> None:
    upload = upload_of(TRANSFORMER)
    number = column(as_operator, upload, "LUFL")
    data = filled(as_operator, upload, substation="SS-01", time_zone="UTC", **{f"quantity_{number}": "active_power_kw"})
    data |= {f"unit_{number}": "MW"}

    for headers, start in ((HTMX, "<form"), ({}, "<!DOCTYPE html>")):  # htmx, and the button without any script
        answer = as_operator.post(f"/uploads/{upload.pk}/answer/", data | {"show": "1"}, headers=headers)
        page = answer.content.decode()
        assert (answer.status_code, page.strip().startswith(start)) == (200, True)
        assert "4200" in page
        assert "Nothing is left to ask" in page
    upload.refresh_from_db()
    assert (upload.state, upload.parsed_options.profile) == (Upload.State.WAITING, {})


def test_an_answer_that_cannot_be_used_is_refused_with_the_reason(as_operator: Client) -> None:
    upload = upload_of(TRANSFORMER)
    assert (
        "control characters"
        in post(as_operator, upload, filled(as_operator, upload, substation="T\x071")).content.decode()
    )
    answer = post(as_operator, upload, filled(as_operator, upload, header_line="900"))
    assert (answer.status_code, "no such line" in answer.content.decode()) == (422, True)
    assert upload.state == Upload.State.WAITING


def test_an_operator_may_not_create_substations(as_operator: Client) -> None:
    upload = upload_of(TRANSFORMER)
    form = as_operator.get(f"/uploads/{upload.pk}/answer/").context["form"]
    assert [value for value, _label in form.fields["unknown"].choices] == ["reject"]
    answer = post(as_operator, upload, filled(as_operator, upload, substation="T1", time_zone="UTC", unknown="create"))
    assert (answer.status_code, upload.state) == (422, Upload.State.WAITING)


def test_a_guess_is_loaded_only_if_it_is_accepted(as_operator: Client, station: Substation) -> None:
    text = GOOD.replace(" (kW)", "").replace(" (kVA)", "")
    upload = upload_of(text)
    assert [question["about"] for question in upload.questions] == ["unit"]
    post(as_operator, upload, filled(as_operator, upload))
    assert upload.state == Upload.State.WAITING
    post(as_operator, upload, filled(as_operator, upload, accept_unit="on"))
    assert upload.state == Upload.State.QUEUED


def test_answers_are_remembered_only_if_that_is_ticked(as_operator: Client, station: Substation) -> None:
    first, second = upload_of(TRANSFORMER), upload_of(TRANSFORMER + "2016-07-01 02:00:00,1,1,1,1,1,1,1\n")
    assert post(as_operator, first, filled(as_operator, first, substation="SS-01")).status_code == 302
    assert not SourceProfile.objects.exists()
    post(
        as_operator,
        second,
        filled(as_operator, second, substation="SS-01", date_order="dmy", remember="on", accept_mapping="on"),
    )
    assert SourceProfile.objects.get().profile == {"date_order": "dmy", "columns": {}}  # the zone is SS-01's


def test_a_second_answer_is_told_that_none_is_needed(as_operator: Client, station: Substation) -> None:
    upload = upload_of(GOOD)
    assert "no more input" in as_operator.get(f"/uploads/{upload.pk}/answer/", follow=True).content.decode()


def test_a_waiting_upload_can_be_discarded_once(as_operator: Client) -> None:
    upload = upload_of(TIMELESS)
    as_operator.post(f"/uploads/{upload.pk}/discard/")
    upload.refresh_from_db()
    assert upload.state == Upload.State.REJECTED
    assert "can be discarded" in as_operator.post(f"/uploads/{upload.pk}/discard/", follow=True).content.decode()


def test_the_nameplate_tells_the_unit_of_a_power_that_nothing_else_tells(as_operator: Client) -> None:
    Substation.objects.create(code="SS-01", rated_kva=160)
    text = GOOD.replace(" (kW)", "").replace(" (kVA)", "")
    upload = upload_of(text)
    assert upload.state == Upload.State.QUEUED
    watts = upload_of(
        text.replace("80.0,100.0", "80000,100000")
        .replace("81.5,100.5", "81500,100500")
        .replace("79.2,99.1", "79200,99100")
    )
    services.load(watts.pk)
    assert Reading.objects.order_by("at").first().active_power_kw == 80  # type: ignore[union-attr]  # there is one


def test_earlier_readings_tell_the_order_of_a_date(as_operator: Client) -> None:
    Substation.objects.create(code="SS-01")
    services.load(upload_of(GOOD.replace("2025-03-01", "2025-04-02")).pk)
    later = "Date,Substation,kW\n03/04/2025 00:00,SS-01,80\n03/04/2025 00:15,SS-01,81\n"
    upload = upload_of(later)
    assert upload.state == Upload.State.QUEUED
    services.load(upload.pk)
    assert str(Reading.objects.latest("at").at)[:10] == "2025-04-03"
    assert (
        upload_of(later.replace("SS-01", "SS-02"), ImportOptions(time_zone="UTC")).questions[0]["about"] == "date_order"
    )


def test_the_zone_is_asked_only_where_the_substation_does_not_bring_one(as_operator: Client, may_create: None) -> None:
    upload = upload_of("Time,kW,kvar\n" + "".join(f"2026-03-14 0{n}:00,{80 + n},6{n}\n" for n in range(8)))
    page = as_operator.get(f"/uploads/{upload.pk}/answer/").content.decode()
    assert "In which time zone?" in page  # there is no substation yet that could bring one
    Substation.objects.create(code="SS-01", time_zone="Europe/Madrid")
    assert "In which time zone?" not in as_operator.get(f"/uploads/{upload.pk}/answer/").content.decode()
    data = filled(as_operator, upload, substation="SS-01")
    assert "time_zone" not in data or not data["time_zone"]
    assert post(as_operator, upload, data).status_code == 302
    assert upload.state == Upload.State.QUEUED
    fresh = upload_of("Time,kW,kvar\n" + "".join(f"2026-03-15 0{n}:00,{80 + n},6{n}\n" for n in range(8)))
    post(as_operator, fresh, filled(as_operator, fresh, substation="SS-77", unknown="create"))
    assert fresh.state == Upload.State.WAITING
    assert "In which time zone?" in as_operator.get(f"/uploads/{fresh.pk}/answer/").content.decode()
