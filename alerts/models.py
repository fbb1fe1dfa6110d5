"""Alerts: one episode that an operator has to know of, what was done about it, and who did it.

An alert has three independent dimensions, never one status:

    condition      active / cleared                       set by the data alone
    acknowledged   no / yes                               set by an operator alone
    suppression    none / shelved / by design / out of service

and it is in the history once ``closed_at`` is set. What a page shows is derived (``state``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from core import site_rights
from core.fields import FiniteJSONField
from core.retries import Failure, FailureQuerySet
from core.site_rights import SiteQuerySet
from mlcore.explanations import PAGE, said_by
from mlcore.models import Cause, Detection
from substations.models import Reading, Substation

from . import display_names
from .alarm_day_models import AlarmDay as AlarmDay  # a model of this app, in a file of its own
from .answer_models import KeptAnswer as KeptAnswer  # likewise
from .cost_sentence import cost_sentence
from .guidance_models import AlertGuidance as AlertGuidance  # a model of this app, in a file of its own
from .handover_models import ShiftHandover as ShiftHandover  # likewise
from .handover_models import ShiftNote as ShiftNote  # likewise
from .lifecycle import Condition, DisplayState, LifecycleState, Suppression
from .penalty_models import AlertPenalty as AlertPenalty  # likewise
from .querysets import AlertEventQuerySet, AlertQuerySet
from .repair_models import AlertRepair as AlertRepair  # likewise
from .system_alarm_models import SystemAlarm as SystemAlarm  # likewise

Kind = Detection.Kind
Severity = Detection.Severity
CAUSES = dict(Cause.choices)


class Alert(models.Model):
    """One episode of one key (substation, kind). The database allows one open alert of a key."""

    class Closure(models.TextChoices):
        OPEN = "", _("Open")
        RESOLVED = "resolved", _("Resolved")
        CLEARED = "cleared", _("Auto-cleared")
        SUPERSEDED = "superseded", _("Superseded")
        RETROSPECTIVE = "retrospective", _("Retrospective")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        EXPIRED = "expired", _("Not acknowledged in time")
        FLEETING = "fleeting", _("Fleeting")

    class SuppressionReason(models.TextChoices):
        OUTAGE = "outage", _("the same fault upstream")
        FEEDER_FAULT = "feeder_fault", _("a common fault of the feeder")
        SUPPLY_OPEN = "supply_open", _("its supply is switched off")

    substation = models.ForeignKey(Substation, models.PROTECT, related_name="alerts", db_index=False)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    cause = models.CharField(_("cause"), max_length=24, choices=Cause)
    severity_now = models.PositiveSmallIntegerField(_("severity"), choices=Severity)
    severity_peak = models.PositiveSmallIntegerField(_("highest severity"), choices=Severity)
    condition = models.CharField(
        _("condition"), max_length=8, choices=display_names.CONDITIONS, default=Condition.ACTIVE.value
    )
    acknowledged = models.BooleanField(_("acknowledged"), default=False)
    suppression = models.CharField(
        _("suppression"), max_length=16, choices=display_names.SUPPRESSIONS, default=Suppression.NONE.value
    )
    suppressed_until = models.DateTimeField(null=True, blank=True)
    suppressed_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="suppresses", verbose_name=_("suppressed by")
    )
    suppression_reason = models.CharField(
        _("why suppressed"), max_length=16, choices=SuppressionReason, default="", blank=True
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned_alerts",
        verbose_name=_("assigned to"),
    )
    chattering_count = models.PositiveIntegerField(
        _("chattering"), default=0, help_text=_("How often it came within a short time; 0: it does not chatter.")
    )
    clear_due_at = models.DateTimeField(
        null=True, blank=True, help_text=_("It has cleared while chattering: when that counts, unless it is back.")
    )
    raised_at = models.DateTimeField(_("raised"), help_text=_("When it began, by the clock of the readings."))
    detected_at = models.DateTimeField(_("detected"), help_text=_("When the system noticed."))
    peak_at = models.DateTimeField(_("peak"), null=True, blank=True)
    cleared_at = models.DateTimeField(_("cleared"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closure = models.CharField(_("closed as"), max_length=16, choices=Closure, default=Closure.OPEN, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("acknowledged by"),
    )
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    acknowledge_note = models.TextField(_("note"), blank=True)
    detection = models.ForeignKey(
        Detection, models.SET_NULL, null=True, blank=True, related_name="+", help_text=_("The episode shown.")
    )
    loss_kwh = models.FloatField(_("extra loss (kWh)"), null=True, blank=True)
    loss_low_kwh = models.FloatField(null=True, blank=True)
    loss_high_kwh = models.FloatField(null=True, blank=True)
    loss_pct = models.FloatField(_("extra loss (%)"), null=True, blank=True)
    score = models.FloatField(_("score"), default=0)
    confidence = models.FloatField(_("confidence"), null=True, blank=True)
    reason = models.TextField(_("reason"), help_text=_("In English; pages say it in the reader's language."))
    explanation = FiniteJSONField(
        _("explanation"), default=dict, blank=True, help_text=_("Code and figures, of which the sentence is made.")
    )
    occurrences = models.PositiveIntegerField(_("occurrences"), default=1)
    reopen_count = models.PositiveIntegerField(_("reopened"), default=0)
    verify_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Resolved while still present: when to look whether it is gone.")
    )
    verify_from = models.DateTimeField(
        null=True, blank=True, help_text=_("End of the newest reading at that time: later ones say whether it is gone.")
    )
    version = models.PositiveIntegerField(default=1, help_text=_("Grows with every change; guards concurrent writes."))
    changed_at = models.DateTimeField(auto_now=True)

    objects = AlertQuerySet.as_manager()
    site_path = "substation"
    mark: Any = None  # of ``marks.mark``, where a list asked for it

    class Meta:
        ordering = ["-raised_at"]
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        permissions = [
            ("acknowledge_alert", _("Can acknowledge alerts")),
            ("resolve_alert", _("Can resolve alerts")),
            ("resolve_many_alerts", _("Can resolve several alerts at once")),
            ("shelve_alert", _("Can shelve alerts")),
            ("shelve_critical_alert", _("Can shelve critical alerts")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["substation", "kind"],
                condition=Q(closed_at__isnull=True),
                name="one_open_alert_per_substation_and_kind",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closure="") | Q(closed_at__isnull=False) & ~Q(closure=""),
                name="closed_alert_says_how",
            ),
        ]
        indexes = [
            models.Index(fields=["substation", "raised_at"], name="alert_by_substation"),  # substation page
            models.Index(fields=["closed_at"], name="alert_history"),  # history, newest first
            models.Index(  # the API's history and how many there are: without reading a row
                F("closed_at").desc(),
                F("id").desc(),
                condition=~Q(closure="fleeting") & Q(closed_at__isnull=False),
                name="history_newest_first",
            ),
            models.Index(fields=["changed_at"], name="alert_by_change"),  # what open pages are told of
            models.Index(fields=["raised_at"], name="alert_by_begin"),  # the history of a range, earlier episodes
            models.Index(  # the list and its counts: without reading a row, however many are closed
                fields=[
                    "suppression",
                    "acknowledged",
                    "condition",
                    "severity_now",
                    "severity_peak",
                    "raised_at",
                    "id",
                ],
                condition=Q(closed_at__isnull=True),
                name="open_alerts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.substation.code} {self.get_cause_display()} {self.raised_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("alerts:detail", args=[self.pk])

    def get_cause_display(self) -> str:  # type: ignore[no-redef]  # the plugin knows of Django's
        """As Django's own, which translates every cause for each call: measured a fifth of the time of the list."""
        return str(CAUSES.get(self.cause, self.cause))

    @property
    def lifecycle_state(self) -> LifecycleState:
        return LifecycleState(
            condition=Condition(self.condition),
            acknowledged=self.acknowledged,
            suppression=Suppression(self.suppression),
            closed=self.closed_at is not None,
        )

    @property
    def state(self) -> DisplayState:
        return self.lifecycle_state.display

    @property
    def shown_suppressed_by(self) -> Alert | None:
        """The alert that silences it, for whom it is given; it may be on the substation of others."""
        return self.suppressed_by if self.shown_suppressed_by_id else None

    @property
    def shown_suppressed_by_id(self) -> int | None:
        if site_rights.current() is None or Alert.objects.filter(pk=self.suppressed_by_id or 0).exists():
            return self.suppressed_by_id
        return None

    @property
    def last_known_at(self) -> datetime | None:
        """Time of the newest reading where an active alert rests on one that says nothing of the present."""
        if self.closed_at or self.condition != Condition.ACTIVE or self.kind == Kind.DATA_MISSING:
            return None
        newest: datetime | None
        if hasattr(self, "newest_reading_at"):  # of ``with_newest_reading``
            newest = self.newest_reading_at
        else:
            newest = Reading.objects.for_substation(self.substation_id).newest(1).values_list("at", flat=True).first()
        return newest if newest and self.substation.is_stale(newest, timezone.now()) else None

    @property
    def state_label(self) -> str:
        label = str(display_names.DISPLAY_STATES[self.state])
        if self.last_known_at is None:
            return label
        return str(display_names.LAST_KNOWN.get(self.state, label))

    @property
    def closes_when_acknowledged(self) -> bool:
        """Whether it has cleared and nothing more is asked for than that somebody saw it."""
        return self.condition == Condition.CLEARED and self.severity_peak < Severity.CRITICAL and not self.closed_at

    @property
    def sentence(self) -> str:
        """Why, in the reader's language and with figures as pages write them."""
        return said_by(self.explanation, self.reason, PAGE)

    @property
    def cost_sentence(self) -> str:
        """What it costs in energy and money, by the substation's clock; empty where neither is known."""
        return cost_sentence(self, self.substation.zone, timezone.now())

    @property
    def plain_sentence(self) -> str:
        """Why, in the reader's language and with figures as programs read them."""
        return said_by(self.explanation, self.reason)

    @property
    def severity(self) -> int:
        """Shown severity: latched at its highest until someone acknowledges."""
        return self.severity_now if self.acknowledged else self.severity_peak

    @property
    def severity_name(self) -> str:
        return "critical" if self.severity >= Severity.CRITICAL else "warning"

    @property
    def severity_word(self) -> str:
        """The shown severity, of which there are two, in the reader's language."""
        return _now("Critical") if self.is_critical else _now("Warning")

    @property
    def known_loss_kwh(self) -> float | None:
        """The extra loss; of a meter that is not believed there is none to tell."""
        return None if self.kind == Kind.METER else self.loss_kwh

    @property
    def is_active(self) -> bool:
        return self.condition == Condition.ACTIVE

    @property
    def is_critical(self) -> bool:
        return self.severity >= Severity.CRITICAL


