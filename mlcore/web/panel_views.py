"""Panels of a substation's page that tell why and on which data: contributions to an episode, and data quality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.views.decorators.http import require_GET

from core.requests import EmsRequest
from core.time_range import TimeRange, zone_for
from mlcore.models import Detection, Score
from substations.models import Reading, Substation

from .data_quality import DataQuality, data_quality
from .indicator_labels import INDICATOR_LABELS

# chosen: what a panel holds.
MAX_EPISODES = 8
# chosen: a part of less than one per cent would be drawn as nothing.
MIN_SHARE = 0.01
view_detections = permission_required("mlcore.view_detection", raise_exception=True)
# The height of the strip in the units of its box: chosen, since the style sheet scales it.
BAR_HEIGHT = 40.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the strip, in units of its box: readings believed at the bottom, those not believed on top of them."""

    x: str
    good_y: str
    good: str
    refused_y: str
    refused: str
    stretch: Any


@require_GET
@view_detections
def why(request: EmsRequest, code: str) -> HttpResponse:
    """What contributed to the episode ``?episode=``, else to the newest one; and how the newest reading stands."""
    substation = get_object_or_404(Substation, code=code)
    episodes = list(Detection.objects.not_withdrawn().filter(substation=substation).order_by("-start")[:MAX_EPISODES])
    asked = request.GET.get("episode", "")
    chosen = next((episode for episode in episodes if str(episode.pk) == asked), None)
    if asked and chosen is None:
        chosen = get_object_or_404(Detection, pk=asked, substation=substation) if asked.isdigit() else None
    shown = chosen or (episodes[0] if episodes else None)
    newest = Score.objects.filter(substation=substation).order_by("-at").first()
    context = {
        "substation": substation,
        "episodes": episodes,
        "shown": shown,
        "shares": contributions(shown) if shown else [],
        "newest": newest,
        "furthest": INDICATOR_LABELS.get(newest.channel, newest.channel) if newest else "",
    }
    return render(request, "mlcore/_why.html", context)


def contributions(detection: Detection) -> list[tuple[str | Promise, float]]:
    """What each indicator contributed, as shares of one, largest first; parts below one per cent are left out."""
    stored: dict[str, float] = detection.evidence.get("contributions", {})
    largest_first = sorted(stored.items(), key=lambda item: -item[1])
    return [(INDICATOR_LABELS.get(name, name), part) for name, part in largest_first if part >= MIN_SHARE]


@require_GET
@view_detections
def quality(request: EmsRequest, code: str) -> HttpResponse:
    """The share of readings that came, were derived, were not believed, by day, in the range of the URL."""
    substation = get_object_or_404(Substation, code=code)
    zone = zone_for(request, substation.zone)
    chosen = TimeRange.parse(request.GET, zone=zone)
    if chosen.error:
        return HttpResponseBadRequest(chosen.error, content_type="text/plain; charset=utf-8")
    newest = Reading.objects.for_substation(substation).newest(1).values_list("at", flat=True).first()
    offset = newest.astimezone(zone).utcoffset() if newest else None
    offset_s = int(offset.total_seconds()) if offset else 0
    counted = data_quality(substation, *chosen.bounds(newest), utc_offset_s=offset_s)
    context = {"substation": substation, "quality": counted, "bars": list(bars(counted)), "zone": zone}
    return render(request, "mlcore/_quality.html", context)


def bars(counted: DataQuality) -> list[Bar]:
    """The strip as SVG: written here, since templates would write numbers as the language does."""
    drawn = []
    for number, stretch in enumerate(counted.stretches):
        refused = BAR_HEIGHT * stretch.refused_share
        good = BAR_HEIGHT * stretch.present_share - refused
        drawn.append(
            Bar(
                f"{number + 0.06:.2f}", f"{BAR_HEIGHT - good:.1f}", f"{good:.1f}",
                f"{BAR_HEIGHT - good - refused:.1f}", f"{refused:.1f}", stretch,
            )
        )  # fmt: skip
    return drawn
