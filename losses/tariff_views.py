"""The tariffs that are stored, by version, with what they say and the bills that were worked by hand."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from core.requests import EmsRequest
from losses.billing_models import Tariff, TariffVersion
from losses.clause_sentences import charge_sentence
from losses.cost_tabs import cost_tabs

# chosen: a few screens of rows.
PAGE_SIZE = 50


@require_GET
@permission_required("losses.view_tariff", raise_exception=True)
def tariffs(request: EmsRequest) -> HttpResponse:
    """Every tariff with its versions, the newest first, and who is billed by it today."""
    today = timezone.localdate()
    stored = Tariff.objects.prefetch_related("versions", "assignments__substation")
    page = Paginator(stored, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [
        (tariff, tariff.versions.all(), [each for each in tariff.assignments.all() if each.is_in_force(today)])
        for tariff in page.object_list
    ]
    return render(request, "losses/tariffs.html", {"page": page, "rows": rows, "tabs": cost_tabs("tariffs")})


@require_GET
@permission_required("losses.view_tariffversion", raise_exception=True)
def version(request: EmsRequest, pk: int) -> HttpResponse:
    """What one version says, part by part."""
    found = get_object_or_404(TariffVersion.objects.select_related("tariff"), pk=pk)
    charges: list[tuple[Any, str]] = [(each, charge_sentence(each)) for each in found.document["charges"]]
    context = {"version": found, "document": found.document, "charges": charges, "tabs": cost_tabs("tariffs")}
    return render(request, "losses/tariff.html", context)
