"""``/metrics``: the figures of the installation for Prometheus."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from core import site_rights

from .installation_figures import InstallationCollector


@login_not_required
@never_cache
@require_GET
@site_rights.whole_plant()
def figures(request: HttpRequest) -> HttpResponse:
    """The text that Prometheus reads, for who sends ``EMS_METRICS_TOKEN``; 404 where none is set, 401 for another."""
    if not settings.METRICS_TOKEN:
        raise Http404("EMS_METRICS_TOKEN is not set.")
    received = request.headers.get("Authorization", "")
    if not hmac.compare_digest(received.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        refused = HttpResponse("Expected: Authorization: Bearer and EMS_METRICS_TOKEN.\n", "text/plain", status=401)
        refused["WWW-Authenticate"] = "Bearer"
        return refused
    registry = CollectorRegistry(auto_describe=False)
    registry.register(InstallationCollector())
    return HttpResponse(generate_latest(registry), CONTENT_TYPE_LATEST)
