"""The replay page, its chart, and the panel of a substation with what is recommended and what was done."""

from __future__ import annotations

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from core.requests import EmsRequest, is_fragment, render_page
from losses.compensation_models import BankRecommendation
from losses.cost_tabs import cost_tabs
from losses.recommendation_texts import assumption_texts
from losses.what_if import NoHours, compare, duration_figure
from losses.what_if_forms import WhatIfForm, recommended
from substations.models import Substation

# chosen: a screen of rows.
PAGE_SIZE = 20
view_recommendations = permission_required("losses.view_bankrecommendation", raise_exception=True)


@require_GET
@view_recommendations
def what_if(request: EmsRequest) -> HttpResponse:
    """What is recommended, and a form; with a bank or another choice in the URL the replay of it.

    ``?substation=`` alone fills the form in with what is recommended, and replays nothing.
    """
    asked = {name for name, value in request.GET.items() if value and name != "page"}
    if asked <= {"substation"}:
        return _shown(request, _empty_form(request.GET.get("substation", "")))
    form = WhatIfForm(request.GET)
    if not form.is_valid():
        return _shown(request, form, status=422)
    try:
        return _shown(request, form, comparison=compare(form))
    except NoHours as error:
        form.add_error(None, str(error))
        return _shown(request, form, status=422)


@require_GET
@view_recommendations
def duration(request: EmsRequest) -> HttpResponse:
    """Power-factor duration before and after, of the form in the URL."""
    form = WhatIfForm(request.GET)
    if not form.is_valid():
        text = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return HttpResponseBadRequest(text, content_type="text/plain; charset=utf-8")
    try:
        return JsonResponse(duration_figure(form))
    except NoHours as error:
        return HttpResponseBadRequest(str(error), content_type="text/plain; charset=utf-8")


@require_GET
@view_recommendations
def panel(request: EmsRequest, code: str) -> HttpResponse:
    """What is recommended for a substation, and what its changes have done."""
    substation = get_object_or_404(Substation, code=code)
    found = BankRecommendation.objects.filter(substation=substation).first()
    context = {
        "substation": substation,
        "found": found,
        "assumptions": assumption_texts(found.assumptions) if found else [],
        "changes": substation.compensation_changes.select_related("proof"),
    }
    return render(request, "losses/_recommendation.html", context)


def _empty_form(code: str) -> WhatIfForm:
    chosen = Substation.objects.filter(code=code).first() if code else None
    return WhatIfForm.suggested(chosen) if chosen else WhatIfForm()


def _shown(request: EmsRequest, form: WhatIfForm, *, status: int = 200, comparison: object = None) -> HttpResponse:
    context = {
        "tabs": cost_tabs("what-if"),
        "form": form,
        "comparison": comparison,
        "query": request.GET.urlencode(),
        "page": Paginator(recommended(), PAGE_SIZE).get_page(request.GET.get("page")),
    }
    # htmx leaves out what is not a success; the fragment holds the errors beside their fields.
    return render_page(request, "losses/what_if.html", context, status=200 if is_fragment(request) else status)
