"""The history of alerts, open ones marked, and its export."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from alerts import capped_pages, views
from alerts.models import Alert
from substations.models import Reading

from .alert_scenes import CRITICAL, HOUR, START, Cast, cleared, raised, resolved, station
from .page_checks import SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db
URL = "/alerts/history/"
QUERIES = 9


@pytest.fixture
def past(person: Cast) -> None:
    """Three closed alerts and an open one."""
    user = person("operator")
    resolved(cleared(raised("A")), user)
    resolved(raised("B", severity=CRITICAL, cause="overload"), user, outcome="false_alarm")
    Reading.objects.create(substation=station("C"), at=START + timedelta(days=30))
    raised("C", kind="meter", cause="stuck_value", start=START + 30 * HOUR, end=START + 31 * HOUR)
    raised("OPEN")


def codes(client: Client, query: str = "") -> list[str]:
    return [alert.substation.code for alert in client.get(URL + query).context["page"].object_list]


def exported(client: Client, query: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text(client.get(f"{URL}?format=csv{query}")))))


def test_those_without_a_role_see_nothing(signed_in: SignIn) -> None:
    assert_guarded(signed_in, "get", URL, refused=("outsider",))
    assert_guarded(signed_in, "get", URL + "?format=csv", refused=())


def test_it_answers_a_get_alone(signed_in: SignIn) -> None:
    assert signed_in("viewer").post(URL).status_code == 405


def test_an_empty_history_says_so(signed_in: SignIn) -> None:
    assert "No alerts yet." in text(signed_in("viewer").get(URL))


@pytest.mark.usefixtures("past")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["OPEN", "C", "B", "A"]),
        ("?state=closed", ["C", "B", "A"]),
        ("?state=open", ["OPEN"]),
        ("?from=2026-03-03", ["C"]),
        ("?to=2026-03-02", ["OPEN", "B", "A"]),
        ("?substation=b", ["B"]),
        ("?severity=critical", ["B"]),
        ("?severity=warning", ["OPEN", "C", "A"]),
        ("?cause=overload", ["B"]),
        ("?kind=meter", ["C"]),
        ("?outcome=false_alarm", ["B"]),
        ("?outcome=fully_resolved&severity=warning", ["A"]),
        ("?severity=fatal", ["OPEN", "C", "B", "A"]),
        ("?range=24h", []),
        ("?range=all&severity=critical", ["B"]),
        ("?from=2026-03-02T09:00&to=2026-03-04", ["C"]),
    ],
)
def test_it_can_be_filtered_and_exported_alike(signed_in: SignIn, query: str, found: list[str]) -> None:
    client = signed_in("viewer")
    assert codes(client, query) == found
    assert [row["substation"] for row in exported(client, query.replace("?", "&"))] == found


@pytest.mark.usefixtures("past")
def test_a_range_that_cannot_be_read_is_said_and_exports_nothing(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    page = client.get(URL, {"from": "yesterday", "severity": "critical"})
    assert "“yesterday” is not a time" in text(page)
    assert [alert.substation.code for alert in page.context["page"].object_list] == ["B"]
    answer = client.get(URL, {"from": "yesterday", "format": "csv"})
    assert answer.status_code == 400
    assert "“yesterday” is not a time" in text(answer)


@pytest.mark.usefixtures("past")
def test_range_and_filters_keep_each_other(signed_in: SignIn) -> None:
    page = text(signed_in("viewer").get(URL, {"range": "all", "severity": "critical"}))
    assert 'href="?range=7d&amp;severity=critical"' in page
    assert '<input type="hidden" name="severity" value="critical">' in page
    assert '<input type="hidden" name="range" value="all">' in page


@pytest.mark.usefixtures("past")
def test_the_export_tells_the_whole_story(signed_in: SignIn) -> None:
    row = exported(signed_in("viewer"), "&substation=A")[0]
    alert = Alert.objects.get(substation__code="A")
    assert (row["raised_at"], row["cleared_at"]) == ("2026-03-02T08:00:00+00:00", "2026-03-02T09:00:00+00:00")
    assert row["closed_at"] == alert.closed_at.isoformat()  # type: ignore[union-attr]  # it is closed
    assert (row["cause"], row["severity"], row["closed_as"]) == ("capacitor_failure", "warning", "resolved")
    assert (row["extra_loss_kwh"], row["root_cause"], row["resolved_by"]) == (
        "12.5", "Fuse of step 3 blown", "operator-user",
    )  # fmt: skip


@pytest.mark.usefixtures("past")
def test_what_nobody_resolved_is_exported_with_empty_cells(signed_in: SignIn) -> None:
    row = exported(signed_in("viewer"), "&substation=C")[0]
    assert (row["closed_as"], row["outcome"], row["resolved_by"], row["acknowledged_at"]) == (
        "retrospective", "", "", "",
    )  # fmt: skip


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(signed_in: SignIn, person: Cast, start: str) -> None:
    cell = f"{start}HYPERLINK(1)"
    resolved(cleared(raised(reason=cell, loss_kwh=-3.0)), person("operator"), root_cause=cell)
    row = exported(signed_in("viewer"))[0]
    assert row["root_cause"] == row["reason"] == f"'{cell}"
    assert row["extra_loss_kwh"] == "-3.0", "a number stays a number"


def test_the_latest_resolution_of_one_that_came_back_is_shown(signed_in: SignIn, person: Cast) -> None:
    user = person("operator")
    alert = resolved(cleared(raised()), user, root_cause="first guess")
    Alert.objects.filter(pk=alert.pk).update(closed_at=None, closure="")
    resolved(alert, user, root_cause="the real one", outcome="temporary_fix")
    rows = exported(signed_in("viewer"))
    assert [row["root_cause"] for row in rows] == ["the real one"]
    assert len(exported(signed_in("engineer"), "&outcome=fully_resolved")) == 1, "no row twice"


@pytest.mark.parametrize("count", [1, 30])
def test_the_number_of_queries_does_not_grow(
    signed_in: SignIn, person: Cast, django_assert_num_queries: Any, count: int
) -> None:
    user = person("operator")
    for number in range(count):
        resolved(cleared(raised(f"SS-{number:02d}")), user)
    client = signed_in("viewer")
    with django_assert_num_queries(QUERIES):
        client.get(URL)
    with django_assert_num_queries(4 + 5):  # five for the trends
        client.get(f"{URL}trends/")
    with django_assert_num_queries(QUERIES - 2):
        text(client.get(f"{URL}?format=csv"))


@pytest.mark.usefixtures("past")
def test_an_open_alert_is_counted_and_marked(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    assert "1 of them open" in text(client.get(f"{URL}trends/"))
    assert '<span class="badge is-plain">Open</span>' in text(client.get(URL))


def test_above_ten_thousand_pages_say_that_there_are_more(
    signed_in: SignIn, person: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capped_pages, "MAX_COUNTED", 2)
    monkeypatch.setattr(views, "PAGE_SIZE", 1)
    client, user = signed_in("viewer"), person("operator")
    for number, says_more in enumerate((False, False, True)):
        resolved(raised(f"S{number}"), user)
        page = text(client.get(URL))
        assert ("and more: choose a shorter range" in page) is says_more
    assert "Page 1 of 2" in page
    assert "Page 2 of 2" in text(client.get(f"{URL}?page=99"))


@pytest.mark.parametrize("count", [1, 20])
def test_open_ones_among_them_cost_no_query_each(signed_in: SignIn, django_assert_num_queries: Any, count: int) -> None:
    for number in range(count):
        raised(f"SS-{number:02d}")
        Reading.objects.create(substation=station(f"SS-{number:02d}"), at=START + HOUR)
    client = signed_in("viewer")
    with django_assert_num_queries(QUERIES - 1):
        client.get(URL)
