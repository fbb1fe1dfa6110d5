"""Groups, intervals, caps, quiet hours and merging: what goes when, held against a clock that the test moves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications import rate_caps
from notifications.channel_models import QuietHours
from notifications.outbox_models import Delivery
from notifications.quiet_hours import QuietTime

from .notification_scenes import (
    CRITICAL,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    Recorder,
    acknowledged_at,
    channel,
    cleared_at,
    minutes_of,
    raised_at,
    recording,
    route,
    run,
    run_until,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    return recording(monkeypatch)


def named_in(text: str) -> set[str]:
    return {word.strip(":,") for word in text.split() if word.startswith("SS-")}


def test_one_fault_at_ten_substations_is_one_message(sent: Recorder) -> None:
    """It shows itself differently at each, so that none of them is silent for another."""
    route(channel(), critical_wait_s=10)
    causes = ["capacitor_failure", "overload", "phase_imbalance", "tap_voltage", "cooling_failure"]
    for number in range(10):
        values = {"severity": CRITICAL, "cause": causes[number % 5]}
        raised_at(NOW + number * SECOND, f"SS-{number:02d}", site="Harbour", **values)
    run_until(NOW, NOW + HOUR)
    assert len(sent.sent) == 1
    assert sent.subjects == ["Critical: SS-09 Cooling failure and 9 more alerts"]
    assert named_in(sent.sent[0].text) == {f"SS-{number:02d}" for number in range(10)}
    assert Delivery.objects.filter(state="in_message").count() == 10


def test_what_joins_a_group_later_waits_for_its_interval(sent: Recorder) -> None:
    route(channel())
    for minute in (0, 1, 2, 3):
        raised_at(NOW + minute * MINUTE, f"SS-0{minute}")
        run_until(NOW + minute * MINUTE, NOW + minute * MINUTE + 50 * SECOND)
    run_until(NOW + 4 * MINUTE, NOW + 20 * MINUTE)
    assert minutes_of(sent.sent) == [0.5, 5.5]
    assert named_in(sent.sent[1].text) == {"SS-01", "SS-02", "SS-03"}


def test_a_critical_alarm_does_not_wait_for_the_interval(sent: Recorder) -> None:
    route(channel())
    raised_at(NOW, "SS-01")
    run(NOW + 30 * SECOND)
    raised_at(NOW + MINUTE, "SS-02", severity=CRITICAL)
    run(NOW + MINUTE)
    assert sent.subjects[1] == "Critical: SS-02 Capacitor bank failure"


def test_groups_of_different_sites_and_kinds_stay_apart(sent: Recorder) -> None:
    route(channel())
    raised_at(NOW, "SS-01", site="Harbour")
    raised_at(NOW, "SS-02", site="Mill")
    raised_at(NOW, "SS-01", site="Harbour", kind="unusual", cause="unusual_behaviour")
    run(NOW + MINUTE)
    assert len(sent.sent) == 3


def test_over_the_cap_everything_comes_in_one_message_the_newest_critical_first(sent: Recorder) -> None:
    route(channel(per_minute=1))
    for number in range(6):
        raised_at(NOW, f"SS-0{number}", site=f"Site {number}")
    run(NOW + 30 * SECOND)
    first = {"SS-0" + str(number) for number in range(6)}
    assert len(sent.sent) == 1
    assert named_in(sent.sent[0].text) == first
    raised_at(NOW + 31 * SECOND, "SS-10", site="A", severity=CRITICAL)
    raised_at(NOW + 32 * SECOND, "SS-11", site="B", severity=CRITICAL)
    raised_at(NOW + 33 * SECOND, "SS-12", site="C")
    run_until(NOW + 33 * SECOND, NOW + 30 * MINUTE, timedelta(seconds=1))
    subjects = sent.subjects[1:]
    assert subjects[0] == "Critical: SS-11 Capacitor bank failure and 2 more alerts"
    assert minutes_of(sent.sent[1:2]) == [1.5]
    assert {word for message in sent.sent for word in named_in(message.text)} == first | {"SS-10", "SS-11", "SS-12"}


def test_a_wait_for_the_cap_that_outlasts_the_alert_gives_one_message_that_says_both(sent: Recorder) -> None:
    route(channel(per_minute=1))
    raised_at(NOW, "SS-00", site="Other")
    run(NOW + 30 * SECOND)
    alert = raised_at(NOW + 31 * SECOND, "SS-01", severity=CRITICAL)
    cleared_at(alert, NOW + 60 * SECOND)
    run_until(NOW + 60 * SECOND, NOW + 10 * MINUTE)
    assert len(sent.sent) == 2
    assert "Raised · Cleared" in sent.sent[1].text


def test_how_it_went_on_is_said_at_most_once_in_three_minutes_thrice_in_twenty_eight_times_in_two_hours(
    sent: Recorder,
) -> None:
    route(channel(per_minute=5), interval_s=0, wait_s=0)
    alerts = [raised_at(NOW, f"SS-{number:02d}", site=f"Site {number}") for number in range(30)]
    run(NOW)
    for number, alert in enumerate(alerts, 1):
        cleared_at(alert, NOW + 2 * number * MINUTE)
        run_until(NOW + 2 * number * MINUTE, NOW + (2 * number + 1) * MINUTE, MINUTE)
    run_until(NOW + HOUR, NOW + 4 * HOUR, MINUTE)
    updates = [message for message in sent.sent if message.kind == "update"]
    at = [message.created_at for message in updates]
    for window, most in ((3 * MINUTE, 1), (20 * MINUTE, 3), (2 * HOUR, 8)):
        assert all(sum(start <= each < start + window for each in at) <= most for start in at)
    assert {word for message in updates for word in named_in(message.text)} == {
        alert.substation.code for alert in alerts
    }


def test_an_update_does_not_overtake_its_alarm(sent: Recorder) -> None:
    route(channel())
    alert = raised_at(NOW)
    sent.is_down = True
    run(NOW + MINUTE)
    cleared_at(alert, NOW + 2 * MINUTE)
    run(NOW + 2 * MINUTE + SECOND)
    sent.is_down = False
    run_until(NOW + 3 * MINUTE, NOW + HOUR, MINUTE)
    assert [message.kind for message in sent.sent] == ["alarm", "update"]


def quiet(user: Any, start: time, end: time, zone: str = "UTC", *, critical: bool = True) -> None:
    QuietHours.objects.create(user=user, start=start, end=end, time_zone=zone, critical_passes=critical)


def test_at_night_a_critical_alarm_passes_and_a_warning_waits_for_the_morning_digest(
    sent: Recorder, person: Any
) -> None:
    anna = person("operator")
    quiet(anna, time(22), time(6))
    route(channel(owner=anna))
    night = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    raised_at(night, "SS-01", severity=CRITICAL)
    raised_at(night, "SS-02")
    over = raised_at(night, "SS-03")
    run_until(night, night + 2 * HOUR, MINUTE)
    assert sent.subjects == ["Critical: SS-01 Capacitor bank failure"]
    cleared_at(over, night + 3 * HOUR)
    run_until(night + 2 * HOUR, night + 8 * HOUR, MINUTE)
    assert sent.subjects[1:] == ["1 alert is still open"]
    assert named_in(sent.sent[1].text) == {"SS-02"}
    assert sent.sent[1].created_at == datetime(2026, 3, 3, 6, 0, tzinfo=UTC)


def test_a_night_in_which_everything_cleared_ends_without_a_message(sent: Recorder, person: Any) -> None:
    anna = person("operator")
    quiet(anna, time(22), time(6), critical=False)
    route(channel(owner=anna))
    night = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    alert = raised_at(night, severity=CRITICAL)
    run(night)
    cleared_at(alert, night + HOUR)
    run_until(night + HOUR, night + 9 * HOUR, 10 * MINUTE)
    assert sent.sent == []


def test_quiet_hours_of_one_person_hold_back_nobody_elses_messages(sent: Recorder, person: Any) -> None:
    anna = person("operator")
    quiet(anna, time(0), time(23))
    route(channel("anna", owner=anna), channel("everybody"))
    raised_at(NOW)
    run(NOW + MINUTE)
    assert [message.channel.name for message in sent.sent] == ["everybody"]


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        (datetime(2026, 3, 28, 23, 0, tzinfo=BERLIN), datetime(2026, 3, 29, 4, 0, tzinfo=UTC)),  # an hour is missing
        (datetime(2026, 10, 24, 23, 0, tzinfo=BERLIN), datetime(2026, 10, 25, 5, 0, tzinfo=UTC)),  # an hour comes twice
    ],
)
def test_the_morning_comes_by_the_clock_on_the_wall_when_clocks_change(
    sent: Recorder, person: Any, evening: datetime, morning: datetime
) -> None:
    anna = person("operator")
    quiet(anna, time(22), time(6), "Europe/Berlin")
    route(channel(owner=anna))
    start = evening.astimezone(UTC)
    raised_at(start)
    run_until(start, start + 10 * HOUR, 10 * MINUTE)
    assert [message.created_at for message in sent.sent] == [morning]


@settings(max_examples=100)
@given(
    st.integers(0, 1439), st.integers(0, 1439), st.timedeltas(timedelta(0), timedelta(days=365)),
    st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)  # fmt: skip
def test_quiet_hours_always_end_within_a_day_and_say_when(
    start: int, end: int, into_the_year: timedelta, zone: str
) -> None:
    quiet_time = QuietTime(time(*divmod(start, 60)), time(*divmod(end, 60)), ZoneInfo(zone))
    now = datetime(2026, 1, 1, tzinfo=UTC) + into_the_year
    ends = quiet_time.ends_at(now)
    assert not quiet_time.holds(ends)
    assert timedelta() <= ends - now <= timedelta(hours=26)
    if ends > now + MINUTE:
        assert quiet_time.holds(ends - MINUTE)


@given(st.lists(st.integers(0, 7200), max_size=30), st.integers(0, 5))
def test_a_budget_is_never_exceeded(ages: list[int], per_minute: int) -> None:
    left = rate_caps.budget([NOW - timedelta(seconds=age) for age in ages], per_minute, NOW)
    recent = sum(age < 60 for age in ages)
    assert left is None if per_minute == 0 else left == max(0, per_minute - recent)


def test_a_message_about_hundreds_lists_some_and_counts_the_rest(sent: Recorder) -> None:
    route(channel())
    for number in range(120):
        raised_at(NOW, f"SS-{number:03d}")
    run(NOW + MINUTE)
    body = json.loads(sent.sent[0].body)
    assert (len(body["data"]["alerts"]), body["data"]["left_out"]) == (20, 100)
    assert "And 100 more alerts" in sent.sent[0].text
    assert len(sent.sent[0].short) <= 160


def test_a_channel_that_is_taken_out_of_use_gets_nothing_more(sent: Recorder) -> None:
    target = channel()
    route(target)
    raised_at(NOW)
    run(NOW)
    target.is_enabled = False
    target.save()
    run(NOW + MINUTE)
    assert sent.sent == []
    assert Delivery.objects.get().note == "The channel is not in use."


def test_acknowledged_while_it_waits_for_the_cap_is_said_in_the_same_message(sent: Recorder, person: Any) -> None:
    route(channel(per_minute=1))
    raised_at(NOW, "SS-00", site="Other")
    run(NOW + 30 * SECOND)
    alert = raised_at(NOW + 31 * SECOND, "SS-01", severity=CRITICAL)
    acknowledged_at(alert, NOW + 50 * SECOND, person("operator"))
    run_until(NOW + 50 * SECOND, NOW + 10 * MINUTE)
    assert "Raised · Acknowledged by operator-user" in sent.sent[1].text
