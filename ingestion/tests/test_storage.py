from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion import storage
from ingestion.changed_ranges import ChangedRanges
from ingestion.merging import RowOutcome, Stored
from ingestion.models import OverwrittenReading
from ingestion.stored_rows import StoredRows, stored_beside
from ingestion.validation import ReadingRows
from substations.channels import CHANNEL_INDEX, CHANNEL_NAMES
from substations.models import PendingRange, Reading, StaleRange, Substation

pytestmark = pytest.mark.django_db
START = np.datetime64("2025-03-01T00:00", "us")
P, S, T = (CHANNEL_INDEX[name] for name in ("active_power_kw", "apparent_power_kva", "oil_temperature_c"))


def rows_of(station: Substation, count: int = 4, *, first: int = 0, derived: int = 0, **columns: float) -> ReadingRows:
    values = np.full((count, len(CHANNEL_NAMES)), np.nan)
    for name, value in columns.items():
        values[:, CHANNEL_INDEX[name]] = value
    return ReadingRows(
        lines=np.arange(count, dtype=np.int64),
        substation_id=np.full(count, station.pk, dtype=np.int64),
        at=START + (first + np.arange(count)) * np.timedelta64(15, "m"),
        values=values,
        derived=np.full(count, derived, dtype=np.int64),
    )


def test_new_rows_are_stored_as_django_reads_them(station: Substation) -> None:
    assert storage.store(rows_of(station, active_power_kw=80.5)) == Stored(4, 0, 0)
    reading = Reading.objects.get(pk=(station.pk, datetime(2025, 3, 1, 0, 15, tzinfo=UTC)))
    assert (reading.active_power_kw, reading.apparent_power_kva, reading.derived) == (80.5, None, 0)


def test_fractions_of_a_second_survive(station: Substation) -> None:
    rows = rows_of(station, active_power_kw=1.0)
    rows.at[1] += np.timedelta64(250_000, "us")
    storage.store(rows)
    assert Reading.objects.filter(at=datetime(2025, 3, 1, 0, 15, 0, 250_000, tzinfo=UTC)).count() == 1
    assert Reading.objects.filter(at=datetime(2025, 3, 1, 0, 30, tzinfo=UTC)).count() == 1


def test_the_same_rows_again_change_nothing_and_leave_nothing_to_score(station: Substation) -> None:
    storage.store(rows_of(station, active_power_kw=80))
    PendingRange.objects.all().delete()
    assert storage.store(rows_of(station, active_power_kw=80)) == Stored(0, 0, 4)
    assert not PendingRange.objects.exists()


def test_an_overlap_is_counted_apart_and_only_what_changed_is_to_be_scored(station: Substation) -> None:
    storage.store(rows_of(station, active_power_kw=80))
    PendingRange.objects.all().delete()
    rows = rows_of(station, 5, first=1, active_power_kw=80)
    rows.values[1, P] = 99
    assert storage.store(rows) == Stored(new=2, replaced=1, unchanged=2)
    pending = PendingRange.objects.get()
    assert (pending.start, pending.end) == (
        datetime(2025, 3, 1, 0, 30, tzinfo=UTC),
        datetime(2025, 3, 1, 1, 15, tzinfo=UTC),
    )


def test_each_substation_gets_its_own_range_and_its_arrival_is_noted(station: Substation) -> None:
    other = Substation.objects.create(code="SS-02")
    mine, theirs = rows_of(station, 2, active_power_kw=1), rows_of(other, 2, first=8, active_power_kw=1)
    storage.store(
        ReadingRows(*(np.concatenate([getattr(r, name) for r in (mine, theirs)]) for name in ReadingRows.__slots__))
    )
    assert {pending.substation_id: pending.start.hour for pending in PendingRange.objects.all()} == {
        station.pk: 0,
        other.pk: 2,
    }
    assert Substation.objects.filter(received_at=None).count() == 0


def test_a_blank_erases_nothing(station: Substation) -> None:
    storage.store(rows_of(station, active_power_kw=80))
    assert storage.store(rows_of(station, oil_temperature_c=40)).replaced == 4
    assert set(Reading.objects.values_list("active_power_kw", "oil_temperature_c")) == {(80, 40)}


