"""The state of a substation: the worst active alert, else silence, else what its newest score is worth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from alerts.models import Alert
from alerts.tests.alert_scenes import CRITICAL, cleared, resolved
from core.site_rights import acting_for_user
from mlcore.models import Score, ScoringFailure
from smart_ems.accounts.site_grant_models import SiteGrant
from smart_ems.dashboard.overview import SubstationStatus, statuses, statuses_of_all
from substations.models import Reading, Substation

from .scene import alerted, scored, station

pytestmark = pytest.mark.django_db


def status() -> SubstationStatus:
    (found,) = statuses(Substation.objects.all(), now=timezone.now())
    return found


def state() -> tuple[str, str]:
    return status().state, status().word


def test_a_reporting_and_trained_one_without_alerts_is_normal() -> None:
    scored(station("A"))
    found = status()
    assert (found.state, found.word) == ("normal", "Normal")
    assert (found.power_factor, found.active_power_kw, found.loss_kw, found.extra_loss_kw) == (0.9, 120.0, 3.5, 0.5)
    assert (found.open_alerts, found.tier, found.model) == (0, "regression", "Own regression")


def test_one_that_never_reported_is_unknown() -> None:
    Substation.objects.create(code="A")
    assert state() == ("unknown", "No readings yet")


def test_a_silent_one_is_unknown_and_says_since_when() -> None:
    substation = station("A", silent_for=timedelta(hours=2, minutes=15, seconds=20), time_zone="Asia/Kolkata")
    newest = substation.readings.get().at.astimezone(substation.zone)
    assert state() == ("unknown", f"No data since {newest:%Y-%m-%d %H:%M} +05:30")


@pytest.mark.parametrize(("minutes", "expected"), [(44, "normal"), (46, "unknown")])
def test_silence_is_three_reading_intervals(minutes: int, expected: str) -> None:
    station("A", silent_for=timedelta(minutes=minutes))
    assert state()[0] == expected


def test_old_readings_that_come_in_now_say_nothing_of_the_present() -> None:
    substation = station("A", silent_for=timedelta(days=7))
    Substation.objects.filter(pk=substation.pk).update(received_at=timezone.now())
    assert state()[0] == "unknown"


def test_missing_data_is_no_state_of_its_own_but_the_loss_stays_as_last_known() -> None:
    substation = station("A", silent_for=timedelta(days=1))
    alerted(substation, kind="data_missing", cause="data_missing")
    assert state()[1].startswith("No data since")
    alerted(substation, severity=20)
    assert state() == ("critical", "Critical at last reading")


def test_one_without_a_model_is_warming_up_and_not_normal() -> None:
    station("A", trained=False)
    assert state() == ("unknown", "Warming up")


@pytest.mark.parametrize(
    ("worth", "expected"),
    [
        (Score.Validity.OK, ("normal", "Normal")),
        (Score.Validity.DEAD, ("unknown", "De-energised")),
        (Score.Validity.BAD, ("unknown", "Bad quality")),
    ],
)
def test_the_newest_score_says_what_the_data_are_worth(worth: int, expected: tuple[str, str]) -> None:
    substation = station("A")
    scored(substation, Score.Validity.BAD, at=timezone.now() - timedelta(days=1))
    scored(substation, worth)
    assert state() == expected


def test_the_worst_alert_wins_whatever_else_is_wrong() -> None:
    substation = station("A", silent_for=timedelta(days=1), trained=False)
    alerted(substation, kind="meter", cause="stuck_value")
    assert state() == ("warning", "Check the meter at last reading")
    alerted(substation, severity=CRITICAL)
    assert state() == ("critical", "Critical at last reading")
    assert status().open_alerts == 2


def test_a_warning_is_a_warning() -> None:
    alerted(station("A"))
    assert state() == ("warning", "Warning")


def test_what_has_cleared_no_longer_colours_but_is_still_counted() -> None:
    cleared(alerted(station("A")))
    assert (state()[0], status().open_alerts) == ("normal", 1)


def test_they_come_in_the_order_of_their_codes() -> None:
    for code in ("B", "A", "C"):
        station(code)
    assert [each.code for each in statuses(Substation.objects.order_by("-code"), now=timezone.now())] == ["A", "B", "C"]


@pytest.mark.parametrize("count", [1, 30])
def test_it_takes_five_queries_however_many_there_are(django_assert_num_queries: Any, count: int) -> None:
    for number in range(count):
        substation = station(f"SS-{number:02d}")
        scored(substation)
        alerted(substation)
        Reading.objects.create(substation=substation, at=timezone.now() - timedelta(days=1))
    with django_assert_num_queries(5):
        assert len(statuses(Substation.objects.all(), now=timezone.now())) == count


def test_what_cannot_be_judged_is_never_normal() -> None:
    substation = station("A")
    scored(substation)
    now = timezone.now()
    times = {"first_failed_at": now, "failed_at": now, "retry_at": now}
    ScoringFailure.objects.create(substation=substation, reason="ValueError: " + "x" * 80, **times)
    kind, word = state()
    assert kind == "unknown"
    assert word.startswith("Cannot be judged: ValueError: xxx")
    assert word.endswith("…")


def test_the_hover_text_names_place_state_and_values() -> None:
    scored(station("A", name="North"))
    assert status().summary == "<b>A North</b><br>Normal<br>Power factor 0.90 · 120 kW<br>Loss 3.50 kW"


def test_one_resolved_while_present_is_not_normal_before_it_was_looked_at_again(person: Callable[[str], User]) -> None:
    alert = resolved(alerted(station("A")), person("operator"))
    assert alert.verify_at is not None
    assert state() == ("warning", "Resolved, being checked")
    assert (status().open_alerts, status().unacknowledged) == (0, 0)
    Alert.objects.update(verify_at=None)
    assert state() == ("normal", "Normal")


def test_one_resolved_as_a_false_alarm_is_normal_at_once(person: Callable[[str], User]) -> None:
    resolved(alerted(station("A")), person("operator"), outcome="false_alarm")
    assert state() == ("normal", "Normal")


def test_what_all_who_ask_share_is_never_older_than_the_question() -> None:
    substation = station("A")
    scored(substation)
    assert [each.state for each in statuses_of_all()] == ["normal"]
    alerted(substation, severity=CRITICAL)
    assert [each.state for each in statuses_of_all()] == ["critical"]
    other = Substation.objects.create(code="B")
    assert [each.word for each in statuses_of_all()] == ["Critical", "No readings yet"]
    other.delete()
    assert [each.code for each in statuses_of_all()] == ["A"]


def test_who_is_given_part_of_the_plant_gets_the_states_of_that_alone(person: Callable[[str], User]) -> None:
    """Beside somebody who is given all, and asks the same."""
    user = person("operator")
    given, other = station("A"), station("B")
    SiteGrant.objects.create(user=user, substation=given)
    assert [each.code for each in statuses_of_all()] == [given.code, other.code]
    with acting_for_user(user):
        assert [each.code for each in statuses_of_all()] == [given.code]
    assert [each.code for each in statuses_of_all()] == [given.code, other.code]
