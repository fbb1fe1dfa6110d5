"""What is said of a substation that should report and does not."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .wording import Figures, Wording

HOUR_S = 3600.0


def silence_sentence(figures: Figures, wording: Wording) -> str:
    """Since when it counts as silent, what that means for its other alerts, and what to look at."""
    interval_s, grace_s = figures.get("interval_s"), figures.get("grace_s")
    silent = _("No readings come any more.")
    if interval_s is not None and grace_s is not None:
        shown = {"interval": wording.lasting(interval_s / HOUR_S), "grace": wording.lasting(grace_s / HOUR_S)}
        silent = _("No readings came for three intervals of %(interval)s and a grace of %(grace)s.") % shown
    known = _("What is shown of this substation is as last known.")
    return f"{silent} {known} " + _("Check the meter, its data logger and the connection to it.")
