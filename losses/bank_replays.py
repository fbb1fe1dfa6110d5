"""The last twelve months of a substation again, with another bank, inverter setting, target or tariff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import numpy as np
from django.utils import timezone

from losses.accounting.metered_power import plates_of
from losses.billing_models import Tariff
from losses.compensation.capacitor_bank import CapacitorBank
from losses.compensation.compensated_bills import ReplayedBills, bills_with_supply, released_kva
from losses.compensation.compensated_losses import bank_loss_kw, replayed_loss
from losses.compensation.harmonic_guard import Guard
from losses.compensation.inverter_capability import inverter_kvar, productive_hours
from losses.hourly_loads import (
    HourlyLoad,
    hourly_load,
    load_weight,
    metered_power,
    nameplate_of,
    twelve_months,
)
from losses.network_loads import NetworkLoad, on_hours
from losses.tariff_store import MeteringPoint, point_of
from losses.tariffs.bill_lines import Document
from losses.tariffs.metered_hours import MeteredHours
from losses.tariffs.replayed_months import DocumentOn
from losses.tariffs.tariff_bill import WrongMonth
from substations.electrical.nameplate import Nameplate
from substations.electrical.power import FloatArray
from substations.models import Substation


@dataclass(frozen=True)
class RecordedYear:
    """What is known of a substation in twelve months, and of the meters that are billed with it.

    meters: of the metering point, ``which`` is the substation's own. point: None without a tariff.
    """

    load: HourlyLoad
    plate: Nameplate
    months: tuple[date, ...]
    start: datetime
    end: datetime
    point: MeteringPoint | None
    meters: tuple[MeteredHours, ...]
    which: int

    @property
    def scale_to_a_year(self) -> float:
        """365 days over what is known; the rest of the year is taken to be alike."""
        return 8760.0 / self.load.known_h if self.load.known_h else 0.0


@dataclass(frozen=True)
class WhatIf:
    """What is in place: reactive power of a bank, and of an inverter up to a limit while it produces."""

    bank: CapacitorBank
    guard: Guard
    target_power_factor: float
    inverter_limit_kvar: float = 0.0


@dataclass(frozen=True)
class WhatIfResult:
    """Over the hours known. line_kwh: None without a known way to the supply. bills: None without a tariff.

    supplied_kvar: [hour], bank and inverter. transformer_kwh: saved there (with the neighbours' part where the network
    was replayed), less what the bank loses itself.
    """

    supplied_kvar: FloatArray
    transformer_kwh: float
    line_kwh: float | None
    released_kva: float
    bills: ReplayedBills | None

    @property
    def loss_amount(self) -> Decimal | None:
        """What the transformer's saving is worth at the mean price of a kWh."""
        price = self.bills.energy_price if self.bills else None
        return None if price is None else Decimal(f"{self.transformer_kwh:.6f}") * price


def recorded_year(substation: Substation, newest: date) -> RecordedYear:
    """The twelve months up to that of ``newest``."""
    months, start, end = twelve_months(newest, substation.zone)
    load = hourly_load(substation, start, end)
    point = point_of(substation, timezone.localdate())
    meters, which = [load.hours], 0
    if point and len(point.substations) > 1:
        meters, which = point.meters(start, end), point.substations.index(substation)
    return RecordedYear(load, nameplate_of(load), tuple(months), start, end, point, tuple(meters), which)


def replay(
    year: RecordedYear, what: WhatIf, network: NetworkLoad | None, document_then: DocumentOn | None = None
) -> WhatIfResult:
    """The same hours with ``what`` in place.

    network: to replay the lines, on some of the hours; without it the transformer alone. document_then: another tariff
    than that of the point; of a substation without one, before and after.
    """
    supplied = supplied_kvar(year.load, what)
    own = _own_transformer_kwh(year, supplied)
    lines = neighbours = None
    if part := network.around(year.load.substation) if network else None:
        rows = np.zeros_like(part.covered_h)
        row = part.rows[year.load.substation.pk]
        rows[row] = on_hours(part, year.load, supplied)
        found = part.replay(rows)
        others = np.delete(found.transformer_kw, row, axis=0) * np.delete(part.covered_h, row, axis=0)
        neighbours = float(others.sum()) / part.picked_share
        lines = float(found.line_kw.sum()) / part.picked_share
    lost = float((bank_loss_kw(_of_bank(year.load, what, supplied), what.guard) * year.load.hours.covered_h).sum())
    return WhatIfResult(
        supplied_kvar=supplied,
        transformer_kwh=own + (neighbours or 0.0) - lost,
        line_kwh=lines,
        released_kva=released_kva(year.load.active_kw, year.load.reactive_kvar, supplied),
        bills=_bills(year, supplied, document_then),
    )


def supplied_kvar(load: HourlyLoad, what: WhatIf) -> FloatArray:
    """[hour] by the inverter first, by the bank what is still missing; nothing without voltage."""
    inverter = _of_inverter(load, what)
    rest = load.reactive_kvar - inverter
    bank = what.bank.in_service(load.active_kw, rest, what.target_power_factor)
    return np.where(load.is_energised, inverter + bank, 0.0)


def version_of(tariff: Tariff) -> DocumentOn:
    """The document of a tariff on a month, asked once for each."""
    versions = list(tariff.versions.all())

    def on(day: date) -> Document | None:
        first = day.replace(day=1)
        valid = (each for each in versions if each.valid_from <= first and (each.valid_to or first) >= first)
        return next((each.document for each in valid), None)

    return on


def _of_inverter(load: HourlyLoad, what: WhatIf) -> FloatArray:
    if not what.inverter_limit_kvar:
        return np.zeros_like(load.reactive_kvar)
    produces = productive_hours(load.active_kw, load.hours.at_s, load.hours.zone)
    return inverter_kvar(
        load.active_kw, load.reactive_kvar, produces, what.inverter_limit_kvar, what.target_power_factor
    )


def _of_bank(load: HourlyLoad, what: WhatIf, supplied: FloatArray) -> FloatArray:
    return np.asarray(np.maximum(supplied - np.where(load.is_energised, _of_inverter(load, what), 0.0), 0.0))


def _own_transformer_kwh(year: RecordedYear, supplied: FloatArray) -> float:
    load, plates = year.load, plates_of((year.plate,))
    power = metered_power(load.active_kw[None], load.reactive_kvar[None], plates)
    weight = load_weight(load, year.plate)[None]
    found = replayed_loss(power, plates, [], np.array([year.plate.hv_nominal_v]), supplied[None], weight)
    return float((found.transformer_kw[0] * load.hours.covered_h).sum())


def _bills(year: RecordedYear, supplied: FloatArray, document_then: DocumentOn | None) -> ReplayedBills | None:
    document_on = version_of(year.point.assignment.tariff) if year.point else document_then
    if document_on is None:
        return None
    contract = year.point.contract if year.point else None
    try:
        found = bills_with_supply(
            document_on, year.meters, year.which, supplied, year.months, contract, document_then=document_then
        )
    except WrongMonth:
        return None
    return found if found.months else None
