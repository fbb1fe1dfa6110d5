"""Any order of findings, people and the clock, early, late and twice: what must hold always."""

from __future__ import annotations

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

from alerts import assignment, lifecycle, planned, review, services, shelf, timers
from alerts.changes import Conflict
from alerts.lifecycle import Condition, DisplayState, LifecycleState, Refused, Suppression, Transition
from alerts.models import Alert, AlertEvent
from mlcore.models import Detection
from substations.models import Link, PlannedWork

from .alert_scenes import FINDINGS, HOUR, START, detected, revised, station

VERBS = ["acknowledge", "unacknowledge", "resolve", "comment", "shelve", "unshelve", "assign", "begin", "finish"]
OWNER = {"shelve": shelf, "unshelve": shelf, "assign": assignment, "begin": planned, "finish": planned}
Closure = Alert.Closure
BY_SYSTEM = {Closure.SUPERSEDED, Closure.WITHDRAWN, Closure.EXPIRED, Closure.RETROSPECTIVE, Closure.FLEETING}


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
        self.old_findings: list[Detection] = []
        Link.objects.create(source=station("A"), target=station("B"))
        Link.objects.create(source=station("A"), target=station("C"))
        Link.objects.create(source=station("A"), target=station("D"))

    def pick(self, number: int) -> Detection:
        return Detection.objects.get(pk=self.detections[number % len(self.detections)].pk)

    @rule(
        kind=st.sampled_from(["loss", "meter", "data_missing"]),
        severity=st.sampled_from([10, 20]),
        code=st.sampled_from(["A", "B", "C", "D"]),
        at_once=st.booleans(),
    )
    def begin(self, kind: str, severity: int, code: str, at_once: bool) -> None:
        self.hour += 1
        by_kind = {"meter": "stuck_value", "data_missing": "data_missing"}
        cause = by_kind.get(kind, ["capacitor_failure", "overload"][self.hour % 2])
        at = START + self.hour * timedelta(minutes=4)
        self.detections.append(detected(station(code), kind=kind, cause=cause, severity=severity, start=at))
        if at_once:
            review.review_changed()

    @rule(code=st.sampled_from(["B", "C", "D"]), child_first=st.booleans())
    def lose_the_data_of_a_feeder(self, code: str, child_first: bool) -> None:
        self.hour += 1
        codes = [code, "A"] if child_first else ["A", code]
        silent = {"kind": "data_missing", "cause": "data_missing", "start": START + self.hour * HOUR}
        missing = Detection.objects.ongoing().filter(kind="data_missing")
        for each in codes:
            if not missing.filter(substation=station(each)).exists():
                self.detections.append(detected(station(each), **silent))
            review.review_changed()
        assert Alert.objects.filter(substation=station(code), kind="data_missing").exists()

    @precondition(lambda self: Detection.objects.ongoing().filter(kind="data_missing").exists())
    @rule(hours=st.sampled_from([0, 1]))
    def find_the_supply_again(self, hours: int) -> None:
        self.hour += 1
        for found in Detection.objects.ongoing().filter(kind="data_missing", substation=station("A")):
            revised(found, end=max(START + self.hour * HOUR, found.start))
        review.review_changed()
        self.let_the_clock_go_on(hours)

    @rule(cause=st.sampled_from(["capacitor_failure", "overload"]), days=st.integers(1, 40))
    def find_afterwards(self, cause: str, days: int) -> None:
        self.hour += 1
        start = START - timedelta(days=days, minutes=self.hour)
        self.detections.append(detected(station("A"), cause=cause, start=start, end=start + HOUR))

    @rule(code=st.sampled_from(["A", "B"]), kind=st.sampled_from(["loss", "meter"]))
    def find_what_was_over_before(self, code: str, kind: str) -> None:
        """An older sample changes no alert that is open: it is history of its own."""
        self.hour += 1
        before = dict(Alert.objects.unresolved().values_list("pk", "version"))
        start = START - timedelta(days=50, minutes=self.hour)
        found = detected(station(code), kind=kind, cause="unusual_behaviour", start=start, end=start + HOUR)
        self.detections.append(found)
        current = Alert.objects.unresolved().filter(substation=found.substation, kind=kind).first()
        if current is None or current.raised_at <= start + HOUR:
            return
        alert = review.review(found, now=timezone.now())
        assert alert.closure == Closure.RETROSPECTIVE
        assert dict(Alert.objects.unresolved().values_list("pk", "version")) == before

    @rule()
    def remember_findings(self) -> None:
        self.old_findings = list(Detection.objects.select_related("substation").order_by("-pk")[:5])

    @precondition(lambda self: self.old_findings)
    @rule(number=st.integers(0, 9), times=st.integers(1, 2))
    def review_an_old_copy_of_a_finding(self, number: int, times: int) -> None:
        """Shuffled, late and twice: an old copy says nothing that the newest would not."""
        found = self.old_findings[number % len(self.old_findings)]
        for _ in range(times):
            try:
                with transaction.atomic():
                    alert = review.review(found, now=timezone.now())
            except Conflict:
                continue
            goes_on = any(each.detection.is_open for each in alert.episodes.select_related("detection"))
            assert alert.closed_at or alert.clear_due_at or (alert.condition == Condition.ACTIVE) == goes_on
        events = AlertEvent.objects.count()
        if Detection.objects.get(pk=found.pk).withdrawn_at is None:
            review.review(found, now=timezone.now())
            assert AlertEvent.objects.count() == events, "a third time something was new"

    @precondition(lambda self: self.detections)
    @rule(number=st.integers(0, 99), severity=st.sampled_from([10, 20]), at_once=st.booleans())
    def revise(self, number: int, severity: int, at_once: bool) -> None:
        found = self.pick(number)
        revised(found, severity=severity, loss_kwh=(found.loss_kwh or 0) + 1)
        if at_once:
            review.review_changed()

    @precondition(lambda self: Alert.objects.on_tab("").exists())
    @rule(then=st.sampled_from([10, 20, None]))
    def shelve_and_go_on(self, then: int | None) -> None:
        """What is put aside becomes worse, or ends, while it is."""
        alert = Alert.objects.on_tab("").latest("pk")
        announced = AlertEvent.objects.filter(alert=alert, announces=True).count()
        shelf.shelve(alert, by=self.user, minutes=60, note="later")
        for episode in alert.episodes.select_related("detection"):
            found = episode.detection
            if then is None:
                revised(found, end=found.end or found.start + HOUR)
            else:
                revised(found, severity=then)
        review.review_changed()
        assert AlertEvent.objects.filter(alert=alert, announces=True).count() == announced

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
            "assign": {"assignee": self.user},
            "begin": {"hours": 1, "reason": "Oil change"},
            "finish": {},
        }
        try:
            with transaction.atomic():
                getattr(OWNER.get(verb, services), verb)(alert, by=self.user, **arguments[verb])
        except (Refused, Conflict):
            assert AlertEvent.objects.count() == events
        else:
            assert not stale
            written = AlertEvent.objects.count() - events
            assert written == 1 or (written > 1 and verb in ("begin", "finish"))  # all alerts of the substation move

    @rule()
    def let_the_verify_window_pass(self) -> None:
        Alert.objects.filter(verify_at__isnull=False).update(verify_at=timezone.now() - HOUR)
        services.verify_due()

    @rule(hours=st.sampled_from([0, 1, 5, 25, 200]))
    def let_the_clock_go_on(self, hours: int) -> None:
        """However late the sweep runs, a second run finds nothing more to do, once off-delays have begun."""
        late = timezone.now() + hours * HOUR
        timers.follow(now=late)
        timers.follow(now=late)
        events = AlertEvent.objects.count()
        timers.follow(now=late)
        assert AlertEvent.objects.count() == events

    @rule()
    def let_the_work_end(self) -> None:
        PlannedWork.objects.all().delete()
        planned.follow(now=timezone.now())
        assert not Alert.objects.on_tab("out_of_service").exists()

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
    def nothing_is_announced_that_is_suppressed_or_acknowledged(self) -> None:
        states = AlertEvent.objects.filter(announces=True).values_list("state_after", flat=True)
        assert set(states) <= {DisplayState.UNACKNOWLEDGED.value}

    @invariant()
    def what_is_suppressed_says_by_what_and_until_when(self) -> None:
        for alert in Alert.objects.unresolved():
            by_design = alert.suppression == Suppression.BY_DESIGN
            assert by_design == (alert.suppression_reason != "")
            assert by_design or alert.suppressed_by_id is None
            assert alert.suppression not in ("shelved", "out_of_service") or alert.suppressed_until is not None
            assert alert.clear_due_at is None or alert.condition == Condition.ACTIVE

    @invariant()
    def nothing_is_closed_unacknowledged_without_a_reason_of_the_system_or_a_person(self) -> None:
        for alert in Alert.objects.filter(closed_at__isnull=False, acknowledged=False):
            assert alert.closure in {*BY_SYSTEM, Closure.RESOLVED}

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
    few = settings(max_examples=30, stateful_step_count=25, database=None)
    run_state_machine_as_test(AnyOrderOfActions, settings=settings(few, suppress_health_check=list(HealthCheck)))
