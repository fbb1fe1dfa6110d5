"""Alarms of the system itself, which no substation and no reading stands behind."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SystemAlarmQuerySet(models.QuerySet["SystemAlarm"]):
    def unresolved(self) -> SystemAlarmQuerySet:
        return self.filter(closed_at__isnull=True)


class SystemAlarm(models.Model):
    """Something of the system asks for somebody: from when it was noticed until it is over by itself.

    It is no ``Alert``: it has no substation, no loss and no place in the figures of alarms.
    """

    class SystemAlarmKind(models.TextChoices):
        MESSAGES = "messages", _("Messages are not sent")
        BACKUP = "backup", _("There is no new backup")

    kind = models.CharField(_("kind"), max_length=16, choices=SystemAlarmKind)
    key = models.CharField(max_length=80, help_text=_("What it is about, of its kind."))
    subject = models.CharField(_("subject"), max_length=120)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    link = models.CharField(_("link"), max_length=200, help_text=_("The page where it is looked after."))
    raised_at = models.DateTimeField(_("raised"))
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("acknowledged by"),
    )
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = SystemAlarmQuerySet.as_manager()

    class Meta:
        ordering = ["-raised_at", "-pk"]
        verbose_name = _("system alarm")
        verbose_name_plural = _("system alarms")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], condition=Q(closed_at__isnull=True), name="one_open_system_alarm_of_a_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.subject}"
