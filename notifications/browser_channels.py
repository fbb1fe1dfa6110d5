"""A browser as a channel of the person who uses it: added and renewed by the page, removed by page or push service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .channel_models import PER_MINUTE, NotificationChannel, masked_url
from .channel_services import archive
from .free_names import free_name
from .push_identity import decoded
from .secret_box import SecretsUnreadable, seal

Kind = NotificationChannel.ChannelKind
MAX_BROWSERS = 10
"""chosen: more than one person uses; the oldest goes when another comes."""
MAX_USER_NAME = 50
"""chosen: with browser, system and a number it stays below the 80 characters of a channel's name."""
AUTH_BYTES = 16
"""RFC 8291, section 3.2."""
# Parts of a User-Agent header; Edge calls itself Chrome too, and Chrome Safari.
BROWSERS = {"Edg/": "Edge", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS": "Mac", "Linux": "Linux",
}  # fmt: skip
MAX_URL = 2000
"""chosen: several times the longest address of a push service that is known."""


@transaction.atomic
def add_browser(user: User, subscription: Mapping[str, Any], agent: str) -> NotificationChannel:
    """Keep the subscription of a browser; one that is known is renewed.

    Raises:
        ValidationError: it is not whole, or its push service has no web address.
    """
    secrets = _checked(subscription)
    mine = _of(user)
    found = next((each for each in mine if _address_of(each) == secrets["url"]), None)
    if found is None:
        for old in mine[: max(0, len(mine) + 1 - MAX_BROWSERS)]:
            archive(old, now=timezone.now())
        found = NotificationChannel(kind=Kind.BROWSER, owner=user, per_minute=PER_MINUTE[Kind.BROWSER], is_short=False)
        found.name = free_name(
            NotificationChannel.objects.kept(), f"{user.get_username()[:MAX_USER_NAME]}: {browser_of(agent)}"
        )
    found.sealed, found.destination = seal(secrets), masked_url(secrets["url"])
    found.is_enabled, found.disabled_reason = True, ""
    found.save()
    return found


def remove_browser(user: User, url: str) -> None:
    for each in _of(user):
        if _address_of(each) == url:
            archive(each, now=timezone.now())


def browser_of(agent: str) -> str:
    """Browser and system of a User-Agent header, as people call them; the first that fits."""
    browser = next((word for part, word in BROWSERS.items() if part in agent), _("Browser"))
    system = next((word for part, word in SYSTEMS.items() if part in agent), "")
    return f"{browser}, {system}" if system else browser


def _address_of(channel: NotificationChannel) -> str:
    """Empty where it was stored with another secret key: such a browser adds itself anew."""
    try:
        return str(channel.secrets.get("url", ""))
    except SecretsUnreadable:
        return ""


def _of(user: User) -> list[NotificationChannel]:
    """The user's browsers, the oldest first."""
    return list(NotificationChannel.objects.kept().filter(owner=user, kind=Kind.BROWSER).order_by("pk"))


def _checked(subscription: Mapping[str, Any]) -> dict[str, str]:
    url = str(subscription.get("endpoint", ""))
    keys = subscription.get("keys")
    keys = keys if isinstance(keys, dict) else {}
    if not _is_web_address(url):
        raise ValidationError(_("Received no address of a push service; expected the one that the browser made."))
    try:
        point, auth = decoded(str(keys.get("p256dh", ""))), decoded(str(keys.get("auth", "")))
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise ValidationError(_("The keys of the subscription are not whole.")) from error
    if len(auth) != AUTH_BYTES:
        raise ValidationError(_("The keys of the subscription are not whole."))
    return {"url": url, "p256dh": str(keys["p256dh"]), "auth": str(keys["auth"])}


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
    return is_whole and len(url) <= MAX_URL and url.isascii() and url.isprintable()
