"""What a repair brought back, as it was worked out last."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.site_rights import SiteQuerySet
from losses.tariffs.currencies import money


class AlertRepair(models.Model):
    """Proof of repair of a closed alert: since when reactive power is as before, and what that saves a day.

    Episode against the hours since, at equal active power (docs/compensation.md). restored_at is empty while it is not
    back; figures are empty where nothing can be compared. ``alert_version``, ``until``: what it was worked out of.
    """

    alert = models.OneToOneField("alerts.Alert", models.CASCADE, primary_key=True, related_name="repair")
    alert_version = models.PositiveIntegerField()
    until = models.DateTimeField(_("last hour"))
    restored_at = models.DateTimeField(_("power factor back since"), null=True)
    power_factor_before = models.FloatField(_("power factor while it lasted"), null=True)
    power_factor_after = models.FloatField(_("power factor since"), null=True)
    saved_kvar = models.FloatField(_("reactive power saved (kvar)"), null=True)
    saved_kvar_low = models.FloatField(null=True)
    saved_kvar_high = models.FloatField(null=True)
    saved_kwh_a_day = models.FloatField(_("loss saved (kWh a day)"), null=True)
    saved_kwh_a_day_low = models.FloatField(null=True)
    saved_kwh_a_day_high = models.FloatField(null=True)
    saved_amount_a_day = models.DecimalField(_("bill saved a day"), max_digits=16, decimal_places=4, null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    decimals = models.PositiveSmallIntegerField(default=2)
    computed_at = models.DateTimeField(auto_now=True)

    objects = SiteQuerySet["AlertRepair"].as_manager()
    site_path = "alert__substation"

    class Meta:
        verbose_name = _("proof of repair")
        verbose_name_plural = _("proofs of repair")

    def __str__(self) -> str:
        return f"{self.alert_id}: {self.restored_at or '–'}"

    @property
    def amount_text(self) -> str:
        if self.saved_amount_a_day is None:
            return ""
        return money(self.saved_amount_a_day, self.currency, self.decimals)
