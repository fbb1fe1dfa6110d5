"""Pages of losses: a scope and a period, the ranking of its substations, when it happens, and how long."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBadRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.requests import EmsRequest, render_page
from losses.cost_tabs import cost_tabs
from losses.loss_export import ranking_csv
from losses.loss_flow import loss_flow
from losses.loss_overview import ORDERS, default_order, newest_day, overview, ranked
from losses.loss_patterns import duration_figure, weekly_figure
from losses.loss_scope import LossScope
from losses.models import MonthCost
from losses.report_period import ReportPeriod
from losses.three_line_texts import three_line_texts

PAGE_SIZE = 50
"""Chosen: a few screens of rows."""

view_losses = permission_required("losses.view_dailyrollup", raise_exception=True)


class RankingOrder(NamedTuple):
    """A column of the ranking, up or down, as ``sort_head`` takes it."""

    column: str
    is_down: bool

    @classmethod
    def parse(cls, text: str) -> RankingOrder:
        return cls(text.removeprefix("-"), text.startswith("-"))


@require_GET
@view_losses
def losses(request: EmsRequest) -> HttpResponseBase:
    """Three lines of a scope and period, what to mend first, where the energy goes; ``?format=csv``: the ranking."""
    scope, period = _asked(request)
    found = overview(scope, period)
    asked = request.GET.get("sort", "")
    order = RankingOrder.parse(asked if asked.removeprefix("-") in ORDERS else default_order(found.rows))
    rows = ranked(found.rows, order.column, is_down=order.is_down)
    if request.GET.get("format") == "csv":
        return ranking_csv(request, period, rows)
    costs = _newest_costs(scope, period)
    context: dict[str, Any] = {
        "scope": scope,
        "period": period,
        "overview": found,
        "order": order,
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "flow": loss_flow(found.figures),
        "query": "&".join(part for part in (scope.query, period.query) if part),
        "tabs": cost_tabs("overview"),
        "costs": costs,
        "three": three_line_texts(costs) if costs else [],
    }
    return render_page(request, "losses/losses.html", context)


@require_GET
@view_losses
def weekly(request: EmsRequest) -> HttpResponse:
    """Avoidable loss by hour and weekday, as a figure."""
    scope, period = _asked(request)
    if period.error:
        return HttpResponseBadRequest(period.error, content_type="text/plain; charset=utf-8")
    return JsonResponse(weekly_figure(scope, period))


@require_GET
@view_losses
def duration(request: EmsRequest, quantity: str) -> HttpResponse:
    """How long a substation had which power factor, or which avoidable loss, as a figure."""
    scope, period = _asked(request)
    if period.error or scope.substation is None:
        reason = period.error or _("Received no substation; expected ?substation= with its code.")
        return HttpResponseBadRequest(reason, content_type="text/plain; charset=utf-8")
    return JsonResponse(duration_figure(scope.substation, period, quantity))


def _asked(request: EmsRequest) -> tuple[LossScope, ReportPeriod]:
    scope = LossScope.parse(request.GET)
    return scope, ReportPeriod.parse(request.GET, newest_day(scope) or timezone.localdate())


def _newest_costs(scope: LossScope, period: ReportPeriod) -> MonthCost | None:
    """The three lines of a substation's newest billed month in a period, with formula, inputs and assumptions."""
    if scope.substation is None:
        return None
    return MonthCost.objects.filter(scope.owned, month__in=period.months).order_by("-month").first()
