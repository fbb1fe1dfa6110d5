"""Application configuration of the composition root."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.db.models.signals import post_migrate


class SmartEmsConfig(AppConfig):
    name = "smart_ems"
    verbose_name = "Smart EMS"

    def ready(self) -> None:
        from . import checks, roles  # noqa: F401  (importing registers the system checks)

        post_migrate.connect(roles.sync, sender=self)


class AdminConfig(DjangoAdminConfig):
    default_site = "smart_ems.admin.Site"
