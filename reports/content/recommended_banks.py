"""What is recommended for substations, as a report says it: the dearer bank and the longer payback."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.formatting import figure
from losses.compensation_models import BankRecommendation
from losses.sums_of_money import Money
from substations.models import Substation


@dataclass(frozen=True, slots=True)
class ReportRecommendation:
    """action: one sentence. cost, saving: once, and a year. payback_years: None is not known."""

    substation_code: str
    action: str
    cost: Money | None = None
    saving: Money | None = None
    payback_years: float | None = None


def recommendations_for(substations: Iterable[Substation]) -> list[ReportRecommendation]:
    """The recommendations that are stored for some substations, those with the shortest payback first; may be none.

    A bank that is worn out before it has paid for itself is none.
    """
    wanted = (BankRecommendation.Advice.BANK, BankRecommendation.Advice.INVERTER)
    stored = BankRecommendation.objects.filter(substation__in=list(substations), outcome__in=wanted)
    found = [_recommendation(each) for each in stored.select_related("substation") if not each.never_pays]
    return sorted(found, key=lambda each: math.inf if each.payback_years is None else each.payback_years)


def _recommendation(stored: BankRecommendation) -> ReportRecommendation:
    return ReportRecommendation(
        stored.substation.code,
        _action(stored),
        None if stored.cost_high is None else Money(stored.cost_high, stored.currency, stored.decimals),
        None if stored.saved_a_year is None else Money(stored.saved_a_year, stored.currency, stored.decimals),
        stored.payback_high_years,
    )


def _action(stored: BankRecommendation) -> str:
    if stored.outcome == BankRecommendation.Advice.INVERTER:
        return _("Set the inverter to supply up to %(kvar)s.") % {"kvar": figure(stored.inverter_kvar, "kvar")}
    return _("Fit a bank of %(kvar)s (%(guard)s).") % {
        "kvar": figure(stored.bank.total_kvar, "kvar"),
        "guard": stored.get_guard_display(),
    }
