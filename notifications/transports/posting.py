"""One HTTP POST to an address that was checked: ten seconds, no redirects, and what its answer means."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

from django.utils import timezone
from django.utils.translation import gettext as _

from core.retries import reason_of

from ..network_addresses import AddressRefused, checked_address
from . import TransportFailed

TIMEOUT_S = 10
"""Design of notifications: a receiver acknowledges first and works afterwards."""
# HTTP status codes that say "later": RFC 9110, and 429 of RFC 6585.
LATER = frozenset({408, 425, 429})
GONE = frozenset({410})


def post_once(url: str, body: bytes, headers: dict[str, str], *, gone: frozenset[int] = GONE) -> None:
    """Post; any answer of 200 to 299 takes it. gone: answers after which nobody is to try again.

    Raises:
        TransportFailed: any other answer, or none.
    """
    try:
        status, retry_after = _request(urlsplit(url), body, headers)
    except AddressRefused as error:
        raise TransportFailed(str(error), permanent=True) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise TransportFailed(reason_of(error)) from error
    if 200 <= status < 300:
        return
    said = _("The receiver answered %(status)d.") % {"status": status}
    is_later = status >= 500 or status in LATER
    raise TransportFailed(said, permanent=not is_later, gone=status in gone, retry_after=waits(retry_after))


def waits(retry_after: str) -> timedelta | None:
    """What a Retry-After header asks for, in seconds or as a date; None where it is neither."""
    if retry_after.isascii() and retry_after.isdigit():
        return timedelta(seconds=min(int(retry_after[:9]), 10**8))
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(timedelta(), at - timezone.now())


def _request(url: SplitResult, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Status and Retry-After of the answer; of its body nothing is read."""
    host, is_https = url.hostname or "", url.scheme == "https"
    port = url.port or (443 if is_https else 80)
    address = checked_address(host, port)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    plain = socket.create_connection((address, port), timeout=TIMEOUT_S)
    try:
        with _deadline(plain):
            # The certificate is that of the name, though the address is the one that was checked.
            connection.sock = (
                ssl.create_default_context().wrap_socket(plain, server_hostname=host) if is_https else plain
            )
            path = (url.path or "/") + (f"?{url.query}" if url.query else "")
            shown = host if url.port is None else f"{host}:{port}"
            connection.request("POST", path, body, {"host": shown, **headers})
            answer = connection.getresponse()
            return answer.status, answer.headers.get("retry-after", "")
    finally:
        connection.close()
        plain.close()


@contextmanager
def _deadline(plain: socket.socket) -> Iterator[None]:
    """End the whole exchange in time, also with a receiver that sends a byte now and then."""
    timer = threading.Timer(TIMEOUT_S, _shut, [plain])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut(plain: socket.socket) -> None:
    try:
        plain.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
