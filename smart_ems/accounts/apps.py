"""Application configuration of sign-in and preferences."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "smart_ems.accounts"
    label = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from core import site_rights

        from .site_scopes import GrantRegister

        site_rights.register(GrantRegister())
