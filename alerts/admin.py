"""Alerts in the Django admin: a record. Alerts change on their own pages, events never."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.read_only_admin import RecordMixin

from .models import Alert, AlertEvent, AlertGuidance, Resolution, ReviewFailure, ShiftHandover, ShiftNote, SystemAlarm


class EventInline(RecordMixin, admin.TabularInline[AlertEvent, Alert]):
    model = AlertEvent
    fields = ("seq", "at", "action", "actor", "source", "state_before", "state_after", "comment")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertEvent]:
        return super().get_queryset(request).select_related("actor", "alert__substation")


class ResolutionInline(RecordMixin, admin.StackedInline[Resolution, Alert]):
    model = Resolution


@admin.register(Alert)
class AlertAdmin(RecordMixin, admin.ModelAdmin[Alert]):
    list_display = (
        "substation",
        "cause",
        "kind",
        "severity_now",
        "condition",
        "acknowledged",
        "raised_at",
        "closed_at",
        "closure",
    )
    list_filter = ("condition", "acknowledged", "suppression", "kind", "severity_now", "cause", "closure")
    search_fields = ("substation__code", "reason")
    list_select_related = ("substation",)
    date_hierarchy = "raised_at"
    inlines = (ResolutionInline, EventInline)


@admin.register(AlertEvent)
class AlertEventAdmin(RecordMixin, admin.ModelAdmin[AlertEvent]):
    list_display = ("alert", "seq", "at", "action", "actor", "source", "state_before", "state_after")
    list_filter = ("at", "action", "source")
    search_fields = ("alert__substation__code", "comment")
    list_select_related = ("alert__substation", "actor")


@admin.register(ShiftHandover)
class ShiftHandoverAdmin(RecordMixin, admin.ModelAdmin[ShiftHandover]):
    list_display = ("start", "end", "handed_over_by", "taken_over_by", "taken_over_at")
    list_select_related = ("handed_over_by", "taken_over_by")


@admin.register(ShiftNote)
class ShiftNoteAdmin(RecordMixin, admin.ModelAdmin[ShiftNote]):
    list_display = ("at", "author", "text")
    search_fields = ("text", "author__username")
    list_select_related = ("author",)


@admin.register(SystemAlarm)
class SystemAlarmAdmin(RecordMixin, admin.ModelAdmin[SystemAlarm]):
    list_display = ("__str__", "detail", "raised_at", "acknowledged_by", "closed_at")
    list_filter = ("kind",)
    list_select_related = ("acknowledged_by",)


@admin.register(AlertGuidance)
class AlertGuidanceAdmin(admin.ModelAdmin[AlertGuidance]):
    list_display = ("__str__", "site", "substation", "kind", "cause", "changed_at")
    list_filter = ("kind", "cause", "site")
    search_fields = ("site", "substation__code", "text")
    list_select_related = ("substation",)
    autocomplete_fields = ("substation",)


@admin.register(ReviewFailure)
class ReviewFailureAdmin(RecordMixin, admin.ModelAdmin[ReviewFailure]):
    list_display = ("detection", "reason", "first_failed_at", "failed_at", "retry_at", "attempts")
    search_fields = ("detection__substation__code", "reason")
    list_select_related = ("detection__substation",)
