"""Ten years of one substation with the suggested retention: what is stored levels off, but for what stays for ever.

Shortened: a reading an hour, a file a year, and neither corrections, bills nor models; ``bench years`` has all of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from benchmarks.stored_sizes import StoredSizes
from benchmarks.substation_life import YEAR_DAYS, LifePace
from benchmarks.ten_years import (
    KEPT_FOR_EVER,
    MB,
    PROMISED_BYTES,
    PROMISED_FOR_EVER_MB,
    live_through,
    suggested_days,
    table,
)

PACE = LifePace(
    step_s=3600, piece_days=YEAR_DAYS, pattern_days=28, with_extras=False, sign_ins=20, log_lines=100_000
)  # fmt: skip
YEARS, LEVEL_FROM = 10, 3
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL is measured by bench years alone")
@pytest.mark.django_db(transaction=True)
def test_what_is_stored_levels_off_and_what_stays_for_ever_is_as_small_as_promised(
    settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT, settings.SCORER_FILES = tmp_path, tmp_path / "scorers"
    years = live_through(YEARS, tmp_path, PACE)
    level, last = years[LEVEL_FROM:], years[-1]

    kept_days = suggested_days()
    for name, days in (("substations_reading", "KEEP_READINGS_DAYS"), ("mlcore_score", "KEEP_SCORES_DAYS")):
        assert 0 < max(each.rows[name] for each in level) <= 24 * (kept_days[days] + 1)
    assert max(each.folders["uploads"] for each in level) <= years[1].folders["uploads"]
    assert max(each.folders["log"] for each in level) <= settings.LOG_MAX_BYTES * (settings.LOG_FILES + 1)

    growing = {name for name, count in last.rows.items() if count > max(each.rows[name] for each in years[:6])}
    assert {"losses_hourlyrollup", "ingestion_upload"} <= growing <= KEPT_FOR_EVER
    assert last.rows["losses_dailyrollup"] == pytest.approx(YEARS * YEAR_DAYS, abs=2)

    _assert_no_row_is_larger_than_promised(last)
    grown_mb = (last.database - level[0].database) / MB
    assert 0 < grown_mb <= PROMISED_FOR_EVER_MB[connection.vendor] * (YEARS - 1 - LEVEL_FROM)


def _assert_no_row_is_larger_than_promised(last: StoredSizes) -> None:
    if last.tables:
        for name, promised in PROMISED_BYTES.items():
            assert 0 < last.tables[name] / last.rows[name] <= promised, name


def test_the_promise_is_what_the_documents_say() -> None:
    text = OPERATIONS.read_text()
    sizes = {
        "SQLite": PROMISED_FOR_EVER_MB["sqlite"],
        "PostgreSQL": PROMISED_FOR_EVER_MB["postgresql"],
    }
    line = next(line for line in text.splitlines() if line.lstrip().startswith("| what stays for ever"))
    assert [cell.strip() for cell in line.split("|")[2:4]] == [f"{size:g} MB a year" for size in sizes.values()]


def test_each_year_is_a_line_and_each_table_that_grows_has_one() -> None:
    sizes = [
        {
            "database": 2_000_000 * year, "free": 0, "folders": {"log": 1_000_000},
            "tables": {"a": 1000 * year, "b": 10}, "rows": {"a": year, "b": 1},
        }
        for year in (1, 2)
    ]  # fmt: skip
    found = {"database": "sqlite", "kept_days": {"KEEP_X": 3}, "year_days": 364, "took_s": 1.0, "load_average": 0.5}
    lines = table(found | {"years": sizes}).splitlines()
    assert "EMS_KEEP_X=3" in lines[0]
    assert [line.split()[:2] for line in lines[2:4]] == [["1", "2.0"], ["2", "4.0"]]
    assert [line.split()[2:] for line in lines[6:]] == [["a:", "1", "2"]]


def test_no_year_is_refused() -> None:
    with pytest.raises(CommandError, match="received 0"):
        call_command("bench", "years", "--years", "0")
