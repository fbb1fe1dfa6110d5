"""Administration of data intake. What came in is history: it can be looked up, not changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from core.read_only_admin import RecordMixin
from ingestion.models import RowProblem, SourceProfile, Upload

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
else:
    BaseAdmin = admin.ModelAdmin


@admin.register(Upload)
class UploadAdmin(RecordMixin, BaseAdmin):
    list_display = (
        "original_name",
        "state",
        "source",
        "uploaded_by",
        "created_at",
        "rows_read",
        "rows_new",
        "rows_bad",
    )
    list_filter = ("state", "source", "created_at")
    list_select_related = ("uploaded_by",)
    search_fields = ("original_name", "sha256", "uploaded_by__username")
    date_hierarchy = "created_at"
    list_per_page = 50


@admin.register(RowProblem)
class RowProblemAdmin(RecordMixin, BaseAdmin):
    list_display = ("upload", "line", "field", "received", "expected")
    list_select_related = ("upload",)
    search_fields = ("upload__original_name", "field", "received")
    ordering = ("-upload", "line")
    list_per_page = 50


@admin.register(SourceProfile)
class SourceProfileAdmin(BaseAdmin):
    list_display = ("name_pattern", "sender", "source", "name", "updated_at")
    list_select_related = ("sender",)
    search_fields = ("name", "name_pattern")
    readonly_fields = ("sender", "source", "name_pattern", "key", "columns", "name", "updated_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # answers are confirmed with a file at hand
