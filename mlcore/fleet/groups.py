"""Neighbour groups: substations that are trained and scored together, because their readings explain one another.

A group holds substations with the same reading interval and time zone. Those joined by links stay together, since the
current of one flows through the feeders of the others; the rest share a group if they report from the same window.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from mlcore.diagnosis.terms import CONTEXT_HOURS, HOUR_S
from substations.models import Link, Substation

# chosen: enough neighbours for a median of the others; training one group's models at once fits into memory.
GROUP_SIZE = 50
# A batch is judged with the context before its readings: of fast meters fewer fit into memory.
BATCH_SIZE, BATCH_READINGS = 500, 1_000_000
CONTEXT_S = CONTEXT_HOURS * HOUR_S
CLOCK_AHEAD = timedelta(hours=2)
# One grid of time holds a group: records that ended years apart would make it mostly empty.
RECENCY_WINDOW = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class NeighbourGroup:
    """Substations in the order of their codes; the first names the group."""

    substations: tuple[Substation, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(substation.pk for substation in self.substations)

    @property
    def newest(self) -> datetime:
        """Time of the newest reading when the neighbour groups were made."""
        return _newest(self.substations)


@dataclass(frozen=True, slots=True)
class ScoringBatch:
    """Neighbour groups that are judged in one go; each keeps to its own neighbours."""

    neighbour_groups: tuple[NeighbourGroup, ...]

    @property
    def whole(self) -> NeighbourGroup:
        """All substations of the batch as one group."""
        return NeighbourGroup(tuple(substation for group in self.neighbour_groups for substation in group.substations))

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(pk for group in self.neighbour_groups for pk in group.ids)

    @property
    def groups(self) -> NDArray[np.int64]:
        """[substation] the number of its group."""
        return np.repeat(np.arange(len(self.neighbour_groups)), [len(group.ids) for group in self.neighbour_groups])


def neighbour_groups(substations: Iterable[Substation] | None = None) -> list[NeighbourGroup]:
    """Every substation that has readings in exactly one group. Given some, only the groups that hold one of them."""
    asked_for = None if substations is None else {substation.pk for substation in substations}
    everyone = list(Substation.objects.reporting().order_by("code"))
    groups = _joined(everyone, Link.objects.exclude(source=None).values_list("source_id", "target_id"))
    packed = [NeighbourGroup(tuple(sorted(group, key=lambda substation: substation.code))) for group in _packed(groups)]
    return [group for group in packed if asked_for is None or asked_for & set(group.ids)]


def scoring_batches(groups: Sequence[NeighbourGroup]) -> list[ScoringBatch]:
    """Groups of one interval, time zone and recency window in batches.

    A clock that is years off keeps nobody else's batch from being judged step by step.
    """
    made: dict[tuple[int, str], list[list[NeighbourGroup]]] = defaultdict(list)
    for group in groups:
        first = group.substations[0]
        alike = made[first.reading_interval_s, first.time_zone]
        largest = min(BATCH_SIZE, BATCH_READINGS * first.reading_interval_s // CONTEXT_S)
        if (
            not alike
            or sum(len(other.ids) for other in alike[-1]) + len(group.ids) > largest
            or alike[-1][0].newest - group.newest > RECENCY_WINDOW
        ):
            alike.append([])
        alike[-1].append(group)
    return [part for alike in made.values() for batch in alike for part in _without_clocks_ahead(batch)]


def _without_clocks_ahead(batch: list[NeighbourGroup]) -> list[ScoringBatch]:
    """A batch, and each of its neighbour groups with a reading from long after the others' as a batch of its own.

    The others' readings are late beside that one, and would have to be judged again with all their context.
    """
    usual = sorted(group.newest for group in batch)[(len(batch) - 1) // 2]
    ahead = [group for group in batch if group.newest - usual > CLOCK_AHEAD]
    kept = [group for group in batch if group not in ahead]
    return [ScoringBatch(tuple(kept)), *(ScoringBatch((group,)) for group in ahead)]


def _joined(everyone: Sequence[Substation], links: Iterable[tuple[int | None, int]]) -> list[list[Substation]]:
    parent = {substation.pk: substation.pk for substation in everyone}

    def root(pk: int) -> int:
        while parent[pk] != pk:
            parent[pk] = parent[parent[pk]]
            pk = parent[pk]
        return pk

    for source, target in links:
        if source in parent and target in parent:
            parent[root(target)] = root(source)
    groups: dict[tuple[int, str, int], list[Substation]] = defaultdict(list)
    for substation in everyone:
        groups[substation.reading_interval_s, substation.time_zone, root(substation.pk)].append(substation)
    return list(groups.values())


def _packed(groups: list[list[Substation]]) -> list[list[Substation]]:
    """Small groups of one interval, zone and window share a group; a group larger than a group is cut.

    In the order of their codes, so that the neighbour groups stay the same while readings come in.
    """
    full: list[list[Substation]] = []
    for window in _recency_windows(groups):
        filling: list[Substation] = []
        for group in sorted(window, key=lambda linked: min(substation.code for substation in linked)):
            for at in range(0, len(group), GROUP_SIZE):
                part = group[at : at + GROUP_SIZE]
                if filling and len(filling) + len(part) > GROUP_SIZE:
                    full.append(filling)
                    filling = []
                filling = filling + part
        full += [filling] if filling else []
    return full


def _recency_windows(groups: list[list[Substation]]) -> list[list[list[Substation]]]:
    """Groups of one interval and zone whose newest readings are at most a window older than the newest of them."""
    windows: list[list[list[Substation]]] = []
    open_since: dict[tuple[int, str], tuple[datetime, list[list[Substation]]]] = {}
    for group in sorted(groups, key=_newest, reverse=True):
        key = group[0].reading_interval_s, group[0].time_zone
        if key not in open_since or open_since[key][0] - _newest(group) > RECENCY_WINDOW:
            open_since[key] = _newest(group), []
            windows.append(open_since[key][1])
        open_since[key][1].append(group)
    return windows


def _newest(group: Sequence[Substation]) -> datetime:
    latest: list[datetime] = [substation.latest_at for substation in group]  # type: ignore[attr-defined]  # annotated by reporting()
    return max(latest)
