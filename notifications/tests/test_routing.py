"""Which events become deliveries: routes, waits, what was put aside, what is old, what comes twice."""

from __future__ import annotations

import itertools
from datetime import time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from alerts.lifecycle import DisplayState, Transition
from alerts.models import AlertEvent
from notifications import routing
from notifications.event_meaning import SUPPRESSED, EventMeaning, meaning_of
from notifications.outbox_models import Delivery, OutgoingMessage
from notifications.route_models import RoutedEvent, RoutingFloor

from .notification_scenes import (
    CRITICAL,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    WARNING,
    Recorder,
    acknowledged_at,
    changed_at,
    channel,
    cleared_at,
    raised_at,
    recording,
    returned_at,
    route,
    run,
    run_until,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    return recording(monkeypatch)


def test_an_alert_reaches_the_channel_of_a_route_that_matches_once(sent: Recorder) -> None:
    route(channel())
    raised_at(NOW)
    run_until(NOW, NOW + 10 * MINUTE)
    assert sent.subjects == ["Warning: SS-01 Capacitor bank failure"]
    assert Delivery.objects.count() == OutgoingMessage.objects.count() == 1


def test_a_warning_waits_thirty_seconds_and_a_critical_alert_does_not(sent: Recorder) -> None:
    route(channel())
    raised_at(NOW, "SS-01", severity=CRITICAL)
    raised_at(NOW, "SS-02", severity=WARNING, kind="unusual", cause="unusual_behaviour")
    run(NOW)
    assert sent.subjects == ["Critical: SS-01 Capacitor bank failure"]
    run(NOW + 29 * SECOND)
    assert len(sent.sent) == 1
    run(NOW + 30 * SECOND)
    assert sent.subjects[1:] == ["Warning: SS-02 Unusual behaviour"]


def test_an_alert_that_clears_before_its_wait_gives_no_message_at_all(sent: Recorder) -> None:
    route(channel())
    alert = raised_at(NOW)
    run(NOW)
    cleared_at(alert, NOW + 20 * SECOND)
    run_until(NOW + 20 * SECOND, NOW + HOUR, MINUTE)
    assert sent.sent == []
    assert Delivery.objects.get().note.startswith("It was over")


def test_what_clears_later_is_told_to_those_who_heard_of_it(sent: Recorder) -> None:
    route(channel())
    alert = raised_at(NOW)
    run(NOW + MINUTE)
    cleared_at(alert, NOW + 6 * MINUTE)
    run(NOW + 7 * MINUTE)
    assert [message.kind for message in sent.sent] == ["alarm", "update"]
    assert "Cleared" in sent.sent[1].text


def test_a_route_that_tells_no_updates_stays_silent_afterwards(sent: Recorder) -> None:
    route(channel(), tells_updates=False)
    alert = raised_at(NOW)
    run(NOW + MINUTE)
    cleared_at(alert, NOW + 6 * MINUTE)
    run(NOW + 20 * MINUTE)
    assert len(sent.sent) == 1


def test_who_acknowledges_need_not_be_told_but_the_others_are(sent: Recorder, person: Any) -> None:
    anna, ben = person("operator"), person("engineer")
    route(channel("anna", owner=anna), channel("ben", owner=ben))
    alert = raised_at(NOW)
    run(NOW + MINUTE)
    acknowledged_at(alert, NOW + 6 * MINUTE, anna)
    run(NOW + 7 * MINUTE)
    assert [message.channel.name for message in sent.sent if message.kind == "update"] == ["ben"]
    assert "Acknowledged by operator-user" in sent.sent[-1].text


@pytest.mark.parametrize(
    ("values", "matches"),
    [
        ({}, True),
        ({"site": "Harbour"}, True),
        ({"site": "Mill"}, False),
        ({"min_severity": 20}, False),
        ({"kinds": ["loss", "meter"]}, True),
        ({"kinds": ["meter"]}, False),
        ({"days": [1]}, True),  # a Monday
        ({"days": [6, 7]}, False),
        ({"from_time": time(8), "until_time": time(10)}, True),
        ({"from_time": time(10), "until_time": time(8)}, False),
        ({"from_time": time(10), "until_time": time(16), "time_zone": "Asia/Kolkata"}, True),  # 14:30 there
        ({"is_enabled": False}, False),
    ],
)
def test_a_route_matches_by_site_severity_kind_and_hours(sent: Recorder, values: dict[str, Any], matches: bool) -> None:
    route(channel(), **values)
    raised_at(NOW, site="Harbour")
    run(NOW + MINUTE)
    assert len(sent.sent) == matches


def test_two_routes_to_one_channel_give_one_message(sent: Recorder) -> None:
    target = channel()
    route(target, name="a")
    route(target, name="b", site="")
    raised_at(NOW)
    run(NOW + MINUTE)
    assert len(sent.sent) == Delivery.objects.count() == 1


def test_late_data_never_sends(sent: Recorder) -> None:
    from substations.models import Reading

    from .notification_scenes import detected, station

    route(channel())
    substation = station("SS-01")
    Reading.objects.create(substation=substation, at=NOW + timedelta(days=20))
    detected(substation, end=NOW + HOUR)
    from alerts import review

    review.review_changed()
    assert AlertEvent.objects.get().action == "record"
    run(NOW + timedelta(days=20))
    assert sent.sent == []
    assert not Delivery.objects.exists()


def test_what_is_shelved_is_silent_and_is_announced_when_it_returns(sent: Recorder) -> None:
    route(channel())
    alert = raised_at(NOW)
    changed_at(alert, Transition.SHELVE, NOW + 5 * SECOND)
    run_until(NOW + 5 * SECOND, NOW + 10 * MINUTE, MINUTE)
    assert sent.sent == []
    changed_at(alert, Transition.UNSHELVE, NOW + 20 * MINUTE)
    run(NOW + 21 * MINUTE)
    assert [message.kind for message in sent.sent] == ["alarm"]
    assert "Unshelved" in sent.sent[0].text


def test_what_clears_while_it_is_out_of_service_is_not_told(sent: Recorder) -> None:
    route(channel())
    alert = raised_at(NOW)
    run(NOW + MINUTE)
    changed_at(alert, Transition.SUSPEND, NOW + 2 * MINUTE)
    cleared_at(alert, NOW + 10 * MINUTE)
    run(NOW + 20 * MINUTE)
    assert len(sent.sent) == 1


def test_a_rise_to_critical_and_a_return_are_alarms_again(sent: Recorder) -> None:
    from alerts import review
    from alerts.models import Alert

    from .notification_scenes import revised

    route(channel())
    alert = raised_at(NOW)
    run(NOW + MINUTE)
    detection = alert.episodes.get().detection
    review.review(revised(detection, severity=CRITICAL), now=NOW + 2 * MINUTE)
    run(NOW + 2 * MINUTE)
    cleared_at(Alert.objects.get(pk=alert.pk), NOW + 10 * MINUTE)
    run(NOW + 15 * MINUTE)
    returned_at(alert, NOW + 20 * MINUTE)
    run(NOW + 21 * MINUTE)
    assert [message.kind for message in sent.sent] == ["alarm", "alarm", "update", "alarm"]


def test_what_was_raised_while_nothing_ran_for_days_wakes_nobody_but_is_in_one_digest(sent: Recorder) -> None:
    route(channel())
    raised_at(NOW, "SS-01", severity=CRITICAL)
    gone = raised_at(NOW, "SS-02")
    cleared_at(gone, NOW + HOUR)
    run(NOW + timedelta(days=3))
    assert [message.kind for message in sent.sent] == ["digest"]
    assert "SS-01" in sent.sent[0].text
    assert "SS-02" not in sent.sent[0].text


def test_an_event_is_routed_once_whoever_looks(sent: Recorder) -> None:
    route(channel())
    raised_at(NOW)
    assert routing.route_new(now=NOW) == 1
    assert routing.route_new(now=NOW) == 0


def test_events_become_visible_in_another_order_than_their_keys(sent: Recorder) -> None:
    """The later key is routed first; the earlier one, committed afterwards, is not lost."""
    route(channel())
    first, second = raised_at(NOW, "SS-01"), raised_at(NOW, "SS-02")
    hidden = AlertEvent.objects.get(alert=first)
    RoutedEvent.objects.create(event=hidden, routed_at=NOW)  # as if it could not be seen yet
    routing.route_new(now=NOW)
    RoutedEvent.objects.get(event=hidden).delete()
    routing.route_new(now=NOW)
    assert set(Delivery.objects.values_list("alert", flat=True)) == {first.pk, second.pk}


def test_the_floor_rises_over_what_is_settled_and_loses_nothing(sent: Recorder) -> None:
    route(channel())
    raised_at(NOW, "SS-01")
    routing.route_new(now=NOW)
    assert RoutingFloor.objects.get().event_pk == 0
    later = NOW + 2 * HOUR
    raised_at(later, "SS-02")
    routing.route_new(now=later)
    assert RoutingFloor.objects.get().event_pk == AlertEvent.objects.earliest("pk").pk
    assert RoutedEvent.objects.count() == 1
    raised_at(later, "SS-03")
    assert routing.route_new(now=later) == 1
    assert Delivery.objects.count() == 3


def test_without_a_route_nothing_is_written_and_a_later_route_does_not_tell_the_past(sent: Recorder) -> None:
    raised_at(NOW)
    run(NOW)
    route(channel())
    run(NOW + MINUTE)
    assert not Delivery.objects.exists()


STATES = [state.value for state in DisplayState]


def test_nothing_that_is_suppressed_or_closed_is_ever_an_alarm() -> None:
    severities = itertools.product([None, 10, 20], [10, 20])
    for before, after, (severity_before, severity_after) in itertools.product(["", *STATES], STATES, severities):
        meaning = meaning_of(before, after, severity_before, severity_after)
        if meaning is EventMeaning.ALARM:
            assert after == "unacknowledged"
        if after in SUPPRESSED:
            assert meaning is (EventMeaning.NOTHING if before in SUPPRESSED else EventMeaning.SILENCE)
        if before in SUPPRESSED:
            assert meaning in (EventMeaning.ALARM, EventMeaning.NOTHING)
        if before != "unacknowledged" and after == "unacknowledged":
            assert meaning is EventMeaning.ALARM
        if not before and after == "closed":
            assert meaning is EventMeaning.NOTHING  # late data


def test_an_acknowledgement_before_the_wait_is_over_needs_no_message(sent: Recorder, admin_user: User) -> None:
    route(channel())
    alert = raised_at(NOW)
    acknowledged_at(alert, NOW + 10 * SECOND, admin_user)
    run(NOW + HOUR)
    assert sent.sent == []
