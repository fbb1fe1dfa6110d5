"""What the installation tells Prometheus: each part asked at the time of a scrape, from stored rows alone."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.db.models import Count, Max, Q, Sum
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from alerts.alarm_line import asking_now
from alerts.models import Alert, ReviewFailure
from ingestion.models import Upload
from mlcore.models import Detector, ScoringFailure, TrainingAttempt, TrainingFailure
from mlcore.services import scoring_health
from notifications.failure_notices import dead_count
from notifications.heartbeat import oldest_waiting
from notifications.models import NotificationChannel, OutgoingMessage
from smart_ems.dashboard.readiness import readiness
from smart_ems.dashboard.system_health import database_bytes, queue_lengths
from smart_ems.env import VAR_DIR
from smart_ems.version import version
from substations.models import Substation

logger = logging.getLogger(__name__)
Figures = Iterator[Metric]


class InstallationCollector:
    """A collector in the sense of ``prometheus_client``; a part that cannot be read is left out and named."""

    def collect(self) -> Figures:
        now = timezone.now()
        yield _by_label("ems_info", "The version that runs.", "version", {version(): 1})
        unread = {}
        for part in (_parts, _queues, _scoring, _intake, _models, _alerts, _messages, _failures, _space):
            name = part.__name__.removeprefix("_")
            found = _read(part, now)
            unread[name] = int(found is None)
            yield from found or []
        yield _by_label("ems_unread", "1 where a part of these figures could not be read.", "part", unread)


def _read(part: Callable[[datetime], Iterable[Metric]], now: datetime) -> list[Metric] | None:
    try:
        with transaction.atomic():  # a failed question leaves the connection usable
            return list(part(now))
    except (DatabaseError, OSError) as error:
        logger.warning("Figures of %s could not be read: %s", part.__name__.removeprefix("_"), error)
        return None


def _parts(now: datetime) -> Figures:
    checks = {check.name: int(check.is_ok) for check in readiness(now=now)}
    yield _by_label("ems_part_ok", "1 while a part that the work needs is well, as /readyz.", "part", checks)


def _queues(now: datetime) -> Figures:
    yield _by_label("ems_queue_tasks", "Tasks that wait in a queue of the broker.", "queue", queue_lengths() or {})


def _scoring(now: datetime) -> Figures:
    found = scoring_health(now)
    waited = (now - found.oldest_at).total_seconds() if found.oldest_at else 0.0
    yield GaugeMetricFamily("ems_scoring_waiting_ranges", "Ranges of readings to be judged.", value=found.waiting)
    yield GaugeMetricFamily("ems_scoring_lag_seconds", "How long the oldest of them has waited.", value=waited)


def _intake(now: datetime) -> Figures:
    states = dict(Upload.objects.order_by().values_list("state").annotate(Count("pk")))
    states = {state.value: states.get(state.value, 0) for state in Upload.State}
    yield _by_label("ems_uploads", "Files by state.", "state", states)
    rows = Upload.objects.filter(finished_at__gt=now - timedelta(days=1)).aggregate(
        read=Sum("rows_read", default=0), bad=Sum("rows_bad", default=0)
    )
    rows = {"accepted": rows["read"] - rows["bad"], "rejected": rows["bad"]}
    yield _by_label("ems_upload_rows_last_day", "Rows of the files of the last 24 hours.", "outcome", rows)
    newest = Substation.objects.aggregate(newest=Max("received_at"))["newest"]
    if newest:
        age = (now - newest).total_seconds()
        yield GaugeMetricFamily(
            "ems_readings_age_seconds", "Since readings last came in, of any substation.", value=age
        )


def _models(now: datetime) -> Figures:
    tiers = dict(Detector.objects.active().order_by().values_list("tier").annotate(Count("pk")))
    tiers = {tier.value: tiers.get(tier.value, 0) for tier in Detector.Tier}
    tiers["limits"] += Substation.objects.count() - sum(tiers.values())  # without a model fixed limits judge
    yield _by_label("ems_models", "Substations by the tier that judges them.", "tier", tiers)
    invalid = Detector.objects.exclude(broken_reason="").count()
    yield GaugeMetricFamily("ems_models_invalid", "Stored versions that cannot be used.", value=invalid)
    going = TrainingAttempt.objects.aggregate(
        running=Count("pk", filter=Q(claimed_until__gt=now)), interrupted=Count("pk", filter=Q(claimed_until__lte=now))
    )
    yield _by_label("ems_trainings", "Trainings of neighbour groups.", "state", going)


def _alerts(now: datetime) -> Figures:
    found = asking_now()
    found = {"critical": found["critical"], "warning": found["warnings"]}
    yield _by_label("ems_alerts_unacknowledged", "Alerts that ask for somebody.", "severity", found)
    shown = Alert.objects.counts()
    shown = {name: shown[name] for name in ("active", "shelved", "out_of_service", "suppressed", "stale")}
    yield _by_label("ems_alerts_open", "Open alerts, by where they stand.", "state", shown)


def _messages(now: datetime) -> Figures:
    queued = OutgoingMessage.objects.filter(state=OutgoingMessage.MessageState.QUEUED)
    states = {"queued": queued.count(), "dead": dead_count()}
    yield _by_label("ems_messages", "Messages that wait, and those that were given up.", "state", states)
    oldest = oldest_waiting(now=now)
    waited = max((now - oldest).total_seconds(), 0.0) if oldest else 0.0
    yield GaugeMetricFamily("ems_messages_lag_seconds", "How long the oldest that is due has waited.", value=waited)
    failing = NotificationChannel.objects.usable().exclude(last_error="").count()
    yield GaugeMetricFamily("ems_channels_failing", "Channels whose last message failed.", value=failing)


def _failures(now: datetime) -> Figures:
    kinds = {
        "scoring": ScoringFailure.objects.count(),
        "training": TrainingFailure.objects.count(),
        "review": ReviewFailure.objects.count(),
        "upload": Upload.objects.filter(state=Upload.State.FAILED, finished_at__gt=now - timedelta(days=1)).count(),
    }
    yield _by_label("ems_failures", "What fails now, by kind; uploads of the last 24 hours.", "kind", kinds)


def _space(now: datetime) -> Figures:
    disk = shutil.disk_usage(VAR_DIR)
    sizes = {"free": disk.free, "size": disk.total}
    yield _by_label("ems_disk_bytes", "The disk of the data folder.", "of", sizes)
    yield GaugeMetricFamily("ems_database_bytes", "Size of the database.", value=database_bytes() or 0)


def _by_label(name: str, documentation: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, documentation, labels=[label])
    for value, figure in values.items():
        family.add_metric([value], figure)
    return family
