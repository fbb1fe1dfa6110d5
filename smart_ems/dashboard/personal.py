"""Pages for the person at the screen: search, preferences, and for staff the page of the components."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import user_passes_test
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from core.requests import EmsRequest, render_page
from core.time_range import TimeRange
from smart_ems.accounts import preferences as user_preferences

from .search import find


@require_GET
def search(request: EmsRequest) -> HttpResponse:
    """Hits of ``q`` over everything that the user may see; the dialog asks for the fragment."""
    text = request.GET.get("q", "")
    return render_page(request, "dashboard/search.html", {"q": text, "groups": find(text, request.user)})


@require_http_methods(["GET", "POST"])
def preferences(request: EmsRequest) -> HttpResponse:
    """Theme, density, time zone, shortcuts. The account menu posts only what was clicked, and returns to its page."""
    user = request.user
    partly = request.method == "POST" and "all" not in request.POST
    data = request.POST if request.method == "POST" else None
    form = user_preferences.PreferencesForm(data, instance=user_preferences.of(user), partly=partly)
    if request.method == "GET" or not form.is_valid():
        if partly:
            form = form.with_the_rest()
        return render(
            request, "accounts/preferences.html", {"form": form}, status=200 if request.method == "GET" else 422
        )
    form.save()
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return HttpResponse(status=204)
    if not partly:
        messages.success(request, _("Your preferences are saved."))
    target = request.POST.get("next", "")
    return redirect(target if url_has_allowed_host_and_scheme(target, {request.get_host()}) else "preferences")


def _is_staff(user: object) -> bool:
    if not getattr(user, "is_staff", False):
        raise PermissionDenied
    return True


@require_GET
@user_passes_test(_is_staff)
def design(request: EmsRequest) -> HttpResponse:
    """Each component in all its states, in both themes side by side."""
    now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    wave = [0.95 + 0.03 * math.sin(step / 5) for step in range(48)]
    context = {
        "themes": [("light", _("Light")), ("dark", _("Dark"))],
        "states": [
            ("critical", _("Critical")),
            ("warning", _("Warning")),
            ("normal", _("Normal")),
            ("unknown", _("Unknown")),
        ],
        "swatches": SWATCHES,
        "now": now,
        "earlier": now - timedelta(hours=3),
        "spark": wave,
        "spark_gap": [*wave[:20], *[None] * 8, *wave[28:]],
        "spark_drop": [*wave[:36], *[value - 0.15 for value in wave[36:]]],
        "tabs": [(_("Active"), "#", True, 12), (_("Shelved"), "#", False, 3), (_("Maintenance"), "#", False, None)],
        "time_range": TimeRange.parse({"range": "7d"}, zone=UTC),
        "wrong_range": TimeRange.parse({"from": "yesterday"}, zone=UTC),
    }
    return render(request, "dashboard/design.html", context)


SWATCHES = (
    "page", "surface", "surface-2", "edge", "edge-strong", "ink", "ink-2", "frame", "frame-ink", "frame-mark", "accent",
    "accent-soft", "link", "critical", "critical-soft", "warning-fill", "warning-ink", "warning-soft", "normal",
    "normal-soft", "unknown", "unknown-soft", "chart-1", "chart-2", "chart-3", "chart-4",
)  # fmt: skip
