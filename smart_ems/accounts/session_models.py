"""Which sessions are whose: Django's own table says it only inside of the data of each."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models
from django.utils.translation import gettext_lazy as _


class UserSession(models.Model):
    """One sign-in of one user. It goes with its session; what is shown of it is noted inside of that."""

    # Not the primary key: the key of a session is a secret, and this one stands in addresses.
    session = models.OneToOneField(Session, models.CASCADE, related_name="belongs_to")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="user_sessions")

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return str(self.user)
