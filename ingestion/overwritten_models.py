"""Measured values that were replaced by others: what they were, when, by whom and from where. Rows are only added."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.fields import FiniteJSONField
from core.site_rights import SiteQuerySet
from substations.models import Substation


class OverwrittenReading(models.Model):
    """The values of one reading that other measured values took the place of; those are in the readings."""

    substation = models.ForeignKey(Substation, models.CASCADE, related_name="overwritten_readings", db_index=False)
    at = models.DateTimeField(_("time (UTC)"))
    overwritten_at = models.DateTimeField(_("overwritten"))
    author = models.CharField(_("by"), max_length=150, blank=True)
    source = models.CharField(_("from"), max_length=80, help_text=_("For example upload 12, or api."))
    before = FiniteJSONField(_("before"), help_text=_("Each channel whose measured value was replaced, as it was."))

    objects = SiteQuerySet["OverwrittenReading"].as_manager()
    site_path = "substation"

    class Meta:
        verbose_name = _("overwritten reading")
        verbose_name_plural = _("overwritten readings")
        ordering = ["-overwritten_at", "-pk"]
        indexes = [
            models.Index(fields=["-overwritten_at", "-id"], name="newest_overwritten"),
            models.Index(fields=["substation", "at"], name="overwritten_of_a_substation"),
            models.Index(fields=["source", "-overwritten_at"], name="overwritten_by_an_upload"),
        ]

    def __str__(self) -> str:
        return f"{self.substation_id} {self.at:%Y-%m-%d %H:%M}"
