"""Which open alerts another one explains, by the topology. Pure, and any order gives the same answer.

    outage         every supply of the substation has an active alert of the same cause, of a kind that travels down a
                   feeder (readings stop, voltage is off)
    feeder fault   several substations of one feeder raised the same cause within a short time: the first explains the
                   rest
    supply open    its readings stop and every link that supplies it is switched off

An alert is never explained by one of lower severity, nor by one that it explains itself (rings).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain

# What an upstream alert of the same cause explains: the meters behind it stop, or see its voltage.
TRAVELS_DOWN = ("data_missing", "tap_voltage")
STOPPED = "data_missing"
Feeder = tuple[int, ...] | str


class Reason(StrEnum):
    OUTAGE = "outage"
    FEEDER_FAULT = "feeder_fault"
    SUPPLY_OPEN = "supply_open"


@dataclass(frozen=True, slots=True)
class Raised:
    """An open alert, or a finding that is about to become one (``pk`` is None)."""

    pk: int | None
    substation: int
    kind: str
    cause: str
    severity: int
    began: datetime
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class FeederNetwork:
    """supplies: what feeds each substation by closed links, None for the grid. dead: those whose links are all open.
    sites: name of the site, for those that the grid feeds directly."""

    supplies: Mapping[int, frozenset[int | None]] = field(default_factory=dict)
    dead: frozenset[int] = frozenset()
    sites: Mapping[int, str] = field(default_factory=dict)

    def feeder(self, substation: int) -> Feeder | None:
        """What a substation shares with its neighbours: its supplies, or its site where the grid feeds it."""
        supplies = self.supplies.get(substation, frozenset())
        if not supplies or None in supplies:
            return self.sites.get(substation) or None
        return tuple(sorted(each for each in supplies if each is not None))

    def upstream(self, substation: int) -> set[int]:
        """Everything that feeds a substation, through however many others."""
        found: set[int] = set()
        waiting = [substation]
        while waiting:
            new = {each for each in self.supplies.get(waiting.pop(), ()) if each is not None} - found
            found |= new
            waiting.extend(new)
        return found


@dataclass(frozen=True, slots=True)
class Explanation:
    """by: key of the alert that explains it; None where a switch does."""

    reason: Reason
    by: int | None


def explain(
    alerts: Sequence[Raised], network: FeederNetwork, *, size: int, within: timedelta
) -> dict[int, Explanation]:
    """Which alerts are explained, by their keys; ``size`` substations of a feeder within a time are one fault."""
    found = dict(chain(_outages(alerts, network), _dead(alerts, network)))
    rest = [each for each in alerts if each.pk not in found]
    found |= dict(_feeder_faults(rest, network, size, within))
    return {key: _to_the_top(explanation, found) for key, explanation in found.items()}


def _to_the_top(explanation: Explanation, found: Mapping[int, Explanation]) -> Explanation:
    """An outage whose cause is itself the fault of a feeder: that fault explains both."""
    above = found.get(explanation.by) if explanation.by is not None else None
    return explanation if above is None or above.by is None else Explanation(explanation.reason, above.by)


def _dead(alerts: Iterable[Raised], network: FeederNetwork) -> Iterable[tuple[int, Explanation]]:
    for each in alerts:
        if each.pk is not None and each.cause == STOPPED and each.substation in network.dead:
            yield each.pk, Explanation(Reason.SUPPLY_OPEN, None)


def _outages(alerts: Iterable[Raised], network: FeederNetwork) -> Iterable[tuple[int, Explanation]]:
    known_last = sorted(alerts, key=lambda each: each.pk is not None)
    of = {(each.substation, each.cause): each for each in known_last if each.cause in TRAVELS_DOWN}
    for each in of.values():
        root = _root(each, of, network)
        if root is not each and each.pk is not None:
            yield each.pk, Explanation(Reason.OUTAGE, root.pk)


def _root(alert: Raised, of: Mapping[tuple[int, str], Raised], network: FeederNetwork) -> Raised:
    """The topmost alert that explains this one; itself where none does."""
    supplies = network.supplies.get(alert.substation, frozenset())
    above = [None if each is None else of.get((each, alert.cause)) for each in supplies]
    causes = [each for each in above if each is not None and _may_explain(each, alert)]
    is_ring = any(alert.substation in network.upstream(each.substation) for each in causes)
    if not causes or len(causes) < len(supplies) or is_ring:
        return alert
    return min((_root(each, of, network) for each in causes), key=_order)


def _may_explain(cause: Raised, alert: Raised) -> bool:
    return cause.pk is not None and cause.is_active and cause.severity >= alert.severity


def _order(alert: Raised) -> tuple[datetime, int, int]:
    return alert.began, alert.substation, alert.pk or 0


def _feeder_faults(
    alerts: Iterable[Raised], network: FeederNetwork, size: int, within: timedelta
) -> Iterable[tuple[int, Explanation]]:
    groups: defaultdict[tuple[Feeder, str, str], list[Raised]] = defaultdict(list)
    for each in alerts:
        if feeder := network.feeder(each.substation):
            groups[feeder, each.kind, each.cause].append(each)
    for members in groups.values():
        for together in _together(sorted(members, key=_order), within):
            if len({each.substation for each in together}) >= size:
                yield from _explained_by_first(together)


def _together(ordered: Sequence[Raised], within: timedelta) -> list[list[Raised]]:
    """Stretches of alerts that began within a time of the first of the stretch."""
    stretches: list[list[Raised]] = []
    for each in ordered:
        if stretches and each.began - stretches[-1][0].began <= within:
            stretches[-1].append(each)
        else:
            stretches.append([each])
    return stretches


def _explained_by_first(together: Sequence[Raised]) -> Iterable[tuple[int, Explanation]]:
    first = next((each for each in together if each.pk is not None and each.is_active), None)
    for each in together:
        if first and each is not first and each.pk is not None and _may_explain(first, each):
            yield each.pk, Explanation(Reason.FEEDER_FAULT, first.pk)
