"""Substations that should report and do not: what begins and ends an episode of missing data."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from mlcore.models import Detection
from mlcore.scoring.silence import follow_silence
from substations.models import Reading, Substation

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
NOW = timezone.now().replace(microsecond=0)


def meter(code: str = "A", *, age: timedelta, is_live: bool = True, **values: Any) -> Substation:
    substation = Substation.objects.create(code=code, live_at=NOW if is_live else None, **values)
    heard(substation, NOW - age)
    return substation


def heard(substation: Substation, at: datetime) -> None:
    Reading.objects.create(substation=substation, at=at, active_power_kw=1.0)


@pytest.mark.parametrize(
    ("interval_s", "grace_s", "minutes", "is_missing"),
    [(900, 300, 50, False), (900, 300, 51, True), (60, 0, 3, False), (60, 0, 4, True), (900, 86_400, 600, False)],
)
def test_data_is_missing_after_three_intervals_and_the_grace(
    interval_s: int, grace_s: int, minutes: int, is_missing: bool
) -> None:
    meter(age=minutes * MINUTE, reading_interval_s=interval_s, grace_s=grace_s)
    assert follow_silence(NOW) == is_missing
    assert Detection.objects.exists() == is_missing


def test_it_begins_when_the_next_reading_was_due_and_says_what_is_last_known() -> None:
    meter(age=120 * MINUTE)
    follow_silence(NOW)
    found = Detection.objects.get()
    assert (found.kind, found.cause, found.severity, found.end) == ("data_missing", "data_missing", 10, None)
    assert found.start == NOW - 105 * MINUTE
    assert found.reason.startswith("No readings came for three intervals of 15 min and a grace of 5 min.")
    assert "as last known" in found.reason


def test_a_second_look_changes_nothing() -> None:
    meter(age=120 * MINUTE)
    assert [follow_silence(NOW), follow_silence(NOW + MINUTE)] == [1, 0]


def test_it_ends_with_the_first_reading_that_returns() -> None:
    substation = meter(age=120 * MINUTE)
    follow_silence(NOW)
    heard(substation, NOW + 10 * MINUTE)
    heard(substation, NOW + 25 * MINUTE)
    assert follow_silence(NOW + 26 * MINUTE) == 1
    assert Detection.objects.get().end == NOW + 10 * MINUTE


def test_late_readings_alone_end_nothing() -> None:
    substation = meter(age=120 * MINUTE)
    follow_silence(NOW)
    heard(substation, NOW - 60 * MINUTE)
    assert follow_silence(NOW) == 0
    assert Detection.objects.get().end is None


def test_an_archive_is_not_expected_to_go_on() -> None:
    meter(age=timedelta(days=90), is_live=False)
    assert follow_silence(NOW) == 0


def test_one_that_has_never_reported_is_not_silent() -> None:
    Substation.objects.create(code="A", live_at=NOW)
    assert follow_silence(NOW) == 0


def test_the_cost_does_not_grow_with_the_substations(django_assert_num_queries: Any) -> None:
    for number in range(20):
        meter(f"S{number}", age=MINUTE)
    with django_assert_num_queries(2):
        follow_silence(NOW)
