"""A measured value that another one takes the place of is kept, with when, by whom and from where."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from core.authorship import Authorship, authored
from ingestion import services as ingestion
from ingestion.models import OverwrittenReading
from substations.models import Reading, Substation

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def station() -> Substation:
    return Substation.objects.create(code="SS-01")


def send(**values: Any) -> str:
    row = {"substation": "SS-01", "at": AT.isoformat(), **values}
    return ingestion.load_rows([row], "feed")[0].outcome


def kept() -> list[dict[str, Any]]:
    return list(OverwrittenReading.objects.order_by("pk").values_list("before", flat=True))


def test_the_old_value_is_kept_with_when_and_from_where() -> None:
    send(active_power_kw=100.0, voltage_avg_v=400.0)
    assert send(active_power_kw=120.0) == "replaced"
    (row,) = OverwrittenReading.objects.all()
    assert (row.substation.code, row.at, row.before) == ("SS-01", AT, {"active_power_kw": 100.0})
    assert (row.author, row.source) == ("", "command")
    assert Reading.objects.get().active_power_kw == 120.0


def test_each_time_it_is_kept_again() -> None:
    for power in (100.0, 110.0, 120.0):
        send(active_power_kw=power)
    assert kept() == [{"active_power_kw": 100.0}, {"active_power_kw": 110.0}]


def test_what_is_sent_again_overwrites_nothing() -> None:
    send(active_power_kw=100.0)
    assert send(active_power_kw=100.0) == "unchanged"
    assert kept() == []


def test_a_gap_that_is_filled_overwrites_nothing() -> None:
    send(active_power_kw=100.0)
    assert send(voltage_avg_v=400.0) == "replaced"
    assert kept() == []


def test_what_was_worked_out_was_never_measured() -> None:
    send(active_power_kw=80.0, apparent_power_kva=100.0)
    assert Reading.objects.get().power_factor == pytest.approx(0.8)
    send(power_factor=0.79)
    assert kept() == []


def test_a_zero_is_a_value() -> None:
    send(active_power_kw=0.0)
    send(active_power_kw=5.0)
    assert kept() == [{"active_power_kw": 0.0}]


def test_every_digit_is_kept() -> None:
    send(active_power_kw=0.1 + 0.2)
    send(active_power_kw=5.0)
    assert kept() == [{"active_power_kw": 0.1 + 0.2}]


def test_who_sends_it_is_named() -> None:
    send(active_power_kw=100.0)
    with authored(lambda: Authorship("bea", "worker", work="upload 12")):
        send(active_power_kw=110.0)
    row = OverwrittenReading.objects.get()
    assert (row.author, row.source) == ("bea", "upload 12")


def test_by_the_api_it_is_the_user(admin_client: Client) -> None:
    for power in (100.0, 110.0):
        row = {"substation": "SS-01", "at": AT.isoformat(), "active_power_kw": power}
        admin_client.post("/api/readings/", [row], content_type="application/json")
    kept_row = OverwrittenReading.objects.get()
    assert (kept_row.author, kept_row.source, kept_row.before) == ("admin", "api", {"active_power_kw": 100.0})
