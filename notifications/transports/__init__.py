"""How a message goes out, one module for each kind of channel. Each sends once and says why it could not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from ..outbox_models import OutgoingMessage


class TransportFailed(Exception):
    """A message was not sent. permanent: trying again is of no use. gone: the target asks never to be tried again."""

    def __init__(
        self, why: str, *, permanent: bool = False, gone: bool = False, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(why)
        self.permanent, self.gone, self.retry_after = permanent or gone, gone, retry_after


def send(message: OutgoingMessage) -> None:
    """Send a message over its channel.

    Raises:
        TransportFailed: it was not sent, or nobody knows.
        secret_box.SecretsUnreadable: the channel's secrets cannot be read any more.
    """
    transport_of(message.channel.kind)(message)


def transport_of(kind: str) -> Callable[[OutgoingMessage], None]:
    from . import browser_push, mail, message_lines, push_services, webhook

    return {
        "email": mail.send_mail,
        "webhook": webhook.post,
        "file": message_lines.append,
        "push": push_services.push,
        "browser": browser_push.push_to_browser,
    }[kind]
