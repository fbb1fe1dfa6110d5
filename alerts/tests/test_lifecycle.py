"""The table of transitions, and any order of them against the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from alerts import display_names, lifecycle, review, services, shelf
from alerts.changes import Conflict
from alerts.lifecycle import Condition, DisplayState, LifecycleState, Refused, Suppression, Transition
from alerts.models import Alert, AlertEvent
from mlcore.models import Detection

from .alert_scenes import FINDINGS, HOUR, START, detected, revised, station

NEW = LifecycleState()
ACKED = LifecycleState(acknowledged=True)
GONE = LifecycleState(Condition.CLEARED)
LATCHED = LifecycleState(Condition.CLEARED, acknowledged=True)
CLOSED = LifecycleState(Condition.CLEARED, acknowledged=True, closed=True)
CLOSED_ACTIVE = LifecycleState(Condition.ACTIVE, closed=True)
REOPENED = LifecycleState(Condition.ACTIVE)
SHELVED = LifecycleState(suppression=Suppression.SHELVED)
AT_WORK = LifecycleState(acknowledged=True, suppression=Suppression.OUT_OF_SERVICE)

VERBS = ["acknowledge", "unacknowledge", "resolve", "comment", "shelve", "unshelve"]

TABLE = [
    # transition, from, to where it is latched, to where it is not
    (Transition.ESCALATE, NEW, NEW, NEW),
    (Transition.ESCALATE, ACKED, NEW, NEW),
    (Transition.ESCALATE, LATCHED, GONE, GONE),
    (Transition.DE_ESCALATE, NEW, NEW, NEW),
    (Transition.DE_ESCALATE, ACKED, ACKED, ACKED),
    (Transition.CLEAR, NEW, GONE, GONE),
    (Transition.CLEAR, ACKED, LATCHED, CLOSED),
    (
        Transition.CLEAR,
        CLOSED_ACTIVE,
        LifecycleState(Condition.CLEARED, closed=True),
        LifecycleState(Condition.CLEARED, closed=True),
    ),
    (Transition.RETURN, GONE, NEW, NEW),
    (Transition.RETURN, LATCHED, NEW, NEW),
    (Transition.ACKNOWLEDGE, NEW, ACKED, ACKED),
    (Transition.ACKNOWLEDGE, GONE, LATCHED, CLOSED),
    (Transition.UNACKNOWLEDGE, ACKED, NEW, NEW),
    (Transition.UNACKNOWLEDGE, LATCHED, GONE, GONE),
    (Transition.RESOLVE, NEW, CLOSED_ACTIVE, CLOSED_ACTIVE),
    (Transition.RESOLVE, LATCHED, CLOSED, CLOSED),
    (Transition.REOPEN, CLOSED, REOPENED, REOPENED),
    (Transition.REOPEN, CLOSED_ACTIVE, REOPENED, REOPENED),
    (
        Transition.SUPERSEDE,
        GONE,
        LifecycleState(Condition.CLEARED, closed=True),
        LifecycleState(Condition.CLEARED, closed=True),
    ),
    (
        Transition.WITHDRAW,
        GONE,
        LifecycleState(Condition.CLEARED, closed=True),
        LifecycleState(Condition.CLEARED, closed=True),
    ),
    (Transition.SUSPEND, ACKED, AT_WORK, AT_WORK),
    (Transition.RESUME, AT_WORK, NEW, NEW),
    (Transition.RESUME, replace(AT_WORK, condition=Condition.CLEARED), LATCHED, LATCHED),
    (Transition.SHELVE, NEW, SHELVED, SHELVED),
    (
        Transition.SHELVE,
        GONE,
        replace(SHELVED, condition=Condition.CLEARED),
        replace(SHELVED, condition=Condition.CLEARED),
    ),
    (Transition.UNSHELVE, SHELVED, NEW, NEW),
    (Transition.UNSHELVE, replace(SHELVED, acknowledged=True), NEW, NEW),
    (Transition.COMMENT, NEW, NEW, NEW),
    (Transition.COMMENT, CLOSED, CLOSED, CLOSED),
]
REFUSED = [
    *(
        (transition, CLOSED)
        for transition in (
            Transition.ESCALATE,
            Transition.DE_ESCALATE,
            Transition.CLEAR,
            Transition.RETURN,
            Transition.ACKNOWLEDGE,
        )
    ),
    *((transition, CLOSED) for transition in (Transition.RESOLVE, Transition.SUPERSEDE)),
    (Transition.UNACKNOWLEDGE, CLOSED_ACTIVE),
    (Transition.CLEAR, GONE),
    (Transition.RETURN, NEW),
    (Transition.RETURN, CLOSED_ACTIVE),
    (Transition.ACKNOWLEDGE, ACKED),
    (Transition.UNACKNOWLEDGE, NEW),
    (Transition.REOPEN, NEW),
    (Transition.SUPERSEDE, ACKED),
    (Transition.WITHDRAW, NEW),
    (Transition.SUSPEND, AT_WORK),
    (Transition.RESUME, NEW),
    (Transition.SHELVE, SHELVED),
    (Transition.SHELVE, AT_WORK),
    (Transition.SHELVE, CLOSED),
    (Transition.UNSHELVE, NEW),
    (Transition.UNSHELVE, AT_WORK),
    (Transition.SUSPEND, SHELVED),
    (Transition.RAISE, NEW),
    (Transition.RECORD, NEW),
]


@pytest.mark.parametrize(("transition", "before", "latched", "free"), TABLE)
def test_each_transition_of_the_table_leads_where_it_says(
    transition: Transition, before: LifecycleState, latched: LifecycleState, free: LifecycleState
) -> None:
    assert lifecycle.after(before, transition, latched=True) == latched
    assert lifecycle.after(before, transition, latched=False) == free


@pytest.mark.parametrize(("transition", "before"), REFUSED)
def test_what_the_table_does_not_name_is_refused(transition: Transition, before: LifecycleState) -> None:
    with pytest.raises(Refused) as refused:
        lifecycle.after(before, transition, latched=False)
    assert str(display_names.DISPLAY_STATES[before.display]) in display_names.explain(refused.value)


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (NEW, DisplayState.UNACKNOWLEDGED),
        (ACKED, DisplayState.ACKNOWLEDGED),
        (GONE, DisplayState.CLEARED_UNACKNOWLEDGED),
        (LATCHED, DisplayState.CLEARED_LATCHED),
        (CLOSED, DisplayState.CLOSED),
        (LifecycleState(suppression=Suppression.SHELVED), DisplayState.SHELVED),
        (LifecycleState(suppression=Suppression.BY_DESIGN), DisplayState.BY_DESIGN),
        (LifecycleState(suppression=Suppression.OUT_OF_SERVICE, acknowledged=True), DisplayState.OUT_OF_SERVICE),
        (LifecycleState(suppression=Suppression.SHELVED, closed=True), DisplayState.CLOSED),
    ],
)
def test_the_three_dimensions_give_one_display_state(state: LifecycleState, shown: DisplayState) -> None:
    assert state.display is shown
    assert display_names.DISPLAY_STATES[shown]


def test_suppression_is_kept_by_moves_of_the_data() -> None:
    shelved = LifecycleState(suppression=Suppression.SHELVED)
    assert lifecycle.after(shelved, Transition.CLEAR, latched=True).suppression is Suppression.SHELVED


def test_every_move_has_a_word_and_every_action_fits_its_column() -> None:
    longest = AlertEvent._meta.get_field("action").max_length or 0
    assert set(display_names.TRANSITIONS) == set(Transition)
    assert max(len(transition) for transition in Transition) <= longest


def replayed(events: list[AlertEvent]) -> LifecycleState:
    """The state that an event log leads to, by the table alone. A critical alert latches."""
    state, peak = LifecycleState(), 0
    for event in events:
        if event.action in (Transition.RAISE, Transition.RECORD):
            state = (
                LifecycleState(Condition.CLEARED, closed=True)
                if event.action == Transition.RECORD
                else LifecycleState()
            )
        else:
            assert event.state_before == state.display
            latched = peak >= Detection.Severity.CRITICAL
            state = lifecycle.after(state, Transition(event.action), latched=latched)
        peak = max(peak, event.severity_after)
        assert event.state_after == state.display
    return state


class AnyOrderOfActions(RuleBasedStateMachine):
    """Detections come, change and go; operators and the clock do what they like, often with an old copy in hand."""

    def __init__(self) -> None:
        super().__init__()
        self.sandbox = transaction.atomic()
        self.sandbox.__enter__()  # each example starts from an empty list, and is rolled back by teardown

    @initialize()
    def cast(self) -> None:
        self.user = User.objects.create_user(f"operator-{User.objects.count()}", is_superuser=True)
        self.detections: list[Detection] = []
        self.copies: list[Alert] = []
        self.hour = 0
        self.seen: dict[int, tuple[Any, ...]] = {}

    def pick(self, number: int) -> Detection:
        return Detection.objects.get(pk=self.detections[number % len(self.detections)].pk)

    @rule(kind=st.sampled_from(["loss", "meter"]), severity=st.sampled_from([10, 20]), code=st.sampled_from(["A", "B"]))
    def begin(self, kind: str, severity: int, code: str) -> None:
        self.hour += 1
        cause = ["capacitor_failure", "overload"][self.hour % 2] if kind == "loss" else "stuck_value"
        at = START + self.hour * HOUR
        self.detections.append(detected(station(code), kind=kind, cause=cause, severity=severity, start=at))

    @rule(cause=st.sampled_from(["capacitor_failure", "overload"]), days=st.integers(1, 40))
    def find_afterwards(self, cause: str, days: int) -> None:
        self.hour += 1
        start = START - timedelta(days=days, minutes=self.hour)
        self.detections.append(detected(station("A"), cause=cause, start=start, end=start + HOUR))

    @precondition(lambda self: self.detections)
    @rule(number=st.integers(0, 99), severity=st.sampled_from([10, 20]))
    def revise(self, number: int, severity: int) -> None:
        found = self.pick(number)
        revised(found, severity=severity, loss_kwh=(found.loss_kwh or 0) + 1)

    @precondition(lambda self: self.detections)
    @rule(number=st.integers(0, 99))
    def end(self, number: int) -> None:
        found = self.pick(number)
        self.hour += 1
        revised(found, end=max(START + self.hour * HOUR, found.start))

    @precondition(lambda self: self.detections)
    @rule(number=st.integers(0, 99))
    def come_back(self, number: int) -> None:
        revised(self.pick(number), end=None, withdrawn_at=None)

    @precondition(lambda self: self.detections)
    @rule(number=st.integers(0, 99))
    def withdraw(self, number: int) -> None:
        revised(self.pick(number), withdrawn_at=timezone.now())

    @rule()
    def review(self) -> None:
        review.review_changed()

    @rule()
    def remember_a_copy(self) -> None:
        self.copies = list(Alert.objects.order_by("-pk")[:4])

    @precondition(lambda self: Alert.objects.exists())
    @rule(verb=st.sampled_from(VERBS), number=st.integers(0, 9), old=st.booleans(),
          outcome=st.sampled_from(["fully_resolved", "false_alarm"]))  # fmt: skip
    def operate(self, verb: str, number: int, old: bool, outcome: str) -> None:
        held = self.copies if old and self.copies else list(Alert.objects.order_by("-pk"))
        alert = held[number % len(held)]
        stale = Alert.objects.get(pk=alert.pk).version != alert.version
        events = AlertEvent.objects.count()
        arguments: dict[str, dict[str, Any]] = {
            "acknowledge": {"note": "on it"},
            "unacknowledge": {"note": "not mine"},
            "resolve": {"findings": FINDINGS | {"outcome": outcome}},
            "comment": {"text": "seen"},
            "shelve": {"note": "later", "minutes": 60},
            "unshelve": {"note": "now"},
        }
        try:
            getattr(shelf if "shelve" in verb else services, verb)(alert, by=self.user, **arguments[verb])
        except (Refused, Conflict):
            assert AlertEvent.objects.count() == events
        else:
            assert not stale
            assert AlertEvent.objects.count() == events + 1

    @rule()
    def let_the_verify_window_pass(self) -> None:
        Alert.objects.filter(verify_at__isnull=False).update(verify_at=timezone.now() - HOUR)
        services.verify_due()

    @rule()
    def let_the_shelf_time_pass(self) -> None:
        Alert.objects.on_tab("shelved").update(suppressed_until=timezone.now())
        shelf.end_due(now=timezone.now())
        assert not Alert.objects.on_tab("shelved").exists()

    @invariant()
    def one_open_alert_of_a_key(self) -> None:
        keys = list(Alert.objects.unresolved().values_list("substation", "kind"))
        assert len(keys) == len(set(keys))

    @invariant()
    def the_log_tells_the_whole_story(self) -> None:
        for alert in Alert.objects.prefetch_related("events"):
            events = list(alert.events.order_by("seq"))
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            assert replayed(events) == alert.lifecycle_state
            assert events[-1].severity_after == alert.severity_now
            assert all(event.event_time <= event.at for event in events if event.action in ("raise", "record"))

    @invariant()
    def events_are_only_added(self) -> None:
        now = {event["id"]: tuple(event.values()) for event in AlertEvent.objects.values()}
        assert self.seen.items() <= now.items()
        self.seen = now

    @invariant()
    def an_alert_is_closed_with_a_reason_and_acknowledged_by_somebody(self) -> None:
        for alert in Alert.objects.all():
            assert (alert.closed_at is None) == (alert.closure == Alert.Closure.OPEN)
            assert alert.acknowledged == (alert.acknowledged_by_id is not None)
            assert alert.severity_peak >= alert.severity_now
            assert (alert.closure == Alert.Closure.RESOLVED) <= alert.resolutions.exists()

    @invariant()
    def nothing_that_goes_on_is_hidden(self) -> None:
        """Once reviewed, a detection that goes on has an open alert, unless a person closed that alert."""
        for detection in Detection.objects.ongoing().select_related("review__alert"):
            link = getattr(detection, "review", None)
            if link is None or link.revision < detection.revision:
                continue
            alert = link.alert
            closed_by_hand = alert.closure == Alert.Closure.RESOLVED
            false_alarm = closed_by_hand and alert.resolutions.first().outcome == "false_alarm"
            assert alert.condition == Condition.ACTIVE or false_alarm
            assert alert.closed_at is None or closed_by_hand

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            transaction.set_rollback(True)
            self.sandbox.__exit__(None, None, None)

    def settle(self) -> None:
        """Whatever was changed last, reviewing ends, and the list then tells the truth."""
        if Detection.objects.exists():
            while review.has_unreviewed():
                before = list(review.unreviewed())
                review.review_changed()
                assert len(review.unreviewed()) < len(before), "a revision was never reviewed"
            self.the_log_tells_the_whole_story()
            self.nothing_that_goes_on_is_hidden()


@pytest.mark.django_db
def test_any_order_of_moves_keeps_the_promises() -> None:
    few = settings(max_examples=25, stateful_step_count=25, deadline=None, database=None)
    run_state_machine_as_test(AnyOrderOfActions, settings=settings(few, suppress_health_check=list(HealthCheck)))
