"""The readings of a substation as CSV, which the upload reads back."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ingestion import services as ingestion
from ingestion.models import Upload
from substations.channels import CHANNEL_NAMES
from substations.models import PendingRange, Reading, Substation
from substations.simulation import SimulationSpec, simulate

from .readings_pages import AT, STEP, SignIn, assert_guarded, read, text

pytestmark = pytest.mark.django_db
URL = "/substations/SS-01/readings.csv"


@pytest.fixture
def station() -> Substation:
    return Substation.objects.create(code="SS-01", time_zone="Asia/Kolkata")


def exported(signed_in: SignIn, query: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text(signed_in("viewer").get(URL + query)))))


def rows() -> list[Any]:
    return list(Reading.objects.order_by("substation", "at").values())


def test_those_without_a_role_see_nothing(signed_in: SignIn, station: Substation) -> None:
    assert_guarded(signed_in, URL)


def test_an_unknown_substation_is_not_found(signed_in: SignIn) -> None:
    assert signed_in("viewer").get(URL).status_code == 404


def test_without_readings_it_is_a_header(signed_in: SignIn, station: Substation) -> None:
    assert exported(signed_in) == exported_rows_of_range(signed_in) == []


def exported_rows_of_range(signed_in: SignIn) -> list[dict[str, str]]:
    client = signed_in("operator")
    return list(csv.DictReader(io.StringIO(text(client.get(URL + "?range=24h")))))


def test_times_carry_their_offset(signed_in: SignIn, station: Substation) -> None:
    Reading.objects.create(substation=station, at=AT + timedelta(milliseconds=500), active_power_kw=1.25)
    row = exported(signed_in)[0]
    assert row["Timestamp"] == "2026-03-02 00:00:00.500000+00:00"
    assert (row["Substation"], row["Active power (kW)"], row["Power factor"]) == ("SS-01", "1.25", "")


@pytest.mark.parametrize(("query", "count"), [("", 300), ("?range=all", 300), ("?range=24h", 97)])
def test_a_range_is_counted_back_from_the_newest(
    signed_in: SignIn, station: Substation, query: str, count: int
) -> None:
    read(station, 300, active_power_kw=1.0)
    assert len(exported(signed_in, query)) == count


def test_an_exact_range_is_in_the_zone_of_the_substation(signed_in: SignIn, station: Substation) -> None:
    read(station, 300, active_power_kw=1.0)
    assert len(exported(signed_in, "?from=2026-03-02T05:30&to=2026-03-02T06:30")) == 5


def test_a_range_that_cannot_be_read_exports_nothing(signed_in: SignIn, station: Substation) -> None:
    answer = signed_in("viewer").get(URL, {"range": "century"})
    assert answer.status_code == 400
    assert "“century” is not a range" in text(answer)


def test_the_name_of_the_file_survives_any_code(signed_in: SignIn) -> None:
    Substation.objects.create(code='Süd-"1"')
    answer = signed_in("viewer").get('/substations/S%C3%BCd-"1"/readings.csv')
    assert "filename*=utf-8''readings-S%C3%BCd-%221%22.csv" in answer.headers["Content-Disposition"]


def uploaded(content: str) -> Upload:
    received = ingestion.receive(SimpleUploadedFile("readings.csv", content.encode()))
    ingestion.load(received.upload.pk)
    return Upload.objects.get(pk=received.upload.pk)


def test_uploading_the_export_changes_nothing(signed_in: SignIn, station: Substation) -> None:
    made = simulate(SimulationSpec(substations=1, days=1, seed=3))
    ingestion.load_rows(
        [
            {"substation": "SS-01", "at": (AT + n * STEP).isoformat()}
            | {
                name: float(value)
                for name, value in zip(CHANNEL_NAMES, made.values[0, n], strict=True)
                if value == value
            }
            for n in range(96)
        ],
        Upload.Source.API,
    )
    before = rows()
    PendingRange.objects.all().delete()
    upload = uploaded(text(signed_in("viewer").get(URL)))
    assert (upload.state, upload.rows_unchanged, upload.rows_new, upload.rows_replaced) == ("loaded", 96, 0, 0)
    assert rows() == before
    assert not PendingRange.objects.exists(), "nothing has to be scored again"


def test_what_was_derived_does_not_come_back_as_measured(signed_in: SignIn, station: Substation) -> None:
    given = {"substation": "SS-01", "active_power_kw": 80.0, "apparent_power_kva": 100.0, "voltage_avg_v": 400.0}
    ingestion.load_rows([given | {"at": (AT + n * STEP).isoformat()} for n in range(3)], Upload.Source.API)
    before = rows()
    assert before[0]["derived"]
    row = exported(signed_in)[0]
    assert (row["Power factor"], row["Active power (kW)"]) == ("", "80.0")
    upload = uploaded(text(signed_in("operator").get(URL)))
    assert upload.rows_unchanged == 3
    assert rows() == before


def test_it_loads_into_an_empty_system_too(signed_in: SignIn, station: Substation) -> None:
    read(station, 4, active_power_kw=80.0, apparent_power_kva=100.0, reactive_power_kvar=60.0)
    content = text(signed_in("viewer").get(URL))
    Reading.objects.all().delete()
    assert uploaded(content).rows_new == 4
    assert [row["at"] for row in rows()] == [AT + n * STEP for n in range(4)]
