"""Web push to a person's browser (RFC 8030): encrypted for that browser alone (RFC 8291), signed by us (RFC 8292)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from ..outbox_models import OutgoingMessage
from ..push_identity import decoded, identity
from .posting import post_once

KEEP_FOR_S = 4 * 3600
"""chosen: what a browser that is off for longer hears later is no alarm any more; the pages say it."""
MAX_TEXT = 900
"""RFC 8030: a push service takes 4096 bytes; characters may be four, and the rest is the frame."""
GONE = frozenset({404, 410})
"""RFC 8030: the person has taken the permission away."""


def push_to_browser(message: OutgoingMessage) -> None:
    """Send once."""
    secrets = message.channel.secrets
    url = str(secrets["url"])
    key = ec.generate_private_key(ec.SECP256R1())
    body = http_ece.encrypt(
        _shown(message).encode(),
        private_key=key,
        dh=decoded(secrets["p256dh"]),
        auth_secret=decoded(secrets["auth"]),
        version="aes128gcm",
    )
    parts = urlsplit(url)
    signed = identity().signed_for(f"{parts.scheme}://{parts.netloc}")
    headers = {
        "content-type": "application/octet-stream",
        "content-encoding": "aes128gcm",
        "ttl": str(KEEP_FOR_S),
        "urgency": "high",
        **{name.lower(): value for name, value in signed.items()},
    }
    post_once(url, body, headers, gone=GONE)


def _shown(message: OutgoingMessage) -> str:
    """What the service worker of the page shows; messages of one alert take each other's place."""
    alerts: list[dict[str, Any]] = json.loads(message.body).get("data", {}).get("alerts", [])
    only = alerts[0] if len(alerts) == 1 else None
    return json.dumps(
        {
            "title": message.subject,
            "text": (message.short if message.channel.is_short else message.text)[:MAX_TEXT],
            "tag": f"alert-{only['alert']}" if only else message.webhook_id,
            "link": only["link"] if only else f"{settings.PUBLIC_URL}/alerts/",
        }
    )
