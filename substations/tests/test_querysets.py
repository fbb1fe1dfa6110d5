"""Questions asked of the grid's tables, and the claim of what waits to be scored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from core.leases import LEASE_FOR
from substations.channels import CHANNEL_NAMES
from substations.models import Link, PendingRange, Reading, Substation

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, tzinfo=UTC)
STEP = timedelta(minutes=15)


@pytest.fixture
def station() -> Substation:
    return Substation.objects.create(code="SS-01", name="North yard", site="Harbour")


def read(substation: Substation, count: int = 3, **values: float) -> None:
    Reading.objects.bulk_create(Reading(substation=substation, at=AT + n * STEP, **values) for n in range(count))


def pending(substation: Substation, **values: Any) -> PendingRange:
    return PendingRange.objects.create(**{"substation": substation, "start": AT, "end": AT + STEP, **values})


def claim(*substations: Substation, now: datetime = AT) -> Any:
    return PendingRange.objects.claim_all_of([each.pk for each in substations], now=now)


def test_the_newest_reading_comes_with_its_substation_in_one_query(
    station: Substation, django_assert_num_queries: Any
) -> None:
    read(station, power_factor=0.9)
    Reading.objects.filter(at=AT + 2 * STEP).update(power_factor=0.8)
    Substation.objects.create(code="SILENT")
    with django_assert_num_queries(1):
        found: list[Any] = list(Substation.objects.with_newest_reading("power_factor"))
    assert [(each.code, each.latest_at, each.newest_power_factor) for each in found] == [
        ("SS-01", AT + 2 * STEP, 0.8),
    ]
    assert [each.code for each in Substation.objects.reporting()] == ["SS-01"]


@pytest.mark.parametrize("text", ["ss-0", "YARD", "harb"])
def test_a_search_looks_at_code_name_and_site(station: Substation, text: str) -> None:
    Substation.objects.create(code="OTHER")
    assert list(Substation.objects.matching(text)) == [station]


def test_closed_links_are_those_that_conduct(station: Substation) -> None:
    Link.objects.create(target=station)
    Link.objects.create(source=station, target=Substation.objects.create(code="B"), status="open")
    assert Link.objects.closed().count() == 1


def test_a_range_includes_both_ends_and_may_be_open(station: Substation) -> None:
    read(station, 5)
    between = Reading.objects.for_substation(station).between
    assert between(AT + STEP, AT + 3 * STEP).count() == 3
    assert (between(None, AT).count(), between(AT + 4 * STEP, None).count(), between(None, None).count()) == (1, 1, 5)
    assert [each.at for each in Reading.objects.newest(2)] == [AT + 4 * STEP, AT + 3 * STEP]


def test_arrays_are_ordered_and_what_is_missing_is_nan(station: Substation) -> None:
    other = Substation.objects.create(code="A")
    read(other, 1, active_power_kw=5.0)
    read(station, 2, power_factor=0.9)
    found = Reading.objects.order_by("-at").as_arrays(("power_factor", "active_power_kw"))
    assert found.substation_id.tolist() == sorted([station.pk, station.pk, other.pk])
    mine = found.substation_id == station.pk
    assert found.at_s[mine].tolist() == [int(AT.timestamp()), int((AT + STEP).timestamp())]
    np.testing.assert_array_equal(found.values[mine], [[0.9, np.nan], [0.9, np.nan]])


def test_no_rows_are_empty_arrays_of_the_right_shape() -> None:
    found = Reading.objects.as_arrays()
    assert (len(found), found.values.shape) == (0, (0, len(CHANNEL_NAMES)))


def test_of_two_claimers_one_gets_the_work(station: Substation) -> None:
    pending(station)
    token = claim(station)
    assert token is not None
    assert claim(station) is None
    assert PendingRange.objects.claimed(token).count() == 1


def test_nothing_that_waits_is_nothing_to_claim(station: Substation) -> None:
    assert claim(station) is None


def test_a_claim_takes_every_range_of_these_substations_alone(station: Substation) -> None:
    other = Substation.objects.create(code="B")
    for each in (station, station, other):
        pending(each)
    token = claim(station)
    assert PendingRange.objects.claimed(token).count() == 2
    assert PendingRange.objects.unclaimed(AT).get().substation == other


def test_a_claim_that_ran_out_is_claimed_again_and_the_old_token_is_worth_nothing(station: Substation) -> None:
    pending(station)
    first = claim(station)
    assert claim(station, now=AT + LEASE_FOR) is None
    second = claim(station, now=AT + LEASE_FOR + timedelta(seconds=1))
    assert second not in (None, first)
    assert not PendingRange.objects.claimed(first).exists()


def test_what_arrives_meanwhile_waits_until_the_one_who_is_at_it_has_finished(station: Substation) -> None:
    """Two workers that judge the same substations at once would overwrite each other's result."""
    other = Substation.objects.create(code="B")
    pending(station)
    token = claim(station, other)
    pending(other, start=AT + STEP, end=AT + 2 * STEP)
    assert claim(station, other) is None
    PendingRange.objects.claimed(token).delete()
    assert claim(station, other) is not None
