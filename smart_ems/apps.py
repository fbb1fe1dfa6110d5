"""Application configuration of the composition root."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class SmartEmsConfig(AppConfig):
    name = "smart_ems"
    verbose_name = "Smart EMS"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (registers the system checks)


class AdminConfig(DjangoAdminConfig):
    default_site = "smart_ems.admin.Site"
