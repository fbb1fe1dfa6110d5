"""The REST API of alerts: read, acknowledge, unacknowledge, comment, shelve, resolve."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from substations.models import Substation

from . import assignment, services, shelf
from .changes import Conflict, EventSource
from .display_names import explain
from .filters import HistoryFilter
from .guidance import advice_of
from .lifecycle import Refused
from .models import Alert, AlertEvent, AlertRepair, Resolution


class Conflicted(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class AlertEventSerializer(serializers.ModelSerializer[AlertEvent]):
    actor = serializers.CharField(source="actor.username", default=None, read_only=True)

    class Meta:
        model = AlertEvent
        fields = ("seq", "at", "event_time", "actor", "source", "action", "state_before", "state_after", "comment")


class ResolutionSerializer(serializers.ModelSerializer[Resolution]):
    resolved_by = serializers.CharField(source="resolved_by.username", read_only=True)

    class Meta:
        model = Resolution
        fields = (
            "classification", "checks", "root_cause", "corrective_action", "preventive_strategy", "outcome",
            "resolved_by", "resolved_at", "while_active",
        )  # fmt: skip
        read_only_fields = ("resolved_at", "while_active")


def _amount(source: str) -> serializers.DecimalField:
    """Money by the month's end, in ``penalty_currency``; null without a tariff."""
    return serializers.DecimalField(source=source, max_digits=16, decimal_places=4, default=None, read_only=True)


class AlertRepairSerializer(serializers.ModelSerializer[AlertRepair]):
    """Since when reactive power is back (null: not yet), and what that saves a day at equal active power."""

    class Meta:
        model = AlertRepair
        exclude = ("alert", "alert_version", "decimals")


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """One alert; ``version`` may be sent back with a change, which is refused if somebody else was first."""

    substation = serializers.SlugRelatedField[Substation](slug_field="code", read_only=True)
    state = serializers.CharField(read_only=True)
    severity = serializers.CharField(source="severity_name", read_only=True)
    assignee = serializers.CharField(source="assignee.username", default=None, read_only=True)
    suppressed_by = serializers.PrimaryKeyRelatedField[Alert](
        read_only=True, help_text="The alert that silences it, of alerts that are suppressed by design."
    )
    acknowledged_by = serializers.CharField(source="acknowledged_by.username", default=None, read_only=True)
    reason = serializers.CharField(source="plain_sentence", read_only=True)
    penalty_if_left = _amount("penalty.left")
    penalty_if_mended = _amount("penalty.mended")
    penalty_currency = serializers.CharField(source="penalty.currency", default=None, read_only=True)
    cost_sentence = serializers.CharField(
        read_only=True, help_text="Energy so far and penalty by the month's end; empty where neither is known."
    )
    repair = AlertRepairSerializer(read_only=True, default=None, help_text="Of closed alerts: proof of repair.")
    last_known_at = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="Time of the newest reading, of active alerts that rest on an old one.",
    )

    class Meta:
        model = Alert
        fields = (
            "id", "substation", "kind", "cause", "severity", "state", "condition", "acknowledged", "suppression",
            "raised_at", "detected_at", "peak_at", "cleared_at", "closed_at", "closure", "acknowledged_by",
            "acknowledged_at", "acknowledge_note", "loss_kwh", "loss_low_kwh", "loss_high_kwh", "loss_pct", "score",
            "confidence", "reason", "last_known_at", "assignee", "suppressed_until", "suppressed_by",
            "suppression_reason", "chattering_count", "occurrences", "reopen_count", "detection", "version",
            "penalty_if_left", "penalty_if_mended", "penalty_currency", "repair", "cost_sentence",
        )  # fmt: skip


class AlertDetailSerializer(AlertSerializer):
    events = AlertEventSerializer(many=True, read_only=True)
    resolutions = ResolutionSerializer(many=True, read_only=True)
    advice = serializers.SerializerMethodField(help_text="What to check first: the plant's own guidance, or built in.")

    class Meta(AlertSerializer.Meta):
        fields = (*AlertSerializer.Meta.fields, "events", "resolutions", "advice")  # type: ignore[assignment]  # the base has fewer

    def get_advice(self, alert: Alert) -> list[str]:
        return list(advice_of(alert).steps)


class NoteSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    version = serializers.IntegerField(required=False)


