"""Comparing an entered bill with the stored hours, and the reasons in words."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.formatting import figure, fixed
from losses.models import HourlyRollup
from losses.tariff_store import MeteringPoint, members_of
from losses.tariffs.bill_check import READING_DAYS, check_bill
from losses.tariffs.metered_hours import month_bounds_s
from losses.utility_bill_models import UtilityBill

REASONS = {
    "agrees": gettext_lazy("agrees"),
    "not_known": gettext_lazy("we don't know this figure"),
    "missing_coverage": gettext_lazy("%(missing_h)d hours of the month are not known to us"),
    "clock": gettext_lazy("the month is that of another clock, %(shift_h)+g h from ours"),
    "reading_day": gettext_lazy("the meter was read %(shift_h)+g h from the month's end"),
    "before_transformer": gettext_lazy("the utility meters before the transformer and bills what it takes"),
    "behind_transformer": gettext_lazy("we meter before the transformer, the utility behind it"),
    "capacitors_outside": gettext_lazy("capacitors stand between the utility's meter and ours"),
    "demand_window": gettext_lazy("the tariff's demand window is %(tariff_min)g min, ours %(metered_min)g"),
    "demand_summed": gettext_lazy("ours is the sum of several meters' highest demands, an upper bound"),
    "ratchet_short": gettext_lazy("the demands of earlier months, which the tariff asks for, are not known to us"),
    "contract_unknown": gettext_lazy("the contract demand is not entered with the assignment"),
    "follows_kwh": gettext_lazy("follows from the energy"),
    "follows_kvarh": gettext_lazy("follows from the reactive energy"),
    "follows_kvah": gettext_lazy("follows from the apparent energy"),
    "follows_demand": gettext_lazy("follows from the demand"),
    "follows_power_factor": gettext_lazy("follows from the power factor"),
    "unexplained": gettext_lazy("no likely reason"),
}


# Name and unit of each figure of a bill.
FIGURES = {
    "kwh": (gettext_lazy("Energy"), "kWh"),
    "kvah": (gettext_lazy("Apparent energy"), "kVAh"),
    "kvarh": (gettext_lazy("Reactive energy"), "kvarh"),
    "demand": (gettext_lazy("Billed demand"), ""),
    "power_factor": (gettext_lazy("Power factor"), ""),
    "total": (gettext_lazy("Amount"), ""),
}


def check_and_save(entered: UtilityBill) -> UtilityBill:
    """Compare and store. Raises ValidationError where none of the month's hours are known."""
    entered.full_clean()
    point = MeteringPoint(entered.assignment, members_of(entered.assignment, entered.month))
    document = point.document_on(entered.month) if point.substations else None
    if document is None:
        raise ValidationError(_("There is no substation or no tariff version to compare this bill with."))
    start, end = (datetime.fromtimestamp(each, point.zone) for each in month_bounds_s(entered.month, point.zone))
    margin = timedelta(days=READING_DAYS + 1)
    around = point.hours(start - margin, end + margin)
    if not len(around.in_month(entered.month)):
        message = _("No hour of %(month)s is known here: correct the month, or load its readings first.")
        raise ValidationError({"month": ValidationError(message, params={"month": f"{entered.month:%Y-%m}"})})
    hours = HourlyRollup.objects.filter(substation__in=point.substations, at__gte=start, at__lt=end)
    loss = hours.aggregate(sum=Sum(F("no_load_loss_kwh") + F("load_loss_kwh")))["sum"] or 0.0
    found = check_bill(
        document, around, entered.month, point.contract_in(entered.month), entered.figures, transformer_loss_kwh=loss
    )
    entered.currency = document["currency"]
    entered.gaps = [asdict(each) | {"gap": each.gap, "share": each.share} for each in found]
    entered.save()
    return entered


def shown_gap(entered: UtilityBill, gap: dict[str, Any]) -> dict[str, Any]:
    """A gap as a page shows it: the figure's name, both values with their unit, the reason in words."""
    label, unit = FIGURES[gap["figure"]]
    values = {name: gap[name] for name in ("bill", "ours", "gap")}
    if gap["figure"] == "total":
        texts = {name: None if value is None else entered.written(value) for name, value in values.items()}
    elif gap["figure"] == "power_factor":
        texts = {name: None if value is None else fixed(value, 4) for name, value in values.items()}
    else:
        texts = {name: figure(value, unit) for name, value in values.items()}
    share = gap["share"]
    return {
        "label": label,
        **texts,
        "share": share,
        "share_text": "" if share is None else f"{fixed(100 * share, 1)} %".replace("-", "−"),
        "agrees": gap["reason"] == "agrees",
        "reason": reason_of(gap),
    }


def reason_of(gap: dict[str, Any]) -> str:
    """A gap's likely reason in the reader's language."""
    sentence = str(REASONS[gap["reason"]]) % gap["figures"]
    return str(sentence)