class AlertDetection(models.Model):
    """Which detections an alert stands for, and the last revision of each that was reviewed."""

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="episodes")
    detection = models.OneToOneField(Detection, models.CASCADE, related_name="review")
    revision = models.PositiveIntegerField()

    objects = SiteQuerySet["AlertDetection"].as_manager()
    site_path = "alert__substation"

    class Meta:
        verbose_name = _("reviewed detection")
        verbose_name_plural = _("reviewed detections")

    def __str__(self) -> str:
        return f"{self.alert_id} ← {self.detection_id} r{self.revision}"


class ReviewFailure(Failure):
    """Why the alerts could not be brought in line with a detection; the first review that succeeds deletes the row."""

    detection = models.OneToOneField(Detection, models.CASCADE, primary_key=True, related_name="review_failure")

    objects = FailureQuerySet["ReviewFailure"].as_manager()
    site_path = "detection__substation"

    class Meta(Failure.Meta):
        verbose_name = _("review failure")
        verbose_name_plural = _("review failures")


class Resolution(models.Model):
    """What was found and done. An alert that came back keeps its earlier resolutions."""

    METER_FAULT = "sensor_fault"
    CLASSIFICATIONS = [
        *Cause.choices,
        (METER_FAULT, _("Other fault of the meter")),
        ("other", _("Something else")),
    ]
    """The causes of the detector, and what it has no name for."""

    class Outcome(models.TextChoices):
        RESOLVED = "fully_resolved", _("Fully resolved")
        TEMPORARY = "temporary_fix", _("Temporary fix")
        FALSE_ALARM = "false_alarm", _("False alarm")
        MONITOR = "monitoring_required", _("Monitoring required")

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="resolutions")
    classification = models.CharField(_("incident classification"), max_length=24, choices=CLASSIFICATIONS)
    checks = models.TextField(_("checked"), blank=True, help_text=_("Steps of the advice that were taken."))
    root_cause = models.TextField(_("confirmed root cause"), blank=True)
    corrective_action = models.TextField(
        _("corrective action"), help_text=_("What was found and done; of a false alarm, why it is one.")
    )
    preventive_strategy = models.TextField(_("preventive strategy"), blank=True)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("resolved by")
    )
    resolved_at = models.DateTimeField(_("resolved"))
    while_active = models.BooleanField(_("while still present"), default=False)

    objects = SiteQuerySet["Resolution"].as_manager()
    site_path = "alert__substation"

    class Meta:
        ordering = ["-resolved_at"]
        verbose_name = _("resolution")
        verbose_name_plural = _("resolutions")

    def __str__(self) -> str:
        return f"{self.alert_id} {self.get_outcome_display()}"

    @property
    def summary(self) -> str:
        """What a line says of it."""
        return self.root_cause or self.corrective_action


