"""Charts of measured against expected, and the list of models."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core.requests import EmsRequest
from core.time_range import TimeRange, zone_for
from mlcore.explanations import PAGE, said_by
from mlcore.models import Detection, Detector, DetectorEvent, RaisedLimit, ScoringFailure
from mlcore.training import schedule, versions
from substations.models import Reading, Substation

from .episode_chart import episode_figure
from .model_card import card, observed_false_alarms, side_by_side
from .model_tier import model_tiers
from .sensitivity_card import sensitivity_card
from .substation_chart import substation_figure

# chosen: a page that loads at once and is still worth scrolling.
PAGE_SIZE = 100
# An episode is shown with at least this much of what came before it.
MIN_CONTEXT = timedelta(hours=24)
view_detections = permission_required("mlcore.view_detection", raise_exception=True)


@require_GET
@view_detections
def chart(request: EmsRequest, code: str) -> HttpResponse:
    """The figure of one substation for a range of its newest readings."""
    substation = get_object_or_404(Substation, code=code)
    zone = zone_for(request, substation.zone)
    chosen = TimeRange.parse(request.GET, zone=zone)
    if chosen.error:
        return HttpResponseBadRequest(chosen.error, content_type="text/plain; charset=utf-8")
    newest = Reading.objects.for_substation(substation).newest(1).first()
    return JsonResponse(substation_figure(substation, *chosen.bounds(newest.at if newest else None), zone=zone))


@require_GET
@view_detections
def episode_chart(request: EmsRequest, pk: int) -> HttpResponse:
    """One episode with what came before and after: the quantity that gave it away, power factor and loss."""
    detection = get_object_or_404(Detection.objects.select_related("substation"), pk=pk)
    last = detection.end or detection.substation.readings.order_by("-at").values_list("at", flat=True).first()
    around = max(MIN_CONTEXT, ((last or detection.start) - detection.start) / 2)
    end = last + around / 2 if last else None
    zone = zone_for(request, detection.substation.zone)
    return JsonResponse(episode_figure(detection, detection.start - around, end, zone=zone))


@require_GET
@permission_required("mlcore.view_detector", raise_exception=True)
def index(request: EmsRequest) -> HttpResponse:
    """The active model of each substation: what it learned from, and how it is doing."""
    active = Detector.objects.active().without_artifact().select_related("substation").order_by("substation__code")
    page = Paginator(active, PAGE_SIZE).get_page(request.GET.get("page"))
    waiting = Substation.objects.exclude(detectors__is_active=True).order_by("code")
    return render(request, "mlcore/list.html", {"page": page, "waiting": waiting[:PAGE_SIZE]})


@require_GET
@permission_required("mlcore.view_detector", raise_exception=True)
def panel(request: EmsRequest, code: str) -> HttpResponse:
    """The model of one substation, or why it cannot be judged; a panel of the substation's page."""
    substation = get_object_or_404(Substation, code=code)
    detector = Detector.objects.active().without_artifact().filter(substation=substation).first()
    failure = ScoringFailure.objects.filter(substation=substation).first()
    context: dict[str, Any] = {"substation": substation, "detector": detector, "failure": failure}
    notes = Detection.objects.ongoing().filter(substation=substation, kind=Detection.Kind.INFO)
    context["notes"] = [{"sentence": said_by(note.evidence, note.reason, PAGE)} for note in notes]
    return render(request, "mlcore/_panel.html", context | {"model_tiers": model_tiers(substation, detector)})


@require_GET
@permission_required("mlcore.view_detector", raise_exception=True)
def detail(request: EmsRequest, code: str) -> HttpResponse:
    """All versions of one substation's model, what happened to them, and what operators have taught."""
    substation = get_object_or_404(Substation, code=code)
    stored = list(substation.detectors.without_artifact().order_by("-version"))
    active = next((version for version in stored if version.is_active), None)
    context = {
        "substation": substation,
        "model_tiers": model_tiers(substation, active),
        "expected": active.metrics.get("expected_false_alarms_per_month") if active else None,
        "versions": [(version, card(version)) for version in stored],
        "work": substation.planned_work.all()[:10],
        "events": DetectorEvent.objects.filter(detector__substation=substation).select_related("actor", "detector")[
            :30
        ],
        "observed": observed_false_alarms(substation),
        "limits": substation.raised_limits.all(),
        "attempt": getattr(substation, "training_attempt", None),
        "failure": getattr(substation, "training_failure", None),
        "found": sensitivity_card(active),
    }
    return render(request, "mlcore/detail.html", context)


@require_GET
@permission_required("mlcore.view_detector", raise_exception=True)
def compare(request: EmsRequest, code: str) -> HttpResponse:
    """Two versions of one substation's model side by side; without a choice the active one and the newest other."""
    substation = get_object_or_404(Substation, code=code)
    stored = list(substation.detectors.without_artifact().order_by("-is_active", "-version"))
    left, right = (_chosen(stored, request.GET.get(name), number) for number, name in enumerate(("one", "other")))
    if left is None or right is None:
        raise Http404(_("At least one of these two versions does not exist."))
    context = {"substation": substation, "versions": stored, "one": left, "other": right}
    return render(request, "mlcore/compare.html", context | {"rows": side_by_side(left, right)})


def _chosen(stored: list[Detector], asked: str | None, otherwise: int) -> Detector | None:
    if asked:
        return next((version for version in stored if str(version.version) == asked), None)
    return stored[otherwise] if otherwise < len(stored) else None


changes_models = permission_required("mlcore.change_detector", raise_exception=True)


@require_POST
@permission_required("mlcore.add_detector", raise_exception=True)
def train(request: EmsRequest, code: str) -> HttpResponse:
    """Ask for a training; the sweep starts it within seconds."""
    substation = get_object_or_404(Substation, code=code)
    schedule.request(substation.pk)
    messages.success(request, _("Training queued; it starts within seconds."))
    return redirect("mlcore:detail", code)


@require_POST
@changes_models
def activate(request: EmsRequest, pk: int) -> HttpResponse:
    """Make a version the active one, also an older one."""
    detector = get_object_or_404(Detector.objects.select_related("substation"), pk=pk)
    try:
        versions.activate(detector, by=request.user, note=_("Manually."))
        messages.success(request, _("Version %(number)d is active.") % {"number": detector.version})
    except versions.Unusable as error:
        messages.error(request, str(error))
    return redirect("mlcore:detail", detector.substation.code)


@require_POST
@changes_models
def pin(request: EmsRequest, pk: int) -> HttpResponse:
    """Pin the active version, or let it go again."""
    detector = get_object_or_404(Detector.objects.select_related("substation"), pk=pk)
    if not versions.pin(detector, pinned=request.POST.get("pinned") == "1", by=request.user):
        messages.error(request, _("Only the active version can be pinned or unpinned, once."))
    return redirect("mlcore:detail", detector.substation.code)


@require_POST
@changes_models
def reset_limit(request: EmsRequest, pk: int) -> HttpResponse:
    """Take back what resolving false alarms has taught about one cause."""
    limit = get_object_or_404(RaisedLimit.objects.select_related("substation"), pk=pk)
    limit.delete()
    messages.success(request, _("The learned threshold applies again."))
    return redirect("mlcore:detail", limit.substation.code)
