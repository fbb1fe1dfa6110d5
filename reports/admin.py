"""Reports and their schedules in the Django admin: looked at and deleted there, asked for on their page."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from core.read_only_admin import RecordMixin

from .models import Report, ReportSchedule
from .services import delete_report


@admin.register(Report)
class ReportAdmin(RecordMixin, admin.ModelAdmin[Report]):
    list_display = ("__str__", "state", "requested_by", "mail", "created_at", "finished_at")
    list_filter = ("kind", "state", "mail")
    list_select_related = ("requested_by", "substation", "alert__substation")
    date_hierarchy = "created_at"

    def has_delete_permission(self, request: HttpRequest, obj: Report | None = None) -> bool:
        if obj is not None and obj.state == Report.ReportState.MAKING:
            return False
        return request.user.has_perm("reports.delete_report")

    def delete_model(self, request: HttpRequest, obj: Report) -> None:
        delete_report(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        for report in queryset:
            delete_report(report)


@admin.register(ReportSchedule)
class ReportScheduleAdmin(RecordMixin, admin.ModelAdmin[ReportSchedule]):
    list_display = ("__str__", "next_on", "created_by", "created_at")
    list_filter = ("kind",)
    list_select_related = ("created_by",)

    def has_delete_permission(self, request: HttpRequest, obj: ReportSchedule | None = None) -> bool:
        return request.user.has_perm("reports.delete_reportschedule")
