"""Reports that are wanted or made, and schedules by which they are made."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alerts.models import Alert
from core.fields import FiniteJSONField
from core.leases import Leased
from core.site_rights import SiteQuerySet, SiteScope
from losses.loss_scope import LossScope
from substations.models import Substation

from .querysets import ReportQuerySet
from .report_rules import check_months, check_scope, check_shift


def _given(scope: SiteScope) -> Q:
    """Of what is given as a whole; and what was asked for by this user, where all that is in it is still given."""
    given = scope.substations()
    others = Report.covers.through._base_manager.filter(report=models.OuterRef("pk")).exclude(substation__in=given)
    whole = Q(substation__in=given) | Q(alert__substation__in=given) | Q(site__in=scope.sites(), substation=None)
    return Q(is_partial=False) & whole | Q(is_partial=True, requested_by=scope.user_id) & ~Q(models.Exists(others))


class ReportSchedule(models.Model):
    """On the first of each month the report of the month before, sent to some addresses.

    ``next_on`` is the day of the next one; it moves by a guarded UPDATE, so that two workers make one report.
    """

    class ScheduledKind(models.TextChoices):
        MONTHLY = "monthly", _("Month")
        FEEDERS = "feeders", _("Technical losses by feeder")

    kind = models.CharField(_("report"), max_length=8, choices=ScheduledKind, default=ScheduledKind.MONTHLY)
    site = models.CharField(_("site"), max_length=120, blank=True, help_text=_("Empty: the whole grid."))
    recipients = FiniteJSONField(_("addresses"), default=list)
    next_on = models.DateField(_("next on"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SiteQuerySet["ReportSchedule"].as_manager()
    site_path = staticmethod(lambda scope: Q(site__in=scope.sites()))

    class Meta:
        ordering = ["site", "kind", "pk"]
        verbose_name = _("schedule of reports")
        verbose_name_plural = _("schedules of reports")
        constraints = [models.UniqueConstraint(fields=["kind", "site"], name="one_schedule_of_a_kind_and_site")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.site or gettext('whole grid')}"

    def clean(self) -> None:
        check_scope(Report(kind=self.kind, site=self.site))
        if not self.recipients:
            raise ValidationError({"recipients": _("Received no address; expected at least one.")})
        for address in self.recipients:
            try:
                validate_email(address)
            except ValidationError as error:
                said = gettext("Received “%(text)s”; expected an e-mail address like name@example.org.")
                raise ValidationError({"recipients": said % {"text": str(address)[:60]}}) from error


class Report(Leased):
    """One report of a kind, scope and time, from the moment that somebody wants it.

        queued ──claim──► making ──► ready     its files are kept
          ▲                 │ └────► failed    the reason is stored; it may be queued again
          └─ lease ran out ─┘

    A worker that is killed loses its lease, and the next one begins anew. One of a schedule is mailed once it is ready.
    """

    class ReportKind(models.TextChoices):
        MONTHLY = "monthly", _("Month")
        SHIFT = "shift", _("Shift")
        ALERT = "alert", _("Alert")
        FEEDERS = "feeders", _("Technical losses by feeder")

    class ReportState(models.TextChoices):
        QUEUED = "queued", _("queued")
        MAKING = "making", _("being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    class Mail(models.TextChoices):
        NOT_WANTED = "", _("not mailed")
        WAITING = "waiting", _("to be mailed")
        SENT = "sent", _("mailed")
        NOT_SENT = "not_sent", _("nothing was sent")

    UNFINISHED = (ReportState.QUEUED, ReportState.MAKING)

    kind = models.CharField(_("report"), max_length=8, choices=ReportKind)
    site = models.CharField(_("site"), max_length=120, blank=True, help_text=_("Empty: the whole grid."))
    substation = models.ForeignKey(Substation, models.CASCADE, null=True, blank=True, related_name="reports")
    alert = models.ForeignKey(Alert, models.CASCADE, null=True, blank=True, related_name="reports")
    first_day = models.DateField(_("first day"), null=True, blank=True)
    last_day = models.DateField(_("last day"), null=True, blank=True)
    start = models.DateTimeField(_("begin of the shift"), null=True, blank=True)
    end = models.DateTimeField(_("end of the shift"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=ReportState, default=ReportState.QUEUED)
    progress_pct = models.PositiveSmallIntegerField(_("progress (%)"), default=0)
    reason = models.TextField(_("reason"), blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    schedule = models.ForeignKey(ReportSchedule, models.SET_NULL, null=True, blank=True, related_name="reports")
    is_partial = models.BooleanField(
        _("of part of the plant"),
        default=False,
        help_text=_("Whoever asked is not given all sites: it says what is given, and only they see it."),
    )
    covers = models.ManyToManyField(
        Substation, blank=True, related_name="+", help_text=_("Of part of the plant: what was given.")
    )
    paper = models.FileField(_("PDF"), upload_to="reports/%Y/%m/", max_length=200, blank=True)
    sheet = models.FileField(_("XLSX or CSV"), upload_to="reports/%Y/%m/", max_length=200, blank=True)
    mail = models.CharField(_("e-mail"), max_length=8, choices=Mail, default=Mail.NOT_WANTED, blank=True)
    mail_note = models.CharField(_("e-mail, why"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("asked for"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = ReportQuerySet.as_manager()
    site_path = staticmethod(_given)

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="alert", alert__isnull=False)
                | Q(kind="shift", start__isnull=False, end__gt=models.F("start"))
                | Q(kind__in=("monthly", "feeders"), first_day__isnull=False, last_day__gte=models.F("first_day")),
                name="report_has_what_its_kind_needs",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "claimed_until"], name="report_unfinished"),  # the sweep
            models.Index(fields=["-created_at"], name="report_newest"),  # the list
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.scope_name} {self.period_text}".strip()

    @property
    def scope(self) -> LossScope:
        if self.substation:
            return LossScope(self.substation.site, self.substation)
        return LossScope(self.site)

    @property
    def scope_name(self) -> str:
        if self.alert:
            return f"#{self.alert_id}"
        return self.substation.code if self.substation else self.site or gettext("whole grid")

    @property
    def period_text(self) -> str:
        """The months, or the hours in UTC; empty for an alert."""
        if self.first_day and self.last_day:
            texts = dict.fromkeys(f"{day:%Y-%m}" for day in (self.first_day, self.last_day))
            return " – ".join(texts)
        if self.start and self.end:
            zone = self.substation.zone if self.substation else None
            begin, end = ((at.astimezone(zone) if zone else at) for at in (self.start, self.end))
            return f"{begin:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M}" + ("" if zone else " UTC")
        return ""

    @property
    def is_final(self) -> bool:
        return self.state not in self.UNFINISHED

    @property
    def months(self) -> tuple[date, date]:
        """First and last day of a kind that has them."""
        if self.first_day is None or self.last_day is None:
            raise ValueError(f"A report of the kind “{self.kind}” has no months.")
        return self.first_day, self.last_day

    def clean(self) -> None:
        """Scope and time are what the kind needs."""
        check_scope(self)
        if self.kind == self.ReportKind.ALERT:
            if self.alert_id is None:
                raise ValidationError({"alert": _("Received no alert; expected the number of one.")})
        elif self.kind == self.ReportKind.SHIFT:
            check_shift(self)
        else:
            check_months(self)
