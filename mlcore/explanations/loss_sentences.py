"""What a finding about a loss says: the numbers, the duration, the tell-tale, the cause and what to check."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mlcore.models import Cause

from .cause_table import entry_of
from .wording import Figures, Wording

EXPECTED = "_expected"
UNITS = {
    "reactive_power_kvar": "kvar",
    "active_power_kw": "kW",
    "imbalance_pct": "%",
    "thd_current_pct": "%",
    "voltage_v": "V",
    "oil_temperature_c": "°C",
}
QUANTITIES: dict[str, str | Promise] = {
    "reactive_power_kvar": gettext_lazy("Reactive power"),
    "active_power_kw": gettext_lazy("Active power"),
    "imbalance_pct": gettext_lazy("Largest phase current off its usual share by"),
    "thd_current_pct": gettext_lazy("Current THD"),
    "voltage_v": gettext_lazy("Voltage"),
    "oil_temperature_c": gettext_lazy("Oil temperature"),
}
MIN_SLOPE_SHOWN = 0.05
"""kvar per kW that are not rounded to 0.0."""

LATE_SHARE, MIN_LATE_H = 0.5, 1.0
"""Chosen: half of an episode before its alarm, and an hour at least, is worth saying."""

TELL_TALES: dict[str, str | Promise] = {
    Cause.CAPACITOR_FAILURE: gettext_lazy("the extra kvar do not follow steps of kW"),
    Cause.OVER_COMPENSATION: gettext_lazy("more capacitors are in than this load needs, so kvar flow back"),
    Cause.OVERLOAD: gettext_lazy("kW and kvar grew together, the neighbours' load did not"),
    Cause.PHASE_IMBALANCE: gettext_lazy("the phase currents moved apart while their sum still fits S"),
    Cause.HARMONIC_INJECTION: gettext_lazy("all phases show it and the power factor of the fundamental stays"),
    Cause.COOLING_FAILURE: gettext_lazy("load and weather do not explain it"),
}


def loss_sentence(cause: str, figures: Figures, wording: Wording) -> str:
    """The sentence of a loss; figures that are not known are left out."""
    entry = entry_of(cause)
    lasting = wording.lasting(figures.get("hours") or 0.0)
    lasted = _("for %(time)s so far") if figures.get("is_open") else _("for %(time)s")
    text = _("%(numbers)s, %(lasting)s; %(tell_tale)s: %(cause)s. %(check)s") % {
        "numbers": _numbers(entry.quantity, figures, wording),
        "lasting": lasted % {"time": lasting} + _raised_late(figures, wording),
        "tell_tale": _tell_tale(cause, figures, wording),
        "cause": entry.in_sentence,
        "check": entry.first_check,
    }
    note = _not_critical(figures, wording)
    return f"{text} {note}" if note else text


def _numbers(quantity: str, figures: Figures, wording: Wording) -> str:
    measured, expected = figures.get(quantity), figures.get(quantity + EXPECTED)
    if measured is None or expected is None:
        return _("%(quantity)s departed from what is expected") % {"quantity": QUANTITIES[quantity]}
    unit = UNITS[quantity]
    text = _("%(quantity)s %(measured)s against %(expected)s expected") % {
        "quantity": QUANTITIES[quantity],
        "measured": _amount(measured, unit, wording),
        "expected": _amount(expected, unit, wording),
    }
    if quantity != "reactive_power_kvar":
        return text
    active, factor = figures.get("active_power_kw"), figures.get("power_factor")
    usual = figures.get("power_factor" + EXPECTED)
    if active is not None:
        text += " " + _("at %(power)s") % {"power": _amount(active, "kW", wording)}
    if factor is not None and usual is not None:
        shown = {"measured": wording.amount(factor, "", ".2f"), "expected": wording.amount(usual, "", ".2f")}
        text += " " + _("(power factor %(measured)s instead of %(expected)s)") % shown
    return text


def _amount(value: float, unit: str, wording: Wording) -> str:
    return wording.amount(value, unit, ".0f" if abs(value) >= 100 else ".3g")


def _tell_tale(cause: str, figures: Figures, wording: Wording) -> str:
    slope = figures.get("kvar_per_kw_in_steps")
    if cause == Cause.LOW_PF_MOTOR:
        if slope is not None and slope >= MIN_SLOPE_SHOWN:
            shown = {"slope": wording.amount(slope, "", ".1f")}
            return _("kvar and kW move together (%(slope)s kvar per kW in large steps)") % shown
        follow = figures.get("kvar_follow_kw")
        if follow is not None and follow > 1.0:
            shown = {"times": wording.amount(follow, "", ".1f")}
            return _("kvar follow kW step by step (%(times)s times the most that is usual here)") % shown
        return _("kW and kvar grew together")
    if cause == Cause.TAP_VOLTAGE:
        measured, expected = figures.get("voltage_v"), figures.get("voltage_v" + EXPECTED)
        if measured is None or not expected:
            return _("it is away from what supply and neighbours give")
        moved = wording.amount(100.0 * (measured / expected - 1.0), "%", "+.1f")
        return _("%(moved)s against what supply and neighbours give") % {"moved": moved}
    return str(TELL_TALES[cause])


def _raised_late(figures: Figures, wording: Wording) -> str:
    """Why the sentence tells of a longer time than the alarm was on."""
    until_h, hours = figures.get("hours_until_raised"), figures.get("hours")
    if until_h is None or not hours or until_h < max(MIN_LATE_H, LATE_SHARE * hours):
        return ""
    return " " + _("(the alarm came after %(time)s)") % {"time": wording.lasting(until_h)}


def _not_critical(figures: Figures, wording: Wording) -> str:
    """Why a loss with a large share is a warning all the same."""
    loss, share, worth = (figures.get(name) for name in ("loss_kwh", "extra_loss_pct", "critical_from_kwh"))
    if not figures.get("is_too_small") or loss is None or share is None or worth is None:
        return ""
    return _("Not critical: %(loss)s is %(share)s more loss, but below the %(worth)s that are worth a visit here.") % {
        "loss": wording.amount(loss, "kWh", ".2g"),
        "share": wording.amount(share, "%", ".0f"),
        "worth": wording.amount(worth, "kWh", ".2g"),
    }
