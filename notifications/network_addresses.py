"""Addresses that a message may be sent to: public ones, unless the installation allows its own network.

The name is resolved here and the connection is made to the address that was checked: a name that answers differently
the second time leads nowhere else.
"""

from __future__ import annotations

import ipaddress
import socket
from ipaddress import IPv4Address, IPv6Address

from django.conf import settings
from django.utils.translation import gettext as _

# RFC 6052: IPv4 addresses inside IPv6, translated by the network.
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(Exception):
    """The target may not be reached from here."""


def checked_address(host: str, port: int) -> str:
    """An address of a host that may be connected to.

    Raises:
        AddressRefused: one of its addresses is private, loopback, link-local or otherwise not public.
        OSError: the name cannot be resolved.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not settings.NOTIFY_ALLOW_PRIVATE and not is_public(address):
            said = _("%(host)s is an address of a private network (%(address)s): set EMS_NOTIFY_ALLOW_PRIVATE=1 first.")
            raise AddressRefused(said % {"host": host, "address": address})
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address, and the one that may be inside it, is reachable from everywhere."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return all(part.is_global and not part.is_multicast for part in (parsed, *_inside(parsed)))


def _inside(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    inside = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in NAT64:
        inside.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [part for part in inside if part is not None]
