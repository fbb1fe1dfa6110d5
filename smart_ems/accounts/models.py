"""The preferences of each user, who tried to sign in, sessions, tokens of the API, and events of security."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from substations.models import validate_time_zone

from .invitation_models import Invitation
from .security_event_models import SecurityEvent
from .session_models import UserSession
from .site_grant_models import SiteGrant
from .token_models import ApiToken, Scope

__all__ = [
    "ApiToken",
    "Invitation",
    "Preferences",
    "Scope",
    "SecurityEvent",
    "SignInAttempt",
    "SiteGrant",
    "UserSession",
]


class Preferences(models.Model):
    """The preferences of one user; a user without a row has the defaults."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("System")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Density(models.TextChoices):
        COMFORTABLE = "comfortable", _("Comfortable")
        COMPACT = "compact", _("Compact")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="preferences")
    theme = models.CharField(_("theme"), max_length=8, choices=Theme, default=Theme.SYSTEM)
    density = models.CharField(_("density"), max_length=12, choices=Density, default=Density.COMFORTABLE)
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text=_("All times on all pages. If empty, each substation's own time zone."),
    )
    shortcuts = models.BooleanField(
        _("single-key shortcuts"), default=True, help_text=_("Turn them off if they interfere with speech input.")
    )
    alarm_sound = models.BooleanField(
        _("alarm sound"),
        default=False,
        help_text=_("A tone for each new alert; a critical one repeats until silenced."),
    )
    alarm_volume = models.PositiveSmallIntegerField(
        _("volume"), default=60, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    desktop_notifications = models.BooleanField(
        _("desktop notifications"), default=False, help_text=_("For each new critical alert, while a page is open.")
    )

    class Meta:
        verbose_name = _("preferences")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return str(self.user)


class SignInAttempt(models.Model):
    """One attempt to sign in, for the limit of ``sign_in``. Kept for a month: a success makes its address known."""

    account = models.CharField(max_length=64, help_text=_("A keyed hash of the user name."))
    address = models.CharField(max_length=64, help_text=_("A network, or a browser that is known."))
    at = models.DateTimeField()
    succeeded = models.BooleanField()

    class Meta:
        verbose_name = _("attempt to sign in")
        verbose_name_plural = _("attempts to sign in")
        indexes = [models.Index(fields=["account", "at"], name="attempts_of_an_account")]  # the limit

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.address}"
