"""The grid: substations with their nameplates, the links between them, and what their meters reported."""

from __future__ import annotations

import math
import zoneinfo
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import site_rights
from core.leases import Leased
from core.site_rights import SiteScope

from .querysets import (
    LinkQuerySet,
    PendingRangeQuerySet,
    PlannedWorkQuerySet,
    RangeQuerySet,
    ReadingQuerySet,
    SubstationQuerySet,
)

# chosen: faster is waveform analysis, slower than hourly shows no event of a day.
MIN_INTERVAL_S, MAX_INTERVAL_S = 60, 3600

SILENT_AFTER_INTERVALS = 3
"""Given: a substation is silent when its newest reading is older than this many of its intervals."""

MAX_GRACE_S = 7 * 86_400
"""Chosen: a meter that answers once a week."""


def validate_time_zone(value: str) -> None:
    """Reject a name that the IANA time zone database does not hold."""
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValidationError(
            _("“%(value)s” is not a time zone; expected a name such as Asia/Kolkata or UTC."),
            params={"value": value},
        ) from error


def is_stale(at: datetime, interval_s: int, now: datetime) -> bool:
    """Whether several readings should have been measured since a time."""
    return now - at > timedelta(seconds=SILENT_AFTER_INTERVALS * interval_s)


def refuse_infinite(instance: models.Model) -> None:
    """Reject NaN and infinity, which pass every range check and can be neither computed with nor sent as JSON."""
    floats = [field.name for field in instance._meta.fields if isinstance(field, models.FloatField)]
    values = {name: getattr(instance, name) for name in floats}
    wrong = {name: value for name, value in values.items() if value is not None and not math.isfinite(value)}
    if wrong:
        raise ValidationError(
            {name: _("Received %(value)s; expected a number.") % {"value": value} for name, value in wrong.items()}
        )