class AlertEvent(models.Model):
    """One change of one alert. Rows are written once: neither the code nor the admin can change or delete them."""

    class EventSource(models.TextChoices):
        WEB = "web", _("Web page")
        API = "api", _("API")
        SYSTEM = "system", _("System")

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    at = models.DateTimeField(_("time"), help_text=_("Server clock."))
    event_time = models.DateTimeField(_("event time"), help_text=_("Clock of the readings."))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    source = models.CharField(max_length=8, choices=EventSource)
    action = models.CharField(_("action"), max_length=16, choices=display_names.TRANSITIONS)
    state_before = models.CharField(max_length=24, blank=True)
    state_after = models.CharField(max_length=24)
    severity_before = models.PositiveSmallIntegerField(null=True, blank=True, choices=Severity)
    severity_after = models.PositiveSmallIntegerField(choices=Severity)
    comment = models.TextField(_("comment"), blank=True)
    announces = models.BooleanField(
        _("announced"), default=False, help_text=_("Whether it asks for somebody: what is heard, sent and counted.")
    )
    data = FiniteJSONField(default=dict, blank=True)

    objects = AlertEventQuerySet.as_manager()
    site_path = "alert__substation"

    class Meta:
        ordering = ["alert", "seq"]
        verbose_name = _("alert event")
        verbose_name_plural = _("alert events")
        constraints = [models.UniqueConstraint(fields=["alert", "seq"], name="alert_event_has_its_own_number")]
        indexes = [
            models.Index(fields=["at"], condition=Q(announces=True), name="announcement_by_time"),  # rate, floods
            models.Index(fields=["at"], name="alert_event_by_time"),  # the figures of a day
        ]

    def __str__(self) -> str:
        return f"{self.alert_id}#{self.seq} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("An AlertEvent is written once and never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("An AlertEvent is never deleted.")
