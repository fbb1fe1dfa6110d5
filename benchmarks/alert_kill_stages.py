"""What is going on with alerts while a process is killed: the system raises them, operators acknowledge them."""

from __future__ import annotations

import contextlib
import threading
import time
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import requests
from django.utils import timezone

from alerts.lifecycle import Condition, Transition
from alerts.models import Alert, AlertDetection, AlertEvent
from mlcore.models import Detection
from substations.models import Substation

from .kill_stages import Damage, KillStage
from .running_system import RunningSystem, Victim

REVIEWED, ACKNOWLEDGED = 400, 100
CAUSE = "capacitor_failure"
FIRST = datetime.fromisoformat("2025-06-01T00:00:00+00:00")
APART = timedelta(days=2)
"""Chosen: far enough that a finding of the next round neither joins nor opens again what one before it raised."""


def _stations(prefix: str, count: int) -> list[int]:
    Substation.objects.bulk_create(
        (Substation(code=f"{prefix}{number:03d}", name=f"{prefix} {number}") for number in range(count)),
        ignore_conflicts=True,
    )
    codes = [f"{prefix}{number:03d}" for number in range(count)]
    return list(Substation.objects.filter(code__in=codes).order_by("code").values_list("pk", flat=True))


def _end(alerts: Any, at: datetime) -> None:
    """Into the history with what a round before left open."""
    alerts.filter(closed_at=None).update(
        condition=Condition.CLEARED, cleared_at=at, closed_at=at, closure=Alert.Closure.RESOLVED
    )


class ReviewStage(KillStage):
    """Very many substations lose their capacitors at once: each gets one alert, raised once."""

    name, queue = "review", "default"

    def begin(self, system: RunningSystem, round_number: int) -> None:
        self._ids = _stations("V", REVIEWED)
        start = FIRST + round_number * APART
        _end(Alert.objects.filter(substation__in=self._ids), start - APART / 2)
        Detection.objects.filter(substation__in=self._ids, end=None).update(end=start - APART / 2)
        values: dict[str, Any] = {"kind": Detection.Kind.LOSS, "cause": CAUSE, "severity": Detection.Severity.WARNING}
        Detection.objects.bulk_create(
            Detection(substation_id=pk, start=start, peak=start, score=1.5, reason="Kills.", **values)
            for pk in self._ids
        )
        self._found = Detection.objects.filter(substation__in=self._ids, start=start)

    def _links(self) -> Any:
        return AlertDetection.objects.filter(detection__in=self._found)

    def is_under_way(self, victim: Victim) -> bool:
        return bool(0 < self._links().count() < REVIEWED)

    def holder(self) -> object:
        """Nobody holds it; who goes on raises another one."""
        return self._links().count()

    def is_done(self) -> bool:
        return bool(self._links().count() == REVIEWED)

    def damage(self) -> Damage:
        raised = set(self._links().values_list("alert", flat=True))
        events = AlertEvent.objects.filter(alert__in=raised, action=Transition.RAISE).count()
        substations = set(Alert.objects.filter(pk__in=raised).values_list("substation", flat=True))
        unresolved = Alert.objects.unresolved().filter(substation__in=self._ids, cause=CAUSE).count()
        return Damage(REVIEWED - len(substations), max(events, len(raised), unresolved) - REVIEWED)


class OperateStage(KillStage):
    """An operator acknowledges alerts one by one; without an answer it is said again under the same key.

    secret: of an API token.
    """

    name, queue = "operate", "default"

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def begin(self, system: RunningSystem, round_number: int) -> None:
        ids, now = _stations("O", ACKNOWLEDGED), timezone.now()
        _end(Alert.objects.filter(substation__in=ids), now)
        values: dict[str, Any] = {"kind": "loss", "cause": CAUSE, "reason": "Kills.", "condition": Condition.ACTIVE}
        values |= dict.fromkeys(("severity_now", "severity_peak"), Detection.Severity.WARNING)
        made = Alert.objects.bulk_create(
            Alert(substation_id=pk, raised_at=now, detected_at=now, **values) for pk in ids
        )
        self._alerts, self._refused, self._round = [each.pk for each in made], [0], round_number
        # Each round has a list of refusals of its own: a thread of a round that was given up writes into its own.
        arguments = (system, self._alerts, self._refused)
        self._operator = threading.Thread(target=self._operate, args=arguments, daemon=True)
        self._operator.start()

    def _operate(self, system: RunningSystem, alerts: list[int], refused: list[int]) -> None:
        for alert in alerts:
            while (status := self._said(system, alert)) is None:
                time.sleep(0.5)
            refused[0] += status != HTTPStatus.OK

    def _said(self, system: RunningSystem, alert: int) -> int | None:
        """The status of an answer that is final, None without one."""
        with contextlib.suppress(requests.RequestException):
            answer = requests.post(
                f"{system.url}/api/alerts/{alert}/acknowledge/",
                json={},
                headers={"Authorization": f"Bearer {self._secret}", "Idempotency-Key": f"{self._round}-{alert}"},
                timeout=30,
            )
            return answer.status_code if answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR else None
        return None

    def _done(self) -> int:
        return Alert.objects.filter(pk__in=self._alerts, acknowledged=True).count()

    def is_under_way(self, victim: Victim) -> bool:
        return 0 < self._done() < ACKNOWLEDGED

    def holder(self) -> object:
        """Nobody holds it; who goes on acknowledges another one."""
        return self._done()

    def is_done(self) -> bool:
        return self._done() == ACKNOWLEDGED and not self._operator.is_alive()

    def damage(self) -> Damage:
        events = AlertEvent.objects.filter(alert__in=self._alerts, action=Transition.ACKNOWLEDGE).count()
        return Damage(ACKNOWLEDGED - min(self._done(), events) + self._refused[0], max(events - ACKNOWLEDGED, 0))
