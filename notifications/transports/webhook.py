"""Webhooks by Standard Webhooks (standardwebhooks.com): signed, one attempt."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import timezone
from standardwebhooks import Webhook

from ..outbox_models import OutgoingMessage
from .posting import post_once


def post(message: OutgoingMessage) -> None:
    """Post a message once."""
    secrets = message.channel.secrets
    headers = signed_headers(message.webhook_id, message.body, secrets.get("secrets", []), at=timezone.now())
    post_once(str(secrets.get("url", "")), message.body.encode(), headers)


def signed_headers(webhook_id: str, body: str, secrets: list[str], *, at: datetime) -> dict[str, str]:
    """The three headers of the standard; while secrets change there is a signature by each."""
    moment = at.astimezone(UTC).replace(microsecond=0)
    return {
        "content-type": "application/json",
        "user-agent": "Smart-EMS",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(webhook_id, moment, body) for secret in secrets),
    }
