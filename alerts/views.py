"""Pages of the alerts: the list, the history, one alert, and the panel for other pages."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET

from core.requests import EmsRequest, render_page
from core.time_range import TimeRange, zone_for

from . import alarm_line, floods, marks, trends
from . import page as alert_page
from .capped_pages import CappedPaginator, fill
from .export import history_csv
from .filters import AlertFilter, AlertPageFilter, HistoryPageFilter
from .list_tabs import Tab, more_tabs
from .models import Alert, SystemAlarm

# chosen: a few screens of rows.
PAGE_SIZE = 50
TABS = {
    "": _lazy("Open"),
    "stale": _lazy("Stale"),
    "suppressed": _lazy("Suppressed"),
    "shelved": _lazy("Shelved"),
    "out_of_service": _lazy("Out of service"),
}
view_alerts = permission_required("alerts.view_alert", raise_exception=True)


@require_GET
@view_alerts
def index(request: EmsRequest) -> HttpResponse:
    """Open alerts, most urgent first; what is put aside has its own tabs."""
    tab = request.GET.get("tab", "") if request.GET.get("tab") in TABS else ""
    chosen = _range(request)
    alerts = Alert.objects.on_tab(tab).raised_between(*chosen.bounds(timezone.now()))
    by_penalty = request.GET.get("sort") == "penalty"
    alerts = alerts.dearest_first() if by_penalty else alerts.most_urgent_first()
    found = AlertPageFilter(request.GET, alerts, request=request)
    counts = Alert.objects.counts()
    pages = Paginator(found.qs.values_list("pk", flat=True), PAGE_SIZE)
    if not _is_filtered(found, chosen):
        pages.count = counts[tab or "active"]  # counted already, beside the other tabs
    rows = pages.get_page(request.GET.get("page"))
    beside = ("substation", "acknowledged_by", "assignee", "penalty", "suppressed_by__substation")
    fill(rows, Alert.objects.with_newest_reading().select_related(*beside))
    rows.object_list = marks.mark(list(rows.object_list))
    context = {
        "page": rows,
        "filter": found,
        "range": chosen,
        "keeps": [*chosen.fields, *([("tab", tab)] if tab else []), *([("sort", "penalty")] if by_penalty else [])],
        "by_penalty": by_penalty,
        "sort_url": _sort_url(request, by_penalty),
        "tab": tab,
        "tabs": _tabs(request, tab, counts),
        "hidden": counts[tab or "active"],
        "is_filtered": _is_filtered(found, chosen),
        "own_undo_after": timezone.now() - alert_page.UNDO_WITHIN,
        **alert_page.row_rights(request),
        "system_alarms": SystemAlarm.objects.unresolved().select_related("acknowledged_by") if not tab else [],
        **_flood(),
    }
    return render_page(request, "alerts/list.html", context)


def _flood() -> dict[str, object]:
    """In a flood: since when, and every open alert by feeder and cause."""
    flood = floods.current(now=timezone.now())
    if flood is None:
        return {"flood": None}
    return {"flood": flood, "groups": floods.groups(PAGE_SIZE)}


def _sort_url(request: EmsRequest, by_penalty: bool) -> str:
    """The list sorted the other way: by penalty, or by urgency; filters stay."""
    query = request.GET.copy()
    for part in ("sort", "page"):
        query.pop(part, None)
    if not by_penalty:
        query["sort"] = "penalty"
    return f"?{query.urlencode()}"


def _tabs(request: EmsRequest, tab: str, counts: dict[str, int]) -> list[Tab]:
    """Text, URL (filters stay), whether it is the current one, and how many."""
    tabs: list[Tab] = []
    for name, word in TABS.items():
        query = request.GET.copy()
        for part in ("tab", "page"):
            query.pop(part, None)
        if name:
            query["tab"] = name
        tabs.append((str(word), f"?{query.urlencode()}", name == tab, counts[name or "active"]))
    return [*tabs, *more_tabs()]


@require_GET
@view_alerts
def history(request: EmsRequest) -> HttpResponseBase:
    """All alerts, open ones marked; ``?format=csv`` exports what range and filters select."""
    chosen, found = _past(request)
    if request.GET.get("format") == "csv":
        if chosen.error:
            return HttpResponseBadRequest(chosen.error, content_type="text/plain; charset=utf-8")
        return history_csv(request, found.qs)
    rows = CappedPaginator(found.qs.values_list("pk", flat=True), PAGE_SIZE).get_page(request.GET.get("page"))
    beside = ("substation", "acknowledged_by", "penalty")
    resolved = Alert.objects.prefetch_related("resolutions__resolved_by")
    fill(rows, resolved.with_newest_reading().select_related(*beside))
    context = {
        "page": rows,
        "filter": found,
        "is_filtered": _is_filtered(found, chosen),
        "range": chosen,
    }
    return render_page(request, "alerts/history.html", context)


@require_GET
@view_alerts
def history_trends(request: EmsRequest) -> HttpResponse:
    """The history in numbers, a panel of its page: with very many alerts it takes longer than the rows do."""
    chosen, found = _past(request)
    context = {"trends": trends.read(found.qs, zone=chosen.zone, query=request.GET)}
    return render(request, "alerts/_trends.html", context)


def _past(request: EmsRequest) -> tuple[TimeRange, HistoryPageFilter]:
    """What range and filters of the URL select, open ones too."""
    chosen = _range(request)
    every = Alert.objects.shown().raised_between(*chosen.bounds(timezone.now())).newest_first()
    every = every.select_related("substation", "acknowledged_by", "penalty")
    return chosen, HistoryPageFilter(request.GET, every.prefetch_related("resolutions__resolved_by"), request=request)


def _range(request: EmsRequest) -> TimeRange:
    return TimeRange.parse(request.GET, zone=zone_for(request, timezone.get_default_timezone()), default="all")


def _is_filtered(found: AlertFilter, chosen: TimeRange) -> bool:
    return any(found.data.get(name) for name in found.filters) or bool(chosen.fields)


@require_GET
@view_alerts
def panel(request: EmsRequest) -> HttpResponse:
    """The few most urgent open alerts, of some substations or of all; a panel for other pages.

    With ``found_after`` (ISO time) those that were found since then, closed ones too: what a file has brought to light.
    """
    alerts = Alert.objects.most_urgent_first().with_newest_reading().select_related("substation")
    if codes := request.GET.getlist("substation"):
        alerts = alerts.filter(substation__code__in=codes)
    context: dict[str, object] = {"code": codes[0] if codes else ""}
    if text := request.GET.get("found_after"):
        after = _time(text)
        if after is None:
            said = _("“%(text)s” is not a time; expected one such as 2026-03-02T14:30:00+00:00.") % {"text": text[:40]}
            return HttpResponseBadRequest(said, content_type="text/plain; charset=utf-8")
        alerts = alerts.filter(detected_at__gte=after)
        counts = alerts.order_by().aggregate(count=Count("pk"), closed=Count("pk", filter=Q(closed_at__isnull=False)))
        context["found"] = counts
    else:
        alerts = alerts.unresolved()
    return render(request, "alerts/_panel.html", {"alerts": alerts[:5]} | context)


@require_GET
@view_alerts
def line(request: EmsRequest) -> HttpResponse:
    """The line of alarms that stands on every page."""
    return render(request, "alerts/_line.html", {"line": alarm_line.read(now=timezone.now())})


def _time(text: str) -> datetime | None:
    """A time with its offset, else None."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


@require_GET
@view_alerts
def detail(request: EmsRequest, pk: int) -> HttpResponse:
    """When, where, why, how much, what next, and who did what."""
    return alert_page.show(request, alert_page.get(pk))
