"""Working out what to do about each substation's missing kvar: once for each day that closes, or on demand."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Max

from losses.bank_ranks import rank_banks
from losses.bank_replays import RecordedYear, WhatIf, WhatIfResult, recorded_year, replay, supplied_kvar
from losses.compensation.bank_prices import PriceRange, bank_cost, payback_years
from losses.compensation.bank_sizing import BankSize, recommended_bank
from losses.compensation.capacitor_bank import CapacitorBank
from losses.compensation.harmonic_guard import Guard, HarmonicCheck, check_harmonics
from losses.compensation.inverter_capability import InverterOffer, inverter_offer, productive_hours
from losses.compensation_models import BankPrice, BankRecommendation, CompensationInput
from losses.hourly_loads import newest_hour_of, twelve_months
from losses.models import HourlyRollup
from losses.network_loads import MAX_NETWORK_HOURS, NetworkLoad, network_load
from losses.networks import AccountedBatch, accounted_batches
from losses.tariffs.metered_hours import HOUR_S
from mlcore.models import Cause
from substations.electrical.nameplate import Nameplate
from substations.electrical.power import BoolArray
from substations.models import Reading, Substation

logger = logging.getLogger(__name__)
DISTORTION_FOR = timedelta(days=30)
"""Chosen: the plant as it is now; a month has its working days and its weekends."""

DISTORTION_QUANTILE = 0.95
"""Chosen: as EN 50160 assesses harmonics, 95 % of the time."""

COMPLETE_YEAR_H = 8000.0
"""Chosen: eleven months; below it the figures of a year are scaled up from what is known, and say so."""

Advice = BankRecommendation.Advice


def refresh_recommendations(codes: Iterable[str] = (), *, anyway: bool = False) -> int:
    """Work out the networks in which a day has closed; how many substations were stored.

    codes: of some substations alone, each with its network. anyway: also where nothing has changed.
    """
    wanted = Substation.objects.filter(code__in=list(codes)) if codes else Substation.objects.all()
    due = [each.pk for each in wanted if anyway or _is_due(each)]
    total = 0
    for batch in accounted_batches(due):
        try:
            total += _refresh(batch)
        except Exception:  # what fails for one network is logged and stops no other
            logger.exception("No recommendation for the network of %s", batch.substations[0].code)
    return total


def _is_due(substation: Substation) -> bool:
    newest = newest_hour_of(substation)
    last = BankRecommendation.objects.filter(substation=substation).first()
    if newest is None:
        return False
    return last is None or last.until.astimezone(substation.zone).date() != newest.date()


def _refresh(batch: AccountedBatch) -> int:
    newest = HourlyRollup.objects.filter(substation__in=batch.ids).aggregate(newest=Max("at"))["newest"]
    if newest is None:
        return 0
    _, start, end = twelve_months(newest.astimezone(batch.zone).date(), batch.zone)
    network = network_load(batch, start, end, MAX_NETWORK_HOURS)
    found = [row for each in batch.substations if (row := _recommend_alone(each, network)) is not None]
    rank_banks(found, network)
    with transaction.atomic():
        BankRecommendation.objects.filter(substation__in=batch.ids).delete()
        BankRecommendation.objects.bulk_create(found)
    return len(found)


def _recommend_alone(substation: Substation, network: NetworkLoad | None) -> BankRecommendation | None:
    """What fails for one substation is logged and stops no other."""
    try:
        return recommend(substation, network)
    except Exception:
        logger.exception("No recommendation for %s", substation.code)
        return None


def recommend(substation: Substation, network: NetworkLoad | None) -> BankRecommendation | None:
    """The recommendation for one substation, not stored; None without a single hour."""
    newest = newest_hour_of(substation)
    if newest is None:
        return None
    year = recorded_year(substation, newest.date())
    row = BankRecommendation(
        substation=substation,
        since=datetime.fromtimestamp(int(year.load.hours.at_s[0]), substation.zone),
        until=newest,
        known_h=year.load.known_h,
        target_power_factor=substation.target_power_factor,
    )
    given = CompensationInput.objects.filter(substation=substation).first() or CompensationInput()
    produces = productive_hours(year.load.active_kw, year.load.hours.at_s, substation.zone)
    is_wiring = substation.feeds_in is False  # export that somebody said there is none of
    offer = None if is_wiring else inverter_offer(year.load.active_kw, produces, given.inverter_kva)
    setting = WhatIf(
        CapacitorBank(), Guard.PLAIN, row.target_power_factor, inverter_limit_kvar=offer.kvar if offer else 0.0
    )
    rest = year.load.reactive_kvar - supplied_kvar(year.load, setting)
    has_failed = failed_hours(year)
    size = recommended_bank(year.load.active_kw, rest, year.load.is_energised & ~has_failed, row.target_power_factor)
    if size is None:
        row.outcome = Advice.TOO_SHORT
        return row
    _describe(row, year, size, offer, given)
    if has_failed.any():
        row.assumptions.append("mend_first")
    _replay(row, year, setting, network)
    return row


def failed_hours(year: RecordedYear) -> BoolArray:
    """[hour] in which the bank that stands there was found to have failed: what is missing then wants mending."""
    found = np.zeros(len(year.load.hours), dtype=bool)
    failures = year.load.substation.detections.not_withdrawn().filter(cause=Cause.CAPACITOR_FAILURE)
    at_s = year.load.hours.at_s
    for start, end in failures.filter(start__lt=year.end).values_list("start", "end"):
        until_s = end.timestamp() if end else np.inf
        found |= (at_s + HOUR_S > start.timestamp()) & (at_s <= until_s)
    return found


def _describe(
    row: BankRecommendation,
    year: RecordedYear,
    size: BankSize,
    offer: InverterOffer | None,
    given: CompensationInput,
) -> None:
    """The bank, whether it may stand there, and the inverter before it."""
    bank = size.bank
    row.fixed_kvar, row.step_kvar, row.step_count = bank.fixed_kvar, bank.step_kvar, bank.step_count
    row.inverter_kvar = offer.kvar or None if offer else None
    row.outcome = Advice.BANK if bank.total_kvar else Advice.INVERTER if row.inverter_kvar else Advice.NOTHING
    row.figures = {
        "wanted_kvar": size.wanted_kvar,
        "peak_kvar": size.peak_kvar,
        "light_load_kvar": size.light_load_kvar,
        "missing_h": size.missing_h,
        "rated_kva": year.plate.rated_kva,
    }
    codes = list(_assumptions(row, year, year.plate))
    if offer and offer.rated_kva is None:
        row.figures["inverter_at_least_kvar"] = offer.at_least_kvar
    if (offer or _generates(row.substation)) and not given.inverter_kva:
        codes.append("inverter_rating_unknown")
    if bank.total_kvar:
        check = check_harmonics(
            bank,
            year.plate.rated_kva,
            impedance_pct=year.load.substation.impedance_pct,
            supply_mva=given.supply_mva,
            distortion_pct=distortion_pct(year.load.substation, row.until, year.plate),
        )
        row.guard = check.guard.value
        row.figures |= _harmonic_figures(check)
        codes += check.assumptions
    row.assumptions = codes


def _assumptions(row: BankRecommendation, year: RecordedYear, plate: Nameplate) -> Iterable[str]:
    if "rated_kva" in plate.assumed:
        yield "rating_assumed"
    if plate.assumed & {"no_load_loss_w", "load_loss_w"}:
        yield "losses_assumed"
    if row.known_h < COMPLETE_YEAR_H:
        yield "scaled_to_a_year"
    if year.load.substation.capacitor_bank_kvar:
        yield "beside_the_bank_there"


def _generates(substation: Substation) -> bool:
    """Whether generation behind the meter was seen, or said to be there, that never reached the grid."""
    return bool(substation.feeds_in) or substation.detections.filter(cause=Cause.GENERATION).exists()


def _harmonic_figures(check: HarmonicCheck) -> dict[str, Any]:
    return {
        "short_circuit_kva": list(check.short_circuit_kva),
        "order": list(check.order),
        "near_orders": list(check.near_orders),
        "voltage_rise_pct": list(check.voltage_rise_pct),
        "step_rise_pct": list(check.step_rise_pct),
        "distortion_pct": check.distortion_pct,
    }


def _replay(row: BankRecommendation, year: RecordedYear, setting: WhatIf, network: NetworkLoad | None) -> None:
    """Savings of a year: of the bank beyond what the inverter's setting alone saves."""
    guard = Guard(row.guard) if row.guard else Guard.PLAIN
    everything = WhatIf(row.bank, guard, row.target_power_factor, setting.inverter_limit_kvar)
    both = replay(year, everything, network)
    alone = replay(year, setting, network) if setting.inverter_limit_kvar else None
    if row.outcome == Advice.BANK and alone:
        row.figures["inverter_saved_kwh"] = year.scale_to_a_year * (alone.transformer_kwh + (alone.line_kwh or 0.0))
    less = alone if row.outcome == Advice.BANK else None
    scale = year.scale_to_a_year
    row.loss_saved_kwh = scale * (both.transformer_kwh - (less.transformer_kwh if less else 0.0))
    row.line_saved_kwh = None if both.line_kwh is None else scale * (both.line_kwh - ((less and less.line_kwh) or 0.0))
    row.released_kva = both.released_kva - (less.released_kva if less else 0.0)
    if row.line_saved_kwh is None:
        row.assumptions.append("lines_unknown")
    _money(row, both, less)


