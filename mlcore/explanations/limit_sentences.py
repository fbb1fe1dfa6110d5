"""What a fixed limit and what unusual behaviour say."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .wording import Figures, Wording

# Code of a limit: what it bounds, and its unit.
LIMITS: dict[str, tuple[str | Promise, str]] = {
    "limit_power_factor": (gettext_lazy("Power factor"), ""),
    "limit_imbalance": (gettext_lazy("Largest departure of a phase current from the mean"), ""),
    "limit_distortion": (gettext_lazy("Harmonic current over rated current"), ""),
    "limit_loading": (gettext_lazy("Apparent power over rated power"), ""),
    "limit_oil_temperature": (gettext_lazy("Oil temperature"), "°C"),
}


def limit_sentence(code: str, figures: Figures, wording: Wording) -> str:
    """The sentence of a substation of which nothing is known yet."""
    name, unit = LIMITS[code]
    value, limit, hours = (figures.get(name) for name in ("measured", "limit", "hours"))
    shown = str(name) if value is None else f"{name} {wording.amount(value, unit, '.3g')}"
    lasting = wording.amount(hours or 0.0, "h", ".0f")
    beyond = _("%(what)s over %(time)s, beyond the fixed limit.") % {"what": shown, "time": lasting}
    if limit is not None:
        said = {"what": shown, "time": lasting, "limit": wording.amount(limit, "", ".3g")}
        beyond = _("%(what)s over %(time)s, beyond the fixed limit of %(limit)s.") % said
    return f"{beyond} " + _("Nothing was learned of this substation yet: this may be its usual state.")


def unusual_sentence(figures: Figures, wording: Wording) -> str:
    """What no cause explains, and what it costs."""
    loss, share = figures.get("loss_kwh"), figures.get("extra_loss_pct")
    strange = _("The readings do not look like this substation's usual ones and no known cause fits")
    if loss is None or share is None:
        return f"{strange}."
    return _("%(strange)s; estimated extra loss %(loss)s (%(share)s).") % {
        "strange": strange,
        "loss": wording.amount(loss, "kWh", ".3g"),
        "share": wording.amount(share, "%", ".1f"),
    }
