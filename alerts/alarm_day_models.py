"""The alarms of one day in arrays, stored; ``alarm_days`` makes and reads them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AlarmDay(models.Model):
    """One day by the site's clock on which an alert was announced, came back or was fleeting."""

    day = models.DateField(_("day"), primary_key=True)
    is_pending = models.BooleanField(_("to be worked out"), default=True, db_index=True)
    events_until = models.PositiveBigIntegerField(
        default=0, help_text=_("Number of the newest alert event that was looked at when the day was marked.")
    )
    layout = models.PositiveSmallIntegerField(default=0, help_text=_("Of the rows; other ones are worked out again."))
    rows = models.BinaryField(default=bytes, help_text=_("Compressed rows of kpi_figures.ALARM."))
    made_at = models.DateTimeField(_("worked out"), null=True, blank=True)

    class Meta:
        ordering = ["-day"]
        verbose_name = _("alarms of a day")
        verbose_name_plural = _("alarms of days")

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"
