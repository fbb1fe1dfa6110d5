"""All members of a network on some of their stored hours, to replay its losses."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cached_property

import numpy as np

from losses.accounting.metered_power import MeteredPower, Plates, plates_of, rows_of
from losses.accounting.supply_network import NetworkFlows
from losses.compensation.compensated_losses import ReplayedLoss, flows_before, replayed_loss
from losses.hourly_loads import HourlyLoad, hourly_loads, load_weight, metered_power, nameplate_of
from losses.models import HourlyRollup
from losses.networks import AccountedBatch
from losses.tariffs.metered_hours import FloatArray, IntArray
from substations.electrical.nameplate import Nameplate
from substations.electrical.topology import Feeder, feeders
from substations.models import Substation

MAX_NETWORK_HOURS = 1500
"""Chosen: of a year, about every sixth hour; the loss of a network over them is that of all within a per cent."""


@dataclass(frozen=True)
class NetworkLoad:
    """All members of a network on some of their hours, to replay its losses.

    at_s: [hour], evenly picked. picked_share: of the hours that there are. loads: without gaps (no load).
    """

    rows: dict[int, int]
    at_s: IntArray
    picked_share: float
    loads: MeteredPower
    plates: Plates
    feeders: tuple[Feeder, ...]
    nominal_v: FloatArray
    load_weight: FloatArray
    covered_h: FloatArray

    @cached_property
    def parts(self) -> list[NetworkLoad]:
        """Each feeder by itself: the supply holds its voltage, so none hears of another."""
        return [self._part(feeder) for feeder in self.feeders]

    def thinned(self, most_hours: int) -> NetworkLoad:
        """The same on fewer hours."""
        chosen = np.arange(0, len(self.at_s), _stride(len(self.at_s), most_hours))
        hours = {each.name: getattr(self.loads, each.name)[:, chosen] for each in fields(MeteredPower)}
        return replace(
            self,
            at_s=self.at_s[chosen],
            picked_share=self.picked_share * len(chosen) / len(self.at_s),
            loads=MeteredPower(**hours),
            load_weight=self.load_weight[:, chosen],
            covered_h=self.covered_h[:, chosen],
        )

    def around(self, substation: Substation) -> NetworkLoad | None:
        """The part that feeds it; None without a known way to the supply, where the lines' losses are not known."""
        return next((part for part in self.parts if substation.pk in part.rows), None)

    def _part(self, feeder: Feeder) -> NetworkLoad:
        members = list(feeder.members)
        keys = {row: key for key, row in self.rows.items()}
        return replace(
            self,
            rows={keys[member]: row for row, member in enumerate(members)},
            loads=rows_of(self.loads, members),
            plates=rows_of(self.plates, members),
            feeders=(replace(feeder, members=tuple(range(len(members)))),),
            nominal_v=self.nominal_v[members],
            load_weight=self.load_weight[members],
            covered_h=self.covered_h[members],
        )

    @cached_property
    def flows(self) -> list[NetworkFlows]:
        return flows_before(self.loads, self.plates, self.feeders, self.nominal_v)

    def replay(self, supplied_kvar: FloatArray) -> ReplayedLoss:
        """[substation, hour] kvar supplied."""
        return replayed_loss(
            self.loads, self.plates, self.feeders, self.nominal_v, supplied_kvar, self.load_weight, self.flows
        )

    def saved_kwh(self, supplied_kvar: FloatArray) -> tuple[float, float]:
        """Transformers and lines over all hours of the record, kWh: those that were picked, scaled up."""
        found = self.replay(supplied_kvar)
        transformer = float((found.transformer_kw * self.covered_h).sum())
        lines = float(found.line_kw.sum())
        return transformer / self.picked_share, lines / self.picked_share


def network_load(batch: AccountedBatch, start: datetime, end: datetime, most_hours: int) -> NetworkLoad | None:
    """A network's loads from its stored hours; None where none are stored."""
    every = HourlyRollup.objects.filter(substation__in=batch.ids, at__gte=start, at__lt=end)
    times = list(every.order_by("at").values_list("at", flat=True).distinct())
    picked = times[:: _stride(len(times), most_hours)]
    if not picked:
        return None
    chosen = every if len(picked) == len(times) else every.filter(at__in=picked)
    loaded = hourly_loads(batch.substations, chosen)
    plates = tuple(nameplate_of(loaded[each.pk]) for each in batch.substations)
    at_s = np.array([int(each.timestamp()) for each in picked], dtype=np.int64)
    return _network(batch, [loaded[each.pk] for each in batch.substations], plates, at_s, len(picked) / len(times))


def _network(
    batch: AccountedBatch,
    members: list[HourlyLoad],
    nameplates: tuple[Nameplate, ...],
    at_s: IntArray,
    picked_share: float,
) -> NetworkLoad:
    plates = plates_of(nameplates)
    shape = (len(members), len(at_s))
    active, reactive, covered, weight = np.zeros(shape), np.zeros(shape), np.zeros(shape), np.ones(shape)
    for row, (load, plate) in enumerate(zip(members, nameplates, strict=True)):
        column = np.searchsorted(at_s, load.hours.at_s)
        active[row, column], reactive[row, column] = load.active_kw, load.reactive_kvar
        covered[row, column], weight[row, column] = load.hours.covered_h, load_weight(load, plate)
    found = feeders([each.code for each in nameplates], batch.segments)
    return NetworkLoad(
        rows={each.substation.pk: row for row, each in enumerate(members)},
        at_s=at_s,
        picked_share=picked_share,
        loads=metered_power(active, reactive, plates),
        plates=plates,
        feeders=tuple(found),
        nominal_v=np.array([each.hv_nominal_v for each in nameplates]),
        load_weight=weight,
        covered_h=covered,
    )


def _stride(count: int, most: int) -> int:
    """Every how many hours, prime to a day and a week, so that all hours of the day and days of the week come up."""
    stride = max(1, -(-count // most))
    while math.gcd(stride, 7 * 24) > 1:
        stride += 1
    return stride


def on_hours(network: NetworkLoad, load: HourlyLoad, values: FloatArray) -> FloatArray:
    """Values of a substation's own hours on those of the network; 0 where it has none."""
    position = {second: number for number, second in enumerate(load.hours.at_s.tolist())}
    return np.array([values[position[each]] if each in position else 0.0 for each in network.at_s.tolist()])
