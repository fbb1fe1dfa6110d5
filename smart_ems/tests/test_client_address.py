"""Where a request comes from: what a client writes about itself is not believed."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from smart_ems import env
from smart_ems.client_address import UNKNOWN, address_of, network_of

PROXY, INNER, CLIENT, FORGED = "10.0.0.1", "10.0.0.2", "198.51.100.9", "203.0.113.66"


def asked(forwarded: str | None, peer: str = PROXY) -> str:
    headers = None if forwarded is None else {"X-Forwarded-For": forwarded}
    return address_of(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers))


@pytest.fixture
def behind_proxy(settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.fixture
def trusting(settings: Any) -> Callable[[str], None]:
    def trust(*networks: str) -> None:
        settings.TRUSTED_PROXIES = [ipaddress.ip_network(each) for each in networks]

    return trust


@pytest.mark.parametrize("forwarded", [None, FORGED, f"{FORGED}, {FORGED}", ""])
def test_without_a_proxy_the_header_says_nothing(forwarded: str | None) -> None:
    assert asked(forwarded) == PROXY


@pytest.mark.usefixtures("behind_proxy")
@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [(CLIENT, CLIENT), (f"{FORGED}, {CLIENT}", CLIENT), (None, PROXY), ("", PROXY), (f"{FORGED}, junk", PROXY),
     (f"{CLIENT}:4711", CLIENT), ("[2001:db8::7]:443", "2001:db8::7"), (f"::ffff:{CLIENT}", CLIENT)],
)  # fmt: skip
def test_behind_one_proxy_the_last_entry_counts(forwarded: str | None, expected: str) -> None:
    assert asked(forwarded) == expected


@pytest.mark.parametrize(
    ("forwarded", "peer", "expected"),
    [(f"{CLIENT}, {INNER}", PROXY, CLIENT), (f"{FORGED}, {CLIENT}, {INNER}", PROXY, CLIENT), (CLIENT, PROXY, CLIENT),
     (FORGED, CLIENT, CLIENT), (f"{FORGED}, {INNER}", CLIENT, CLIENT), (None, PROXY, PROXY),
     (f"junk, {INNER}", PROXY, INNER), (CLIENT, "", CLIENT)],
)  # fmt: skip
def test_of_listed_proxies_the_first_that_is_none_is_the_client(
    trusting: Any, forwarded: str | None, peer: str, expected: str
) -> None:
    trusting(PROXY, f"{INNER}/32")
    assert asked(forwarded, peer) == expected


@given(st.text(max_size=100))
def test_whatever_is_written_it_is_an_address(text: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=PROXY)
    request.META["HTTP_X_FORWARDED_FOR"] = text
    ipaddress.ip_address(address_of(request))
    assert len(network_of(text)) <= 64


def test_a_unix_socket_has_none() -> None:
    assert asked(None, "") == UNKNOWN


@pytest.mark.parametrize(
    ("address", "network"),
    [("198.51.100.9", "198.51.100.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48"), (UNKNOWN, UNKNOWN)],
)
def test_a_network_is_what_one_attacker_has(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(("value", "count"), [("", 0), ("10.0.0.1", 1), ("10.0.0.0/8, ::1", 2)])
def test_the_setting_lists_networks(monkeypatch: pytest.MonkeyPatch, value: str, count: int) -> None:
    monkeypatch.setenv("EMS_TEST_PROXIES", value)
    assert len(env.networks("EMS_TEST_PROXIES")) == count


@pytest.mark.parametrize("value", ["proxy.example.org", "10.0.0.1/8", "10.0.0.0/40"])
def test_what_is_no_network_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("EMS_TEST_PROXIES", value)
    with pytest.raises(ImproperlyConfigured, match=r"EMS_TEST_PROXIES: .*expected addresses or networks"):
        env.networks("EMS_TEST_PROXIES")


@pytest.mark.django_db
def test_a_forged_header_is_no_way_round_the_limit_of_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr("smart_ems.throttles.AnonymousThrottle.rate", "3/hour", raising=False)
    form = {"username": "nobody", "password": "x"}
    answers = [
        Client().post("/api/token/", form, headers={"X-Forwarded-For": f"203.0.113.{number}"}).status_code
        for number in range(4)
    ]
    cache.clear()
    assert answers == [400, 400, 400, 429]
