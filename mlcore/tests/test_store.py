"""Stored detectors back into memory: the active one, or the newest older one that is sound."""

from __future__ import annotations

from typing import Any

import pytest

from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Detector, DetectorEvent
from mlcore.training import store
from mlcore.training.artifacts import CorruptArtifactError
from mlcore.training.store import load_detectors
from substations.models import Substation

from .grid import moment

pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> NeighbourGroup:
    return NeighbourGroup(tuple(Substation.objects.create(code=code) for code in "AB"))


@pytest.fixture
def sound(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Versions of which the bytes are those that were stored; the others are refused."""
    numbers: set[int] = set()

    def read(row: Detector) -> Any:
        if row.version not in numbers:
            raise CorruptArtifactError("The checksum is wrong.")
        return f"detector {row.version}"

    monkeypatch.setattr(store, "read", read)
    return numbers


def versions(group: NeighbourGroup, count: int, active: int) -> None:
    for number in range(1, count + 1):
        Detector.objects.create(
            substation=group.substations[0], version=number, is_active=number == active, row_count=1, arrays=b"",
            sha256="", trained_from=moment(0), trained_until=moment(1),
        )  # fmt: skip


def test_the_active_version_serves(group: NeighbourGroup, sound: set[int]) -> None:
    sound.update({1, 2, 3})
    versions(group, 3, active=2)
    usable, rows = load_detectors(group)
    assert {code: str(detector) for code, detector in usable.items()} == {"A": "detector 2"}
    assert rows["A"].version == 2
    assert not DetectorEvent.objects.exists()


def test_older_versions_are_not_asked_for_while_the_active_ones_serve(
    group: NeighbourGroup, sound: set[int], django_assert_num_queries: Any
) -> None:
    sound.update({1, 2})
    versions(group, 2, active=2)
    with django_assert_num_queries(1):
        load_detectors(group)


def test_one_that_is_refused_gives_way_to_the_newest_older_sound_one(group: NeighbourGroup, sound: set[int]) -> None:
    sound.update({1, 2, 5})
    versions(group, 5, active=4)
    usable, rows = load_detectors(group)
    assert (str(usable["A"]), rows["A"].version) == ("detector 2", 2), "a newer one is not taken by itself"
    assert Detector.objects.get(is_active=True).version == 2
    refused = Detector.objects.exclude(broken_reason="").order_by("version")
    assert [row.version for row in refused] == [3, 4]


def test_without_a_sound_version_the_substation_is_left_out(group: NeighbourGroup, sound: set[int]) -> None:
    versions(group, 2, active=2)
    assert load_detectors(group) == ({}, {})
    assert Detector.objects.get(is_active=True).version == 2


def test_a_group_without_versions_has_none(group: NeighbourGroup) -> None:
    assert load_detectors(group) == ({}, {})
