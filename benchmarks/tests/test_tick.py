"""The bench of a whole tick: every reading of every tick is scored by the processes that share the work."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from benchmarks import tick_grid

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("scratch")]


def test_two_processes_score_every_reading_of_every_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"FEEDER": 3, "TRAIN_DAYS": 9, "CONTEXT_DAYS": 2, "TICKS": 3}.items():
        monkeypatch.setattr(tick_grid, name, value)
    monkeypatch.setattr("mlcore.fleet.groups.GROUP_SIZE", 3)
    monkeypatch.setattr("mlcore.fleet.groups.BATCH_SIZE", 3)
    out = StringIO()
    call_command("bench", "tick", "--substations", "6", "--workers", "2", "--server", "", "--json", stdout=out)
    figures = json.loads(out.getvalue())
    assert figures["substations"] == 6
    assert figures["workers"] == 2
    assert figures["scores_stored"] == 6 * 3
    assert figures["start_from_readings_s_extrapolated"] > 0
    assert figures["tick_stored_rows_per_s"] > 0
    assert figures["ratio_to_all_context_cpu"] > 0
    assert 0 < figures["tick_judging_cpu_s"] < figures["tick_all_cpu_s"]
