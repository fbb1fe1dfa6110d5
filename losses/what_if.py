"""What the replay page shows: before and after side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _

from core.formatting import figure
from losses.bank_replays import RecordedYear, WhatIf, WhatIfResult, recorded_year, replay, supplied_kvar, version_of
from losses.compensation.bank_prices import PriceRange, bank_cost, payback_years
from losses.compensation.capacitor_bank import missing_kvar
from losses.compensation.harmonic_guard import Guard, HarmonicCheck, check_harmonics
from losses.compensation_models import BankPrice, BankRecommendation, CompensationInput
from losses.duration_figures import power_factor, power_factor_duration
from losses.hourly_loads import HourlyLoad, newest_hour_of
from losses.network_loads import NetworkLoad, network_load
from losses.networks import accounted_batches
from losses.recommendations import distortion_pct
from losses.tariffs.bill_lines import Bill
from losses.tariffs.currencies import money
from losses.what_if_forms import WhatIfForm
from substations.charts import Figure
from substations.electrical.power import FloatArray
from substations.models import Substation

PAGE_NETWORK_HOURS = 400
"""Chosen: somebody waits for the answer; all hours of the day and days of the week are among them."""

MAX_MEMBERS = 60
"""Chosen: the hours of a larger network take seconds to load; the page then says that lines are left out."""


class NoHours(ValueError):
    """Nothing is known of the months that were asked for."""


@dataclass(frozen=True)
class ComparedFigure:
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class TwelveMonths:
    """One replay, as it is shown. months: bills in their order. line_saved_kwh: None is not known."""

    rows: list[ComparedFigure]
    months: list[dict[str, Any]]
    check: HarmonicCheck | None
    guard_text: str
    line_saved_kwh: float | None
    saved_text: str
    cost_text: str
    payback_low: float | None
    payback_high: float | None
    notes: list[str]
    known_h: float


def compare(form: WhatIfForm) -> TwelveMonths:
    """Replay what a valid form asks for. Raises NoHours with what to do about it."""
    year, what, check = _asked(form)
    chosen = form.cleaned_data["tariff"]
    network = _network(year)
    found = replay(year, what, network, version_of(chosen) if chosen else None)
    cost = _cost(form, what, found)
    saved = _saved(found)
    scaled = None if saved is None else saved * Decimal(f"{year.scale_to_a_year:.9f}")
    low, high = (None, None) if cost is None or scaled is None else (payback_years(each, scaled) for each in cost.both)
    return TwelveMonths(
        rows=_rows(year, what, found),
        months=_months(found),
        check=check,
        guard_text=str(BankRecommendation.GuardChoice(what.guard.value).label) if check else "",
        line_saved_kwh=found.line_kwh,
        saved_text=_written(found, saved),
        cost_text=_cost_text(found, cost),
        payback_low=low,
        payback_high=high,
        notes=list(_notes(form, year, found)),
        known_h=year.load.known_h,
    )


def duration_figure(form: WhatIfForm) -> Figure:
    """Power factor over the share of the hours, before and after."""
    year, what, _check = _asked(form)
    load = year.load
    after = load.reactive_kvar - supplied_kvar(load, what)
    return power_factor_duration(
        power_factor(load.active_kw, load.reactive_kvar),
        power_factor(load.active_kw, after),
        target=what.target_power_factor,
        names=(_("as it was"), _("replayed")),
        axis=_("share of the hours"),
        unit=_("power factor"),
    )


def _asked(form: WhatIfForm) -> tuple[RecordedYear, WhatIf, HarmonicCheck | None]:
    values = form.cleaned_data
    substation: Substation = values["substation"]
    newest = newest_hour_of(substation)
    last = values["last_month"] or (newest.date() if newest else timezone.localdate())
    year = recorded_year(substation, last)
    if not len(year.load.hours):
        raise NoHours(
            _("No hour of the twelve months up to %(month)s is known of %(code)s: load its readings, or choose others.")
            % {"month": f"{last:%Y-%m}", "code": substation.code}
        )
    check = _check(form, year)
    what = WhatIf(
        form.bank,
        check.guard if check else Guard.PLAIN,
        values["target_power_factor"] or substation.target_power_factor,
        values["inverter_kvar"] or 0.0,
    )
    return year, what, check


def _check(form: WhatIfForm, year: RecordedYear) -> HarmonicCheck | None:
    if not form.bank.total_kvar:
        return None
    substation = year.load.substation
    given = CompensationInput.objects.filter(substation=substation).first()
    return check_harmonics(
        form.bank,
        year.plate.rated_kva,
        impedance_pct=substation.impedance_pct,
        supply_mva=given.supply_mva if given else None,
        distortion_pct=distortion_pct(substation, year.end, year.plate),
    )


def _network(year: RecordedYear) -> NetworkLoad | None:
    (batch,) = accounted_batches([year.load.substation.pk])
    if len(batch.substations) > MAX_MEMBERS or not batch.segments:
        return None
    return network_load(batch, year.start, year.end, PAGE_NETWORK_HOURS)


def _rows(year: RecordedYear, what: WhatIf, found: WhatIfResult) -> list[ComparedFigure]:
    load = year.load
    kvars = (load.reactive_kvar, load.reactive_kvar - found.supplied_kvar)
    lost = float((load.no_load_loss_kwh + load.load_loss_kwh).sum())

    def both(name: str, values: list[float], unit: str) -> ComparedFigure:
        return ComparedFigure(name, *(figure(each, unit) for each in values))

    missing = [_kvarh(load, missing_kvar(load.active_kw, each, what.target_power_factor)) for each in kvars]
    rows = [
        both(_("Transformer loss"), [lost, lost - found.transformer_kwh], "kWh"),
        both(_("Reactive energy beyond the target"), missing, "kvarh"),
        both(_("Leading reactive energy"), [_kvarh(load, np.maximum(-each, 0.0)) for each in kvars], "kvarh"),
        both(_("Highest hour"), [float(np.hypot(load.active_kw, each).max()) for each in kvars], "kVA"),
    ]
    if found.bills:
        sums = [_amount(side[0], sum((each.total for each in side), Decimal(0))) for side in _sides(found)]
        rows.insert(0, ComparedFigure(_("Bills"), *sums))
    return rows


def _kvarh(load: HourlyLoad, kvar: FloatArray) -> float:
    return float((kvar * load.hours.covered_h).sum())


def _months(found: WhatIfResult) -> list[dict[str, Any]]:
    if found.bills is None:
        return []
    return [
        {
            "month": each.before.month,
            "before": _amount(each.before, each.before.total),
            "after": _amount(each.after, each.after.total),
            "power_factor_before": _float(each.before.power_factor),
            "power_factor_after": _float(each.after.power_factor),
            "coverage": each.before.coverage,
        }
        for each in found.bills.months
    ]


def _sides(found: WhatIfResult) -> tuple[list[Bill], list[Bill]]:
    months = found.bills.months if found.bills else ()
    return [each.before for each in months], [each.after for each in months]


def _saved(found: WhatIfResult) -> Decimal | None:
    """Bills and the transformer's loss; None without a tariff or across currencies."""
    if found.bills is None or len({each.currency for side in _sides(found) for each in side}) > 1:
        return None
    return found.bills.saved + (found.loss_amount or Decimal(0))


