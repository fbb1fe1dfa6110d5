"""Monthly partitions of the readings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from ingestion import services as ingestion
from mlcore.scoring.score_storage import make_months, replace_scores
from substations.models import Reading, Substation
from substations.partitions import READINGS, SCORES, drop_month, ensure_months, months, months_before

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  (hypothesis wants them naive)


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=900)))
def test_months_are_whole_joined_and_cover_the_range(start: datetime, length: timedelta) -> None:
    found = list(months(start, start + length))
    assert found[0][0] <= start
    assert found[-1][0] <= start + length < found[-1][1]
    assert all(first.day == 1 and first.time() == datetime.min.time() for first, _after in found)
    assert [after for _first, after in found[:-1]] == [first for first, _after in found[1:]]


def test_a_year_ends_with_december() -> None:
    found = [first.strftime("%Y-%m") for first, _after in months(at(2025, 11, 30), at(2026, 2, 1))]
    assert found == ["2025-11", "2025-12", "2026-01", "2026-02"]


def test_a_month_is_one_of_utc() -> None:
    zone = datetime.fromisoformat("2026-03-01T00:00:00+05:30")
    assert [first.month for first, _after in months(zone, zone)] == [2]


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]  # three numbers


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor == "postgresql", reason="speaks of databases without partitions")
def test_elsewhere_nothing_is_done(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        ensure_months(at(2025, 1, 1), at(2026, 1, 1))


def partitions(table: str = READINGS) -> dict[str, int]:
    """Rows of each partition."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
        names = [name for (name,) in cursor.fetchall()]
        counts = {}
        for name in names:
            cursor.execute(f'SELECT COUNT(*) FROM "{name}"')  # noqa: S608  (names come from the catalogue)
            counts[name] = cursor.fetchone()[0]
    return counts


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_load_across_new_year_fills_the_partition_of_each_month() -> None:
    Substation.objects.create(code="SS-01")
    days = [at(2025, 12, 30) + timedelta(days=n) for n in range(4)]
    answers = ingestion.load_rows(
        [{"substation": "SS-01", "at": day.isoformat(), "active_power_kw": 1.0} for day in days], "api"
    )
    assert [answer.outcome for answer in answers] == ["accepted"] * 4
    found = partitions()
    assert (found["substations_reading_2025_12"], found["substations_reading_2026_01"]) == (2, 2)
    assert found["substations_reading_other"] == 0
    assert Reading.objects.between(at(2025, 12, 31), at(2026, 1, 1)).count() == 2


@pytest.mark.postgres
@pytest.mark.django_db
def test_making_them_twice_makes_them_once(django_assert_num_queries: Any) -> None:
    ensure_months(at(2030, 1, 5), at(2030, 3, 5))
    before = partitions()
    assert {name for name in before if "2030" in name} == {f"substations_reading_2030_0{n}" for n in (1, 2, 3)}
    with django_assert_num_queries(1):
        ensure_months(at(2030, 1, 5), at(2030, 3, 5))
    assert partitions() == before


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_month_whose_readings_came_before_its_partition_can_still_be_loaded() -> None:
    """A reading that was written without the intake lies in the default partition."""
    substation = Substation.objects.create(code="SS-01")
    Reading.objects.create(substation=substation, at=at(2021, 5, 1))
    rows = [{"substation": "SS-01", "at": at(2021, 5, n).isoformat(), "active_power_kw": 1.0} for n in (1, 2)]
    with transaction.atomic():
        answers = ingestion.load_rows(rows, "feed")
    assert [answer.outcome for answer in answers] == ["replaced", "accepted"]
    assert Reading.objects.count() == 2


@pytest.mark.postgres
@pytest.mark.django_db
def test_scores_have_months_too() -> None:
    station = Substation.objects.create(code="SS-01")
    times = [at(2031, 12, 31), at(2032, 1, 1)]
    make_months(times[0], times[1])
    replace_scores([station.pk], times[0], times[1], [(station.pk, each, 1.0, "", 0, *[None] * 8) for each in times])
    found = partitions(SCORES)
    assert (found["mlcore_score_2031_12"], found["mlcore_score_2032_01"]) == (1, 1)
    assert found["mlcore_score_other"] == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_months_that_nobody_keeps_are_named_and_dropped() -> None:
    station = Substation.objects.create(code="SS-01")
    ensure_months(at(2031, 1, 1), at(2031, 2, 1))
    Reading.objects.create(substation=station, at=at(2031, 1, 31))
    assert "substations_reading_2031_01" not in months_before(at(2031, 1, 31), table=READINGS)
    assert months_before(at(2031, 2, 1), table=READINGS)[-1] == "substations_reading_2031_01"
    assert drop_month("substations_reading_2031_01") == 1
    assert "substations_reading_2031_01" not in partitions()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_month_that_somebody_works_on_is_left_for_the_next_time() -> None:
    ensure_months(at(2031, 1, 1), at(2031, 1, 2))
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM substations_reading_2031_01")
        with pytest.raises(OperationalError), transaction.atomic():
            drop_month("substations_reading_2031_01")
    finally:
        other.rollback()
        other.close()
    assert "substations_reading_2031_01" in partitions()
    with transaction.atomic():
        drop_month("substations_reading_2031_01")
