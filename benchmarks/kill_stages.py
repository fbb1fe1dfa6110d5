"""What is going on while a process is killed: each stage puts work there, and says what became of it."""

from __future__ import annotations

import contextlib
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import requests
from django.conf import settings
from django.db.models import Max, Min
from django.utils import timezone

from ingestion.models import Upload
from mlcore.models import Detection, Detector, Score, TrainingAttempt
from mlcore.training import schedule
from notifications.channel_models import NotificationChannel
from notifications.channel_services import set_target
from notifications.outbox_models import OutgoingMessage
from substations.models import PendingRange, Reading, Substation

from .running_system import RunningSystem, Victim

UPLOADED_SUBSTATIONS, UPLOADED_ROWS = 4, 60_000
MESSAGES = 60
# Chosen: a receiver slow enough that the kill meets a message under way.
RECEIVER_S = 0.1


@dataclass(frozen=True, slots=True)
class Damage:
    """What a kill did: rows or messages that are missing at the end, and those that are there twice."""

    lost: int
    doubled: int


class KillStage(ABC):
    """One kind of work. queue: whose worker does it."""

    name: str
    queue: str

    @abstractmethod
    def begin(self, system: RunningSystem, round_number: int) -> None:
        """Put the work there."""

    @abstractmethod
    def is_under_way(self, victim: Victim) -> bool:
        """Whether it has begun and not ended: the moment to kill."""

    @abstractmethod
    def holder(self) -> object:
        """The token of the worker that is at it, None without."""

    @abstractmethod
    def is_done(self) -> bool: ...

    @abstractmethod
    def damage(self) -> Damage: ...

    def clear(self) -> None:
        """Take away what would burden the rounds after this one."""
        return


class UploadStage(KillStage):
    """A file of many rows is sent and loaded; a sender that gets no answer sends it again. secret: of an API token."""

    name, queue = "upload", "default"

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def begin(self, system: RunningSystem, round_number: int) -> None:
        self._name = f"round-{round_number}.csv"
        self._system, self._began = system, time.monotonic()
        self._prefix = f"K{round_number:05d}"
        self._body = _export(self._prefix)
        threading.Thread(target=self._send, daemon=True).start()

    def _send(self) -> None:
        while True:
            with contextlib.suppress(requests.RequestException):
                answer = requests.post(
                    f"{self._system.url}/api/uploads/",
                    files={"file": (self._name, self._body)},
                    data={"unknown": "create", "time_zone": "UTC"},
                    headers={"Authorization": f"Bearer {self._secret}"},
                    timeout=60,
                )
                if answer.ok:
                    return
            time.sleep(1)

    def is_under_way(self, victim: Victim) -> bool:
        if victim == "web":  # while it takes the file
            return time.monotonic() - self._began > RECEIVER_S
        return Upload.objects.filter(original_name=self._name, rows_read__gt=0).exists()

    def holder(self) -> object:
        return Upload.objects.filter(original_name=self._name).values_list("claimed_by", flat=True).first()

    def is_done(self) -> bool:
        return Upload.objects.filter(original_name=self._name, state=Upload.State.LOADED).exists()

    def damage(self) -> Damage:
        expected = UPLOADED_SUBSTATIONS * UPLOADED_ROWS
        stored = self._readings().count()
        counted = sum(Upload.objects.filter(original_name=self._name).values_list("rows_new", flat=True))
        return Damage(expected - stored, max(stored, counted) - stored)

    def clear(self) -> None:
        """Weeks of readings by the minute would be judged and learnt from for hours."""
        readings = self._readings()
        readings._raw_delete(readings.db)
        Substation.objects.filter(code__startswith=self._prefix).delete()

    def _readings(self) -> Any:
        return Reading.objects.filter(substation__in=Substation.objects.filter(code__startswith=self._prefix))


