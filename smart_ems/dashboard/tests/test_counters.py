"""The four counters."""

from __future__ import annotations

import re
from typing import Any

import pytest

from alerts import services
from alerts.tests.alert_scenes import CRITICAL, FINDINGS, Cast, cleared

from .scene import SignIn, alerted, assert_guarded, station, text

pytestmark = pytest.mark.django_db
URL = "/dashboard/counters/"


def counted(page: str) -> dict[str, int]:
    return {name: int(count) for name, count in re.findall(r'id="count-(\w+)">(\d+)<', page)}


def test_those_without_a_role_see_nothing(signed_in: SignIn) -> None:
    assert_guarded(signed_in, URL)


def test_nothing_is_zero(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    zero = {"substations": 0, "active": 0, "critical": 0, "warning": 0}
    assert counted(text(client.get(URL))) == counted(text(client.get("/"))) == zero


def test_open_alerts_are_counted_by_the_severity_that_is_shown(signed_in: SignIn, person: Cast) -> None:
    user = person("operator")
    alerted(station("A"), severity=CRITICAL)
    alerted(station("B"))
    cleared(alerted(station("C")))
    services.resolve(alerted(station("D"), severity=CRITICAL), by=user, findings=FINDINGS)
    page = text(signed_in("viewer").get(URL))
    assert counted(page) == {"substations": 4, "active": 3, "critical": 1, "warning": 2}
    assert "is-critical" in page


def test_each_leads_to_the_list_that_it_counts(signed_in: SignIn) -> None:
    alerted(station("A"), severity=CRITICAL)
    client = signed_in("viewer")
    for href in re.findall(r'<a [^>]*href="([^"]+)"', text(client.get(URL))):
        assert client.get(href.replace("&amp;", "&")).status_code == 200
    assert client.get("/alerts/?severity=critical").context["page"].paginator.count == 1


def test_it_is_a_fragment_that_asks_for_itself(signed_in: SignIn) -> None:
    page = text(signed_in("viewer").get(URL))
    assert "<html" not in page
    assert f'hx-get="{URL}"' in page


@pytest.mark.parametrize("count", [1, 20])
def test_the_number_of_queries_does_not_grow(signed_in: SignIn, django_assert_num_queries: Any, count: int) -> None:
    for number in range(count):
        alerted(station(f"SS-{number:02d}"))
    client = signed_in("viewer")
    with django_assert_num_queries(6):
        client.get(URL)
