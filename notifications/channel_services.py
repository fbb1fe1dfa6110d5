"""What is done to a channel: made, changed, tested, given another secret, removed."""

from __future__ import annotations

import base64
import re
import secrets
from datetime import datetime
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.saved_fields import save_fields

from . import dispatching, failing_channels, message_texts
from .channel_models import PER_MINUTE, NotificationChannel, masked_url
from .on_call_models import PolicyStep
from .outbox_models import OutgoingMessage
from .secret_box import seal
from .transports import TransportFailed
from .transports.push_services import scheme_of, target_of

Kind = NotificationChannel.ChannelKind
MAX_ADDRESSES = 50
"""chosen: more people are a mailing list."""
SECRET_BYTES = 24
"""Standard Webhooks: 24 to 64 random bytes."""
FILE_NAME = re.compile(r"[A-Za-z0-9][\w-]{0,60}")


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def set_target(channel: NotificationChannel, target: str) -> str:
    """Check what was entered for a channel's kind and keep it; secrets are sealed. Not saved.

    Returns the secret of a new webhook, to be shown this one time; else an empty text.

    Raises:
        ValidationError: names what was received and what is expected.
    """
    target = target.strip()
    if channel.kind == Kind.EMAIL:
        channel.destination = ", ".join(_addresses(target))
    elif channel.kind == Kind.FILE:
        if not FILE_NAME.fullmatch(target):
            said = _("Received “%(name)s” as a file; expected letters, digits, - and _, for example shift-log.")
            raise ValidationError(said % {"name": target[:40]})
        channel.destination = target
    elif channel.kind == Kind.WEBHOOK:
        return _set_webhook(channel, target)
    else:
        _check_push(target)
        channel.sealed, channel.destination = seal({"url": target}), f"{scheme_of(target)}://•••"
    return ""


def _addresses(text: str) -> list[str]:
    addresses = [part.strip() for part in re.split(r"[,;\s]+", text) if part.strip()]
    if not 1 <= len(addresses) <= MAX_ADDRESSES:
        said = _("Received %(n)d addresses; expected 1 to %(most)d.")
        raise ValidationError(said % {"n": len(addresses), "most": MAX_ADDRESSES})
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError as error:
            raise ValidationError(_("“%(text)s” is no e-mail address.") % {"text": address[:80]}) from error
    return addresses


def _set_webhook(channel: NotificationChannel, url: str) -> str:
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_whole = False
    if not is_whole or not url.isascii() or not url.isprintable() or " " in url:
        raise ValidationError(_("Received no address of a web server; expected one like https://host/path."))
    if parts.username or parts.password:
        raise ValidationError(_("Expected an address without name and password: messages are signed instead."))
    kept = channel.secrets.get("secrets", []) if channel.pk else []
    made = "" if kept else new_secret()
    channel.sealed = seal({"url": url, "secrets": kept or [made]})
    channel.destination = masked_url(url)
    return made


def _check_push(url: str) -> None:
    try:
        target_of(url)
    except TransportFailed as error:
        raise ValidationError(str(error)) from error


def default_per_minute(kind: str) -> int:
    return PER_MINUTE[kind]


def rotate_secret(channel: NotificationChannel) -> str:
    """Another secret, to be shown this one time; the one before signs as well until ``retire_secret``."""
    stored = channel.secrets
    made = new_secret()
    _store(channel, stored | {"secrets": [made, *stored.get("secrets", [])][:2]})
    return made


def retire_secret(channel: NotificationChannel) -> bool:
    """Sign with the newest secret alone; whether there was another."""
    stored = channel.secrets
    known = stored.get("secrets", [])
    _store(channel, stored | {"secrets": known[:1]})
    return len(known) > 1


def _store(channel: NotificationChannel, values: dict[str, object]) -> None:
    channel.sealed = seal(values)
    channel.save(update_fields=["sealed"])


def archive(channel: NotificationChannel, *, now: datetime) -> None:
    """Remove it: out of every route and policy, its secrets forgotten; what it once sent is kept."""
    with transaction.atomic():
        channel.routes.clear()
        PolicyStep.objects.filter(channel=channel).delete()
        save_fields(channel, archived_at=now, is_enabled=False, sealed="")


def send_test(channel: NotificationChannel) -> OutgoingMessage:
    """Send a message that says that it is a test, once and at once; its state and note are the result."""
    now = timezone.now()
    subject = _("Test of “%(name)s”") % {"name": " ".join(channel.name.split())}
    text = _("This is a test of Smart EMS: alarms on this channel would arrive here.")
    message = OutgoingMessage.objects.create(
        channel=channel,
        kind=OutgoingMessage.MessageKind.TEST,
        subject=subject,
        text=text + "\n",
        short=message_texts.shortened(f"{subject}."),
        body=message_texts.body_of("test", [], said=text),
        created_at=now,
        next_at=now,
    )
    if dispatching.attempt(message, now=now, retries=False):
        failing_channels.follow(now=timezone.now())
    message.refresh_from_db()
    return message
