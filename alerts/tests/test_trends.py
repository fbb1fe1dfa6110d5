"""The history in numbers."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, timedelta

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from alerts import trends
from alerts.models import Alert

from .alert_scenes import CRITICAL, HOUR, START, Cast, cleared, raised, resolved
from .page_checks import SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def past(person: Cast) -> None:
    user = person("operator")
    resolved(cleared(raised("A", loss_kwh=10.0)), user)
    resolved(raised("B", severity=CRITICAL, cause="overload", loss_kwh=30.0), user)
    resolved(raised("B", cause="overload", loss_kwh=5.0, start=START + 3 * DAY), user, outcome="false_alarm")


def read(query: str = "", zone: object = UTC) -> trends.Trends:
    found = trends.read(Alert.objects.in_history(), zone=zone, query=QueryDict(query))  # type: ignore[arg-type]  # the stubs lose the queryset
    assert found is not None
    return found


def test_the_panel_is_a_part_of_the_history_for_those_who_may_see_it(signed_in: SignIn) -> None:
    assert_guarded(signed_in, "get", "/alerts/history/trends/", refused=("outsider",))
    client = signed_in("viewer")
    assert client.post("/alerts/history/trends/").status_code == 405
    assert text(client.get("/alerts/history/trends/")).strip() == ""
    assert 'hx-get="/alerts/history/trends/?cause=overload"' in text(client.get("/alerts/history/?cause=overload"))


def test_without_alerts_there_is_no_trend() -> None:
    assert trends.read(Alert.objects.none(), zone=UTC, query=QueryDict()) is None


def test_numbers_and_energy_by_each_view(person: Cast) -> None:
    past(person)
    found = read()
    assert (found.count, found.loss_kwh) == (3, 45.0)
    by_cause, by_substation, by_severity = found.groups
    assert [(part.label, part.count, part.loss_kwh) for part in by_cause.parts] == [
        ("Overload", 2, 35.0), ("Capacitor bank failure", 1, 10.0),
    ]  # fmt: skip
    assert [(part.label, part.share) for part in by_substation.parts] == [("B", 1.0), ("A", 10 / 35)]
    assert [(part.label, part.count) for part in by_severity.parts] == [("Critical", 1), ("Warning", 2)]
    assert [(part.label, part.count) for part in found.over_time.parts] == [
        ("2026-03-02", 2), ("2026-03-03", 0), ("2026-03-04", 0), ("2026-03-05", 1),
    ]  # fmt: skip


def test_every_view_adds_up_to_the_whole(person: Cast) -> None:
    past(person)
    found = read()
    for trend in (found.over_time, *found.groups):
        assert sum(part.count for part in trend.parts) == found.count
        assert sum(part.loss_kwh for part in trend.parts) == pytest.approx(found.loss_kwh)


def test_a_part_leads_to_what_it_counts_and_keeps_the_other_filters(signed_in: SignIn, person: Cast) -> None:
    past(person)
    client = signed_in("viewer")
    page = client.get("/alerts/history/trends/", {"kind": "loss", "range": "all"})
    found = page.context["trends"]
    for trend in (found.over_time, *found.groups):
        for part in trend.parts:
            assert "kind=loss" in part.url
            assert client.get(f"/alerts/history/{part.url}").context["page"].paginator.count == part.count, part


def test_filters_and_outcome_count_each_alert_once(signed_in: SignIn, person: Cast) -> None:
    past(person)
    alert = Alert.objects.get(substation__code="A")
    Alert.objects.filter(pk=alert.pk).update(closed_at=None, closure="")
    resolved(alert, person("engineer"), root_cause="again")
    found = signed_in("viewer").get("/alerts/history/trends/", {"outcome": "fully_resolved"}).context["trends"]
    assert (found.count, found.loss_kwh) == (2, 40.0)


def test_days_are_those_of_the_zone(person: Cast) -> None:
    user = person("operator")
    late = START.replace(hour=20)
    resolved(raised("A", start=late), user)
    assert read().over_time.parts[0].label == "2026-03-02"
    assert read(zone=zoneinfo.ZoneInfo("Asia/Kolkata")).over_time.parts[0].label == "2026-03-03"


@pytest.mark.parametrize(("days", "title", "most"), [(41, "By day", 42), (42, "By week", 8), (2000, "By period", 51)])
def test_a_long_time_has_wider_columns(person: Cast, days: int, title: str, most: int) -> None:
    user = person("operator")
    resolved(raised("A", start=START - days * DAY, end=START - days * DAY + HOUR), user)
    resolved(raised("B"), user)
    found = read().over_time
    assert found.title == title
    assert len(found.parts) <= most
    assert sum(part.count for part in found.parts) == 2


def test_findings_without_energy_are_measured_by_their_number(person: Cast) -> None:
    user = person("operator")
    for code in ("A", "B", "C"):
        cause = "stuck_value" if code != "C" else "dead_phase"
        resolved(raised(code, kind="meter", cause=cause, loss_kwh=None), user)
    assert [(part.count, part.share) for part in read().groups[0].parts] in ([(2, 1.0), (1, 0.5)], [(1, 0.5), (2, 1.0)])


def test_many_substations_are_cut_and_the_rest_is_said(signed_in: SignIn, person: Cast) -> None:
    user = person("operator")
    for number in range(10):
        resolved(raised(f"S{number}"), user)
    assert (len(read().groups[1].parts), read().groups[1].more) == (8, 2)
    assert "and 2 more" in text(signed_in("viewer").get("/alerts/history/trends/"))


@given(st.integers(0, 40_000))
def test_columns_are_never_too_many(days: int) -> None:
    width = trends._days_of_a_column(START - timedelta(days=days), START, UTC)
    assert days // width + 1 <= trends.MAX_COLUMNS + 2


def test_mean_times_are_those_of_alerts_that_people_saw(person: Cast) -> None:
    assert read_nothing_of_people() == (None, None)
    past(person)
    first, second = Alert.objects.in_history().exclude(closure=Alert.Closure.RETROSPECTIVE).order_by("pk")[:2]
    for alert, hours in ((first, 1), (second, 3)):
        noticed = alert.closed_at - hours * HOUR  # type: ignore[operator]  # it is closed
        Alert.objects.filter(pk=alert.pk).update(detected_at=noticed, acknowledged_at=noticed + hours * HOUR / 4)
    others = Alert.objects.exclude(pk__in=[first.pk, second.pk])
    others.update(acknowledged_at=None)
    found = read()
    assert (found.to_acknowledge, found.to_close) == (HOUR / 2, 2 * HOUR)


def read_nothing_of_people() -> tuple[object, object]:
    """The mean times of a history that holds only what was over before anybody saw it."""
    alert = cleared(raised("Z"))
    Alert.objects.filter(pk=alert.pk).update(
        closed_at=START, closure=Alert.Closure.RETROSPECTIVE, acknowledged_at=START
    )
    found = read()
    return found.to_acknowledge, found.to_close
