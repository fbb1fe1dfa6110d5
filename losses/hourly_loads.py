"""Stored hours as loads: of a substation for sizing and bills, of a whole network for its losses."""

from __future__ import annotations

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
from losses.accounting.transformer_losses import transformer_losses
from losses.compensation.compensated_bills import last_months
from losses.models import HourlyRollup
from losses.tariff_store import COLUMNS
from losses.tariffs.metered_hours import FloatArray, MeteredHours, month_bounds_s
from losses.tariffs.reactive_change import net_kvarh
from mlcore.fleet.groups import NeighbourGroup
from mlcore.fleet.reading_grid import PLATE_FIELDS
from mlcore.training.store import load_detectors
from substations.electrical.nameplate import Nameplate, complete
from substations.electrical.power import BoolArray
from substations.electrical.thermal import TYPICAL_AMBIENT_C, ultimate_top_oil_rise_k
from substations.models import Substation

LOSS_COLUMNS = ("fundamental_kvah", "no_load_loss_kwh", "load_loss_kwh", "feeder_loss_kwh")
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
    return hourly_loads([substation], HourlyRollup.objects.filter(at__gte=start, at__lt=end))[substation.pk]


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


def hourly_loads(substations: Iterable[Substation], stored: Any) -> dict[int, HourlyLoad]:
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


def nameplate_of(load: HourlyLoad) -> Nameplate:
    """Without holes, as accounted: guesses of the training where there was one, else by the hours themselves."""
    substation = load.substation
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