class Substation(models.Model):
    """One distribution transformer and the meter on its low-voltage side.

    A nameplate value that is not known stays empty: losses are then estimated from typical values and
    reported as an interval, never as zero.
    """

    class Export(models.TextChoices):
        UNKNOWN = "unknown", _("not known")
        YES = "yes", _("yes")
        NO = "no", _("no")

    code = models.CharField(
        _("code"),
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(
                r"^[^\s/\\?#%\x00-\x1f\x7f-\x9f]+\Z",
                _("A code has no spaces, no control characters and none of / \\ ? # %%."),
            )
        ],
        help_text=_("As it stands in the SCADA export, for example SS-01."),
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    site = models.CharField(_("site"), max_length=120, blank=True, db_index=True)
    latitude = models.FloatField(
        _("latitude"), null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    longitude = models.FloatField(
        _("longitude"), null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    rated_kva = models.FloatField(_("rated power (kVA)"), null=True, blank=True, validators=[MinValueValidator(1)])
    nominal_v = models.FloatField(
        _("nominal voltage, low side (V)"), null=True, blank=True, validators=[MinValueValidator(50)]
    )
    hv_nominal_v = models.FloatField(
        _("nominal voltage, high side (V)"), null=True, blank=True, validators=[MinValueValidator(50)]
    )
    no_load_loss_w = models.FloatField(_("no-load loss (W)"), null=True, blank=True, validators=[MinValueValidator(0)])
    load_loss_w = models.FloatField(_("load loss (W)"), null=True, blank=True, validators=[MinValueValidator(0)])
    impedance_pct = models.FloatField(
        _("impedance (%)"), null=True, blank=True, validators=[MinValueValidator(0.1), MaxValueValidator(50)]
    )
    capacitor_bank_kvar = models.FloatField(
        _("capacitor bank (kvar)"), null=True, blank=True, validators=[MinValueValidator(0)]
    )
    capacitor_steps = models.PositiveSmallIntegerField(_("capacitor steps"), null=True, blank=True)
    target_power_factor = models.FloatField(
        _("target power factor"), default=0.95, validators=[MinValueValidator(0.5), MaxValueValidator(1)]
    )
    reading_interval_s = models.PositiveIntegerField(
        _("reading interval (s)"),
        default=900,
        validators=[MinValueValidator(MIN_INTERVAL_S), MaxValueValidator(MAX_INTERVAL_S)],
    )
    grace_s = models.PositiveIntegerField(
        _("grace for late readings (s)"),
        default=300,
        validators=[MaxValueValidator(MAX_GRACE_S)],
        help_text=_("How late the third of three missed readings may come before data counts as missing."),
    )
    exports_power = models.CharField(
        _("feeds in"),
        max_length=7,
        choices=Export,
        default=Export.UNKNOWN,
        help_text=_("Whether active power flows towards the grid here, from generation behind the meter."),
    )
    learn_from = models.DateTimeField(
        _("learn from"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Readings before this time are not learned from: load, bank or generation were others then."),
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    received_at = models.DateTimeField(
        _("last arrival"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When readings were last received, of any time."),
    )

    live_at = models.DateTimeField(
        _("last fresh arrival"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When readings last came that were not older than a day: more are expected."),
    )
    future_at = models.DateTimeField(
        _("time of a reading from the future"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("What the latest reading said that was put aside for its time."),
    )
    future_seen_at = models.DateTimeField(null=True, blank=True, editable=False, help_text=_("When it came."))
    readings_kept_from = models.DateTimeField(
        _("readings kept from"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Older readings were deleted by the retention; their hours and days of energy and loss stay."),
    )
    scores_kept_from = models.DateTimeField(
        _("scores kept from"), null=True, blank=True, editable=False, help_text=_("Older scores were deleted.")
    )
    future_count = models.PositiveIntegerField(default=0, editable=False, help_text=_("How many were put aside."))

    objects = SubstationQuerySet.as_manager()
    site_path = "pk"

    class Meta:
        ordering = ["code"]
        verbose_name = _("substation")
        verbose_name_plural = _("substations")
        permissions = [("answer_direction", _("Can say whether a substation feeds in"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(target_power_factor__gt=0, target_power_factor__lte=1),
                name="substation_target_power_factor_is_a_share",
            ),
            models.CheckConstraint(condition=Q(reading_interval_s__gt=0), name="substation_interval_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()

    def get_absolute_url(self) -> str:
        return reverse("substations:detail", args=[self.code])

    def clean(self) -> None:
        refuse_infinite(self)
        if self.code_is_taken(self.code, self.pk):
            raise ValidationError({"code": _("Substation with this Code already exists.")})

    @staticmethod
    def code_is_taken(code: str, pk: int | None) -> bool:
        """Whether another substation has a code that this user may not see: Django looks among those of the user."""
        if site_rights.current() is None:
            return False
        others = Substation._base_manager.filter(code=code)
        return (others if pk is None else others.exclude(pk=pk)).exists()

    @property
    def silent_after(self) -> timedelta:
        """Age of the newest reading from which on data counts as missing."""
        return timedelta(seconds=SILENT_AFTER_INTERVALS * self.reading_interval_s + self.grace_s)

    def is_stale(self, at: datetime, now: datetime) -> bool:
        """Whether a newest reading of this time says nothing of the present."""
        return is_stale(at, self.reading_interval_s, now)

    def measured_interval_s(self) -> int | None:
        """The usual distance of the newest readings, to a whole minute; None with fewer than three."""
        newest = list(self.readings.order_by("-at").values_list("at", flat=True)[:500])
        if len(newest) < 3:
            return None
        steps = [(later - earlier).total_seconds() for later, earlier in pairwise(newest)]
        return int(min(max(60 * round(median(steps) / 60), MIN_INTERVAL_S), MAX_INTERVAL_S))

    @property
    def feeds_in(self) -> bool | None:
        """Whether it feeds in; None while nobody has said so."""
        return {self.Export.YES: True, self.Export.NO: False}.get(self.Export(self.exports_power))

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)


def _both_ends(scope: SiteScope) -> Q:
    """A line to somebody else's substation is not shown: neither what it is called nor that it is there."""
    given = scope.substations()
    return Q(target__in=given) & (Q(source__isnull=True) | Q(source__in=given))


class Link(models.Model):
    """One line of the network, from its supply side to the substation it feeds. No source means the grid supply."""

    class Status(models.TextChoices):
        CLOSED = "closed", _("closed")
        OPEN = "open", _("open")

    source = models.ForeignKey(
        Substation, models.CASCADE, related_name="links_out", null=True, blank=True, verbose_name=_("from")
    )
    target = models.ForeignKey(Substation, models.CASCADE, related_name="links_in", verbose_name=_("to"))
    r_ohm = models.FloatField(_("resistance (Ω)"), null=True, blank=True, validators=[MinValueValidator(0)])
    x_ohm = models.FloatField(_("reactance (Ω)"), null=True, blank=True, validators=[MinValueValidator(0)])
    length_km = models.FloatField(_("length (km)"), null=True, blank=True, validators=[MinValueValidator(0)])
    conductor = models.CharField(_("conductor"), max_length=60, blank=True)
    status = models.CharField(_("status"), max_length=6, choices=Status, default=Status.CLOSED)

    objects = LinkQuerySet.as_manager()
    site_path = staticmethod(_both_ends)

    class Meta:
        ordering = ["target__code", "pk"]
        verbose_name = _("link")
        verbose_name_plural = _("links")
        constraints = [
            models.UniqueConstraint(fields=["source", "target"], name="link_joins_a_pair_once"),
            models.UniqueConstraint(
                fields=["target"], condition=Q(source__isnull=True), name="link_joins_the_supply_once"
            ),
            models.CheckConstraint(condition=~Q(source=F("target")), name="link_joins_two_substations"),
        ]

    def __str__(self) -> str:
        return f"{self.source.code if self.source else _('grid supply')} → {self.target.code}"

    def clean(self) -> None:
        refuse_infinite(self)


class Reading(models.Model):
    """What one meter reported at one time (UTC). The key is (substation, at), so it cannot be stored twice.

    On PostgreSQL the table is partitioned by month (see ``partitions.py``). The channels are those of ``channels.py``.
    """

    pk = models.CompositePrimaryKey("substation", "at")
    # No index of its own: the key begins with the substation.
    substation = models.ForeignKey(Substation, models.CASCADE, related_name="readings", db_index=False)
    at = models.DateTimeField(_("time (UTC)"))
    active_power_kw = models.FloatField(null=True, blank=True)
    apparent_power_kva = models.FloatField(null=True, blank=True)
    reactive_power_kvar = models.FloatField(null=True, blank=True)
    power_factor = models.FloatField(null=True, blank=True)
    current_l1_a = models.FloatField(null=True, blank=True)
    current_l2_a = models.FloatField(null=True, blank=True)
    current_l3_a = models.FloatField(null=True, blank=True)
    current_avg_a = models.FloatField(null=True, blank=True)
    voltage_l12_v = models.FloatField(null=True, blank=True)
    voltage_l23_v = models.FloatField(null=True, blank=True)
    voltage_l31_v = models.FloatField(null=True, blank=True)
    voltage_avg_v = models.FloatField(null=True, blank=True)
    frequency_hz = models.FloatField(null=True, blank=True)
    thd_current_l1_pct = models.FloatField(null=True, blank=True)
    thd_current_l2_pct = models.FloatField(null=True, blank=True)
    thd_current_l3_pct = models.FloatField(null=True, blank=True)
    thd_voltage_l12_pct = models.FloatField(null=True, blank=True)
    thd_voltage_l23_pct = models.FloatField(null=True, blank=True)
    thd_voltage_l31_pct = models.FloatField(null=True, blank=True)
    oil_temperature_c = models.FloatField(null=True, blank=True)
    derived = models.PositiveIntegerField(
        _("derived channels"),
        default=0,
        help_text=_("Bit i is set when channel i was computed, not measured."),
    )

    objects = ReadingQuerySet.as_manager()
    site_path = "substation"

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")

    def __str__(self) -> str:
        return f"{self.substation_id} {self.at:%Y-%m-%d %H:%M}"


class PendingRange(Leased):
    """A stretch of readings that arrived and still has to be scored.

    Work is kept by arrival and not by measurement time, so that a back-dated upload is scored like any other. A worker
    claims a range until ``claimed_until``; a range whose claim ran out is claimed again, and a scored one is deleted in
    the transaction that writes the scores.

    The database does not check its substation: of readings that arrive that would cost as much as storing them, and
    theirs is checked in the same transaction. What is left of a substation that is gone, the sweep takes away.
    """

    substation = models.ForeignKey(
        Substation, models.CASCADE, related_name="pending_ranges", db_index=False, db_constraint=False
    )
    start = models.DateTimeField()
    end = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PendingRangeQuerySet.as_manager()
    site_path = "substation"

    class Meta:
        verbose_name = _("pending range")
        verbose_name_plural = _("pending ranges")
        constraints = [
            models.CheckConstraint(condition=Q(end__gte=F("start")), name="pending_range_ends_after_it_starts")
        ]
        indexes = [
            models.Index(fields=["substation", "created_at"], name="pending_range_waiting"),  # claim and freshness
        ]

    def __str__(self) -> str:
        return f"{self.substation_id} {self.start:%Y-%m-%d %H:%M} – {self.end:%Y-%m-%d %H:%M}"


class StaleRange(Leased):
    """A stretch of readings whose hourly figures have to be worked out (again), by arrival like a pending range.

    ``is_certain``: its readings changed. Otherwise it was only judged again, and most of its hours stay as they are.
    The database does not check its substation, as with a pending range.
    """

    substation = models.ForeignKey(Substation, models.CASCADE, related_name="stale_ranges", db_constraint=False)
    start = models.DateTimeField()
    end = models.DateTimeField()
    is_certain = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RangeQuerySet["StaleRange"].as_manager()
    site_path = "substation"

    class Meta:
        verbose_name = _("stale range")
        verbose_name_plural = _("stale ranges")
        constraints = [
            models.CheckConstraint(condition=Q(end__gte=F("start")), name="stale_range_ends_after_it_starts")
        ]

    def __str__(self) -> str:
        return f"{self.substation_id} {self.start:%Y-%m-%d %H:%M} – {self.end:%Y-%m-%d %H:%M}"


class PlannedWork(models.Model):
    """A stretch of time in which people work on a substation: what it does then is neither usual nor a surprise.

    Readings are recorded and judged as ever, but nothing is learned from them, and alerts that they raise are shown
    as out of service until the work ends. The end is mandatory: work that is forgotten must not silence for ever.
    """

    substation = models.ForeignKey(Substation, models.CASCADE, related_name="planned_work", db_index=False)
    start = models.DateTimeField(_("start"))
    end = models.DateTimeField(_("end"))
    reason = models.CharField(_("reason"), max_length=200, help_text=_("What is done, for example an oil change."))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )

    objects = PlannedWorkQuerySet.as_manager()
    site_path = "substation"

    class Meta:
        ordering = ["-start"]
        verbose_name = _("planned work")
        verbose_name_plural = _("planned work")
        constraints = [
            models.CheckConstraint(
                condition=Q(end__gt=F("start")),
                name="planned_work_ends_after_it_starts",
                violation_error_message=_("The work must end after it starts."),
            )
        ]
        indexes = [
            models.Index(fields=["substation", "end"], name="planned_work_by_substation"),  # review and training
        ]

    def __str__(self) -> str:
        return f"{self.substation.code} {self.start:%Y-%m-%d %H:%M} – {self.end:%Y-%m-%d %H:%M}"
