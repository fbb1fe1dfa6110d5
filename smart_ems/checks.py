"""System checks of the deployment, each with a hint that says what to change."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register

from .env import VAR_DIR
from .private_files import is_open_to_others


@register(Tags.database, deploy=True)
def production_database(**kwargs: Any) -> list[CheckMessage]:
    """SQLite serves one machine; several workers on several machines need PostgreSQL."""
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
        return []
    return [
        checks.Warning(
            "The database is SQLite.",
            hint="Set DATABASE_URL=postgres://user:password@host/name for production.",
            id="smart_ems.W001",
        )
    ]


@register(Tags.security, deploy=True)
def host_names(**kwargs: Any) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        checks.Warning(
            "Every host name is accepted.",
            hint="Set EMS_ALLOWED_HOSTS to the names that operators type, separated by commas.",
            id="smart_ems.W002",
        )
    ]


@register(Tags.security, deploy=True)
def data_folder(**kwargs: Any) -> list[CheckMessage]:
    """Database, files and secrets are in it."""
    if not is_open_to_others(VAR_DIR):
        return []
    return [
        checks.Warning(
            f"Other accounts of this machine can read the data folder {VAR_DIR}.",
            hint=f"Give it to the account that runs Smart EMS: chown, then chmod 700 {VAR_DIR}.",
            id="smart_ems.W003",
        )
    ]


@register(Tags.security)
def ways_of_signing_in(**kwargs: Any) -> list[CheckMessage]:
    """A provider or directory of which half is set would fail at the first sign-in."""
    wanted = [
        ("EMS_OIDC_ISSUER", settings.OIDC_ISSUER, "EMS_OIDC_CLIENT_ID", settings.OIDC_CLIENT_ID, "smart_ems.E001"),
        ("EMS_LDAP_URL", settings.LDAP_URL, "EMS_LDAP_BASE", settings.LDAP_BASE, "smart_ems.E002"),
    ]
    return [
        checks.Error(f"{name} is set and {missing} is not.", hint=f"Set {missing}, or neither.", id=number)
        for name, value, missing, other, number in wanted
        if value and not other
    ]


@register(Tags.security, deploy=True)
def encrypted_ways_of_signing_in(**kwargs: Any) -> list[CheckMessage]:
    """Passwords and codes go to the provider and the directory."""
    is_plain = settings.OIDC_ISSUER.startswith("http://") or bool(settings.LDAP_URL and settings.LDAP_TLS == "none")
    if not is_plain:
        return []
    return [
        checks.Warning(
            "Passwords or codes of signing in are sent without TLS.",
            hint="Name the issuer by https://, and leave EMS_LDAP_TLS at verify.",
            id="smart_ems.W004",
        )
    ]
