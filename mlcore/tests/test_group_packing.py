"""How substations are packed into neighbour groups: links first, then size, interval, zone and season."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from mlcore.fleet import groups
from mlcore.fleet.groups import NeighbourGroup, ScoringBatch, _joined, _packed, _recency_windows

NOW = datetime.fromisoformat("2026-03-02T00:00:00+00:00")


def substation(code: str, days_ago: float = 0, interval_s: int = 900, zone: str = "UTC") -> Any:
    latest = NOW - timedelta(days=days_ago)
    return SimpleNamespace(pk=ord(code), code=code, reading_interval_s=interval_s, time_zone=zone, latest_at=latest)


def codes(packed: list[list[Any]]) -> list[str]:
    return ["".join(sorted(each.code for each in group)) for group in packed]


def linked(everyone: list[Any], *links: str) -> list[str]:
    pairs = [(None if link[0] == "-" else ord(link[0]), ord(link[1])) for link in links]
    return sorted(codes(_joined(everyone, pairs)))


def many(letters: str) -> list[Any]:
    return [substation(letter) for letter in letters]


def test_links_join_also_over_several_and_in_any_order() -> None:
    assert linked(many("ABCDE"), "CD", "AB", "BC") == ["ABCD", "E"]


def test_a_ring_is_one_group() -> None:
    assert linked(many("ABC"), "AB", "BC", "CA") == ["ABC"]


@pytest.mark.parametrize("link", ["-A", "AZ", "ZA"])
def test_the_supply_and_those_without_readings_join_nothing(link: str) -> None:
    assert linked(many("AB"), link) == ["A", "B"]


def test_linked_ones_of_another_interval_are_judged_apart() -> None:
    mixed = [substation("A"), substation("B", interval_s=60), substation("C", zone="Asia/Tokyo")]
    assert linked(mixed, "AB", "BC") == ["A", "B", "C"]


def test_small_groups_share_one_until_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "GROUP_SIZE", 3)
    assert codes(_packed([many("A"), many("BC"), many("D"), many("EF")])) == ["ABC", "DEF"]
    assert codes(_packed([many("AB"), many("CD")])) == ["AB", "CD"], "nobody is torn from its neighbours"


def test_a_large_one_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "GROUP_SIZE", 2)
    assert codes(_packed([many("ABCDE")])) == ["AB", "CD", "E"]


def test_the_order_of_readings_does_not_move_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "GROUP_SIZE", 2)
    early = [[substation(letter, days_ago=number)] for number, letter in enumerate("ABCD")]
    late = [[substation(letter, days_ago=3 - number)] for number, letter in enumerate("ABCD")]
    assert codes(_packed(early)) == codes(_packed(late)) == ["AB", "CD"]


@pytest.mark.parametrize(("days_ago", "windows"), [(59, 1), (61, 2)])
def test_records_that_ended_two_months_apart_are_no_neighbours(days_ago: int, windows: int) -> None:
    assert len(_recency_windows([[substation("A")], [substation("B", days_ago)]])) == windows


def test_a_group_is_as_new_as_its_newest() -> None:
    group = NeighbourGroup((substation("A", 5), substation("B", 2)))
    assert group.newest == NOW - timedelta(days=2)
    assert group.ids == (ord("A"), ord("B"))


def test_a_batch_numbers_the_groups_of_its_substations() -> None:
    batch = ScoringBatch((NeighbourGroup(tuple(many("AB"))), NeighbourGroup(tuple(many("C")))))
    assert batch.groups.tolist() == [0, 0, 1]
    assert batch.ids == batch.whole.ids == (65, 66, 67)
