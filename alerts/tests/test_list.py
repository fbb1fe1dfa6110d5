"""The list of open alerts."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alerts import marks, services
from alerts.models import Alert
from substations.models import Link

from .alert_scenes import CRITICAL, HOUR, START, Cast, cleared, fresh, raised, resolved, station
from .page_checks import HTMX, SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db
URL = "/alerts/"
# Session, user, the two of permissions, the rows, what belongs to them, the counters, alarms of the
# system, and whether there may be a flood.
QUERIES = 10
# Where five or more were announced in ten minutes: the announcements of a day.
QUERIES_NEAR_A_FLOOD = 11
# In a flood also the open alerts, the links, the sites, the codes and those that are named.
QUERIES_IN_A_FLOOD = 15


def codes(client: Client, query: str = "") -> list[str]:
    return [alert.substation.code for alert in client.get(URL + query).context["page"].object_list]


def test_those_without_a_role_see_nothing(signed_in: SignIn) -> None:
    assert_guarded(signed_in, "get", URL, refused=("outsider",))


def test_it_answers_a_get_alone(signed_in: SignIn) -> None:
    assert signed_in("viewer").post(URL).status_code == 405


def test_an_empty_list_says_so(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    assert "No open alerts." in text(client.get(URL))
    raised()
    assert "1 open alert is hidden." in text(client.get(URL, {"severity": "critical"}))


def test_the_most_urgent_come_first(signed_in: SignIn, person: Cast) -> None:
    user = person("operator")
    services.acknowledge(raised("ACKED", severity=CRITICAL), by=user)
    cleared(raised("GONE", severity=CRITICAL))
    raised("OLD")
    raised("NEW", start=START + HOUR)
    raised("WORST", severity=CRITICAL)
    resolved(raised("CLOSED"), user)
    assert codes(signed_in("viewer")) == ["WORST", "NEW", "OLD", "GONE", "ACKED"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?severity=critical", ["B"]),
        ("?severity=warning", ["C", "A"]),
        ("?substation=a", ["A"]),
        ("?kind=meter", ["C"]),
        ("?cause=stuck_value", ["C"]),
        ("?from=2026-03-03", ["C"]),
        ("?to=2026-03-02", ["B", "A"]),
        ("?from=not-a-day", ["B", "C", "A"]),
        ("?range=24h", []),
        ("?tab=shelved", []),
        ("?tab=unheard", ["B", "C", "A"]),
        ("?page=99", ["B", "C", "A"]),
    ],
)
def test_it_can_be_filtered(signed_in: SignIn, query: str, found: list[str]) -> None:
    raised("A")
    raised("B", severity=CRITICAL)
    raised("C", kind="meter", cause="stuck_value", start=START + 30 * HOUR)
    assert codes(signed_in("viewer"), query) == found


def test_the_filter_speaks_of_the_severity_that_is_shown(signed_in: SignIn, person: Cast) -> None:
    """An acknowledged alert that eased shows as a warning; before, it is latched at its highest."""
    alert = raised("A", severity=CRITICAL)
    Alert.objects.filter(pk=alert.pk).update(severity_now=10)
    client = signed_in("viewer")
    assert codes(client, "?severity=critical") == ["A"]
    Alert.objects.filter(pk=alert.pk).update(acknowledged=True, acknowledged_by=person("operator"))
    assert codes(client, "?severity=critical") == []


def test_htmx_gets_the_list_alone_and_caches_keep_them_apart(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    part = client.get(URL, headers=HTMX)
    assert "<html" not in text(part)
    assert 'id="alert-list"' in text(part)
    assert "HX-Request" in client.get(URL).headers["Vary"]
    assert "<html" in text(client.get(URL, headers=HTMX | {"HX-Boosted": "true"}))


def test_a_viewer_sees_no_buttons(signed_in: SignIn) -> None:
    raised()
    assert "/acknowledge/" not in text(signed_in("viewer").get(URL))
    assert "/acknowledge/" in text(signed_in("operator").get(URL))


def test_what_comes_from_a_file_is_escaped(signed_in: SignIn) -> None:
    raised(reason="<script>alert(1)</script>")
    assert "<script>alert" not in text(signed_in("viewer").get(URL))


@pytest.mark.parametrize(("count", "queries"), [(1, QUERIES), (9, QUERIES_NEAR_A_FLOOD), (40, QUERIES_IN_A_FLOOD)])
def test_the_number_of_queries_does_not_grow(
    signed_in: SignIn, person: Cast, django_assert_num_queries: Any, count: int, queries: int
) -> None:
    user = person("operator")
    for number in range(count):
        services.acknowledge(raised(f"SS-{number:02d}"), by=user)
    client = signed_in("viewer")
    with django_assert_num_queries(queries):
        client.get(URL)


def test_fifty_make_a_page(signed_in: SignIn) -> None:
    for number in range(51):
        raised(f"SS-{number:02d}")
    client = signed_in("viewer")
    assert len(codes(client)) == 50
    assert len(codes(client, "?page=2")) == 1


def test_a_meter_that_is_not_believed_has_no_loss_to_tell(signed_in: SignIn) -> None:
    raised("SS-01", kind="meter", cause="impossible_value", loss_kwh=17.25, loss_pct=33.25)
    raised("SS-02", loss_kwh=12.5)
    page = text(signed_in("viewer").get(URL))
    assert "12.5" in page
    assert "17.2" not in page
    assert "33.2" not in page


def test_what_silences_others_and_what_is_silent_are_linked_both_ways(signed_in: SignIn) -> None:
    Link.objects.create(source=station("HEAD"), target=station("A"))
    silent = {"kind": "data_missing", "cause": "data_missing", "loss_kwh": None}
    head, child = raised("HEAD", **silent), raised("A", **silent)
    client = signed_in("viewer")
    assert codes(client) == ["HEAD"]
    assert "Silences 1 other" in text(client.get(URL))
    assert codes(client, "?tab=suppressed") == ["A"]
    page = text(client.get(f"{URL}?tab=suppressed"))
    assert "Silenced by" in page
    assert f'href="/alerts/{head.pk}/"' in page
    assert f'href="/alerts/{child.pk}/"' in text(client.get(f"/alerts/{head.pk}/"))
    assert f'href="/alerts/{head.pk}/"' in text(client.get(f"/alerts/{child.pk}/"))


def test_the_first_of_a_group_is_marked_even_if_it_is_not_the_one_that_speaks() -> None:
    Link.objects.create(source=station("HEAD"), target=station("A"))
    silent = {"kind": "data_missing", "cause": "data_missing"}
    head, child = raised("HEAD", start=START + HOUR, **silent), raised("A", **silent)
    alone = raised("ALONE")
    marked = {alert.pk: alert.mark for alert in marks.mark([fresh(head), fresh(child), alone])}
    assert marked == {head.pk: marks.Mark(1, False), child.pk: marks.Mark(0, True), alone.pk: None}


def test_the_tabs_count_what_they_hold(signed_in: SignIn) -> None:
    raised("OLD")
    raised("NEW", start=timezone.now() - HOUR)
    cleared(raised("GONE"))
    response = signed_in("viewer").get(URL)
    assert [(name, count) for name, _url, _current, count in response.context["tabs"]] == [
        ("Open", 3), ("Stale", 1), ("Suppressed", 0), ("Shelved", 0), ("Out of service", 0),
        ("Maintenance", None), ("Alarm KPIs", None),
    ]  # fmt: skip
    assert codes(response.client, "?tab=stale") == ["OLD"]


def test_a_key_that_does_nothing_says_why(signed_in: SignIn) -> None:
    raised()
    assert "Your role may not resolve alerts." in text(signed_in("viewer").get(URL))
    page = text(signed_in("operator").get(URL))
    assert "Your role may not resolve alerts." not in page
    assert 'data-key="r"' in page
