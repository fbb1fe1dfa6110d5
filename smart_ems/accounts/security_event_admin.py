"""Security events in the administration: looked at, searched and taken along as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _

from core.read_only_admin import RecordMixin
from core.spreadsheets import guarded

from .models import SecurityEvent

COLUMNS = ("at", "kind", "account", "actor", "address", "detail")


class OneLine:
    """A file for ``csv.writer`` that hands out what is written."""

    def write(self, text: str) -> str:
        return text


@admin.register(SecurityEvent)
class SecurityEventAdmin(RecordMixin, admin.ModelAdmin[SecurityEvent]):
    list_display = ("at", "kind", "account", "actor", "address", "detail")
    list_filter = ("kind", "at")
    search_fields = ("account", "actor", "address", "detail")
    actions = ("as_csv",)

    @admin.action(description=_("Export as CSV"))
    def as_csv(self, request: HttpRequest, queryset: QuerySet[SecurityEvent]) -> StreamingHttpResponse:
        headers = {"Content-Disposition": 'attachment; filename="security-events.csv"'}
        return StreamingHttpResponse(_lines(queryset), content_type="text/csv; charset=utf-8", headers=headers)


def _lines(events: QuerySet[SecurityEvent]) -> Iterator[Any]:
    writer = csv.writer(OneLine())
    yield writer.writerow(COLUMNS)
    for at, *rest in events.values_list(*COLUMNS).iterator():
        yield writer.writerow([at.isoformat(), *map(guarded, rest)])
