"""A person's own browser as a channel: the page subscribes with its push service and tells us where that is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required, permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core.requests import EmsRequest

from .browser_channels import add_browser, remove_browser

WORKER = Path(settings.STATICFILES_DIRS[0]) / "js" / "push-worker.js"


@login_not_required
@require_GET
def push_worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It stands at the top, since a worker may show what lies at or below its own address."""
    answer = HttpResponse(WORKER.read_bytes(), content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


@require_POST
@permission_required("alerts.view_alert", raise_exception=True)
def subscribe(request: EmsRequest) -> HttpResponse:
    """Keep a subscription (``endpoint``, ``keys``) as a channel of this person, or renew it."""
    try:
        channel = add_browser(request.user, _body(request), request.headers.get("user-agent", ""))
    except ValidationError as error:
        return JsonResponse({"detail": " ".join(error.messages)}, status=400)
    return JsonResponse({"channel": channel.pk, "name": channel.name}, status=201)


@require_POST
@permission_required("alerts.view_alert", raise_exception=True)
def unsubscribe(request: EmsRequest) -> HttpResponse:
    """Forget the subscription of this browser."""
    try:
        body = _body(request)
    except ValidationError as error:
        return JsonResponse({"detail": " ".join(error.messages)}, status=400)
    remove_browser(request.user, str(body.get("endpoint", "")))
    return HttpResponse(status=204)


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        found = json.loads(request.body)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not found.get("endpoint"):
        raise ValidationError(_("Received no subscription; expected the one that the browser made."))
    return found
