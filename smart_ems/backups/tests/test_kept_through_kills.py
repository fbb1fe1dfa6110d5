"""A prune that is killed while it deletes: the next one ends the work, and no figure is lost."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from django.conf import settings

from .installations import Installation

pytestmark = pytest.mark.xdist_group("backups")
ACCOUNT = """
from substations.models import StaleRange, Reading
from losses.stale_hours import account_pending
from mlcore.models import Score
from django.db.models import Max, Min
Reading.objects.update(reactive_power_kvar=1.0)
reach = Reading.objects.filter(substation=1).aggregate(first=Min("at"), last=Max("at"))
StaleRange.objects.create(substation_id=1, start=reach["first"], end=reach["last"])
print(account_pending())
"""
SLOWLY = """
from django.core.management import call_command
from smart_ems.retention import reading_pruning
reading_pruning.PIECE_ROWS = 5
reading_pruning.months_before = lambda before, *, table: []  # a month that is dropped is gone at once
call_command("prune")
"""


@pytest.mark.timeout(200)
def test_a_kill_loses_nothing(installation: Installation) -> None:
    installation.env = {"EMS_KEEP_READINGS_DAYS": "90"}
    assert int(installation.done("shell", "-v", "0", "-c", ACCOUNT)) > 900
    figures = installation.rows()["losses_dailyrollup"]
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", SLOWLY],
        cwd=settings.BASE_DIR, env=installation.environment(),
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while len(installation.rows()["substations_reading"]) == 960 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    left = len(installation.rows()["substations_reading"])
    assert 0 < left < 960
    installation.execute("UPDATE retention_pruningstate SET claimed_until = NULL")  # as after ninety seconds
    assert f"Readings: {left} deleted." in installation.done("prune", "--only", "readings")
    assert installation.rows()["losses_dailyrollup"] == figures != []
