"""Shards: substations that are trained and scored together, because their readings explain one another.

A shard holds substations with the same reading interval and time zone. Those joined by links stay together, since the
current of one flows through the feeders of the others; the rest share a shard if they report from the same season.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from substations.models import Link, Substation

SHARD_SIZE = 50
# One grid of time holds a shard: records that ended years apart would make it mostly empty.
SAME_SEASON = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Shard:
    """Substations in the order of their codes; the first names the shard."""

    substations: tuple[Substation, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(substation.pk for substation in self.substations)


def shards(substations: Iterable[Substation] | None = None) -> list[Shard]:
    """Every substation that has readings in exactly one shard. Given some, only the shards that hold one of them."""
    wanted = None if substations is None else {substation.pk for substation in substations}
    everyone = list(Substation.objects.reporting().order_by("code"))
    groups = _joined(everyone, Link.objects.exclude(source=None).values_list("source_id", "target_id"))
    packed = [Shard(tuple(sorted(group, key=lambda each: each.code))) for group in _packed(groups)]
    return [shard for shard in packed if wanted is None or wanted & set(shard.ids)]


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
    """Small groups of one interval, zone and season share a shard; a group larger than a shard is cut."""
    full: list[list[Substation]] = []
    current: dict[tuple[int, str], list[Substation]] = {}
    season: dict[tuple[int, str], datetime] = {}
    for group in sorted(groups, key=_newest):
        for at in range(0, len(group), SHARD_SIZE):
            part = group[at : at + SHARD_SIZE]
            key = part[0].reading_interval_s, part[0].time_zone
            filling = current.get(key, [])
            # Measured from the first of the shard: else a chain of seasons would fill it with years.
            too_late = bool(filling) and _newest(part) - season[key] > SAME_SEASON
            if filling and (len(filling) + len(part) > SHARD_SIZE or too_late):
                full.append(filling)
                filling = []
            if not filling:
                season[key] = _newest(part)
            current[key] = filling + part
    return full + list(current.values())


def _newest(group: Sequence[Substation]) -> datetime:
    latest: list[datetime] = [substation.latest_at for substation in group]  # type: ignore[attr-defined]  # annotated
    return max(latest)
