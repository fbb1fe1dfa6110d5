"""Pages of the alert desk. Each view parses, calls one service and answers."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from substations.htmx import is_fragment, render_page
from substations.timerange import TimeRange, zone_for

from . import evidence, services
from .advice import checks
from .changes import Conflict
from .export import history_csv
from .filters import AlertFilter, HistoryPageFilter
from .forms import AcknowledgeForm, CommentForm, ResolutionForm, WithdrawForm
from .lifecycle import Move, Refused
from .models import Alert
from .similar import similar

PAGE_SIZE = 50
view_alerts = permission_required("alerts.view_alert", raise_exception=True)


@login_required
@require_GET
@view_alerts
def index(request: HttpRequest) -> HttpResponse:
    """Open alerts, most urgent first."""
    alerts = Alert.objects.unresolved().most_urgent_first().select_related("substation", "acknowledged_by")
    found = AlertFilter(request.GET, alerts)
    page = Paginator(found.qs, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "filter": found, "counts": Alert.objects.counts(), "is_filtered": _is_filtered(found)}
    return render_page(request, "alerts/list.html", context)


@login_required
@require_GET
@view_alerts
def history(request: HttpRequest) -> HttpResponseBase:
    """Closed alerts, newest first; ``?format=csv`` exports what range and filters select."""
    chosen = TimeRange.parse(request.GET, zone=zone_for(request, timezone.get_default_timezone()), default="all")
    closed = Alert.objects.in_history().raised_between(*chosen.bounds(timezone.now()))
    closed = closed.select_related("substation", "acknowledged_by").order_by("-closed_at", "-pk")
    found = HistoryPageFilter(request.GET, closed.prefetch_related("resolutions__resolved_by"))
    if request.GET.get("format") == "csv" and chosen.error:
        return HttpResponseBadRequest(chosen.error, content_type="text/plain; charset=utf-8")
    if request.GET.get("format") == "csv":
        return history_csv(found.qs)
    page = Paginator(found.qs, PAGE_SIZE).get_page(request.GET.get("page"))
    is_filtered = _is_filtered(found) or bool(chosen.fields)
    context = {"page": page, "filter": found, "is_filtered": is_filtered, "range": chosen}
    return render_page(request, "alerts/history.html", context)


def _is_filtered(found: AlertFilter) -> bool:
    return any(found.data.get(name) for name in found.filters)


@login_required
@require_GET
@view_alerts
def panel(request: HttpRequest) -> HttpResponse:
    """The few most urgent open alerts, of one substation or of all; a panel for other pages."""
    alerts = Alert.objects.unresolved().most_urgent_first().select_related("substation")
    if code := request.GET.get("substation"):
        alerts = alerts.filter(substation__code=code)
    return render(request, "alerts/_panel.html", {"alerts": alerts[:5], "code": code or ""})


@login_required
@require_GET
@view_alerts
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """When, where, why, how much, what next, and who did what."""
    return _show(request, _get(pk))


acknowledges = permission_required("alerts.acknowledge_alert", raise_exception=True)


@login_required
@require_POST
@acknowledges
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that somebody is on it."""
    return _change(request, pk, AcknowledgeForm, "acknowledge_form", services.acknowledge)


@login_required
@require_POST
@acknowledges
def unacknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand it back, with the reason."""
    return _change(request, pk, WithdrawForm, "withdraw_form", services.unacknowledge)


@login_required
@require_POST
@acknowledges
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a comment."""
    return _change(request, pk, CommentForm, "comment_form", services.comment)


def _change(
    request: HttpRequest, pk: int, form_class: type[forms.Form], name: str, service: Callable[..., Alert]
) -> HttpResponse:
    """One change by a small form, whose fields are the arguments of one service."""
    alert = _get(pk)
    form = form_class(request.POST)
    if not form.is_valid():
        return _show(request, alert, status=422, **{name: form})
    try:
        service(alert, by=request.user, **form.cleaned_data)
    except (Refused, Conflict) as error:
        return _refuse(request, pk, error)
    return _done(request, alert)


@login_required
@require_http_methods(["GET", "POST"])
@permission_required("alerts.resolve_alert", raise_exception=True)
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """The resolution form, and its result. What was typed survives a change by somebody else."""
    alert = _get(pk)
    if alert.closed_at:
        return _refuse(request, pk, Refused(Move.RESOLVE, alert.lifecycle_state))
    form = ResolutionForm(request.POST or None, initial={"version": alert.version})
    status, refused = 422 if request.method == "POST" else 200, ""
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        try:
            services.resolve(alert, by=request.user, findings=form.findings(), version=version)  # type: ignore[arg-type]
            return redirect(alert)
        except Refused as error:
            return _refuse(request, pk, error)
        except Conflict as error:
            alert, status, refused = _get(pk), 409, str(error)
            form = ResolutionForm({**form.findings(), "version": alert.version})
    return render(request, "alerts/resolve.html", {"alert": alert, "form": form, "refused": refused}, status=status)


def _get(pk: int) -> Alert:
    return get_object_or_404(
        Alert.objects.select_related("substation", "acknowledged_by", "detection__detector"), pk=pk
    )


def _show(request: HttpRequest, alert: Alert, *, status: int = 200, **forms: object) -> HttpResponse:
    context = {
        "alert": alert,
        "events": alert.events.select_related("actor").order_by("-seq"),
        "resolutions": alert.resolutions.select_related("resolved_by"),
        "checks": checks(alert.cause),
        "evidence": evidence.read(alert.detection.evidence) if alert.detection else None,
        "similar": similar(alert),
        "acknowledge_form": AcknowledgeForm(initial={"version": alert.version}),
        "withdraw_form": WithdrawForm(initial={"version": alert.version}),
        "comment_form": CommentForm(),
    } | forms
    return render_page(request, "alerts/detail.html", context, status=status)


def _done(request: HttpRequest, alert: Alert) -> HttpResponse:
    if not is_fragment(request):
        return redirect(alert)
    template = "alerts/_row.html" if request.POST.get("as") == "row" else None
    fresh = _get(alert.pk)
    return render(request, template, {"alert": fresh}) if template else _show(request, fresh)


def _refuse(request: HttpRequest, pk: int, error: Exception) -> HttpResponse:
    """409 with the sentence; a page shows the fresh alert below it."""
    if is_fragment(request):
        return HttpResponse(str(error), status=409, content_type="text/plain; charset=utf-8")
    return _show(request, _get(pk), status=409, refused=_("Nothing was changed. %(why)s") % {"why": error})
