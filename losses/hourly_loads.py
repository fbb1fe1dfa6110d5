"""Stored hours as loads: of a substation for sizing and bills, of a whole network for its losses."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db.models import Max

from losses.accounting.metered_power import MeteredPower, Plates, plates_of
from losses.accounting.supply_network import NetworkFlows
from losses.accounting.transformer_losses import transformer_losses
from losses.compensation.compensated_bills import last_months
from losses.compensation.compensated_losses import ReplayedLoss, flows_before, replayed_loss
from losses.models import HourlyRollup
from losses.networks import AccountedBatch
from losses.tariff_store import COLUMNS
from losses.tariffs.metered_hours import FloatArray, IntArray, MeteredHours, month_bounds_s
from losses.tariffs.reactive_change import net_kvarh
from mlcore.fleet.groups import NeighbourGroup
from mlcore.fleet.reading_grid import PLATE_FIELDS
from mlcore.training.store import load_detectors
from substations.electrical.nameplate import Nameplate, complete
from substations.electrical.power import BoolArray
from substations.electrical.thermal import TYPICAL_AMBIENT_C, ultimate_top_oil_rise_k
from substations.electrical.topology import Feeder, feeders
from substations.models import Substation

LOSS_COLUMNS = ("fundamental_kvah", "no_load_loss_kwh", "load_loss_kwh", "feeder_loss_kwh")
MAX_NETWORK_HOURS = 1500
"""Chosen: of a year, about every sixth hour; the loss of a network over them is that of all within a per cent."""

WEIGHT_RANGE = (0.5, 3.0)
"""Chosen: harmonics, imbalance and heat rarely do more to a load loss; beyond it the nameplate is another."""


@dataclass(frozen=True)
class HourlyLoad:
    """What is stored of one substation, [hour], an hour of which nothing is known left out."""

    substation: Substation
    hours: MeteredHours
    fundamental_kvah: FloatArray
    no_load_loss_kwh: FloatArray
    load_loss_kwh: FloatArray
    feeder_loss_kwh: FloatArray

    @cached_property
    def active_kw(self) -> FloatArray:
        """Mean over what is known of the hour; below 0 it feeds in."""
        return np.asarray((self.hours.energy_import_kwh - self.hours.energy_export_kwh) / self.hours.covered_h)

    @cached_property
    def reactive_kvar(self) -> FloatArray:
        return np.asarray(net_kvarh(self.hours) / self.hours.covered_h)

    @cached_property
    def is_energised(self) -> BoolArray:
        """A core under voltage has a no-load loss, whatever it carries."""
        return np.asarray(self.no_load_loss_kwh > 0)

    @property
    def known_h(self) -> float:
        return float(self.hours.covered_h.sum())


def hourly_load(substation: Substation, start: datetime, end: datetime) -> HourlyLoad:
    """Hours with ``start <= at < end``."""
    return _loads([substation], HourlyRollup.objects.filter(at__gte=start, at__lt=end))[substation.pk]


def newest_hour_of(substation: Substation) -> datetime | None:
    """The start of its newest hour, on its clock."""
    newest = HourlyRollup.objects.filter(substation=substation).aggregate(newest=Max("at"))["newest"]
    return newest.astimezone(substation.zone) if newest else None


def twelve_months(newest: date, zone: ZoneInfo) -> tuple[list[date], datetime, datetime]:
    """The months up to that of ``newest``, their first moment and the one after them."""
    months = last_months(newest)
    bounds = month_bounds_s(months[0], zone)[0], month_bounds_s(months[-1], zone)[1]
    start, end = (datetime.fromtimestamp(second, zone) for second in bounds)
    return months, start, end


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
    nameplates: tuple[Nameplate, ...]
    feeders: tuple[Feeder, ...]
    nominal_v: FloatArray
    load_weight: FloatArray
    covered_h: FloatArray

    def is_supplied(self, substation: Substation) -> bool:
        """Whether a way to the supply is known: without one the lines' losses are not."""
        return any(self.rows[substation.pk] in feeder.members for feeder in self.feeders)

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
    loaded = _loads(batch.substations, chosen)
    plates = tuple(_nameplate(each, loaded[each.pk]) for each in batch.substations)
    at_s = np.array([int(each.timestamp()) for each in picked], dtype=np.int64)
    return _network(batch, [loaded[each.pk] for each in batch.substations], plates, at_s, len(picked) / len(times))


