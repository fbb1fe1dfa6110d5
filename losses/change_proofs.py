"""What a fitted or mended bank did: before and after at equal active power, from the stored hours."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np

from losses.bank_replays import version_of
from losses.compensation.compensated_bills import bills_with_supply
from losses.compensation.load_normalised import NormalisedChange, normalised_change
from losses.compensation_models import CompensationChange, CompensationProof
from losses.hourly_loads import HourlyLoad, hourly_load, newest_hour_of
from losses.tariff_store import point_of
from losses.tariffs.metered_hours import IntArray
from losses.tariffs.tariff_bill import WrongMonth
from substations.electrical.power import BoolArray, FloatArray
from substations.models import Substation

logger = logging.getLogger(__name__)
COMPARED_FOR = timedelta(weeks=8)
"""Chosen: of about the same season, with eight of each weekday on either side."""

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Proof:
    """kvar and loss saved at equal active power, and what it is worth; see ``CompensationProof``.

    loss: kW, of the transformer's windings and, where it is known in all hours, the share of the lines.
    amount_a_day: None without a tariff.
    """

    reactive: NormalisedChange
    loss: NormalisedChange
    with_lines: bool
    amount_a_day: Decimal | None
    currency: str
    decimals: int

    @property
    def power_factors(self) -> tuple[float, float]:
        """Of the compared hours' energies: without the change, and with it."""
        active = abs(self.reactive.active_kw)
        before, after = (np.hypot(active, each) for each in (self.reactive.expected, self.reactive.measured))
        return (float(active / before) if before else 1.0, float(active / after) if after else 1.0)

    @property
    def stored(self) -> dict[str, object]:
        """The columns that proofs of changes and of repairs share."""
        before, after = self.power_factors
        columns: dict[str, object] = {
            "power_factor_before": before,
            "power_factor_after": after,
            "saved_amount_a_day": None if self.amount_a_day is None else round(self.amount_a_day, 4),
            "currency": self.currency,
            "decimals": self.decimals,
        }
        for name, change, hours in (("saved_kvar", self.reactive, 1), ("saved_kwh_a_day", self.loss, 24)):
            columns[name] = hours * change.saved
            columns[f"{name}_low"] = None if change.low is None else hours * change.low
            columns[f"{name}_high"] = None if change.high is None else hours * change.high
        return columns


def refresh_proofs() -> int:
    """Work out the changes of which a day has closed, until eight weeks are in; how many were stored."""
    changes = CompensationChange.objects.select_related("substation", "proof")
    return sum(_refresh_alone(change) for change in changes)


def prove(load: HourlyLoad, is_before: BoolArray, is_after: BoolArray) -> Proof | None:
    """None where no hour after has its like before."""
    day = local_days(load.hours.at_s, load.substation.zone)
    reactive = normalised_change(load.active_kw, load.reactive_kvar, day, is_before, is_after)
    compared = is_before | is_after
    with_lines = bool(np.isfinite(load.feeder_loss_kwh[compared]).all())
    lost = load.load_loss_kwh + (load.feeder_loss_kwh if with_lines else 0.0)
    loss = normalised_change(load.active_kw, lost / load.hours.covered_h, day, is_before, is_after)
    if reactive is None or loss is None:
        return None
    amount, currency, decimals = _amount_a_day(load, reactive.saved, is_after)
    return Proof(reactive, loss, with_lines, amount, currency, decimals)


def local_days(at_s: IntArray, zone: ZoneInfo) -> IntArray:
    """[hour] number of the local day."""
    return np.array([datetime.fromtimestamp(each, zone).toordinal() for each in at_s.tolist()], dtype=np.int64)


def _refresh_alone(change: CompensationChange) -> bool:
    """What fails for one change is logged and stops no other."""
    try:
        return _refresh(change)
    except Exception:
        logger.exception("No proof of %s", change)
        return False


def _refresh(change: CompensationChange) -> bool:
    substation = change.substation
    newest = newest_hour_of(substation)
    if newest is None or newest.date() <= change.fitted_on or _is_current(change, newest):
        return False
    start, end = _window(change)
    load = hourly_load(substation, *(_midnight(day, substation) for day in (start, end + DAY)))
    day = local_days(load.hours.at_s, substation.zone)
    fitted = change.fitted_on.toordinal()
    is_before, is_after = day < fitted, day > fitted
    found = prove(load, is_before, is_after)
    if found is None:
        return False
    fields = found.stored | {
        "until": newest,
        "before_h": int(is_before.sum()),
        "after_h": int(is_after.sum()),
        "compared_h": found.reactive.hours,
        "with_lines": found.with_lines,
    }
    CompensationProof.objects.update_or_create(change=change, defaults=fields)
    return True


def _is_current(change: CompensationChange, newest: datetime) -> bool:
    last: CompensationProof | None = getattr(change, "proof", None)
    if last is None:
        return False
    until = last.until.astimezone(newest.tzinfo).date()
    return until == newest.date() or until >= change.fitted_on + COMPARED_FOR


def _window(change: CompensationChange) -> tuple[date, date]:
    """Eight weeks on either side, no further than the changes before and after it."""
    others = CompensationChange.objects.filter(substation=change.substation_id).exclude(pk=change.pk)
    start, end = change.fitted_on - COMPARED_FOR, change.fitted_on + COMPARED_FOR
    earlier = others.filter(fitted_on__lt=change.fitted_on, fitted_on__gte=start).order_by("-fitted_on").first()
    later = others.filter(fitted_on__gt=change.fitted_on, fitted_on__lte=end).order_by("fitted_on").first()
    return (earlier.fitted_on + DAY if earlier else start), (later.fitted_on - DAY if later else end)


def _midnight(day: date, substation: Substation) -> datetime:
    return datetime.combine(day, time(), substation.zone)


def _amount_a_day(load: HourlyLoad, saved_kvar: float, is_after: BoolArray) -> tuple[Decimal | None, str, int]:
    """The bills of the months after less those of the same months with the kvar still missing, by the day."""
    after_s = load.hours.at_s[is_after]
    last = datetime.fromtimestamp(int(after_s[-1]), load.substation.zone)
    point = point_of(load.substation, last.date())
    if point is None:
        return None, "", 2
    first = datetime.fromtimestamp(int(after_s[0]), load.substation.zone)
    end = last + timedelta(hours=1)
    meters = point.meters(first, end)
    which = point.substations.index(load.substation)
    months = sorted({datetime.fromtimestamp(int(each), load.substation.zone).date().replace(day=1) for each in after_s})
    missing: FloatArray = np.full(len(meters[which]), -saved_kvar)
    try:
        bills = bills_with_supply(version_of(point.assignment.tariff), meters, which, missing, months, point.contract)
    except WrongMonth as error:
        logger.info("No amount of a change on %s: %s", load.substation.code, error)
        return None, "", 2
    if not bills.months:
        return None, "", 2
    bill = bills.months[0].before
    return -bills.saved / Decimal(f"{bills.known_h / 24:.9f}"), bill.currency, bill.decimals
