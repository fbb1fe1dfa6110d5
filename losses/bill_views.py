"""Bills of the utility: entering one, and the gap of each figure to ours."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from core.long_selects import LongSelect
from core.requests import EmsRequest
from losses.billing_models import TariffAssignment
from losses.cost_tabs import cost_tabs
from losses.utility_bill_models import UtilityBill
from losses.utility_bills import check_and_save, shown_gap

# chosen: a few screens of rows.
PAGE_SIZE = 8


class UtilityBillForm(forms.ModelForm[UtilityBill]):
    class Meta:
        model = UtilityBill
        fields = ("assignment", "month", "kwh", "kvah", "kvarh", "demand", "power_factor", "total")
        widgets = {
            "assignment": LongSelect,
            "month": forms.DateInput(attrs={"type": "date", "class": "input"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Each choice names its point and tariff.
        self.fields["assignment"].queryset = TariffAssignment.objects.select_related("tariff", "substation")  # type: ignore[attr-defined]
        for name, each in self.fields.items():
            each.widget.attrs.setdefault("class", "select" if name == "assignment" else "input")


@require_http_methods(["GET", "POST"])
@permission_required("losses.view_utilitybill", raise_exception=True)
def bills(request: EmsRequest) -> HttpResponse:
    """The bills that were entered, newest month first; with the permission, a form to enter one."""
    if request.method == "POST":
        return _enter(request)
    return _page(request, UtilityBillForm())


@permission_required("losses.add_utilitybill", raise_exception=True)
def _enter(request: EmsRequest) -> HttpResponse:
    form = UtilityBillForm(request.POST)
    if form.is_valid():
        try:
            check_and_save(form.save(commit=False))
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            return redirect("losses:bills")
    return _page(request, form, status=422)


def _page(request: EmsRequest, form: UtilityBillForm, *, status: int = 200) -> HttpResponse:
    stored = UtilityBill.objects.select_related("assignment__tariff", "assignment__substation")
    page = Paginator(stored, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [(each, [shown_gap(each, gap) for gap in each.gaps]) for each in page.object_list]
    context = {"form": form, "page": page, "rows": rows, "tabs": cost_tabs("bills")}
    return render(request, "losses/bills.html", context, status=status)
