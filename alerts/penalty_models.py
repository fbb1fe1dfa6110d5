"""What an alert adds to the bill, as it was worked out last."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.site_rights import SiteQuerySet
from losses.tariffs.currencies import money


class AlertPenalty(models.Model):
    """What an episode adds to the bill of its month by the month's end: if it is left, and if it is mended now.

    A difference of bills, with every clause, demand and tax. ``alert_version`` and ``until`` say what it was worked out
    of: a change of the alert, or another day of readings, makes it due again.
    """

    alert = models.OneToOneField("alerts.Alert", models.CASCADE, primary_key=True, related_name="penalty")
    month = models.DateField(_("month"))
    until = models.DateTimeField(_("known until"))
    alert_version = models.PositiveIntegerField()
    excess_kvar = models.FloatField(_("excess reactive power (kvar)"))
    left = models.DecimalField(_("by month's end if left"), max_digits=16, decimal_places=4, db_index=True)
    mended = models.DecimalField(_("by month's end if mended now"), max_digits=16, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    decimals = models.PositiveSmallIntegerField(default=2)
    computed_at = models.DateTimeField(auto_now=True)

    objects = SiteQuerySet["AlertPenalty"].as_manager()
    site_path = "alert__substation"

    class Meta:
        verbose_name = _("penalty of an alert")
        verbose_name_plural = _("penalties of alerts")

    def __str__(self) -> str:
        return f"{self.alert_id}: {self.left_text}"

    @property
    def left_text(self) -> str:
        return self._written(self.left)

    @property
    def mended_text(self) -> str:
        return self._written(self.mended)

    def _written(self, amount: Decimal) -> str:
        return money(amount, self.currency, self.decimals)
