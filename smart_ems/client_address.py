"""Where a request comes from: what nobody outside can forge.

A client may write anything into ``X-Forwarded-For``; each proxy appends the address that it saw. The list is therefore
read from its end, and only as far as the addresses are those of proxies that are trusted.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from django.conf import settings

UNKNOWN = "unknown"
"""A request over a unix socket, of which no proxy says more."""
# What one customer has, and changes the rest of at will: a usual block of IPv4, a site of IPv6 (RFC 6177).
V4_PREFIX = 24
V6_PREFIX = 48

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_of(request: Any) -> str:
    """The address of the client of a request of Django or of Django REST framework."""
    peer = _parsed(str(request.META.get("REMOTE_ADDR") or ""))
    found = peer
    if settings.TRUSTED_PROXIES or settings.SECURE_PROXY_SSL_HEADER:
        for hop in reversed(str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")):
            address = _parsed(hop)
            if address is None or not _is_trusted(found, is_peer=found is peer):
                break
            found = address
    return str(found) if found is not None else UNKNOWN


def _is_trusted(address: Address | None, *, is_peer: bool) -> bool:
    """Whether what a hop says of the one before it is believed. Without a list of proxies, the peer is the only one."""
    if not settings.TRUSTED_PROXIES or address is None:  # None: a unix socket
        return is_peer
    return any(address in network for network in settings.TRUSTED_PROXIES)


def _parsed(text: str) -> Address | None:
    """An address, also with a port as some proxies write it; IPv4 inside IPv6 is IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def network_of(address: str) -> str:
    """The network that an attacker who has this address has, too."""
    parsed = _parsed(address)
    if parsed is None:
        return address[:64]
    prefix = V4_PREFIX if parsed.version == 4 else V6_PREFIX
    return str(ipaddress.ip_network((parsed, prefix), strict=False))
