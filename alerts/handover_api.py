"""The REST API of shifts: notes, what was handed over, and taking over."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from . import handover
from .changes import Conflict
from .handover_models import ShiftHandover, ShiftNote
from .verb_api import Conflicted

MAX_NOTE = 2000
TAKES_PART = ["alerts.acknowledge_alert"]


class ShiftNoteSerializer(serializers.ModelSerializer[ShiftNote]):
    author = serializers.CharField(source="author.username", read_only=True)
    text = serializers.CharField(max_length=MAX_NOTE)

    class Meta:
        model = ShiftNote
        fields = ("id", "at", "author", "text")
        read_only_fields = ("at",)


class ListedAlertSerializer(serializers.Serializer[Any]):
    """An alert as it was at the end of the shift."""

    id = serializers.IntegerField()
    substation = serializers.CharField()
    cause = serializers.CharField()
    state = serializers.CharField()


class ShiftHandoverSerializer(serializers.ModelSerializer[ShiftHandover]):
    """A shift that was handed over; it waits until ``taken_over_by`` somebody."""

    handed_over_by = serializers.CharField(source="handed_over_by.username", read_only=True)
    taken_over_by = serializers.CharField(source="taken_over_by.username", default=None, read_only=True)
    counts = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    alerts = serializers.SerializerMethodField(help_text="What was open at its end, most urgent first; 200 at most.")
    notes = serializers.SerializerMethodField(help_text="Of this shift, newest first.")

    class Meta:
        model = ShiftHandover
        fields = (
            "id", "start", "end", "handed_over_by", "is_waiting", "taken_over_by", "taken_over_at", "counts", "alerts",
            "notes",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ListedAlertSerializer(many=True))
    def get_alerts(self, shift: ShiftHandover) -> list[dict[str, Any]]:
        return [dict(zip(("id", "substation", "cause", "state"), row, strict=True)) for row in shift.alerts]

    @extend_schema_field(ShiftNoteSerializer(many=True))
    def get_notes(self, shift: ShiftHandover) -> Any:
        notes = ShiftNote.objects.filter(at__gt=shift.start, at__lte=shift.end).select_related("author")
        return ShiftNoteSerializer(notes, many=True).data


class HandOverSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=MAX_NOTE)


class ShiftHandoverViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ShiftHandover]):
    """Shifts that were handed over, newest first."""

    queryset = ShiftHandover.objects.select_related("handed_over_by", "taken_over_by")
    serializer_class = ShiftHandoverSerializer
    filterset_fields = ("is_waiting",)
    action_permissions = {"create": TAKES_PART, "take_over": TAKES_PART}

    @extend_schema(request=HandOverSerializer, responses={201: ShiftHandoverSerializer, 409: OpenApiResponse()})
    def create(self, request: Request) -> Response:
        """End the shift with what is open now; one that waits has to be taken over first."""
        asked = HandOverSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        who = cast(User, request.user)
        try:
            made = handover.hand_over(by=who, text=asked.validated_data["note"], now=timezone.now())
        except Conflict as error:
            raise Conflicted(str(error)) from error
        return Response(ShiftHandoverSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={200: ShiftHandoverSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"], url_path="take-over")
    def take_over(self, request: Request, pk: str | None = None) -> Response:
        """Confirm that the next shift has begun."""
        try:
            taken = handover.take_over(self.get_object(), by=cast(User, request.user), now=timezone.now())
        except Conflict as error:
            raise Conflicted(str(error)) from error
        return Response(ShiftHandoverSerializer(taken).data)


class ShiftNoteViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, viewsets.GenericViewSet[ShiftNote]
):
    """Notes for the next shift, newest first. They are written once."""

    queryset = ShiftNote.objects.select_related("author")
    serializer_class = ShiftNoteSerializer
    action_permissions = {"create": TAKES_PART}

    def perform_create(self, serializer: Any) -> None:
        serializer.save(author=self.request.user, at=timezone.now())