def _money(row: BankRecommendation, both: WhatIfResult, less: WhatIfResult | None) -> None:
    if both.bills is None:
        row.assumptions.append("no_tariff")
        return
    first = both.bills.months[0].before
    row.currency, row.decimals = first.currency, first.decimals
    scale = Decimal(f"{8760.0 / both.bills.known_h:.9f}")
    saved = both.bills.saved - (less.bills.saved if less and less.bills else Decimal(0))
    row.bill_saved = round(saved * scale, 4)
    price = both.bills.energy_price
    row.loss_amount = None if price is None else round(Decimal(f"{row.loss_saved_kwh:.6f}") * price, 4)
    if price is not None:
        row.figures["energy_price"] = float(price)
    if (row.saved_a_year or 0) <= 0 and row.outcome != Advice.NOTHING:
        row.assumptions.append("saves_no_money")
    if row.outcome == Advice.BANK:
        _cost(row, bank_cost(row.bank, Guard(row.guard), BankPrice.objects.table(row.currency)))
        if BankPrice.objects.filter(currency=row.currency, is_example=True).exists():
            row.assumptions.append("example_price")


def _cost(row: BankRecommendation, cost: PriceRange | None) -> None:
    if cost is None:
        row.assumptions.append("price_unknown")
        return
    row.cost_low, row.cost_high = round(cost.low, 4), round(cost.high, 4)
    saved = row.saved_a_year or Decimal(0)
    row.payback_low_years, row.payback_high_years = (payback_years(each, saved) for each in cost.both)


def distortion_pct(substation: Substation, until: datetime, plate: Nameplate) -> float | None:
    """THDi·S/Sr in per cent, its 95th percentile over the last month; None where no meter says it."""
    names = ("apparent_power_kva", "thd_current_l1_pct", "thd_current_l2_pct", "thd_current_l3_pct")
    readings = Reading.objects.filter(substation=substation, at__gt=until - DISTORTION_FOR, at__lte=until)
    values = readings.filter(thd_current_l1_pct__isnull=False).as_arrays(names).values
    harmonic = values[:, 0] / plate.rated_kva * values[:, 1:].mean(axis=1)
    known = harmonic[np.isfinite(harmonic)]
    return float(np.quantile(known, DISTORTION_QUANTILE)) if len(known) else None
