"""Policies: steps while nobody acknowledges, snapshots, on-call duty, reminders, and when all of it stops."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from alerts.lifecycle import Transition
from notifications.on_call import Replacement, Roster
from notifications.on_call_models import (
    Absence,
    EscalationPolicy,
    OnCallRotation,
    PolicyStep,
    RotationMember,
    RotationOverride,
)
from notifications.outbox_models import Delivery
from notifications.route_models import Escalation

from .notification_scenes import (
    CRITICAL,
    HOUR,
    MINUTE,
    NOW,
    Recorder,
    acknowledged_at,
    changed_at,
    channel,
    cleared_at,
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


def policy(*steps: tuple[int, Any], reminder: int = 0) -> EscalationPolicy:
    made = EscalationPolicy.objects.create(name="three lines", reminder_minutes=reminder)
    for minutes, target in steps:
        field = {"User": "user", "OnCallRotation": "rotation"}.get(type(target).__name__, "channel")
        PolicyStep.objects.create(policy=made, after_minutes=minutes, **{field: target})
    return made


def reached(sent: Recorder, kind: str = "alarm") -> list[tuple[str, float]]:
    return [
        (message.channel.name, (message.created_at - NOW) / MINUTE) for message in sent.sent if message.kind == kind
    ]


def three_lines(reminder: int = 0) -> EscalationPolicy:
    made = policy((0, channel("first")), (10, channel("second")), (30, channel("third")), reminder=reminder)
    route(policy=made)
    return made


def test_each_line_is_called_in_its_turn_until_the_last(sent: Recorder) -> None:
    three_lines()
    raised_at(NOW, severity=CRITICAL)
    run_until(NOW, NOW + 2 * HOUR)
    assert reached(sent) == [("first", 0), ("second", 10), ("third", 30)]
    assert Escalation.objects.get().state == "finished"


def test_an_acknowledgement_stops_it_and_tells_those_who_were_called(sent: Recorder, admin_user: User) -> None:
    three_lines()
    alert = raised_at(NOW, severity=CRITICAL)
    run_until(NOW, NOW + 15 * MINUTE)
    acknowledged_at(alert, NOW + 15 * MINUTE, admin_user)
    run_until(NOW + 15 * MINUTE, NOW + 2 * HOUR, MINUTE)
    assert reached(sent) == [("first", 0), ("second", 10)]
    assert {name for name, _at in reached(sent, "update")} == {"first", "second"}


@pytest.mark.parametrize("transition", [Transition.SHELVE, Transition.SUSPEND])
def test_what_is_put_aside_calls_nobody(sent: Recorder, transition: Transition) -> None:
    three_lines()
    alert = raised_at(NOW, severity=CRITICAL)
    run(NOW)
    changed_at(alert, transition, NOW + 5 * MINUTE)
    run_until(NOW + 5 * MINUTE, NOW + 2 * HOUR, MINUTE)
    assert reached(sent) == [("first", 0)]
    assert Escalation.objects.get().state == "stopped"


def test_what_clears_calls_nobody_any_more(sent: Recorder) -> None:
    three_lines()
    alert = raised_at(NOW, severity=CRITICAL)
    run(NOW)
    cleared_at(alert, NOW + 5 * MINUTE)
    run_until(NOW + 5 * MINUTE, NOW + 2 * HOUR, MINUTE)
    assert reached(sent) == [("first", 0)]


def test_a_change_of_the_policy_reaches_later_alerts_alone(sent: Recorder) -> None:
    made = three_lines()
    raised_at(NOW, severity=CRITICAL)
    run(NOW)
    made.steps.all().delete()
    run_until(NOW, NOW + HOUR, MINUTE)
    assert [name for name, _at in reached(sent)] == ["first", "second", "third"]


def test_a_step_that_reaches_nobody_passes_on_at_once(sent: Recorder, person: Any) -> None:
    nobody = person("operator")  # has no channel
    route(policy=policy((0, nobody), (30, channel("second"))))
    raised_at(NOW, severity=CRITICAL)
    run_until(NOW, NOW + MINUTE)
    assert reached(sent) == [("second", 0)]
    assert Escalation.objects.get().note == "Step 1 reached nobody."


def test_a_person_who_left_is_not_called_and_gets_nothing(sent: Recorder, person: Any) -> None:
    gone = person("operator")
    channel("gone", owner=gone)
    route(channel("hers", owner=gone), policy=policy((0, gone), (5, channel("second"))))
    gone.is_active = False
    gone.save()
    raised_at(NOW, severity=CRITICAL)
    run_until(NOW, NOW + MINUTE)
    assert reached(sent) == [("second", 0)]


def test_an_old_forgotten_alert_wakes_nobody(sent: Recorder) -> None:
    """The system stood still for days between two steps."""
    three_lines()
    raised_at(NOW, severity=CRITICAL)
    run(NOW)
    run_until(NOW + timedelta(days=3), NOW + timedelta(days=3, hours=1), MINUTE)
    assert reached(sent) == [("first", 0)]


def test_reminders_come_while_it_is_acknowledged_and_still_present(sent: Recorder, admin_user: User) -> None:
    three_lines(reminder=60)
    alert = raised_at(NOW, severity=CRITICAL)
    run(NOW)
    acknowledged_at(alert, NOW + 5 * MINUTE, admin_user)
    run_until(NOW + 5 * MINUTE, NOW + 130 * MINUTE, MINUTE)
    reminders = Delivery.objects.filter(reason="reminder")
    assert len(reminders) == 2
    cleared_at(alert, NOW + 140 * MINUTE)
    run_until(NOW + 140 * MINUTE, NOW + 5 * HOUR, MINUTE)
    assert Delivery.objects.filter(reason="reminder").count() == 2
    assert any("Acknowledged, still present" in message.text for message in sent.sent)


def test_a_step_is_taken_once_however_many_workers_look(sent: Recorder) -> None:
    from notifications import escalations, routing

    three_lines()
    raised_at(NOW, severity=CRITICAL)
    routing.route_new(now=NOW)
    stale = Escalation.objects.select_related("alert__substation", "event").get()
    assert escalations.take_due_steps(now=NOW) == 1
    assert escalations._take(stale, now=NOW) is False
    assert Delivery.objects.count() == 1


def rotation(*users: User, **values: Any) -> OnCallRotation:
    fields: dict[str, Any] = {"time_zone": "UTC", "handover": time(8), "days": 7, "first_day": date(2026, 3, 2)}
    made = OnCallRotation.objects.create(name="line one", **fields | values)
    for position, user in enumerate(users, 1):
        RotationMember.objects.create(rotation=made, user=user, position=position)
    return made


def test_whoever_is_on_call_when_the_step_is_due_is_called(sent: Recorder, person: Any) -> None:
    anna, ben = person("operator"), person("engineer")
    channel("anna", owner=anna)
    channel("ben", owner=ben)
    duty = rotation(anna, ben)
    route(policy=policy((0, duty)))
    raised_at(NOW, "SS-01", severity=CRITICAL)
    run(NOW)
    RotationOverride.objects.create(rotation=duty, user=ben, start=NOW + HOUR, end=NOW + 2 * HOUR)
    raised_at(NOW + HOUR, "SS-02", severity=CRITICAL)
    run(NOW + HOUR)
    Absence.objects.create(user=anna, first_day=date(2026, 3, 2), last_day=date(2026, 3, 2))
    raised_at(NOW + 3 * HOUR, "SS-03", severity=CRITICAL)
    run(NOW + 3 * HOUR)
    assert [name for name, _at in reached(sent)] == ["anna", "ben", "ben"]


UTC_ROSTER = {"first_day": date(2026, 3, 2), "handover": time(8), "days": 7, "zone": UTC}


@pytest.mark.parametrize(
    ("at", "on_call"),
    [
        (datetime(2026, 3, 2, 8, 0, tzinfo=UTC), 1),
        (datetime(2026, 3, 9, 7, 59, tzinfo=UTC), 1),
        (datetime(2026, 3, 9, 8, 0, tzinfo=UTC), 2),
        (datetime(2026, 3, 16, 8, 0, tzinfo=UTC), 3),
        (datetime(2026, 3, 23, 8, 0, tzinfo=UTC), 1),
        (datetime(2026, 3, 2, 7, 59, tzinfo=UTC), 3),  # before the first day: the turn before
    ],
)
def test_turns_change_at_the_handover(at: datetime, on_call: int) -> None:
    assert Roster([1, 2, 3], **UTC_ROSTER).on_call(at) == on_call  # type: ignore[arg-type]


def test_a_handover_stays_at_its_hour_when_clocks_change() -> None:
    zone = ZoneInfo("Europe/Berlin")
    roster = Roster([1, 2], date(2026, 3, 28), time(8), 1, zone)
    assert roster.on_call(datetime(2026, 3, 29, 7, 59, tzinfo=zone)) == 1
    assert roster.on_call(datetime(2026, 3, 29, 8, 0, tzinfo=zone)) == 2
    assert roster.on_call(datetime(2026, 10, 25, 7, 59, tzinfo=zone)) == roster.on_call(
        datetime(2026, 10, 24, 8, 0, tzinfo=zone)
    )


def test_on_a_holiday_the_next_member_takes_the_turn_and_without_anybody_nobody_does() -> None:
    away = {1: [(date(2026, 3, 3), date(2026, 3, 4))]}
    roster = Roster([1, 2], **UTC_ROSTER, away=away)  # type: ignore[arg-type]
    at = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
    assert roster.on_call(at) == 2
    assert roster.on_call(at + timedelta(days=2)) == 1
    assert Roster([1], **UTC_ROSTER, away=away).on_call(at) is None  # type: ignore[arg-type]
    assert Roster([], **UTC_ROSTER).on_call(at) is None  # type: ignore[arg-type]


def test_of_two_replacements_the_one_that_was_entered_last_counts() -> None:
    start, end = datetime(2026, 3, 3, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)
    roster = Roster([1], **UTC_ROSTER, replacements=[Replacement(2, start, end), Replacement(3, start, end)])  # type: ignore[arg-type]
    assert roster.on_call(start) == 3
    assert roster.on_call(end) == 1


@given(
    st.integers(1, 5), st.integers(1, 10), st.integers(0, 23), st.integers(-300, 900),
    st.sampled_from(["Europe/Berlin", "America/New_York", "UTC", "Asia/Kolkata"]),
)  # fmt: skip
def test_without_absences_somebody_is_always_on_call_and_each_has_a_turn(
    people: int, days: int, handover: int, day: int, zone: str
) -> None:
    roster = Roster(list(range(people)), date(2026, 6, 1), time(handover), days, ZoneInfo(zone))
    local = datetime(2026, 6, 1, 12, tzinfo=ZoneInfo(zone)) + timedelta(days=day)
    turns = [roster.on_call(local + timedelta(days=days * number)) for number in range(people)]
    assert sorted(each for each in turns if each is not None) == list(range(people))
