"""The page of one alert."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import timezone

from alerts import services
from alerts.models import Alert
from mlcore.models import Detection
from substations.models import Link, Reading

from .alert_scenes import HOUR, START, Cast, cleared, raised, resolved, station
from .page_checks import HTMX, SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db
# Session, user, permissions, the alert, its events, resolutions, likes of it, what feeds it, its month.
QUERIES = 14


def test_those_without_a_role_see_nothing(signed_in: SignIn) -> None:
    assert_guarded(signed_in, "get", raised().get_absolute_url(), refused=("outsider",))


def test_it_answers_a_get_alone_and_knows_no_other_alert(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    assert client.post(raised().get_absolute_url()).status_code == 405
    assert client.get("/alerts/4711/").status_code == 404


def test_it_says_when_where_why_how_much_and_what_to_check(signed_in: SignIn) -> None:
    at_peak = {"measured": 120.0, "expected": 30.0, "low": 20.0, "high": 40.0, "unit": "kvar"}
    evidence = {"at_peak": {"reactive_power_kvar": at_peak}, "contributions": {"reactive": 0.9, "voltage": 0.001}}
    page = text(signed_in("viewer").get(raised(evidence=evidence).get_absolute_url()))
    for said in (
        "2026-03-02 08:00",
        "SS-01",
        "Capacitor bank failure",
        "90 kvar above",
        "12.5 kWh",
        "120 kvar",
    ):
        assert said in page
    assert "90 %" in page
    assert "<dt>Voltage</dt>" not in page, "what contributed next to nothing is left out"
    assert "Check the fuses and contactors" in page
    assert "/models/episodes/" in page, "the chart is asked for by its address"


def test_a_meter_finding_speaks_of_no_loss(signed_in: SignIn) -> None:
    page = text(signed_in("viewer").get(raised(kind="meter", cause="dead_phase").get_absolute_url()))
    assert "Extra loss" not in page
    assert "clamp meter" in page


def test_a_viewer_gets_no_forms_and_an_operator_gets_those_that_apply(signed_in: SignIn, person: Cast) -> None:
    alert = raised()
    viewer, operator = signed_in("viewer"), signed_in("operator")
    assert 'method="post" action="/alerts/' not in text(viewer.get(alert.get_absolute_url()))
    page = text(operator.get(alert.get_absolute_url()))
    assert "/acknowledge/" in page
    assert "/unacknowledge/" not in page
    services.acknowledge(alert, by=person("engineer"))
    page = text(operator.get(alert.get_absolute_url()))
    assert "/unacknowledge/" in page
    resolved(alert, alert.acknowledged_by)  # type: ignore[arg-type]  # it was acknowledged
    page = text(operator.get(alert.get_absolute_url()))
    assert "/acknowledge/" not in page
    assert "/resolve/" not in page


def test_earlier_ones_of_the_same_cause_are_shown_with_what_was_found(signed_in: SignIn, person: Cast) -> None:
    resolved(cleared(raised()), person("operator"), root_cause="Contactor welded")
    assert "Contactor welded" in text(signed_in("viewer").get(raised(start=START + 30 * HOUR).get_absolute_url()))


def test_notes_of_people_are_escaped(signed_in: SignIn, person: Cast) -> None:
    alert = services.acknowledge(raised(), by=person("operator"), note="<img src=x onerror=alert(1)>")
    assert "<img src=x" not in text(signed_in("viewer").get(alert.get_absolute_url()))


def test_the_readings_may_be_gone(signed_in: SignIn) -> None:
    alert = raised()
    Detection.objects.all().delete()
    assert "no longer stored" in text(signed_in("viewer").get(alert.get_absolute_url()))


@pytest.mark.parametrize("comments", [0, 12])
def test_the_number_of_queries_does_not_grow_with_what_happened(
    signed_in: SignIn, person: Cast, django_assert_num_queries: Any, comments: int
) -> None:
    alert, user = raised(), person("operator")
    for number in range(comments):
        services.comment(alert, by=user, text=f"note {number}")
    client = signed_in("viewer")
    with django_assert_num_queries(QUERIES):
        client.get(alert.get_absolute_url())


def test_it_says_from_when_to_when_and_which_version_of_model_and_threshold_judged(signed_in: SignIn) -> None:
    evidence = {
        "window": {"from": "2026-03-02T06:30:00+00:00", "until": None},
        "judged_by": {"rung": "own", "version": 7, "sensitivity": 1.25},
    }
    page = text(signed_in("viewer").get(raised(evidence=evidence).get_absolute_url()))
    assert "2026-03-02 06:30" in page
    assert "version 7" in page
    assert "sensitivity 1.25" in page


def test_a_fixed_limit_is_shown_beside_what_was_measured(signed_in: SignIn) -> None:
    evidence = {"rung": "limits", "measured": 0.62, "limit": 0.8, "judged_by": {"rung": "limits"}}
    page = text(signed_in("viewer").get(raised(evidence=evidence).get_absolute_url()))
    assert "Against the fixed limit" in page
    assert "0.62" in page
    assert "Limits only" in page


def test_earlier_episodes_of_the_substation_come_first_then_those_elsewhere_that_look_alike(
    signed_in: SignIn, person: Cast
) -> None:
    by = person("operator")
    looks = {"contributions": {"reactive": 0.9, "voltage": 0.1}}
    early = START - 90 * HOUR
    here = resolved(raised(start=early, evidence={"contributions": {"voltage": 1.0}}), by)
    alike = resolved(raised("SS-07", start=early, evidence=looks), by, root_cause="Contactor welded")
    resolved(raised("SS-08", start=early, evidence={"contributions": {"distortion": 1.0}}), by)
    resolved(raised("SS-09", start=early, cause="overload", evidence=looks), by)
    found = signed_in("viewer").get(raised(evidence=looks).get_absolute_url())
    assert found.context["similar"] == [here, alike]
    assert "Contactor welded" in text(found)


def test_it_says_how_long_it_has_lasted_by_the_readings_and_what_that_costs_a_day(signed_in: SignIn) -> None:
    alert = raised(loss_kwh=20.0)
    Reading.objects.create(substation=alert.substation, at=START + 48 * HOUR)
    page = text(signed_in("viewer").get(alert.get_absolute_url()))
    assert "2 d" in page
    assert "10.0 kWh a day" in page
    assert "€" not in page
    assert "$" not in page, "no tariff, no money"


def test_it_says_what_feeds_the_substation(signed_in: SignIn) -> None:
    alert = raised("LEAF")
    url = alert.get_absolute_url()
    client = signed_in("viewer")
    assert "fed from the grid" in text(client.get(url))
    Link.objects.create(source=station("ROOT"), target=alert.substation)
    assert '<a href="/substations/ROOT/">ROOT</a>' in text(client.get(url))


def test_an_own_fresh_acknowledgement_can_be_undone_with_one_click_and_no_other(signed_in: SignIn) -> None:
    alert, client = raised(), signed_in("operator")
    url = alert.get_absolute_url()
    client.post(f"{url}acknowledge/")
    assert "Undo" in text(client.get(url))
    assert "Undo" not in text(signed_in("engineer").get(url))
    Alert.objects.update(acknowledged_at=timezone.now() - HOUR)
    assert "Undo" not in text(client.get(url))


def test_the_fragment_is_the_same_without_the_frame(signed_in: SignIn) -> None:
    part = text(signed_in("viewer").get(raised().get_absolute_url(), headers=HTMX))
    assert "<html" not in part
    assert part.strip().startswith('<div id="alert-detail"')


def test_no_two_fields_of_the_page_share_an_id(signed_in: SignIn) -> None:
    alert = raised()
    ids = re.findall(r' id="([^"]+)"', text(signed_in("operator").get(alert.get_absolute_url())))
    assert any("note" in each for each in ids), "the page holds forms"
    assert sorted(ids) == sorted(set(ids))
