"""What is said of generation behind the meter."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .wording import Figures, Wording


def generation_sentence(figures: Figures, wording: Wording) -> str:
    """How much it hides, and what it does to the power factor of the month; what is not known is left out."""
    hidden, largest = figures.get("hidden_kwh"), figures.get("largest_kw")
    seen = _("By day less is imported than this load needs while its kvar are as usual: generation behind the meter")
    if hidden is not None and largest is not None:
        shown = {"energy": wording.amount(hidden, "kWh", ".3g"), "power": wording.amount(largest, "kW", ".3g")}
        seen += " " + _("(about %(energy)s, up to %(power)s)") % shown
    return " ".join([f"{seen}.", *_effect(figures, wording), _("Learn again from the day on which it began.")])


def _effect(figures: Figures, wording: Wording) -> list[str]:
    factor, without, days = (figures.get(name) for name in ("power_factor", "power_factor_expected", "days"))
    if factor is None or without is None or days is None:
        return [_("It is no loss and no lost capacitor.")]
    shown = {
        "time": wording.lasting(24.0 * days),
        "with": wording.amount(factor, "", ".2f"),
        "without": wording.amount(without, "", ".2f"),
    }
    return [
        _("The power factor of the energy of the last %(time)s is %(with)s; without it, it would be %(without)s.")
        % shown,
        _("It is no loss and no lost capacitor."),
    ]
