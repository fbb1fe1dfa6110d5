"""What would be found on a substation by one version of its model: asked for, being worked out, known."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.fields import FiniteJSONField
from core.leases import Leased, LeasedQuerySet
from mlcore.injection.sensitivity import SubstationSensitivity


class SensitivityReport(Leased):
    """One row per version: it goes with the version it was worked out for.

    ``requested_at`` stands while somebody waits for it; a worker holds the claim meanwhile and moves ``progress_pct``.
    An earlier result stays until a new one takes its place.
    """

    MAX_REASON = 300

    detector = models.OneToOneField(
        "mlcore.Detector", models.CASCADE, primary_key=True, related_name="sensitivity_report"
    )
    requested_at = models.DateTimeField(_("requested"), null=True, blank=True)
    progress_pct = models.PositiveSmallIntegerField(_("progress (%)"), default=0)
    worked_out_at = models.DateTimeField(_("worked out"), null=True, blank=True)
    content = FiniteJSONField(_("content"), default=dict, blank=True)
    failure = models.CharField(_("why it failed"), max_length=MAX_REASON, blank=True)

    objects = LeasedQuerySet["SensitivityReport"].as_manager()
    site_path = "detector__substation"

    class Meta:
        verbose_name = _("sensitivity report")
        verbose_name_plural = _("sensitivity reports")

    def __str__(self) -> str:
        return f"{self.detector_id}: {self.worked_out_at}"

    @property
    def sensitivity(self) -> SubstationSensitivity | None:
        """What was worked out; None before."""
        return SubstationSensitivity.from_json(self.content) if self.worked_out_at else None
