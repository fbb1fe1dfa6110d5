"""The page of one substation, and its readings as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.db.models import Max, Min
from django.http import Http404, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core.csv_exports import csv_export
from core.requests import EmsRequest
from core.saved_fields import save_fields
from core.time_range import TimeRange, zone_for

from .channel_charts import GROUPS, channel_figure, duration_figure
from .channels import CHANNEL_NAMES, CHANNELS
from .models import PendingRange, Reading, Substation
from .querysets import ReadingQuerySet
from .strip import strip_of

NOTICE_SHOWN_FOR = timedelta(days=7)
"""Chosen: how long a page says that readings came with a time in the future."""

view_substations = permission_required("substations.view_substation", raise_exception=True)


@require_GET
@view_substations
def detail(request: EmsRequest, code: str) -> HttpResponse:
    """Live values, power factor and loss against what is expected, alerts, model, nameplate."""
    substation = get_object_or_404(Substation, code=code)
    context = {
        "substation": substation,
        "range": TimeRange.parse(request.GET, zone=zone_for(request, substation.zone)),
        "groups": GROUPS,
        "links_in": substation.links_in.select_related("source"),
        "links_out": substation.links_out.select_related("target"),
    }
    return render(request, "substations/detail.html", context)


@require_GET
@view_substations
def strip(request: EmsRequest, code: str) -> HttpResponse:
    """The whole record at a glance, with the range of the URL on it; dragging its ends asks for another range."""
    substation = get_object_or_404(Substation, code=code)
    chosen = TimeRange.parse(request.GET, zone=zone_for(request, substation.zone))
    found = strip_of(substation)
    start, end = chosen.bounds(found.last if found else None)
    context = {"substation": substation, "strip": found, "range": chosen, "start": start, "end": end}
    return render(request, "substations/_strip.html", context)


@require_GET
@view_substations
def channels(request: EmsRequest, code: str, group: str) -> HttpResponse:
    """The channels of one group as a figure, in the range of the URL."""
    if group not in GROUPS:
        raise Http404(_("No group of channels is called “%(group)s”.") % {"group": group})
    substation = get_object_or_404(Substation, code=code)
    zone = zone_for(request, substation.zone)
    chosen = TimeRange.parse(request.GET, zone=zone)
    if chosen.error:
        return HttpResponseBadRequest(chosen.error, content_type="text/plain; charset=utf-8")
    return JsonResponse(channel_figure(substation, GROUPS[group], *_bounds(substation, chosen), zone=zone))


@require_GET
@view_substations
def duration(request: EmsRequest, code: str) -> HttpResponse:
    """The load-duration curve of the range of the URL."""
    substation = get_object_or_404(Substation, code=code)
    chosen = TimeRange.parse(request.GET, zone=zone_for(request, substation.zone))
    if chosen.error:
        return HttpResponseBadRequest(chosen.error, content_type="text/plain; charset=utf-8")
    return JsonResponse(duration_figure(substation, *_bounds(substation, chosen)))


def _bounds(substation: Substation, chosen: TimeRange) -> tuple[datetime | None, datetime | None]:
    newest = Reading.objects.for_substation(substation).newest(1).values_list("at", flat=True).first()
    return chosen.bounds(newest)


@require_GET
@view_substations
def live(request: EmsRequest, code: str) -> HttpResponse:
    """The newest reading, value by value; a panel that refreshes itself."""
    substation = get_object_or_404(Substation, code=code)
    newest = Reading.objects.for_substation(substation).newest(1).first()
    values = [
        (channel, getattr(newest, channel.name), bool(newest.derived & (1 << index)))
        for index, channel in enumerate(CHANNELS)
        if newest and getattr(newest, channel.name) is not None
    ]
    now = timezone.now()
    context = {
        "substation": substation,
        "reading": newest,
        "values": values,
        "is_stale": newest is not None and substation.is_stale(newest.at, now),
        "from_future": substation.future_seen_at is not None and now - substation.future_seen_at < NOTICE_SHOWN_FOR,
    }
    return render(request, "substations/_live.html", context)


@require_POST
@permission_required("substations.answer_direction", raise_exception=True)
def direction(request: EmsRequest, code: str) -> HttpResponse:
    """Say whether active power that is negative is fed in or turned round; the record is judged again with that."""
    substation = get_object_or_404(Substation, code=code)
    answer = request.POST.get("exports_power", "")
    if answer not in Substation.Export.values:
        expected = _("Received “%(answer)s” for exports_power; expected one of %(choices)s.") % {
            "answer": answer[:40],
            "choices": ", ".join(Substation.Export.values),
        }
        return HttpResponseBadRequest(expected, content_type="text/plain; charset=utf-8")
    with transaction.atomic():
        save_fields(substation, exports_power=answer)
        reach = substation.readings.aggregate(first=Min("at"), last=Max("at"))
        if reach["first"]:
            PendingRange.objects.create(substation=substation, start=reach["first"], end=reach["last"])
    messages.success(request, _("Kept on the nameplate; the readings are judged again."))
    return redirect(substation)


@require_GET
@view_substations
def readings_csv(request: EmsRequest, code: str) -> HttpResponseBase:
    """The measured readings of a range, streamed, in a form that the upload reads back.

    What was derived is left out: uploaded again it would pass for measured, and it is derived again anyhow.
    """
    substation = get_object_or_404(Substation, code=code)
    chosen = TimeRange.parse(request.GET, zone=zone_for(request, substation.zone), default="all")
    if chosen.error:
        return HttpResponseBadRequest(chosen.error, content_type="text/plain; charset=utf-8")
    readings = Reading.objects.for_substation(substation).between(*_bounds(substation, chosen))
    header = [f"{channel.label} ({channel.unit})" if channel.unit else channel.label for channel in CHANNELS]
    rows = _measured(substation, readings)
    return csv_export(request, f"readings-{substation.code}.csv", ["Timestamp", "Substation", *header], rows)


def _measured(substation: Substation, readings: ReadingQuerySet) -> Iterator[list[object]]:
    for at, derived, *values in readings.in_pieces("derived", *CHANNEL_NAMES):
        measured = [None if derived & (1 << index) else value for index, value in enumerate(values)]
        yield [at.astimezone(UTC).isoformat(sep=" "), substation.code, *measured]
