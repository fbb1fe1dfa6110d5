"""Which backups stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from smart_ems.backups.backup_rotation import (
    KeptCounts,
    backups_in,
    drop_all_but,
    drop_old,
    name_of,
    times_to_keep,
)

COUNTS = KeptCounts(daily=7, weekly=5, monthly=12)
END = datetime(2026, 11, 26, 3, 7, tzinfo=UTC)


def test_a_year_of_daily_backups() -> None:
    kept = sorted(times_to_keep([END - timedelta(days=day) for day in range(365)], COUNTS), reverse=True)
    assert kept[:7] == [END - timedelta(days=day) for day in range(7)]
    assert [at.date().isoformat() for at in kept[7:10]] == ["2026-11-15", "2026-11-08", "2026-11-01"]
    assert [at.date().isoformat() for at in kept[-3:]] == ["2026-02-28", "2026-01-31", "2025-12-31"]
    assert len(kept) == 7 + 3 + 11


@given(
    hours=st.lists(st.integers(0, 20_000), max_size=80),
    counts=st.builds(KeptCounts, *[st.integers(0, 9) for _kind in range(3)]),
)
def test_the_newest_always_stays_and_what_stays_stays_again(hours: list[int], counts: KeptCounts) -> None:
    times = [END - timedelta(hours=hour) for hour in hours]
    kept = times_to_keep(times, counts)
    assert kept <= set(times)
    assert not times or max(times) in kept
    assert times_to_keep(kept, counts) == kept
    assert len(kept) <= max(1, counts.daily + counts.weekly + counts.monthly)


def test_files_of_others_stay(tmp_path: Path) -> None:
    names = [name_of(END - timedelta(minutes=minute), encrypted=minute % 2 == 1) for minute in range(4)]
    for name in (*names, "notes.txt", "smart-ems-20261126T030700Z.tar", "x-smart-ems-20261126T030700Z.tar.gz"):
        (tmp_path / name).write_text("")
    assert list(backups_in(tmp_path)) == [END.replace(second=0) - timedelta(minutes=minute) for minute in range(4)]
    drop_all_but(tmp_path, 3)
    assert len(backups_in(tmp_path)) == 3
    drop_old(tmp_path, COUNTS)
    assert [path.name for path in backups_in(tmp_path).values()] == [names[0]]
    assert len(list(tmp_path.iterdir())) == 4


def test_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert backups_in(tmp_path / "missing") == {}