class ReasonSerializer(NoteSerializer):
    note = serializers.CharField(max_length=2000)


class AssignSerializer(NoteSerializer):
    assignee = serializers.SlugRelatedField[User](
        slug_field="username", queryset=assignment.assignable(), allow_null=True, help_text="Null: nobody."
    )


class ShelveSerializer(ReasonSerializer):
    minutes = serializers.IntegerField(min_value=1, max_value=shelf.MAX_SHELF_MINUTES)


class ResolveSerializer(ResolutionSerializer):
    version = serializers.IntegerField(required=False, write_only=True)

    class Meta(ResolutionSerializer.Meta):
        fields = (*ResolutionSerializer.Meta.fields, "version")  # type: ignore[assignment]  # the base has fewer


class ApiAlertFilter(HistoryFilter):
    class Meta(HistoryFilter.Meta):
        fields = ("condition", "acknowledged", "suppression")  # type: ignore[assignment]  # the base has fewer


class AlertViewSet(viewsets.ReadOnlyModelViewSet[Alert]):
    """Open alerts and, with ``?history=true``, closed ones; with ``?sort=penalty`` the dearest first."""

    queryset = Alert.objects.select_related("substation", "acknowledged_by", "assignee", "penalty", "repair")
    serializer_class = AlertSerializer
    filterset_class = ApiAlertFilter
    query_parameters = ("history", "sort")
    action_permissions = {
        "acknowledge": ["alerts.acknowledge_alert"],
        "unacknowledge": ["alerts.acknowledge_alert"],
        "comment": ["alerts.acknowledge_alert"],
        "assign": ["alerts.acknowledge_alert"],
        "shelve": ["alerts.shelve_alert"],
        "unshelve": ["alerts.shelve_alert"],
        "resolve": ["alerts.resolve_alert"],
    }

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

    @extend_schema(request=NoteSerializer, responses={200: AlertDetailSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str | None = None) -> Response:
        """Say that somebody is on it."""
        return self._change(request, NoteSerializer, services.acknowledge)

    @extend_schema(request=ReasonSerializer, responses={200: AlertDetailSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"])
    def unacknowledge(self, request: Request, pk: str | None = None) -> Response:
        """Take the acknowledgement back, with the reason."""
        return self._change(request, ReasonSerializer, services.unacknowledge)

    @extend_schema(request=ReasonSerializer, responses={200: AlertDetailSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"])
    def comment(self, request: Request, pk: str | None = None) -> Response:
        """Add a comment."""
        asked = ReasonSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return self._guarded(services.comment, text=asked.validated_data["note"])

    @extend_schema(request=AssignSerializer, responses={200: AlertDetailSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: str | None = None) -> Response:
        """Give it to somebody who may acknowledge alerts, or to nobody."""
        asked = AssignSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return self._guarded(assignment.assign, **asked.validated_data)

    @extend_schema(request=ShelveSerializer, responses={200: AlertDetailSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"])
    def shelve(self, request: Request, pk: str | None = None) -> Response:
        """Put it aside for some minutes, twelve hours at most."""
        asked = ShelveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return self._guarded(shelf.shelve, **asked.validated_data)

    @extend_schema(request=NoteSerializer, responses={200: AlertDetailSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"])
    def unshelve(self, request: Request, pk: str | None = None) -> Response:
        """Take it back before its time on the shelf is over."""
        return self._change(request, NoteSerializer, shelf.unshelve)

    @extend_schema(request=ResolveSerializer, responses={200: AlertDetailSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str | None = None) -> Response:
        """Close it with what was found and done."""
        asked = ResolveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        findings = dict(asked.validated_data)
        version = findings.pop("version", None)
        return self._guarded(services.resolve, findings=findings, version=version)

    def _change(self, request: Request, serializer: Any, change: Any) -> Response:
        asked = serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return self._guarded(change, note=asked.validated_data["note"], version=asked.validated_data.get("version"))

    def _guarded(self, change: Any, **values: Any) -> Response:
        try:
            change(self.get_object(), by=self.request.user, source=EventSource.API, **values)
        except (Refused, Conflict) as error:
            raise Conflicted(explain(error)) from error
        return self._fresh()

    def _fresh(self) -> Response:
        return Response(AlertDetailSerializer(self.get_object()).data)
