"""Where messages go, and when a person wants none."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from substations.models import validate_time_zone

from . import secret_box
from .quiet_hours import QuietTime

# chosen: a person reads no more; machines take everything (design: e-mail 1/min).
PER_MINUTE = {"email": 1, "push": 1, "browser": 1, "webhook": 0, "file": 0}
MASK = "•••"


class ChannelQuerySet(models.QuerySet["NotificationChannel"]):
    def kept(self) -> ChannelQuerySet:
        """Without those that were removed."""
        return self.filter(archived_at__isnull=True)

    def usable(self) -> ChannelQuerySet:
        """In use, and nobody's or of a person who still works here."""
        nobody_left = models.Q(owner__isnull=True) | models.Q(owner__is_active=True)
        return self.kept().filter(nobody_left, is_enabled=True)


class NotificationChannel(models.Model):
    """One address of one kind. What must not be read stands encrypted in ``sealed`` and is never shown again."""

    class ChannelKind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")
        FILE = "file", _("File")
        PUSH = "push", _("Chat, SMS or push")
        BROWSER = "browser", _("Browser")

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=8, choices=ChannelKind)
    destination = models.CharField(
        _("destination"), max_length=600, blank=True, help_text=_("What may be shown: addresses, host, file.")
    )
    sealed = models.TextField(blank=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="notification_channels",
        verbose_name=_("person"),
        help_text=_("Whose channel it is: quiet hours and on-call duty go by the person."),
    )
    language = models.CharField(_("language"), max_length=12, blank=True, help_text=_("If empty, that of the site."))
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text=_("If empty, the substation's own."),
    )
    is_short = models.BooleanField(_("short texts"), default=False, help_text=_("At most 160 characters, for SMS."))
    per_minute = models.PositiveSmallIntegerField(
        _("messages a minute"), default=1, help_text=_("What is more is put together into one message. 0: no limit.")
    )
    tells_failures = models.BooleanField(
        _("tells when another channel fails"), default=False, help_text=_("A message when messages could not be sent.")
    )
    is_enabled = models.BooleanField(_("in use"), default=True)
    disabled_reason = models.CharField(max_length=300, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, help_text=_("Removed: kept for what it once sent."))
    created_at = models.DateTimeField(auto_now_add=True)
    last_sent_at = models.DateTimeField(_("last sent"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(archived_at__isnull=True), name="channel_has_its_own_name"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<NotificationChannel {self.pk} {self.kind}>"

    @property
    def secrets(self) -> dict[str, Any]:
        """What is needed to send: ``url``, ``secrets`` (newest first). Raises secret_box.SecretsUnreadable."""
        return secret_box.unseal(self.sealed)

    @property
    def masked(self) -> str:
        """The destination as pages, admin, API and logs show it."""
        return self.destination or MASK

    @property
    def zone(self) -> zoneinfo.ZoneInfo | None:
        return zoneinfo.ZoneInfo(self.time_zone) if self.time_zone else None


def masked_url(url: str) -> str:
    """Scheme and host of a URL; whatever may be a secret (user, path, query) is hidden."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}/{MASK}"


# What can be entered; a browser adds itself.
ENTERED_KINDS = [
    choice for choice in NotificationChannel.ChannelKind.choices if choice[0] != NotificationChannel.ChannelKind.BROWSER
]


class QuietHours(models.Model):
    """When one person wants no message: what is not critical waits for the morning."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="notification_quiet_hours"
    )
    start = models.TimeField(_("from"))
    end = models.TimeField(_("until"), help_text=_("Then one message says what is still open."))
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_time_zone])
    critical_passes = models.BooleanField(_("critical alarms come through"), default=True)

    class Meta:
        verbose_name = _("quiet hours")
        verbose_name_plural = _("quiet hours")

    def __str__(self) -> str:
        return f"{self.user} {self.start:%H:%M}–{self.end:%H:%M}"

    @property
    def quiet_time(self) -> QuietTime:
        return QuietTime(self.start, self.end, zoneinfo.ZoneInfo(self.time_zone))


class Pulse(models.Model):
    """When one part of the system was last known to be up to date; the heartbeat goes by it."""

    name = models.CharField(max_length=16, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("pulse")
        verbose_name_plural = _("pulses")

    def __str__(self) -> str:
        return self.name

    def age(self, now: datetime) -> timedelta:
        return now - self.at
