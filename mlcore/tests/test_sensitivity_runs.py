"""What would be found, of stored readings: asked for, worked out by one worker, stored with the version."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mlcore import services
from mlcore.models import Detector, SensitivityReport
from mlcore.training import sensitivity_runs
from mlcore.training.fit import train
from substations.models import PlannedWork
from substations.simulation import Simulation

from .grid import DAY, FAULTY, HOUR, moment, the_group
from .test_views import model, station

pytestmark = pytest.mark.django_db


@pytest.fixture
def few_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """One copy: the counts have tests of their own."""
    real = sensitivity_runs.sensitivity_of

    def one(fleet: Any, detectors: Any, allowed: Any, copies: int, report_progress: Any) -> Any:
        return real(fleet, detectors, allowed, 1, report_progress)

    monkeypatch.setattr(sensitivity_runs, "sensitivity_of", one)


@pytest.fixture
def active(grid: Simulation) -> Detector:
    train(the_group())
    return Detector.objects.active().get(substation__code=FAULTY)


def report_of(detector: Detector) -> SensitivityReport:
    return SensitivityReport.objects.get(detector=detector)


@pytest.mark.usefixtures("few_copies")
def test_what_was_asked_for_is_worked_out_for_the_group_and_stored_with_each_version(active: Detector) -> None:
    assert not services.sensitivity_is_wanted()
    assert sensitivity_runs.request(active)
    assert services.sensitivity_is_wanted()
    services.work_out_sensitivity()
    assert not services.sensitivity_is_wanted()
    report = report_of(active)
    assert (report.failure, report.requested_at, report.claimed_by, report.progress_pct) == ("", None, None, 100)
    found = report.sensitivity
    assert found is not None
    assert 19 < found.days <= 20
    assert sum(row.all_sizes.injected for row in found.causes) > 0
    assert found.expected_false_alarms_per_month == pytest.approx(
        active.metrics["expected_false_alarms_per_month"], abs=0.001
    )
    assert SensitivityReport.objects.filter(worked_out_at__isnull=False).count() == Detector.objects.active().count()


@pytest.mark.usefixtures("few_copies")
def test_it_goes_with_its_version(active: Detector) -> None:
    sensitivity_runs.work_out(the_group())
    active.delete()
    assert not SensitivityReport.objects.filter(detector__substation__code=FAULTY).exists()


def test_asking_twice_is_refused_while_it_waits_and_while_it_runs() -> None:
    detector = model(station())
    assert sensitivity_runs.request(detector)
    assert not sensitivity_runs.request(detector)
    now = timezone.now()
    SensitivityReport.objects.all().claim(now=now, lease_for=timedelta(minutes=1))
    SensitivityReport.objects.update(requested_at=None)
    assert not sensitivity_runs.request(detector)
    SensitivityReport.objects.update(claimed_until=now - timedelta(minutes=1))
    assert sensitivity_runs.request(detector)


def test_what_another_worker_has_taken_is_left_to_it(active: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    sensitivity_runs.request(active)
    SensitivityReport.objects.all().claim(now=timezone.now(), lease_for=timedelta(minutes=1))
    worked: list[object] = []
    monkeypatch.setattr(sensitivity_runs, "work_out", worked.append)
    assert not services.sensitivity_is_wanted()
    services.work_out_sensitivity()
    assert worked == []


def test_what_took_a_workers_life_is_said_and_not_tried_by_itself(active: Detector) -> None:
    sensitivity_runs.request(active)
    SensitivityReport.objects.all().claim(now=timezone.now() - timedelta(hours=1), lease_for=timedelta(minutes=1))
    services.work_out_sensitivity()
    assert report_of(active).failure == sensitivity_runs.INTERRUPTED
    assert not services.sensitivity_is_wanted()
    assert sensitivity_runs.request(active), "a person may ask again"


def test_a_failure_is_stored_with_its_reason(active: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **values: Any) -> None:
        raise ValueError("no tap")

    sensitivity_runs.request(active)
    monkeypatch.setattr(sensitivity_runs, "sensitivity_of", fail)
    services.work_out_sensitivity()
    report = report_of(active)
    assert (report.failure, report.requested_at, report.claimed_by) == ("ValueError: no tap", None, None)


def test_a_version_without_readings_says_so_and_does_not_wait_for_ever() -> None:
    detector = model(station())
    sensitivity_runs.request(detector)
    services.work_out_sensitivity()
    assert report_of(detector).failure == sensitivity_runs.NOT_JUDGING
    assert not services.sensitivity_is_wanted()


def test_no_fault_is_put_into_planned_work(active: Detector) -> None:
    start_s = active.trained_from.timestamp()
    PlannedWork.objects.create(
        substation=active.substation, start=moment(start_s - HOUR), end=moment(start_s + 30 * DAY), reason="all of it"
    )
    found = sensitivity_runs.work_out(the_group(), 1)[FAULTY].sensitivity
    assert found is not None
    assert sum(row.all_sizes.injected for row in found.causes) == 0
