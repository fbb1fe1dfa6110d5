"""The REST API of alarms of the system itself."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from . import system_alarms
from .changes import Conflict
from .system_alarm_models import SystemAlarm
from .verb_api import Conflicted


class SystemAlarmSerializer(serializers.ModelSerializer[SystemAlarm]):
    """``closed_at`` is null while it lasts."""

    acknowledged_by = serializers.CharField(
        source="acknowledged_by.username", default=None, allow_null=True, read_only=True
    )

    class Meta:
        model = SystemAlarm
        fields = (
            "id", "kind", "subject", "detail", "link", "raised_at", "acknowledged_by", "acknowledged_at", "closed_at",
        )  # fmt: skip


class SystemAlarmViewSet(viewsets.ReadOnlyModelViewSet[SystemAlarm]):
    """Alarms of the system itself, such as messages that are not sent; with ``?history=true`` those that are over."""

    queryset = SystemAlarm.objects.select_related("acknowledged_by")
    serializer_class = SystemAlarmSerializer
    filterset_fields = ("kind",)
    query_parameters = ("history",)
    action_permissions = {"acknowledge": ["alerts.acknowledge_alert"]}

    def get_queryset(self) -> Any:
        found = super().get_queryset()
        if self.action != "list":
            return found
        is_history = self.request.GET.get("history", "").lower() in ("true", "1", "yes")
        return found.filter(closed_at__isnull=not is_history)

    @extend_schema(request=None, responses={200: SystemAlarmSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str | None = None) -> Response:
        """Say that somebody is on it; it closes by itself."""
        try:
            alarm = system_alarms.acknowledge(self.get_object(), by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except Conflict as error:
            raise Conflicted(str(error)) from error
        return Response(SystemAlarmSerializer(alarm).data)
