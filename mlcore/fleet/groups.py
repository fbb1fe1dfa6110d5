"""Shards: substations that are trained and scored together, because their readings explain one another.

A shard holds substations with the same reading interval and time zone. Those joined by links stay together, since the
current of one flows through the feeders of the others; the rest share a shard if they report from the same season.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from substations.models import Link, Substation

SHARD_SIZE = 50
# A block is judged with the context before its readings: of fast meters fewer fit into memory.
BLOCK_SIZE, BLOCK_READINGS = 500, 1_000_000
CONTEXT_S = 4 * 86_400
CLOCK_AHEAD = timedelta(hours=2)
# One grid of time holds a shard: records that ended years apart would make it mostly empty.
SAME_SEASON = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Shard:
    """Substations in the order of their codes; the first names the shard."""

    substations: tuple[Substation, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(substation.pk for substation in self.substations)

    @property
    def newest(self) -> datetime:
        """Time of the newest reading when the shards were made."""
        return _newest(self.substations)


@dataclass(frozen=True, slots=True)
class Block:
    """Shards that are judged in one go; each keeps to its own neighbours."""

    shards: tuple[Shard, ...]

    @property
    def whole(self) -> Shard:
        """All substations of the block as one shard."""
        return Shard(tuple(substation for shard in self.shards for substation in shard.substations))

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(pk for shard in self.shards for pk in shard.ids)

    @property
    def groups(self) -> NDArray[np.int64]:
        """[substation] the number of its shard."""
        return np.repeat(np.arange(len(self.shards)), [len(shard.ids) for shard in self.shards])


def shards(substations: Iterable[Substation] | None = None) -> list[Shard]:
    """Every substation that has readings in exactly one shard. Given some, only the shards that hold one of them."""
    wanted = None if substations is None else {substation.pk for substation in substations}
    everyone = list(Substation.objects.reporting().order_by("code"))
    groups = _joined(everyone, Link.objects.exclude(source=None).values_list("source_id", "target_id"))
    packed = [Shard(tuple(sorted(group, key=lambda each: each.code))) for group in _packed(groups)]
    return [shard for shard in packed if wanted is None or wanted & set(shard.ids)]


def blocks(found: Sequence[Shard]) -> list[Block]:
    """Shards of one interval, zone and season in blocks: a clock that is years off keeps nobody else's block from
    being judged step by step."""
    made: dict[tuple[int, str], list[list[Shard]]] = defaultdict(list)
    for shard in found:
        first = shard.substations[0]
        alike = made[first.reading_interval_s, first.time_zone]
        largest = min(BLOCK_SIZE, BLOCK_READINGS * first.reading_interval_s // CONTEXT_S)
        if (
            not alike
            or sum(len(each.ids) for each in alike[-1]) + len(shard.ids) > largest
            or alike[-1][0].newest - shard.newest > SAME_SEASON
        ):
            alike.append([])
        alike[-1].append(shard)
    return [part for alike in made.values() for block in alike for part in _without_clocks_ahead(block)]


def _without_clocks_ahead(block: list[Shard]) -> list[Block]:
    """A block, and each of its shards with a reading from long after the others' as a block of its own.

    The others' readings are late beside that one, and would have to be judged again with all their context.
    """
    usual = sorted(shard.newest for shard in block)[(len(block) - 1) // 2]
    ahead = [shard for shard in block if shard.newest - usual > CLOCK_AHEAD]
    kept = [shard for shard in block if shard not in ahead]
    return [Block(tuple(kept)), *(Block((shard,)) for shard in ahead)]


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
    """Small groups of one interval, zone and season share a shard; a group larger than a shard is cut.

    In the order of their codes, so that the shards stay the same while readings come in.
    """
    full: list[list[Substation]] = []
    for season in _seasons(groups):
        filling: list[Substation] = []
        for group in sorted(season, key=lambda each: min(one.code for one in each)):
            for at in range(0, len(group), SHARD_SIZE):
                part = group[at : at + SHARD_SIZE]
                if filling and len(filling) + len(part) > SHARD_SIZE:
                    full.append(filling)
                    filling = []
                filling = filling + part
        full += [filling] if filling else []
    return full


def _seasons(groups: list[list[Substation]]) -> list[list[list[Substation]]]:
    """Groups of one interval and zone whose newest readings are at most a season older than the newest of them."""
    seasons: list[list[list[Substation]]] = []
    open_since: dict[tuple[int, str], tuple[datetime, list[list[Substation]]]] = {}
    for group in sorted(groups, key=_newest, reverse=True):
        key = group[0].reading_interval_s, group[0].time_zone
        if key not in open_since or open_since[key][0] - _newest(group) > SAME_SEASON:
            open_since[key] = _newest(group), []
            seasons.append(open_since[key][1])
        open_since[key][1].append(group)
    return seasons


def _newest(group: Sequence[Substation]) -> datetime:
    latest: list[datetime] = [substation.latest_at for substation in group]  # type: ignore[attr-defined]  # annotated
    return max(latest)
