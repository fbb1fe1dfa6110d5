"""Where the months of billed points end, and what they consist of: as stored, nothing is worked out here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from core.requests import EmsRequest
from losses.bill_sentences import ASSUMPTIONS, THREE_LINES, remark_text
from losses.cost_tabs import cost_tabs
from losses.month_cost_models import MonthCost
from losses.outlook_models import MonthOutlook
from losses.tariff_store import members_of

# chosen: a few screens of rows.
PAGE_SIZE = 50
# chosen: three lines of each are still read on a phone.
COSTS_PER_PAGE = 10
# chosen: a year and the month before it.
MONTH_TABS = 13
view_outlooks = permission_required("losses.view_monthoutlook", raise_exception=True)


@require_GET
@view_outlooks
def months(request: EmsRequest) -> HttpResponse:
    """The billed points of a month, the dearest penalty first; without a month, of the newest that is known."""
    known = list(MonthOutlook.objects.order_by("-month").values_list("month", flat=True).distinct())
    chosen = _month(request, known)
    found = MonthOutlook.objects.filter(month=chosen) if chosen else MonthOutlook.objects.none()
    found = found.select_related("assignment__tariff", "assignment__substation")
    page = Paginator(found.order_by("-amount_middle", "pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "month_tabs": _tabs(known, chosen), "tabs": cost_tabs("months")}
    return render(request, "losses/months.html", context)


@require_GET
@view_outlooks
def month(request: EmsRequest, pk: int) -> HttpResponse:
    """One point's month: where it ends, each line of the bill so far, and the three lines of its substations."""
    outlook = get_object_or_404(
        MonthOutlook.objects.select_related("assignment__tariff", "assignment__substation"), pk=pk
    )
    members = members_of(outlook.assignment, outlook.month)
    costs = MonthCost.objects.filter(month=outlook.month, substation__in=members).select_related("substation")
    dearest_first = costs.order_by(F("penalty_amount").desc(nulls_last=True), "-avoidable_kwh", "substation__code")
    page = Paginator(dearest_first, COSTS_PER_PAGE).get_page(request.GET.get("page"))
    lines = [
        {
            **line,
            "inputs": _shown_inputs(line["inputs"]),
            "amount_text": outlook.written(line["amount"]),
            "remark_texts": [remark_text(each) for each in line["remarks"]],
        }
        for line in outlook.bill_lines
    ]
    context = {
        "outlook": outlook,
        "lines": lines,
        "page": page,
        "costs": [(cost, _three(cost)) for cost in page.object_list],
        "tabs": cost_tabs("months"),
    }
    return render(request, "losses/month.html", context)


def _tabs(known: list[date], chosen: date | None) -> list[tuple[str, str, bool, None]]:
    """A tab for each of the newest months: text, URL, whether it is the current one."""
    texts = [(f"{each:%Y-%m}", each == chosen) for each in known[:MONTH_TABS]]
    return [(text, f"?month={text}", is_current, None) for text, is_current in texts]


def _shown_inputs(inputs: Mapping[str, str | float]) -> dict[str, str]:
    """Inputs as they are read: digits in groups, without the zeros behind."""
    return {name: _shown_number(value) for name, value in inputs.items()}


def _shown_number(value: str | float) -> str:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    whole = round(number, 6).normalize()
    return f"{whole:,f}".replace("-", "−")


def _three(cost: MonthCost) -> list[dict[str, Any]]:
    return [
        {
            **line,
            "inputs": _shown_inputs(line["inputs"]),
            "title": THREE_LINES[line["code"]],
            "amount_text": None if line["amount"] is None else cost.written(line["amount"]),
            "assumption_texts": [ASSUMPTIONS[code] for code in line["assumptions"]],
        }
        for line in cost.lines
    ]


def _month(request: EmsRequest, known: list[date]) -> date | None:
    """The month that is asked for as YYYY-MM, if there is one of it."""
    wanted = request.GET.get("month", "")
    return next((each for each in known if f"{each:%Y-%m}" == wanted), next(iter(known), None))
