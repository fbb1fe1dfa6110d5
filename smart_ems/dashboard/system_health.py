"""How the system itself is doing, for staff: work that waits, files, models, space. What cannot be asked is said."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Max, Min, Q, Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from kombu.exceptions import KombuError

from alerts.models import ReviewFailure
from core.formatting import duration
from core.retries import Failure
from ingestion.models import Upload
from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Detector, ScoringFailure, TrainingAttempt, TrainingFailure
from mlcore.services import scoring_health
from mlcore.training.schedule import drifted
from notifications import failure_notices, heartbeat
from notifications.models import NotificationChannel, OutgoingMessage
from smart_ems.backups import backup_schedule
from smart_ems.celery import app
from smart_ems.env import VAR_DIR
from substations.models import PendingRange, Substation

logger = logging.getLogger(__name__)

QUEUES = ("default", "ml")
# chosen: what a panel of the page holds.
MAX_FAILURES = 5
# chosen: no working system has so many tasks in a queue.
MANY_WAITING = 1000
# chosen: several times what scoring takes after an arrival.
LATE = timedelta(minutes=5)
# chosen: a database that runs out of space loses data.
MIN_FREE_SHARE = 0.1
MAX_LOOKED_AT = 100
"""Drift is counted from a week of scores of each substation; above this many it is left to the hourly training."""


@dataclass(frozen=True, slots=True)
class HealthLine:
    """One figure; ``state`` is critical, warning or empty."""

    label: str
    value: str
    state: str = ""


@dataclass
class HealthPanel:
    title: str
    lines: list[HealthLine] = field(default_factory=list)

    def add(self, label: str, value: object, state: str = "") -> None:
        self.lines.append(HealthLine(label, str(value), state))


def read(*, now: datetime) -> list[HealthPanel]:
    """Six panels; a part that fails says so and does not take the others along."""
    parts = (
        (_("Pending work"), _queues),
        (_("Files, last 24 hours"), _intake),
        (_("Models"), _models),
        (_("Notifications"), _notifications),
        (_("Backups"), _backups),
        (_("Space"), _space),
    )
    panels = []
    for title, fill in parts:
        panel = HealthPanel(title)
        try:
            with transaction.atomic():  # a failed question leaves the connection usable
                fill(panel, now)
        except (DatabaseError, OSError) as error:
            logger.warning("%s could not be read: %s", title, error)
            panel.add(_("Cannot be read"), error, "warning")
        panels.append(panel)
    return panels


def queue_lengths() -> dict[str, int] | None:
    """Messages that wait in each queue of the broker; None where it cannot be asked."""
    with app.connection_for_read(connect_timeout=1) as broker:
        # The errors of its transport, whose library is loaded only now.
        away: tuple[type[BaseException], ...] = (*broker.connection_errors, *broker.channel_errors, KombuError, OSError)
        try:
            channel: Any = broker.default_channel
            return {name: int(channel._size(name)) for name in QUEUES}
        except away as error:
            logger.warning("The broker cannot be asked: %s", error)
        except AttributeError:
            logger.warning("This kind of broker does not tell the length of its queues.")
    return None


def _queues(panel: HealthPanel, now: datetime) -> None:
    lengths = queue_lengths()
    if lengths is None:
        panel.add(_("Broker"), _("unreachable"), "critical")
    for name, length in (lengths or {}).items():
        panel.add(_("Queue “%(name)s”") % {"name": name}, length, "warning" if length > MANY_WAITING else "")
    pending = PendingRange.objects.aggregate(count=Count("pk"), oldest=Min("created_at"))
    panel.add(_("Scoring backlog"), pending["count"])
    if pending["oldest"]:
        age = now - pending["oldest"]
        panel.add(_("Oldest waiting for"), duration(age), "warning" if age > LATE else "")
    _scoring(panel, now)


def _scoring(panel: HealthPanel, now: datetime) -> None:
    found = scoring_health(now)
    words = {
        "ok": (_("keeps up"), ""),
        "lagging": (_("lags behind"), "warning"),
        "failing": (
            ngettext("%(n)d substation cannot be judged", "%(n)d substations cannot be judged", found.failing)
            % {"n": found.failing},
            "critical",
        ),
    }
    panel.add(_("Scoring"), *words[found.state])
    for failure in ScoringFailure.objects.select_related("substation")[:MAX_FAILURES]:
        _add_failure(panel, failure.substation, failure, now)
    alerts_behind = ReviewFailure.objects.count()
    if alerts_behind:
        panel.add(_("Detections that no alert could follow"), alerts_behind, "critical")
    for behind in ReviewFailure.objects.select_related("detection__substation")[:MAX_FAILURES]:
        _add_failure(panel, behind.detection.substation, behind, now)


def _add_failure(panel: HealthPanel, substation: Substation, failure: Failure, now: datetime) -> None:
    since = {"code": substation.code, "time": duration(now - failure.first_failed_at)}
    panel.add(_("%(code)s, for %(time)s") % since, failure.reason, "critical")


def _intake(panel: HealthPanel, now: datetime) -> None:
    day = Q(finished_at__gt=now - timedelta(days=1))
    found = Upload.objects.aggregate(
        under_way=Count("pk", filter=Q(state__in=Upload.UNFINISHED)),
        asking=Count("pk", filter=Q(state=Upload.State.WAITING)),
        loaded=Count("pk", filter=day & Q(state=Upload.State.LOADED)),
        refused=Count("pk", filter=day & Q(state=Upload.State.REJECTED)),
        failed=Count("pk", filter=day & Q(state=Upload.State.FAILED)),
        rows=Sum("rows_read", filter=day),
        bad=Sum("rows_bad", filter=day),
    )
    panel.add(_("Running"), found["under_way"])
    panel.add(_("Waiting for answers"), found["asking"])
    panel.add(_("Loaded"), found["loaded"])
    panel.add(_("Rejected"), found["refused"])
    panel.add(_("Failed"), found["failed"], "critical" if found["failed"] else "")
    panel.add(_("Rows read, of which rejected"), f"{found['rows'] or 0:,} / {found['bad'] or 0:,}")
    newest = Substation.objects.aggregate(newest=Max("received_at"))["newest"]
    panel.add(_("Last readings received"), _("%(age)s ago") % {"age": duration(now - newest)} if newest else "–")


def _models(panel: HealthPanel, now: datetime) -> None:
    active = Detector.objects.active()
    tiers = dict(active.values_list("tier").annotate(Count("pk")).order_by())
    for tier in Detector.Tier:
        if tiers.get(tier.value):
            panel.add(str(tier.label), tiers[tier.value])
    without = Substation.objects.exclude(detectors__is_active=True).count()
    panel.add(_("Substations without a model"), without)
    stored = Detector.objects.aggregate(invalid=Count("pk", filter=~Q(broken_reason="")), last=Max("created_at"))
    panel.add(_("Invalid models"), stored["invalid"], "warning" if stored["invalid"] else "")
    moved = _drifted()
    if moved is not None:
        panel.add(_("Drifted"), moved, "warning" if moved else "")
    last = stored["last"]
    panel.add(_("Last training"), _("%(age)s ago") % {"age": duration(now - last)} if last else "–")
    going = TrainingAttempt.objects.aggregate(
        running=Count("pk", filter=Q(claimed_until__gt=now)),
        interrupted=Count("pk", filter=Q(claimed_until__lte=now)),
    )
    panel.add(_("Trainings running"), going["running"])
    panel.add(_("Trainings interrupted"), going["interrupted"], "warning" if going["interrupted"] else "")
    failed = TrainingFailure.objects.count()
    panel.add(_("Substations that could not be trained"), failed, "critical" if failed else "")
    for failure in TrainingFailure.objects.select_related("substation")[:MAX_FAILURES]:
        _add_failure(panel, failure.substation, failure, now)


def _drifted() -> int | None:
    """Substations whose model has drifted, by the measure of the training; None for a fleet too large to look here."""
    found = Substation.objects.filter(detectors__is_active=True)[: MAX_LOOKED_AT + 1]
    fleet = NeighbourGroup(tuple(found))
    return len(drifted(fleet)) if len(fleet.ids) <= MAX_LOOKED_AT else None


def _notifications(panel: HealthPanel, now: datetime) -> None:
    panel.add(_("Messages waiting"), OutgoingMessage.objects.filter(state=OutgoingMessage.MessageState.QUEUED).count())
    dead = failure_notices.dead_count()
    panel.add(_("Messages not sent"), dead, "critical" if dead else "")
    failing = NotificationChannel.objects.usable().exclude(last_error="")
    for channel in failing[:MAX_FAILURES]:
        panel.add(_("Channel “%(name)s”") % {"name": channel}, channel.last_error, "warning")
    for part in heartbeat.late_pulses(now=now):
        since = _("%(age)s ago") % {"age": duration(now - part.since)} if part.since else _("never")
        panel.add(_("Late: %(part)s") % {"part": part.name}, since, "warning")


def _backups(panel: HealthPanel, now: datetime) -> None:
    state = backup_schedule.backup_state()
    if state is None:
        panel.add(_("Daily backup"), _("off: EMS_BACKUP_DIR is not set"))
        return
    age = _("%(age)s ago") % {"age": duration(now - state.made_at)} if state.made_at else _("never")
    panel.add(_("Last backup"), age, "critical" if state.is_late(now) else "")
    panel.add(_("Size"), filesizeformat(state.path.stat().st_size) if state.path else "–")
    panel.add(_("Backups kept"), state.count)


def _space(panel: HealthPanel, now: datetime) -> None:
    disk = shutil.disk_usage(VAR_DIR)
    tight = disk.free < MIN_FREE_SHARE * disk.total
    panel.add(_("Free disk space"), filesizeformat(disk.free), "critical" if tight else "")
    panel.add(_("Disk size"), filesizeformat(disk.total))
    size = database_bytes()
    panel.add(_("Database"), filesizeformat(size) if size is not None else "–")
    panel.add(
        _("Stored files"), filesizeformat(Upload.objects.exclude(file="").aggregate(size=Sum("size"))["size"] or 0)
    )


def database_bytes() -> int | None:
    """What the database takes on its disk; None where it is in memory."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
    path = Path(str(settings.DATABASES["default"]["NAME"]))
    files = [path.with_name(path.name + ending) for ending in ("", "-wal")]
    return sum(each.stat().st_size for each in files if each.is_file()) or None
