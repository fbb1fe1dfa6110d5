"""Which alerts are told to whom, and what became of each event."""

from __future__ import annotations

import zoneinfo
from datetime import datetime

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.models import Alert, AlertEvent, Kind, Severity
from core.fields import FiniteJSONField
from core.site_rights import SiteQuerySet
from substations.models import validate_time_zone

from .channel_models import NotificationChannel
from .on_call_models import EscalationPolicy
from .quiet_hours import QuietTime

# What an alert can be of; information raises none.
ROUTED_KINDS = [(kind.value, kind.label) for kind in Kind if kind != Kind.INFO]
MAX_WAIT_S = 3600
"""chosen: who wants to hear later than an hour wants a report."""

MAX_REMINDER_MIN = 24 * 60
"""chosen: an alarm of yesterday is told no more (``EMS_NOTIFY_MAX_AGE_HOURS``)."""


class NotificationRoute(models.Model):
    """Alerts that match go to the channels and start the policy. Every route that matches counts."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    is_enabled = models.BooleanField(_("in use"), default=True)
    site = models.CharField(_("site"), max_length=120, blank=True, help_text=_("If empty, every site."))
    min_severity = models.PositiveSmallIntegerField(_("from severity"), choices=Severity, default=Severity.WARNING)
    kinds = FiniteJSONField(_("kinds"), default=list, blank=True, help_text=_("If empty, every kind."))
    days = FiniteJSONField(_("days"), default=list, blank=True, help_text=_("1 Monday to 7 Sunday; if empty, all."))
    from_time = models.TimeField(_("from"), null=True, blank=True)
    until_time = models.TimeField(_("until"), null=True, blank=True)
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text=_("Of days and hours. If empty, that of the site."),
    )
    channels = models.ManyToManyField(
        NotificationChannel, blank=True, related_name="routes", verbose_name=_("channels")
    )
    policy = models.ForeignKey(
        EscalationPolicy,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="routes",
        verbose_name=_("escalation policy"),
        help_text=_("Who is called next while nobody acknowledges."),
    )
    # Defaults: the rules for grouping of docs/alarms.md.
    wait_s = models.PositiveIntegerField(
        _("wait (s)"),
        default=30,
        validators=[MaxValueValidator(MAX_WAIT_S)],
        help_text=_("An alert that clears within it gives no message; others of the group join."),
    )
    critical_wait_s = models.PositiveIntegerField(
        _("wait of critical alerts (s)"), default=0, validators=[MaxValueValidator(MAX_WAIT_S)]
    )
    interval_s = models.PositiveIntegerField(
        _("between messages of a group (s)"), default=300, validators=[MaxValueValidator(24 * 3600)]
    )
    tells_updates = models.BooleanField(
        _("tells how it went on"), default=True, help_text=_("Acknowledged, cleared, resolved.")
    )

    reminder_minutes = models.PositiveIntegerField(
        _("repeat of critical alarms (min)"),
        default=0,
        validators=[MaxValueValidator(MAX_REMINDER_MIN)],
        help_text=_("So often until somebody acknowledges, without an escalation policy; 0: never."),
    )

    class Meta:
        ordering = ["name"]
        verbose_name = _("route")
        verbose_name_plural = _("routes")

    def __str__(self) -> str:
        return self.name

    def matches(self, *, site: str, kind: str, severity: int, at: datetime) -> bool:
        """Whether an alarm is for this route."""
        return (
            (not self.site or self.site == site)
            and severity >= self.min_severity
            and (not self.kinds or kind in self.kinds)
            and self._is_open(at)
        )

    def _is_open(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        if self.days and local.isoweekday() not in self.days:
            return False
        if self.from_time is None or self.until_time is None or self.from_time == self.until_time:
            return True
        return QuietTime(self.from_time, self.until_time, self.zone).holds(at)

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone or settings.TIME_ZONE)

    def repeats(self, severity: int) -> bool:
        """Whether an alarm is said again while nobody acknowledges; with a policy that is the policy's."""
        return bool(self.reminder_minutes) and self.policy_id is None and severity >= Severity.CRITICAL

    def wait_of(self, severity: int) -> int:
        """Seconds that an alarm waits for others of its group, and for itself to clear."""
        return self.critical_wait_s if severity >= Severity.CRITICAL else self.wait_s


class RoutedEvent(models.Model):
    """An event of an alert that has been looked at; written with the deliveries that came of it.

    There is no cursor: events become visible in another order than their keys are given.
    """

    event = models.OneToOneField(AlertEvent, models.CASCADE, primary_key=True, related_name="routed")
    routed_at = models.DateTimeField()

    objects = SiteQuerySet["RoutedEvent"].as_manager()
    site_path = "event__alert__substation"

    class Meta:
        verbose_name = _("routed event")
        verbose_name_plural = _("routed events")

    def __str__(self) -> str:
        return str(self.pk)


class RoutingFloor(models.Model):
    """Below this key every event is routed and old: looking for the others need not read the whole history."""

    event_pk = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("routing floor")
        verbose_name_plural = _("routing floors")

    def __str__(self) -> str:
        return str(self.event_pk)


class Escalation(models.Model):
    """One alert on its way through the steps of one policy, as the policy was when the alert was raised; or one that
    its route repeats, which has neither policy nor steps."""

    class EscalationState(models.TextChoices):
        RUNNING = "running", _("Running")
        REMINDING = "reminding", _("Acknowledged, reminding")
        STOPPED = "stopped", _("Stopped")
        FINISHED = "finished", _("All steps taken")

    UNDER_WAY = (EscalationState.RUNNING, EscalationState.REMINDING, EscalationState.FINISHED)

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="escalations")
    event = models.ForeignKey(AlertEvent, models.CASCADE, related_name="+")
    policy = models.ForeignKey(EscalationPolicy, models.SET_NULL, null=True, related_name="escalations")
    route = models.ForeignKey(NotificationRoute, models.SET_NULL, null=True, related_name="+")
    policy_name = models.CharField(max_length=80)
    steps = FiniteJSONField(default=list)
    reminder_minutes = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=EscalationState, default=EscalationState.RUNNING)
    next_step = models.PositiveIntegerField(default=0, help_text=_("Grows with every step and reminder."))
    next_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()

    objects = SiteQuerySet["Escalation"].as_manager()
    site_path = "alert__substation"

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "policy"], condition=~Q(state="stopped"), name="one_escalation_of_an_alert_and_policy"
            ),
            models.UniqueConstraint(
                fields=["alert", "route"],
                condition=Q(policy_name="") & ~Q(state="stopped"),
                name="one_repeat_of_an_alert_and_route",
            ),
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="escalations_due")]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.policy_name} {self.next_step}"

    @property
    def is_repeat(self) -> bool:
        return not self.policy_name
