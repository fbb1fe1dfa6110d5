"""Tariffs and their dated versions, and who is billed by them since when."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.fields import FiniteJSONField
from core.site_rights import SiteQuerySet, SiteScope
from losses.tariffs.tariff_document import document_problems
from losses.tariffs.version_timeline import timeline_problems
from losses.tariffs.worked_bills import worked_problems
from substations.models import Substation


class Tariff(models.Model):
    """A tariff by its name; what it says at a time is in its versions."""

    name = models.CharField(_("name"), max_length=120, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("tariff")
        verbose_name_plural = _("tariffs")

    def __str__(self) -> str:
        return self.name

    def version_on(self, day: date) -> TariffVersion | None:
        """The version that is valid on a day."""
        return self.versions.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=day), valid_from__lte=day).first()


class TariffVersion(models.Model):
    """A tariff's document for a time. Versions of a tariff have neither gap nor overlap (``clean``)."""

    tariff = models.ForeignKey(Tariff, models.CASCADE, related_name="versions", db_index=False)
    valid_from = models.DateField(_("valid from"), editable=False)
    valid_to = models.DateField(_("valid to"), null=True, blank=True, editable=False)
    document = FiniteJSONField(_("document"))
    worked = FiniteJSONField(_("worked bills"), default=list, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["tariff", "-valid_from"]
        verbose_name = _("tariff version")
        verbose_name_plural = _("tariff versions")
        constraints = [
            models.UniqueConstraint(fields=["tariff", "valid_from"], name="one_tariff_version_from_a_day"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=models.F("valid_from")),
                name="tariff_version_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tariff.name} {self.valid_from}"

    def clean(self) -> None:
        """The document and its worked bills are right, and versions follow one another; dates are the document's."""
        if problems := document_problems(self.document):
            raise ValidationError(problems)
        if problems := worked_problems(self.document, self.worked):
            raise ValidationError(problems)
        self.take_dates()
        others = self.tariff.versions.exclude(pk=self.pk) if self.tariff_id else TariffVersion.objects.none()
        same = others.filter(valid_from=self.valid_from)
        if same.exists():
            raise ValidationError(
                _("There is a version from %(day)s already: change that one, or let this one begin on another day."),
                params={"day": self.valid_from},
            )
        validities = [*others.values_list("valid_from", "valid_to"), (self.valid_from, self.valid_to)]
        if problems := list(timeline_problems(validities)):
            raise ValidationError(problems)

    def take_dates(self) -> None:
        """``valid_from`` and ``valid_to`` are columns for the database's sake; the document says them."""
        self.valid_from = date.fromisoformat(self.document["valid_from"])
        end = self.document.get("valid_to")
        self.valid_to = date.fromisoformat(end) if end else None


def _billed(scope: SiteScope) -> Q:
    return Q(substation__in=scope.substations()) | Q(site__in=scope.sites())


def billed_by_assignment(scope: SiteScope) -> Q:
    """Of what hangs on an assignment: a site is billed as one, so it is shown to whom all of it is given."""
    return Q(assignment__substation__in=scope.substations()) | Q(assignment__site__in=scope.sites())


class TariffAssignment(models.Model):
    """By which tariff a site (all its substations as one metering point) or a substation is billed, from a day on."""

    tariff = models.ForeignKey(Tariff, models.PROTECT, related_name="assignments", verbose_name=_("tariff"))
    site = models.CharField(_("site"), max_length=120, blank=True, help_text=_("Its substations are billed as one."))
    substation = models.ForeignKey(
        Substation,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="tariff_assignments",
        verbose_name=_("substation"),
    )
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True, blank=True, help_text=_("Last day; empty: until further notice."))
    contract_kva = models.DecimalField(
        _("contract demand (kVA)"), max_digits=12, decimal_places=3, null=True, blank=True
    )
    contract_kw = models.DecimalField(_("contract demand (kW)"), max_digits=12, decimal_places=3, null=True, blank=True)
    installed_kva = models.DecimalField(
        _("installed size (kVA)"), max_digits=12, decimal_places=3, null=True, blank=True
    )

    grid = models.CharField(_("grid"), max_length=60, blank=True, help_text=_("Whose CO2 factor counts."))

    objects = SiteQuerySet["TariffAssignment"].as_manager()
    site_path = staticmethod(_billed)

    class Meta:
        ordering = ["site", "substation", "-since"]
        verbose_name = _("tariff assignment")
        verbose_name_plural = _("tariff assignments")
        constraints = [
            models.CheckConstraint(
                condition=Q(site="", substation__isnull=False) | ~Q(site="") & Q(substation__isnull=True),
                name="a_site_or_a_substation_is_billed",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=models.F("since")),
                name="tariff_assignment_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.point_name}: {self.tariff}"

    @property
    def point_name(self) -> str:
        return self.site or (self.substation.code if self.substation else "")

    def is_in_force(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)

    def clean(self) -> None:
        if bool(self.site) == bool(self.substation_id):
            raise ValidationError(_("Received both or neither; expected either a site or a substation."))
        if self.since and self.until and self.until < self.since:
            raise ValidationError({"until": _("Received a day before “since”; expected that day or a later one.")})
        self._check_point()
        if self.since:
            self._check_overlap()

    def _check_point(self) -> None:
        if not self.site:
            return
        zones = set(Substation.objects.filter(site=self.site).values_list("time_zone", flat=True))
        if not zones:
            raise ValidationError(
                {"site": _("Received a site without substations; expected one that a substation names.")}
            )
        if len(zones) > 1:
            received = ", ".join(sorted(zones))
            raise ValidationError(
                {"site": _("Received substations with the clocks %(zones)s; expected one clock.") % {"zones": received}}
            )

    def _check_overlap(self) -> None:
        others = TariffAssignment.objects.filter(site=self.site, substation=self.substation_id).exclude(pk=self.pk)
        later = others.filter(Q(until__isnull=True) | Q(until__gte=self.since))
        overlapping = (later.filter(since__lte=self.until) if self.until else later).first()
        if overlapping:
            raise ValidationError(
                _("Received a time that overlaps with “%(other)s” from %(since)s: let the earlier end the day before."),
                params={"other": overlapping.tariff.name, "since": overlapping.since},
            )
