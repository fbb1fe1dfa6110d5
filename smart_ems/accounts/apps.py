"""Application configuration of sign-in and preferences."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "smart_ems.accounts"
    label = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in, user_logged_out

        from .security_events import note_sign_out
        from .session_middleware import note_sign_in

        user_logged_in.connect(note_sign_in)
        user_logged_out.connect(note_sign_out)
