"""The table of moves, and any order of them against the database."""

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

from alerts import lifecycle, review, services, shelf
from alerts.changes import Conflict
from alerts.lifecycle import Condition, Move, Refused, State, Suppression, Word
from alerts.models import Alert, AlertEvent
from mlcore.models import Detection

from .desk import FINDINGS, HOUR, START, detected, revised, station

NEW = State()
ACKED = State(acknowledged=True)
GONE = State(Condition.CLEARED)
LATCHED = State(Condition.CLEARED, acknowledged=True)
CLOSED = State(Condition.CLEARED, acknowledged=True, closed=True)
CLOSED_ACTIVE = State(Condition.ACTIVE, closed=True)
REOPENED = State(Condition.ACTIVE)
SHELVED = State(suppression=Suppression.SHELVED)
AT_WORK = State(acknowledged=True, suppression=Suppression.OUT_OF_SERVICE)

VERBS = ["acknowledge", "unacknowledge", "resolve", "comment", "shelve", "unshelve"]

TABLE = [
    # move, from, to where it is latched, to where it is not
    (Move.ESCALATE, NEW, NEW, NEW),
    (Move.ESCALATE, ACKED, NEW, NEW),
    (Move.ESCALATE, LATCHED, GONE, GONE),
    (Move.EASE, NEW, NEW, NEW),
    (Move.EASE, ACKED, ACKED, ACKED),
    (Move.CLEAR, NEW, GONE, GONE),
    (Move.CLEAR, ACKED, LATCHED, CLOSED),
    (Move.CLEAR, CLOSED_ACTIVE, State(Condition.CLEARED, closed=True), State(Condition.CLEARED, closed=True)),
    (Move.RETURN, GONE, NEW, NEW),
    (Move.RETURN, LATCHED, NEW, NEW),
    (Move.ACKNOWLEDGE, NEW, ACKED, ACKED),
    (Move.ACKNOWLEDGE, GONE, LATCHED, CLOSED),
    (Move.UNACKNOWLEDGE, ACKED, NEW, NEW),
    (Move.UNACKNOWLEDGE, LATCHED, GONE, GONE),
    (Move.RESOLVE, NEW, CLOSED_ACTIVE, CLOSED_ACTIVE),
    (Move.RESOLVE, LATCHED, CLOSED, CLOSED),
    (Move.REOPEN, CLOSED, REOPENED, REOPENED),
    (Move.REOPEN, CLOSED_ACTIVE, REOPENED, REOPENED),
    (Move.SUPERSEDE, GONE, State(Condition.CLEARED, closed=True), State(Condition.CLEARED, closed=True)),
    (Move.WITHDRAW, GONE, State(Condition.CLEARED, closed=True), State(Condition.CLEARED, closed=True)),
    (Move.SUSPEND, ACKED, AT_WORK, AT_WORK),
    (Move.RESUME, AT_WORK, NEW, NEW),
    (Move.RESUME, replace(AT_WORK, condition=Condition.CLEARED), LATCHED, LATCHED),
    (Move.SHELVE, NEW, SHELVED, SHELVED),
    (Move.SHELVE, GONE, replace(SHELVED, condition=Condition.CLEARED), replace(SHELVED, condition=Condition.CLEARED)),
    (Move.UNSHELVE, SHELVED, NEW, NEW),
    (Move.UNSHELVE, replace(SHELVED, acknowledged=True), NEW, NEW),
    (Move.COMMENT, NEW, NEW, NEW),
    (Move.COMMENT, CLOSED, CLOSED, CLOSED),
]
REFUSED = [
    *((move, CLOSED) for move in (Move.ESCALATE, Move.EASE, Move.CLEAR, Move.RETURN, Move.ACKNOWLEDGE)),
    *((move, CLOSED) for move in (Move.UNACKNOWLEDGE, Move.RESOLVE, Move.SUPERSEDE)),
    (Move.CLEAR, GONE),
    (Move.RETURN, NEW),
    (Move.RETURN, CLOSED_ACTIVE),
    (Move.ACKNOWLEDGE, ACKED),
    (Move.UNACKNOWLEDGE, NEW),
    (Move.REOPEN, NEW),
    (Move.SUPERSEDE, ACKED),
    (Move.WITHDRAW, NEW),
    (Move.SUSPEND, AT_WORK),
    (Move.RESUME, NEW),
    (Move.SHELVE, SHELVED),
    (Move.SHELVE, AT_WORK),
    (Move.SHELVE, CLOSED),
    (Move.UNSHELVE, NEW),
    (Move.UNSHELVE, AT_WORK),
    (Move.SUSPEND, SHELVED),
    (Move.RAISE, NEW),
    (Move.RECORD, NEW),
]


