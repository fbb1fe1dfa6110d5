"""A file of messages, one JSON line each: needs no account and no server, for trying a route and for collectors."""

from __future__ import annotations

import json
import os
from pathlib import Path

from django.conf import settings

from core.retries import reason_of

from ..channel_models import NotificationChannel
from ..outbox_models import OutgoingMessage
from . import TransportFailed


def path_of(channel: NotificationChannel) -> Path:
    return Path(settings.NOTIFY_FILES) / f"{channel.destination}.jsonl"


def append(message: OutgoingMessage) -> None:
    """Write one line, in one call: two processes never mix theirs."""
    line = {
        "id": message.webhook_id,
        "at": message.created_at.isoformat(),
        "subject": message.subject,
        "text": message.short if message.channel.is_short else message.text,
        **json.loads(message.body),
    }
    path = path_of(message.channel)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, (json.dumps(line, ensure_ascii=False) + "\n").encode())
        finally:
            os.close(handle)
    except OSError as error:
        raise TransportFailed(reason_of(error)) from error
