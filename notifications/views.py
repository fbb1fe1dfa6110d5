"""Pages of routes; the first route with its test; the heartbeat."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required, permission_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core import site_rights
from core.requests import EmsRequest

from . import channel_services, heartbeat
from .channel_models import NotificationChannel
from .channel_views import channel_page
from .failure_notices import dead_count
from .forms import FirstRouteForm, RouteForm
from .free_names import free_name
from .page_tabs import tabs
from .route_models import NotificationRoute

sees_routes = permission_required("notifications.view_notificationroute", raise_exception=True)
adds_routes = permission_required("notifications.add_notificationroute", raise_exception=True)
changes_routes = permission_required("notifications.change_notificationroute", raise_exception=True)
deletes_routes = permission_required("notifications.delete_notificationroute", raise_exception=True)


@require_GET
@sees_routes
def routes(request: EmsRequest) -> HttpResponse:
    """All routes; without one, the form that makes a first."""
    return _routes(request, FirstRouteForm())


def _routes(request: EmsRequest, form: FirstRouteForm, *, status: int = 200) -> HttpResponse:
    found = NotificationRoute.objects.select_related("policy").prefetch_related("channels")
    context = {"routes": found, "form": form, "tabs": tabs("routes"), "dead": dead_count()}
    return render(request, "notifications/routes.html", context, status=status)


@never_cache
@require_POST
@adds_routes
def first_route(request: EmsRequest) -> HttpResponse:
    """Make a channel and a route of all alerts to it, send a test, and show what became of it."""
    form = FirstRouteForm(request.POST)
    if not form.is_valid():
        return _routes(request, form, status=422)
    kind = form.cleaned_data["kind"]
    channel = NotificationChannel(kind=kind, per_minute=channel_services.default_per_minute(kind))
    try:
        secret = channel_services.set_target(channel, form.cleaned_data["target"])
    except ValidationError as error:
        form.add_error("target", error)
        return _routes(request, form, status=422)
    channel, made = _routed(channel)
    return channel_page(request, channel, secret=secret, result=channel_services.send_test(channel), made=made)


@transaction.atomic
def _routed(channel: NotificationChannel) -> tuple[NotificationChannel, NotificationRoute]:
    """A channel with a route of all alerts to it. Who presses twice gets no second of either: of what is hidden one
    cannot tell."""
    same = NotificationChannel.objects.usable().filter(kind=channel.kind, destination=channel.destination, sealed="")
    found = same.filter(routes__is_enabled=True).first() if not channel.sealed else None
    if found is not None:
        return found, found.routes.filter(is_enabled=True)[0]
    channel.name = free_name(NotificationChannel.objects.kept(), channel.get_kind_display())
    channel.save()
    made = NotificationRoute.objects.create(name=free_name(NotificationRoute.objects.all(), _("All alerts")))
    made.channels.add(channel)
    return channel, made


@require_http_methods(["GET", "POST"])
@adds_routes
def add_route(request: EmsRequest) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@changes_routes
def route(request: EmsRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(NotificationRoute, pk=pk))


def _edit(request: EmsRequest, route: NotificationRoute | None) -> HttpResponse:
    form = RouteForm(request.POST if request.method == "POST" else None, instance=route)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("notifications:routes")
    context = {"form": form, "object": route, "tabs": tabs("routes")}
    return render(request, "notifications/route.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@deletes_routes
def remove_route(request: EmsRequest, pk: int) -> HttpResponse:
    get_object_or_404(NotificationRoute, pk=pk).delete()
    return redirect("notifications:routes")


@login_not_required
@never_cache
@require_GET
@site_rights.whole_plant()
def heartbeat_page(request: HttpRequest) -> HttpResponse:
    """200 only while evaluation, sweep and outbox are fresh; 503 names what is late."""
    late = heartbeat.late_parts(now=timezone.now())
    parts = [{"name": part.name, "since": part.since.isoformat() if part.since else None} for part in late]
    answer = {"status": "late" if late else "ok", "late": parts, "messages_not_sent": dead_count()}
    return JsonResponse(answer, status=503 if late else 200)
