"""The tabs of notifications, and who sees them."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from .failure_notices import dead_count

Tab = tuple[str, str, bool, int | None]


def tabs(current: str) -> list[Tab]:
    """``current`` is the name of the tab's URL; dead letters are counted where there are any."""
    named = [
        ("routes", _("Routes")),
        ("channels", _("Channels")),
        ("policies", _("Escalation")),
        ("rotations", _("On call")),
        ("deliveries", _("Deliveries")),
        ("dead-letters", _("Dead letters")),
        ("quiet-hours", _("My quiet hours")),
    ]
    dead = dead_count()
    return [
        (label, reverse(f"notifications:{name}"), name == current, dead if name == "dead-letters" and dead else None)
        for name, label in named
    ]
