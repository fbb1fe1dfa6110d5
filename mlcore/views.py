"""Charts of measured against expected, and the list of models."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from substations.models import Reading, Substation
from substations.views import RANGES

from .charts import substation_figure
from .models import Detection, Detector

PAGE_SIZE = 100
# An episode is shown with at least this much of what came before it.
LEAST_CONTEXT = timedelta(hours=24)
view_detections = permission_required("mlcore.view_detection", raise_exception=True)


@login_required
@require_GET
@view_detections
def chart(request: HttpRequest, code: str) -> HttpResponse:
    """The figure of one substation for a range of its newest readings."""
    substation = get_object_or_404(Substation, code=code)
    length, _label = RANGES.get(request.GET.get("range", "7d"), RANGES["7d"])
    newest = Reading.objects.for_substation(substation).newest(1).first()
    start = newest.at - length if newest and length else None
    return JsonResponse(substation_figure(substation, start, None))


@login_required
@require_GET
@view_detections
def episode_chart(request: HttpRequest, pk: int) -> HttpResponse:
    """The same figure, zoomed on one episode with what came before and after."""
    detection = get_object_or_404(Detection.objects.select_related("substation"), pk=pk)
    last = detection.end or detection.substation.readings.order_by("-at").values_list("at", flat=True).first()
    around = max(LEAST_CONTEXT, ((last or detection.start) - detection.start) / 2)
    end = last + around / 2 if last else None
    return JsonResponse(substation_figure(detection.substation, detection.start - around, end))


@login_required
@require_GET
@permission_required("mlcore.view_detector", raise_exception=True)
def index(request: HttpRequest) -> HttpResponse:
    """The active model of each substation: what it learned from, and how it is doing."""
    active = Detector.objects.active().without_artifact().select_related("substation").order_by("substation__code")
    page = Paginator(active, PAGE_SIZE).get_page(request.GET.get("page"))
    waiting = Substation.objects.exclude(detectors__is_active=True).order_by("code")
    return render(request, "mlcore/list.html", {"page": page, "waiting": waiting[:PAGE_SIZE]})


@login_required
@require_GET
@permission_required("mlcore.view_detector", raise_exception=True)
def panel(request: HttpRequest, code: str) -> HttpResponse:
    """The model of one substation and its recent episodes; a panel of the substation's page."""
    substation = get_object_or_404(Substation, code=code)
    detector = Detector.objects.active().without_artifact().filter(substation=substation).first()
    episodes = Detection.objects.standing().filter(substation=substation).order_by("-start")[:8]
    context = {"substation": substation, "detector": detector, "episodes": episodes}
    return render(request, "mlcore/_panel.html", context)
