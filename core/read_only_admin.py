"""Admin pages of records: what a machine wrote is looked at there, never added, changed or deleted."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


class RecordMixin:
    """Put before ``ModelAdmin`` or an inline of a model that is a record."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
