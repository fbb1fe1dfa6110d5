"""The REST API of notifications: routes, channels with a test, policies, rotations, deliveries, messages."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from . import channel_services, dispatching
from .channel_models import NotificationChannel
from .on_call_api import EscalationPolicyViewSet, OnCallRotationViewSet, person_field
from .outbox_models import Delivery, OutgoingMessage
from .route_models import ROUTED_KINDS, NotificationRoute
from .secret_box import SecretsUnreadable

__all__ = [
    "DeliveryViewSet", "EscalationPolicyViewSet", "NotificationChannelViewSet", "NotificationRouteViewSet",
    "OnCallRotationViewSet", "OutgoingMessageViewSet",
]  # fmt: skip


class NotPossible(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class NotificationChannelSerializer(serializers.ModelSerializer[NotificationChannel]):
    """A channel; ``target`` (addresses, URL, file or service address) is written and never read back."""

    target = serializers.CharField(write_only=True, max_length=2000, required=False)
    owner = person_field(required=False)
    destination = serializers.CharField(source="masked", read_only=True, help_text="What may be shown.")
    secret = serializers.SerializerMethodField(help_text="Of a webhook: shown where it is made, else null.")

    class Meta:
        model = NotificationChannel
        fields = (
            "id", "name", "kind", "target", "destination", "owner", "language", "time_zone", "is_short", "per_minute",
            "tells_failures", "is_enabled", "disabled_reason", "last_sent_at", "last_error", "secret",
        )  # fmt: skip
        read_only_fields = ("disabled_reason", "last_sent_at", "last_error")

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.made_secret: str | None = None

    def get_secret(self, channel: NotificationChannel) -> str | None:
        return self.made_secret

    def validate_kind(self, kind: str) -> str:
        if self.instance is not None and self.instance.kind != kind:
            raise serializers.ValidationError(_("The kind of a channel does not change: make another channel."))
        if self.instance is None and kind == NotificationChannel.ChannelKind.BROWSER:
            raise serializers.ValidationError(_("A browser adds itself, on its page of quiet hours."))
        return kind

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None and not attrs.get("target"):
            raise serializers.ValidationError({"target": [_("Expected where messages go.")]})
        return attrs

    def create(self, validated_data: dict[str, Any]) -> NotificationChannel:
        target = validated_data.pop("target")
        validated_data.setdefault("per_minute", channel_services.default_per_minute(validated_data["kind"]))
        return self._with_target(NotificationChannel(**validated_data), target)

    def update(self, instance: NotificationChannel, validated_data: dict[str, Any]) -> NotificationChannel:
        target = validated_data.pop("target", "")
        for name, value in validated_data.items():
            setattr(instance, name, value)
        return self._with_target(instance, target)

    def _with_target(self, channel: NotificationChannel, target: str) -> NotificationChannel:
        try:
            self.made_secret = (channel_services.set_target(channel, target) if target else "") or None
        except DjangoValidationError as error:
            raise serializers.ValidationError({"target": error.messages}) from error
        try:
            channel.full_clean()
        except DjangoValidationError as error:
            raise serializers.ValidationError(serializers.as_serializer_error(error)) from error
        channel.save()
        return channel


class OutgoingMessageSerializer(serializers.ModelSerializer[OutgoingMessage]):
    """One message; ``id`` is the same in every attempt."""

    channel = serializers.CharField(source="channel.name", read_only=True)
    severity = serializers.SerializerMethodField()

    class Meta:
        model = OutgoingMessage
        fields = (
            "id", "channel", "kind", "severity", "subject", "text", "short", "state", "attempts", "created_at",
            "next_at", "ended_at", "note", "dismissed_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_severity(self, message: OutgoingMessage) -> str:
        return "critical" if message.severity >= 20 else "warning"


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """What is said of one event on one channel, and the message that it stands in."""

    channel = serializers.CharField(source="channel.name", read_only=True)
    event = serializers.IntegerField(source="event.seq", read_only=True, help_text="Number of the alert's event.")

    class Meta:
        model = Delivery
        fields = (
            "id", "alert", "event", "channel", "reason", "number", "is_alarm", "state", "note", "message", "wait_until",
            "created_at",
        )  # fmt: skip
        read_only_fields = fields


class NotificationRouteSerializer(serializers.ModelSerializer[NotificationRoute]):
    """A route; ``channels`` and ``policy`` are keys. Lists that are empty mean every kind and every day."""

    channels = serializers.PrimaryKeyRelatedField[NotificationChannel](
        many=True, required=False, queryset=NotificationChannel.objects.kept()
    )
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=ROUTED_KINDS), required=False)
    days = serializers.ListField(child=serializers.IntegerField(min_value=1, max_value=7), required=False)

    class Meta:
        model = NotificationRoute
        fields = (
            "id", "name", "is_enabled", "site", "min_severity", "kinds", "days", "from_time", "until_time", "time_zone",
            "channels", "policy", "wait_s", "critical_wait_s", "interval_s", "reminder_minutes", "tells_updates",
        )  # fmt: skip


class NotificationChannelViewSet(viewsets.ModelViewSet[NotificationChannel]):
    """Channels: make, change, test, take out of use, remove."""

    queryset = NotificationChannel.objects.kept().select_related("owner")
    serializer_class = NotificationChannelSerializer
    filterset_fields = ("kind", "is_enabled")
    action_permissions = {
        "test": ["notifications.change_notificationchannel"],
        "rotate_secret": ["notifications.change_notificationchannel"],
        "retire_secret": ["notifications.change_notificationchannel"],
    }

    def perform_destroy(self, instance: NotificationChannel) -> None:
        channel_services.archive(instance, now=timezone.now())

    @extend_schema(request=None, responses={200: OutgoingMessageSerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str | None = None) -> Response:
        """Send a test message, once and at once: ``state`` and ``note`` say what became of it."""
        return Response(OutgoingMessageSerializer(channel_services.send_test(self.get_object())).data)

    @extend_schema(request=None, responses={200: NotificationChannelSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, pk: str | None = None) -> Response:
        """Another secret of a webhook, shown this one time; the one before signs too until it is retired."""
        channel = self._webhook()
        serializer = NotificationChannelSerializer(channel)
        serializer.made_secret = channel_services.rotate_secret(channel)
        return Response(serializer.data)

    @extend_schema(request=None, responses={200: NotificationChannelSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"], url_path="retire-secret")
    def retire_secret(self, request: Request, pk: str | None = None) -> Response:
        """Sign with the newest secret alone."""
        channel = self._webhook()
        channel_services.retire_secret(channel)
        return Response(NotificationChannelSerializer(channel).data)

    def _webhook(self) -> NotificationChannel:
        channel: NotificationChannel = self.get_object()
        if channel.kind != NotificationChannel.ChannelKind.WEBHOOK:
            raise NotPossible(_("Only webhooks are signed."))
        try:
            channel.secrets  # noqa: B018 (what cannot be read is refused here)
        except SecretsUnreadable as error:
            raise NotPossible(str(error)) from error
        return channel


class NotificationRouteViewSet(viewsets.ModelViewSet[NotificationRoute]):
    """Routes: which alerts go to which channels and start which policy."""

    queryset = NotificationRoute.objects.prefetch_related("channels")
    serializer_class = NotificationRouteSerializer
    filterset_fields = ("is_enabled", "site")


class DeliveryViewSet(viewsets.ReadOnlyModelViewSet[Delivery]):
    """What became of each event on each channel, newest first."""

    queryset = Delivery.objects.select_related("channel", "event")
    serializer_class = DeliverySerializer
    filterset_fields = ("alert", "channel", "state")


class OutgoingMessageViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[OutgoingMessage]
):
    """Messages, newest first; ``?state=dead`` are the dead letters."""

    queryset = OutgoingMessage.objects.select_related("channel")
    serializer_class = OutgoingMessageSerializer
    filterset_fields = ("channel", "state", "kind")
    action_permissions = {
        "again": ["notifications.change_outgoingmessage"],
        "dismiss": ["notifications.change_outgoingmessage"],
    }

    @extend_schema(request=None, responses={200: OutgoingMessageSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: str | None = None) -> Response:
        """Put a dead letter away: it is not sent and not counted any more."""
        chosen = OutgoingMessage.objects.filter(pk=self.get_object().pk)
        if not dispatching.dismiss(chosen, by=request.user, now=timezone.now()):  # type: ignore[arg-type]  # signed in
            raise NotPossible(_("Only what was given up can be dismissed."))
        return Response(OutgoingMessageSerializer(self.get_object()).data)

    @extend_schema(request=None, responses={200: OutgoingMessageSerializer, 409: OpenApiResponse()})
    @action(detail=True, methods=["post"])
    def again(self, request: Request, pk: str | None = None) -> Response:
        """Queue a dead letter once more."""
        message = self.get_object()
        with transaction.atomic():
            if not dispatching.send_again(message, now=timezone.now()):
                raise NotPossible(_("Only what was given up can be sent again."))
        return Response(OutgoingMessageSerializer(self.get_object()).data)
