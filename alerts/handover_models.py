"""The log of shifts: notes, and who handed over what to whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.fields import FiniteJSONField
from core.site_rights import SiteQuerySet


class ShiftNote(models.Model):
    """What somebody wants the next shift to know. Written once."""

    at = models.DateTimeField(_("time"), db_index=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"))
    text = models.TextField(_("note"))

    objects = SiteQuerySet["ShiftNote"].as_manager()
    site_path = staticmethod(lambda scope: Q(author=scope.user_id))  # a note may name any substation

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("shift note")
        verbose_name_plural = _("shift notes")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.author}"


class ShiftHandover(models.Model):
    """One shift that was handed over: a stretch of time as a shift report has it, and what was open at its end.

    It waits until somebody has taken over; one at most waits.
    """

    start = models.DateTimeField(_("begin of the shift"))
    end = models.DateTimeField(_("end of the shift"))
    handed_over_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("handed over by")
    )
    taken_over_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("taken over by"),
    )
    taken_over_at = models.DateTimeField(_("taken over"), null=True, blank=True)
    is_waiting = models.BooleanField(_("waiting"), default=True)
    counts = FiniteJSONField(_("counts"), default=dict, help_text=_("How many alerts were in each list at the end."))
    alerts = FiniteJSONField(
        _("alerts"), default=list, help_text=_("Those that were open, most urgent first: number, code, cause, state.")
    )

    objects = SiteQuerySet["ShiftHandover"].as_manager()
    site_path = staticmethod(lambda scope: Q(pk__in=[]))  # a shift is that of the whole plant

    class Meta:
        ordering = ["-end"]
        verbose_name = _("shift handover")
        verbose_name_plural = _("shift handovers")
        constraints = [
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="shift_ends_after_it_starts"),
            models.UniqueConstraint(
                fields=["is_waiting"], condition=Q(is_waiting=True), name="one_handover_waits_at_most"
            ),
            models.CheckConstraint(
                condition=Q(is_waiting=True, taken_over_by__isnull=True, taken_over_at__isnull=True)
                | Q(is_waiting=False, taken_over_by__isnull=False, taken_over_at__isnull=False),
                name="taken_over_by_somebody_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} – {self.end:%Y-%m-%d %H:%M}"
