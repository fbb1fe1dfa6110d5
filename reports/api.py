"""The REST API of reports: ask for one, follow it, download its files."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.models import Alert
from smart_ems import pipeline
from substations.models import Substation

from . import services
from .forms import end_of, month_from
from .models import Report, ReportSchedule
from .views import download


@extend_schema_field(OpenApiTypes.STR)
class ReportMonthField(serializers.Field[Any, Any, Any, Any]):
    """A month like 2026-03."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return month_from(str(data))
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from error

    def to_representation(self, value: Any) -> str:
        return f"{value:%Y-%m}"


BYTES = "application/octet-stream"
"""What generated clients take for a file, whatever is in it."""


class ReportSerializer(serializers.ModelSerializer[Report]):
    """A report; ``state`` ready: its files are at ``paper/`` (PDF) and ``sheet/`` (XLSX, of a statement CSV)."""

    substation = serializers.SlugRelatedField[Substation](slug_field="code", read_only=True)
    requested_by = serializers.CharField(source="requested_by.username", default=None, read_only=True)

    class Meta:
        model = Report
        fields = (
            "id", "kind", "site", "substation", "alert", "first_day", "last_day", "start", "end", "state",
            "progress_pct", "reason", "requested_by", "mail", "mail_note", "created_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields


class ReportRequestSerializer(serializers.Serializer[Any]):
    """monthly, feeders: ``month`` and, for several, ``to``. shift: ``start`` and ``end``. alert: ``alert``."""

    kind = serializers.ChoiceField(choices=Report.ReportKind.choices)
    site = serializers.CharField(required=False, allow_blank=True, default="", max_length=120)
    substation = serializers.SlugRelatedField[Substation](
        slug_field="code", queryset=Substation.objects.all(), required=False, allow_null=True, default=None
    )
    alert = serializers.PrimaryKeyRelatedField[Alert](
        queryset=Alert.objects.all(), required=False, allow_null=True, default=None
    )
    month = ReportMonthField(required=False, default=None, help_text="First month, like 2026-03.")
    to = ReportMonthField(required=False, default=None, help_text="Last month, where it is another.")
    start = serializers.DateTimeField(required=False, allow_null=True, default=None)
    end = serializers.DateTimeField(required=False, allow_null=True, default=None)

    def report(self) -> Report:
        """What is asked for; what its kind has no use for is refused."""
        given = self.validated_data
        kind = given["kind"]
        self._refuse_others(kind)
        if kind == Report.ReportKind.ALERT:
            return Report(kind=kind, alert=given["alert"])
        scope = {"kind": kind, "site": given["site"], "substation": given["substation"]}
        if kind == Report.ReportKind.SHIFT:
            return Report(**scope, start=given["start"], end=given["end"])
        last = given["to"] or given["month"]
        return Report(**scope, first_day=given["month"], last_day=end_of(last) if last else None)

    def _refuse_others(self, kind: str) -> None:
        scope = {"kind", "site", "substation"}
        uses = {"alert": {"kind", "alert"}, "shift": scope | {"start", "end"}}.get(kind, scope | {"month", "to"})
        others = [name for name, value in self.validated_data.items() if name not in uses and value not in (None, "")]
        if others:
            said = f"Received this with the kind “{kind}”; expected {', '.join(sorted(uses - {'kind'}))} alone."
            raise serializers.ValidationError({name: [said] for name in others})


class ReportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Report]):
    """Reports, newest first: ask for one, follow it, download its files, delete it."""

    queryset = Report.objects.with_scope()
    serializer_class = ReportSerializer
    filterset_fields = ("kind", "state", "site")

    @extend_schema(
        request=ReportRequestSerializer,
        responses={201: ReportSerializer, 200: OpenApiResponse(ReportSerializer, "It is being made already.")},
    )
    def create(self, request: Request) -> Response:
        """Ask for a report. 201: queued; 200: the same one is being made already."""
        asked = ReportRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            found = services.request_report(asked.report(), by=cast(User, request.user))
        except DjangoValidationError as error:
            raise serializers.ValidationError(serializers.as_serializer_error(error)) from error
        pipeline.reports_waiting()
        return Response(ReportSerializer(found.report).data, status=201 if found.is_new else 200)

    @extend_schema(responses={204: None, 409: OpenApiResponse(description="It is being made just now.")})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Delete a report and its files."""
        if services.delete_report(self.get_object()):
            return Response(status=204)
        return Response({"detail": "This report is being made just now: delete it when it is ready."}, status=409)

    @extend_schema(responses={(200, BYTES): OpenApiTypes.BINARY})
    @action(detail=True, filterset_fields=None, pagination_class=None)
    def paper(self, request: Request, pk: str | None = None) -> FileResponse:
        """The PDF; 404 until the report is ready."""
        return download(self.get_object().paper, content_type=BYTES)

    @extend_schema(responses={(200, BYTES): OpenApiTypes.BINARY})
    @action(detail=True, filterset_fields=None, pagination_class=None)
    def sheet(self, request: Request, pk: str | None = None) -> FileResponse:
        """The workbook (XLSX), of a statement the CSV; 404 until the report is ready."""
        return download(self.get_object().sheet, content_type=BYTES)


class ReportScheduleSerializer(serializers.ModelSerializer[ReportSchedule]):
    """On the first of each month the report of the month before, by e-mail. ``site`` empty: the whole grid."""

    recipients = serializers.ListField(child=serializers.EmailField(), allow_empty=False)
    created_by = serializers.CharField(source="created_by.username", default=None, read_only=True)

    class Meta:
        model = ReportSchedule
        fields = ("id", "kind", "site", "recipients", "next_on", "created_by", "created_at")
        read_only_fields = ("next_on", "created_at")
        validators: list[Any] = []  # a second one of a kind and site is refused in words


class ReportScheduleViewSet(
    mixins.CreateModelMixin, mixins.DestroyModelMixin, viewsets.ReadOnlyModelViewSet[ReportSchedule]
):
    """Reports that are made and mailed each month; one that is deleted ends, what it made is kept."""

    queryset = ReportSchedule.objects.select_related("created_by")
    serializer_class = ReportScheduleSerializer
    filterset_fields = ("kind", "site")

    def perform_create(self, serializer: serializers.BaseSerializer[ReportSchedule]) -> None:
        wanted = ReportSchedule(**serializer.validated_data)
        try:
            services.add_schedule(wanted, by=cast(User, self.request.user), today=timezone.localdate())
        except DjangoValidationError as error:
            raise serializers.ValidationError(serializers.as_serializer_error(error)) from error
        serializer.instance = wanted
