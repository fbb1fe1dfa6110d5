"""Limits of the API by user or address; the address is one that cannot be forged."""

from __future__ import annotations

from typing import Any

from rest_framework.throttling import AnonRateThrottle, UserRateThrottle

from .client_address import address_of


class UserThrottle(UserRateThrottle):
    def get_ident(self, request: Any) -> str:
        return address_of(request)


class AnonymousThrottle(AnonRateThrottle):
    def get_ident(self, request: Any) -> str:
        return address_of(request)
