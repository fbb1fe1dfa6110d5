"""The page of the figures of alarms, its export, and the same through the API."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from django.test import Client
from django.utils import timezone

from alerts import alarm_days, kpi_targets, services
from alerts.kpi_figures import figures
from alerts.models import AlarmDay

from .alert_scenes import CRITICAL, Cast, fresh, raised, resolved
from .page_checks import HTMX, SignIn, assert_guarded, text
from .test_kpi_figures import alarms, every

pytestmark = pytest.mark.django_db
URL, API = "/alerts/kpis/", "/api/alarm-kpis/"
# Session, user, the two of permissions, the first day, the pending ones, the names, the days.
QUERIES = 8
DAY_S = 86_400


@pytest.fixture
def scene(person: Cast) -> None:
    """Four alarms of three substations on two sites: one critical, one acknowledged, one false."""
    for code, site, values in (
        ("A", "North", {"severity": CRITICAL}), ("B", "North", {}), ("C", "", {"cause": "overload"}),
    ):  # fmt: skip
        alert = raised(code, **values)
        alert.substation.site = site
        alert.substation.save()
    services.acknowledge(fresh(alert), by=person("engineer"))
    resolved(raised("B", kind="meter", cause="stuck_value"), person("operator"), outcome="false_alarm")
    alarm_days.refresh(now=timezone.now())


def test_those_without_a_role_see_nothing(signed_in: SignIn) -> None:
    assert_guarded(signed_in, "get", URL, refused=("outsider",))
    assert signed_in("viewer").post(URL).status_code == 405


def test_without_an_alarm_on_record_it_says_so(signed_in: SignIn) -> None:
    assert "No alarm is on record yet." in text(signed_in("viewer").get(URL))


def test_it_shows_figures_targets_sources_and_parts(scene: None, signed_in: SignIn) -> None:
    client = signed_in("viewer")
    answer = client.get(URL)
    found = answer.context["kpis"]
    assert (found.found.count, found.found.critical_share, found.found.nuisance_share) == (4, 0.25, 0.25)
    assert [(group.name, group.found.count) for group in found.groups] == [("B", 2), ("A", 1), ("C", 1)]
    assert {each.label for each in found.actors} >= {"Overload"}
    for words in ("Too few to judge", "up to 150", "Time in flood", "Bad actors"):
        assert words in text(answer)
    assert "<html" not in text(client.get(URL, headers=HTMX))


@pytest.mark.parametrize(
    ("query", "count"),
    [("?site=north", 3), ("?substation=b", 2), ("?cause=overload", 1), ("?site=north&substation=c", 0), ("?site=x", 0)],
)
def test_it_can_be_asked_of_a_site_a_substation_and_a_cause(
    scene: None, signed_in: SignIn, query: str, count: int
) -> None:
    assert signed_in("viewer").get(URL + query).context["kpis"].found.count == count


@pytest.mark.parametrize(
    ("by", "names"), [("site", ["North", "No site"]), ("cause", ["Capacitor bank failure", "Overload", "Frozen value"])]
)
def test_it_is_compared_by_site_and_by_cause(scene: None, signed_in: SignIn, by: str, names: list[str]) -> None:
    groups = signed_in("viewer").get(URL, {"by": by}).context["kpis"].groups
    assert len(groups) == len(names)
    assert groups[0].name == names[0]


def test_a_value_that_is_not_offered_selects_nothing_and_breaks_nothing(scene: None, signed_in: SignIn) -> None:
    client = signed_in("viewer")
    for query in ("?cause=x", "?by=moon", "?range=5y", "?from=x", "?from=2030-01-01", "?to=1999-01-01"):
        assert client.get(URL + query).status_code == 200


def test_days_that_are_still_worked_out_are_said(scene: None, signed_in: SignIn) -> None:
    AlarmDay.objects.update(is_pending=True)
    assert "1 day is still being worked out" in text(signed_in("viewer").get(URL))


def test_csv_and_workbook_hold_the_same_and_run_no_formula(scene: None, signed_in: SignIn) -> None:
    pytest.importorskip("xlsxwriter")
    raised("=1+1")
    alarm_days.refresh(now=timezone.now())
    client = signed_in("viewer")
    csv = client.get(URL, {"format": "csv"})
    assert csv.headers["Content-Type"] == "text/csv; charset=utf-8"
    body = csv.content.decode("utf-8-sig")
    assert "'=1+1" in body
    assert "\n=1+1" not in body
    assert "Alarms per day" in body
    book = pd.read_excel(io.BytesIO(client.get(URL, {"format": "xlsx"}).content), None, engine="calamine")
    assert list(book) == ["Figures", "Parts", "Bad actors"]
    assert "'=1+1" in set(book["Parts"]["Part"])
    assert int(book["Parts"]["alarms"].sum()) == 5


@pytest.mark.parametrize("query", ["?format=pdf", "?format=csv&range=5y", "?format=csv&cause=x"])
def test_an_export_that_cannot_be_made_is_a_bad_request(scene: None, signed_in: SignIn, query: str) -> None:
    assert signed_in("viewer").get(URL + query).status_code == 400


def test_an_export_of_nothing_is_an_empty_table(signed_in: SignIn) -> None:
    assert signed_in("viewer").get(URL, {"format": "csv"}).status_code == 200


def test_the_number_of_queries_does_not_grow(scene: None, signed_in: SignIn, django_assert_num_queries: Any) -> None:
    client = signed_in("viewer")
    for number in range(20):
        raised(f"SS-{number:02d}")
    alarm_days.refresh(now=timezone.now())
    with django_assert_num_queries(QUERIES):
        client.get(URL)


def test_the_api_says_the_same(scene: None, signed_in: SignIn, client: Client) -> None:
    assert client.get(API).status_code == 401
    assert signed_in("outsider").get(API).status_code == 403
    reader = signed_in("viewer")
    found = reader.get(API, {"by": "site"}).json()
    assert (found["figures"]["count"], found["figures"]["critical_share"]) == (4, 0.25)
    assert [group["name"] for group in found["groups"]] == ["North", "No site"]
    assert found["bad_actors"][-1]["cumulative"] == 1.0
    assert {each["verdict"] for each in found["verdicts"]} == {"unknown", ""}
    assert reader.get(API, {"cause": "overload"}).json()["figures"]["count"] == 1
    assert reader.post(API).status_code == 403


def test_the_api_has_no_answer_where_nothing_is_on_record(signed_in: SignIn) -> None:
    assert signed_in("viewer").get(API).status_code == 204


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-03-02T00:00Z", "until": "2026-03-01T00:00Z"}, "since"),
        ({"since": "0001-01-01T00:00Z"}, "since"),
        ({"cause": "x"}, "cause"),
        ({"by": "moon"}, "by"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_the_api_names_what_makes_no_sense(signed_in: SignIn, query: dict[str, str], field: str) -> None:
    answer = signed_in("viewer").get(API, query)
    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_before_thirty_days_and_below_a_count_nothing_is_judged() -> None:
    many = every(*range(0, 40 * DAY_S, DAY_S))
    for days_known, verdict in ((29.9, "unknown"), (30, "met")):
        lines = {line.key: line for line in kpi_targets.judged(figures(many, 0, 40 * DAY_S), days_known)}
        assert lines["per_day"].verdict == verdict
    assert lines["critical_share"].verdict == "met"
    few = {line.key: line for line in kpi_targets.judged(figures(every(1, 2), 0, 40 * DAY_S), 40)}
    assert (few["critical_share"].verdict, few["critical_share"].detail) == ("unknown", "2 of at least 30")


@pytest.mark.parametrize(("count", "verdict"), [(150, "met"), (151, "missed"), (300, "missed"), (301, "act")])
def test_a_target_is_met_up_to_it_and_above_the_second_something_is_done(count: int, verdict: str) -> None:
    rows = alarms(*({"at_s": DAY_S * day + 60 * each} for day in range(30) for each in range(count)))
    lines = {line.key: line for line in kpi_targets.judged(figures(rows, 0, 30 * DAY_S), 30)}
    assert lines["per_day"].verdict == verdict


def test_times_are_judged_against_minutes() -> None:
    rows = alarms(*({"at_s": each, "severity": 20, "acknowledged_after_s": 240.0 + 30 * each} for each in range(20)))
    lines = {line.key: line for line in kpi_targets.judged(figures(rows, 0, 30 * DAY_S), 30)}
    assert (lines["acknowledge_critical_p50"].verdict, lines["acknowledge_critical_p95"].verdict) == ("missed", "met")
    assert lines["acknowledge_warning_p50"].verdict == "unknown"
    assert lines["close_p50"].verdict == ""
    assert timedelta(minutes=5).total_seconds() == kpi_targets.MAX_ACKNOWLEDGE_CRITICAL[0]
