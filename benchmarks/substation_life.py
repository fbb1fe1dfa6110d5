"""One substation and the people around it while simulated years go by, through the code that does it in production."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.test import Client

from alerts import services as alert_services
from alerts import tasks as alert_tasks
from alerts.changes import Conflict
from alerts.lifecycle import Condition, Refused
from alerts.models import Alert
from core.saved_fields import save_fields
from ingestion import services as ingestion
from ingestion.models import Upload
from losses import tasks as loss_tasks
from losses.models import TariffAssignment
from losses.report_period import month_of, shifted
from losses.tariff_store import store_version
from mlcore import services as mlcore
from mlcore.models import Detector, DetectorEvent
from mlcore.training import schedule, versions
from notifications.channel_models import NotificationChannel
from notifications.route_models import NotificationRoute
from notifications.tasks import run_round
from reports.making import make_pending
from reports.models import Report
from reports.services import request_report
from smart_ems.supervisor.log_rotation import rotate

from .large_grid_costs import DOCUMENT
from .repeated_readings import BEGIN, RepeatedReadings
from .simulated_clock import SimulatedClock

DAY = timedelta(days=1)
YEAR_DAYS = 364
"""Whole weeks, so that a year of readings can be repeated; 1.25 days less than a year has."""
MONTH_DAYS = 28
FIRST_MODEL_DAYS = 2 * MONTH_DAYS
REPORT_EVERY_MONTHS = 3
CORRECTED_DAYS = 1
"""Chosen: what a year has of papers, and of a month's readings how many are sent again with another power."""
LOG_LINE = "2015-01-05 00:00:10,000 INFO    celery.app.trace: Task smart_ems.tasks.sweep[{:036}] succeeded in 0.02s\n"
FINDINGS = {
    "classification": "capacitor_failure", "checks": "Fuses and steps of the bank", "root_cause": "Fuse blown",
    "corrective_action": "Fuse replaced; all steps carry current.", "preventive_strategy": "",
    "outcome": "fully_resolved",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LifePace:
    """How finely time goes by: seconds from reading to reading, days that one file brings, and days that are simulated
    and then repeated. with_extras: corrections, bills, models, reports. sign_ins, log_lines: with a file."""

    step_s: int = 900
    piece_days: int = 28
    pattern_days: int = YEAR_DAYS
    with_extras: bool = True
    sign_ins: int = 28
    log_lines: int = 50_000


class SubstationLife:
    """``go_on`` lets one piece of time go by. folder: the data folder; clock: is put on with it."""

    def __init__(self, folder: Path, clock: SimulatedClock, pace: LifePace) -> None:
        self.folder, self.clock, self.pace, self.day = folder, clock, pace, 0
        self.readings = RepeatedReadings(pace.step_s, pace.pattern_days)
        self.substation = self.readings.substation
        self.operator = User.objects.create_superuser("operator", password=None)
        if pace.with_extras:
            tariff = store_version(DOCUMENT | {"valid_from": "2010-01-01"}).tariff
            TariffAssignment.objects.create(tariff=tariff, substation=self.substation, since=date(2010, 1, 1))
        channel = NotificationChannel.objects.create(name="lines", kind="file", destination="lines", per_minute=0)
        NotificationRoute.objects.create(name="all").channels.set([channel])

    def go_on(self) -> None:
        """1. People sign in. 2. A file comes, once a month a correction. 3. It is judged, accounted and announced, and
        operators answer. 4. Once a month a model is trained, a report made and something configured."""
        first, self.day = self.day, self.day + self.pace.piece_days
        self.clock.at = BEGIN + self.day * DAY
        for _number in range(self.pace.sign_ins):
            Client(SERVER_NAME="localhost").force_login(self.operator)
        months = self.day // MONTH_DAYS - first // MONTH_DAYS
        self._send(f"export-{first}.csv", self.readings.file(first, self.day))
        if months and self.pace.with_extras:
            self._send(f"again-{first}.csv", self.readings.file(first, first + months * CORRECTED_DAYS, corrected=True))
        self._work()
        if months:
            self._once_a_month()
        self._log()

    def _send(self, name: str, content: bytes) -> None:
        file = ContentFile(content, name=name)
        upload = ingestion.receive(file, source=Upload.Source.FORM, by=self.operator).upload
        ingestion.load(upload.pk)
        upload.refresh_from_db()
        if upload.state != Upload.State.LOADED:
            raise RuntimeError(f"{name}: {upload.reason or upload.questions or upload.state}")

    def _work(self) -> None:
        """What workers do with what came, and operators with what that raised."""
        while mlcore.score_pending():
            pass
        mlcore.keep_checkpoints()
        alert_tasks.review_changed()
        self._operate()
        loss_tasks.account_pending()
        if self.pace.with_extras:
            loss_tasks.recommend()
        for task in (
            alert_tasks.refresh_repairs, alert_tasks.follow_planned_work, alert_tasks.verify_resolved,
            alert_tasks.refresh_alarm_days,
        ):  # fmt: skip
            task()
        run_round()

    def _operate(self) -> None:
        for alert in Alert.objects.unresolved():
            with suppress(Refused, Conflict):
                alert_services.acknowledge(alert, by=self.operator, note="Seen.")
            if alert.condition == Condition.CLEARED and not alert.closed_at:
                with suppress(Refused, Conflict):
                    alert_services.resolve(alert, by=self.operator, findings=FINDINGS)

    def _once_a_month(self) -> None:
        save_fields(self.substation, name=f"Substation 1, {self.clock.at:%Y-%m}")
        if not self.pace.with_extras:
            return
        self._train()
        while mlcore.score_pending():
            pass
        if self.day // MONTH_DAYS % REPORT_EVERY_MONTHS:
            return
        month = shifted(month_of(self.clock.at.date()), -1)
        wanted = Report(kind=Report.ReportKind.MONTHLY, first_day=month, last_day=shifted(month, 1) - DAY)
        request_report(wanted, by=self.operator)
        make_pending()

    def _train(self) -> None:
        """A version each month: once a year it is trained, else the newest is stored once more as the next one."""
        newest = Detector.objects.filter(substation=self.substation).order_by("-version").first()
        if newest is None or self.day % YEAR_DAYS == FIRST_MODEL_DAYS:
            if self.day >= FIRST_MODEL_DAYS:
                schedule.request(self.substation.pk)
                mlcore.train_due()
            return
        newest.pk, newest.version, newest.is_active = None, newest.version + 1, False
        newest.save(force_insert=True)
        versions.record(newest, DetectorEvent.Action.TRAINED)
        versions.activate(newest)

    def _log(self) -> None:
        """Lines of a process; its file is put aside as the launcher does it, and has the age of simulated time."""
        log = self.folder / "log" / "worker-default.log"
        log.parent.mkdir(exist_ok=True)
        with log.open("a") as file:
            file.writelines(map(LOG_LINE.format, range(self.pace.log_lines)))
        if rotate(log, max_bytes=settings.LOG_MAX_BYTES, count=settings.LOG_FILES):
            os.utime(log.with_name(f"{log.name}.1"), (self.clock.at.timestamp(),) * 2)
