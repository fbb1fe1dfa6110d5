"""The REST API of alerts: read them; the verbs are in ``verb_api``."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from .filters import HistoryFilter
from .models import Alert
from .serializers import AlertDetailSerializer, AlertSerializer
from .verb_api import AlertVerbsMixin


class ApiAlertFilter(HistoryFilter):
    site = django_filters.CharFilter("substation__site", "iexact", label="Site of the substation.")

    class Meta(HistoryFilter.Meta):
        fields = ("condition", "acknowledged", "suppression")  # type: ignore[assignment]  # the base has fewer


class AlertViewSet(AlertVerbsMixin, viewsets.ReadOnlyModelViewSet[Alert]):
    """Open alerts and, with ``?history=true``, closed ones; with ``?sort=penalty`` the dearest first."""

    queryset = Alert.objects.select_related("substation", "acknowledged_by", "assignee", "penalty", "repair")
    serializer_class = AlertSerializer
    filterset_class = ApiAlertFilter
    query_parameters = ("history", "sort")

    def get_queryset(self) -> Any:
        if self.action != "list":
            return super().get_queryset().prefetch_related("events__actor", "resolutions__resolved_by")
        if self.request.GET.get("history", "").lower() in ("true", "1", "yes"):
            closed = Alert.objects.in_history().order_by("-closed_at", "-pk")
            return closed.select_related("substation", "acknowledged_by", "assignee", "penalty", "repair")
        found = Alert.objects.unresolved().with_newest_reading()
        found = found.dearest_first() if self._is_by_penalty() else found.most_urgent_first()
        return found.select_related("substation", "acknowledged_by", "assignee", "penalty", "repair")

    def _is_by_penalty(self) -> bool:
        wanted = self.request.GET.get("sort", "urgency")
        if wanted not in ("urgency", "penalty"):
            raise serializers.ValidationError({"sort": [f"Received “{wanted}”; expected penalty or urgency."]})
        return wanted == "penalty"

    def get_serializer_class(self) -> Any:
        return AlertSerializer if self.action == "list" else AlertDetailSerializer

    @extend_schema(
        parameters=[
            OpenApiParameter("history", bool, description="True: closed alerts instead of open ones."),
            OpenApiParameter("sort", str, enum=["urgency", "penalty"], description="penalty: the dearest first."),
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Open alerts, most urgent first, or closed ones, newest first."""
        return super().list(request, *args, **kwargs)
