"""Pages that join the apps: dashboard, list of substations, topology, health."""

from __future__ import annotations

from http import HTTPStatus

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required, permission_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from alerts.models import Alert
from core import site_rights
from core.requests import EmsRequest, render_page
from ingestion.models import Upload
from mlcore.services import scoring_health
from smart_ems.accounts.site_scopes import scope_of
from smart_ems.api_errors import RETRY_AFTER_S
from substations.models import Substation

from . import event_stream
from .overview import last_measured, statuses_of_all
from .readiness import readiness
from .substation_table import Order, table
from .topology_page import View

# chosen: those in trouble come first; more are in the table.
MAX_CARDS = 60
view_substations = permission_required("substations.view_substation", raise_exception=True)


@require_GET
@view_substations
def dashboard(request: EmsRequest) -> HttpResponse:
    """What needs somebody now, and where. The panels load and refresh by themselves."""
    context = {"counts": _counts(), "has_grid": Substation.objects.exists(), "view": View.parse(request.GET)}
    return render(request, "dashboard/dashboard.html", context)


@require_GET
@view_substations
def counters(request: EmsRequest) -> HttpResponse:
    """The four counters of the dashboard."""
    return render(request, "dashboard/_counters.html", {"counts": _counts()})


def _counts() -> dict[str, int]:
    return {"substations": Substation.objects.count(), **Alert.objects.counts()}


@require_GET
@view_substations
def freshness(request: EmsRequest) -> HttpResponse:
    """When the newest reading was measured, and whether it is too old to speak of the present."""
    newest, is_stale = last_measured(timezone.now())
    is_demo = Upload.objects.filter(source=Upload.Source.DEMO).exists()
    context = {"newest": newest, "is_stale": is_stale, "is_demo": is_demo}
    return render(request, "dashboard/_freshness.html", context)


@require_GET
@view_substations
def status_cards(request: EmsRequest) -> HttpResponse:
    """One card per substation, those in trouble first."""
    order = {"critical": 0, "warning": 1, "unknown": 2, "normal": 3}
    found = sorted(statuses_of_all(), key=lambda each: order[each.state])
    newest = max((each.latest_at for each in found if each.latest_at), default=None)
    context = {"statuses": found[:MAX_CARDS], "more": max(0, len(found) - MAX_CARDS), "newest": newest}
    return render(request, "dashboard/_status_cards.html", context)


@require_GET
@view_substations
def substation_list(request: EmsRequest) -> HttpResponse:
    """Every substation with its state; ``q`` searches code, name and site, ``sort`` names a column (``-loss``)."""
    text = request.GET.get("q", "").strip()
    found = Substation.objects.matching(text) if text else Substation.objects.all()
    order = Order.parse(request.GET.get("sort", ""))
    shown = table(found, order, request.GET.get("page"), now=timezone.now())
    context = {
        "page": shown.page,
        "statuses": shown.statuses,
        "recent": shown.recent,
        "extra_of": shown.extra,
        "order": order,
        "q": text,
    }
    return render_page(request, "dashboard/substations.html", context)


@login_not_required
@require_GET
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask here before they have read the page's own link."""
    return redirect(static("img/logo.svg"))


@login_not_required  # answers 401 itself: a redirect would be followed by the stream
async def stream(request: HttpRequest) -> HttpResponseBase:
    """Server-sent events about what changed; 401 and 403 for those who may not look, 429 or 503 where too many do."""
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    user = await request.auser()
    if not user.is_authenticated:
        return HttpResponse(_("Sign in first."), status=401, content_type="text/plain")
    if not await user.ahas_perm("substations.view_substation"):
        return HttpResponse(_("You may not see substations."), status=403, content_type="text/plain")
    try:
        events = event_stream.Stream(user.pk, await sync_to_async(scope_of)(user))
    except event_stream.TooManyStreamsError:
        return _no_stream(_("Too many streams are open."), HTTPStatus.SERVICE_UNAVAILABLE)
    except event_stream.TooManyStreamsOfOneError:
        said = _("%(count)d of your streams are open, the most for one person. Close some of the browsers.")
        return _no_stream(said % {"count": event_stream.MAX_STREAMS_OF_ONE}, HTTPStatus.TOO_MANY_REQUESTS)
    # A proxy that collects the answer before it passes it on would hold back every event.
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(events, content_type="text/event-stream", headers=headers)


def _no_stream(said: str, status: HTTPStatus) -> HttpResponse:
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return HttpResponse(said, status=status, content_type="text/plain; charset=utf-8", headers=headers)


@login_not_required
@never_cache
@require_GET
@site_rights.whole_plant()
def health(request: HttpRequest) -> HttpResponse:
    """200 when the process answers and reaches its database; for load balancers and the launcher.

    A web process can do nothing about scoring that fails: monitoring reads it from the JSON, the status stays 200.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    found = scoring_health(timezone.now())
    counts = {"substations_failing": found.failing, "ranges_waiting": found.waiting}
    return JsonResponse({"status": "ok", "scoring": found.state, **counts})


@login_not_required
@never_cache
@require_GET
@site_rights.whole_plant()
def ready(request: HttpRequest) -> HttpResponse:
    """200 while every part that the work needs is there, else 503; each part with what was found."""
    checks = readiness(now=timezone.now())
    is_ready = all(check.is_ok for check in checks)
    answer = JsonResponse(
        {"status": "ready" if is_ready else "not ready", "checks": {check.name: check.as_json() for check in checks}},
        status=200 if is_ready else 503,
    )
    if not is_ready:
        answer["Retry-After"] = str(RETRY_AFTER_S)
    return answer
