"""What happened to accounts: who came in, who was refused, who was given what. Rows are added and never changed."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class SecurityEvent(models.Model):
    """One event. Names are kept as they were then, so that a deleted user stays readable."""

    class SecurityKind(models.TextChoices):
        SIGNED_IN = "signed_in", _("Signed in")
        REFUSED = "refused", _("Wrong password")
        SIGNED_OUT = "signed_out", _("Signed out")
        PASSWORD_CHANGED = "password_changed", _("Password changed")
        SESSION_ENDED = "session_ended", _("Session ended")
        TOKEN_MADE = "token_made", _("Token made")
        TOKEN_FIRST_USED = "token_first_used", _("Token first used")
        TOKEN_REVOKED = "token_revoked", _("Token revoked")
        USER_MADE = "user_made", _("User made")
        USER_DELETED = "user_deleted", _("User deleted")
        RIGHTS_CHANGED = "rights_changed", _("Rights changed")
        FACTOR_ADDED = "factor_added", _("Second factor added")
        FACTOR_ENDED = "factor_ended", _("Second factor ended")
        CODES_MADE = "codes_made", _("Recovery codes made")
        RECOVERY_CODE_USED = "recovery_code_used", _("Recovery code used")
        CODE_REFUSED = "code_refused", _("Wrong code")
        INVITED = "invited", _("Invited")
        INVITATION_USED = "invitation_used", _("Invitation used")
        RESET_ASKED = "reset_asked", _("Password reset requested")
        PASSWORD_RESET = "password_reset", _("Password reset")

    at = models.DateTimeField(_("when"))
    kind = models.CharField(_("event"), max_length=20, choices=SecurityKind)
    account = models.CharField(_("account"), max_length=150, help_text=_("The user or group that it is about."))
    actor = models.CharField(_("by"), max_length=150, blank=True, help_text=_("Empty: nobody who was signed in."))
    address = models.CharField(_("address"), max_length=64, blank=True)
    detail = models.TextField(_("detail"), blank=True)

    class Meta:
        verbose_name = _("security event")
        verbose_name_plural = _("security events")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="newest_security_events"),  # the list
            models.Index(fields=["account", "-at"], name="security_events_of_an_account"),  # the search
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_kind_display()}: {self.account}"

    def save(self, *args: Any, **values: Any) -> None:
        """
        Raises:
            TypeError: it is there already.
        """
        if self.pk is not None:
            raise TypeError("A security event is not changed.")
        super().save(*args, **values)

    def delete(self, *args: Any, **values: Any) -> Any:
        """
        Raises:
            TypeError: always.
        """
        raise TypeError("A security event is not deleted.")