class ScoringStage(KillStage):
    """The whole record of a grid is judged; what it comes to is compared with a judgement that nobody disturbed.

    ids: the substations, with readings, and judged once already.
    """

    name, queue = "scoring", "ml"

    def __init__(self, ids: list[int]) -> None:
        self._ids = ids
        readings = Reading.objects.filter(substation__in=ids)
        self._reach = list(readings.values_list("substation").annotate(Min("at"), Max("at")))
        self._reference = self._result()

    def begin(self, system: RunningSystem, round_number: int) -> None:
        Score.objects.filter(substation__in=self._ids).delete()
        ranges = [PendingRange(substation_id=pk, start=start, end=end) for pk, start, end in self._reach]
        PendingRange.objects.bulk_create(ranges)

    def is_under_way(self, victim: Victim) -> bool:
        return PendingRange.objects.filter(substation__in=self._ids, claimed_until__isnull=False).exists()

    def holder(self) -> object:
        held = PendingRange.objects.filter(substation__in=self._ids, claimed_by__isnull=False)
        return held.values_list("claimed_by", flat=True).first()

    def is_done(self) -> bool:
        return not PendingRange.objects.filter(substation__in=self._ids).exists()

    def damage(self) -> Damage:
        result = self._result()
        return Damage(len(self._reference - result), len(result - self._reference))

    def _result(self) -> set[tuple[Any, ...]]:
        """Every score and every episode."""
        scores = Score.objects.filter(substation__in=self._ids).values_list("substation", "at", "status")
        episodes = Detection.objects.not_withdrawn().of_readings().filter(substation__in=self._ids)
        return set(scores) | set(episodes.values_list("substation", "cause", "start", "end"))


class TrainingStage(KillStage):
    """New models of one neighbour group. ids: its substations."""

    name, queue = "training", "ml"

    def __init__(self, ids: list[int]) -> None:
        self._ids = ids

    def begin(self, system: RunningSystem, round_number: int) -> None:
        self._before = self._versions().count()
        for pk in self._ids:
            schedule.request(pk)

    def is_under_way(self, victim: Victim) -> bool:
        return bool(self._attempts().filter(claimed_until__isnull=False).exists())

    def holder(self) -> object:
        return self._attempts().filter(claimed_by__isnull=False).values_list("claimed_by", flat=True).first()

    def is_done(self) -> bool:
        return bool(not self._attempts().exclude(requested_at=None, claimed_until=None).exists())

    def damage(self) -> Damage:
        surplus = self._versions().count() - self._before - len(self._ids)
        active = self._versions().filter(is_active=True).count()
        return Damage(max(-surplus, 0) + max(len(self._ids) - active, 0), max(surplus, 0))

    def _versions(self) -> Any:
        return Detector.objects.filter(substation__in=self._ids)

    def _attempts(self) -> Any:
        return TrainingAttempt.objects.filter(substation__in=self._ids)


class SendStage(KillStage):
    """Messages go to a webhook that counts ids; the one that is under way may come twice, under one id."""

    name, queue = "send", "default"

    def __init__(self) -> None:
        received: list[str] = []
        self._received = received
        self.repeats = 0

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                received.append(self.headers["webhook-id"])
                time.sleep(RECEIVER_S)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.NOTIFY_ALLOW_PRIVATE = True
        self._channel = NotificationChannel(name="bench", kind=NotificationChannel.ChannelKind.WEBHOOK)
        set_target(self._channel, f"http://127.0.0.1:{server.server_port}/")
        self._channel.save()

    def begin(self, system: RunningSystem, round_number: int) -> None:
        self._received.clear()
        now = timezone.now()
        kind = OutgoingMessage.MessageKind.TEST
        self._messages = OutgoingMessage.objects.bulk_create(
            OutgoingMessage(channel=self._channel, kind=kind, subject=str(n), body="{}", created_at=now, next_at=now)
            for n in range(MESSAGES)
        )

    def is_under_way(self, victim: Victim) -> bool:
        return bool(self._received)

    def holder(self) -> object:
        held = OutgoingMessage.objects.filter(channel=self._channel, claimed_by__isnull=False)
        return held.values_list("claimed_by", flat=True).first()

    def is_done(self) -> bool:
        sent = OutgoingMessage.objects.filter(pk__in=[each.pk for each in self._messages], ended_at__isnull=False)
        return sent.count() == MESSAGES

    def damage(self) -> Damage:
        ids = set(self._received)
        self.repeats += len(self._received) - len(ids)
        return Damage(MESSAGES - len(ids), max(0, len(self._received) - len(ids) - 1))


def _export(prefix: str) -> bytes:
    """Minute by minute, power alone."""
    first = datetime.fromisoformat("2025-01-01T00:00:00")
    stamps = [(first + timedelta(minutes=step)).isoformat() for step in range(UPLOADED_ROWS)]
    power_kw = np.round(200 + 50 * np.random.default_rng(5).random(UPLOADED_ROWS), 1).tolist()
    lines = ["Timestamp,Substation,kW,kvar"]
    for number in range(UPLOADED_SUBSTATIONS):
        lines += [f"{at},{prefix}-{number},{kw},{kw / 3:.1f}" for at, kw in zip(stamps, power_kw, strict=True)]
    return "\n".join(lines).encode()