def nameplate_of(load: HourlyLoad) -> Nameplate:
    """The nameplate without holes; what was guessed is named in it."""
    return _nameplate(load.substation, load)


def _loads(substations: Iterable[Substation], stored: Any) -> dict[int, HourlyLoad]:
    members = list(substations)
    arrays = stored.filter(substation__in=members).as_arrays((*COLUMNS, *LOSS_COLUMNS))
    found = {}
    for each in members:
        own = arrays.substation_id == each.pk
        columns = {name: arrays.values[own, number] for number, name in enumerate(COLUMNS)}
        losses = arrays.values[own, len(COLUMNS) :].T
        window_min = settings.DEMAND_WINDOW_S // 60
        hours = MeteredHours.of_columns(each.zone, arrays.at_s[own], columns, window_min=window_min)
        found[each.pk] = HourlyLoad(each, hours, *losses)
    return found


def _nameplate(substation: Substation, load: HourlyLoad) -> Nameplate:
    """As accounted: guesses of the training where there was one, else by the hours themselves."""
    known = {name: getattr(substation, name) for name in PLATE_FIELDS}
    apparent = np.append(load.hours.max_demand_kva, load.fundamental_kvah)
    measured = apparent if np.isfinite(apparent).any() else np.ones(1)
    plate = complete(substation.code, **known, apparent_kva=measured)
    if not plate.assumed & {"rated_kva", "no_load_loss_w", "load_loss_w"}:
        return plate
    _, stored = load_detectors(NeighbourGroup((substation,)))
    guessed = next(iter(stored.values())).meta.get("nameplate", {}) if stored else {}
    given = {name: value for name, value in known.items() if value is not None}
    found = complete(substation.code, **(guessed | given), apparent_kva=measured)
    return Nameplate(**{name: getattr(found, name) for name in found.__slots__} | {"assumed": plate.assumed})


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
        nameplates=nameplates,
        feeders=tuple(found),
        nominal_v=np.array([each.hv_nominal_v for each in nameplates]),
        load_weight=weight,
        covered_h=covered,
    )


def metered_power(active_kw: FloatArray, reactive_kvar: FloatArray, plates: Plates) -> MeteredPower:
    """Hours at nominal voltage, balanced and without harmonics: what these add is in ``load_weight``."""
    one = np.ones_like(active_kw)
    apparent = np.hypot(active_kw, reactive_kvar)
    ratio = plates.load_loss_kw / plates.no_load_loss_kw
    rise = ultimate_top_oil_rise_k((apparent / plates.rated_kva) ** 2, ratio)
    return MeteredPower(
        active_kw=active_kw,
        reactive_kvar=reactive_kvar,
        apparent_kva=apparent,
        voltage_pu=one,
        distortion=0.0 * one,
        imbalance=one,
        top_oil_c=TYPICAL_AMBIENT_C + rise,
        is_valid=np.ones(active_kw.shape, dtype=bool),
    )


def load_weight(load: HourlyLoad, plate: Nameplate) -> FloatArray:
    """[hour] stored load loss over that of the hour's mean S as a balanced sine: what harmonics and imbalance add."""
    mean_kva = (load.fundamental_kvah / load.hours.covered_h)[None]
    plates = plates_of((plate,))
    plain_kw = transformer_losses(metered_power(mean_kva, 0.0 * mean_kva, plates), plates).load_kw[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = load.load_loss_kwh / (plain_kw * load.hours.covered_h)
    return np.clip(np.where(np.isfinite(weight), weight, 1.0), *WEIGHT_RANGE)


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