@pytest.mark.parametrize(("move", "before", "latched", "free"), TABLE)
def test_each_move_of_the_table_leads_where_it_says(move: Move, before: State, latched: State, free: State) -> None:
    assert lifecycle.after(before, move, latched=True) == latched
    assert lifecycle.after(before, move, latched=False) == free


@pytest.mark.parametrize(("move", "before"), REFUSED)
def test_what_the_table_does_not_name_is_refused(move: Move, before: State) -> None:
    with pytest.raises(Refused) as refused:
        lifecycle.after(before, move, latched=False)
    assert before.word.label in str(refused.value)


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (NEW, Word.UNACKNOWLEDGED),
        (ACKED, Word.ACKNOWLEDGED),
        (GONE, Word.CLEARED_UNACKNOWLEDGED),
        (LATCHED, Word.CLEARED_LATCHED),
        (CLOSED, Word.CLOSED),
        (State(suppression=Suppression.SHELVED), Word.SHELVED),
        (State(suppression=Suppression.BY_DESIGN), Word.BY_DESIGN),
        (State(suppression=Suppression.OUT_OF_SERVICE, acknowledged=True), Word.OUT_OF_SERVICE),
        (State(suppression=Suppression.SHELVED, closed=True), Word.CLOSED),
    ],
)
def test_the_three_dimensions_give_one_word(state: State, word: Word) -> None:
    assert state.word is word
    assert word.label


def test_suppression_is_kept_by_moves_of_the_data() -> None:
    shelved = State(suppression=Suppression.SHELVED)
    assert lifecycle.after(shelved, Move.CLEAR, latched=True).suppression is Suppression.SHELVED


def test_every_move_has_a_word_and_every_action_fits_its_column() -> None:
    longest = AlertEvent._meta.get_field("action").max_length or 0
    assert set(lifecycle.ACTION_WORDS) == set(Move)
    assert max(len(move) for move in Move) <= longest


def replayed(events: list[AlertEvent]) -> State:
    """The state that an event log leads to, by the table alone. A critical alert latches."""
    state, peak = State(), 0
    for event in events:
        if event.action in (Move.RAISE, Move.RECORD):
            state = State(Condition.CLEARED, closed=True) if event.action == Move.RECORD else State()
        else:
            assert event.state_before == state.word
            latched = peak >= Detection.Severity.CRITICAL
            state = lifecycle.after(state, Move(event.action), latched=latched)
        peak = max(peak, event.severity_after)
        assert event.state_after == state.word
    return state


class Desk(RuleBasedStateMachine):
    """Detections come, change and go; operators and the clock do what they like, often with an old copy in hand."""

    def __init__(self) -> None:
        super().__init__()
        self.sandbox = transaction.atomic()
        self.sandbox.__enter__()  # each example starts from an empty desk, and is rolled back by teardown

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
            assert alert.condition == Alert.Condition.ACTIVE or false_alarm
            assert alert.closed_at is None or closed_by_hand

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            transaction.set_rollback(True)
            self.sandbox.__exit__(None, None, None)

    def settle(self) -> None:
        """Whatever was changed last, reviewing ends, and the desk then tells the truth."""
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
    run_state_machine_as_test(Desk, settings=settings(few, suppress_health_check=list(HealthCheck)))
