"""Tokens of the API: whose, what for and until when. The secret itself is kept nowhere."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.fields import FiniteJSONField


class Scope(models.TextChoices):
    """What a token may be used for, within what its user may do."""

    READ = "read", _("Read")
    WRITE_READINGS = "write_readings", _("Write readings")
    OPERATE = "operate", _("Operate")


class ApiToken(models.Model):
    """One token of one user; a row that is deleted is a token that is revoked."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80, help_text=_("What uses it: a meter, a script, a dashboard."))
    scopes = FiniteJSONField(_("scopes"), default=list)
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text=_("SHA-256 of the token."))
    hint = models.CharField(_("begins with"), max_length=12, editable=False)
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.user}: {self.name}"

    @property
    def scope_labels(self) -> list[str]:
        return [str(scope.label) for scope in Scope if scope in self.scopes]
