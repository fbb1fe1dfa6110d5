"""What each line of the network lost and carried, by the day."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.site_rights import SiteQuerySet, SiteScope
from substations.models import Link


def links_given(scope: SiteScope) -> Any:
    """Keys of the lines that a scope shows."""
    return Link._base_manager.filter(Link.site_path(scope)).values("pk")


class LineDay(models.Model):
    """One day of one line, by the clock of its network: the sum of its hours. No row where nothing is known."""

    pk = models.CompositePrimaryKey("link", "day")
    link = models.ForeignKey(Link, models.CASCADE, related_name="days", db_index=False)
    day = models.DateField(_("day"))
    loss_kwh = models.FloatField(_("loss (kWh)"))
    carried_kwh = models.FloatField(_("energy carried (kWh)"))
    known_h = models.FloatField(_("hours known"))
    # float32 [3, 25]: loss and energy in kWh and the known share of each hour since the day began, NaN where nothing
    # is known. So one corrected hour replaces itself and no other.
    by_hour = models.BinaryField(_("by the hour"))

    objects = SiteQuerySet["LineDay"].as_manager()
    site_path = staticmethod(lambda scope: Q(link__in=links_given(scope)))

    class Meta:
        verbose_name = _("daily figures of a line")
        verbose_name_plural = _("daily figures of lines")
        indexes = [models.Index(fields=["day"], name="line_day_by_day")]

    def __str__(self) -> str:
        return f"{self.link_id} {self.day}"
