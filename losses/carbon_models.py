"""How much CO2 a kWh of a grid stands for, by date and source."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class CarbonFactorQuerySet(models.QuerySet["CarbonFactor"]):
    def on(self, grid: str, day: date) -> CarbonFactor | None:
        """The factor of a grid on a day; None where none is stored."""
        open_end = Q(valid_to__isnull=True) | Q(valid_to__gte=day)
        return self.filter(open_end, grid=grid, valid_from__lte=day).order_by("-valid_from").first()

    def between(self, grid: str, first: date, last: date) -> list[CarbonFactor]:
        """The factors of a grid that are valid on some day from the first to the last, in their order."""
        open_end = Q(valid_to__isnull=True) | Q(valid_to__gte=first)
        return list(self.filter(open_end, grid=grid, valid_from__lte=last).order_by("valid_from"))


class CarbonFactor(models.Model):
    """kg of CO2 per kWh drawn from a grid, for a time, with its source and the source's date."""

    grid = models.CharField(_("grid"), max_length=60, help_text=_("As it stands with the tariff assignments: India."))
    kg_per_kwh = models.DecimalField(
        _("kg CO2 per kWh"),
        max_digits=7,
        decimal_places=5,
        # 2 kg/kWh: chosen, beyond any grid (lignite alone is about 1.2); a factor in kg/MWh is refused by it.
        validators=[MinValueValidator(0), MaxValueValidator(2)],
    )
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=200)
    source_date = models.DateField(_("date of the source"))

    objects = CarbonFactorQuerySet.as_manager()

    class Meta:
        ordering = ["grid", "-valid_from"]
        verbose_name = _("CO2 factor")
        verbose_name_plural = _("CO2 factors")
        constraints = [models.UniqueConstraint(fields=["grid", "valid_from"], name="one_co2_factor_from_a_day")]

    def __str__(self) -> str:
        return f"{self.grid} {self.valid_from}: {self.kg_per_kwh} kg/kWh"

    def clean(self) -> None:
        if not self.valid_from:
            return
        if self.valid_to and self.valid_to < self.valid_from:
            raise ValidationError(
                {"valid_to": _("Received a day before “valid from”; expected that day or a later one.")}
            )
        others = CarbonFactor.objects.filter(grid=self.grid).exclude(pk=self.pk)
        others = others.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=self.valid_from))
        overlapping = (others.filter(valid_from__lte=self.valid_to) if self.valid_to else others).first()
        if overlapping:
            raise ValidationError(
                _("Received a time that overlaps with the factor from %(since)s: let the earlier end the day before."),
                params={"since": overlapping.valid_from},
            )
