"""Energy and losses of each substation by the hour and by the day."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.site_rights import SiteQuerySet
from substations.models import Substation

from .billing_models import Tariff, TariffAssignment, TariffVersion
from .carbon_models import CarbonFactor
from .compensation_models import (
    BankPrice,
    BankRecommendation,
    CompensationChange,
    CompensationInput,
    CompensationProof,
)
from .feeder_models import FeederSupply
from .line_models import LineDay
from .month_cost_models import MonthCost
from .outlook_models import MonthOutlook
from .querysets import RollupQuerySet
from .utility_bill_models import UtilityBill

__all__ = [
    "BankPrice", "BankRecommendation", "CarbonFactor", "CompensationChange", "CompensationInput", "CompensationProof",
    "DailyRollup", "FeederSupply", "HourlyRollup", "LineDay", "MonthCost", "MonthOutlook", "Rollup", "Tariff",
    "TariffAssignment", "TariffVersion", "UtilityBill",
]  # fmt: skip


class Rollup(models.Model):
    """Sums over one stretch of time, of what is known of it: nothing is filled in, ``coverage`` says how much that is.

    Empty is not known: no way to the supply (``feeder_loss_kwh``), nothing judged yet (``excess_loss_kwh``).
    """

    energy_import_kwh = models.FloatField(_("energy drawn (kWh)"))
    energy_export_kwh = models.FloatField(_("energy fed in (kWh)"))
    reactive_q1_kvarh = models.FloatField(_("reactive energy, quadrant I (kvarh)"))
    reactive_q2_kvarh = models.FloatField(_("reactive energy, quadrant II (kvarh)"))
    reactive_q3_kvarh = models.FloatField(_("reactive energy, quadrant III (kvarh)"))
    reactive_q4_kvarh = models.FloatField(_("reactive energy, quadrant IV (kvarh)"))
    apparent_kvah = models.FloatField(_("apparent energy (kVAh)"))
    fundamental_kvah = models.FloatField(_("apparent energy of the fundamental (kVAh)"))
    max_demand_kva = models.FloatField(_("maximum demand (kVA)"), null=True)
    max_demand_kw = models.FloatField(_("maximum demand (kW)"), null=True)
    no_load_loss_kwh = models.FloatField(_("no-load loss (kWh)"))
    load_loss_kwh = models.FloatField(_("load loss (kWh)"))
    harmonic_loss_kwh = models.FloatField(_("load loss by harmonics (kWh)"))
    imbalance_loss_kwh = models.FloatField(_("load loss by imbalance (kWh)"))
    loss_low_kwh = models.FloatField(_("transformer loss, low (kWh)"))
    loss_high_kwh = models.FloatField(_("transformer loss, high (kWh)"))
    is_assumed = models.BooleanField(_("losses of an assumed nameplate"))
    feeder_loss_kwh = models.FloatField(_("allocated feeder loss (kWh)"), null=True)
    avoidable_loss_kwh = models.FloatField(_("avoidable loss (kWh)"))
    excess_loss_kwh = models.FloatField(_("excess loss (kWh)"), null=True)
    covered_h = models.FloatField(_("hours known"))

    objects = RollupQuerySet.as_manager()

    class Meta:
        abstract = True


class HourlyRollup(Rollup):
    """One hour of the substation's local clock; ``at`` is its start in UTC."""

    pk = models.CompositePrimaryKey("substation", "at")
    substation = models.ForeignKey(Substation, models.CASCADE, related_name="hourly_rollups", db_index=False)
    at = models.DateTimeField(_("hour (UTC)"))

    site_path = "substation"

    class Meta:
        verbose_name = _("hourly figures")
        verbose_name_plural = _("hourly figures")
        constraints = [
            models.CheckConstraint(condition=Q(covered_h__gt=0, covered_h__lte=1.001), name="an_hour_has_an_hour")
        ]

    def __str__(self) -> str:
        return f"{self.substation_id} {self.at:%Y-%m-%d %H:%M}"


class DailyRollup(Rollup):
    """One day of the substation's local clock: the sum of its hours."""

    pk = models.CompositePrimaryKey("substation", "day")
    substation = models.ForeignKey(Substation, models.CASCADE, related_name="daily_rollups", db_index=False)
    day = models.DateField(_("day"))
    # 24 float32: kWh avoidable in each hour of the local clock, NaN where nothing is known; a heat map of a year is
    # read from days, not from hours.
    avoidable_by_hour = models.BinaryField(_("avoidable loss by hour (kWh)"), default=bytes)

    site_path = "substation"

    class Meta:
        verbose_name = _("daily figures")
        verbose_name_plural = _("daily figures")
        indexes = [models.Index(fields=["day"], name="daily_rollup_by_day")]

    def __str__(self) -> str:
        return f"{self.substation_id} {self.day}"


class AccountedDeclaration(models.Model):
    """What the hours of a substation were worked out from: another nameplate, clock or link makes them stale."""

    substation = models.OneToOneField(Substation, models.CASCADE, primary_key=True, related_name="+")
    time_zone = models.CharField(_("time zone"), max_length=64)
    digest = models.CharField(_("digest"), max_length=64)

    objects = SiteQuerySet["AccountedDeclaration"].as_manager()
    site_path = "substation"

    def __str__(self) -> str:
        return f"{self.substation_id} {self.digest[:8]}"
