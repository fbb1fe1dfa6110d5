"""Passwords and groups of a directory by LDAP (RFC 4511). A person is looked up by the service's account, then the
typed password is tried as that person; nothing of it is kept."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from ldap3 import (
    ALL_ATTRIBUTES,
    ALL_OPERATIONAL_ATTRIBUTES,
    ANONYMOUS,
    NO_ATTRIBUTES,
    SIMPLE,
    SUBTREE,
    Connection,
    Server,
    Tls,
)
from ldap3.core.exceptions import LDAPException
from ldap3.core.results import RESULT_INVALID_CREDENTIALS, RESULT_SUCCESS
from ldap3.utils.conv import escape_filter_chars

from . import external_roles
from .security_events import Kind, record
from .sign_in import DirectoryAwayError

logger = logging.getLogger(__name__)
PROVIDER = "ldap"
# Chosen: a person who signs in waits no longer for a directory that does not answer.
TIMEOUT_S = 5
EVERYTHING = [ALL_ATTRIBUTES, ALL_OPERATIONAL_ATTRIBUTES]
"""By name they would be refused where a directory does not know one of them."""


def sign_in(name: str, password: str, *, request: Any = None) -> User | None:
    """The account of a person whose password the directory takes, with the rights that its groups give.

    None for an empty password, which a directory takes from everybody, and for names of accounts with a password here.

    Raises:
        DirectoryAwayError: it cannot be asked.
    """
    taken = User.objects.filter(username=name).first()
    if not name or not password or (taken is not None and taken.has_usable_password()):
        return None
    try:
        entry, groups = _asked(name, password)
    except (LDAPException, OSError, ssl.SSLError) as error:
        logger.error("The directory %s cannot be asked: %s", settings.LDAP_URL, error)
        raise DirectoryAwayError from error
    if entry is None:
        return None
    roles = external_roles.roles_of(groups, settings.LDAP_ROLES)
    if settings.LDAP_ROLES and not roles:
        logger.warning("No group of %s gives a role: %s", entry["dn"], groups)
        return None
    return _account(entry, roles, request)


def _asked(name: str, password: str) -> tuple[dict[str, Any] | None, list[str]]:
    """The entry of the person and the names of its groups; None where the password is wrong or nobody is found."""
    with _connected() as service, _connected() as person:
        if not _takes(service, settings.LDAP_BIND_DN, settings.LDAP_BIND_PASSWORD):
            raise OSError(f"it refused {settings.LDAP_BIND_DN or 'to answer without an account'}")
        wanted = settings.LDAP_USER_FILTER.format(name=escape_filter_chars(name))
        found = _entries(service, wanted, EVERYTHING)
        if len(found) != 1 or not _takes(person, found[0]["dn"], password):
            return None, []
        wanted = settings.LDAP_GROUP_FILTER.format(
            dn=escape_filter_chars(found[0]["dn"]), name=escape_filter_chars(name)
        )
        return found[0], [each["dn"] for each in _entries(service, wanted, [NO_ATTRIBUTES])]


@contextmanager
def _connected() -> Iterator[Connection]:
    """Encrypted before anything of it is sent, unless the settings say otherwise."""
    tls = Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=settings.LDAP_CA_FILE or None)
    server = Server(settings.LDAP_URL, tls=tls, connect_timeout=TIMEOUT_S)
    connection = Connection(server, receive_timeout=TIMEOUT_S, read_only=True)
    try:
        connection.open()
        if settings.LDAP_TLS == "verify" and not server.ssl:
            connection.start_tls()
        yield connection
    finally:
        connection.unbind()


def _takes(connection: Connection, dn: str, password: str) -> bool:
    """Whether the directory takes the password.

    Raises:
        OSError: it does not say.
    """
    connection.user, connection.password = dn, password
    connection.authentication = SIMPLE if dn else ANONYMOUS
    connection.bind()
    if connection.result["result"] not in (RESULT_SUCCESS, RESULT_INVALID_CREDENTIALS):
        raise OSError(f"{connection.result['description']} {connection.result['message']}")
    return bool(connection.result["result"] == RESULT_SUCCESS)


def _entries(connection: Connection, wanted: str, attributes: list[str]) -> list[dict[str, Any]]:
    connection.search(settings.LDAP_BASE, wanted, SUBTREE, attributes=attributes, size_limit=1000)
    return [each for each in connection.response or [] if each.get("type") == "searchResEntry"]


@transaction.atomic
def _account(entry: dict[str, Any], roles: set[str], request: Any) -> User | None:
    """The account that belongs to an entry, made where it is new; None where its name is another account's."""
    uid = _text(entry, "entryUUID") or _text(entry, "objectGUID") or entry["dn"].casefold()
    link = SocialAccount.objects.filter(provider=PROVIDER, uid=uid[:191]).select_related("user").first()
    user: User | None = link.user if link is not None else None
    if user is None:
        name = _text(entry, settings.LDAP_NAME_ATTRIBUTE)[:150]
        if not name or User.objects.filter(username=name).exists():
            logger.warning("The account “%s” is none of the directory: %s does not get it.", name, entry["dn"])
            return None
        user = User(username=name, email=_text(entry, "mail")[:254])
        user.first_name, user.last_name = _text(entry, "givenName")[:150], _text(entry, "sn")[:150]
        user.set_unusable_password()
        user.save()
        SocialAccount.objects.create(user=user, provider=PROVIDER, uid=uid[:191])
        record(Kind.USER_MADE, user, request=request, detail="LDAP")
    if settings.LDAP_ROLES:
        external_roles.follow(user, roles, request=request)
    return user


def _text(entry: dict[str, Any], attribute: str) -> str:
    value = entry["attributes"].get(attribute)
    first = value[0] if isinstance(value, list) and value else value
    return "" if first is None or first == [] else str(first)
