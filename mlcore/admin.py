"""Models and detections in the Django admin: to be looked at; only the readings change them."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.read_only_admin import RecordMixin

from .models import Detection, Detector, ScoringFailure, SensitivityReport, TrainingFailure


@admin.register(Detector)
class DetectorAdmin(RecordMixin, admin.ModelAdmin[Detector]):
    list_display = (
        "substation",
        "version",
        "tier",
        "is_active",
        "trained_from",
        "trained_until",
        "row_count",
        "created_at",
    )
    list_filter = ("is_active", "tier")
    search_fields = ("substation__code",)
    list_select_related = ("substation",)
    exclude = ("arrays", "meta")
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Detector]:
        return super().get_queryset(request).defer("arrays", "meta")


@admin.register(Detection)
class DetectionAdmin(RecordMixin, admin.ModelAdmin[Detection]):
    list_display = ("substation", "cause", "kind", "severity", "start", "end", "loss_kwh", "score", "verdict")
    list_filter = ("kind", "severity", "cause", "verdict")
    search_fields = ("substation__code", "reason")
    list_select_related = ("substation",)
    date_hierarchy = "start"


@admin.register(ScoringFailure, TrainingFailure)
class FailureAdmin(RecordMixin, admin.ModelAdmin[ScoringFailure]):
    list_display = ("substation", "reason", "first_failed_at", "failed_at", "retry_at", "attempts")
    search_fields = ("substation__code", "reason")
    list_select_related = ("substation",)


@admin.register(SensitivityReport)
class SensitivityReportAdmin(RecordMixin, admin.ModelAdmin[SensitivityReport]):
    list_display = ("detector", "requested_at", "progress_pct", "worked_out_at", "failure")
    search_fields = ("detector__substation__code",)
    list_select_related = ("detector__substation",)
