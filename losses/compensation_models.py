"""What a recommendation of kvar needs beside readings, what it found, and what was changed since."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from core.fields import FiniteJSONField
from core.site_rights import SiteQuerySet
from losses.compensation.bank_prices import KvarPrice
from losses.compensation.capacitor_bank import CapacitorBank
from losses.tariffs.currencies import CURRENCIES, money
from substations.models import Substation

BANK_LIFE_YEARS = 15
"""Chosen: capacitors in low-voltage banks are guaranteed for about 130,000 h of service."""

ABOVE_0 = [MinValueValidator(0.001)]


class CompensationInput(models.Model):
    """What is known of a substation's surroundings; an empty figure is not known, and a recommendation says so."""

    substation = models.OneToOneField(
        Substation, models.CASCADE, primary_key=True, related_name="compensation_input", verbose_name=_("substation")
    )
    supply_mva = models.FloatField(
        _("short-circuit power of the supply (MVA)"),
        null=True,
        blank=True,
        validators=ABOVE_0,
        help_text=_("At the high-voltage side of the transformer; the network's owner states it."),
    )
    inverter_kva = models.FloatField(
        _("rating of solar inverters (kVA)"), null=True, blank=True, validators=ABOVE_0, help_text=_("All together.")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = SiteQuerySet["CompensationInput"].as_manager()
    site_path = "substation"

    class Meta:
        verbose_name = _("input for kvar")
        verbose_name_plural = _("inputs for kvar")

    def __str__(self) -> str:
        return self.substation.code


class BankPriceQuerySet(models.QuerySet["BankPrice"]):
    def table(self, currency: str) -> list[KvarPrice]:
        rows = self.filter(currency=currency)
        return [KvarPrice(row.kind, row.up_to_kvar, row.low, row.high) for row in rows]


class BankPrice(models.Model):
    """Installed price of a kind of bank by the kvar, up to a size, with its source and the source's date."""

    class BankKind(models.TextChoices):
        FIXED = "fixed", _("Fixed")
        AUTOMATIC = "automatic", _("Automatic")
        DETUNED = "detuned", _("Detuned")

    kind = models.CharField(_("kind"), max_length=10, choices=BankKind)
    currency = models.CharField(_("currency"), max_length=3)
    up_to_kvar = models.FloatField(_("up to (kvar)"), validators=ABOVE_0)
    low = models.DecimalField(
        _("by the kvar, from"), max_digits=12, decimal_places=2, validators=[MinValueValidator(0)]
    )
    high = models.DecimalField(_("by the kvar, to"), max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])
    source = models.CharField(_("source"), max_length=200)
    source_date = models.DateField(_("date of the source"))
    is_example = models.BooleanField(_("an example, to be replaced"), default=False)

    objects = BankPriceQuerySet.as_manager()

    class Meta:
        ordering = ["currency", "kind", "up_to_kvar"]
        verbose_name = _("price of banks")
        verbose_name_plural = _("prices of banks")
        constraints = [
            models.UniqueConstraint(fields=["kind", "currency", "up_to_kvar"], name="one_bank_price_of_a_size"),
            models.CheckConstraint(condition=Q(high__gte=F("low")), name="bank_price_rises_from_low_to_high"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ≤ {self.up_to_kvar:g} kvar: {self.low} – {self.high} {self.currency}/kvar"

    def clean(self) -> None:
        if self.currency not in CURRENCIES:
            message = _("Received %(currency)s; expected an ISO 4217 code such as INR.") % {"currency": self.currency}
            raise ValidationError({"currency": message})
        if self.low is not None and self.high is not None and self.high < self.low:
            raise ValidationError({"high": _("Received less than the lower price; expected it or more.")})


class BankRecommendation(models.Model):
    """What to do about a substation's missing kvar, worked out when a day closed; savings are of a year.

    Amounts are empty where no tariff is assigned, costs where the table has no price. rank: the place in the order of
    its network, 1 first. ``figures`` holds what is shown beside it; ``assumptions`` codes of what was not known.
    """

    class Advice(models.TextChoices):
        BANK = "bank", _("A bank")
        INVERTER = "inverter", _("The inverter's setting")
        NOTHING = "nothing", _("Nothing is missing")
        TOO_SHORT = "too_short", _("Too few hours are known")

    class GuardChoice(models.TextChoices):
        PLAIN = "plain", _("Plain capacitors")
        DETUNED = "detuned", _("Detuned, 7 % reactors")
        FILTER_STUDY = "filter_study_first", _("Filter study first")

    substation = models.OneToOneField(
        Substation, models.CASCADE, primary_key=True, related_name="bank_recommendation", verbose_name=_("substation")
    )
    since = models.DateTimeField(_("first hour"))
    until = models.DateTimeField(_("last hour"))
    known_h = models.FloatField(_("hours known"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Advice)
    target_power_factor = models.FloatField(_("target power factor"))
    fixed_kvar = models.FloatField(_("fixed (kvar)"), default=0)
    step_kvar = models.FloatField(_("step (kvar)"), default=0)
    step_count = models.PositiveSmallIntegerField(_("steps"), default=0)
    inverter_kvar = models.FloatField(_("inverter set to supply (kvar)"), null=True)
    guard = models.CharField(_("harmonics"), max_length=20, choices=GuardChoice, blank=True)
    loss_saved_kwh = models.FloatField(_("loss saved, transformers (kWh)"), null=True)
    line_saved_kwh = models.FloatField(_("loss saved, lines (kWh)"), null=True)
    released_kva = models.FloatField(_("released (kVA)"), null=True)
    bill_saved = models.DecimalField(_("bill saved"), max_digits=16, decimal_places=4, null=True)
    loss_amount = models.DecimalField(_("transformer loss saved"), max_digits=16, decimal_places=4, null=True)
    cost_low = models.DecimalField(_("cost, low"), max_digits=16, decimal_places=4, null=True)
    cost_high = models.DecimalField(_("cost, high"), max_digits=16, decimal_places=4, null=True)
    payback_low_years = models.FloatField(_("payback, shortest (years)"), null=True)
    payback_high_years = models.FloatField(_("payback, longest (years)"), null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    decimals = models.PositiveSmallIntegerField(default=2)
    rank = models.PositiveIntegerField(_("place in its network"), null=True)
    rank_saved_kwh = models.FloatField(_("loss saved after those before it (kWh)"), null=True)
    figures = FiniteJSONField(default=dict, blank=True)
    assumptions = FiniteJSONField(default=list, blank=True)
    computed_at = models.DateTimeField(auto_now=True)

    objects = SiteQuerySet["BankRecommendation"].as_manager()
    site_path = "substation"

    class Meta:
        ordering = ["substation"]
        verbose_name = _("recommended bank")
        verbose_name_plural = _("recommended banks")

    def __str__(self) -> str:
        return f"{self.substation_id}: {self.get_outcome_display()} {self.bank.total_kvar:g} kvar"

    @property
    def bank(self) -> CapacitorBank:
        return CapacitorBank(self.fixed_kvar, self.step_kvar, self.step_count)

    @property
    def never_pays(self) -> bool:
        """Whether even the cheapest bank is worn out before it has paid for itself; False where that is not known."""
        return self.payback_low_years is not None and self.payback_low_years > BANK_LIFE_YEARS

    @property
    def query(self) -> str:
        """The part of a URL that replays it."""
        names = ("fixed_kvar", "step_kvar", "step_count", "inverter_kvar")
        known = {name: value for name in names if (value := getattr(self, name))}
        return urlencode({"substation": self.substation.code} | known)

    @property
    def saved_a_year(self) -> Decimal | None:
        """Bill and own transformer's loss, in money; None without a tariff."""
        return None if self.bill_saved is None else self.bill_saved + (self.loss_amount or Decimal(0))

    @property
    def amounts(self) -> dict[str, str]:
        """Amounts as they are written, by name; those that are not known are left out."""
        named: dict[str, Any] = {
            "saved": self.saved_a_year,
            "bill": self.bill_saved,
            "loss": self.loss_amount,
            "cost_low": self.cost_low,
            "cost_high": self.cost_high,
        }
        return {name: money(each, self.currency, self.decimals) for name, each in named.items() if each is not None}


class CompensationChange(models.Model):
    """What was fitted, mended or taken out, and on which day it was in service for the first time."""

    class ChangeKind(models.TextChoices):
        BANK = "bank", _("Bank fitted")
        REPAIR = "repair", _("Bank mended")
        REMOVAL = "removal", _("Bank taken out")
        INVERTER = "inverter", _("Inverter set")
        OTHER = "other", _("Other")

    substation = models.ForeignKey(
        Substation, models.CASCADE, related_name="compensation_changes", verbose_name=_("substation")
    )
    fitted_on = models.DateField(_("fitted on"), help_text=_("The first whole day in service is the day after."))
    kind = models.CharField(_("kind"), max_length=10, choices=ChangeKind, default=ChangeKind.BANK)
    kvar = models.FloatField(_("kvar"), null=True, blank=True, validators=[MinValueValidator(0)])
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SiteQuerySet["CompensationChange"].as_manager()
    site_path = "substation"

    class Meta:
        ordering = ["-fitted_on", "substation"]
        verbose_name = _("change of compensation")
        verbose_name_plural = _("changes of compensation")
        constraints = [
            models.UniqueConstraint(fields=["substation", "fitted_on"], name="one_compensation_change_of_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.substation.code} {self.fitted_on} {self.get_kind_display()}"


class CompensationProof(models.Model):
    """What a change did, at equal active power; worked out when a day closed, until enough days are in.

    Each figure is a mean over the hours after that have their like before. saved_*: expected without the change less
    measured, with the 95 % interval over days; empty ends with fewer than three days on a side.
    """

    change = models.OneToOneField(CompensationChange, models.CASCADE, primary_key=True, related_name="proof")
    until = models.DateTimeField(_("last hour"))
    before_h = models.PositiveIntegerField(_("hours before"))
    after_h = models.PositiveIntegerField(_("hours after"))
    compared_h = models.PositiveIntegerField(_("hours compared"))
    power_factor_before = models.FloatField(_("power factor without the change"))
    power_factor_after = models.FloatField(_("power factor with it"))
    saved_kvar = models.FloatField(_("reactive power saved (kvar)"))
    saved_kvar_low = models.FloatField(null=True)
    saved_kvar_high = models.FloatField(null=True)
    saved_kwh_a_day = models.FloatField(_("loss saved (kWh a day)"))
    saved_kwh_a_day_low = models.FloatField(null=True)
    saved_kwh_a_day_high = models.FloatField(null=True)
    saved_amount_a_day = models.DecimalField(_("bill saved a day"), max_digits=16, decimal_places=4, null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    decimals = models.PositiveSmallIntegerField(default=2)
    with_lines = models.BooleanField(_("with its share of the lines"), default=False)
    computed_at = models.DateTimeField(auto_now=True)

    objects = SiteQuerySet["CompensationProof"].as_manager()
    site_path = "change__substation"

    class Meta:
        verbose_name = _("proof of a change")
        verbose_name_plural = _("proofs of changes")

    def __str__(self) -> str:
        return f"{self.change_id}: {self.saved_kvar:.0f} kvar"

    @property
    def amount_text(self) -> str:
        if self.saved_amount_a_day is None:
            return ""
        return money(self.saved_amount_a_day, self.currency, self.decimals)
