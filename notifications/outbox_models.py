"""The outbox: what is to be said to whom (``Delivery``), and the messages that it is said in (``OutgoingMessage``)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.models import Alert, AlertEvent, Severity
from core.fields import FiniteJSONField
from core.leases import Leased, LeasedQuerySet
from core.site_rights import SiteQuerySet, SiteScope

from .channel_models import NotificationChannel


class MessageQuerySet(LeasedQuerySet["OutgoingMessage"]):
    def due(self, now: datetime) -> Self:
        """What can be sent now, critical first, then the newest."""
        queued = self.filter(state=OutgoingMessage.MessageState.QUEUED, next_at__lte=now)
        return queued.unclaimed(now).order_by("-severity", "-created_at")

    def dead(self) -> Self:
        return self.filter(state=OutgoingMessage.MessageState.DEAD)

    def standing(self) -> Self:
        """Dead letters that nobody has looked after."""
        return self.dead().filter(dismissed_at__isnull=True)


def _of_given_alone(scope: SiteScope) -> Q:
    """Messages that speak of substations that are given and of no other."""
    spoken = Delivery._base_manager.filter(message=models.OuterRef("pk"))
    others = spoken.exclude(alert__substation__in=scope.substations())
    return Q(models.Exists(spoken), ~models.Exists(others))


class OutgoingMessage(Leased):
    """One message to one channel, the same in every attempt: its key is the webhook's id and part of the Message-ID.

    queued ─► sent
       └────► dead ─► queued again by hand
    """

    class MessageState(models.TextChoices):
        QUEUED = "queued", _("Waiting to be sent")
        SENT = "sent", _("Sent")
        DEAD = "dead", _("Not sent")

    class MessageKind(models.TextChoices):
        ALARM = "alarm", _("Alarm")
        UPDATE = "update", _("Update")
        DIGEST = "digest", _("Digest")
        TEST = "test", _("Test")
        FAILING = "failing", _("Messages fail")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    channel = models.ForeignKey(NotificationChannel, models.PROTECT, related_name="messages", db_index=False)
    kind = models.CharField(_("kind"), max_length=8, choices=MessageKind)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity, default=Severity.WARNING)
    group = models.CharField(max_length=200, blank=True)
    thread = models.ForeignKey(
        Alert, models.SET_NULL, null=True, blank=True, related_name="+", help_text=_("The alert, where it is one.")
    )
    subject = models.CharField(_("subject"), max_length=300)
    text = models.TextField(_("text"))
    short = models.CharField(_("short text"), max_length=160)
    body = models.TextField(_("body"), help_text=_("JSON, as webhooks and files get it."))
    state = models.CharField(_("state"), max_length=8, choices=MessageState, default=MessageState.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("created"))
    next_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    ended_at = models.DateTimeField(_("sent or given up"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("dismissed by"),
    )
    dismissed_at = models.DateTimeField(_("dismissed"), null=True, blank=True)

    objects = MessageQuerySet.as_manager()
    site_path = staticmethod(_of_given_alone)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(fields=["channel", "created_at"], name="messages_of_a_channel"),  # rate caps
            models.Index(fields=["next_at"], condition=Q(state="queued"), name="messages_to_send"),
            models.Index(fields=["created_at"], name="messages_newest_first"),  # the page
            models.Index(fields=["ended_at"], condition=Q(state="dead"), name="dead_letters"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def webhook_id(self) -> str:
        return f"msg_{self.id.hex}"


class Delivery(models.Model):
    """What is to be said of one event on one channel, as it was when the event was routed.

    It waits for its group and the channel's limits, and then stands in one message; or it is dropped, with the reason.
    """

    class DeliveryState(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        HELD = "held", _("Held for the morning")
        IN_MESSAGE = "in_message", _("In a message")
        DROPPED = "dropped", _("Not sent")

    class DeliveryReason(models.TextChoices):
        ROUTE = "route", _("Route")
        STEP = "step", _("Escalation")
        REMINDER = "reminder", _("Reminder")

    UNSENT = (DeliveryState.WAITING, DeliveryState.HELD)

    event = models.ForeignKey(AlertEvent, models.PROTECT, related_name="deliveries")
    alert = models.ForeignKey(Alert, models.PROTECT, related_name="deliveries")
    channel = models.ForeignKey(NotificationChannel, models.PROTECT, related_name="deliveries")
    reason = models.CharField(_("reason"), max_length=8, choices=DeliveryReason, default=DeliveryReason.ROUTE)
    number = models.PositiveIntegerField(default=0, help_text=_("Which step or reminder."))
    is_alarm = models.BooleanField(_("asks for somebody"), default=True)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity)
    content = FiniteJSONField(default=dict)
    group = models.CharField(max_length=200)
    wait_until = models.DateTimeField(_("waits until"))
    interval_s = models.PositiveIntegerField(default=0)
    state = models.CharField(_("state"), max_length=12, choices=DeliveryState, default=DeliveryState.WAITING)
    note = models.CharField(_("note"), max_length=300, blank=True)
    message = models.ForeignKey(
        OutgoingMessage, models.SET_NULL, null=True, blank=True, related_name="deliveries", verbose_name=_("message")
    )
    created_at = models.DateTimeField(_("created"))

    objects = SiteQuerySet["Delivery"].as_manager()
    site_path = "alert__substation"

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "channel", "reason", "number"], name="one_delivery_of_an_event_and_channel"
            )
        ]
        indexes = [
            models.Index(
                fields=["channel", "wait_until"],
                condition=Q(state__in=["waiting", "held"]),
                name="deliveries_that_wait",
            ),
            models.Index(fields=["created_at"], condition=Q(state="dropped"), name="deliveries_dropped"),  # retention
        ]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.channel_id}"


class AcknowledgeLink(models.Model):
    """A link in a message by which one alert is acknowledged, once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(AlertEvent, models.CASCADE, related_name="+")
    channel = models.ForeignKey(NotificationChannel, models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects = SiteQuerySet["AcknowledgeLink"].as_manager()
    site_path = "event__alert__substation"

    class Meta:
        verbose_name = _("link to acknowledge")
        verbose_name_plural = _("links to acknowledge")
        constraints = [models.UniqueConstraint(fields=["event", "channel"], name="one_link_of_an_event_and_channel")]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.channel_id}"
