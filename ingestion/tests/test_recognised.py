"""Answers that were confirmed once: used for the next file of the same source, said, and checked against its values."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ingestion import services
from ingestion.models import SourceProfile, Upload
from ingestion.options import ImportOptions
from ingestion.services import receive
from ingestion.tests.exported import P, Q, line_current, table, times
from ingestion.tests.samples import file_of
from substations.models import Reading, Substation

pytestmark = pytest.mark.django_db
NO_UNIT = b"Time,Substation,Power\n2026-03-14 00:00,SS-01,80\n2026-03-14 00:15,SS-01,81\n2026-03-14 00:30,SS-01,82\n"
LATER = NO_UNIT.replace(b"03-14", b"03-15")


@pytest.fixture
def confirmed(operator: User) -> SourceProfile:
    """The power of such files is in MW, said by the operator for an export of the fourteenth."""
    Substation.objects.create(code="SS-01")
    upload = receive(file_of(NO_UNIT, "feeder-2026-03-14.csv"), by=operator).upload
    assert upload.state == Upload.State.WAITING
    services.answer(upload, ImportOptions(profile={"columns": {"Power": {"unit": "MW"}}}), remember=True)
    return SourceProfile.objects.get()


@pytest.mark.usefixtures("confirmed")
def test_the_next_file_of_the_source_is_read_alike_and_says_where_that_comes_from(as_operator: Client) -> None:
    page = as_operator.post("/uploads/new/", {"file": file_of(LATER, "feeder-2026-03-15.csv")}, follow=True)
    assert "confirmed for “feeder-2026-03-14.csv”" in page.content.decode()
    upload = Upload.objects.latest("pk")
    shown = as_operator.get(f"/api/uploads/{upload.pk}/").json()["remembered"]
    assert (shown["file"], shown["by"], shown["pattern"]) == ("feeder-2026-03-14.csv", "operator", "feeder-#-#-#.csv")
    services.load(upload.pk)
    assert Reading.objects.earliest("at").active_power_kw == 80_000


@pytest.mark.usefixtures("confirmed")
@pytest.mark.parametrize("other", ["sender", "name", "columns"])
def test_a_file_of_another_source_with_such_columns_is_asked_about(operator: User, viewer: User, other: str) -> None:
    data = LATER.replace(b"\n", b",\n").replace(b"Power,", b"Power,Note") if other == "columns" else LATER
    name = "incomer-2026-03-15.csv" if other == "name" else "feeder-2026-03-15.csv"
    upload = receive(file_of(data, name), by=viewer if other == "sender" else operator).upload
    assert [question["about"] for question in upload.questions] == ["unit"]


def test_what_is_remembered_is_asked_again_where_the_values_contradict_it(operator: User) -> None:
    Substation.objects.create(code="SS-01")

    def measured(scale: float, day: str) -> bytes:
        rows = [
            (t.replace("03-14", day), "SS-01", p * scale, Q * scale, 400, round(line_current(p, Q, 400), 2))
            for t, p in zip(times(), P, strict=True)
        ]
        return table("Time,Substation,Power,Reactive,U LL [V],I avg [A]", rows)

    first = receive(file_of(measured(1, "03-14"), "a-1.csv"), by=operator, options=ImportOptions(review=True)).upload
    profile = {"columns": {"Power": {"unit": "kW"}, "Reactive": {"unit": "kvar"}}}
    services.answer(first, ImportOptions(profile=profile), remember=True)
    assert receive(file_of(measured(1, "03-15"), "a-2.csv"), by=operator).upload.state == Upload.State.QUEUED
    upload = receive(file_of(measured(1000, "03-16"), "a-3.csv"), by=operator).upload
    assert [question["about"] for question in upload.questions] == ["unit"]


@pytest.mark.usefixtures("confirmed")
def test_the_page_says_what_is_remembered(as_operator: Client, operator: User) -> None:
    upload = receive(file_of(LATER, "feeder-2026-03-16.csv"), by=operator, options=ImportOptions(review=True)).upload
    page = as_operator.get(f"/uploads/{upload.pk}/answer/")
    assert "that operator confirmed for “feeder-2026-03-14.csv”" in page.content.decode()
    assert page.context["form"]["remember"].value() is None
