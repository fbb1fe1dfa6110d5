"""The page of one substation, and its readings as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from .channels import CHANNEL_NAMES, CHANNELS
from .models import Reading, Substation
from .querysets import ReadingQuerySet
from .timerange import TimeRange, zone_for

view_substations = permission_required("substations.view_substation", raise_exception=True)


@login_required
@require_GET
@view_substations
def detail(request: HttpRequest, code: str) -> HttpResponse:
    """Live values, power factor and loss against what is expected, alerts, model, nameplate."""
    substation = get_object_or_404(Substation, code=code)
    context = {
        "substation": substation,
        "range": TimeRange.parse(request.GET, zone=zone_for(request, substation.zone)),
        "links_in": substation.links_in.select_related("source"),
        "links_out": substation.links_out.select_related("target"),
    }
    return render(request, "substations/detail.html", context)


@login_required
@require_GET
@view_substations
def live(request: HttpRequest, code: str) -> HttpResponse:
    """The newest reading, value by value; a panel that refreshes itself."""
    substation = get_object_or_404(Substation, code=code)
    newest = Reading.objects.for_substation(substation).newest(1).first()
    values = [
        (channel, getattr(newest, channel.name), bool(newest.derived & (1 << index)))
        for index, channel in enumerate(CHANNELS)
        if newest and getattr(newest, channel.name) is not None
    ]
    return render(request, "substations/_live.html", {"substation": substation, "reading": newest, "values": values})


@login_required
@require_GET
@view_substations
def readings_csv(request: HttpRequest, code: str) -> HttpResponseBase:
    """The measured readings of a range, streamed, in a form that the upload reads back.

    What was derived is left out: uploaded again it would pass for measured, and it is derived again anyhow.
    """
    substation = get_object_or_404(Substation, code=code)
    chosen = TimeRange.parse(request.GET, zone=zone_for(request, substation.zone), default="all")
    if chosen.error:
        return HttpResponseBadRequest(chosen.error, content_type="text/plain; charset=utf-8")
    readings = Reading.objects.for_substation(substation)
    newest = readings.newest(1).first()
    readings = readings.between(*chosen.bounds(newest.at if newest else None))
    response = StreamingHttpResponse(
        _lines(substation, readings.order_by("at")), content_type="text/csv; charset=utf-8"
    )
    name = f"readings-{substation.code}.csv"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return response


class _Echo:
    def write(self, value: str) -> str:
        return value


def _lines(substation: Substation, readings: ReadingQuerySet) -> Iterator[str]:
    writer = csv.writer(_Echo())
    header = [f"{channel.label} ({channel.unit})" if channel.unit else channel.label for channel in CHANNELS]
    yield writer.writerow(["Timestamp", "Substation", *header])
    for at, derived, *values in readings.values_list("at", "derived", *CHANNEL_NAMES).iterator(5000):
        measured = [None if derived & (1 << index) else value for index, value in enumerate(values)]
        yield writer.writerow([at.astimezone(UTC).isoformat(sep=" "), substation.code, *measured])
