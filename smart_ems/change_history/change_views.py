"""The page of changes: who configured what, when, from what to what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from core.csv_exports import BYTE_ORDER_MARK, csv_export
from core.requests import EmsRequest, render_page
from core.time_range import TimeRange, zone_for

from .change_filter import ChangeFilter
from .change_sentences import shown
from .models import ConfigurationChange

# chosen: a few screens of rows.
PAGE_SIZE = 50
COLUMNS = (
    "at", "author", "origin", "address", "action", "subject", "subject_pk", "name", "field", "before", "after",
)  # fmt: skip


@require_GET
@permission_required("change_history.view_configurationchange", raise_exception=True)
def changes(request: EmsRequest) -> HttpResponseBase:
    """Newest first; ``?format=csv`` exports what range and filters select, one line for each field."""
    chosen = TimeRange.parse(request.GET, zone=zone_for(request, timezone.get_default_timezone()), default="all")
    rows = chosen.within(ConfigurationChange.objects.all(), "at", newest=timezone.now())
    found = ChangeFilter(request.GET, rows, request=request)
    if request.GET.get("format") == "csv":
        if chosen.error:
            return HttpResponseBadRequest(chosen.error, content_type="text/plain; charset=utf-8")
        return csv_export(request, "changes.csv", COLUMNS, _lines(found.qs), head=BYTE_ORDER_MARK)
    page = Paginator(found.qs, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": shown(page.object_list),
        "filter": found,
        "live": "changes",
        "range": chosen,
        "is_filtered": bool(chosen.fields) or any(request.GET.get(name) for name in found.filters),
    }
    return render_page(request, "change_history/changes.html", context)


def _lines(found: QuerySet[Any]) -> Iterator[list[object]]:
    for row in found.iterator(chunk_size=1000):
        said = [row.at.isoformat(), *(getattr(row, name) for name in COLUMNS[1:8])]
        for name, (before, after) in (row.changes or {"": ("", "")}).items():
            yield [*said, name, before, after]
