"""Which substations are accounted together."""

from __future__ import annotations

import pytest

from losses import networks
from losses.networks import accounted_batches
from substations.models import Link, Substation

from .stored_grid import substation, supplied

pytestmark = pytest.mark.django_db


def codes(*only: str) -> list[list[str]]:
    ids = [each.pk for batch in [Substation.objects.filter(code__in=only)] for each in batch]
    return sorted([each.code for each in batch.substations] for batch in accounted_batches(ids))


def test_a_network_comes_whole_and_others_not_at_all() -> None:
    supplied(substation("A"), substation("B"))
    substation("C")
    assert codes("A") == [["A", "B"]]
    assert codes("C") == [["C"]]
    assert codes("A", "C") == [["A", "B", "C"]]
    assert codes() == []


def test_an_open_switch_moves_nobody_to_another_batch() -> None:
    first, second = substation("A"), substation("B")
    Link.objects.create(source=first, target=second, r_ohm=1, status=Link.Status.OPEN)
    assert codes("B") == [["A", "B"]]


def test_a_batch_has_one_clock_and_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    substation("A")
    substation("B", reading_interval_s=600)
    substation("C", time_zone="Asia/Kolkata")
    supplied(substation("D", reading_interval_s=600), substation("E"))
    assert codes("A", "B", "C", "D", "E") == [["A"], ["B"], ["C"], ["D", "E"]]
    (mixed,) = accounted_batches([Substation.objects.get(code="D").pk])
    assert mixed.interval_s == 300


def test_many_small_networks_fill_batches_and_a_large_one_is_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "MAX_SUBSTATIONS", 2)
    supplied(*(substation(code) for code in "ABC"))
    for code in "DEF":
        substation(code)
    assert codes(*"ABCDEF") == [["A", "B", "C"], ["D", "E"], ["F"]]


def test_a_link_without_a_resistance_is_no_way_to_the_supply() -> None:
    Link.objects.create(target=substation("A"))
    (batch,) = accounted_batches([Substation.objects.get().pk])
    assert batch.segments == ()
