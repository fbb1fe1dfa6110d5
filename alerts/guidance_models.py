"""What an operator of this plant does about an alert: written in the admin, for as much or as little as it holds."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.site_rights import SiteScope
from mlcore.models import Cause, Detection
from substations.models import Substation

from .querysets import AlertGuidanceQuerySet


def _for_given(scope: SiteScope) -> models.Q:
    """What holds for the whole plant, for a site of which something is given, or for a substation that is."""
    given = scope.substations()
    sites = Substation._base_manager.filter(pk__in=given).values("site")
    general = models.Q(substation__isnull=True) & (models.Q(site="") | models.Q(site__in=sites))
    return general | models.Q(substation__in=given)


class AlertGuidance(models.Model):
    """Advice for the alerts of a site or a substation, of a kind or a cause; what stays empty holds for all.

    Of several that fit an alert the most specific is shown: by cause before by kind, then by substation before by site.
    """

    site = models.CharField(_("site"), max_length=120, blank=True)
    substation = models.ForeignKey(
        Substation, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("substation")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Detection.Kind, blank=True)
    cause = models.CharField(_("cause"), max_length=24, choices=Cause, blank=True)
    text = models.TextField(_("what to do"), help_text=_("One step on each line."))
    changed_at = models.DateTimeField(auto_now=True)

    objects = AlertGuidanceQuerySet.as_manager()
    site_path = staticmethod(_for_given)

    class Meta:
        ordering = ["site", "substation__code", "kind", "cause"]
        verbose_name = _("guidance")
        verbose_name_plural = _("guidance")
        constraints = [
            models.UniqueConstraint(
                fields=["site", "kind", "cause"],
                condition=models.Q(substation__isnull=True),
                name="guidance_of_a_site_once",
            ),
            models.UniqueConstraint(
                fields=["substation", "kind", "cause"],
                condition=models.Q(substation__isnull=False),
                name="guidance_of_a_substation_once",
            ),
        ]

    def __str__(self) -> str:
        where = self.substation.code if self.substation else self.site
        return " · ".join(str(part) for part in (where, self.get_kind_display(), self.get_cause_display()) if part)

    def clean(self) -> None:
        """ValidationError where a site and a substation are named, or a text without a step."""
        if self.site and self.substation_id:
            raise ValidationError({"site": _("Received a site and a substation; expected one of them, or neither.")})
        if not self.steps:
            raise ValidationError({"text": _("Received no step; expected at least one line.")})

    @property
    def steps(self) -> list[str]:
        return [line.strip() for line in self.text.splitlines() if line.strip()]
