from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.services import load_rows
from substations.models import PendingRange, Reading, Substation

pytestmark = pytest.mark.django_db


def row(minute: int = 0, **changes: Any) -> dict[str, Any]:
    return {"substation": "SS-01", "at": f"2025-03-01T00:{minute:02d}:00Z", "active_power_kw": 80.0, **changes}


def outcomes(rows: list[dict[str, Any]], source: str = "api") -> list[str]:
    return [answer.outcome for answer in load_rows(rows, source)]


def test_every_row_gets_its_answer_in_order(station: Substation) -> None:
    load_rows([row(0), row(15)], "api")
    answers = load_rows(
        [row(0), row(15, active_power_kw=99), row(30), row(45, power_factor=7), row(50, active_power_kw=None)], "api"
    )
    assert [answer.outcome for answer in answers] == ["unchanged", "replaced", "accepted", "rejected", "rejected"]
    assert [answer.index for answer in answers] == list(range(5))
    assert (answers[3].field, answers[3].received) == ("power_factor", "7.0")
    assert "-1 to 1" in answers[3].expected
    assert "at least one" in answers[4].expected


def test_powers_are_completed_and_left_to_be_scored(station: Substation) -> None:
    load_rows([row(apparent_power_kva=100)], "api")
    assert Reading.objects.get().power_factor == pytest.approx(0.8)
    assert PendingRange.objects.count() == 1


def test_a_time_may_be_a_datetime_or_in_the_substations_own_zone(station: Substation) -> None:
    load_rows([row(at=datetime(2025, 3, 1, tzinfo=UTC)), row(at="2025-03-01T05:45:00")], "api")
    assert [at.minute for at in Reading.objects.order_by("at").values_list("at", flat=True)] == [0, 15]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"substation": "SS-99"}, "substation"),
        ({"substation": None}, "substation"),
        ({"at": "soon"}, "at"),
        ({"at": None}, "at"),
        ({"at": "2150-01-01T00:00:00Z"}, "at"),
        ({"active_power_kw": "many"}, "active_power_kw"),
        ({"active_power_kw": True}, "active_power_kw"),
        ({"active_power_kw": [1]}, "active_power_kw"),
        ({"active_power_kw": float("inf")}, "active_power_kw"),
    ],
)
def test_a_bad_row_is_answered_with_the_field_and_the_good_one_beside_it_stored(
    station: Substation, changes: dict[str, Any], field: str
) -> None:
    bad, good = load_rows([row(**changes), row(30)], "api")
    assert (bad.outcome, bad.field, good.outcome) == ("rejected", field, "accepted")
    assert Reading.objects.count() == 1


@pytest.mark.parametrize(("minutes", "outcome"), [(4, "accepted"), (6, "rejected")])
def test_a_clock_may_run_five_minutes_ahead(station: Substation, minutes: int, outcome: str) -> None:
    (answer,) = load_rows([row(at=(timezone.now() + timedelta(minutes=minutes)).isoformat())], "feed")
    assert answer.outcome == outcome
    assert ("at most 5 minutes ahead" in answer.expected) == (outcome == "rejected")


def test_what_comes_from_the_future_is_put_aside_and_noted(station: Substation) -> None:
    assert outcomes([row(at="2150-01-01T00:00:00Z"), row(at="2151-01-01T00:00:00Z"), row()]) == [
        "rejected", "rejected", "accepted",
    ]  # fmt: skip
    station.refresh_from_db()
    assert (station.future_count, station.future_at) == (2, datetime(2151, 1, 1, tzinfo=UTC))
    assert station.future_seen_at is not None
    assert list(station.readings.values_list("at", flat=True)) == [datetime.fromisoformat(row()["at"])]


def test_only_fresh_readings_make_a_substation_live(station: Substation) -> None:
    load_rows([row(at=(timezone.now() - timedelta(days=2)).isoformat())], "api")
    station.refresh_from_db()
    assert station.live_at is None
    load_rows([row(at=(timezone.now() - timedelta(hours=2)).isoformat())], "api")
    station.refresh_from_db()
    assert station.live_at is not None


def test_an_unknown_field_is_named(station: Substation) -> None:
    with pytest.raises(ValueError, match="“colour”"):
        load_rows([row(colour="red")], "api")


def test_nothing_is_done_for_no_rows() -> None:
    assert load_rows([], "api") == []


PLAIN = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)
JSON = PLAIN | st.lists(PLAIN, max_size=2)
ROW = st.fixed_dictionaries({"substation": JSON, "at": JSON, "active_power_kw": JSON})


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROW, min_size=1, max_size=4))
def test_no_json_makes_it_fail(station: Substation, rows: list[dict[str, Any]]) -> None:
    assert set(outcomes(rows)) <= {"accepted", "rejected", "unchanged", "replaced"}
