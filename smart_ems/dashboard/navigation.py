"""What every page needs to draw its frame."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from alerts import alarm_line
from core import site_rights
from notifications.failure_notices import dead_count
from smart_ems.accounts import preferences, second_factor


def frame(request: HttpRequest) -> dict[str, Any]:
    """The sections of the rail with the current one marked, the user's preferences, and the zone that was chosen.

    Who has to set up a second factor first sees no frame: nothing of it would be answered.
    """
    user = getattr(request, "user", None)  # missing when a request failed before authentication
    chosen = preferences.of(user) if user is not None else None
    has_frame = user is not None and user.is_authenticated and not second_factor.is_missing(request)
    return {
        "sections": sections(request) if has_frame else [],
        "has_frame": has_frame,
        "preferences": chosen,
        "chosen_zone": chosen.time_zone if chosen else "",
        "site_zone": settings.TIME_ZONE,
        "sees_all_sites": sees_all_sites,  # asked for where a template names it
        "messages_not_sent": dead_count,  # asked for where a template names it
        "alarms_now": alarm_line.asking_now,  # likewise
    }


def sees_all_sites() -> bool:
    """Whether all substations are given to who asks."""
    return site_rights.current() is None


def sections(request: HttpRequest) -> list[dict[str, Any]]:
    """The entries of the main navigation, in order, with the key that follows ``g`` on the keyboard."""
    current = _current(request)
    entries = [
        ("dashboard", _("Dashboard"), "layout-dashboard", "d"),
        ("alerts:list", _("Alerts"), "bell", "a"),
        ("alerts:history", _("History"), "history", "h"),
        ("substations", _("Substations"), "zap", "s"),
        ("losses:overview", _("Losses"), "trending-down", "l"),
        ("ingestion:list", _("Uploads"), "upload", "u"),
        ("mlcore:list", _("Models"), "brain-circuit", "m"),
    ]
    return [
        {"url": reverse(name), "label": label, "icon": icon, "key": key, "is_current": name == current}
        for name, label, icon, key in entries
    ]


def _current(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is None:
        return ""
    by_app = {
        "substations": "substations",
        "ingestion": "ingestion:list",
        "losses": "losses:overview",
        "reports": "losses:overview",
        "mlcore": "mlcore:list",
        "notifications": "alerts:list",
    }
    app = match.app_names[0] if match.app_names else ""
    if app == "alerts":
        return "alerts:history" if match.url_name == "history" else "alerts:list"
    return by_app.get(app, match.url_name or "")
