"""What feeds what, read from the links of now: of the whole grid, or of what one substation has to do with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import Q

from substations.models import Link, Substation

from .common_causes import FeederNetwork

Row = tuple[int | None, int, str]


def read_network() -> FeederNetwork:
    """The whole grid."""
    return _network(_links(Q()), dict(Substation.objects.exclude(site="").values_list("pk", "site")))


def network_around(substation: Substation) -> FeederNetwork:
    """What feeds a substation, through however many others, and what shares its feeder: whatever explains its alerts.

    A few small queries: an alert that is raised does not read the whole grid.
    """
    rows, seen, waiting = list[Row](), set[int](), {substation.pk}
    while waiting:
        new = _links(Q(target__in=waiting))
        rows, seen = rows + new, seen | waiting
        waiting = {source for source, _target, status in new if source and status == Link.Status.CLOSED} - seen
    own = [source for source, target, status in rows if target == substation.pk and status == Link.Status.CLOSED]
    supplies = [source for source in own if source]
    site = substation.site if len(supplies) < len(own) or not own else ""
    beside = Substation.objects.filter(site=site) if site else Substation.objects.filter(links_in__source__in=supplies)
    neighbours = set(beside.values_list("pk", flat=True))
    rows += _links(Q(target__in=neighbours - seen))
    return _network(rows, dict.fromkeys(neighbours, site) if site else {})


def _links(which: Q) -> list[Row]:
    return list(Link.objects.filter(which).values_list("source", "target", "status"))


def _network(rows: Iterable[Row], sites: Mapping[int, str]) -> FeederNetwork:
    closed: dict[int, set[int | None]] = {}
    linked: set[int] = set()
    for source, target, status in rows:
        linked.add(target)
        if status == Link.Status.CLOSED:
            closed.setdefault(target, set()).add(source)
    supplies = {target: frozenset(sources) for target, sources in closed.items()}
    return FeederNetwork(supplies, frozenset(linked - closed.keys()), sites)