def test_a_derived_value_gives_way_to_a_measured_one_but_never_replaces_it(station: Substation) -> None:
    storage.store(rows_of(station, apparent_power_kva=100))
    assert storage.store(rows_of(station, derived=1 << S, apparent_power_kva=70)).unchanged == 4
    storage.store(rows_of(station, first=4, derived=1 << S, apparent_power_kva=70))
    assert storage.store(rows_of(station, first=4, apparent_power_kva=100)).replaced == 4
    assert set(Reading.objects.values_list("apparent_power_kva", "derived")) == {(100, 0)}


def test_each_row_of_a_small_batch_gets_its_outcome(station: Substation) -> None:
    storage.store(rows_of(station, 2, active_power_kw=80))
    rows = rows_of(station, 3, active_power_kw=80)
    rows.values[1, P] = 99
    stored, outcomes = storage.store_with_outcomes(rows)
    assert outcomes == [RowOutcome(0, "unchanged"), RowOutcome(1, "replaced"), RowOutcome(2, "accepted")]
    assert stored == Stored(1, 1, 1)


def test_nothing_is_written_for_no_rows(station: Substation, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert storage.store(rows_of(station, 0)) == Stored(0, 0, 0)


def together(*parts: ReadingRows) -> ReadingRows:
    return ReadingRows(*(np.concatenate([getattr(r, name) for r in parts]) for name in ReadingRows.__slots__))


def test_what_is_new_of_one_substation_and_known_of_another_is_told_apart(station: Substation) -> None:
    other = Substation.objects.create(code="SS-02")
    storage.store(rows_of(station, active_power_kw=80))
    PendingRange.objects.all().delete()
    StaleRange.objects.all().delete()
    changed = rows_of(station, active_power_kw=80)
    changed.values[2, P] = 99
    rows = together(changed, rows_of(other, 3, active_power_kw=1))
    rows.lines[:] = np.arange(7)
    stored, outcomes = storage.store_with_outcomes(rows)
    assert stored == Stored(new=3, replaced=1, unchanged=3)
    assert {each.line: each.outcome for each in outcomes} == {
        0: "unchanged", 1: "unchanged", 2: "replaced", 3: "unchanged", 4: "accepted", 5: "accepted", 6: "accepted",
    }  # fmt: skip
    expected = {(station.pk, 30, 30), (other.pk, 0, 30)}
    for model in (PendingRange, StaleRange):
        ranges = {(each.substation_id, each.start.minute, each.end.minute) for each in model.objects.all()}
        assert ranges == expected


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_row_between_two_stored_ones_or_beside_them_is_new(station: Substation, steps: int) -> None:
    storage.store(rows_of(station, 2, active_power_kw=80))
    between = rows_of(station, 1, active_power_kw=70)
    between.at[:] = START + np.timedelta64(15, "m") * steps + np.timedelta64(1, "us")
    assert storage.store(between) == Stored(1, 0, 0)
    assert Reading.objects.count() == 3


def test_rows_that_are_not_in_order_are_stored_alike(station: Substation) -> None:
    rows = rows_of(station, 4, active_power_kw=80)
    storage.store(ReadingRows(*(getattr(rows, name)[[2, 0, 3, 1]] for name in ReadingRows.__slots__)))
    pending = PendingRange.objects.get()
    assert (pending.start.minute, pending.end.minute) == (0, 45)
    assert Reading.objects.count() == 4


def test_rows_that_are_new_or_there_alike_are_not_staged(station: Substation) -> None:
    with CaptureQueriesContext(connection) as watch:
        storage.store(rows_of(station, active_power_kw=80))
        storage.store(rows_of(station, first=4, active_power_kw=80))
        storage.store(rows_of(station, 12, active_power_kw=80))
    assert not [query for query in watch.captured_queries if "ingestion_stage" in query["sql"]]


def test_each_of_two_rows_far_apart_finds_its_own_beside_a_dense_record(station: Substation) -> None:
    storage.store(rows_of(station, 100, active_power_kw=80))
    rows = rows_of(station, 100, active_power_kw=80)
    apart = rows.taken(np.array([3, 97]))
    assert storage.store(apart) == Stored(0, 0, 2)
    apart.values[1, P] = 99
    assert storage.store(apart) == Stored(0, 1, 1)
    assert Reading.objects.get(active_power_kw=99).at == datetime(2025, 3, 2, 0, 15, tzinfo=UTC)


def test_a_whole_record_is_read_only_where_the_rows_are_not_far_apart(station: Substation) -> None:
    storage.store(rows_of(station, 100, active_power_kw=80))
    apart = rows_of(station, 100, active_power_kw=80).taken(np.array([3, 97]))
    with connection.cursor() as cursor:
        beside = stored_beside(cursor, apart)
        within = StoredRows.within(cursor, ChangedRanges.of(apart), limit=8)
    assert beside.is_there.all()
    assert len(within) == 8


VALUES = st.one_of(st.none(), st.sampled_from([0.0, 1.5, 0.1 + 0.2]))
ROWS = st.dictionaries(
    st.tuples(st.booleans(), st.integers(0, 6)), st.tuples(VALUES, VALUES, st.integers(0, 3)), min_size=1
)


def counting(rows: dict[Any, Any], stations: tuple[Substation, Substation]) -> ReadingRows:
    """Rows with two channels, of which ``bits`` tells those that are derived and given."""
    keys = list(rows)
    values = np.full((len(rows), len(CHANNEL_NAMES)), np.nan)
    values[:, :2] = np.array([[np.nan if v is None else v for v in row[:2]] for row in rows.values()])
    given = ~np.isnan(values[:, :2]) @ np.array([1, 2])
    return ReadingRows(
        np.arange(len(rows)),
        np.array([stations[second].pk for second, _ in keys]),
        START + np.array([step for _, step in keys]) * np.timedelta64(20, "D"),
        values,
        np.array([bits for *_, bits in rows.values()]) & given,
    )


def one_by_one(before: Any, after: Any) -> tuple[list[float | None], int, dict[str, float]]:
    """What counts of one row, and what is lost, as the rules say it."""
    values, derived = list(before[:2]), before[2]
    lost: dict[str, float] = {}
    for n, bit in enumerate((1, 2)):
        old, new = before[n], after[n]
        if new is None or (after[2] & bit and old is not None and not before[2] & bit):
            continue
        if old is not None and not before[2] & bit and old != new:
            lost[CHANNEL_NAMES[n]] = old
        values[n], derived = new, derived & ~bit | after[2] & bit
    return values, derived, lost


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(ROWS, ROWS)
def test_any_rows_upon_any_others_count_as_the_rules_say(
    station: Substation, before: dict[Any, Any], after: dict[Any, Any]
) -> None:
    stations = station, Substation.objects.get_or_create(code="SS-02")[0]
    for model in (Reading, OverwrittenReading):
        model.objects.all().delete()
    sent = [counting(each, stations) for each in (before, after)]
    storage.store(sent[0])
    counted = storage.store(sent[1])
    expected: dict[Any, Any] = {}
    lost: dict[Any, Any] = {}
    counts = {"new": 0, "replaced": 0, "unchanged": 0}
    known = [
        {key: (*values[:2], int(bits)) for (key, values), bits in zip(rows.items(), made.derived, strict=True)}
        for rows, made in zip((before, after), sent, strict=True)
    ]
    for key in before.keys() | after.keys():
        old, new = (each.get(key) for each in known)
        if old is None or new is None:
            expected[key] = list(old or new or ())
            counts["new"] += old is None
            continue
        values, derived, gone = one_by_one(old, new)
        expected[key] = [*values, derived]
        counts["unchanged" if (*values, derived) == old else "replaced"] += 1
        lost |= {key: gone} if gone else {}
    found = Reading.objects.values_list("substation_id", "at", *CHANNEL_NAMES[:2], "derived")
    assert {key_of(pk, at, station): [*row] for pk, at, *row in found} == expected
    kept = OverwrittenReading.objects.values_list("substation_id", "at", "before")
    assert {key_of(pk, at, station): row for pk, at, row in kept} == lost
    assert counted == Stored(**counts)


def key_of(pk: int, at: datetime, first: Substation) -> tuple[bool, int]:
    return pk != first.pk, (at - START.item().replace(tzinfo=UTC)).days // 20
