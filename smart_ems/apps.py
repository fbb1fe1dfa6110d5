"""Application configuration of the composition root."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.conf import settings
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_migrate

from .observability.error_reports import report_errors_to
from .observability.traces import start_tracing
from .version import version


class SmartEmsConfig(AppConfig):
    name = "smart_ems"
    verbose_name = "Smart EMS"

    def ready(self) -> None:
        from allauth.mfa import signals as factors

        from . import checks, roles  # noqa: F401  (importing registers the system checks)
        from .accounts import second_factor
        from .accounts.security_events import note_sign_out
        from .accounts.session_middleware import note_sign_in

        # Django's own sign-in has no other place that the pages and the administration share.
        user_logged_in.connect(note_sign_in)
        user_logged_out.connect(note_sign_out)
        # Neither have allauth's views of second factors.
        factors.authenticator_added.connect(second_factor.note_added)
        factors.authenticator_removed.connect(second_factor.note_removed)
        factors.authenticator_reset.connect(second_factor.note_new_codes)
        report_errors_to(settings.SENTRY_DSN, environment=settings.SENTRY_ENVIRONMENT, release=version())
        start_tracing()
        # Sent for apps with models alone, and for this one last: by then every permission is there.
        post_migrate.connect(roles.sync, sender=apps.get_app_config("accounts"))


class AdminConfig(DjangoAdminConfig):
    default_site = "smart_ems.admin.Site"
