"""Bills of a utility, entered by hand and compared with our figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.fields import FiniteJSONField
from core.site_rights import SiteQuerySet
from losses.billing_models import TariffAssignment, billed_by_assignment
from losses.tariffs.currencies import money

# 1e12: chosen, a thousand times what the largest site draws or pays in a month; infinity is above it.
NOT_BELOW_0 = [MinValueValidator(0), MaxValueValidator(1e12)]


class UtilityBill(models.Model):
    """What a bill of a month says; an empty figure was not on it. ``gaps``: beside ours, as of ``checked_at``."""

    assignment = models.ForeignKey(
        TariffAssignment, models.CASCADE, related_name="bills", db_index=False, verbose_name=_("billed point")
    )
    month = models.DateField(_("month"), help_text=_("Its first day, for example 2026-03-01."))
    kwh = models.FloatField(_("energy (kWh)"), null=True, blank=True, validators=NOT_BELOW_0)
    kvah = models.FloatField(_("apparent energy (kVAh)"), null=True, blank=True, validators=NOT_BELOW_0)
    kvarh = models.FloatField(_("reactive energy (kvarh)"), null=True, blank=True, validators=NOT_BELOW_0)
    demand = models.FloatField(_("billed demand"), null=True, blank=True, validators=NOT_BELOW_0)
    power_factor = models.FloatField(
        _("power factor"), null=True, blank=True, validators=[MinValueValidator(0.01), MaxValueValidator(1)]
    )
    total = models.FloatField(_("amount"), null=True, blank=True, validators=NOT_BELOW_0)
    currency = models.CharField(max_length=3, blank=True, editable=False)
    gaps = FiniteJSONField(default=list, blank=True, editable=False)
    checked_at = models.DateTimeField(auto_now=True)

    objects = SiteQuerySet["UtilityBill"].as_manager()
    site_path = staticmethod(billed_by_assignment)

    class Meta:
        ordering = ["-month", "assignment"]
        verbose_name = _("utility bill")
        verbose_name_plural = _("utility bills")
        constraints = [models.UniqueConstraint(fields=["assignment", "month"], name="one_utility_bill_of_a_month")]

    def __str__(self) -> str:
        return f"{self.assignment.point_name} {self.month:%Y-%m}"

    def written(self, amount: float) -> str:
        """An amount in the bill's currency."""
        return money(Decimal(f"{amount:.6f}"), self.currency)

    @property
    def figures(self) -> dict[str, float]:
        """The figures that the bill has, by their names."""
        names = ("kwh", "kvah", "kvarh", "demand", "power_factor", "total")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def clean(self) -> None:
        if self.month is None or self.assignment_id is None:
            return
        self.month = self.month.replace(day=1)
        if not self.figures:
            raise ValidationError(_("Received no figure; expected at least one of the bill's."))
        self._check_month(self.assignment)

    def _check_month(self, assignment: TariffAssignment) -> None:
        if self.month > timezone.localdate():
            message = _("Received %(month)s, which has not begun; expected a month that was billed.")
            raise ValidationError({"month": ValidationError(message, params={"month": f"{self.month:%Y-%m}"})})
        until: date | None = assignment.until
        if self.month < assignment.since.replace(day=1) or (until and self.month > until):
            message = _("Received %(month)s; this tariff is assigned from %(since)s to %(until)s.")
            params = {"month": f"{self.month:%Y-%m}", "since": assignment.since, "until": until or "…"}
            raise ValidationError({"month": ValidationError(message, params=params)})
        if assignment.tariff.version_on(self.month) is None:
            message = _("Received %(month)s, for which the tariff has no version: import one, or correct the month.")
            raise ValidationError({"month": ValidationError(message, params={"month": f"{self.month:%Y-%m}"})})
