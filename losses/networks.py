"""Which substations are accounted together: those on one network, since the current of one heats the lines of all."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from substations.electrical.topology import Segment
from substations.models import Link, Substation

# Chosen: about a gigabyte for a month of one-minute readings, some tens of megabytes for quarter hours.
MAX_SUBSTATIONS = 200


@dataclass(frozen=True)
class AccountedBatch:
    """Whole networks, in the order of their substations' codes.

    link_ids: of the links that ``segments`` stand for, in their order. interval_s: the common step of their readings.
    All keep the hours of one clock, that of the first.
    """

    substations: tuple[Substation, ...]
    segments: tuple[Segment, ...]
    interval_s: int
    link_ids: tuple[int, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        return self.substations[0].zone

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(substation.pk for substation in self.substations)


def accounted_batches(only: Iterable[int]) -> list[AccountedBatch]:
    """Batches that hold the networks of some substations (primary keys), each network in one of them."""
    wanted = set(only)
    everyone = {substation.pk: substation for substation in Substation.objects.order_by("code")}
    links = list(Link.objects.all())
    networks = [network for network in _networks(everyone, links) if wanted & set(network)]
    alike: dict[tuple[int, str], list[list[int]]] = defaultdict(list)
    for network in networks:
        # The longest step that all intervals are multiples of, as with readings of 10 and of 15 minutes.
        step_s = math.gcd(*(everyone[pk].reading_interval_s for pk in network))
        alike[step_s, everyone[network[0]].time_zone].append(network)
    return [
        _batch([everyone[pk] for pk in members], links, step_s)
        for (step_s, _zone), together in alike.items()
        for members in _packed(together)
    ]


def _networks(everyone: dict[int, Substation], links: Iterable[Link]) -> list[list[int]]:
    """Connected substations, whether a link is closed or not: a switch that opens moves nobody to another batch."""
    neighbours: dict[int, set[int]] = {pk: set() for pk in everyone}
    for link in links:
        if link.source_id in neighbours and link.target_id in neighbours:
            neighbours[link.source_id].add(link.target_id)
            neighbours[link.target_id].add(link.source_id)
    seen: set[int] = set()
    found = []
    for start in everyone:
        if start in seen:
            continue
        network, waiting = {start}, [start]
        while waiting:
            fresh = neighbours[waiting.pop()] - network
            network |= fresh
            waiting += fresh
        seen |= network
        found.append([pk for pk in everyone if pk in network])
    return found


def _packed(networks: list[list[int]]) -> list[list[int]]:
    """Small networks share a batch; one that is larger than a batch has one of its own."""
    packed: list[list[int]] = []
    for network in networks:
        if packed and len(packed[-1]) + len(network) <= MAX_SUBSTATIONS:
            packed[-1] += network
        else:
            packed.append(list(network))
    return packed


def _batch(members: list[Substation], links: Iterable[Link], interval_s: int) -> AccountedBatch:
    codes = {substation.pk: substation.code for substation in members}
    known = [link for link in links if link.target_id in codes and link.r_ohm is not None]
    segments = tuple(
        Segment(
            source=codes.get(link.source_id) if link.source_id else None,
            target=codes[link.target_id],
            r_ohm=link.r_ohm or 0.0,
            x_ohm=link.x_ohm or 0.0,
            closed=link.status == Link.Status.CLOSED,
        )
        for link in known
    )
    ordered = tuple(sorted(members, key=lambda each: each.code))
    return AccountedBatch(ordered, segments, interval_s, tuple(link.pk for link in known))
