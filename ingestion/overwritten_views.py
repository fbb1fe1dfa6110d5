"""The page of overwritten readings: what was measured before, and what stands there now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from core.csv_exports import BYTE_ORDER_MARK, csv_export
from core.requests import EmsRequest, render_page
from core.time_range import TimeRange, zone_for
from substations.channels import BY_NAME
from substations.models import Reading

from .overwritten_filter import OverwrittenFilter
from .overwritten_models import OverwrittenReading
from .views import sees_uploads

# chosen: a few screens of rows.
PAGE_SIZE = 50
COLUMNS = ("substation", "at", "channel", "before", "overwritten_at", "author", "source")


@require_GET
@sees_uploads
def overwritten(request: EmsRequest) -> HttpResponseBase:
    """Newest first; the range is when they were overwritten. ``?format=csv``: one line for each value."""
    chosen = TimeRange.parse(request.GET, zone=zone_for(request, timezone.get_default_timezone()), default="all")
    stored = OverwrittenReading.objects.select_related("substation")
    rows = chosen.within(stored, "overwritten_at", newest=timezone.now())
    found = OverwrittenFilter(request.GET, rows, request=request)
    if request.GET.get("format") == "csv":
        if chosen.error:
            return HttpResponseBadRequest(chosen.error, content_type="text/plain; charset=utf-8")
        return csv_export(request, "overwritten.csv", COLUMNS, _lines(found.qs), head=BYTE_ORDER_MARK)
    page = Paginator(found.qs, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": _beside_now(list(page.object_list)),
        "filter": found,
        "live": "overwritten",
        "range": chosen,
        "is_filtered": bool(chosen.fields) or any(request.GET.get(name) for name in found.filters),
    }
    return render_page(request, "ingestion/overwritten.html", context)


def _beside_now(rows: list[OverwrittenReading]) -> list[dict[str, Any]]:
    """Each row with its channels: label, unit, the value before and the one that is stored now."""
    now = {(each.substation_id, each.at): each for each in _readings_of(rows)}
    return [
        {
            "row": row,
            "values": [
                (BY_NAME[name], before, getattr(now.get((row.substation_id, row.at)), name, None))
                for name, before in row.before.items()
            ],
        }
        for row in rows
    ]


def _readings_of(rows: Iterable[OverwrittenReading]) -> QuerySet[Reading]:
    return Reading.objects.filter(pk__in=[(row.substation_id, row.at) for row in rows])


def _lines(found: QuerySet[Any]) -> Iterator[list[object]]:
    for row in found.iterator(chunk_size=1000):
        for name, before in row.before.items():
            at = (row.at.isoformat(), name, before, row.overwritten_at.isoformat())
            yield [row.substation.code, *at, row.author, row.source]
