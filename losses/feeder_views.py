"""The page of feeders: supplied, metered, technical and the rest; and the form that takes in what was supplied."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from core.requests import EmsRequest
from losses.cost_tabs import cost_tabs
from losses.feeder_balances import feeder_balances
from losses.feeder_models import FeederSupply
from losses.feeder_supply_file import store_supplies
from losses.report_period import ReportPeriod

PAGE_SIZE = 50
"""Chosen: a few screens of rows."""


class SupplyFileForm(forms.Form):
    file = forms.FileField(
        label=_("Supplied by the day"),
        help_text=_("CSV: feeder,day,supplied_kwh. The feeder is the code of its first substation."),
    )


@require_http_methods(["GET", "POST"])
@permission_required("losses.view_feedersupply", raise_exception=True)
def feeders(request: EmsRequest) -> HttpResponse:
    """Balances of a period, the worst first or ``?order=best``; with the permission, a form for a file."""
    if request.method == "POST":
        return _take_in(request)
    return _page(request, SupplyFileForm())


@permission_required("losses.add_feedersupply", raise_exception=True)
def _take_in(request: EmsRequest) -> HttpResponse:
    form = SupplyFileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            count = store_supplies(form.cleaned_data["file"].read())
        except ValidationError as error:
            form.add_error("file", error.messages)
        else:
            messages.success(request, ngettext("%(n)d day stored.", "%(n)d days stored.", count) % {"n": count})
            return redirect("losses:feeders")
    return _page(request, form, status=422)


def _page(request: EmsRequest, form: SupplyFileForm, *, status: int = 200) -> HttpResponse:
    newest = FeederSupply.objects.aggregate(newest=Max("day"))["newest"] or timezone.localdate()
    period = ReportPeriod.parse(request.GET, newest)
    best_first = request.GET.get("order") == "best"
    found = feeder_balances(period, worst_first=not best_first)
    context = {
        "form": form,
        "period": period,
        "best_first": best_first,
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "tabs": cost_tabs("feeders"),
    }
    return render(request, "losses/feeders.html", context, status=status)
