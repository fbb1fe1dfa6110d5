"""A clock that goes back: nothing waits for hours for a time that was wrong, and what was told apart stays apart."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery.beat import ScheduleEntry
from celery.schedules import schedule
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from mlcore.models import ScoringFailure
from notifications.heartbeat import late_pulses
from notifications.models import Escalation, NotificationChannel, NotificationRoute, OutgoingMessage, Pulse
from notifications.tests.notification_scenes import raised_at
from smart_ems import clock_steps
from smart_ems.beat import SteadyScheduler
from smart_ems.celery import app
from substations.models import PendingRange, Substation

NOW = datetime.fromisoformat("2026-11-26T12:00:00+00:00")
DAY, HOUR, MINUTE, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
AHEAD = NOW + DAY


@pytest.fixture
def day_ahead(db: None) -> None:
    """The last sweep beat by a clock that was a day ahead."""
    Pulse.objects.create(name="sweep", at=AHEAD)


def leased(until: datetime) -> PendingRange:
    substation = Substation.objects.create(code=f"S-{uuid.uuid4().hex[:8]}")
    return PendingRange.objects.create(
        substation=substation, start=NOW, end=NOW, claimed_by=uuid.uuid4(), claimed_until=until
    )


def message(created_at: datetime, next_at: datetime, **values: Any) -> OutgoingMessage:
    to = NotificationChannel.objects.get_or_create(name="file", defaults={"kind": "file"})[0]
    return OutgoingMessage.objects.create(
        channel=to, kind="test", subject="x", body="{}", created_at=created_at, next_at=next_at, **values
    )


@pytest.mark.usefixtures("day_ahead")
class TestWhenTheClockWentBack:
    def test_a_lease_runs_out_as_it_would_have(self) -> None:
        before, after = leased(AHEAD + 20 * SECOND), leased(NOW + 10 * SECOND)
        assert clock_steps.put_right(now=NOW) == DAY
        before.refresh_from_db()
        after.refresh_from_db()
        assert before.claimed_until == NOW + 30 * SECOND
        assert after.claimed_until == NOW + 10 * SECOND
        assert PendingRange.objects.unclaimed(NOW + 31 * SECOND).count() == 2

    def test_a_failure_is_tried_again(self) -> None:
        substation = Substation.objects.create(code="A")
        values = {"reason": "x", "first_failed_at": AHEAD, "failed_at": AHEAD, "retry_at": AHEAD + HOUR}
        ScoringFailure.objects.create(pk=substation.pk, **values)
        clock_steps.put_right(now=NOW)
        assert ScoringFailure.objects.held_back(NOW) == set()

    def test_a_message_keeps_the_distance_it_had(self) -> None:
        was_due = message(AHEAD - HOUR, AHEAD - MINUTE)
        waits = message(AHEAD - HOUR, AHEAD + 30 * MINUTE)
        old = message(NOW - DAY, AHEAD + 5 * HOUR)
        of_now = message(NOW - SECOND, NOW + 30 * SECOND)
        sent = message(AHEAD, AHEAD + MINUTE, state="sent")
        clock_steps.put_right(now=NOW)
        times = dict(OutgoingMessage.objects.values_list("pk", "next_at"))
        assert times == {
            was_due.pk: NOW, waits.pk: NOW + 30 * MINUTE, old.pk: NOW + 5 * HOUR, of_now.pk: NOW + 30 * SECOND,
            sent.pk: AHEAD + MINUTE,
        }  # fmt: skip

    def test_an_escalation_takes_its_next_step_when_it_would_have(self) -> None:
        event = raised_at(AHEAD - 5 * MINUTE).events.get()
        kept = Escalation.objects.create(
            alert=event.alert, event=event, route=NotificationRoute.objects.create(name="r"), policy_name="p",
            state=Escalation.EscalationState.RUNNING, next_at=AHEAD + 10 * MINUTE, created_at=event.at,
        )  # fmt: skip
        clock_steps.put_right(now=NOW)
        kept.refresh_from_db()
        assert kept.next_at == NOW + 10 * MINUTE

    def test_once(self) -> None:
        assert clock_steps.put_right(now=NOW) == DAY
        Pulse.objects.update(at=NOW)  # as the sweep does
        assert clock_steps.put_right(now=NOW + SECOND) is None

    def test_nothing_is_said_to_be_fresh_by_a_clock_that_was_ahead(self) -> None:
        assert "sweep" in {each.name for each in late_pulses(now=NOW)}


@pytest.mark.django_db
@given(st.integers(-86_400, 299))
def test_a_clock_that_goes_on_or_differs_a_little_moves_nothing(ahead_s: int) -> None:
    Pulse.objects.update_or_create(name="sweep", defaults={"at": NOW + ahead_s * SECOND})
    assert clock_steps.put_right(now=NOW) is None


@pytest.mark.django_db
def test_before_anything_ran_nothing_is_moved() -> None:
    assert clock_steps.put_right(now=NOW) is None


class TestBeat:
    """What Celery's own scheduler sends only when the clock is where it was before."""

    @pytest.fixture
    def sent(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        names: list[str] = []
        monkeypatch.setattr(SteadyScheduler, "apply_entry", lambda self, entry, producer=None: names.append(entry.name))
        monkeypatch.setattr(SteadyScheduler, "setup_schedule", lambda self: None)
        monkeypatch.setattr(SteadyScheduler, "producer", None)
        return names

    def scheduler(self, last_run_at: datetime) -> SteadyScheduler:
        made = SteadyScheduler(app=app, lazy=True, schedule_filename="")
        entries = {
            name: ScheduleEntry(
                name=name, task=name, schedule=schedule(every, app=app), last_run_at=last_run_at, app=app
            )
            for name, every in (("sweep", 10 * SECOND), ("score", 30 * SECOND))
        }
        vars(made)["_store"] = {"entries": entries}  # the file that Celery keeps
        return made

    def test_everything_is_due_an_interval_after_the_clock_went_back(self, sent: list[str]) -> None:
        beat = self.scheduler(timezone.now() + DAY)
        assert 0 < beat.tick() <= 10
        assert sent == []
        for entry in beat.schedule.values():
            entry.last_run_at = timezone.now() - MINUTE  # a minute later
        beat._heap = None
        while beat.tick() == 0:
            pass
        assert sorted(sent) == ["score", "sweep"]

    def test_a_clock_that_goes_on_is_left_to_celery(self, sent: list[str]) -> None:
        beat = self.scheduler(timezone.now() - MINUTE)
        heap_before = beat.tick() == 0 and beat._heap
        assert beat.tick() == 0
        assert beat._heap is heap_before
        assert sorted(sent) == ["score", "sweep"]

    def test_it_is_the_one_that_beat_uses(self) -> None:
        assert app.conf.beat_scheduler == "smart_ems.beat:SteadyScheduler"
