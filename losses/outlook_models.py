"""Where a month ends, as it was worked out when a day closed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.fields import FiniteJSONField
from core.site_rights import SiteQuerySet
from losses.billing_models import TariffAssignment, billed_by_assignment
from losses.tariffs.currencies import money
from substations.models import Substation


class MonthOutlookQuerySet(SiteQuerySet["MonthOutlook"]):
    def of(self, substation: Substation) -> MonthOutlookQuerySet:
        """Of the points that bill a substation: the newest month first, its own point before that of its site."""
        own = Q(assignment__substation=substation)
        found = own | Q(assignment__site=substation.site) if substation.site else own
        return self.filter(found).order_by("-month", F("assignment__substation").asc(nulls_last=True))

    def hours_changed(self, substations: Iterable[Substation], since: datetime, until: datetime) -> None:
        """Hours that outlooks rest on were worked out again: theirs are worked out again as well."""
        members = list(substations)
        sites = {each.site for each in members} - {""}
        billed = Q(assignment__substation__in=members) | Q(assignment__site__in=sites)
        # A day more at both ends: a month begins by the clock of the point.
        first, last = (since - timedelta(days=1)).date().replace(day=1), (until + timedelta(days=1)).date()
        self.filter(billed, until__gt=since, month__gte=first, month__lte=last).update(is_stale=True)


class MonthOutlook(models.Model):
    """The month to date of a metering point, and where it ends with the days left like past ones.

    Amounts are what the clauses on power factor add: penalties less incentives; where there are none (kVAh, kVA), what
    the month costs more than at the target. low, middle, high: days left like one at the 10th, 50th and 90th
    percentile of kvarh per kWh.
    """

    assignment = models.ForeignKey(TariffAssignment, models.CASCADE, related_name="outlooks", db_index=False)
    month = models.DateField(_("month"))
    until = models.DateTimeField(_("known until"))
    known_h = models.FloatField(_("hours known"))
    month_h = models.PositiveSmallIntegerField(_("hours of the month"))
    currency = models.CharField(_("currency"), max_length=3)
    decimals = models.PositiveSmallIntegerField(default=2)
    power_factor_now = models.FloatField(_("power factor so far"), null=True)
    power_factor_low = models.FloatField(null=True)
    power_factor_middle = models.FloatField(_("power factor at month's end"), null=True)
    power_factor_high = models.FloatField(null=True)
    amount_now = models.DecimalField(_("penalty so far"), max_digits=16, decimal_places=4)
    amount_low = models.DecimalField(max_digits=16, decimal_places=4)
    amount_middle = models.DecimalField(_("penalty at month's end"), max_digits=16, decimal_places=4)
    amount_high = models.DecimalField(max_digits=16, decimal_places=4)
    total_middle = models.DecimalField(_("bill at month's end"), max_digits=16, decimal_places=4)
    target_power_factor = models.FloatField(_("target power factor"))
    hold_power_factor = models.FloatField(_("to be held for the rest"), null=True)
    days_left = models.FloatField(_("days left"))
    is_stale = models.BooleanField(_("hours have changed since"), default=False)
    bill_lines = FiniteJSONField(_("lines of the bill so far"), default=list, blank=True)
    computed_at = models.DateTimeField(auto_now=True)

    objects = MonthOutlookQuerySet.as_manager()
    site_path = staticmethod(billed_by_assignment)

    class Meta:
        ordering = ["-month", "assignment"]
        verbose_name = _("month outlook")
        verbose_name_plural = _("month outlooks")
        constraints = [models.UniqueConstraint(fields=["assignment", "month"], name="one_outlook_of_a_month")]

    def __str__(self) -> str:
        return f"{self.assignment.point_name} {self.month:%Y-%m}"

    def get_absolute_url(self) -> str:
        return reverse("losses:month", args=[self.pk])

    @property
    def amount_texts(self) -> dict[str, str]:
        """The amounts as they are written: now, low, middle, high, and the whole bill."""
        names = ("now", "low", "middle", "high")
        amounts = {name: getattr(self, f"amount_{name}") for name in names}
        return {name: self.written(amount) for name, amount in (amounts | {"total": self.total_middle}).items()}

    def written(self, amount: Decimal | str) -> str:
        """An amount in the bill's currency."""
        return money(Decimal(amount), self.currency, self.decimals)
