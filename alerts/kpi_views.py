"""The page of the figures of alarms, and its export."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse, HttpResponseBadRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.requests import EmsRequest, render_page
from core.time_range import TimeRange, zone_for

from . import kpi_export, kpi_scope
from .list_tabs import tabs

EXPORTS = {"csv": kpi_export.as_csv, "xlsx": kpi_export.as_xlsx}


@dataclass(frozen=True, slots=True)
class ScopeFilter:
    """What the filter bar asks of a filter."""

    form: kpi_scope.KpiScopeForm


@require_GET
@permission_required("alerts.view_alert", raise_exception=True)
def kpis(request: EmsRequest) -> HttpResponse:
    """How well the alarms serve; ``?format=csv`` or ``xlsx`` exports what range and filters select."""
    chosen = TimeRange.parse(request.GET, zone=zone_for(request, timezone.get_default_timezone()), default="30d")
    form = kpi_scope.KpiScopeForm(request.GET)
    wanted = request.GET.get("format", "")
    if wanted and (chosen.error or not form.is_valid() or wanted not in EXPORTS):
        said = chosen.error or _("Expected csv or xlsx, and causes and parts as the page offers them.")
        return HttpResponseBadRequest(said, content_type="text/plain; charset=utf-8")
    now = timezone.now()
    start, end = chosen.bounds(now)
    scope = form.cleaned_data if form.is_valid() else {}
    every = {"groups": None, "actors": None} if wanted else {}
    found = kpi_scope.read(start, end or now, scope, **every)
    if wanted:
        return EXPORTS[wanted](found, chosen.zone)
    context = {
        "kpis": found,
        "filter": ScopeFilter(form),
        "is_filtered": any(request.GET.get(name) for name in ("site", "substation", "cause")),
        "range": chosen,
        "tabs": tabs("kpis"),
        "part": kpi_scope.BY[found.by] if found else "",
    }
    return render_page(request, "alerts/kpis.html", context)
