"""What bill lines and the three lines remark, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

REMARKS = {
    "hours_missing": _("%(known_h)s of the month's %(month_h)s hours are known; the rest is not billed"),
    "hours_estimated": _("an estimate: %(known_h)s of the month's %(month_h)s hours are known"),
    "demand_window": _("the tariff's window is %(tariff_min)s min, ours %(metered_min)s min"),
    "demand_summed": _("the sum of several meters' highest demands, an upper bound"),
    "demand_unknown": _("the demand is not known"),
    "ratchet_short": _("%(known)s of the %(months)s months before are known"),
    "contract_unknown": _("the contract demand is not entered with the assignment"),
    "no_energy": _("no energy was drawn"),
    "exempt_month": _("this month is exempt"),
    "exempt_size": _("a site of this size is exempt"),
    "size_unknown": _("whether the site is exempt is not known: its size is not entered with the assignment"),
    "forgivable": _("up to %(of)s such months a year are let off, by the utility's decision"),
    "forgiven": _("let off: month %(month)s of %(of)s a year"),
}
ASSUMPTIONS = {
    "mean_energy_price": _("a kWh costs what the month's kWh cost on average"),
    "no_co2_factor": _("no CO2 factor of the grid covers the month"),
    "same_active_energy": _("the same kWh"),
    "one_of_several_meters": _("this meter alone is corrected; those of one point don't add up"),
    "demand_unknown": _("the demand is not known"),
    "highest_kw_of_the_hour": _("the hour's highest kW and kVA came together"),
}
THREE_LINES = {
    "avoidable_loss": _("Avoidable loss"),
    "penalty": _("Penalty or lost incentive"),
    "released_kva": _("Released capacity"),
}


def remark_text(remark: Mapping[str, Any]) -> str:
    """A stored remark (``code``, ``figures``) in the reader's language."""
    said = str(REMARKS[remark["code"]]) % remark["figures"]
    return str(said)
