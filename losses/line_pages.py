"""The page of lines: what each lost and carried, as a drawing and as a table."""

from __future__ import annotations

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import HttpResponse, HttpResponseBadRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from core.csv_exports import csv_export
from core.requests import EmsRequest
from losses.cost_tabs import cost_tabs
from losses.line_overview import LineLoss, line_losses_of, loss_network
from losses.loss_scope import LossScope
from losses.models import LineDay
from losses.report_period import ReportPeriod
from substations.models import Substation

PAGE_SIZE = 50
"""Chosen: a few screens of rows."""

HEADER = ["from", "to", "first_day", "last_day", "loss_kwh", "carried_kwh", "loss_share", "coverage"]
view_lines = permission_required("losses.view_lineday", raise_exception=True)


@require_GET
@view_lines
def lines(request: EmsRequest) -> HttpResponseBase:
    """Lines of the grid or of ``?site=``, the largest loss first; ``?format=csv``: all of them as a file."""
    scope, period = _asked(request)
    found = line_losses_of(scope, period)
    if request.GET.get("format") == "csv":
        name = f"lines-{period.first}-{period.last}.csv"
        return csv_export(request, name, HEADER, (_cells(period, line) for line in found))
    context = {
        "scope": scope,
        "period": period,
        "sites": Substation.objects.exclude(site="").values_list("site", flat=True).order_by("site").distinct(),
        "total_kwh": sum(line.loss_kwh or 0.0 for line in found),
        "is_known": any(line.loss_kwh is not None for line in found),
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "query": "&".join(part for part in (scope.query, period.query) if part),
        "tabs": cost_tabs("lines"),
    }
    return render(request, "losses/lines.html", context)


@require_GET
@view_lines
def network(request: EmsRequest) -> HttpResponse:
    """The network, thicker where more is lost, as a figure."""
    scope, period = _asked(request)
    if period.error:
        return HttpResponseBadRequest(period.error, content_type="text/plain; charset=utf-8")
    return JsonResponse(loss_network(scope, period))


def _asked(request: EmsRequest) -> tuple[LossScope, ReportPeriod]:
    newest = LineDay.objects.aggregate(newest=Max("day"))["newest"] or timezone.localdate()
    return LossScope.parse(request.GET), ReportPeriod.parse(request.GET, newest)


def _cells(period: ReportPeriod, line: LineLoss) -> list[object]:
    source = line.link.source.code if line.link.source else ""
    figures = [line.loss_kwh, line.carried_kwh, line.share, line.coverage]
    plain = ["" if value is None else float(f"{value:.7g}") for value in figures]
    return [source, line.link.target.code, period.first.isoformat(), period.last.isoformat(), *plain]
