"""No message leaves for a private address unless the installation allows it."""

from __future__ import annotations

from typing import Any

import pytest

from notifications import channel_services
from notifications.network_addresses import AddressRefused, checked_address, is_public

from .loopback_receivers import hook_server
from .notification_scenes import (
    channel,
    webhook,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "192.0.0.1", "100.64.0.1", "224.0.0.1",
     "::1", "fe80::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused_in_every_form(address: str, settings: Any) -> None:
    settings.NOTIFY_ALLOW_PRIVATE = False
    assert not is_public(address)
    with pytest.raises(AddressRefused, match="private network"):
        checked_address(address, 443)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_a_public_address_is_allowed(address: str, settings: Any) -> None:
    settings.NOTIFY_ALLOW_PRIVATE = False
    assert checked_address(address, 443) == address


def test_a_webhook_to_a_private_address_sends_nothing(settings: Any) -> None:
    with hook_server() as server:
        settings.NOTIFY_ALLOW_PRIVATE = False
        target, _secret = webhook(server.url.replace("127.0.0.1", "localhost"))
        result = channel_services.send_test(target)
        assert result.state == "dead"
        assert "private network" in result.note
        assert server.requests == []


def test_a_service_at_a_private_address_is_refused(settings: Any) -> None:
    settings.NOTIFY_ALLOW_PRIVATE = False
    made = channel("push", kind="push")
    channel_services.set_target(made, "gotify://localhost/AbCdEf123456789")
    made.save()
    assert "private network" in channel_services.send_test(made).note
