"""The tabs that the pages of alerts share beside the states of the list: maintenance, and the figures of alarms."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

Tab = tuple[str, str, bool, int | None]
"""Text, URL, whether it is the current one, and how many."""


def more_tabs(current: str = "") -> list[Tab]:
    """The pages beside the list."""
    return [
        (_("Maintenance"), reverse("alerts:maintenance"), current == "maintenance", None),
        (_("Alarm KPIs"), reverse("alerts:kpis"), current == "kpis", None),
    ]


def tabs(current: str) -> list[Tab]:
    """The same for those pages themselves, with the way back to the list."""
    return [(_("Open"), reverse("alerts:list"), False, None), *more_tabs(current)]