def _cost(form: WhatIfForm, what: WhatIf, found: WhatIfResult) -> PriceRange | None:
    if (given := form.cleaned_data["cost"]) is not None:
        return PriceRange(given, given)
    if found.bills is None or not what.bank.total_kvar:
        return None
    return bank_cost(what.bank, what.guard, BankPrice.objects.table(found.bills.months[0].before.currency))


def _notes(form: WhatIfForm, year: RecordedYear, found: WhatIfResult) -> Any:
    values = form.cleaned_data
    if found.line_kwh is None:
        yield _("The lines are left out: no way to the supply is known, or the network is too large for this page.")
    if found.bills is None:
        yield _("No tariff bills these months: assign one, or choose one above.")
    elif _saved(found) is None:
        yield _("The tariffs are in different currencies: their amounts are not compared.")
    if year.point and len(year.point.substations) > 1:
        yield _("Billed together with %(count)d others, which stay as they were.") % {
            "count": len(year.point.substations) - 1
        }
    if values["inverter_kvar"] and not (year.load.active_kw < 0).any():
        yield _("No export was ever metered here: when an inverter produces is not known, and it supplies nothing.")
    if year.load.known_h * 1.02 < timedelta(days=365) / timedelta(hours=1):
        yield _("%(hours)d hours are known; payback takes the rest of a year to be like them.") % {
            "hours": round(year.load.known_h)
        }


def _cost_text(found: WhatIfResult, cost: PriceRange | None) -> str:
    if cost is None or found.bills is None:
        return ""
    bill = found.bills.months[0].before
    low, high = (_amount(bill, each) for each in cost.both)
    return low if low == high else f"{low} – {high}"


def _written(found: WhatIfResult, amount: Decimal | None) -> str:
    return "" if amount is None or found.bills is None else _amount(found.bills.months[0].before, amount)


def _amount(bill: Bill, amount: Decimal) -> str:
    return money(amount, bill.currency, bill.decimals)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
