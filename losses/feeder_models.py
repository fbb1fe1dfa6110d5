"""What the meter at the head of a feeder says: the energy that was sent into it, by the day."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from substations.models import Link

MAX_SUPPLIED_KWH = 1e9
"""Chosen: a day of 40 GW. A register's reading in place of a difference is often more."""


class FeederSupply(models.Model):
    """Energy of one day, by the clock of the feeder's substations. A feeder is named by the first link that it has."""

    link = models.ForeignKey(Link, models.CASCADE, related_name="supplies", db_index=False, verbose_name=_("feeder"))
    day = models.DateField(_("day"))
    supplied_kwh = models.FloatField(
        _("supplied (kWh)"),
        validators=[MinValueValidator(0), MaxValueValidator(MAX_SUPPLIED_KWH)],
    )

    class Meta:
        ordering = ["link", "-day"]
        verbose_name = _("supply of a feeder")
        verbose_name_plural = _("supplies of feeders")
        constraints = [models.UniqueConstraint(fields=["link", "day"], name="one_supply_of_a_feeder_and_day")]

    def __str__(self) -> str:
        return f"{self.link} {self.day}: {self.supplied_kwh:g} kWh"
