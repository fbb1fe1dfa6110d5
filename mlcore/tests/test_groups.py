"""Which substations are judged together."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from mlcore.fleet import groups as module
from mlcore.fleet.groups import neighbour_groups
from substations.models import Link, Reading, Substation

from .grid import moment

pytestmark = pytest.mark.django_db
NEWEST = moment(1_772_409_600)


def reporting(code: str, days_ago: int = 0, **values: object) -> Substation:
    substation = Substation.objects.create(code=code, **values)
    Reading.objects.create(substation=substation, at=NEWEST - timedelta(days=days_ago))
    return substation


def codes() -> list[list[str]]:
    return sorted([each.code for each in group.substations] for group in neighbour_groups())


def test_without_readings_there_is_nothing_to_judge() -> None:
    Substation.objects.create(code="SILENT")
    assert neighbour_groups() == []


def test_alike_ones_share_a_group_in_the_order_of_their_codes() -> None:
    for code in ("B", "A", "C"):
        reporting(code)
    (group,) = neighbour_groups()
    assert [each.code for each in group.substations] == ["A", "B", "C"]
    assert group.ids == tuple(each.pk for each in group.substations)


def test_interval_and_time_zone_keep_them_apart() -> None:
    first, second = reporting("A"), reporting("B", reading_interval_s=3600)
    reporting("C", time_zone="Asia/Kolkata")
    Link.objects.create(source=first, target=second)
    assert codes() == [["A"], ["B"], ["C"]]


def test_records_that_ended_in_another_season_are_judged_apart() -> None:
    for code, days_ago in (("A", 0), ("B", 50), ("C", 100), ("D", 150)):
        reporting(code, days_ago)
    assert codes() == [["A", "B"], ["C", "D"]]


def test_a_link_keeps_even_those_together() -> None:
    first, second = reporting("A"), reporting("B", 400)
    Link.objects.create(source=first, target=second, status="open")
    assert codes() == [["A", "B"]]


def test_a_link_from_the_supply_or_to_a_silent_one_joins_nothing() -> None:
    silent = Substation.objects.create(code="S")
    for code, days_ago in (("A", 0), ("B", 400)):
        substation = reporting(code, days_ago)
        Link.objects.create(source=None, target=substation)
        Link.objects.create(source=substation, target=silent)
    assert codes() == [["A"], ["B"]]


def test_every_one_is_in_exactly_one_and_none_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GROUP_SIZE", 4)
    made = [reporting(f"N{number:02d}") for number in range(15)]
    for first, second in ((0, 1), (1, 2), (4, 9), (9, 14), (14, 4), *((n, n + 1) for n in range(5, 8))):
        Link.objects.create(source=made[first], target=made[second])
    found = codes()
    assert sorted(code for group in found for code in group) == [each.code for each in made]
    assert max(len(group) for group in found) <= 4
    together = next(group for group in found if "N04" in group)
    assert {"N04", "N09", "N14"} <= set(together)


def test_a_group_larger_than_a_group_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GROUP_SIZE", 4)
    made = [reporting(f"N{number:02d}") for number in range(10)]
    for first, second in pairwise(made):
        Link.objects.create(source=first, target=second)
    assert sorted(len(group) for group in codes()) == [2, 4, 4]


def test_only_those_that_hold_what_is_asked_for() -> None:
    first = reporting("A")
    reporting("B", reading_interval_s=3600)
    assert [each.substations for each in neighbour_groups([first])] == [(first,)]
    assert neighbour_groups([]) == []


def test_a_block_holds_groups_of_one_interval_and_fewer_of_fast_meters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GROUP_SIZE", 2)
    monkeypatch.setattr(module, "BATCH_SIZE", 4)
    monkeypatch.setattr(module, "BATCH_READINGS", 4 * 5760)
    for number in range(6):
        reporting(f"A{number}", reading_interval_s=900)
        reporting(f"B{number}", reading_interval_s=30)
    found = module.scoring_batches(neighbour_groups())
    assert [len(batch.ids) for batch in found] == [4, 2, 2, 2, 2]
    for batch in found:
        assert len({each.reading_interval_s for each in batch.whole.substations}) == 1
        assert batch.ids == batch.whole.ids
        assert batch.groups.tolist() == [number // 2 for number in range(len(batch.ids))]


def test_a_clock_that_is_ahead_costs_its_own_group_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GROUP_SIZE", 1)
    for code in "ABCDE":
        reporting(code)
    Reading.objects.create(substation=Substation.objects.get(code="C"), at=NEWEST + timedelta(hours=23))
    Reading.objects.create(substation=Substation.objects.get(code="D"), at=NEWEST + timedelta(minutes=15))
    found = module.scoring_batches(neighbour_groups())
    assert [[each.code for each in batch.whole.substations] for batch in found] == [["A", "B", "D", "E"], ["C"]]
    alone = module.scoring_batches(neighbour_groups([Substation.objects.get(code="C")]))
    assert [batch.ids for batch in alone] == [found[1].ids]
