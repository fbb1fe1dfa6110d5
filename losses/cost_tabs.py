"""The tabs over the pages of losses and costs."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _


def cost_tabs(current: str) -> list[tuple[str, str, bool, None]]:
    """Text, URL, whether it is the current one; no counts."""
    names = {
        "overview": _("Losses"),
        "what-if": _("What if"),
        "lines": _("Lines"),
        "feeders": _("Feeders"),
        "months": _("Months"),
        "bills": _("Bills"),
        "tariffs": _("Tariffs"),
    }
    tabs = [(text, reverse(f"losses:{name}"), name == current, None) for name, text in names.items()]
    return [*tabs, (_("Reports"), reverse("reports:list"), current == "reports", None)]
