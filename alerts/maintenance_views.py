"""The page of what is put aside: shelved alerts and planned work, until when, by whom and why; and the way back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from core.requests import EmsRequest, render_page
from core.time_range import zone_for
from substations.models import PlannedWork, Substation

from . import shelf, work_planning
from .changes import Conflict
from .display_names import explain
from .lifecycle import Refused
from .list_tabs import tabs
from .models import Alert

# chosen: a few screens of rows.
ROWS = 50
MAY_PLAN = "substations.add_plannedwork"


class PlanForm(forms.Form):
    """Work on one substation; times without an offset are by the clock of the reader."""

    substation = forms.CharField(
        label=gettext_lazy("Substation"), max_length=64, widget=forms.TextInput(attrs={"class": "input", "size": 12})
    )
    start = forms.DateTimeField(
        label=gettext_lazy("Start"), widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "input"})
    )
    end = forms.DateTimeField(
        label=gettext_lazy("End"), widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "input"})
    )
    reason = forms.CharField(
        label=gettext_lazy("Work"), max_length=200, widget=forms.TextInput(attrs={"class": "input"})
    )

    def clean_substation(self) -> Substation:
        code = self.cleaned_data["substation"].strip()
        found = Substation.objects.filter(code__iexact=code).first()
        if found is None:
            raise ValidationError(_("There is no substation “%(code)s”.") % {"code": code})
        return found


@require_http_methods(["GET", "POST"])
@permission_required("alerts.view_alert", raise_exception=True)
def maintenance(request: EmsRequest) -> HttpResponse:
    """What is shelved or out of service now, and what will be; engineers plan work here."""
    if request.method == "POST" and not request.user.has_perm(MAY_PLAN):
        raise PermissionDenied
    zone = zone_for(request, timezone.get_default_timezone())
    with timezone.override(zone):
        form = PlanForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid() and _planned(request, form):
            return redirect("alerts:maintenance")
    now = timezone.now()
    context: dict[str, Any] = {
        "shelved": Paginator(work_planning.shelved(), ROWS).get_page(request.GET.get("page")),
        "works": work_planning.works(now)[:ROWS],
        "form": form,
        "tabs": tabs("maintenance"),
        "now": now,
        "zone": zone,
    }
    status = 422 if form.errors else 200
    return render_page(request, "alerts/maintenance.html", context, status=status)


def _planned(request: EmsRequest, form: PlanForm) -> bool:
    """Whether it is; else the form says why not."""
    values = form.cleaned_data
    try:
        work = work_planning.plan(
            values["substation"], start=values["start"], end=values["end"], reason=values["reason"],
            by=request.user, now=timezone.now(),
        )  # fmt: skip
    except ValidationError as error:
        form.add_error(None, error)
        return False
    messages.success(request, _("Work on %(code)s is planned.") % {"code": work.substation.code})
    return True


@require_POST
@permission_required(MAY_PLAN, raise_exception=True)
def end_work(request: EmsRequest, pk: int) -> HttpResponse:
    """End work before its planned end, or cancel it before it begins."""
    work = get_object_or_404(PlannedWork.objects.select_related("substation"), pk=pk)
    code = work.substation.code
    if work_planning.end_now(work, by=request.user, now=timezone.now()):
        messages.success(request, _("Work on %(code)s has ended.") % {"code": code})
    else:
        messages.warning(request, _("Work on %(code)s was over already.") % {"code": code})
    return redirect("alerts:maintenance")


@require_POST
@permission_required("alerts.shelve_alert", raise_exception=True)
def end_shelving(request: EmsRequest, pk: int) -> HttpResponse:
    """Unshelve one alert of the page."""
    alert = get_object_or_404(Alert.objects.select_related("substation"), pk=pk)
    version = request.POST.get("version", "")
    try:
        shelf.unshelve(alert, by=request.user, version=int(version) if version.isdecimal() else None)
    except (Refused, Conflict) as error:
        messages.warning(request, _("Nothing was changed. %(why)s") % {"why": explain(error)})
    else:
        messages.success(request, _("%(code)s is unshelved.") % {"code": alert.substation.code})
    return redirect("alerts:maintenance")
