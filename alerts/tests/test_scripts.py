"""The table of transitions as scripts: what the data, people and the clock do, and what the list says and announces.

W C        the readings show a warning, a critical fault          n    they are normal again
f          a warning that was over before anybody was told        x    found again not to have been there
ack unack resolve false shelve assign comment                     people
work done                                                         planned work begins, ends
upstream mended                                                   readings stop at the supply and here, return there
+4h +24h +7d                                                      the sweep, so much later
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from alerts import assignment, planned, review, services, shelf, timers
from alerts.lifecycle import Refused
from alerts.models import Alert, AlertEvent
from mlcore.models import Detection
from substations.models import Link

from .alert_scenes import CRITICAL, FINDINGS, START, WARNING, detected, fresh, revised, station

pytestmark = pytest.mark.django_db
LATER = {
    "+31m": timedelta(minutes=31),
    "+4h": timedelta(hours=4),
    "+24h": timedelta(hours=24),
    "+7d": timedelta(days=7),
}


class Script:
    """One substation behind a supply, and a clock of the readings that goes on ten minutes with each word."""

    def __init__(self) -> None:
        self.by = User.objects.create_user("ola", is_superuser=True)
        self.at, self.later = START, timedelta(0)
        Link.objects.create(source=station("HEAD"), target=station("A"))
        self.current: Detection | None = None

    @property
    def alert(self) -> Alert:
        mine = Alert.objects.filter(substation__code="A")
        return mine.unresolved().first() or mine.latest("pk")

    @property
    def now(self) -> datetime:
        return timezone.now() + self.later

    def say(self, word: str) -> str:
        self.at += timedelta(minutes=10)
        if word in LATER:
            self.later += LATER[word]
            self.sweep()
        else:
            getattr(self, f"do_{word}")()
        return str(self.alert.state)

    def sweep(self) -> None:
        """Twice: whatever is due is done once."""
        Alert.objects.filter(verify_at__lte=self.now).update(verify_at=timezone.now())
        services.verify_due()
        timers.follow(now=self.now)
        timers.follow(now=self.now)

    def find(self, severity: int, **values: Any) -> None:
        if self.current is not None and self.current.is_open:
            revised(Detection.objects.get(pk=self.current.pk), severity=severity)
        else:
            self.current = detected(station("A"), start=self.at, severity=severity, **values)
        review.review_changed()

    def do_W(self) -> None:  # noqa: N802 (the word of the script)
        self.find(WARNING)

    def do_C(self) -> None:  # noqa: N802 (the word of the script)
        self.find(CRITICAL)

    def do_f(self) -> None:
        self.find(WARNING, end=self.at + timedelta(minutes=5))

    def do_n(self) -> None:
        assert self.current is not None
        revised(Detection.objects.get(pk=self.current.pk), end=self.at)
        self.current.refresh_from_db()
        review.review_changed()

    def do_x(self) -> None:
        assert self.current is not None
        revised(Detection.objects.get(pk=self.current.pk), withdrawn_at=self.now)
        self.current.refresh_from_db()
        review.review_changed()

    def do_ack(self) -> None:
        services.acknowledge(self.alert, by=self.by)

    def do_unack(self) -> None:
        services.unacknowledge(self.alert, by=self.by, note="not mine")

    def do_resolve(self) -> None:
        services.resolve(self.alert, by=self.by, findings=FINDINGS)

    def do_false(self) -> None:
        services.resolve(self.alert, by=self.by, findings=FINDINGS | {"outcome": "false_alarm"})

    def do_shelve(self) -> None:
        shelf.shelve(self.alert, by=self.by, minutes=60, note="later")

    def do_unshelve(self) -> None:
        shelf.unshelve(self.alert, by=self.by)

    def do_assign(self) -> None:
        assignment.assign(self.alert, by=self.by, assignee=self.by)

    def do_comment(self) -> None:
        services.comment(self.alert, by=self.by, text="seen")

    def do_work(self) -> None:
        planned.begin(self.alert, by=self.by, hours=2, reason="Oil change")

    def do_done(self) -> None:
        planned.finish(self.alert, by=self.by)

    def do_upstream(self) -> None:
        silent = {"kind": "data_missing", "cause": "data_missing", "loss_kwh": None, "start": self.at}
        self.head = detected(station("HEAD"), **silent)
        self.current = detected(station("A"), **silent)
        review.review_changed()

    def do_mended(self) -> None:
        revised(Detection.objects.get(pk=self.head.pk), end=self.at)
        review.review_changed()


NEW, ACKED, GONE, LATCHED = "unacknowledged", "acknowledged", "cleared_unacknowledged", "cleared_latched"
SCRIPTS = [
    # row of the table, script, the states after each word, what was announced of this substation
    ("T1 T2 fleeting", "f", ["closed"], []),
    ("T1 T3 raised", "W", [NEW], ["raise"]),
    ("T3 the same again", "W W", [NEW, NEW], ["raise"]),
    ("T3 worse", "W C", [NEW, NEW], ["raise", "escalate"]),
    ("T4 acknowledged", "W ack", [NEW, ACKED], ["raise"]),
    ("T4 eases while acknowledged", "C ack W", [NEW, ACKED, ACKED], ["raise"]),
    ("T5 clears unacknowledged", "W n", [NEW, GONE], ["raise"]),
    ("T6 returns", "W n W", [NEW, GONE, NEW], ["raise", "return"]),
    ("T6 returns acknowledged", "C ack n C", [NEW, ACKED, LATCHED, NEW], ["raise", "return"]),
    ("T7 closes when seen", "W n ack", [NEW, GONE, "closed"], ["raise"]),
    ("T7 latched", "C n ack", [NEW, GONE, LATCHED], ["raise"]),
    ("T7 latched by its peak", "C W n ack", [NEW, NEW, GONE, LATCHED], ["raise"]),
    ("T8 clears acknowledged", "W ack n", [NEW, ACKED, "closed"], ["raise"]),
    ("T8 latched", "C ack n", [NEW, ACKED, LATCHED], ["raise"]),
    ("T9 worse than what was acknowledged", "W ack C", [NEW, ACKED, NEW], ["raise", "escalate"]),
    ("T9 the whole", "W W C ack n", [NEW, NEW, NEW, ACKED, LATCHED], ["raise", "escalate"]),
    ("T10 a critical one", "C ack +4h", [NEW, ACKED, NEW], ["raise", "re_alarm"]),
    ("T10 a warning", "W ack +4h +24h", [NEW, ACKED, ACKED, NEW], ["raise", "re_alarm"]),
    ("T10 not what has cleared", "C ack n +24h", [NEW, ACKED, LATCHED, LATCHED], ["raise"]),
    ("T11 taken back", "W ack unack", [NEW, ACKED, NEW], ["raise"]),
    ("T11 undone", "W n ack unack", [NEW, GONE, "closed", GONE], ["raise"]),
    ("T12 resolved", "C ack n resolve", [NEW, ACKED, LATCHED, "closed"], ["raise"]),
    ("T12 resolved while there", "W resolve n +31m", [NEW, "closed", "closed", "closed"], ["raise"]),
    ("T12 still there", "W resolve +31m", [NEW, "closed", NEW], ["raise", "reopen"]),
    ("T12 false alarm", "W false W +31m", [NEW, "closed", "closed", "closed"], ["raise"]),
    ("T13 shelved", "W shelve C", [NEW, "shelved", "shelved"], ["raise"]),
    ("T13 clears there", "W shelve n", [NEW, "shelved", "shelved"], ["raise"]),
    ("T14 time is over", "W ack shelve +4h", [NEW, ACKED, "shelved", NEW], ["raise", "unshelve"]),
    ("T14 by hand", "W shelve unshelve", [NEW, "shelved", NEW], ["raise", "unshelve"]),
    ("T14 cleared meanwhile", "W shelve n +4h", [NEW, "shelved", "shelved", GONE], ["raise"]),
    ("T15 explained", "upstream", ["by_design"], []),
    ("T15 clears there", "upstream n", ["by_design", "by_design"], []),
    ("T16 still there", "upstream mended +31m", ["by_design", "by_design", NEW], ["unsuppress"]),
    ("T16 cleared", "upstream n mended +31m", ["by_design", "by_design", "by_design", GONE], []),
    ("T17 work", "W work done", [NEW, "out_of_service", NEW], ["raise", "resume"]),
    ("T17 ends by itself", "W work +4h", [NEW, "out_of_service", NEW], ["raise", "resume"]),
    ("T17 clears meanwhile", "W work n +4h", [NEW, "out_of_service", "out_of_service", GONE], ["raise"]),
    ("T17 what is explained", "upstream work mended done", ["by_design", *["out_of_service"] * 2, NEW], ["resume"]),
    ("T18 at once again", "W ack n W", [NEW, ACKED, "closed", NEW], ["raise", "reopen"]),
    ("withdrawn", "W x", [NEW, "closed"], ["raise"]),
    ("withdrawn, taken on", "C ack x", [NEW, ACKED, LATCHED], ["raise"]),
    ("closed after a week", "W n +7d", [NEW, GONE, "closed"], ["raise"]),
    ("never a critical one", "C n +7d", [NEW, GONE, GONE], ["raise"]),
    ("never an active one", "W +7d", [NEW, NEW], ["raise"]),
    ("a word about it", "W comment assign", [NEW, NEW, NEW], ["raise"]),
]


@pytest.mark.parametrize(("row", "script", "states", "announced"), SCRIPTS, ids=[row for row, *_rest in SCRIPTS])
def test_a_script_of_the_table(row: str, script: str, states: list[str], announced: list[str]) -> None:
    story = Script()
    assert [story.say(word) for word in script.split()] == states
    events = AlertEvent.objects.filter(alert__substation__code="A", announces=True).order_by("pk")
    assert [event.action for event in events] == announced


@pytest.mark.parametrize(
    ("script", "verb"),
    [
        ("W ack", "ack"), ("W", "unack"), ("W resolve", "ack"), ("W resolve", "resolve"), ("W resolve", "shelve"),
        ("W resolve", "unack"), ("W resolve", "assign"), ("W shelve", "shelve"), ("W", "unshelve"), ("W", "done"),
        ("W work", "shelve"), ("W shelve", "work"), ("W n +7d", "unack"),
    ],
)  # fmt: skip
def test_what_the_table_does_not_have_is_refused_and_leaves_no_trace(script: str, verb: str) -> None:
    story = Script()
    for word in script.split():
        story.say(word)
    before, events = story.alert, AlertEvent.objects.count()
    with pytest.raises(Refused):
        story.say(verb)
    assert (fresh(before).version, AlertEvent.objects.count()) == (before.version, events)


def test_after_the_window_it_is_a_new_alert() -> None:
    story = Script()
    for word in ("W", "ack", "n"):
        story.say(word)
    story.at += timedelta(minutes=20)
    story.say("W")
    assert Alert.objects.filter(substation__code="A").count() == 2
