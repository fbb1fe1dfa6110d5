"""On-call duty, and who is called when nobody acknowledges."""

from __future__ import annotations

import zoneinfo
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from substations.models import validate_time_zone

from .channel_models import NotificationChannel
from .on_call import Replacement, Roster

# chosen: a fortnight between two steps is a forgotten alert already.
MAX_STEP_MINUTES = 14 * 24 * 60


class OnCallRotation(models.Model):
    """People who are on call in turns."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_time_zone])
    handover = models.TimeField(_("handover"), help_text=_("When a turn ends and the next begins."))
    days = models.PositiveSmallIntegerField(
        _("days of a turn"), default=7, validators=[MinValueValidator(1), MaxValueValidator(366)]
    )
    first_day = models.DateField(_("first day"), help_text=_("On which the first member's turn begins."))

    class Meta:
        ordering = ["name"]
        verbose_name = _("rotation")
        verbose_name_plural = _("rotations")

    def __str__(self) -> str:
        return self.name

    @property
    def roster(self) -> Roster:
        """Everything that decides who is on call."""
        people = list(self.members.filter(user__is_active=True).values_list("user", flat=True))
        away: dict[int, list[tuple[object, object]]] = {}
        for user, first, last in Absence.objects.filter(user__in=people).values_list("user", "first_day", "last_day"):
            away.setdefault(user, []).append((first, last))
        replacements = [
            Replacement(each.user_id, each.start, each.end)
            for each in self.overrides.filter(user__is_active=True).order_by("pk")
        ]
        zone = zoneinfo.ZoneInfo(self.time_zone)
        return Roster(people, self.first_day, self.handover, self.days, zone, away, replacements)  # type: ignore[arg-type]  # dates

    def on_call(self, at: datetime) -> User | None:
        person = self.roster.on_call(at)
        return None if person is None else User.objects.filter(pk=person).first()


class RotationMember(models.Model):
    """One turn of a rotation."""

    rotation = models.ForeignKey(OnCallRotation, models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"))
    position = models.PositiveSmallIntegerField(_("turn"), default=1)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("member")
        verbose_name_plural = _("members")

    def __str__(self) -> str:
        return str(self.user)


class RotationOverride(models.Model):
    """Somebody stands in for a while, whoever's turn it is."""

    rotation = models.ForeignKey(OnCallRotation, models.CASCADE, related_name="overrides")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"))
    start = models.DateTimeField(_("from"))
    end = models.DateTimeField(_("until"))

    class Meta:
        ordering = ["start"]
        verbose_name = _("replacement")
        verbose_name_plural = _("replacements")
        constraints = [models.CheckConstraint(condition=Q(end__gt=F("start")), name="replacement_ends_after_it_begins")]

    def __str__(self) -> str:
        return f"{self.user} {self.start:%Y-%m-%d}"


class Absence(models.Model):
    """A holiday: the next member who is there takes the turn."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"))
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))

    class Meta:
        ordering = ["first_day"]
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="holiday_ends_after_it_begins")
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.first_day}"


class EscalationPolicy(models.Model):
    """Who is told next while nobody acknowledges."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    reminder_minutes = models.PositiveIntegerField(
        _("remind every (minutes)"),
        default=0,
        validators=[MaxValueValidator(MAX_STEP_MINUTES)],
        help_text=_("While an alert is acknowledged but still present. 0: never."),
    )

    class Meta:
        ordering = ["name"]
        verbose_name = _("escalation policy")
        verbose_name_plural = _("escalation policies")

    def __str__(self) -> str:
        return self.name

    def snapshot(self) -> list[dict[str, int | None]]:
        """The steps as an alert keeps them from the moment it is raised: changes of the policy reach later alerts."""
        return [
            {
                "after_minutes": step.after_minutes,
                "channel": step.channel_id,
                "user": step.user_id,
                "rotation": step.rotation_id,
            }
            for step in self.steps.all()
        ]


class PolicyStep(models.Model):
    """One step: so long after the alert was raised, one channel, person or whoever is on call."""

    policy = models.ForeignKey(EscalationPolicy, models.CASCADE, related_name="steps")
    after_minutes = models.PositiveIntegerField(_("after (minutes)"), validators=[MaxValueValidator(MAX_STEP_MINUTES)])
    channel = models.ForeignKey(
        NotificationChannel, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("channel")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    rotation = models.ForeignKey(
        OnCallRotation, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("on call")
    )

    class Meta:
        ordering = ["after_minutes", "pk"]
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        constraints = [
            models.CheckConstraint(
                condition=Q(channel__isnull=False, user__isnull=True, rotation__isnull=True)
                | Q(channel__isnull=True, user__isnull=False, rotation__isnull=True)
                | Q(channel__isnull=True, user__isnull=True, rotation__isnull=False),
                name="step_has_one_target",
            )
        ]

    def __str__(self) -> str:
        return f"{self.after_minutes} min: {self.channel or self.user or self.rotation}"

    def clean(self) -> None:
        if sum(each is not None for each in (self.channel_id, self.user_id, self.rotation_id)) != 1:
            raise ValidationError(gettext("Choose one of channel, person and on call."))
