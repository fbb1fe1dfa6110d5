"""Answers that are kept for requests that come again with the same key; ``kept_answers`` says how."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.fields import FiniteJSONField

# chosen: holds a UUID with a name before it.
MAX_KEY_LENGTH = 200


class KeptAnswer(models.Model):
    """What one user was answered to one key."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(_("key"), max_length=MAX_KEY_LENGTH)
    digest = models.CharField(max_length=64, help_text=_("SHA-256 of address and body."))
    status = models.PositiveSmallIntegerField(_("status"), default=0)
    body = FiniteJSONField(default=dict, blank=True)
    at = models.DateTimeField(_("time"), db_index=True)

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_kept_answer_per_key")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.key}"
