"""The three lines of a substation and month, as they were worked out last."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.fields import FiniteJSONField
from core.site_rights import SiteQuerySet
from losses.tariffs.currencies import money
from substations.models import Substation


class MonthCost(models.Model):
    """Avoidable loss, penalty and released kVA of a month: three answers, which nobody adds up.

    ``lines`` has of each the formula, the inputs and the assumptions. Empty is not known: no tariff, no CO2 factor, no
    demand. Penalties of the substations of one point do not add up to the point's.
    """

    substation = models.ForeignKey(Substation, models.CASCADE, related_name="month_costs", db_index=False)
    month = models.DateField(_("month"))
    until = models.DateTimeField(_("known until"))
    avoidable_kwh = models.FloatField(_("avoidable loss (kWh)"), null=True)
    avoidable_amount = models.DecimalField(_("avoidable loss"), max_digits=16, decimal_places=4, null=True)
    avoidable_co2_kg = models.FloatField(_("avoidable loss (kg CO2)"), null=True)
    penalty_amount = models.DecimalField(_("penalty or lost incentive"), max_digits=16, decimal_places=4, null=True)
    released_kva = models.FloatField(_("released (kVA)"), null=True)
    currency = models.CharField(_("currency"), max_length=3)
    decimals = models.PositiveSmallIntegerField(default=2)
    lines = FiniteJSONField(default=list, blank=True)
    computed_at = models.DateTimeField(auto_now=True)

    objects = SiteQuerySet["MonthCost"].as_manager()
    site_path = "substation"

    class Meta:
        ordering = ["-month", "substation"]
        verbose_name = _("cost of a month")
        verbose_name_plural = _("costs of months")
        constraints = [models.UniqueConstraint(fields=["substation", "month"], name="one_cost_of_a_month")]

    def __str__(self) -> str:
        return f"{self.substation_id} {self.month:%Y-%m}"

    def written(self, amount: Decimal | str) -> str:
        """An amount in the bill's currency."""
        return money(Decimal(amount), self.currency, self.decimals)
